import fc from 'fast-check'
import t from 'tap'
import { makeRender } from '../../src/template/render.ts'

// More for a night's run: FUZZ_RUNS=200000
const numRuns = Number(process.env.FUZZ_RUNS ?? 2000)
if (process.env.FUZZ_RUNS) t.setTimeout(0)
const render = makeRender()
const longest = 16_384

// Pieces that mean something to Liquid, whole tags and halves of tags, for chance to put together.
const fragments = [
  ...['{{', '}}', '{%', '%}', '{{-', '-}}', '{%-', '-%}', ' ', '\n', '"', "'", '\\', 'größe', '“'],
  ...['{{ a }}', '{{ a.b }}', '{{ a .b? }}', '{{ list }}', '{{ list[0] }}', '{{ list[', ']', '[]'],
  ...['{{ constructor }}', '{{ a.__proto__ }}', '{{ a.constructor.constructor }}', '{{ process }}'],
  ...['{{ nil.constructor }}', '{{ empty.__proto__.constructor }}', '{{ forloop.constructor }}'],
  ...[
    '{% if a %}',
    '{% elsif list contains a %}',
    '{% else %}',
    '{% endif %}',
    '{% unless s > n %}'
  ],
  ...[
    '{% for i in list %}',
    '{% for a in (1..100000000) %}',
    '{% for s in a reversed %}',
    '{{ i }}'
  ],
  ...['{% endfor %}', '{% endunless %}', '{% break %}', '{% continue %}', '{{ forloop }}'],
  ...['{% for i in (n..9007199254740999) offset: continue %}', '{{ (n..9007199254740999) }}'],
  ...['{% tablerow i in list cols: n %}', '{% endtablerow %}', '{% case a %}', '{% when list %}'],
  ...['{% when blank, "x" %}', '{% endcase %}', '{% assign s = s | append: s %}', '{{ s }}'],
  ...['{% assign list = list | concat: list %}', '{% assign a = list | sort: "b" | map: "b" %}'],
  ...[
    '{% capture s %}',
    '{{ s }}{{ s }}',
    '{% endcapture %}',
    '{% increment a %}',
    '{% cycle a, n %}'
  ],
  ...['{% decrement n %}', '{% raw %}', '{% endraw %}', '{% comment %}', '{% endcomment %}'],
  ...['{% liquid\n echo a\n%}', '{% # note %}', '{% include "x" %}', '{% nope %}', '{{ a + n }}'],
  ...[' | ', ' | join: s', ' | times: 999999999', ' | plus: n', ' | replace: "", s', ' | split: s'],
  ...[
    ' | to_json',
    ' | date: s',
    ' | date: "%99Y%c%Z"',
    ' | where: s, a',
    ' | sort_natural',
    ' | sum'
  ],
  ...[
    ' | slice: n, 99999999',
    ' | truncate: n',
    ' | url_encode',
    ' | divided_by: n',
    ' | round: 99'
  ],
  ...[
    ' | map: "constructor"',
    ' | default: a',
    ' | first',
    ' | size',
    ' | uniq',
    ' | find: "b"',
    ' | nope'
  ],
  ...[
    'a',
    'n',
    's',
    'list',
    '.',
    '..',
    '(',
    ')',
    ',',
    ':',
    '==',
    ' and ',
    ' contains ',
    '|',
    '?',
    '+',
    '1'
  ]
]

const jumble = fc
  .array(fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...fragments) }, fc.string()), {
    maxLength: 30
  })
  .map(pieces => pieces.join(''))

// Templates that parse, so that chance gets past the syntax and into the work.
const path = fc.constantFrom('a', 'a.b', 'n', 's', 'list', 'list[n]', 'list.first', 'i', '"x"', '7')
const filter = fc.constantFrom(
  ...['append: s', 'prepend: a', 'plus: n', 'times: n', 'divided_by: n', 'modulo: 3', 'round: n'],
  ...[
    'replace: "x", s',
    'split: ""',
    'split: s',
    'join: s',
    'concat: list',
    'sort',
    'sort_natural'
  ],
  ...['map: "b"', 'where: "b", a', 'sum', 'uniq', 'compact', 'reverse', 'first', 'last', 'size'],
  ...['slice: n, 999', 'truncate: n', 'truncatewords: n, s', 'default: list', 'to_json', 'date: s'],
  ...['date: "%c %99Y %Z"', 'url_encode', 'escape', 'strip_html', 'capitalize', 'base64_encode']
)
const expression = fc
  .tuple(path, fc.array(filter, { maxLength: 4 }))
  .map(parts => parts.flat().join(' | '))
