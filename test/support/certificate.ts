import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A certificate of this machine, signed by itself; the files with it and with its key. */
export function makeCertificate(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'certificate-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const certificate = join(dir, 'certificate.pem')
  const key = join(dir, 'key.pem')
  const options =
    'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1'
  execFileSync('openssl', [...options.split(' '), '-keyout', key, '-out', certificate], {
    stdio: 'ignore'
  })
  return { certificate, key }
}
