#!/usr/bin/env node
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { BadSettings, type Config, readConfig } from './config.ts'
import { StoreRefused, StoreUnavailable } from './runtime/errors.ts'
import { BadFlowFile, startService } from './service.ts'
import { startSimulator } from './simulated.ts'

/** Turns under way may take this long to finish before the process goes anyway. */
const graceMs = 20_000

async function main(config: Config): Promise<void> {
  const logger = pino({
    level: config.logLevel,
    serializers: { error: pino.stdSerializers.err },
    redact: ['*.body', '*.payload', '*.to', '*.from']
  })
  const simulated = config.twilio ? null : await startSimulator(config, logger)
  const twilio = config.twilio ?? simulated?.twilio
  if (!twilio) throw new Error('Neither Twilio nor the simulator is there')
  const flowsDir = config.flowsDir ?? simulated?.flowsDir ?? null
  const publicUrl = config.publicUrl ?? `http://127.0.0.1:${config.port}`
  const service = await startService({ config: { ...config, flowsDir }, twilio, publicUrl, logger })
  await service.app.listen({ host: config.host, port: config.port })
  await simulated?.introduce(service, publicUrl)

  closeWithGrace({ delay: graceMs }, async ({ err }) => {
    if (err) logger.error({ error: err }, 'Stopping after an error')
    await service.close()
    await simulated?.close()
  })
}

const readable = [BadSettings, BadFlowFile, StoreRefused, StoreUnavailable]

try {
  await main(readConfig())
} catch (error) {
  // What a person can put right needs no stack; whatever was started already goes with the process.
  console.error(readable.some(kind => error instanceof kind) ? (error as Error).message : error)
  process.exit(1)
}
