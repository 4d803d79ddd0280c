import fc from 'fast-check'

/** The shortest time that matters to the random calls. */
export const leaseMs = 100

/** Picks one of what there is by then. */
const which = fc.nat({ max: 50 })
export const anyCall = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      call: fc.constant('create'),
      to: fc.constantFrom('+1', '+2'),
      exclusive: fc.boolean(),
      key: fc.constantFrom(null, null, 'key', 'other key'),
      /** The message for the one that stands in the way. */
      instead: fc.constantFrom(null, 1, 2, 3),
      claim: fc.boolean()
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      call: fc.constant('deliver'),
      which,
      id: fc.nat({ max: 5 }),
      claim: fc.boolean()
    })
  },
  {
    weight: 5,
    arbitrary: fc.record({
      call: fc.constant('commit'),
      which,
      /** Leaves the first event waiting, or consumes one that has not come. */
      consume: fc.constantFrom('all', 'all', 'later ones', 'another'),
      due: fc.constantFrom(null, 0, 50, 500),
      hold: fc.boolean(),
      end: fc.boolean()
    })
  },
  fc.record({ call: fc.constant('claim'), which }),
  fc.record({ call: fc.constant('claim due') }),
  fc.record({ call: fc.constant('renew'), which }),
  fc.record({ call: fc.constant('remove'), which }),
  fc.record({ call: fc.constant('pass'), ms: fc.constantFrom(1, 49, 50, leaseMs, 1000) })
)
export type Call = typeof anyCall extends fc.Arbitrary<infer T> ? T : never
