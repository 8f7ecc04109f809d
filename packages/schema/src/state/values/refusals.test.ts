import { describe, expect, it } from 'vitest'
import { compileLayout } from '../../compiled-layout.ts'
import { layoutOf } from '../../contract-layout.ts'
import { defineRoom, type Schema } from '../../contract.ts'
import { SchemaError } from '../../errors.ts'
import * as t from '../../types.ts'
import { StateTree } from '../state-tree.ts'
import { TrackedList } from '../nodes/tracked-list.ts'
import { TrackedMap } from '../nodes/tracked-map.ts'

// What is odd is kept, or refused with the path of where it was to stand: nothing is changed in silence. data-model.test.ts
// follows what is kept to the mirrors.

const odd = {
  NaN: Number.NaN,
  Infinity: Infinity,
  '-Infinity': -Infinity,
  '-0': -0,
  '2^53 - 1': 2 ** 53 - 1,
  '2^53': 2 ** 53,
  '2^53 + 2': 2 ** 53 + 2,
  '-2^53 + 1': -(2 ** 53) + 1,
  '-2^53': -(2 ** 53),
  '1e39': 1e39,
  '0.5': 0.5,
  '2^53 + 1, a bigint': 2n ** 53n + 1n,
  '2^64, a bigint': 2n ** 64n,
  '-2^63 - 1, a bigint': -(2n ** 63n) - 1n,
  null: null,
  undefined,
  'half a surrogate pair': 'a\ud800b',
  'the other half': '\udc00',
  'a text': '1',
  'an object': { valueOf: () => 1 },
  'an array': [1],
  'a hole': Object.assign([], { 1: 1 }),
  'a Date': new Date(0),
  'a symbol': Symbol('s'),
  'a function': () => 1,
}
type Odd = keyof typeof odd

const got: { readonly [K in Odd]?: string } = {
  NaN: 'NaN',
  Infinity: 'Infinity',
  '-Infinity': '-Infinity',
  '-0': '-0',
  '2^53 - 1': 'the number 9007199254740991',
  '2^53': 'the number 9007199254740992',
  '2^53 + 2': 'the number 9007199254740994',
  '-2^53 + 1': 'the number -9007199254740991',
  '-2^53': 'the number -9007199254740992',
  '1e39': 'the number 1e+39',
  '0.5': 'the number 0.5',
  '2^53 + 1, a bigint': 'a bigint',
  '2^64, a bigint': 'a bigint',
  '-2^63 - 1, a bigint': 'a bigint',
  null: 'null',
  'half a surrogate pair': 'a string',
  'the other half': 'a string',
  'a text': 'a string',
  'an object': 'an object',
  'an array': 'an array of 1',
  'a hole': 'an array of 2',
  'a Date': 'an instance of a class',
  'a symbol': 'a symbol',
  'a function': 'a function',
}

interface Kind {
  readonly schema: Schema
  /** A value that is none of the odd ones. */
  readonly good: unknown
  /** What it says that it expects of whatever else it is given. */
  readonly expects: string
  /** The odd values that are kept. */
  readonly keeps: readonly Odd[]
  /** What it says of some of the others instead; with the step to where in the value it is wrong. */
  readonly says?: { readonly [K in Odd]?: string }
}

const cut = ': has half a surrogate pair in it: it was cut inside a character'
const beyond = ': is a bigint beyond 64 bits; from -2^63 to 2^64-1 can travel'
const wholes: readonly Odd[] = ['-0', '2^53 - 1', '-2^53 + 1']
const finite: readonly Odd[] = [...wholes, '2^53', '2^53 + 2', '-2^53', '1e39', '0.5']
const texts = {
  expects: 'a string',
  keeps: ['a text'],
  says: { 'half a surrogate pair': cut, 'the other half': cut },
} as const
const whole = (min: number, max: number) =>
  ({ good: 1, expects: `a whole number from ${min} to ${max}`, keeps: ['-0'] }) as const
const json = 'a JSON value'

