import type { Failure } from '../engine/effect.ts'

/** The claim is no longer ours: somebody else has the execution now. Drop everything, touch nothing. */
export class FenceLost extends Error {
  override readonly name = 'FenceLost'
  constructor(sid: string) {
    super(`Another worker has claimed execution ${sid} since`)
  }
}

/** The store cannot be reached. Nothing is lost: whoever asked may ask again. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** A call to Twilio that did not succeed, with what is known about whether it was done. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed'
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}
