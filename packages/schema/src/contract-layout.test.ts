import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { call, defineRoom, event, stream, type RoomShape, type Schema } from './contract.ts'
import { layoutOf, readContract } from './contract-layout.ts'
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

  it('holds the key of an event of which the latest counts, and nothing of limits', () => {
    const Cursor = t.Object({ of: t.Optional(t.String()), x: t.Integer() })
    const a = event(Cursor, { delivery: 'latest', key: 'of', priority: 1, limit: { rate: 0.5 } })
    const b = event(t.Value(Cursor), { delivery: 'latest', key: 'of' })
    const contract = room({ clientToServer: { a, b } })
    const [one, other] = layoutOf(contract).up
    expect(one).toEqual({
      kind: 'event',
      name: 'a',
      payload: expect.any(Number),
      delivery: 'latest',
      priority: 1,
      key: 'of',
    })
    expect(other).toMatchObject({ key: 'of' })
    expect(a.limit).toEqual({ rate: 0.5 })
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

describe('what depends on who looks', () => {
  /** The fields that not everybody sees, by the names of their record's fields. */
  function seen(state: Schema) {
    const { layout, visibility } = readContract(room({ state }))
    if (visibility === undefined) return undefined
    const nameOf = (type: number) => {
      const def = layout.types[type]
      return def?.kind === 'record' ? def.fields.map(({ name }) => name).join(' ') : def?.kind
    }
    const { owners, fields, required, viewed, tags } = visibility
    return {
      owners: [...owners].map(([type, name]) => `${nameOf(type)}: ${name}`),
      fields: [...fields].map(([type, audiences]) => [nameOf(type), Object.fromEntries(audiences)]),
      required: [...required].map(([type, names]) => [nameOf(type), [...names]]),
      viewed: [...viewed].map(nameOf),
      tags: [...tags],
    }
  }

  it('is nothing where all see all', () => {
    const state = t.Object({ owner: t.Owner(), a: t.Map(t.Object({ b: t.String() })), id: t.Id('a') })
    expect(readContract(room({ state })).visibility).toBeUndefined()
  })

  it('is told by type, and is not in the layout', () => {
    const Player = t.Object({
      name: t.String(),
      by: t.Owner(),
      hand: t.Visible('owner', t.Array(t.Uint8())),
      ping: t.Visible(['referee', 'owner'], t.Optional(t.Uint16())),
      role: t.Optional(t.Visible('referee', t.Object({ wolf: t.Boolean() }))),
    })
    const state = t.Object({ players: t.Map(Player, { view: true }), open: t.Map(Player), log: t.Local<string[]>() })
    expect(seen(state)).toEqual({
      owners: ['name by hand ping role: by'],
      fields: [['name by hand ping role', { hand: ['owner'], ping: ['owner', 'referee'], role: ['referee'] }]],
      required: [['name by hand ping role', ['hand']]],
      viewed: ['map'],
      tags: ['referee'],
    })
    const plain = t.Object({
      players: t.Map(
        t.Object({
          name: t.String(),
          by: t.String(),
          hand: t.Optional(t.Array(t.Uint8())),
          ping: t.Optional(t.Uint16()),
          role: t.Optional(t.Object({ wolf: t.Boolean() })),
        }),
      ),
    })
    const { types } = layoutOf(room({ state: t.Object({ players: t.Map(Player, { view: true }) }) }))
    expect(types).toEqual(layoutOf(room({ state: plain })).types)
    expect(JSON.stringify(types)).not.toMatch(/owner|referee|view/)
  })

  it('keeps records and maps apart that differ in it alone, and no others', () => {
    const Hidden = (...to: [string, ...string[]]) => t.Object({ a: t.Visible(to, t.String()) })
    const state = t.Object({
      all: t.Object({ a: t.Optional(t.String()) }),
      alike: t.Object({ a: t.Optional(t.String()) }),
      one: Hidden('x'),
      other: Hidden('y'),
      both: Hidden('x', 'y'),
      sorted: Hidden('y', 'x'),
      again: Hidden('x'),
      maybe: t.Object({ a: t.Optional(t.Visible('x', t.String())) }),
      map: t.Map(t.Object({})),
      viewed: t.Map(t.Object({}), { view: true }),
      alsoViewed: t.Map(t.Object({}), { view: true }),
      owned: t.Object({ a: t.Optional(t.Owner()) }),
    })
    const { layout, visibility } = readContract(room({ state, clientToServer: { say: event(state.properties.all) } }))
    const root = layout.types[layout.state]
    const typeOf = (name: string) =>
      root?.kind === 'record' ? root.fields.find((field) => field.name === name)?.type : undefined
    const groups = [
      ['all', 'alike'],
      ['one', 'again'],
      ['other'],
      ['both', 'sorted'],
      ['maybe'],
      ['map'],
      ['viewed', 'alsoViewed'],
      ['owned'],
    ]
    for (const group of groups) expect(new Set(group.map(typeOf)).size, group.join()).toBe(1)
    expect(new Set(groups.map(([name = '']) => typeOf(name))).size).toBe(groups.length)
    expect(layout.up[0]).toMatchObject({ payload: typeOf('all') })
    expect(visibility?.viewed).toEqual(new Set([typeOf('viewed')]))
    expect(visibility?.fields.get(typeOf('both') ?? -1)).toEqual(new Map([['a', ['x', 'y']]]))
    expect(visibility?.required.get(typeOf('maybe') ?? -1)).toEqual(new Set())
  })

  it.each<[string, Schema, unknown]>([
    [
      'an intersection',
      t.Intersect([t.Object({ by: t.Owner() }), t.Object({ a: t.Visible('owner', t.Null()) })]),
      'by a',
    ],
    [
      'the same field in both parts of one',
      t.Intersect([t.Object({ a: t.Visible(['x', 'y'], t.Null()) }), t.Object({ a: t.Visible(['y', 'x'], t.Null()) })]),
      'a',
    ],
    ['a partial object', t.Partial(t.Object({ by: t.Owner(), a: t.Visible('owner', t.Null()) })), 'by a'],
    ['a picked object', t.Pick(t.Object({ a: t.Visible('x', t.Null()), b: t.String() }), ['a']), 'a'],
    ['a read-only field', t.Object({ a: t.Readonly(t.Visible('x', t.Null())) }), 'a'],
    ['a refined field', t.Object({ a: t.Refine(t.Visible('x', t.Null()), () => true) }), 'a'],
    ['a variant', t.Union([t.Null(), t.Object({ a: t.Visible('x', t.Null()) }), t.Object({ b: t.String() })]), 'a'],
    ['what is hidden itself', t.Object({ b: t.Visible('x', t.Array(t.Object({ a: t.Visible('y', t.Null()) }))) }), 'a'],
  ])('is read from %s', (_, it, fields) => {
    expect(seen(t.Object({ it }))?.fields[0]?.[0]).toBe(fields)
  })

  it('takes any entity into a view: a record, a map, a list, one of several records', () => {
    const Unit = t.Object({ hp: t.Uint8() })
    const Tower = t.Object({ range: t.Uint8() })
    for (const entity of [Unit, t.Map(t.String()), t.Array(t.String()), t.Union([Unit, Tower])]) {
      expect(seen(t.Object({ it: t.Map(entity, { view: true }) }))?.viewed).toEqual(['map'])
    }
  })

  it.each<[string, Schema, RegExp]>([
    [
      "'owner' in an object of nobody",
      t.Object({ a: t.Visible('owner', t.String()) }),
      /^state\.it\.a: is visible to 'owner', but the object says of nobody that it is theirs: add a t\.Owner\(\) field/,
    ],
    [
      'an owner further up',
      t.Object({ by: t.Owner(), a: t.Object({ b: t.Visible(['x', 'owner'], t.String()) }) }),
      /^state\.it\.a\.b: is visible to 'owner', but/,
    ],
    [
      'two owners',
      t.Object({ by: t.Owner(), also: t.Owner() }),
      /^state\.it\.also: is a second t\.Owner\(\) beside "by": an object belongs to one/,
    ],
    [
      'two owners of merged objects',
      t.Intersect([t.Object({ by: t.Owner() }), t.Object({ also: t.Owner() })]),
      /^state\.it\.also: is a second t\.Owner/,
    ],
    [
      'a field that merged objects show to others',
      t.Intersect([t.Object({ a: t.Visible('x', t.Null()) }), t.Object({ a: t.Visible('y', t.Null()) })]),
      /^state\.it\.a: is visible to others in one of the objects that are merged here/,
    ],
    [
      'a field that a merged object shows to all',
      t.Intersect([t.Object({ a: t.Null() }), t.Object({ a: t.Visible('y', t.Null()) })]),
      /^state\.it\.a: is visible to others in one/,
    ],
    ['an item', t.Array(t.Visible('x', t.String())), /^state\.it\[\]: is t\.Visible where no field of an object is/],
    ['an entry', t.Map(t.Visible('x', t.Object({}))), /^state\.it\.\*: is t\.Visible where no field/],
    ['a variant', t.Union([t.Null(), t.Visible('x', t.Object({}))]), /^state\.it: is t\.Visible where no field/],
    ['an owner as an item', t.Array(t.Owner()), /^state\.it\[\]: is t\.Owner where no field of an object is/],
    ['a hidden owner', t.Object({ a: t.Visible('x', t.Owner()) }), /^state\.it\.a: is t\.Owner within t\.Visible/],
    [
      'a field hidden twice',
      t.Object({ a: t.Visible('x', t.Visible('y', t.String())) }),
      /^state\.it\.a: is t\.Visible within t\.Visible: name all who see it in one list/,
    ],
    ['a server-only field', t.Object({ a: t.Visible('x', t.Local<string>()) }), /^state\.it\.a: is t\.Local, .*nobody/],
    ['what cannot travel', t.Object({ a: t.Visible('x', Type.Any()) }), /^state\.it\.a: is of any type/],
    ['an empty tag', t.Object({ a: t.Visible('', t.String()) }), /^state\.it\.a: is visible to '', which is no tag/],
    ['a tag twice', t.Object({ a: t.Visible(['x', 'x'], t.String()) }), /^state\.it\.a: is visible to "x" twice/],
    [
      'a tag that reads like the owner',
      t.Object({ a: t.Visible('Owner', t.String()) }),
      /^state\.it\.a: is visible to the tag "Owner", which reads like 'owner': write 'owner', or call the tag otherwise/,
    ],
    [
      'a tag without end',
      t.Object({ a: t.Visible('x'.repeat(129), t.String()) }),
      /^state\.it\.a: is visible to a tag of 129 characters; 128 is the limit/,
    ],
    ['half a tag', t.Object({ a: t.Visible('\ud800', t.String()) }), /^state\.it\.a: is visible to a tag with half a/],
    ...[t.String(), t.Json(), t.Value(t.Object({})), t.Tuple([t.Object({})]), t.Union([t.Object({}), t.Null()])].map(
      (atom): [string, Schema, RegExp] => [
        'a view of atoms',
        t.Map(atom, { view: true }),
        /^state\.it: is a map with { view: true } of what is no object, map or list of the state/,
      ],
    ),
    ...[t.Array(t.Object({}), { view: true }), t.Object({}, { view: true })].map((other): [string, Schema, RegExp] => [
      'a view of what is no map',
      other,
      /^state\.it: has { view: true }, which only a map can have: put the entries into t\.Map\(T, { view: true }\)$/,
    ]),
  ])('refuses %s', (_, schema, message) => {
    expect(refusal(() => room({ state: t.Object({ it: schema }) }))).toMatch(message)
  })

  // What JavaScript lets anybody write.
  it.each<[unknown, RegExp]>([
    [[], /^state\.a: is visible to nobody: use t\.Local for what stays on the server, or name a tag$/],
    [undefined, /^state\.a: is visible to what is no text: write 'owner', the name of a tag, or a list of these$/],
    [['x', 7], /^state\.a: is visible to what is no text/],
    [t.String(), /^state\.a: is visible to what is no text/],
  ])('refuses as those who see a field: %j', (to, message) => {
    const schema: Schema = Reflect.apply(t.Visible, undefined, [to, t.String()])
    expect(refusal(() => room({ state: t.Object({ a: schema }) }))).toMatch(message)
  })

  it('refuses t.Visible without a type', () => {
    const schema: Schema = Reflect.apply(t.Visible, undefined, ['x'])
    expect(refusal(() => room({ state: t.Object({ a: schema }) }))).toMatch(
      /^state\.a: is not a schema: write one with t/,
    )
  })

  const marked: readonly [string, Schema, string][] = [
    [
      't.Visible',
      t.Visible('x', t.String()),
      'is t.Visible, which is for what the state tracks: messages, join data, ',
    ],
    ['t.Owner', t.Owner(), 'is t.Owner, which is for what the state tracks: messages, join data, '],
    [
      'a view',
      t.Map(t.Object({}), { view: true }),
      'is a map with { view: true }, which is for what the state tracks: ',
    ],
  ]
  it.each(marked)('refuses %s in everything but what the state tracks', (_, schema, message) => {
    const It = t.Object({ a: schema })
    const places: readonly [string, Partial<RoomShape>][] = [
      ['join', { join: It }],
      ['options', { options: It }],
      ['metadata', { metadata: It }],
      ['user', { user: It }],
      ['presence', { presence: It }],
      ['input', { input: It }],
      ['clientToServer.m.params', { clientToServer: { m: call({ params: It }) } }],
      ['clientToServer.m.result', { clientToServer: { m: call({ result: It }) } }],
      ['clientToServer.m.errors.full', { clientToServer: { m: call({ errors: { full: It } }) } }],
      ['clientToServer.m.item', { clientToServer: { m: stream({ item: It }) } }],
      ['serverToClient.m.payload', { serverToClient: { m: event(It) } }],
      ['state.v', { state: t.Object({ v: t.Value(It) }) }],
      ['state.v[0]', { state: t.Object({ v: t.Tuple([It]) }) }],
    ]
    for (const [path, shape] of places) {
      expect(refusal(() => room(shape)).startsWith(`${path}.a: ${message}`), path).toBe(true)
    }
  })

  it('takes references anywhere, as strings', () => {
    const It = t.Object({ to: t.Id('unit'), maybe: t.Optional(t.Id(t.Object({ hp: t.Uint8() }))) })
    const contract = room({ state: It, join: It, user: It, presence: It, clientToServer: { go: event(It) } })
    expect(layoutOf(contract).types.map(({ kind }) => kind)).toEqual(['string', 'optional', 'record'])
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
    ['an unknown unsafe', t.Unsafe<Date>({}), /^state\.it: is a schema of no known form: write t\.Object/],
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

  it.each<[string, unknown, RegExp]>([
    ['misspelt', { views: true }, /^state\.it\.\*: has no option 'views': did you mean 'view'\?$/],
    ['in capitals', { View: true }, /^state\.it\.\*: has no option 'View': did you mean 'view'\?$/],
    [
      'that is none',
      { hidden: true },
      /^state\.it\.\*: has no option 'hidden': those of t\.Map are view, minProperties, /,
    ],
    [
      'that the map itself sets',
      { additionalProperties: false },
      /^state\.it\.\*: has no option 'additionalProperties': /,
    ],
    ['of the wrong type', { view: 1 }, /^state\.it\.\*: has an option 'view' that is neither true nor false$/],
    ['that is no object', true, /^state\.it\.\*: has true for its options: write t\.Map\(T, \{ view: true \}\)$/],
  ])('an option of a map %s', (_, options, message) => {
    const map: Schema = Reflect.apply(t.Map, undefined, [t.Object({}), options])
    expect(refusal(() => room({ state: t.Object({ it: t.Map(map) }) }))).toMatch(message)
  })

  it('but not what a map can have', () => {
    const keys = { propertyNames: t.String({ maxLength: 3 }), minProperties: 1, maxProperties: 2, required: ['a'] }
    const notes = {
      title: 'a',
      description: 'b',
      default: {},
      examples: [{}],
      deprecated: true,
      $id: 'c',
      $comment: 'd',
    }
    const map = t.Map(t.Object({}), { view: true, ...keys, ...notes, readOnly: true, writeOnly: false })
    expect(() => room({ state: t.Object({ it: map }) })).not.toThrow()
    // @ts-expect-error the compiler sees it first
    const misspelt = t.Map(t.Object({}), { views: true })
    expect(() => room({ state: t.Object({ it: misspelt }) })).toThrow(SchemaError)
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
      'a key of what is not replaced',
      { clientToServer: { a: event(t.Object({ id: t.String() }), { delivery: 'volatile', key: 'id' }) } },
      /^clientToServer\.a\.key: is for events of the delivery 'latest'; this one is volatile$/,
    ],
    [
      'a key that is no field',
      // @ts-expect-error what the compiler says as well
      { clientToServer: { a: event(t.Object({ id: t.String() }), { delivery: 'latest', key: 'di' }) } },
      /^clientToServer\.a\.key: names no field of the payload: there is no "di"$/,
    ],
    [
      'a key of no payload',
      // @ts-expect-error what the compiler says as well
      { clientToServer: { a: event(undefined, { delivery: 'latest', key: 'id' }) } },
      /^clientToServer\.a\.key: names no field of the payload/,
    ],
    [
      'a key that is a record',
      {
        clientToServer: {
          a: event(t.Object({ at: t.Optional(t.Object({ x: t.Integer() })) }), { delivery: 'latest', key: 'at' }),
        },
      },
      /^clientToServer\.a\.key: names a field of the kind record: take one that holds a string/,
    ],
    [
      'a limit of nothing',
      { clientToServer: { a: call({ limit: { rate: 0 } }) } },
      /^clientToServer\.a\.limit\.rate: is 0; write messages a second, above 0$/,
    ],
    [
      'a burst of less than one',
      { clientToServer: { a: stream({ item: t.Integer(), limit: { rate: 1, burst: 0.5 } }) } },
      /^clientToServer\.a\.limit\.burst: is 0\.5; write how many may come at once, 1 or more$/,
    ],
    [
      'a limit of the server',
      { serverToClient: { a: event(undefined, { limit: { rate: 1 } }) } },
      /^serverToClient\.a\.limit: limits the server itself/,
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

  it.each<[string, unknown[], RegExp]>([
    ['a call', [{ idempotnt: true }], /^call\(\)\.idempotnt: is no option of call\(\): did you mean idempotent\?$/],
    [
      'an event',
      [undefined, { idempotent: true }],
      /^event\(\)\.idempotent: is no option of event\(\), which has delivery, priority, key, limit$/,
    ],
    ['a stream', [{ items: t.Null() }], /^stream\(\)\.items: is no option of stream\(\): did you mean item\?$/],
    ['an event', [undefined, 'latest'], /^event\(\): has options that are no object: write { … }$/],
  ])('%s with options that it does not have: %j', (what, given, message) => {
    const [, builder] = what.split(' ')
    const build = builder === 'call' ? call : builder === 'event' ? event : stream
    expect(refusal(() => Reflect.apply(build, undefined, given))).toMatch(message)
  })

  it('a class of delivery that there is not', () => {
    const a: unknown = Reflect.apply(event, undefined, [undefined, { delivery: 'newest' }])
    const shape = { ...empty, clientToServer: { a } }
    expect(refusal(() => Reflect.apply(defineRoom, undefined, ['room', shape]))).toBe(
      'clientToServer.a.delivery: is "newest"; write one of reliable, latest, volatile',
    )
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
