// A conversation as it ought to be: the simplest model of one execution and the people around it.

export interface Chat {
  /** The latest published revision, and the one that the execution was started with. */
  latest: number
  readonly revision: number
  /** Place in the Conversation is the index. */
  readonly lines: Line[]
  /** The question that waits for an answer, by its number, and its index. */
  waiting: { readonly question: number; readonly index: number } | null
  end: 'completed' | 'api' | null
  handedOver: boolean
  mostTasks: 1 | 2
}

export interface Line {
  readonly from: 'flow' | 'customer' | 'program'
  readonly body: string
}

export function startChat(revision: number): Chat {
  const chat: Chat = {
    latest: revision,
    revision,
    lines: [],
    waiting: null,
    end: null,
    handedOver: false,
    mostTasks: 1
  }
  ask(chat, 1, 'Hello')
  return chat
}

/** Nobody can say anything in it any more. */
export const isClosed = ({ end, handedOver }: Chat): boolean => end !== null && !handedOver

/**
 * The customer's message with this index has come to the execution's ears, for the first time or again. Where
 * an earlier one has not, it is found now and taken first.
 */
export function hear(chat: Chat, index: number): void {
  const { waiting, lines } = chat
  const [first] = unheard(chat)
  if (!waiting || first === undefined || index < first) return
  const body = lines[first]?.body ?? ''
  const { question } = waiting
  chat.waiting = null
  if (question === 2 && body === 'agent') {
    chat.handedOver = true
    chat.end = 'completed'
  } else if (question < 3) ask(chat, question + 1, body)
  else leave(chat, `Thanks for ${body}`)
}

/** Replies that came after the question, and that the execution has not heard of. */
export const unheard = ({ waiting, lines }: Chat): number[] =>
  waiting
    ? [...lines.keys()].filter(index => index > waiting.index && lines[index]?.from === 'customer')
    : []

/** It looks for itself, as after a restart. */
export function lookBack(chat: Chat): void {
  const [first] = unheard(chat)
  if (first !== undefined) hear(chat, first)
}

/** The question has waited for as long as it may. */
export function timeOut(chat: Chat): void {
  if (!chat.waiting) return
  if (unheard(chat).length > 0) lookBack(chat)
  else leave(chat, 'Bye')
}

export function endByApi(chat: Chat): void {
  if (chat.end) return
  chat.end = 'api'
  chat.waiting = null
}

function ask(chat: Chat, question: number, heard: string): void {
  chat.waiting = { question, index: chat.lines.length }
  say(chat, `${heard}: question ${question} of revision ${chat.revision}?`)
}

function leave(chat: Chat, text: string): void {
  say(chat, `${text}, says revision ${chat.revision}.`)
  chat.waiting = null
  chat.end = 'completed'
}

const say = (chat: Chat, body: string): void => {
  chat.lines.push({ from: 'flow', body })
}
