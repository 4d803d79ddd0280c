import type { Command } from './command.ts'

export interface Entry {
  readonly name: string
  readonly summary: string
  /** Commands are loaded one by one: `reprise validate` needs no server, and none is loaded for it. */
  load(): Promise<Command>
}

/** Every command, in the order in which they are listed. */
export const entries: readonly Entry[] = [
  {
    name: 'serve',
    summary: 'Run the service',
    load: async () => (await import('./serve.ts')).serve
  },
  {
    name: 'simulate',
    summary: 'Run only the Twilio simulator',
    load: async () => (await import('./simulate.ts')).simulate
  },
  {
    name: 'validate',
    summary: 'Check flow definitions, without a service',
    load: async () => (await import('./validate.ts')).validate
  },
  {
    name: 'publish',
    summary: 'Publish a flow definition',
    load: async () => (await import('./publish.ts')).publish
  },
  {
    name: 'executions list',
    summary: 'List executions',
    load: async () => (await import('./executions-list.ts')).executionsList
  },
  {
    name: 'executions show',
    summary: 'Show an execution and its steps',
    load: async () => (await import('./executions-show.ts')).executionsShow
  },
  {
    name: 'executions diagnose',
    summary: 'Say why an execution stands where it does',
    load: async () => (await import('./executions-diagnose.ts')).executionsDiagnose
  },
  {
    name: 'executions end',
    summary: 'End executions',
    load: async () => (await import('./executions-end.ts')).executionsEnd
  },
  {
    name: 'executions reconcile',
    summary: 'Compare executions with the webhooks that Twilio has, and put it right',
    load: async () => (await import('./executions-reconcile.ts')).executionsReconcile
  }
]
