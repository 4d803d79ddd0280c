// `tsc` copies no file that is not TypeScript; this copies the ones the built service reads.
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
for (const file of readdirSync(join(root, 'src'), { recursive: true })) {
  if (String(file).endsWith('.lua')) cpSync(join(root, 'src', file), join(root, 'dist', file))
}
