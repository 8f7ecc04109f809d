import { describe, expect, it } from 'vitest'
import { encodeNamed } from './codec/plain-data.ts'
import { defineRoom, type AnyContract, type Schema } from './contract.ts'
import * as t from './types.ts'
import { WhereReader } from './where-reader.ts'

const ofMetadata = (metadata: Schema): AnyContract =>
  defineRoom('duel', { version: 1, metadata, state: t.Object({}), clientToServer: {}, serverToClient: {} })

const reader = new WhereReader(
  ofMetadata(
    t.Object({
      mode: t.Enum(['casual', 'ranked']),
      level: t.Optional(t.Uint8()),
      speed: t.Float32(),
      map: t.Union([t.String(), t.Null()]),
      seed: t.BigInt(),
      open: t.Boolean(),
      tags: t.Array(t.String()),
      range: t.Object({ from: t.Number(), to: t.Number() }),
      rank: t.Union([t.Literal(1), t.Literal(2)]),
    }),
  ),
)
const read = (where: unknown) => reader.readWhere(encodeNamed(where, 'where'))

it('metadata have no field of the name by which rooms are ordered by their members', () => {
  const contract = ofMetadata(t.Union([t.Object({ a: t.String() }), t.Object({ members: t.Uint8() })]))
  expect(() => new WhereReader(contract)).toThrow(
    'metadata.members: is what the taken seats are called in orderBy: give the field another name',
  )
})

