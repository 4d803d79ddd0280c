// Each promise of the README, broken on purpose.

export interface Mutation {
  readonly promise: string
  readonly what: string
  readonly file: string
  /** Must stand in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** Must notice. */
  readonly tests: readonly string[]
}

const turn = 'test/runtime/turn.test.ts'
const golden = 'test/flows/golden.test.ts'
const crashes = 'test/runtime/crash-everywhere.test.ts'
const model = 'test/runtime/model.test.ts'
const teardown = 'test/runtime/teardown.test.ts'
const embedded = 'test/adapters/embedded.test.ts'
const redis = 'test/adapters/redis.test.ts'

export const mutations: readonly Mutation[] = [
  {
    promise: 'P1 no reply lost',
    what: 'a wait times out without a look for missed replies',
    file: 'src/runtime/look.ts',
    find: 'for (const message of messages) if (await accept(tools, sid, message)) replies += 1',
    replace: '',
    tests: [turn]
  },
  {
    promise: 'P1 no reply lost',
    what: 'nobody looks for missed replies after a start',
    file: 'src/runtime/worker.ts',
    find: '      missed.request()\n      worker.poll()',
    replace: '      worker.poll()',
    tests: [model]
  },
  {
    promise: 'P1 no reply lost',
    what: 'an event that is only queued makes nothing due',
    file: 'src/adapters/embedded/deliver.ts',
    find: 'dueAt: Math.min(dueAt ?? now, now) }',
    replace: 'dueAt: dueAt ?? Number.POSITIVE_INFINITY }',
    tests: [embedded]
  },
  {
    promise: 'P2 no reply used twice',
    what: 'the embedded store forgets what it has seen',
    file: 'src/adapters/embedded/deliver.ts',
    find: "if (wasSeen(contents, sid, pending, event.id)) return { outcome: 'duplicate' }",
    replace: '',
    tests: [turn]
  },
  {
    promise: 'P2 no reply used twice',
    what: 'Redis forgets what it has seen',
    file: 'src/adapters/redis/lua/deliver-event.lua',
    find: "if redis.call('HSETNX', head, seen, '') == 0 then return -2 end",
    replace: "redis.call('HSETNX', head, seen, '')",
    tests: [redis]
  },
  {
    promise: 'P3 no stale answer',
    what: 'the index of the question does not count',
    file: 'src/engine/refusal.ts',
    find: 'message.index > pause.afterIndex',
    replace: 'message.index > -2',
    tests: [model]
  },
  {
    promise: 'P4 no echo',
    what: 'a message may answer the flow that sent it',
    file: 'src/engine/refusal.ts',
    find: 'if (message.sentBy?.startsWith(`${execution.sid}:`)) return',
    replace: "if (message.sentBy === 'nobody') return",
    tests: [turn]
  },
  {
    promise: 'P4 no echo',
    what: 'messages of flows and programs are read back as replies',
    file: 'src/adapters/twilio/messages.ts',
    find: 'participant_sid !== null && markerIn(attributes) === null',
    replace: 'participant_sid !== undefined && attributes !== null',
    tests: [model]
  },
  {
    promise: 'P5 no double send',
    what: 'a repeated turn does not look for what it has sent',
    file: 'src/runtime/perform.ts',
    find: "case 'send-message':\n      return once(tools, recovering, {",
    replace: "case 'send-message':\n      return once(tools, false, {",
    tests: [crashes]
  },
  {
    promise: 'P5 no double send',
    what: 'nobody looks after a call without an answer',
    file: 'src/runtime/once.ts',
    find: 'attempt++, looking = true',
    replace: 'attempt++',
    tests: [crashes]
  },
  {
    promise: 'P5 no double send',
    what: 'nothing is saved after a call that leaves no trace',
    file: 'src/runtime/perform.ts',
    find: "new Set(['http-request', 'create-interaction'])",
    replace: 'new Set([])',
    tests: ['test/runtime/calls.test.ts']
  },
  {
    promise: 'P6 order',
    what: 'replies are taken in the order of their webhooks',
    file: 'src/runtime/next-events.ts',
    find: 'messages.sort((a, b) => a.index - b.index)',
    replace: 'messages',
    tests: [model]
  },
  {
    promise: 'P6 order',
    what: 'two may have an execution at once',
    file: 'src/adapters/embedded/deliver.ts',
    find: 'const takes = claim && !isHeld(pending, now)',
    replace: 'const takes = claim',
    tests: [embedded]
  },
  {
    promise: 'P7 nothing left behind',
    what: 'the Conversation is closed before the webhook is removed',
    file: 'src/engine/ending.ts',
    find: "[task('remove-webhook'), task('close-conversation')]",
    replace: "[task('close-conversation'), task('remove-webhook')]",
    tests: [crashes]
  },
  {
    promise: 'P7 nothing left behind',
    what: 'a teardown that failed is not tried again',
    file: 'src/runtime/teardown.ts',
    find: 'dueAt: next,',
    replace: 'dueAt: null,',
    tests: [teardown]
  },
  {
    promise: 'P7 nothing left behind',
    what: 'an attempt to attach that was cut short is not remembered',
    file: 'src/widgets/resume-conversation.ts',
    find: 'attachment: { ...ref, attached: false, close: false }',
    replace: '',
    tests: [golden]
  },
  {
    promise: 'P7 nothing left behind',
    what: 'webhooks of others are removed as well',
    file: 'src/adapters/twilio/conversations.ts',
    find: '.filter(webhook => webhook.executionSid === executionSid)',
    replace: '',
    tests: [teardown]
  },
  {
    promise: 'P8 no zombie writes',
    what: 'the embedded store asks nobody for the fence',
    file: 'src/adapters/embedded/under-way.ts',
    find: 'if (found?.fence !== fence)',
    replace: 'if (!found)',
    tests: [embedded]
  },
  {
    promise: 'P8 no zombie writes',
    what: 'Redis asks nobody for the fence',
    file: 'src/adapters/redis/lua/commit-turn.lua',
    find: "if heldBy ~= fence or lease == '' then return -1 end",
    replace: '',
    tests: [redis]
  },
  {
    promise: 'P9 no stale timer',
    what: 'any timer ends any wait',
    file: 'src/engine/refusal.ts',
    find: "case 'timed-out':\n      return pause?.type === 'reply' && pause.token === event.token",
    replace: "case 'timed-out':\n      return pause?.type === 'reply' && event.token !== 'none'",
    tests: [golden]
  },
  {
    promise: 'P9 no stale timer',
    what: 'a wait is over before its time',
    file: 'src/runtime/look.ts',
    find: 'const over = now >= pause.until',
    replace: 'const over = now >= pause.since',
    tests: [turn]
  },
  {
    promise: 'P10 its own revision',
    what: 'an execution goes on with the revision that was read last',
    file: 'src/runtime/flow-book.ts',
    find: 'const flow = parsed.get(key(flowSid, revision))',
    replace: 'const flow = parsed.get(key(flowSid, known.get(flowSid)?.published ?? revision))',
    tests: [turn]
  },
  {
    promise: 'P11 nobody gets in',
    what: 'any signature will do',
    file: 'src/http/signed.ts',
    find: "if (verifySignature(String(signature ?? ''), url, (body ?? {}) as Parameters)) return done()",
    replace: 'if (url) return done()',
    tests: ['test/http/webhooks.test.ts']
  },
  {
    promise: 'P11 nobody gets in',
    what: 'any credentials will do',
    file: 'src/http/authenticate.ts',
    find: '|| matches === 0',
    replace: '',
    tests: ['test/http/errors.test.ts']
  },
  {
    promise: 'P11 nobody gets in',
    what: 'a flow may name internal addresses',
    file: 'src/adapters/fetch/http-caller.ts',
    find: 'guard.check(hop.url.hostname)',
    replace: '',
    tests: ['test/adapters/fetch.test.ts']
  },
  {
    promise: 'P12 every failure has a reason',
    what: 'a step that fails says nothing',
    file: 'src/engine/apply.ts',
    find: '  addProblem(journey, { code, message })\n',
    replace: '',
    tests: [golden]
  },
  {
    promise: 'P12 every failure has a reason',
    what: 'a store that is away counts as a failure of the flow',
    file: 'src/runtime/perform.ts',
    find: 'error instanceof Stopping || error instanceof StoreUnavailable',
    replace: 'error instanceof Stopping',
    tests: [crashes]
  }
]
