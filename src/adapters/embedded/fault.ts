import { StoreUnavailable } from '../../runtime/errors.ts'

/** What could not be written (a full disk, say) has not happened; an error of LMDB only promises the reason. */
export async function faultOf(error: unknown): Promise<StoreUnavailable> {
  if (error instanceof StoreUnavailable) return error
  const promised = error instanceof Error && 'commitError' in error ? error.commitError : error
  const cause = await Promise.resolve(promised).catch((reason: unknown) => reason)
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `The embedded store could not write (${reason}). Is its disk full?`
  return new StoreUnavailable(message, { cause })
}
