/**
 * The effect id that a message carries in its attributes, beside the author's own, so that a message that
 * was sent can be told from one that was not. https://www.twilio.com/docs/conversations-classic/api/conversation-message-resource
 */
const key = 'reprise'

export function withMarker(attributes: string | null, effectId: string): string {
  const marker = { effect: effectId }
  const own = objectIn(attributes)
  if (Object.hasOwn(own, key)) return JSON.stringify({ ...own, [key]: marker })
  const field = `"${key}":${JSON.stringify(marker)}`
  if (attributes === null || Object.keys(own).length === 0) return `{${field}}`
  // The author's text stays as it is: numbers that are read and written again may come out rounded.
  return `${attributes.trim().slice(0, -1)},${field}}`
}

/** The effect id in a message's attributes; null where no flow of ours sent it. */
export function markerIn(attributes: string | null | undefined): string | null {
  const marker = objectIn(attributes)[key]
  const effect =
    typeof marker === 'object' && marker !== null ? (marker as { effect?: unknown }).effect : null
  return typeof effect === 'string' ? effect : null
}

/** The attributes as the author wrote them. */
export function withoutMarker(attributes: string | null | undefined): string {
  const { [key]: _, ...own } = objectIn(attributes)
  return JSON.stringify(own)
}

function objectIn(attributes: string | null | undefined): Record<string, unknown> {
  if (!attributes) return {}
  try {
    const value = JSON.parse(attributes)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  } catch {
    return {}
  }
}
