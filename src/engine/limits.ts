/** Bounds of one execution. Studio's own numbers: https://www.twilio.com/docs/studio/user-guide/studio-faq */
export interface Limits {
  readonly steps: number
  /** Visits of one widget in a row. */
  readonly sameWidget: number
  readonly lifetimeMs: number
  /** Characters of the whole context as JSON. */
  readonly contextSize: number
  /** Flows within flows; Studio itself knows one level. https://www.twilio.com/docs/studio/subflows */
  readonly subflowDepth: number
  /** Problems kept on an execution; the oldest go first. */
  readonly problems: number
}

export const studioLimits: Limits = {
  steps: 1000,
  sameWidget: 10,
  lifetimeMs: 30 * 24 * 60 * 60 * 1000,
  contextSize: 1024 * 1024,
  subflowDepth: 10,
  problems: 50
}
