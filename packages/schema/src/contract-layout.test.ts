import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { call, defineRoom, event, stream, type RoomShape, type Schema } from './contract.ts'
import { layoutOf } from './contract-layout.ts'
import { SchemaError } from './errors.ts'
import { localFields } from './named-codecs.ts'
import * as t from './types.ts'

const empty = { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {} }

function room(shape: Partial<RoomShape>) {
  return defineRoom('room', { ...empty, ...shape })
}

function refusal(define: () => unknown): string {
  try {
    define()
  } catch (error) {
    if (error instanceof SchemaError && error.code === 'invalid_contract') return error.message
    throw error
  }
  throw new Error('the contract was not refused')
}

describe('a layout', () => {
  const Point = t.Object({ x: t.Number(), y: t.Optional(t.Float32()) })

  it('holds what a contract says, each type once, each before its first use', () => {
    const layout = layoutOf(
      defineRoom('board', {
        version: 3,
        state: t.Object({ title: t.String(), points: t.Map(Point) }),
        presence: t.Object({ cursor: t.Optional(Point) }),
        clientToServer: {
          add: call({
            params: Point,
            result: t.String(),
            errors: { full: t.Object({ limit: t.Integer() }) },
            timeout: 500,
          }),
          point: event(Point, { delivery: 'volatile', priority: 2 }),
          history: stream({ item: Point }),
        },
        serverToClient: { cleared: event() },
      }),
    )
    expect(layout).toEqual({
      name: 'board',
      version: 3,
      types: [
        { kind: 'string' },
        { kind: 'number' },
        { kind: 'float32' },
        { kind: 'optional', type: 2 },
        {
          kind: 'record',
          fields: [
            { name: 'x', type: 1 },
            { name: 'y', type: 3 },
          ],
        },
        { kind: 'map', type: 4 },
        {
          kind: 'record',
          fields: [
            { name: 'title', type: 0 },
            { name: 'points', type: 5 },
          ],
        },
        { kind: 'optional', type: 4 },
        { kind: 'record', fields: [{ name: 'cursor', type: 7 }] },
        { kind: 'int' },
        { kind: 'record', fields: [{ name: 'limit', type: 9 }] },
      ],
      state: 6,
      presence: 8,
      up: [
        {
          kind: 'call',
          name: 'add',
          params: 4,
          result: 0,
          errors: [{ code: 'full', type: 10 }],
          timeout: 500,
          idempotent: false,
        },
        { kind: 'event', name: 'point', payload: 4, delivery: 'volatile', priority: 2 },
        { kind: 'stream', name: 'history', params: undefined, item: 4 },
      ],
      down: [{ kind: 'event', name: 'cleared', payload: undefined, delivery: 'reliable', priority: 0 }],
    })
  })

  it('is made once per contract', () => {
    const contract = room({})
    expect(layoutOf(contract)).toBe(layoutOf(contract))
  })

  it('leaves out fields that stay on the server, and knows them', () => {
    const Item = (local: boolean) => t.Object({ a: t.String(), ...(local && { secret: t.Local<() => void>() }) })
    const contract = room({ state: t.Object({ one: Item(true), two: Item(false), log: t.Local<string[]>() }) })
    const layout = layoutOf(contract)
    const names = [...localFields(contract)].map(([type, locals]) => [layout.types[type], locals])
    expect(names).toEqual([
      [{ kind: 'record', fields: [{ name: 'a', type: 0 }] }, ['secret']],
      [expect.objectContaining({ kind: 'record' }), ['log']],
    ])
  })

  it.each<[string, Schema, unknown]>([
    ['a union of one', t.Union([t.String()]), { kind: 'string' }],
    [
      'a union of a union',
      t.Union([t.Union([t.String()]), t.Value(t.Union([t.String()]))]),
      { kind: 'union', types: [1, 2] },
    ],
    ['a union with a variant twice', t.Union([t.String(), t.String({ maxLength: 1 })]), { kind: 'string' }],
    ['a value of a value', t.Value(t.Value(t.String())), { kind: 'value', type: 1 }],
    ['a pattern of strings', t.TemplateLiteral('a${string}'), { kind: 'string' }],
    ['a type with a check', t.Refine(t.String(), (s) => s !== ''), { kind: 'string' }],
    ['a read-only type', t.Readonly(t.Boolean()), { kind: 'boolean' }],
    ['an enum of TypeScript', t.Enum({ A: 'a', B: 'b' }), { kind: 'enum', values: ['a', 'b'] }],
    ['a JSON Schema', t.Unsafe<'a'>({ type: 'string' }), { kind: 'string' }],
    ['a JSON Schema of constants', t.Unsafe<'a'>({ enum: ['a'] }), { kind: 'enum', values: ['a'] }],
  ])('takes %s', (_, schema, def) => {
    const { types, up } = layoutOf(room({ clientToServer: { it: event(schema) } }))
    const [message] = up
    expect(types[message?.kind === 'event' ? (message.payload ?? -1) : -1]).toEqual(def)
  })

  it.each<[string, Schema, readonly string[]]>([
    [
      'an intersection',
      t.Intersect([t.Object({ a: t.String() }), t.Object({ b: t.Optional(t.String()) })]),
      ['a', 'b?'],
    ],
    [
      'an intersection with a field twice',
      t.Intersect([t.Object({ a: t.Optional(t.String()) }), t.Object({ a: t.String() })]),
      ['a'],
    ],
    ['a partial object', t.Partial(t.Object({ a: t.Uint8() })), ['a?']],
    ['a picked object', t.Pick(t.Object({ a: t.Uint8(), b: t.String() }), ['a']), ['a']],
    [
      'a JSON Schema',
      t.Unsafe({ type: 'object', properties: { a: { type: 'number' }, b: { type: 'null' } }, required: ['a'] }),
      ['a', 'b?'],
    ],
    ['a record of literal keys', t.Record(t.Union([t.Literal('a'), t.Literal('b')]), t.String()), ['a', 'b']],
  ])('makes %s one record', (_, schema, fields) => {
    const { types, up } = layoutOf(room({ clientToServer: { it: event(schema) } }))
    const [message] = up
    const def = types[message?.kind === 'event' ? (message.payload ?? -1) : -1]
    if (def?.kind !== 'record') throw new Error('not a record')
    expect(def.fields.map(({ name, type }) => (types[type]?.kind === 'optional' ? `${name}?` : name))).toEqual(fields)
  })
})

