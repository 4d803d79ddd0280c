// What can be set, and what for; `--help` prints this table.
import { systems } from './systems.mjs'

const count = text => (/^[1-9]\d*$/.test(text) ? Number(text) : null)
const counts = text => {
  const all = text.split(',').map(count)
  return all.includes(null) ? null : all
}
const names = text => {
  const all = text.split(',')
  return all.every(name => name in systems) ? all : null
}
const oneOf = choices => text => (choices.includes(text) ? text : null)

export const settings = {
  SYSTEMS: [
    'bare,bullmq,embedded,redis,two',
    names,
    'which systems run; those that a measurement does not concern are left out of it'
  ],
  CUSTOMERS: ['64,512', counts, 'customers who talk at once; a run for each number'],
  ROUNDS: ['3', count, 'rounds of every run, the systems in turn; the medians are shown'],
  TURNS: ['8000', count, 'turns of one run, after a warm-up of a quarter of that'],
  TRIGGERS: ['5000', count, 'executions that one run of `triggers` starts'],
  SECONDS: ['5', count, 'how long one run of `acknowledgement` sends at a fixed rate'],
  PARKED: ['100000', count, 'parked executions of `parked`, compared with 1,000'],
  REDIS_APPENDONLY: [
    'no',
    oneOf(['no', 'everysec', 'always']),
    'how Redis keeps what it is given: no, everysec or always'
  ]
}

/** The settings of this run. Throws where one cannot be used. */
export function readSettings(environment = process.env) {
  const faults = []
  const read = Object.entries(settings).map(([name, [standard, parse, what]]) => {
    const given = environment[name]
    const value = parse(given === undefined || given === '' ? standard : given)
    if (value === null) faults.push(`${name}=${given} cannot be used (${what})`)
    return [name, value]
  })
  if (faults.length > 0) throw new Error(faults.join('\n'))
  return Object.freeze(Object.fromEntries(read))
}
