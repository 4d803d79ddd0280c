// Makes a fresh clone ready: installs what package-lock.json names when it is not there yet, with --build
// compiles the service when its sources are newer than the last build, and with --redis finds or installs a
// Redis for the tests. Needs nothing but Node.
import { execSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const at = path => join(root, path)
const changed = path => (existsSync(at(path)) ? statSync(at(path)).mtimeMs : 0)
const newestUnder = folder =>
  readdirSync(at(folder), { recursive: true }).reduce(
    (newest, file) => Math.max(newest, changed(join(folder, String(file)))),
    0
  )

function run(command, why) {
  console.error(`${why}: ${command}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execSync(command, { cwd: root, env, stdio: ['ignore', 2, 2] })
}

if (changed('node_modules/.package-lock.json') < changed('package-lock.json')) {
  run('npm ci --no-audit --no-fund', 'Installing dependencies (once, about half a minute)')
}
if (process.argv.includes('--build') && changed('dist/main.js') < newestUnder('src')) {
  run('npm run --silent build', 'Building')
}
if (process.argv.includes('--redis') && !process.env.REDIS_URL && !hasRedis()) installRedis()

function hasRedis() {
  return spawnSync('redis-server', ['--version']).status === 0
}

function installRedis() {
  const isRoot = process.getuid?.() === 0
  const hasApt = spawnSync('apt-get', ['--version']).status === 0
  if (isRoot && hasApt) {
    run(
      'apt-get -qq update && apt-get -qq -y install redis-server',
      'Installing Redis for the tests (once)'
    )
  } else {
    console.error(
      'The tests need a Redis: install redis-server (apt-get install redis-server, brew install redis), or set REDIS_URL'
    )
    process.exit(1)
  }
}