describe('what cannot travel is refused with its path and advice', () => {
  it.each<[string, Schema, RegExp]>([
    ['t.Any', Type.Any(), /^state\.it: is of any type, .*t\.Json/],
    ['t.Unknown', Type.Unknown(), /^state\.it: .*t\.Json/],
    ['undefined', t.Union([t.String(), Type.Undefined()]), /^state\.it: is undefined.*t\.Optional/],
    ['a function', Type.Function([], Type.Void()), /^state\.it: is a function.*call\(\)/],
    ['a symbol', t.Array(t.Object({ s: Type.Symbol() })), /^state\.it\[\]\.s: is a symbol/],
    ['never', Type.Never(), /^state\.it: is never/],
    ['void', Type.Void(), /^state\.it: is void/],
    ['a cycle', Type.Cyclic({ A: Type.Object({ a: Type.Ref('A') }) }, 'A'), /^state\.it: refers to itself.*t\.Map/],
    ['a reference', Type.Ref('A'), /^state\.it: is a reference/],
    ['a codec', Type.Decode(Type.String(), (s) => s.length), /^state\.it: has a codec/],
    ['an unknown unsafe', t.Unsafe<Date>({}), /^state\.it: is an unsafe type/],
    ['a record in state', t.Record(t.String(), t.String()), /^state\.it: is t\.Record.*t\.Map/],
    ['an optional item', t.Array(t.Optional(t.String())), /^state\.it\[\]: is optional/],
    ['a union of nothing', t.Union([]), /^state\.it: is a union of nothing/],
    ['an enum of nothing', t.Enum([]), /^state\.it: is an enum without values/],
    ['an enum with a value twice', t.Enum(['a', 'a']), /^state\.it: is an enum with "a" twice/],
    ['an intersection with a string', t.Intersect([t.Object({}), t.String()]), /^state\.it: is an intersection/],
    [
      'an intersection that contradicts',
      t.Intersect([t.Object({ a: t.String() }), t.Object({ a: t.Number() })]),
      /^state\.it\.a: is of different types/,
    ],
    ['fields by pattern', t.Object({}, { additionalProperties: t.String() }), /^state\.it: has further fields/],
    ['a bad range', t.Quantized({ min: 1, max: 0, step: 1 }), /^state\.it: needs min below max/],
    ['-0 as a constant', t.Literal(-0), /^state\.it: is the constant -0/],
    [
      'a name that reaches the prototype',
      t.Object({ ['__proto__']: t.String() }),
      /^state\.it\.__proto__: cannot be called/,
    ],
    ['an empty name', t.Object({ '': t.String() }), /^state\.it\[""\]: is an empty name/],
  ])('%s', (_, schema, message) => {
    expect(refusal(() => room({ state: t.Object({ it: schema }) }))).toMatch(message)
  })

  it.each(['then', 'toJSON', 'toString', 'valueOf'])('a message that the language calls by itself: %s', (name) => {
    expect(refusal(() => room({ clientToServer: { [name]: event(t.Null()) } }))).toMatch(
      new RegExp(`^clientToServer\\.${name}: cannot be called "${name}": the language calls that by itself`),
    )
  })

  it('server-only fields outside of the state', () => {
    const secret = t.Object({ a: t.Local<string>() })
    expect(refusal(() => room({ clientToServer: { it: event(secret) } }))).toMatch(
      /^clientToServer\.it\.payload\.a: t\.Local is for fields of the state/,
    )
    expect(refusal(() => room({ state: t.Object({ a: t.Value(secret) }) }))).toMatch(/^state\.a\.a: t\.Local/)
    expect(() => room({ user: secret })).not.toThrow()
  })

  it('a constructor as a name, which TypeBox drops', () => {
    const object = Object.assign(t.Object({}), { properties: Object.fromEntries([['constructor', t.String()]]) })
    expect(refusal(() => room({ state: object }))).toMatch(/^state\.constructor: cannot be called "constructor"/)
  })

  it.each<[string, Partial<RoomShape>, RegExp]>([
    ['a state that is no object', { state: t.String() }, /^state: is not an object/],
    ['a presence that is no object', { presence: t.Map(t.String()) }, /^presence: is not an object/],
    ['join data', { join: t.Object({ at: Type.Any() }) }, /^join\.at: is of any type/],
    ['an input', { input: Type.Any() }, /^input: is of any type/],
    ['a result', { clientToServer: { a: call({ result: Type.Void() }) } }, /^clientToServer\.a\.result: is void/],
    [
      'error data',
      { clientToServer: { a: call({ errors: { e: Type.Any() } }) } },
      /^clientToServer\.a\.errors\.e: is of any type/,
    ],
    [
      'an item',
      { clientToServer: { 'b c': stream({ item: Type.Any() }) } },
      /^clientToServer\["b c"\]\.item: is of any type/,
    ],
    ['a version that is none', { version: 1.5 }, /^version: is 1\.5/],
    ['a deadline of nothing', { clientToServer: { a: call({ timeout: 0 }) } }, /^clientToServer\.a\.timeout: is 0/],
    [
      'a priority that is no number',
      { clientToServer: { a: event(undefined, { priority: NaN }) } },
      /^clientToServer\.a\.priority/,
    ],
    [
      'a message that is none',
      { clientToServer: { a: { kind: 'call' } } },
      /^clientToServer\.a: is neither call\(\), event\(\) nor stream\(\)/,
    ],
    [
      'a message without a good name',
      { clientToServer: { [`a${'b'.repeat(200)}`]: event() } },
      /is a name of 201 characters; 128 is the limit$/,
    ],
    [
      'a union that looks alike by name',
      { join: t.Union([t.Number(), t.Array(t.BigInt()), t.BigInt()]) },
      /^join: has a union of numbers with bytes or bigints/,
    ],
  ])('%s', (_, shape, message) => {
    expect(refusal(() => room(shape))).toMatch(message)
  })

  // What JavaScript lets anybody write; only the fixture's types know better.
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /^the contract of room 'room' is missing: write defineRoom\('room', { … }\)$/],
    ['a mistyped part', { ...empty, stat: t.Object({}) }, /^stat: is no part of a contract: did you mean state\?$/],
    [
      'a part in other capitals',
      { ...empty, clientToserver: {} },
      /^clientToserver: is no part of a contract: did you mean clientToServer\?$/,
    ],
    [
      'a part there is not',
      { ...empty, methods: {} },
      /^methods: is no part of a contract, which has version, state, /,
    ],
    ['no version', { ...empty, version: undefined }, /^version: is missing: write version: 1$/],
    ['no state', { ...empty, state: undefined }, /^state: is missing: write state: t\.Object\({ … }\)$/],
    ['no messages', { ...empty, clientToServer: undefined }, /^clientToServer: is missing: write clientToServer: {}$/],
    ['no messages down', { ...empty, serverToClient: undefined }, /^serverToClient: is missing/],
    ['messages in a list', { ...empty, serverToClient: [event()] }, /^serverToClient: is not an object of messages/],
    ['a message not there', { ...empty, clientToServer: { a: null } }, /^clientToServer\.a: is neither call\(\)/],
    ['a schema as message', { ...empty, serverToClient: { a: t.String() } }, /^serverToClient\.a: is neither call\(\)/],
    [
      'a stream of the server',
      { ...empty, serverToClient: { a: stream({ item: t.String() }) } },
      /^serverToClient\.a: is a stream, which only clients open: declare it in clientToServer, or send event\(\)s$/,
    ],
  ])('a shape with %s', (_, shape, message) => {
    expect(refusal(() => Reflect.apply(defineRoom, undefined, ['room', shape]))).toMatch(message)
  })

  it('a room without a name', () => {
    expect(refusal(() => Reflect.apply(defineRoom, undefined, [empty]))).toMatch(/^name: is not a string/)
  })

  it('a declared error that is called as one of the framework', () => {
    const define = () => room({ clientToServer: { a: call({ errors: { timeout: t.Null() } }) } })
    expect(refusal(define)).toMatch(
      /^clientToServer\.a\.errors\.timeout: cannot be called "timeout": any call may fail so/,
    )
  })

  it('a type that nests deeper than a message may', () => {
    let deep: Schema = t.String()
    for (let level = 0; level < 40; level++) deep = t.Array(deep)
    expect(refusal(() => room({ clientToServer: { it: event(deep) } }))).toMatch(/nests 29 deep; 28 is the limit$/)
    const endless = t.Array(t.String())
    Object.assign(endless, { items: endless })
    expect(refusal(() => room({ state: t.Object({ it: endless }) }))).toMatch(/nests too deep, or contains itself$/)
  })
})
