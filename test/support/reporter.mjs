// Passes TAP through and closes with one line that any reader, human or machine, can take in: "N passed, N failed".
import { Transform } from 'node:stream'

const totals = /^# \{ total: \d+(?:, pass: (\d+))?(?:, fail: (\d+))?/
const plain = /^# (pass|fail) +(\d+)$/

export default class Reporter extends Transform {
  #rest = ''
  #passed = 0
  #failed = 0

  _transform(chunk, _encoding, done) {
    const lines = (this.#rest + chunk).split('\n')
    this.#rest = lines.pop()
    for (const line of lines) this.#count(line)
    done(null, chunk)
  }

  _flush(done) {
    this.#count(this.#rest)
    this.push(`\n${this.#passed} passed, ${this.#failed} failed\n`)
    done()
  }

  #count(line) {
    const summary = totals.exec(line)
    if (summary) {
      this.#passed = Number(summary[1] ?? 0)
      this.#failed = Number(summary[2] ?? 0)
    }
    const single = plain.exec(line)
    if (single?.[1] === 'pass') this.#passed = Number(single[2])
    if (single?.[1] === 'fail') this.#failed = Number(single[2])
  }
}
