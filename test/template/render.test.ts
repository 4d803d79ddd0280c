import t from 'tap'
import { makeRender } from '../../src/template/render.ts'

const render = makeRender()
const now = Date.UTC(2026, 10, 22, 9, 5, 3)
const scope = {
  trigger: { conversation: { ChannelAttributes: { memory: { helpline: 'north' } } } },
  flow: { variables: { count: 2, numeral: '2', zero: 0, empty: '', no: false, nothing: null } },
  contact: { channel: { address: '+15550100' } },
  widgets: {
    ask: { inbound: { Body: 'Hello' } },
    'my-widget': { inbound: { Body: 'hyphen' } },
    get_x: { parsed: { sites: [{ name: 'A' }, { name: 'B' }], 'key-with-dash': 'dash' } }
  }
}

type Cases = readonly (readonly [template: string, text: string])[]

function prints(name: string, cases: Cases, renderer = render) {
  t.test(name, async t => {
    for (const [template, text] of cases) {
      t.strictSame(renderer(template, scope, now), { text, fault: null }, template.slice(0, 80))
    }
  })
}

function faults(name: string, cases: readonly (readonly [template: string, fault: RegExp])[]) {
  t.test(name, async t => {
    for (const [template, pattern] of cases) {
      const { text, fault } = render(template, scope, now)
      t.equal(text, '', template.slice(0, 80))
      t.match(fault, pattern, template.slice(0, 80))
      t.ok((fault ?? '').length <= 300)
    }
  })
}

prints('text without Liquid is itself, stray braces and all', [
  ['', ''],
  ['a "quoted" {text} with 100 % of "}}"', 'a "quoted" {text} with 100 % of "}}"'],
  ['{"a":{"b":{{flow.variables.count}}}}', '{"a":{"b":2}}']
])

prints('paths lead to own values, through names with hyphens, brackets and indexes', [
  ['You said {{widgets.ask.inbound.Body}}, and now?', 'You said Hello, and now?'],
  ['{{widgets.my-widget.inbound.Body}}', 'hyphen'],
  ['{{ widgets["my-widget"].inbound["Body"] }}', 'hyphen'],
  ['{{widgets.get_x.parsed["key-with-dash"]}}', 'dash'],
  ['{{widgets.get_x.parsed.sites[1].name}}{{widgets.get_x.parsed.sites.last.name}}', 'BB'],
  ['{% assign i = "0" %}{{widgets.get_x.parsed.sites[i].name}}', 'A'],
  ['{{widgets.get_x.parsed.sites.size}}{{widgets.get_x.parsed.size}}', '22']
])

prints('slips within a path are closed up', [
  ['{{trigger.conversation.ChannelAttributes .memory.helpline}}', 'north'],
  ['{{trigger.conversation. ChannelAttributes.memory .helpline}}', 'north'],
  ['{{widgets. \nask.inbound.Body}}', 'Hello'],
  ['{{ widgets.ask?.inbound.Body }}{{widgets.ask.inbound.Body?}}', 'HelloHello'],
  ['{{widgets.get_x.parsed.sites [0] .name | downcase}}', 'a'],
  ['{% if flow.variables .count == 2 %}two{% endif %}', 'two'],
  ['{%- if flow. variables.count -%} two {%- endif -%}', 'two'],
  ['[{{ }}][{{}}][{{- -}}]', '[][][]']
])

prints('quoted texts, ranges, comments, raw text and text outside are left alone', [
  ['{{ "a .b? + [] größe }}" }}', 'a .b? + [] größe }}'],
  ["{{ 'it \\' s . ok' }}", "it ' s . ok"],
  ['{% for i in (1 .. 3) %}{{i}}{% endfor %}', '123'],
  ['{% comment %}{{ größe + }}{% endcomment %}a .b? {% # größe + %}', 'a .b? '],
  ['{% raw %}{{ a .b + größe? }}{% endraw %}', '{{ a .b + größe? }}']
])

prints('a missing variable prints nothing, is falsy and is blank', [
  ['[{{nobody}}{{flow.nobody.home}}{{widgets.get_x.parsed.sites[7].name}}]', '[]'],
  ['{% if nobody %}a{% else %}b{% endif %}{% unless flow.nobody %}c{% endunless %}', 'bc'],
  ['{% if nobody == blank and nobody == nil %}blank{% endif %}', 'blank'],
  ['{{ nobody | default: "none" }}{{ nobody | append: "!" }}', 'none!']
])

