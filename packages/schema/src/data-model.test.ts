import { describe, expect, it } from 'vitest'
import { angleFromSteps, angleToSteps } from './codec/quantized.ts'
import { compileLayout } from './compiled-layout.ts'
import { layoutOf } from './contract-layout.ts'
import { defineRoom, type Schema } from './contract.ts'
import { MirrorTree } from './mirror/mirror-tree.ts'
import type { StateList, StateMap } from './model.ts'
import { StateTree } from './state/state-tree.ts'
import type { Viewer } from './state/viewers/viewer.ts'
import * as t from './types.ts'

// Every type of a contract, in every place of a state where it can stand, by every way on which it reaches a client: what goes
// in comes out. What is refused instead stands with the tests of the state.

/** A value that mirrors show otherwise than it was written, as its type says. */
class Changed {
  readonly written: unknown
  readonly read: unknown

  constructor(written: unknown, read: unknown) {
    this.written = written
    this.read = read
  }
}
const as = (written: unknown, read: unknown): Changed => new Changed(written, read)
const writtenOf = (value: unknown): unknown => (value instanceof Changed ? value.written : value)
const readOf = (value: unknown): unknown => (value instanceof Changed ? value.read : value)

interface Kind {
  readonly name: string
  readonly schema: Schema
  /** In `t.Value` and tuples, where not every type can stand. Default: the same. */
  readonly whole?: Schema
  readonly values: readonly unknown[]
}

