import { call, defineRoom, event, stream, t } from '@junto/schema'

// A contract that has something of every kind, in the state and in messages.

const Item = t.Object({
  name: t.String(),
  at: t.Tuple([t.Quantized({ min: -100, max: 100, step: 0.25 }), t.Angle()]),
  x: t.Quantized({ min: 0.29, max: 7.77, step: 0.01 }),
  turn: t.Angle(),
  weight: t.Optional(t.Float32()),
  tags: t.Array(t.String()),
})

const Shape = t.Union([
  t.Object({ kind: t.Literal('circle'), radius: t.Quantized({ min: 0, max: 1, step: 0.3 }) }),
  t.Object({ kind: t.Literal('path'), points: t.Array(t.Tuple([t.Int16(), t.Int16()])) }),
  t.Object({ kind: t.Literal('nothing') }),
])

const fields = {
  nothing: t.Null(),
  boolean: t.Boolean(),
  string: t.String(),
  number: t.Number(),
  int: t.Integer(),
  uint8: t.Uint8(),
  uint16: t.Uint16(),
  uint32: t.Uint32(),
  int8: t.Int8(),
  int16: t.Int16(),
  int32: t.Int32(),
  float32: t.Float32(),
  float64: t.Float64(),
  bigint: t.BigInt(),
  angle: t.Angle(),
  bytes: t.Bytes(),
  timestamp: t.Timestamp(),
  json: t.Json(),
  quantized: t.Quantized({ min: -2.5, max: 1000, step: 0.1 }),
  coarse: t.Quantized({ min: 1, max: 10, step: 4 }),
  literal: t.Literal('constant'),
  seven: t.Literal(7),
  enum: t.Enum(['a', 'b', 'c']),
  numbers: t.Enum([1, -0.5, 300]),
  flat: t.Union([t.Literal('on'), t.Literal('off'), t.Null(), t.Literal(2)]),
  maybe: t.Union([t.Null(), t.String(), t.Uint16(), t.Array(t.Boolean()), t.Map(t.Int8())]),
  shape: Shape,
  tuple: t.Tuple([t.String(), t.Object({ a: t.Optional(t.Uint8()), b: t.Array(t.Null()) }), t.Boolean()]),
  value: t.Value(
    t.Object({
      map: t.Map(Item),
      list: t.Array(Shape),
      of: t.Optional(t.Quantized({ min: 0, max: 9, step: 1 })),
    }),
  ),
  optionalNull: t.Optional(t.Null()),
  optionalLiteral: t.Optional(t.Literal('here')),
  optionalJson: t.Optional(t.Json()),
  optionalValue: t.Optional(t.Value(t.Json())),
  optionalMaybe: t.Optional(t.Union([t.Null(), t.Boolean()])),
  optionalItem: t.Optional(Item),
  optionalAngle: t.Optional(t.Angle()),
  optionalBigint: t.Optional(t.BigInt()),
  items: t.Map(Item),
  list: t.Array(Item),
  nested: t.Map(t.Map(t.Array(t.Uint8()))),
  lists: t.Array(t.Array(t.Map(Shape))),
  shapes: t.Map(Shape),
  shapeList: t.Array(Shape),
  angles: t.Array(t.Angle()),
  jsons: t.Map(t.Json()),
  nulls: t.Array(t.Null()),
  constants: t.Array(t.Tuple([t.Literal(1), t.Object({ x: t.Null() })])),
  empties: t.Array(t.Object({})),
  emptyValues: t.Array(t.Value(t.Object({ a: t.Object({}) }))),
  last: t.Optional(t.Boolean()),
}

const Everything = t.Object(fields)

// Absent at first, and not in parameters: what TypeBox compiles refuses a bigint constant.
const shared = { ...fields, big: t.Optional(t.Literal(12_345_678_901_234_567_890n)) }
const Shared = t.Object(shared)