const kinds: { readonly [name: string]: Kind } = {
  Number: { schema: t.Number(), good: 1, expects: 'a finite number', keeps: finite },
  Float64: { schema: t.Float64(), good: 1, expects: 'a finite number', keeps: finite },
  Float32: {
    schema: t.Float32(),
    good: 1,
    expects: 'a number within the range of 32-bit floats',
    // 2^53 - 1 and 2^53 + 2 are numbers of that range, too, and rounded, as the type says.
    keeps: ['-0', '2^53', '-2^53', '0.5', '2^53 - 1', '-2^53 + 1', '2^53 + 2'],
  },
  Integer: { schema: t.Integer(), ...whole(-(2 ** 53) + 1, 2 ** 53 - 1), keeps: wholes },
  Uint8: { schema: t.Uint8(), ...whole(0, 255) },
  Uint16: { schema: t.Uint16(), ...whole(0, 65_535) },
  Uint32: { schema: t.Uint32(), ...whole(0, 4_294_967_295) },
  Int8: { schema: t.Int8(), ...whole(-128, 127) },
  Int16: { schema: t.Int16(), ...whole(-32_768, 32_767) },
  Int32: { schema: t.Int32(), ...whole(-2_147_483_648, 2_147_483_647) },
  Timestamp: {
    schema: t.Timestamp(),
    good: 1,
    expects: 'a time in whole milliseconds since 1970 that a Date can hold',
    keeps: ['-0'],
    says: {
      '0.5':
        ': expected a time in whole milliseconds since 1970 that a Date can hold, got the number 0.5 (the time of day is ' +
        'Date.now(), or clock.time() in a room: not clock.now())',
    },
  },
  // -0 stays what it is where it was written, and is 0 for mirrors, as every number is its nearest step.
  Quantized: {
    schema: t.Quantized({ min: -1, max: 1, step: 0.1 }),
    good: 1,
    expects: 'a number from -1 to 1',
    keeps: ['-0', '0.5'],
  },
  Angle: { schema: t.Angle(), good: 1, expects: 'an angle in radians', keeps: finite },
  BigInt: {
    schema: t.BigInt(),
    good: 1n,
    expects: 'a bigint',
    keeps: ['2^53 + 1, a bigint'],
    says: { '2^64, a bigint': beyond, '-2^63 - 1, a bigint': beyond },
  },
  Boolean: { schema: t.Boolean(), good: true, expects: 'a boolean', keeps: [] },
  Null: { schema: t.Null(), good: null, expects: 'null', keeps: ['null'] },
  String: { schema: t.String(), good: 'good', ...texts },
  Id: { schema: t.Id('unit'), good: 'good', ...texts },
  Bytes: { schema: t.Bytes(), good: Uint8Array.of(1), expects: 'bytes (a Uint8Array)', keeps: [] },
  Literal: { schema: t.Literal('x'), good: 'x', expects: '"x"', keeps: [] },
  Enum: { schema: t.Enum(['x', 7]), good: 7, expects: 'one of "x", 7', keeps: [] },
  Json: {
    schema: t.Json(),
    good: 1,
    expects: json,
    keeps: [...finite, 'null', 'a text', 'an array'],
    says: {
      NaN: ': expected a finite number, got NaN',
      Infinity: ': expected a finite number, got Infinity',
      '-Infinity': ': expected a finite number, got -Infinity',
      'half a surrogate pair': cut,
      'the other half': cut,
      'an object': `.valueOf: expected ${json}, got a function`,
      'a hole': `[0]: is missing: expected ${json}`,
    },
  },
  Array: {
    schema: t.Value(t.Array(t.Number())),
    good: [],
    expects: 'an array',
    keeps: ['an array'],
    says: { 'a hole': '[0]: is missing: expected a finite number' },
  },
  Tuple: {
    schema: t.Tuple([t.Number()]),
    good: [2],
    expects: 'an array of exactly 1',
    keeps: ['an array'],
  },
  'a union of numbers and null': {
    schema: t.Union([t.Uint8(), t.Null()]),
    good: 1,
    expects: 'a whole number from 0 to 255 or null',
    keeps: ['-0', 'null'],
  },
}

