// Writes into the README the tables that the code knows better. A test says when they are stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Settings } from '../src/config.ts'

export const readmePath = fileURLToPath(new URL('../README.md', import.meta.url))

/** The README as it should be. */
export function currentReadme(readme: string): string {
  return readme.replace(
    /<!-- settings -->[\s\S]*<!-- \/settings -->/,
    `<!-- settings -->\n${settingsTable()}\n<!-- /settings -->`
  )
}

function settingsTable(): string {
  const rows = Object.entries(Settings.properties).map(([name, schema]) => {
    const { description, default: standard } = schema as { description?: string; default?: unknown }
    return `| \`${name}\` | ${standard === undefined ? '' : `\`${standard}\``} | ${description} |`
  })
  return ['| variable | default | what |', '|---|---|---|', ...rows].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(readmePath, currentReadme(readFileSync(readmePath, 'utf8')))
}
