import type { FlowRevision } from '../../runtime/ports.ts'
import { isoDate } from '../links.ts'

export function revisionResource(accountSid: string, revision: FlowRevision, origin: string) {
  return {
    ...commonFields(accountSid, revision),
    url: `${origin}/v2/Flows/${revision.flowSid}/Revisions/${revision.revision}`
  }
}

export const flowResource =
  (accountSid: string, publicUrl: string) => (revision: FlowRevision, origin: string) => {
    const url = `${origin}/v2/Flows/${revision.flowSid}`
    return {
      ...commonFields(accountSid, revision),
      warnings: [],
      webhook_url: `${publicUrl}/v1/Accounts/${accountSid}/Flows/${revision.flowSid}`,
      url,
      links: {
        test_users: `${url}/TestUsers`,
        revisions: `${url}/Revisions`,
        executions: `${url}/Executions`
      }
    }
  }

function commonFields(accountSid: string, revision: FlowRevision) {
  const { faults } = revision
  return {
    sid: revision.flowSid,
    account_sid: accountSid,
    author_sid: revision.authorSid,
    friendly_name: revision.friendlyName,
    definition: revision.definition,
    status: revision.status,
    revision: revision.revision,
    commit_message: revision.commitMessage,
    valid: faults.length === 0,
    errors: faults.map(faultResource),
    date_created: isoDate(revision.flowCreatedAt),
    date_updated: revision.revision === 1 ? null : isoDate(revision.createdAt)
  }
}

export const faultResource = ({ propertyPath, message }: FlowRevision['faults'][number]) => ({
  property_path: propertyPath,
  message
})
