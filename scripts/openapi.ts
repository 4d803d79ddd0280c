// Writes openapi.yaml from the schemas that requests meet. Nothing is stored, and nothing listens.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildApp } from '../src/http/app.ts'
import type { Reconciler } from '../src/runtime/reconciler.ts'
import type { Runtime } from '../src/runtime/runtime.ts'

export const openApiFile = join(import.meta.dirname, '..', 'openapi.yaml')

export async function openApiYaml(): Promise<string> {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
  const app = await buildApp({
    // Handlers alone use it, and none runs.
    runtime: { accountSid: '' } as Runtime,
    reconciler: {} as Reconciler,
    ping: async () => {},
    credentials: [],
    publicUrl: 'http://reprise.test',
    maxTriggersPerSecond: null,
    version,
    verifySignature: () => false,
    sentBy: () => null
  })
  await app.ready()
  const yaml = app.swagger({ yaml: true })
  await app.close()
  return yaml
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(openApiFile, await openApiYaml())
}