prints('only nil and false are falsy', [
  ['{% if flow.variables.zero %}0{% endif %}{% if flow.variables.empty %}e{% endif %}', '0e'],
  ['{% if flow.variables.no %}a{% endif %}{% if flow.variables.nothing %}b{% endif %}', '']
])

const counter = (name: string) =>
  `{% if flow.variables.${name} %}{{ flow.variables.${name} | plus: 1 }}{% else %} 1 {% endif %}`

prints('the documented counter counts, from nothing and from a numeral', [
  [counter('count'), '3'],
  [counter('numeral'), '3'],
  [counter('unset'), ' 1 ']
])

prints('arithmetic gives numbers without noise', [
  ['{{ "2" | plus: 1 }} {{ "2.50" | plus: 0 }} {{ "x" | minus: 1 }}', '3 2.5 -1'],
  ['{{ 0.1 | plus: 0.2 }} {{ 4.0 }} {{ 1.005 | times: 100 }}', '0.3 4 100.5'],
  ['{{ 20 | divided_by: 7 }} {{ 20 | divided_by: 8.0 }} {{ -7 | modulo: 3 }}', '2 2.5 2'],
  ['{{ 2.55 | round: 1 }} {{ 2.5 | ceil }} {{ -3 | abs }} {{ 3 | at_most: 2 }}', '2.6 3 3 2']
])

prints('comparisons read numerals as numbers when the other side is one', [
  ['{% if flow.variables.numeral >= 2 %}y{% endif %}{% if "10" > 9 %}y{% endif %}', 'yy'],
  ['{% if "a" < 1 or nobody < 1 or "" < 1 %}y{% else %}n{% endif %}', 'n'],
  ['{% if flow.variables.numeral == 2 %}y{% else %}n{% endif %}', 'n'],
  ['{% if widgets.ask.inbound.Body contains "ell" and "a,b" contains "b" %}y{% endif %}', 'y']
])

prints('objects and lists print as JSON, with and without to_json', [
  ['{{ trigger }}', JSON.stringify(scope.trigger)],
  ['{{widgets.get_x.parsed.sites}}', '[{"name":"A"},{"name":"B"}]'],
  ['{"x": {{widgets.ask.inbound | to_json}}}', '{"x": {"Body":"Hello"}}'],
  ['{{nobody | to_json}} {{ "a\\"b" | to_json }} {{ 1 | to_json }}', 'null "a\\"b" 1'],
  ['{{ widgets.ask.inbound | replace: "Hello", "Bye" }}', '{"Body":"Bye"}']
])

prints('filters of the classic set', [
  ['{{ " Yes " | strip | downcase }}{{ "no" | upcase | append: "!" }}', 'yesNO!'],
  ['{{ "a  b c" | split: " " | join: "-" }} {{ "a,b," | split: "," | size }}', 'a-b-c 2'],
  ['{{ "a,b" | split: "," | first }}{{ "a,b" | split: "," | last }}', 'ab'],
  ['{{ "+1 5" | url_encode }} {{ "+1" | replace: "+", "%2B" }}', '%2B1+5 %2B1'],
  ['{{ "abcdef" | truncate: 5 }} {{ "a b c" | truncatewords: 2 }}', 'ab... a b...'],
  ['{{ "abc" | slice: -2, 2 }} {{ "a<b" | escape }}', 'bc a&lt;b'],
  ['{{ widgets.get_x.parsed.sites | map: "name" | reverse | join }}', 'B A'],
  ['{{ widgets.get_x.parsed.sites | where: "name", "B" | map: "name" | first }}', 'B'],
  [
    '{{ "b,A,c" | split: "," | sort | join }} {{ "b,A" | split: "," | sort_natural }}',
    'A b c ["A","b"]'
  ],
  ['{{ "a,a,b" | split: "," | uniq | concat: widgets.x | compact | size }}', '2']
])

