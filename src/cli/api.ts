import { type Environment, environment } from '../config.ts'
import { CommandFailed, type Given, type Option, text, UsageError } from './command.ts'

/** What every command has that talks to a running service. */
export const apiOptions: Readonly<Record<string, Option>> = {
  url: {
    type: 'string',
    value: 'URL',
    about: 'Where the service is; or REPRISE_URL, or http://127.0.0.1:3000'
  },
  user: {
    type: 'string',
    value: 'USER:SECRET',
    about:
      'Who asks; or REPRISE_API_KEY and REPRISE_API_SECRET, or TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN'
  },
  json: { type: 'boolean', about: 'JSON for programs instead of text for people' }
}

export type Fields = Readonly<Record<string, string | undefined>>
export type Body = Readonly<Record<string, unknown>>

/** The HTTP API of a running service. Everything but success is a `CommandFailed`. */
export interface Api {
  readonly url: string
  call<T = Body>(method: string, path: string, form?: Fields): Promise<T>
  /** Null for what is not there. */
  find<T = Body>(path: string): Promise<T | null>
  /** Items of a list, page after page, as many as are wanted. */
  list<T>(path: string, key: string, limit: number): Promise<T[]>
}

export function connect(given: Given): Api {
  const variables = environment()
  const url = (text(given, 'url') ?? variables.REPRISE_URL ?? 'http://127.0.0.1:3000').replace(
    /\/+$/,
    ''
  )
  if (!URL.canParse(url)) throw new UsageError(`--url is no URL: ${url}`)
  const authorization = `Basic ${Buffer.from(credentials(given, variables)).toString('base64')}`

  async function ask(method: string, path: string, form: Fields = {}): Promise<Response> {
    const given = Object.entries(form).filter(([, value]) => value !== undefined)
    const body = new URLSearchParams(given as [string, string][])
    const request = { method, headers: { authorization }, ...(method !== 'GET' && { body }) }
    return fetch(url + path, request).catch(error => {
      const reason = error.cause?.message || error.cause?.code || error.message
      throw new CommandFailed(
        `Nothing answers at ${url} (${reason}). Is the service running there? --url or REPRISE_URL says where it is`
      )
    })
  }

  const api: Api = {
    url,
    async call(method, path, form) {
      const response = await ask(method, path, form)
      if (!response.ok) throw new CommandFailed(await troubleIn(response, url))
      return (await response.json()) as never
    },
    async find(path) {
      const response = await ask('GET', path)
      if (response.status === 404) return null
      if (!response.ok) throw new CommandFailed(await troubleIn(response, url))
      return (await response.json()) as never
    },
    async list(path, key, limit) {
      const items: unknown[] = []
      const mark = path.includes('?') ? '&' : '?'
      let next: string | null = `${path}${mark}PageSize=${Math.min(limit, 1000)}`
      while (next !== null && items.length < limit) {
        const page: Body = await api.call('GET', next)
        items.push(...(page[key] as unknown[]))
        const after = (page.meta as { next_page_url: string | null }).next_page_url
        next = after === null ? null : new URL(after).pathname + new URL(after).search
      }
      return items.slice(0, limit) as never
    }
  }
  return api
}

function credentials(given: Given, variables: Environment): string {
  const user = text(given, 'user')
  if (user !== undefined) {
    if (user.includes(':')) return user
    throw new UsageError('--user is USER:SECRET, with a colon between the two')
  }
  const { REPRISE_API_KEY, REPRISE_API_SECRET, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN } = variables
  if (REPRISE_API_KEY && REPRISE_API_SECRET) return `${REPRISE_API_KEY}:${REPRISE_API_SECRET}`
  if (TWILIO_ACCOUNT_SID && TWILIO_AUTH_TOKEN) return `${TWILIO_ACCOUNT_SID}:${TWILIO_AUTH_TOKEN}`
  throw new UsageError(
    'Who are you? Give --user USER:SECRET, or set REPRISE_API_KEY and REPRISE_API_SECRET, or TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN'
  )
}

interface Trouble {
  readonly message?: string
  readonly details?: { readonly errors?: readonly Fault[] }
}

interface Fault {
  readonly property_path: string
  readonly message: string
}

async function troubleIn(response: Response, url: string): Promise<string> {
  const answer = await response.text()
  try {
    const { message = answer, details } = JSON.parse(answer) as Trouble
    const faults = details?.errors?.map(fault => `  ${fault.property_path} ${fault.message}`) ?? []
    return [message, ...faults].join('\n')
  } catch {
    return `${url} answered ${response.status}; is that the service? ${answer.slice(0, 200)}`
  }
}
