import { createHash, randomBytes } from 'node:crypto'
import type { Ids } from '../../runtime/ports.ts'

export const systemIds: Ids = {
  random: () => randomBytes(16).toString('hex'),
  of: text => createHash('md5').update(text).digest('hex')
}
