import type { Dispatcher } from 'undici'

/** What the SDK asks of an HTTP client, as far as we use it. */
export interface SdkRequest {
  readonly method: string
  readonly uri: string
  readonly username?: string
  readonly password?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly params?: Readonly<Record<string, unknown>>
  readonly data?: Readonly<Record<string, unknown>>
}

/** What undici is given. */
export type Call = Dispatcher.DispatchOptions

/** Makes calls of requests; `prefix` comes before the path. One call serves for each try. */
export function makeCalls(): (request: SdkRequest, prefix: string) => Call {
  const basic = makeBasic()
  return ({ method, uri, username, password, headers, params, data }, prefix) => ({
    method: method.toUpperCase(),
    path: prefix + pathOf(uri, params),
    headers: { ...headers, authorization: basic(username, password) },
    body: data ? form(data) : null
  })
}

/** The URLs of the SDK are as the URL parser writes them, so there is no need to parse them again. */
const pathStart = (uri: string): number => uri.indexOf('/', 'https://'.length)

export const originOf = (uri: string): string => uri.slice(0, pathStart(uri))

function pathOf(uri: string, params: SdkRequest['params']): string {
  const path = uri.slice(pathStart(uri))
  const query = params ? form(params) : ''
  return query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`
}

/** Without the query, which may hold what is nobody's business. */
export const pathname = ({ path }: Call): string => path.replace(/\?.*/, '')

/** Form bodies repeat the name for each item of a list. */
function form(data: Readonly<Record<string, unknown>>): string {
  const fields: string[] = []
  for (const [name, value] of Object.entries(data)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) fields.push(`${encoded(name)}=${encoded(String(item))}`)
    }
  }
  return fields.join('&')
}

/** Any text as a part of a URL or form; half a character, which has no bytes, becomes the sign for that. */
export const encoded = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\uFFFD'))

/** A client shows the same credentials in all its calls. */
function makeBasic() {
  let known = { user: '', secret: '', header: '' }
  return (user = '', secret = ''): string => {
    if (user !== known.user || secret !== known.secret) {
      const header = `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
      known = { user, secret, header }
    }
    return known.header
  }
}
