// What the systems without an engine keep of a conversation: as large as an execution of the service.
const filling = 'x'.repeat(1500)

export const keyOf = conversationSid => `conversation:${conversationSid}`

/** The next state, given the one that was saved and the message that came. */
export function nextState(saved, body) {
  const { count = 0 } = saved === null ? {} : JSON.parse(saved)
  return { count: count + 1, last: body, filling }
}

const headers = {
  'content-type': 'application/x-www-form-urlencoded',
  authorization: `Basic ${Buffer.from('account:token').toString('base64')}`
}

/** The call to Twilio that answers a message. */
export async function sendReply(pool, conversationSid, { count, last }) {
  const body = new URLSearchParams({
    Author: '+15550002222',
    Body: `You said ${last}, and now?`,
    Attributes: JSON.stringify({ reprise: { effect: `${conversationSid}:${count}:1` } })
  })
  const answer = await pool.request({
    method: 'POST',
    path: `/v1/Conversations/${conversationSid}/Messages`,
    headers,
    body: body.toString()
  })
  const { index } = await answer.body.json()
  if (answer.statusCode !== 201) throw new Error(`Twilio answered ${answer.statusCode}`)
  return index
}
