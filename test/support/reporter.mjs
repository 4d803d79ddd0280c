// Passes TAP through, tells what failed once more at the end, where it is looked for, and closes with one line that any
// reader, human or machine, can take in: "N passed, N failed".
import { Transform } from 'node:stream'

const totals = /^# \{ total: \d+(?:, pass: (\d+))?(?:, fail: (\d+))?/
const plain = /^# (pass|fail) +(\d+)$/
const failure = /^ *not ok (?!.*# (?:TODO|SKIP))/i
const diagnosis = /^ *(?:---|\.\.\.)$/

export default class Reporter extends Transform {
  #rest = ''
  #passed = 0
  #failed = 0
  #failures = []
  #diagnosed = 'no'

  _transform(chunk, _encoding, done) {
    const lines = (this.#rest + chunk).split('\n')
    this.#rest = lines.pop()
    for (const line of lines) this.#read(line)
    done(null, chunk)
  }

  _flush(done) {
    this.#read(this.#rest)
    if (this.#failures.length > 0) this.push(`\nWhat failed:\n${this.#failures.join('\n')}\n`)
    this.push(`\n${this.#passed} passed, ${this.#failed} failed\n`)
    done()
  }

  #read(line) {
    this.#count(line)
    this.#collect(line)
  }

  /** A failure is its `not ok` line with the YAML between `---` and `...` that may follow. */
  #collect(line) {
    const fence = diagnosis.test(line)
    if (failure.test(line)) this.#diagnosed = 'next'
    else if (this.#diagnosed === 'next') this.#diagnosed = fence ? 'inside' : 'no'
    if (this.#diagnosed !== 'no') this.#failures.push(line)
    if (this.#diagnosed === 'inside' && fence && line.trim() === '...') this.#diagnosed = 'no'
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
