import { hash, randomUUID } from 'node:crypto'
import type { Ids } from '../../runtime/ports.ts'

export const systemIds: Ids = {
  // Its bytes are drawn many at a time.
  random: () => randomUUID().replaceAll('-', ''),
  of: text => hash('md5', text)
}
