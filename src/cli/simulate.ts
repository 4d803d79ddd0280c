import { randomBytes } from 'node:crypto'
import closeWithGrace from 'close-with-grace'
import { environment } from '../config.ts'
import { buildSimulator } from '../simulator/app.ts'
import { type Command, CommandFailed, text, UsageError, words } from './command.ts'

export const simulate: Command = {
  usage: 'simulate [--port PORT]',
  about:
    'Runs a Twilio that is none: Conversations, their webhooks and the way to Flex, on this machine.\nIt takes TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the environment, or makes them up and prints them.',
  options: {
    port: { type: 'string', value: 'PORT', about: 'Where it listens; or SIMULATOR_PORT, or 3001' },
    host: { type: 'string', value: 'HOST', about: 'And at which address; 127.0.0.1' }
  },
  examples: [
    ['reprise simulate', 'A Twilio at http://127.0.0.1:3001'],
    ['reprise simulate --port 4001', 'Another one']
  ],
  async run(given) {
    words(given)
    const variables = environment()
    const port = Number(text(given, 'port') ?? (variables.SIMULATOR_PORT || 3001))
    if (!Number.isInteger(port) || port < 0 || port > 65535)
      throw new UsageError('--port is a number up to 65535')
    const host = text(given, 'host') ?? '127.0.0.1'
    const accountSid = variables.TWILIO_ACCOUNT_SID || `AC${'51'.repeat(16)}`
    const authToken = variables.TWILIO_AUTH_TOKEN || randomBytes(16).toString('hex')
    const { app } = buildSimulator({ accountSid, authToken })
    const origin = await app.listen({ host, port }).catch(error => {
      throw new CommandFailed(`It cannot listen on port ${port}: ${error.message}`)
    })
    console.log(introduction(origin, accountSid, authToken))
    await new Promise<void>(resolve => {
      closeWithGrace(async () => {
        await app.close()
        resolve()
      })
    })
    return 0
  }
}

const introduction = (origin: string, accountSid: string, authToken: string): string =>
  [
    `The simulator plays Twilio at ${origin}`,
    '',
    'Run a service on it:',
    '',
    `TWILIO_API_BASE_URL=${origin} TWILIO_ACCOUNT_SID=${accountSid} TWILIO_AUTH_TOKEN=${authToken} PUBLIC_URL=http://127.0.0.1:3000 reprise serve`,
    '',
    'Open a Conversation, and speak in it as the customer:',
    '',
    `curl -s ${origin}/simulator/conversations -H 'content-type: application/json' -d '{"participants":[{"address":"+15550100001","proxyAddress":"+15550199999"}]}'`,
    `curl -s ${origin}/simulator/conversations/CH…/say -H 'content-type: application/json' -d '{"body":"yes"}'`
  ].join('\n')