describe('what metadata must be', () => {
  it('is read as values, lists of values and ranges, by name in the order of names', () => {
    expect(read({ mode: 'ranked', level: { from: 10, to: 20 }, map: { in: ['ice', null] } })).toEqual([
      { field: 'level', from: 10, to: 20 },
      { field: 'map', values: [null, 'ice'] },
      { field: 'mode', values: ['ranked'] },
    ])
    expect(read({ level: { from: 10 } })).toEqual([{ field: 'level', from: 10, to: Infinity }])
    expect(read({ level: { to: 10 } })).toEqual([{ field: 'level', from: -Infinity, to: 10 }])
    expect(read({ rank: { from: 2 } })).toEqual([{ field: 'rank', from: 2, to: Infinity }])
  })

  it('may be nothing', () => {
    for (const nothing of [undefined, null, {}, { mode: undefined }]) expect(read(nothing)).toEqual([])
  })

  it('is of the types of the metadata', () => {
    expect(read({ seed: 5n, speed: 0.1 })).toEqual([
      { field: 'seed', values: [5n] },
      { field: 'speed', values: [Math.fround(0.1)] },
    ])
  })

  it('of a field that holds more than one text, number, bigint, boolean or null is a value, whatever it looks like', () => {
    expect(read({ tags: ['a', 'b'], range: { from: 1, to: 2 } })).toEqual([
      { field: 'range', values: [{ from: 1, to: 2 }] },
      { field: 'tags', values: [['a', 'b']] },
    ])
  })

  it('looks the same for equal lists of values, whatever their order, and however often one stands in it', () => {
    const values = [{ field: 'map', values: ['ice', 'sand'] }]
    expect(read({ map: { in: ['sand', 'ice', 'sand'] } })).toEqual(values)
    expect(read({ map: { in: ['ice', 'sand'] } })).toEqual(values)
    expect(read({ level: { in: [10, 9, 10] } })).toEqual(read({ level: { in: [9, 10] } }))
    expect(read({ map: { in: [null, 'null'] } })).toEqual(read({ map: { in: ['null', null, null] } }))
    expect(read({ map: { in: [null, 'null'] } })).not.toEqual(read({ map: { in: ['null'] } }))
    expect(read({ speed: { in: [0, -0] } })).toEqual([{ field: 'speed', values: [0] }])
    expect(read({ map: { in: [] } })).toEqual([{ field: 'map', values: [] }])
  })

  it('is refused where there are too many combinations of values', () => {
    const range = (count: number) => ({ in: Array.from({ length: count }, (_, n) => n) })
    expect(read({ level: range(64), speed: range(2) })).toHaveLength(2)
    expect(() => read({ level: range(64), speed: range(3) })).toThrow(
      'where: its lists of values have 192 combinations, of 128 combinations at most: ask for fewer values',
    )
    expect(read({ level: { in: [] }, speed: range(64), seed: { in: [] } })).toHaveLength(3)
  })

  it('is of the fields of all variants, where metadata are one of several records', () => {
    const either = new WhereReader(
      ofMetadata(
        t.Union([
          t.Object({ kind: t.Literal('duel'), level: t.Uint8() }),
          t.Object({ kind: t.Literal('team'), level: t.String(), size: t.Uint8() }),
        ]),
      ),
    )
    expect(either.readWhere({ kind: 'team', level: 'hard', size: { from: 2 } })).toEqual([
      { field: 'kind', values: ['team'] },
      { field: 'level', values: ['hard'] },
      { field: 'size', from: 2, to: Infinity },
    ])
    expect(either.readWhere({ level: 3 })).toEqual([{ field: 'level', values: [3] }])
  })

  it.each([
    [{ levle: 1 }, 'where.levle: is no field of the metadata: did you mean level?'],
    [{ size: 1 }, 'where.size: is no field of the metadata, which have mode, level, speed, map, seed, open'],
    [{ level: '1' }, 'where.level: expected a whole number'],
    [{ level: { from: '1' } }, 'where.level.from: must be a number'],
    [{ level: { from: 1, above: 2 } }, 'where.level: must be a value, { in: [values] } or { from, to }'],
    [{ level: {} }, 'where.level: must be a value'],
    [{ mode: { from: 1 } }, 'where.mode: must be a value, { in: [values] }'],
    [{ mode: { in: 'ranked' } }, 'where.mode.in: must be a list of up to 64 values'],
    [{ mode: { in: Array.from({ length: 65 }, () => 'ranked') } }, 'where.mode.in: must be a list of up to 64 values'],
    [{ mode: { in: ['ranked', 'x'] } }, 'where.mode.in[1]: expected'],
    [['ranked'], 'where: must be a map from fields of the metadata to their values, not an array of 1'],
    ['ranked', 'where: must be a map from fields of the metadata to their values, not a string'],
  ])('refuses %j', (where, message) => {
    expect(() => read(where)).toThrow(message)
  })

  it('says where a contract has no metadata', () => {
    const bare = defineRoom('bare', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {} })
    expect(() => new WhereReader(bare).readWhere({ level: 1 })).toThrow(
      'where.level: is no field of the metadata, which have none',
    )
  })
})

describe('an order', () => {
  it('is by one field that holds numbers or texts, or by the number of members', () => {
    expect(reader.readOrder(undefined)).toBeUndefined()
    expect(reader.readOrder({ level: 'asc' })).toEqual({ field: 'level', direction: 'asc' })
    expect(reader.readOrder({ mode: 'desc' })).toEqual({ field: 'mode', direction: 'desc' })
    expect(reader.readOrder({ members: 'desc' })).toEqual({ field: 'members', direction: 'desc' })
  })

  it.each([
    [{}, 'orderBy: names not one field, but several or none'],
    [{ level: 'asc', mode: 'asc' }, 'orderBy: names not one field, but several or none'],
    [{ level: 'up' }, "orderBy.level: must be 'asc' or 'desc'"],
    [{ member: 'asc' }, 'orderBy.member: is no field of the metadata: did you mean members?'],
    [{ tags: 'asc' }, 'orderBy.tags: holds neither numbers nor texts, which alone have an order'],
    ['level', "orderBy: must be a map of one field to 'asc' or 'desc', not a string"],
  ])('refuses %j', (order, message) => {
    expect(() => reader.readOrder(order)).toThrow(message)
  })
})
