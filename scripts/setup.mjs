// Makes a fresh clone ready: installs what package-lock.json names when it is not there yet, and with
// --build compiles the service when its sources are newer than the last build. Needs nothing but Node.
import { execSync } from 'node:child_process'
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
  execSync(command, { cwd: root, stdio: ['ignore', 2, 2] })
}

if (changed('node_modules/.package-lock.json') < changed('package-lock.json')) {
  run('npm ci --no-audit --no-fund', 'Installing dependencies (once, about half a minute)')
}
if (process.argv.includes('--build') && changed('dist/main.js') < newestUnder('src')) {
  run('npm run --silent build', 'Building')
}
