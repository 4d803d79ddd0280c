import type { Failure } from '../engine/effect.ts'
import type { FlowFault } from '../flow/flow.ts'

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

/** The store is there, and must not be used as it is: somebody has to put something right first. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused'
}

/**
 * The process stops, and waits for nobody any more. Nothing is lost: a turn that broke off is claimed again,
 * and whoever asked may ask again.
 */
export class Stopping extends Error {
  override readonly name = 'Stopping'
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

/** There is no such thing, or it has been deleted. */
export class NotFound extends Error {
  override readonly name = 'NotFound'
}

/** The contact has an active execution of this flow already. */
export class ContactBusy extends Error {
  override readonly name = 'ContactBusy'
  readonly executionSid: string

  constructor(executionSid: string) {
    super(
      `Execution ${executionSid} is already active for this contact. End it first, or say what should happen with ConflictPolicy (replace, parallel)`
    )
    this.executionSid = executionSid
  }
}

/** Where it stands, the execution cannot do what it was asked; nothing has changed. */
export class NotNow extends Error {
  override readonly name = 'NotNow'
}

/** The definition has faults, all of which are named. */
export class InvalidFlow extends Error {
  override readonly name = 'InvalidFlow'
  readonly faults: readonly FlowFault[]

  constructor(faults: readonly FlowFault[]) {
    super(`The flow definition has ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`)
    this.faults = faults
  }
}

/** What was asked for makes no sense, now or later; the message says what would. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
  /** Studio's code, where it has one for this. */
  readonly code: number

  constructor(message: string, code = 20001) {
    super(message)
    this.code = code
  }
}
