import type { Dispatcher } from 'undici'

/** An answer, read to its end. */
export interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/**
 * Makes a request once. Answers are short and wanted as a whole, so no stream is made of them, as undici's
 * `request` would.
 */
export const exchange = (
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions
): Promise<Answer | Error> =>
  new Promise(settle => {
    let head: Omit<Answer, 'body'> = { statusCode: 0, headers: {} }
    const chunks: Buffer[] = []
    dispatcher.dispatch(request, {
      // By this one, undici tells handlers of today from those of its older versions.
      onRequestStart() {},
      onResponseStart(_controller, statusCode, headers) {
        head = { statusCode, headers }
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk)
      },
      onResponseEnd() {
        settle({ ...head, body: Buffer.concat(chunks).toString() })
      },
      onResponseError(_controller, error) {
        settle(error)
      }
    })
  })