prints('tags of the classic set', [
  ['{% case flow.variables.count %}{% when 1 %}a{% when 2, 3 %}b{% else %}c{% endcase %}', 'b'],
  ['{% case nobody %}{% when blank %}a{% else %}c{% endcase %}', 'a'],
  ['{% capture x %}{{ "a" }}b{% endcapture %}{% assign y = x | upcase %}{{ y }}', 'AB'],
  ['{% cycle "a", "b" %}{% increment n %}{% increment n %}{% decrement m %}', 'a01-1'],
  [
    '{% tablerow i in (1..2) cols:1 %}{{i}}{% endtablerow %}',
    '<tr class="row1"><td class="col1">1</td></tr><tr class="row2"><td class="col1">2</td></tr>'
  ]
])

prints('a loop stops at 15 rounds, and its forloop knows', [
  [
    '{% for i in (1..40) %}{{i}}{% if forloop.last %}.{% endif %}{% endfor %}',
    '123456789101112131415.'
  ],
  ['{% for i in (1..100000000) reversed limit: 3 %}{{i}} {% endfor %}', '3 2 1 '],
  [
    '{% for i in (1..40) offset: 35 %}{{i}}/{{forloop.length}} {% endfor %}',
    '36/5 37/5 38/5 39/5 40/5 '
  ],
  [
    '{% for i in (1..20) %}{% endfor %}{% for i in (1..20) offset: continue %}{{i}} {% endfor %}',
    '16 17 18 19 20 '
  ],
  [
    '{% for i in (1..20) %}{% for j in (1..20) %}{{forloop.rindex0}}{% break %}{% endfor %}{{forloop.index}} {% endfor %}',
    Array.from({ length: 15 }, (_, i) => `14${i + 1} `).join('')
  ],
  ['{% for i in (1..4) %}{% if i == 2 %}{% continue %}{% endif %}{{i}}{% endfor %}', '134'],
  ['{% for pair in widgets.ask.inbound %}{{pair[0]}}={{pair[1]}}{% endfor %}', 'Body=Hello'],
  ['{% for i in nobody %}{{i}}{% else %}none{% endfor %}', 'none'],
  ['{% for i in (9007199254740992..9007199254740994) %}.{% endfor %}', '...']
])

prints(
  'the limit of rounds can be set',
  [['{% for i in (1..9) %}{{i}}{% endfor %}', '12']],
  makeRender({ maxLoop: 2 })
)

prints('dates take "now" from the caller, in UTC', [
  ['{{ "now" | date: "%Y-%m-%d %H:%M:%S %z %Z" }}', '2026-11-22 09:05:03 +0000 UTC'],
  [
    '{{ "today" | date: "%a %A %b %B %-d %e %j %U %I %p %y %%" }}',
    'Sun Sunday Nov November 22 22 326 47 09 AM 26 %'
  ],
  [
    '{{ "now" | date: "%c|%D|%x|%X|%^a|%10Y|%s|%q" }}',
    'Sun Nov 22 09:05:03 2026|11/22/26|11/22/26|09:05:03|SUN|0000002026|1795338303|%q'
  ],
  ['{{ 0 | date: "%F" }} {{ "86400" | date: "%F %T" }}', '1970-01-01 1970-01-02 00:00:00'],
  [
    '{{ "2024-07-04" | date: "%d" }} {{ "July 4, 2024 5:00 PM" | date: "%F %R" }}',
    '04 2024-07-04 17:00'
  ],
  ['{{ "2024-07-04T10:00:00.5+02:00" | date: "%T.%L" }}', '08:00:00.500'],
  ['{{ "soon" | date: "%d" }}[{{ nobody | date: "%d" }}]', 'soon[]']
])

prints(
  'dates are in the zone asked for, with its summer time',
  [
    ['{{ "2024-07-04T10:00:00Z" | date: "%R %z %Z" }}', '03:00 -0700 PDT'],
    ['{{ "2024-12-04T10:00:00Z" | date: "%R %:z" }}', '02:00 -08:00'],
    ['{{ "2024-07-04 10:00" | date: "%F %R %s" }}', '2024-07-04 10:00 1720112400']
  ],
  makeRender({ timeZone: 'America/Los_Angeles' })
)

t.test('a zone may be an offset, and one there is not is refused at once', async t => {
  const ahead = makeRender({ timeZone: '+05:30' })
  t.equal(ahead('{{ 0 | date: "%R %z" }}', {}, 0).text, '05:30 +0530')
  t.throws(() => makeRender({ timeZone: 'Mars/Base' }), RangeError)
})

