// The flow whose conversations `chat.ts` is the model of.

import { ask, flowOf, resume, say, toFlex } from './flows.ts'

export const patienceSeconds = 86_400

const question = (number: number, heard: string, next: string) =>
  ask(`q${number}`, next, {
    body: `${heard}: question ${number} of revision {{flow.variables.revision}}?`,
    timeout: String(patienceSeconds),
    onTimeout: 'bye'
  })

/** Asks three times; who answers the second question with "agent" is handed over. */
export function chatFlow(revision: number) {
  const { states, ...flow } = flowOf(
    resume('number'),
    [
      'number',
      'set-variables',
      { variables: [{ key: 'revision', value: String(revision) }] },
      { next: 'q1' }
    ],
    question(1, 'Hello', 'q2'),
    question(2, '{{widgets.q1.inbound.Body}}', 'route'),
    question(3, '{{widgets.q2.inbound.Body}}', 'thanks'),
    toFlex('flex', null, null),
    say(
      'thanks',
      null,
      'Thanks for {{widgets.q3.inbound.Body}}, says revision {{flow.variables.revision}}.'
    ),
    say('bye', null, 'Bye, says revision {{flow.variables.revision}}.')
  )
  return { ...flow, states: [...states, route] }
}

const input = '{{widgets.q2.inbound.Body}}'

const route = {
  name: 'route',
  type: 'split-based-on',
  properties: { input },
  transitions: [
    { event: 'noMatch', next: 'q3' },
    {
      event: 'match',
      next: 'flex',
      conditions: [
        { friendly_name: 'an agent', arguments: [input], type: 'equal_to', value: 'agent' }
      ]
    }
  ]
}
