import { deepStrictEqual } from 'node:assert/strict'
import { join } from 'node:path'
import fc from 'fast-check'
import { open } from 'lmdb'
import t from 'tap'
import { keep, makeChanges, type Row, takeBack } from '../../src/adapters/embedded/changes.ts'
import { journaled, type Key, type Range } from '../../src/adapters/embedded/table.ts'
import { folder } from './embedded-folder.ts'

t.test('a table with a journal answers as one without, whatever LMDB has of it', async t => {
  const root = open({ path: join(folder(t), 'table.mdb'), noSubdir: true })
  t.teardown(() => root.close())
  const lmdb = root.openDB<string | Buffer, Key>({ name: 'tried', encoding: 'string' })
  const plain = root.openDB<string, Key>({ name: 'plain', encoding: 'string' })
  const anyKey = fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom(1, 2, 30, 'x'))
  const anyCall = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ call: fc.constant('put'), key: anyKey, value: fc.nat(9) })
    },
    { weight: 2, arbitrary: fc.record({ call: fc.constant('remove'), key: anyKey }) },
    fc.record({ call: fc.constantFrom('keep', 'take back', 'begin to settle', 'end settling') })
  )
  const anyRange = fc.record(
    { start: anyKey, end: anyKey, reverse: fc.boolean(), exclusiveStart: fc.boolean() },
    { requiredKeys: [] }
  )
  const property = fc.property(fc.array(anyCall), anyRange, (calls, range: Range) => {
    lmdb.clearSync()
    plain.clearSync()
    const changes = makeChanges()
    const table = journaled('tried', lmdb, changes)
    let kept = new Map<string, string>()
    let now = new Map<string, string>()
    let settling: Row[] = []
    for (const { call, ...rest } of calls) {
      const key: Key = 'key' in rest ? rest.key : []
      if ('value' in rest) {
        table.put(key, `${rest.value}`)
        now.set(JSON.stringify(key), `${rest.value}`)
      } else if (call === 'remove') {
        table.remove(key)
        now.delete(JSON.stringify(key))
      } else if (call === 'take back') {
        takeBack(changes)
        now = new Map(kept)
      } else if (call === 'end settling') {
        table.settled(settling)
      } else {
        keep(changes)
        kept = new Map(now)
        if (call === 'keep') continue
        settling = table.changed()
        lmdb.transactionSync(() => table.putIntoLmdb(settling))
      }
    }
    plain.transactionSync(() => {
      for (const [key, value] of now) plain.put(JSON.parse(key), value)
    })
    deepStrictEqual([...table.getRange(range)], [...plain.getRange(range)])
    deepStrictEqual([...table.getKeys(range)], [...plain.getKeys(range)])
    for (const { key } of [...plain.getRange({}), ...settling]) {
      deepStrictEqual(table.get(key), plain.get(key))
      deepStrictEqual(table.doesExist(key), plain.doesExist(key))
    }
  })
  fc.assert(property, { numRuns: 200 })
})
