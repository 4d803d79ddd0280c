// npm run bench: plays customers and Twilio against the built service, and prints what came of it.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import * as acknowledgement from './acknowledgement.mjs'
import * as parked from './parked.mjs'
import { settings as known, readSettings } from './settings.mjs'
import * as sizes from './sizes.mjs'
import { isInstalled, systems } from './systems.mjs'
import { textOf } from './table.mjs'
import * as triggers from './triggers.mjs'
import * as turns from './turns.mjs'

const measurements = { turns, triggers, acknowledgement, parked, sizes }

const progress = message => console.error(`  ${message}`)

const listOf = entries => entries.map(([name, what]) => `  ${name.padEnd(17)} ${what}`).join('\n')

const help = () => `npm run bench -- [measurement…]

Plays customers and the Twilio REST API against the built service. A turn is the signed webhook of a customer's
message sent, and the reply received by Twilio. Everything shares this machine, so compare ratios of one run.

Measurements, all of them where none is named:
${listOf(Object.entries(measurements).map(([name, { what }]) => [name, what]))}

Systems:
${listOf(Object.entries(systems).map(([name, { what }]) => [name, what]))}

Settings, by environment:
${listOf(Object.entries(known).map(([name, [standard, , what]]) => [name, `${what} (${standard})`]))}

All of it takes about a quarter of an hour. Parked executions by the million: PARKED=1000000 npm run bench -- parked
`

/** True where everything went as it should. */
async function run(names) {
  const settings = readSettings()
  if (!existsSync(systems.redis.file)) throw new Error('Nothing is built yet: npm run build')
  const missing = settings.SYSTEMS.filter(name => !isInstalled(systems[name]))
  for (const name of missing)
    progress(
      `${name} is left out: ${systems[name].needs} is not installed (npm i --no-save ${name})`
    )
  const present = settings.SYSTEMS.filter(name => !missing.includes(name))

  const tables = []
  const faults = []
  for (const name of names) {
    const { concerns, measure } = measurements[name]
    const concerned = present.filter(system => concerns.includes(system))
    if (concerned.length === 0) continue
    progress(`${name}: ${concerned.join(', ')}`)
    try {
      const { exceeded = [], ...table } = await measure({ settings, systems: concerned, progress })
      tables.push(table)
      faults.push(...exceeded)
    } catch (error) {
      faults.push(`${name}: ${error.message}`)
      progress(faults.at(-1))
    }
  }
  if (tables.length > 0) console.log(['', machine(settings), ...tables.map(textOf)].join('\n\n'))
  for (const fault of faults) console.error(`FAILED  ${fault}`)
  return faults.length === 0
}

function machine({ REDIS_APPENDONLY }) {
  const all = cpus()
  const kept =
    REDIS_APPENDONLY === 'no'
      ? 'keeps nothing on disk, as with bare (REDIS_APPENDONLY=always is how to run the service)'
      : `appends to its file with fsync ${REDIS_APPENDONLY}, also with bare`
  return [
    `Node ${process.version}, ${redisVersion()}, ${all.length} × ${all[0]?.model.trim()}, shared by driver, systems and Redis.`,
    `Redis ${kept}. The embedded store flushes every commit to a file in ${tmpdir()}.`
  ].join('\n')
}

function redisVersion() {
  try {
    const text = execFileSync('redis-server', ['--version'], { encoding: 'utf8' })
    return `Redis ${/v=(\S+)/.exec(text)?.[1]}`
  } catch {
    return 'no Redis'
  }
}

const names = process.argv.slice(2)
const unknown = names.filter(name => !(name in measurements))
if (names.includes('--help') || names.includes('-h')) {
  console.log(help())
} else if (unknown.length > 0) {
  console.error(`There is no measurement ${unknown.join(', ')}; see npm run bench -- --help`)
  process.exit(2)
} else {
  const good = await run(names.length > 0 ? names : Object.keys(measurements)).catch(error => {
    console.error(error.message)
    return false
  })
  process.exit(good ? 0 : 1)
}
