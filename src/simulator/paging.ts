import { type Form, text, wholeNumber } from './form.ts'
import { badParameter } from './refusal.ts'

/** The stretch of a list that a request asked for. */
export type Window = { readonly page: number; readonly size: number; readonly offset: number }

type Limits = { readonly usual: number; readonly most: number }

export const usualLimits: Limits = { usual: 50, most: 100 }
/** https://www.twilio.com/docs/conversations-classic/api/conversation-scoped-webhook-resource */
export const webhookLimits: Limits = { usual: 5, most: 5 }

/** A PageSize above the limit is cut to it; Twilio does not say what it does. */
export function readWindow(query: Form, { usual, most }: Limits): Window {
  const size = Math.min(wholeNumber(query, 'PageSize') ?? usual, most)
  if (size === 0) throw badParameter('PageSize must be at least 1')
  const page = wholeNumber(query, 'Page')
  const token = text(query, 'PageToken')
  if (token === undefined) return { page: page ?? 0, size, offset: (page ?? 0) * size }
  const digits = /^PT(\d{1,15})$/.exec(token)?.[1]
  if (digits === undefined) throw badParameter('PageToken is not one of ours')
  const offset = Number(digits)
  return { page: page ?? Math.floor(offset / size), size, offset }
}

/**
 * `meta` of a list. The SDK follows `next_page_url` as it is, so it carries the origin of the
 * request.
 */
export function describePage(
  { page, size, offset }: Window,
  { url, query, key, total }: { url: string; query: Form; key: string; total: number }
) {
  const pageUrl = (number: number, start: number) => {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) {
      if (!name.startsWith('Page') && typeof value === 'string') search.set(name, value)
    }
    search.set('PageSize', String(size))
    search.set('Page', String(number))
    if (start > 0) search.set('PageToken', `PT${start}`)
    return `${url}?${search}`
  }
  const next = offset + size
  return {
    page,
    page_size: size,
    first_page_url: pageUrl(0, 0),
    previous_page_url:
      offset === 0 ? null : pageUrl(Math.max(0, page - 1), Math.max(0, offset - size)),
    url: pageUrl(page, offset),
    next_page_url: next < total ? pageUrl(page + 1, next) : null,
    key
  }
}

export const cut = <T>(items: readonly T[], { offset, size }: Window) =>
  items.slice(offset, offset + size)

/** The same list read from its end, without turning all of it round. */
export const cutFromEnd = <T>(items: readonly T[], { offset, size }: Window) =>
  items
    .slice(Math.max(0, items.length - offset - size), Math.max(0, items.length - offset))
    .reverse()
