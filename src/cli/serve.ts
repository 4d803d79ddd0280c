import type { Command } from './command.ts'
import { words } from './command.ts'

export const serve: Command = {
  usage: 'serve',
  about:
    'Runs the service, as node dist/main.js does. Settings come from the environment; the README lists them.\nWithout Twilio credentials the simulator is started beside it.',
  options: {},
  examples: [
    ['reprise serve', 'Try it: with the simulator, on port 3000'],
    [
      'TWILIO_ACCOUNT_SID=AC… TWILIO_AUTH_TOKEN=… PUBLIC_URL=https://reprise.example.com reprise serve',
      'On Twilio'
    ]
  ],
  async run(given) {
    words(given)
    // It is a program by itself, and runs until it is told to stop.
    await import('../main.ts')
    return 0
  }
}