const operator = fc.constantFrom('==', '!=', '<', '>=', 'contains', 'and', 'or')
const program = fc.letrec<{ body: string; tag: string }>(tie => ({
  body: fc.array(tie('tag'), { maxLength: 4 }).map(tags => tags.join('')),
  tag: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    expression.map(value => `{{ ${value} }}`),
    expression.map(value => `{% assign s = ${value} %}`),
    expression.map(value => `{% assign list = ${value} %}`),
    fc.tuple(path, tie('body')).map(([of, body]) => `{% for i in ${of} %}${body}{% endfor %}`),
    tie('body').map(body => `{% for i in (n..99999999) %}${body}{% endfor %}`),
    tie('body').map(body => `{% capture s %}${body}{% endcapture %}`),
    fc
      .tuple(path, operator, path, tie('body'))
      .map(([a, is, b, body]) => `{% if ${a} ${is} ${b} %}${body}{% else %}-{% endif %}`)
  )
})).body

const template = fc.oneof(jumble, program)

const scope = fc.record({
  a: fc.jsonValue(),
  n: fc.oneof(fc.integer(), fc.double(), fc.string()),
  s: fc.oneof(fc.string(), fc.constant('x'.repeat(5000))),
  list: fc.array(fc.jsonValue())
})

t.test(
  'whatever the template and the data, a render ends soon, within bounds, and repeats',
  async t => {
    let slowest = 0
    let faults = 0
    fc.assert(
      fc.property(template, scope, (template, scope) => {
        const before = structuredClone(scope)
        const start = performance.now()
        const first = render(template, scope, 0)
        slowest = Math.max(slowest, performance.now() - start)
        if (first.fault !== null) faults++
        if (first.text.length > longest || (first.fault ?? '').length > 300) return false
        if (first.fault !== null && first.text !== '' && first.text.length < longest - 1)
          return false
        if (/native code|function ?\(|class /.test(first.text)) return false
        const again = render(template, scope, 0)
        return (
          again.text === first.text &&
          again.fault === first.fault &&
          JSON.stringify(scope) === JSON.stringify(before)
        )
      }),
      { numRuns }
    )
    t.ok(slowest < 3000, `the slowest took ${slowest.toFixed(0)} ms`)
    t.ok(faults < numRuns, `${faults} of ${numRuns} were faults`)
  }
)

t.test('a template that parses shows nothing but the data', async t => {
  const steps = fc.array(
    fc.constantFrom(
      'a',
      'list',
      'size',
      'first',
      '0',
      'constructor',
      '__proto__',
      'prototype',
      'toString',
      'valueOf',
      'process',
      'now',
      'environments'
    ),
    { minLength: 1, maxLength: 5 }
  )
  const filter = fc.constantFrom(
    '',
    ' | to_json',
    ' | append: "!"',
    ' | map: "constructor"',
    ' | sort: "__proto__"',
    ' | first',
    ' | default: nil.constructor'
  )
  const data = { a: { a: [1], list: 'x' }, list: [{ a: null }, ['y']] }
  const holds = fc.property(fc.array(fc.tuple(steps, filter), { maxLength: 4 }), parts => {
    const template = parts.map(([steps, filter]) => `{{ ${steps.join('.')}${filter} }}`).join('')
    const { text } = render(template, data, 0)
    return (
      /^[\s\w!{}[\]",:]*$/.test(text) && !/constructor|proto|process|function|object/i.test(text)
    )
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns }))
})

t.test('text outside of braces is never touched', async t => {
  const plain = fc.string().filter(text => !/[{]|\}$/.test(text))
  const holds = fc.property(plain, plain, (before, after) => {
    const { text, fault } = render(`${before}{{ a .b }}${after}`, { a: { b: 'B' } }, 0)
    return fault === null && text === `${before}B${after}`
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns }))
})

t.test('a template of texts and paths alone says what it says among tags', async t => {
  const start = fc.constantFrom(
    'a',
    'n',
    's',
    'list',
    'size',
    'nil',
    'none',
    '["a"]',
    '7',
    'forloop'
  )
  const step = fc.constantFrom(
    ...['.a', '.b', '["a"]', '["my name"]', '[0]', '[-1]', '[n]', '.0', '.first', '.last', '.size'],
    ...['.constructor', '.__proto__', '[true]', '[nil]', '[(1..2)]', '["size"]', '.length', ' .b?']
  )
  const path = fc.tuple(start, fc.array(step, { maxLength: 3 })).map(parts => parts.flat().join(''))
  const text = fc.constantFrom('', ' ', '\n', 'so ', '"', '}}', '{', 'größe')
  const dash = fc.constantFrom('', '-')
  const output = fc
    .tuple(text, dash, path, dash)
    .map(([before, left, path, right]) => `${before}{{${left} ${path} ${right}}}`)
  const template = fc
    .tuple(fc.array(output, { maxLength: 4 }), text)
    .map(parts => parts.flat().join(''))
  const small = makeRender({ memoryLimit: 50, maxLength: 30 })
  const holds = fc.property(template, scope, (template, scope) =>
    [render, small].every(render => {
      const alone = render(template, scope, 0)
      const among = render(`{% if true %}{% endif %}${template}`, scope, 0)
      return alone.text === among.text && (alone.fault === null) === (among.fault === null)
    })
  )
  t.doesNotThrow(() => fc.assert(holds, { numRuns }))
})