/** Where a value can be put: the path of that place, and how. `it` is what a state is made of first, with good values. */
interface Place {
  readonly path: string
  readonly put: (state: Record<string, unknown>, value: unknown) => unknown
  /** What stands there. */
  readonly look: (state: Record<string, unknown>) => unknown
  /** `undefined` is absence there. */
  readonly optional?: true
}

const field = (path: string, ...names: readonly string[]): Place => {
  const last = names.at(-1) ?? ''
  const record = (state: Record<string, unknown>): Record<string, unknown> =>
    names.slice(0, -1).reduce((at, name) => Object(at[name]), state)
  return {
    path,
    put: (state, value) => Object.assign(record(state), { [last]: value }),
    look: (state) => record(state)[last],
  }
}
const map = (state: Record<string, unknown>): TrackedMap => expectInstance(state['map'], TrackedMap)
const list = (state: Record<string, unknown>): TrackedList => expectInstance(state['list'], TrackedList)

function expectInstance<T>(value: unknown, type: abstract new (...args: never) => T): T {
  if (value instanceof type) return value
  throw new TypeError(`No ${type.name}`)
}

const places: readonly Place[] = [
  field('it', 'it'),
  { ...field('maybe', 'maybe'), optional: true },
  field('shown', 'shown'),
  field('inside.of.it', 'inside', 'of', 'it'),
  {
    path: 'inside.of.it',
    put: (state, it) => Object.assign(state, { inside: { of: { it } } }),
    look: (state) => Object(state['inside']).of.it,
  },
  {
    path: 'whole.list[1]',
    put: (state, it) => Object.assign(state, { whole: { list: [Object(state['whole']).list[0], it] } }),
    look: (state) => Object(state['whole']).list[1],
  },
  {
    path: 'pair[0]',
    put: (state, it) => Object.assign(state, { pair: [it] }),
    look: (state) => Object(state['pair'])[0],
  },
  { path: 'map["a b"]', put: (state, it) => map(state).set('a b', it), look: (state) => map(state).get('a b') },
  { path: 'map.there', put: (state, it) => map(state).set('there', it), look: (state) => map(state).get('there') },
  { path: 'list[0]', put: (state, it) => list(state).set(0, it), look: (state) => list(state).at(0) },
  { path: 'list[1]', put: (state, it) => list(state).push(it), look: (state) => list(state).at(1) },
  { path: 'list[0]', put: (state, it) => list(state).unshift(it), look: (state) => list(state).at(0) },
  { path: 'list[0]', put: (state, it) => list(state).splice(0, 1, it), look: (state) => list(state).at(0) },
  {
    path: 'list[1]',
    put: (state, it) => list(state).replace([list(state).at(0), it]),
    look: (state) => list(state).at(1),
  },
]

/** A new state of a kind, with good values everywhere. */
function open(kind: Kind) {
  const parts = made.get(kind) ?? make(kind)
  made.set(kind, parts)
  const tree = parts.create(parts.first)
  const state: Record<string, unknown> = Object(tree.root)
  return { ...parts, tree, state }
}

const made = new Map<Kind, ReturnType<typeof make>>()

function make({ schema, good }: Kind) {
  const contract = defineRoom('odd', {
    version: 1,
    state: t.Object({
      it: schema,
      maybe: t.Optional(schema),
      shown: t.Visible('some', schema),
      inside: t.Object({ of: t.Object({ it: schema }) }),
      whole: t.Value(t.Object({ list: t.Array(schema) })),
      pair: t.Tuple([schema]),
      map: t.Map(schema),
      list: t.Array(schema),
    }),
    clientToServer: {},
    serverToClient: {},
  })
  const layout = compileLayout(layoutOf(contract))
  const first = {
    it: good,
    maybe: good,
    shown: good,
    inside: { of: { it: good } },
    whole: { list: [good] },
    pair: [good],
    map: { there: good },
    list: [good],
  }
  const create = (value: unknown): StateTree => StateTree.create(layout, contract, value, { epoch: '0123456789abcdef' })
  return { create, first }
}

/** What of a value is refused, and how; nothing when it is kept. */
function refusal(kind: Kind, name: Odd): string | undefined {
  if (kind.keeps.includes(name)) return undefined
  return (
    kind.says?.[name] ??
    (name === 'undefined'
      ? `: is missing: expected ${kind.expects}`
      : `: expected ${kind.expects}, got ${got[name] ?? ''}`)
  )
}

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