const floats = [0, -0, 1.5, -0.1, 1e21, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2]
const extremes = [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, -Number.MIN_VALUE, Number.EPSILON]
const whole = (min: number, max: number): number[] => [0, -0, 1, max, min, max - 1, min + 1]
const texts = [
  '',
  'a',
  '\0',
  '\u{1F600}',
  'e\u0301',
  '\uFFFF',
  '\u2028',
  '__proto__',
  'constructor',
  'x'.repeat(70_000),
]
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`)
const record = <V>(keys: readonly string[], valueOf: (index: number) => V): Record<string, V> =>
  Object.fromEntries(keys.map((key, index) => [key, valueOf(index)]))
const nested = (levels: number): unknown =>
  levels === 0 ? 7 : levels % 2 ? [nested(levels - 1)] : { a: nested(levels - 1) }

const oddKeys = ['', 'constructor', 'toString', '\u{1F600}', '\0', 'k'.repeat(70_000), 'b', '10', '2']
const oddNames = ['toString', 'valueOf', 'hasOwnProperty', 'then', 'length', 'name', ' ', '0', '"', '__defineGetter__']

const kinds: readonly Kind[] = [
  { name: 'Number', schema: t.Number(), values: [...floats, ...extremes] },
  { name: 'Float64', schema: t.Float64(), values: [...floats, ...extremes] },
  {
    name: 'Float32',
    schema: t.Float32(),
    values: [
      0,
      -0,
      0.5,
      -(2 ** -149),
      (2 - 2 ** -23) * 2 ** 127,
      as(0.1, Math.fround(0.1)),
      as(1e-50, 0),
      as(-1e-50, -0),
      as(2 ** 53 - 1, 2 ** 53),
    ],
  },
  { name: 'Integer', schema: t.Integer(), values: whole(-(2 ** 53) + 1, 2 ** 53 - 1) },
  { name: 'Uint8', schema: t.Uint8(), values: whole(0, 255) },
  { name: 'Uint16', schema: t.Uint16(), values: whole(0, 65_535) },
  { name: 'Uint32', schema: t.Uint32(), values: whole(0, 2 ** 32 - 1) },
  { name: 'Int8', schema: t.Int8(), values: whole(-128, 127) },
  { name: 'Int16', schema: t.Int16(), values: whole(-32_768, 32_767) },
  { name: 'Int32', schema: t.Int32(), values: whole(-(2 ** 31), 2 ** 31 - 1) },
  { name: 'Timestamp', schema: t.Timestamp(), values: [...whole(-8.64e15, 8.64e15), 1_700_000_000_000] },
  {
    name: 'Quantized',
    schema: t.Quantized({ min: -1, max: 1, step: 0.1 }),
    values: [0, 1, -1, 0.3, -0.7, as(0.34, 0.3), as(-0, 0), as(0.96, 1)],
  },
  {
    name: 'Quantized in as many steps as can be',
    schema: t.Quantized({ min: 0, max: 2 ** 32 - 1, step: 1 }),
    values: [0, 2 ** 32 - 1, 2 ** 31],
  },
  {
    name: 'Angle',
    schema: t.Angle(),
    values: [
      0,
      -Math.PI,
      as(-0, 0),
      as(Math.PI, -Math.PI),
      as(7 * Math.PI, -Math.PI),
      ...[0.1, -3, 1e15].map((angle) => as(angle, angleFromSteps(angleToSteps(angle)))),
    ],
  },
  {
    name: 'BigInt',
    schema: t.BigInt(),
    values: [0n, 1n, -1n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n, 2n ** 64n - 1n],
  },
  { name: 'Boolean', schema: t.Boolean(), values: [false, true] },
  { name: 'Null', schema: t.Null(), values: [null] },
  { name: 'String', schema: t.String(), values: texts },
  { name: 'TemplateLiteral', schema: t.TemplateLiteral('${string}px'), values: ['1px', 'px', '\u{1F600}px'] },
  { name: 'Id', schema: t.Id('unit'), values: texts },
  { name: 'Literal, a text', schema: t.Literal('a'), values: ['a'] },
  { name: 'Literal, a number', schema: t.Literal(2 ** 53), values: [2 ** 53] },
  { name: 'Literal, a bigint', schema: t.Literal(2n ** 64n - 1n), values: [2n ** 64n - 1n] },
  { name: 'Enum', schema: t.Enum(['a', 'A', '', '1', 1, -1, 0.5]), values: ['a', 'A', '', '1', 1, -1, 0.5] },
  { name: 'Enum of 300', schema: t.Enum(names(300)), values: ['n0', 'n127', 'n128', 'n299'] },
  {
    name: 'Bytes',
    schema: t.Bytes(),
    values: [
      new Uint8Array(),
      Uint8Array.of(0, 255, 128),
      new Uint8Array(300).fill(7),
      as(new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2), Uint8Array.of(2, 3)),
    ],
  },
  {
    name: 'Json',
    schema: t.Json(),
    values: [
      null,
      true,
      -0,
      1e300,
      2 ** 53 + 2,
      '',
      [],
      {},
      [[], [[]], {}],
      nested(16),
      ['\u{1F600}', { a: [1.5, null] }],
      record(['', 'constructor', 'prototype', 'toString', '0', '\0'], (index) => index),
    ],
  },
  {
    name: 'a union of literals',
    schema: t.Union([t.Literal('a'), t.Literal(1), t.Literal(true), t.Literal(5n), t.Null()]),
    values: ['a', 1, true, 5n, null],
  },
  {
    name: 'a union of atoms',
    schema: t.Union([t.Uint8(), t.String(), t.Boolean(), t.Null(), t.BigInt(), t.Float64()]),
    values: [255, 256, -0, '255', false, null, 255n, 0.1],
  },
  {
    name: 'a discriminated union',
    schema: t.Union([
      t.Object({ kind: t.Literal('circle'), r: t.Float64() }),
      t.Object({ kind: t.Literal('box'), size: t.Array(t.Uint8()), note: t.Optional(t.String()) }),
    ]),
    values: [
      { kind: 'circle', r: 0.1 },
      { kind: 'box', size: [] },
      { kind: 'box', size: [1, 2], note: '' },
      as({ kind: 'circle', r: 1, colour: 'red' }, { kind: 'circle', r: 1 }),
      as({ kind: 'box', size: [1], note: undefined }, { kind: 'box', size: [1] }),
    ],
  },
  { name: 'a nullable record', schema: t.Union([t.Null(), t.Object({ a: t.Uint8() })]), values: [null, { a: 1 }] },
  {
    name: 'a union of what holds others',
    schema: t.Union([t.Array(t.Uint8()), t.Object({ a: t.String() }), t.Union([t.Null(), t.Map(t.Uint8())])]),
    values: [[], [1, 2], { a: '' }, null, as({ b: 1 }, new Map([['b', 1]]))],
    whole: t.Union([t.Array(t.Uint8()), t.Object({ a: t.String() }), t.Null(), t.Object({ b: t.Uint8() })]),
  },
  { name: 'a record of nothing', schema: t.Object({}), values: [{}, as({ a: 1 }, {})] },
  {
    name: 'a record of 200 fields',
    schema: t.Object(record(names(200), () => t.Uint16())),
    values: [record(names(200), (index) => index), record(names(200), (index) => 65_535 - index)],
  },
  {
    name: 'a record with names that objects have',
    schema: t.Object(record(oddNames, () => t.Uint16())),
    values: [record(oddNames, (index) => index), record(oddNames, (index) => 300 * index)],
  },
  {
    name: 'a record with optional fields',
    schema: t.Partial(t.Object({ a: t.Uint8(), b: t.Array(t.String()), c: t.Json() })),
    values: [{}, { a: 0 }, { b: [] }, { b: ['x'], c: null }, as({ a: undefined, b: undefined, c: 0 }, { c: 0 })],
  },
  {
    name: "a record with fields that some see, and of the server's own",
    schema: t.Object({ by: t.Owner(), hp: t.Visible('owner', t.Uint8()), log: t.Local<string>() }),
    values: [{ by: '', hp: 0 }, { by: 'ada', hp: 255 }, as({ by: 'ada', hp: 1, log: 'x' }, { by: 'ada', hp: 1 })],
    whole: t.Object({ by: t.String(), hp: t.Uint8() }),
  },
  {
    name: 'an intersection',
    schema: t.Intersect([t.Object({ a: t.Uint8() }), t.Partial(t.Object({ b: t.String() }))]),
    values: [{ a: 1 }, { a: 1, b: '' }],
  },
  {
    name: 'an array of arrays of arrays',
    schema: t.Array(t.Array(t.Array(t.Float32()))),
    values: [[], [[]], [[[]]], [[[-0, 0.5]], [], [[1], [2]]]],
  },
  {
    name: 'a map',
    schema: t.Map(t.Uint8()),
    values: [
      as({}, new Map()),
      as(
        { b: 1, a: 2 },
        new Map([
          ['b', 1],
          ['a', 2],
        ]),
      ),
      new Map(oddKeys.map((key, index) => [key, index])),
    ],
  },
  {
    name: 'a map of maps of records',
    schema: t.Map(t.Map(t.Object({ a: t.Array(t.String()) }))),
    values: [
      new Map(),
      as(
        { a: { b: { a: ['c'] } }, c: {} },
        new Map([
          ['a', new Map([['b', { a: ['c'] }]])],
          ['c', new Map()],
        ]),
      ),
    ],
  },
  {
    name: 'a viewed map',
    schema: t.Map(t.Object({ a: t.Visible('some', t.Array(t.Uint8())) }), { view: true }),
    values: [
      new Map(),
      new Map([
        ['u1', { a: [1] }],
        ['u0', { a: [] }],
      ]),
    ],
    whole: t.Map(t.Object({ a: t.Array(t.Uint8()) })),
  },
  {
    name: 'Tuple',
    schema: t.Tuple([t.Float64(), t.Object({ a: t.Optional(t.String()) }), t.Array(t.Uint8())]),
    values: [[0, {}, []], [-0, { a: '' }, [1, 2]], as([1, { a: undefined }, []], [1, {}, []])],
  },
  {
    name: 'Value',
    schema: t.Value(t.Object({ a: t.Array(t.Float64()), b: t.Optional(t.Null()) })),
    values: [{ a: [-0] }, { a: [], b: null }, as({ a: [1], c: 2 }, { a: [1] })],
  },
]

/** The places in a state where a type can stand. */
interface Places {
  it: unknown
  maybe: unknown
  some: unknown
  perhaps: unknown
  inside: { of: { it: unknown } }
  list: StateList<unknown>
  map: StateMap<unknown>
  grid: StateList<readonly unknown[]>
  deep: StateMap<readonly { readonly it: unknown }[]>
  units: StateMap<{ it: unknown }>
  whole: unknown
  pair: unknown
  wide: Record<string, unknown>
}

const wide = names(70)
/** First and last of each word of 32 bits, in which changed fields are counted. */
const wideTaken = ['n0', 'n31', 'n32', 'n63', 'n64', 'n69']

function contractOf({ schema, whole = schema }: Kind) {
  return defineRoom('room', {
    version: 1,
    state: t.Object({
      it: schema,
      maybe: t.Optional(schema),
      some: t.Visible('some', schema),
      perhaps: t.Visible('some', t.Optional(schema)),
      inside: t.Object({ of: t.Object({ it: schema }) }),
      list: t.Array(schema),
      map: t.Map(schema),
      grid: t.Array(t.Array(schema)),
      deep: t.Map(t.Array(t.Object({ it: schema }))),
      units: t.Map(t.Object({ it: schema }), { view: true }),
      whole: t.Value(t.Object({ it: whole, list: t.Array(whole), map: t.Map(whole) })),
      pair: t.Tuple([whole, t.Array(whole)]),
      wide: t.Object(record(wide, () => t.Optional(schema))),
    }),
    clientToServer: {},
    serverToClient: {},
  })
}

/** A first state with a value in all places. */
function everywhere(value: unknown, map: (entries: Record<string, unknown>) => unknown = (entries) => entries) {
  return {
    it: value,
    maybe: value,
    some: value,
    perhaps: value,
    inside: { of: { it: value } },
    list: [value, value],
    map: map({ b: value, '': value }),
    grid: [[], [value], [value, value]],
    deep: map({ a: [{ it: value }], b: [] }),
    units: map({ a: { it: value } }),
    // Maps in a value are objects.
    whole: { it: plain(value), list: [plain(value)], map: { a: plain(value) } },
    pair: [plain(value), [plain(value)]],
    wide: record(wideTaken, () => value),
  }
}

const mirrored = (value: unknown) => everywhere(readOf(value), (entries) => new Map(Object.entries(entries)))

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, part]) => [String(key), plain(part)]))
  return value
}

/** Writes a value to all places. */
function write(state: Places, value: unknown): void {
  const { whole, pair } = everywhere(value)
  Object.assign(state, { it: value, maybe: value, some: value, perhaps: value, whole, pair })
  state.inside.of.it = value
  state.list.replace([value, value])
  state.map.set('b', value)
  state.map.set('', value)
  state.grid.replace([[], [value], [value, value]])
  state.deep.set('a', [{ it: value }])
  state.units.set('a', { it: value })
  for (const name of wideTaken) state.wide[name] = value
}

/** Empties all places that can be empty. */
function empty(state: Places): void {
  state.maybe = undefined
  state.perhaps = undefined
  state.list.clear()
  state.map.clear()
  state.grid.clear()
  for (const name of wide) state.wide[name] = undefined
}

/** The keys of all maps in a value, in their order: that of a record's fields is another matter. */
function keysIn(value: unknown): unknown[] {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return []
  if (value instanceof Map) return [[...value.keys()], ...[...value.values()].flatMap(keysIn)]
  return Object.values(value).flatMap(keysIn)
}

describe('what goes in comes out', () => {
  it.each(kinds)('$name', (kind) => {
    const contract = contractOf(kind)
    const layout = compileLayout(layoutOf(contract))
    const open = (first: unknown) => StateTree.create(layout, contract, first, { epoch: '0123456789abcdef' })
    const stateOf = (tree: StateTree) => tree.root as Places
    /** A mirror, brought to what its viewer may see. */
    const follow = (viewer: Viewer, mirror = new MirrorTree<Places>(layout)): MirrorTree<Places> => {
      const update = viewer.take()
      if (update?.kind === 'snapshot') mirror.applySnapshot(update.bytes)
      else if (update !== undefined) mirror.applyPatch(update.bytes)
      return mirror
    }
    const expectSame = (mirror: MirrorTree<Places>, value: unknown, way: string): void => {
      expect(mirror.state, way).toEqual(mirrored(value))
      expect(keysIn(mirror.state.it), way).toEqual(keysIn(readOf(value)))
    }

    for (const [index, value] of kind.values.entries()) {
      const tree = open(everywhere(writtenOf(kind.values.at(index - 1))))
      const viewer = tree.viewer({ everything: true })
      const late = tree.viewer({ everything: true })
      const mirror = follow(viewer)
      const lateMirror = follow(late)

      write(stateOf(tree), writtenOf(value))
      tree.close()
      expectSame(follow(viewer, mirror), value, `value ${index} in a patch`)

      empty(stateOf(tree))
      tree.close()
      follow(viewer, mirror)
      expect(mirror.state).toMatchObject({ list: [], map: new Map(), grid: [] })
      expect([mirror.state.maybe, mirror.state.perhaps, mirror.state.wide['n32']]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
      write(stateOf(tree), writtenOf(value))
      tree.close()
      expectSame(follow(viewer, mirror), value, `value ${index} in a patch, where nothing was before`)
      expectSame(follow(late, lateMirror), value, `value ${index} in a patch of several versions`)

      expectSame(follow(tree.viewer({ everything: true })), value, `value ${index} in a snapshot`)
      const restored = open(mirror.state)
      expectSame(follow(restored.viewer({ everything: true })), value, `value ${index}, restored`)
      const copied = open(restored.toPlain())
      expect(follow(copied.viewer({ everything: true })).state, `value ${index}, copied`).toEqual(mirrored(value))
    }
  })
})

describe('a field that some see is always there on the server', () => {
  const Unit = t.Object({
    name: t.String(),
    hp: t.Visible('some', t.Uint8()),
    bag: t.Visible('some', t.Array(t.String())),
    role: t.Visible('some', t.Union([t.Null(), t.Object({ wolf: t.Visible('others', t.Boolean()) })])),
    note: t.Visible('some', t.Optional(t.String())),
  })
  const contract = defineRoom('room', {
    version: 1,
    state: t.Object({
      it: Unit,
      units: t.Map(Unit, { view: true }),
      list: t.Array(Unit),
      either: t.Union([t.Object({ kind: t.Literal('a') }), t.Intersect([Unit, t.Object({ kind: t.Literal('b') })])]),
    }),
    clientToServer: {},
    serverToClient: {},
  })
  const layout = compileLayout(layoutOf(contract))
  const unit = { name: '', hp: 0, bag: [], role: { wolf: true } }
  const first = { it: unit, units: { a: unit }, list: [unit], either: { kind: 'b', ...unit } }
  const open = (state: unknown = first) => StateTree.create(layout, contract, state, { epoch: '0123456789abcdef' })
  const without = (name: string): object => Object.fromEntries(Object.entries(unit).filter(([key]) => key !== name))
  const missing = /: is missing: expected /

  it.each(['hp', 'bag', 'role'])('in a first state, which is refused without: %s', (name) => {
    expect(() => open({ ...first, it: without(name) })).toThrow(new RegExp(`^it\\.${name}${missing.source}`))
    expect(() => open({ ...first, units: { b: without(name) } })).toThrow(
      new RegExp(`^units\\.b\\.${name}${missing.source}`),
    )
    expect(() => open({ ...first, list: [unit, without(name)] })).toThrow(
      new RegExp(`^list\\[1\\]\\.${name}${missing.source}`),
    )
    expect(() => open({ ...first, either: { kind: 'b', ...without(name) } })).toThrow(
      new RegExp(`^either\\.${name}${missing.source}`),
    )
    expect(() => open({ ...first, it: { ...unit, role: {} } })).toThrow(/^it\.role/)
  })

  it('in what is adopted, and in what is assigned', () => {
    const tree = open()
    const state = tree.root as { it: Record<string, unknown>; units: StateMap<unknown>; list: StateList<unknown> }
    for (const name of ['hp', 'bag', 'role']) {
      expect(() => Reflect.set(state.it, name, undefined)).toThrow(new RegExp(`^it\\.${name}${missing.source}`))
      expect(() => state.units.set('b', without(name))).toThrow(new RegExp(`^units\\.b\\.${name}${missing.source}`))
      expect(() => state.list.push(without(name))).toThrow(missing)
    }
    // Nothing of it was written.
    tree.close()
    expect(tree.toPlain()).toEqual(first)
    state.it['note'] = 'x'
    state.it['note'] = undefined
    state.it['role'] = null
    expect(tree.close()).toBe(true)
  })
})
