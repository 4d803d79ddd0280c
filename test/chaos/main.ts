// npm run chaos: conversations under kill -9, restarts of Redis and a Twilio in a bad mood.
import { reportOf, storyOf } from './report.ts'
import { runChaos } from './run.ts'
import { leaveCleanly, makeScope } from './scope.ts'
import { help, readSettings } from './settings.ts'

const settings = readSettings(process.argv.slice(2), process.env)
if (!settings) {
  console.log(help)
} else {
  leaveCleanly()
  const scope = makeScope()
  try {
    console.log(`Seed ${settings.seed}`)
    const outcome = await runChaos(scope, settings, console.log)
    console.log(`\n${reportOf(settings, outcome)}`)
    const [first] = outcome.offenders
    if (first) {
      console.log(`\n${outcome.offenders.length} conversations went wrong; the first:`)
      console.log(storyOf(first))
      console.log(`\nWhat the processes printed is in ${outcome.folder}`)
      process.exitCode = 1
    }
  } finally {
    await scope.end()
  }
}