const names = Object.keys(odd).filter((name): name is Odd => name in odd)

describe.each(Object.entries(kinds))('%s', (_, kind) => {
  const { Float32: rounded } = kinds
  const keptOf = (value: unknown): unknown =>
    typeof value === 'number' && kind === rounded ? Math.fround(value) : value

  it('keeps odd values, or refuses them with their path, in every place', () => {
    for (const name of names) {
      const value = odd[name]
      let { tree, state } = open(kind)
      const before = JSON.stringify(tree.toPlain(), bigints)
      for (const { path, put, look, optional } of places) {
        const said = optional && name === 'undefined' ? undefined : refusal(kind, name)
        const error = thrownBy(() => put(state, value))
        if (said === undefined) {
          expect(error, `${name} at ${path}`).toBe(undefined)
          expect(look(state), `${name} at ${path}`).toStrictEqual(keptOf(value))
          ;({ tree, state } = open(kind))
        } else {
          const hint =
            optional && name === 'null' ? said.replace(/, got null$/, ', or undefined for none, got null') : said
          expect(error, `${name} at ${path}`).toMatchObject({ code: 'invalid_value', message: path + hint })
          expect(error).toBeInstanceOf(SchemaError)
        }
        expect(tree.dirty).toBe(false)
        expect(JSON.stringify(tree.toPlain(), bigints)).toBe(before)
      }
    }
  })

  it('keeps odd values, or refuses them with their path, in what a state is made of', () => {
    const { first, create } = open(kind)
    for (const name of names) {
      const said = refusal(kind, name)
      const error = thrownBy(() => create({ ...first, inside: { of: { it: odd[name] } } }))
      if (said === undefined) expect(error, name).toBe(undefined)
      else expect(error, name).toMatchObject({ code: 'invalid_value', message: `inside.of.it${said}` })
    }
  })
})

it('null in an optional field is refused with what to write for none', () => {
  const state = t.Object({
    text: t.Optional(t.String()),
    unit: t.Optional(t.Object({})),
    both: t.Optional(t.Union([t.String(), t.Null()])),
    whole: t.Value(t.Object({ inner: t.Optional(t.Uint8()) })),
  })
  const contract = defineRoom('room', { version: 1, state, clientToServer: {}, serverToClient: {} })
  const create = (first: object) =>
    StateTree.create(
      compileLayout(layoutOf(contract)),
      contract,
      { whole: {}, ...first },
      { epoch: '0123456789abcdef' },
    )
  expect(() => create({ text: null })).toThrow(/^text: expected a string, or undefined for none, got null$/)
  expect(() => create({ unit: null })).toThrow(/^unit: expected an object, or undefined for none, got null$/)
  expect(() => create({ whole: { inner: null } })).toThrow(
    /^whole\.inner: expected a whole number from 0 to 255, or undefined for none, got null$/,
  )
  expect(create({ both: null }).toPlain()).toEqual({ both: null, whole: {} })
})

describe('a key of a map', () => {
  it.each<[string, unknown, string]>([
    ['half a surrogate pair', 'a\ud800', `map["a\\ud800"]${cut}`],
    [
      '__proto__',
      '__proto__',
      'map.__proto__: has the key "__proto__", which reaches the prototype of objects: put another character before it',
    ],
    ['a number', 1, 'map: expected a string as key, got the number 1'],
    ['null', null, 'map: expected a string as key, got null'],
    ['undefined', undefined, 'map: is missing: expected a string as key'],
  ])('refuses %s', (_, key, message) => {
    const { tree, state } = open({ schema: t.Number(), good: 1, expects: '', keeps: [] })
    const set: unknown = Reflect.get(map(state), 'set')
    if (typeof set !== 'function') throw new TypeError('No method')
    expect(thrownBy(() => Reflect.apply(set, map(state), [key, 1]))).toMatchObject({ code: 'invalid_value', message })
    expect(tree.dirty).toBe(false)
  })
})

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : value
}
