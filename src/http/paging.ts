import { BadRequest } from '../runtime/errors.ts'
import type { Position } from '../runtime/ports.ts'

/** What the query of a list says about the page that is wanted. */
export interface PageRequest {
  readonly PageSize: number
  readonly Page: number
  readonly PageToken?: string
}

/** Which items come first on the page; neither for the first page. */
export interface Cursor {
  readonly older?: Position
  readonly newer?: Position
}

/** One more than the page holds is read, to know whether another page follows. */
export const oneMore = ({ PageSize }: PageRequest): number => PageSize + 1

/** A token names an item, not a number: pages stay good while items are added in front of them. */
export function cursorOf({ PageToken }: PageRequest): Cursor {
  if (PageToken === undefined) return {}
  const text = Buffer.from(PageToken, 'base64url').toString()
  const [, direction, createdAt, sid] = /^(older|newer) (\d{1,15}) (\w*)$/.exec(text) ?? []
  if (direction === undefined || sid === undefined) {
    throw new BadRequest('The PageToken is not one that this API gave; follow next_page_url')
  }
  return { [direction]: { createdAt: Number(createdAt), sid } }
}

const tokenOf = (direction: 'older' | 'newer', { createdAt, sid }: Position): string =>
  Buffer.from(`${direction} ${createdAt} ${sid}`).toString('base64url')

interface Found<T> {
  /** Up to one more than the page holds, newest first. */
  readonly items: readonly T[]
  readonly position: (item: T) => Position
  readonly describe: (item: T) => unknown
}

/** Studio's page: https://www.twilio.com/docs/studio/rest-api/v2/execution. `url` is the list's own, with its query. */
export function pageOf<T>(key: string, url: URL, request: PageRequest, found: Found<T>) {
  const { PageSize, Page } = request
  const { newer, older } = cursorOf(request)
  const hasMore = found.items.length > PageSize
  // Reading towards newer items, the one too many is the newest.
  const items = newer && hasMore ? found.items.slice(1) : found.items.slice(0, PageSize)
  const first = items[0]
  const last = items.at(-1)
  const link = (page: number, token?: string) => pageUrl(url, PageSize, page, token)
  return {
    meta: {
      page: Page,
      page_size: PageSize,
      key,
      first_page_url: link(0),
      previous_page_url:
        first && (older || (newer && hasMore))
          ? link(Math.max(0, Page - 1), tokenOf('newer', found.position(first)))
          : null,
      url: link(Page, request.PageToken),
      next_page_url:
        last && (newer || hasMore) ? link(Page + 1, tokenOf('older', found.position(last))) : null
    },
    [key]: items.map(found.describe)
  }
}

function pageUrl(url: URL, size: number, page: number, token: string | undefined): string {
  const to = new URL(url)
  to.searchParams.set('PageSize', String(size))
  to.searchParams.set('Page', String(page))
  to.searchParams.delete('PageToken')
  if (token !== undefined) to.searchParams.set('PageToken', token)
  return to.href
}

/** The part of a short list, newest first, that a cursor asks for. */
export function cut<T>(
  items: readonly T[],
  position: (item: T) => Position,
  { older, newer }: Cursor,
  limit: number
): T[] {
  if (older) return items.filter(item => compare(position(item), older) < 0).slice(0, limit)
  if (newer) return items.filter(item => compare(position(item), newer) > 0).slice(-limit)
  return items.slice(0, limit)
}

const compare = (a: Position, b: Position): number =>
  a.createdAt - b.createdAt || (a.sid < b.sid ? -1 : a.sid > b.sid ? 1 : 0)