faults('what Studio refuses is a fault that names the place', [
  ['{{ a + b }}', /^Line 1, column 6: there is no \+ operator/],
  ['one\n  {{ größe }}', /^Line 2, column 8: "ö" \(U\+00F6\)/],
  ['{{ “x” }}', /U\+201C/],
  ['{{ list[] }}', /an index is missing/],
  ['Hi {{ name', /^Line 1, column 4: the braces "{{" are never closed, at "{{ name"$/],
  ['{% if a', /braces "{%" are never closed/],
  ['{% if a %}b', /this tag has no end tag, at "{% if a %}"/],
  ['{{ a | nope }}', /there is no filter "nope", at "{{ a \| nope }}"/],
  ['{% nope %}', /the tag "nope" is not known/],
  ['{{ 1 | divided_by: 0 }}', /divided by 0/],
  [`{{ a | ${'x'.repeat(5000)} }}`, /^Line 1/]
])

faults('nothing reads a file', [
  ['{% include "package.json" %}', /tag "include"/],
  ['{% render "package.json" %}', /tag "render"/],
  ['{% layout "package.json" %}', /tag "layout"/],
  ['{% block a %}{% endblock %}', /tag "block"/]
])

prints('prototypes give nothing', [
  ['{{ flow.__proto__ }}{{ flow.constructor }}{{ flow.toString }}{{ "a".constructor }}', ''],
  ['{{ constructor }}{{ __proto__ }}{{ toString }}{{ nil.constructor }}{{ blank.__proto__ }}', ''],
  ['{% for i in (1..2) %}{{ forloop.constructor }}{{ forloop.next }}{{ i }}{% endfor %}', '12'],
  ['{{ widgets.get_x.parsed.sites | map: "constructor" }}', '[null,null]'],
  ['{% assign __proto__ = flow %}{{ zzz.variables }}', '']
])

const doubling = '{% assign s = s | append: s %}'
const nested = (depth: number, body: string) =>
  `${'{% for i in (1..15) %}'.repeat(depth)}${body}${'{% endfor %}'.repeat(depth)}`

faults('a template that asks for too much ends in a fault', [
  [`{% assign s = "0123456789" %}${nested(2, doubling)}`, /too much work/],
  [
    `{% assign s = "01" %}${nested(2, '{% capture s %}{{s}}{{s}}{% endcapture %}')}`,
    /too much work/
  ],
  [nested(8, 'x'), /too much work|too long/],
  ['{{ (1..100000000) | join }}', /too much work/],
  ['{{ (9007199254740992..9999999999999999) }}', /too much work/],
  [
    `{% assign s = "0123456789" | split: "" %}${nested(2, '{% assign s = s | concat: s %}')}`,
    /too much work/
  ],
  ['{% if a %}'.repeat(6000), /too deeply|no end tag/],
  [`{{ a${'[a'.repeat(20_000)} }}`, /too deeply|not closed/],
  ['{{a}}'.repeat(20_000), /^The template is 100000 characters long/]
])

t.test('a result over the limit is cut, and says so', async t => {
  const tight = makeRender({ maxLength: 4 })
  t.strictSame(tight('{{ "abcd" }}', {}, 0), { text: 'abcd', fault: null })
  t.match(tight('{{ "abcde" }}', {}, 0), { text: 'abcd', fault: /5 characters .* limit of 4/ })
  t.match(tight('abcdef', {}, 0), { text: 'abcd', fault: /6 characters/ })
  t.equal(tight('abc😀', {}, 0).text, 'abc', 'no half characters')
  t.equal(render('x'.repeat(20_000), {}, 0).text.length, 16_384)
})

t.test('the scope stays as it was, and one render knows nothing of another', async t => {
  const before = structuredClone(scope)
  const template =
    '{% increment flow %}{% assign trigger = 1 %}{% assign l = widgets.get_x.parsed.sites | sort: "name" | reverse %}' +
    '{% capture contact %}x{% endcapture %}{% decrement n %}{{ trigger }}{{ n }}'
  t.equal(render(template, scope, now).text, '0-11-1')
  t.equal(render(template, scope, now).text, '0-11-1')
  t.strictSame(scope, before)
})

t.test('a small cache forgets without harm', async t => {
  const forgetful = makeRender({ cacheSize: 30 })
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 9; i++) t.equal(forgetful(`{{ ${i} | plus: 1 }}`, {}, 0).text, `${i + 1}`)
  }
})