export const Kinds = defineRoom('kinds', {
  version: 3,
  join: t.Object({ name: t.String(), everything: t.Optional(Everything) }),
  metadata: t.Object({ team: t.String() }),
  options: t.Object({ team: t.String() }),
  state: t.Object({ ...shared, secret: t.Local<number>() }),
  presence: t.Object({
    n: t.Uint16(),
    at: t.Tuple([t.Quantized({ min: -100, max: 100, step: 0.25 }), t.Angle()]),
    shape: Shape,
    bits: t.Optional(t.Bytes()),
    note: t.Optional(t.String()),
  }),
  clientToServer: {
    change: call({ params: t.Object({ seed: t.Uint32(), times: t.Uint8() }), result: Shared }),
    read: call({ result: Shared }),
    echo: call({ params: Everything, result: Everything }),
    lookup: call({ params: t.Record(t.String(), t.Uint8()), result: t.Record(t.String(), t.Uint8()) }),
    divide: call({
      params: t.Object({ a: t.Number({ minimum: 0 }), b: t.Number() }),
      result: t.Number(),
      errors: { huge: t.Object({ limit: t.BigInt() }), byZero: t.Object({ a: t.Number() }) },
    }),
    nothing: call({}),
    hang: call({ params: t.Object({ until: t.Optional(t.String()) }), timeout: 5_000 }),
    blob: call({ params: t.Bytes(), result: t.Bytes() }),
    ask: call({ result: t.Array(t.String()) }),
    wave: event(t.Object({ to: t.Optional(t.String()), hand: t.Enum(['left', 'right']) })),
    point: event(t.Object({ who: t.String(), x: t.Integer() }), { delivery: 'latest', key: 'who', priority: 2 }),
    ping: event(),
    kickMe: event(),
    count: stream({ params: t.Object({ to: t.Integer() }), item: t.Tuple([t.Integer(), t.String()]) }),
  },
  serverToClient: {
    waved: event(t.Object({ by: t.Optional(t.String()), hand: t.Enum(['right', 'left']) })),
    pointed: event(t.Object({ who: t.String(), x: t.Integer() }), { delivery: 'latest', key: 'who' }),
    ponged: event(),
    confirm: call({
      params: t.Object({ question: t.String() }),
      result: t.Boolean(),
      errors: { later: t.Object({ at: t.Timestamp() }) },
    }),
    unheard: call({}),
  },
})

export const Locked = defineRoom('locked', {
  version: 1,
  user: t.Object({ id: t.String() }),
  state: t.Object({ names: t.Array(t.String()) }),
  clientToServer: { whoAmI: call({ result: t.String() }) },
  serverToClient: {},
})

/** The state that a room of `Kinds` begins with. */
export function firstState() {
  return {
    nothing: null,
    boolean: true,
    string: 'text',
    number: -0,
    int: 1,
    uint8: 255,
    uint16: 65_535,
    uint32: 4_294_967_295,
    int8: -128,
    int16: -32_768,
    int32: -2_147_483_648,
    float32: 0.1,
    float64: 0.1,
    bigint: -(2n ** 63n),
    angle: 3,
    bytes: Uint8Array.of(1, 2, 3),
    timestamp: 1_767_225_600_000,
    json: { a: [1, null, -0, 0.5, 'b', true] },
    quantized: 0.3,
    coarse: 10,
    literal: 'constant' as const,
    seven: 7 as const,
    enum: 'c' as const,
    numbers: -0.5 as const,
    flat: null,
    maybe: 5,
    shape: { kind: 'path' as const, points: [[1, -2] as [number, number]] },
    tuple: ['t', { b: [null, null] }, false] as [string, { b: null[] }, boolean],
    value: { map: {}, list: [] },
    items: {},
    list: [],
    nested: {},
    lists: [],
    shapes: {},
    shapeList: [],
    angles: [],
    jsons: {},
    nulls: [null, null],
    constants: [],
    empties: [{}],
    emptyValues: [{ a: {} }],
    secret: 42,
  }
}
