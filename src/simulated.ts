import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config, TwilioConfig } from './config.ts'
import type { Service } from './service.ts'
import { buildSimulator } from './simulator/app.ts'
import { twilioWritesPerSecond } from './simulator/write-limit.ts'

/** Twilio, played by the simulator beside the service. */
export interface Simulated {
  readonly twilio: TwilioConfig
  /** The folder of our sample flows. */
  readonly flowsDir: string
  /** Says, loudly, that this is not Twilio, and what to try. */
  introduce(service: Service, publicUrl: string): Promise<void>
  close(): Promise<void>
}

const customer = '+15550100001'
const business = '+15550199999'

/** Starts the simulator, with credentials made up for this run. Nothing leaves this machine. */
export async function startSimulator(config: Config, logger: Logger): Promise<Simulated> {
  const accountSid = `AC${'51'.repeat(16)}`
  const authToken = randomBytes(16).toString('hex')
  const simulator = buildSimulator({
    accountSid,
    authToken,
    writesPerSecond: twilioWritesPerSecond,
    logger: logger.child({ room: 'simulator' })
  })
  await simulator.app.listen({ host: config.host, port: config.simulatorPort })
  const baseUrl = `http://127.0.0.1:${config.simulatorPort}`
  return {
    twilio: { accountSid, authToken, apiKey: null, baseUrl },
    flowsDir: join(import.meta.dirname, '..', 'flows'),
    async introduce({ runtime }, publicUrl) {
      const { sid } = simulator.world.openConversation({
        friendlyName: 'A customer',
        participants: [{ address: customer, proxyAddress: business }]
      })
      const [flow] = await runtime.flows.store.listFlows()
      const trigger =
        flow &&
        triggerCommand(`${accountSid}:${authToken}`, `${publicUrl}/v2/Flows/${flow.flowSid}`, sid)
      const conversation = `${baseUrl}/simulator/conversations/${sid}`
      console.error(
        [
          '',
          '  NO TWILIO CREDENTIALS: a built-in simulator plays Twilio, and nothing leaves this machine.',
          '',
          `  API           ${publicUrl}`,
          `  Simulator     ${baseUrl}`,
          `  Account SID   ${accountSid}  (made up)`,
          `  Auth token    ${authToken}  (made up, for this run)`,
          ...(trigger ? ['', `  Start the flow "${flow.friendlyName}":`, '', trigger] : []),
          '',
          '  Answer as the customer:',
          '',
          `curl -s ${conversation}/say -H 'content-type: application/json' -d '{"body":"yes"}'`,
          '',
          '  Read the Conversation:',
          '',
          `curl -s ${conversation}`,
          '',
          '  For the real thing set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and PUBLIC_URL.',
          ''
        ].join('\n')
      )
    },
    close: () => simulator.app.close()
  }
}

const triggerCommand = (credentials: string, flowUrl: string, conversationSid: string): string =>
  [
    `curl -s -u ${credentials} ${flowUrl}/Executions`,
    `--data-urlencode To=${customer} --data-urlencode From=${business}`,
    `--data-urlencode 'Parameters={"conversation_sid":"${conversationSid}","name":"Ada","appointment":"Monday at 10"}'`
  ].join(' ')
