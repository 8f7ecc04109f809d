import { pack, unpack } from '@junto/protocol/internal'
import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileLayout } from './compiled-layout.ts'
import { call, defineRoom, event, stream } from './contract.ts'
import { layoutOf } from './contract-layout.ts'
import { SchemaError } from './errors.ts'
import { hashLayout } from './fingerprint.ts'
import { explainLayoutFault } from './layout-faults.ts'
import { decodeLayout } from './layout-gate.ts'
import { encodeLayout } from './layout-wire.ts'
import { schemaCases } from './schemas.fixture.ts'
import * as t from './types.ts'

const Item = t.Object({
  id: t.BigInt(),
  at: t.Quantized({ min: -1, max: 1, step: 0.1 }),
  kind: t.Union([t.Literal('a'), t.Literal(1n), t.Literal(true), t.Null()]),
  role: t.Enum(['x', 'y', 3]),
  pair: t.Tuple([t.Angle(), t.Bytes()]),
  note: t.Optional(t.Value(t.Array(t.Json()))),
})
const contract = defineRoom('room', {
  version: 7,
  state: t.Object({ items: t.Map(Item) }),
  presence: t.Object({ at: t.Timestamp() }),
  clientToServer: {
    add: call({ params: Item, result: t.Uint8(), errors: { full: t.Null() }, idempotent: true }),
    wait: call({ timeout: Infinity }),
    all: stream({ item: Item, params: t.String() }),
  },
  serverToClient: {
    cleared: event(t.String(), { delivery: 'latest', priority: -3 }),
    moved: event(t.Object({ who: t.String(), to: t.Integer() }), { delivery: 'latest', key: 'who' }),
  },
})

/** A layout as it arrives. */
function received(): unknown[] {
  const wire = unpack(pack(encodeLayout(layoutOf(contract))))
  if (!Array.isArray(wire)) throw new Error('a layout travels as an array')
  return wire
}

function refusal(wire: unknown): string {
  try {
    decodeLayout(wire)
  } catch (error) {
    if (error instanceof SchemaError && error.code === 'invalid_layout') return error.message
    throw error
  }
  throw new Error('the layout was not refused')
}

describe('a layout', () => {
  it('comes out of msgpack as it went in, with its hash', () => {
    const layout = layoutOf(contract)
    expect(decodeLayout(received())).toEqual(layout)
    expect(hashLayout(decodeLayout(received()))).toBe(hashLayout(layout))
    expect(hashLayout(layout)).toMatch(/^[0-9a-f]{16}$/)
  })

  it('of any contract passes the gate', () => {
    fc.assert(
      fc.property(schemaCases, ({ schema }) => {
        const room = defineRoom('room', {
          version: 1,
          state: t.Object({ it: schema }),
          clientToServer: { it: event(schema) },
          serverToClient: {},
        })
        const layout = layoutOf(room)
        expect(decodeLayout(unpack(pack(encodeLayout(layout))))).toEqual(layout)
      }),
      runs(100),
    )
  })

  it('has another hash for each change', () => {
    const hashes = new Set<string>()
    const variants = [
      defineRoom('a', { version: 1, state: t.Object({ a: t.String() }), clientToServer: {}, serverToClient: {} }),
      defineRoom('b', { version: 1, state: t.Object({ a: t.String() }), clientToServer: {}, serverToClient: {} }),
      defineRoom('a', { version: 2, state: t.Object({ a: t.String() }), clientToServer: {}, serverToClient: {} }),
      defineRoom('a', { version: 1, state: t.Object({ b: t.String() }), clientToServer: {}, serverToClient: {} }),
      defineRoom('a', { version: 1, state: t.Object({ a: t.Literal('1') }), clientToServer: {}, serverToClient: {} }),
      defineRoom('a', { version: 1, state: t.Object({ a: t.Literal(1) }), clientToServer: {}, serverToClient: {} }),
      defineRoom('a', { version: 1, state: t.Object({ a: t.Literal(1n) }), clientToServer: {}, serverToClient: {} }),
      defineRoom('a', {
        version: 1,
        state: t.Object({ a: t.String() }),
        clientToServer: { a: event() },
        serverToClient: {},
      }),
      defineRoom('a', {
        version: 1,
        state: t.Object({ a: t.String() }),
        clientToServer: {},
        serverToClient: { a: event() },
      }),
    ]
    for (const variant of variants) hashes.add(hashLayout(layoutOf(variant)))
    expect(hashes.size).toBe(variants.length)
  })
})

describe('a hostile layout', () => {
  const bare = (types: unknown[], state = types.length - 1): unknown => ['room', 1, types, state, null, [], []]
  const keyed = (message: unknown[]): unknown => ['room', 1, [2, [36, 'k', 0]], 1, null, [message], []]
  const fields = (count: number): unknown[] => Array.from({ length: count }, (_, index) => [`f${index}`, 0]).flat()

  it.each<[string, unknown, RegExp]>([
    ['is nothing', null, /^layout: breaks 'form'/],
    ['lacks a part', received().slice(0, 6), /^layout: breaks 'form'/],
    ['has an input that is no record', [...received(), 1], /^layout\.input: breaks 'form'/],
    ['has a part more', [...received(), 2, 2], /^layout: breaks 'form'/],
    ['has no name', ['', 1, [[36]], 0, null, [], []], /^layout\.name: breaks 'form'/],
    ['has a long name', ['x'.repeat(129), 1, [[36]], 0, null, [], []], /^layout\.name: breaks 'form'/],
    ['has no version', ['room', -1, [[36]], 0, null, [], []], /^layout\.version: .*'form'/],
    ['refers forward', bare([[38, 1], 2, [36]]), /^layout\.types\[0\]: .*'form'/],
    ['refers to itself', bare([[38, 0]]), /^layout\.types\[0\]: .*'form'/],
    ['refers to nothing', bare([[36, 'a', 'b']]), /^layout\.types\[0\]: .*'form'/],
    ['has an unknown kind', bare([99]), /^layout\.types\[0\]: .*'form'/],
    ['has an unknown kind with parameters', bare([[99, 1]]), /^layout\.types\[0\]: .*'form'/],
    ['has a kind that is a text', bare([['constructor']]), /'form'/],
    ['has a field twice', bare([2, [36, 'a', 0, 'a', 0]]), /types\[1\]: .*'form'/],
    ['has a field without a type', bare([2, [36, 'a']]), /types\[1\]: .*'form'/],
    ['has __proto__', bare([2, [36, '__proto__', 0]]), /types\[1\]: .*'form'/],
    ['has constructor', bare([2, [36, 'constructor', 0]]), /'form'/],
    ['has prototype', bare([2, [36, 'prototype', 0]]), /'form'/],
    ['has a name that is no text', bare([2, [36, { toString: 1 }, 0]]), /'form'/],
    ['has too many fields', bare([2, [36, ...fields(4097)]]), /'fields'/],
    ['has a million fields', bare([2, [36, ...fields(1_000_000)]]), /^layout\.types\[1\]: .*'parts'/],
    ['has too many types', bare(Array.from({ length: 8193 }, () => 2)), /^layout\.types: .*'types'/],
    ['is too large altogether', bare([2, ...Array.from({ length: 20 }, () => [36, ...fields(4000)])]), /'parts'/],
    ['nests too deep', bare([2, ...Array.from({ length: 40 }, (_, index) => [38, index])]), /'depth'/],
    ['has an optional item', bare([2, [35, 0], [38, 1]]), /'form'/],
    ['has an optional optional', bare([2, [35, 0], [35, 1]]), /'form'/],
    ['has a range of nothing', bare([[32, 1, 0, 1]]), /'form'/],
    ['has an endless range', bare([[32, 0, Infinity, 1]]), /'form'/],
    ['has a constant that is a map', bare([[33, {}]]), /'form'/],
    ['has a long constant', bare([[33, 'x'.repeat(257)]]), /'literalLength'/],
    ['has a bigint constant that is none', bare([[33, '01', true]]), /'form'/],
    ['has a bigint constant of 65 bits', bare([[33, String(2n ** 64n), true]]), /'form'/],
    ['has an empty enum', bare([[34]]), /'form'/],
    ['has an enum with a value twice', bare([[34, 'a', 'a']]), /'form'/],
    ['has an empty union', bare([[40]]), /'form'/],
    ['has a union of a union', bare([2, 3, [40, 0, 1], [40, 0, 2]]), /'form'/],
    ['has a union of a union kept whole', bare([2, 3, [40, 0, 1], [41, 2], [40, 0, 3]]), /'form'/],
    ['has a variant twice', bare([2, [40, 0, 0]]), /'form'/],
    ['has a value of a value', bare([2, [41, 0], [41, 1]]), /'form'/],
    ['has a state that is no record', bare([2]), /^layout\.state: .*'form'/],
    ['has a message of no kind', ['room', 1, [[36]], 0, null, [[7, 'a']], []], /^layout\.up\[0\]: .*'form'/],
    [
      'has a message twice',
      [
        'room',
        1,
        [[36]],
        0,
        null,
        [],
        [
          [2, 'a', null, 0],
          [2, 'a', null, 0],
        ],
      ],
      /^layout\.down: .*'form'/,
    ],
    [
      'has an error twice',
      ['room', 1, [[36]], 0, null, [[1, 'a', null, null, ['e', 0, 'e', 0], null, false]], []],
      /^layout\.up\[0\]: .*'form'/,
    ],
    [
      'has a deadline that is none',
      ['room', 1, [[36]], 0, null, [[1, 'a', null, null, [], NaN, false]], []],
      /^layout\.up\[0\]: .*'form'/,
    ],
    ['has a key of a reliable event', keyed([0, 'a', 1, 0, 0, 'k']), /^layout\.up\[0\]: .*'form'/],
    ['has a key that is no field', keyed([0, 'a', 1, 1, 0, 'l']), /^layout\.up\[0\]: .*'form'/],
    ['has a key that is no name', keyed([0, 'a', 1, 1, 0, 0]), /^layout\.up\[0\]: .*'form'/],
    ['has a key of no payload', keyed([0, 'a', null, 1, 0, 'k']), /^layout\.up\[0\]: .*'form'/],
    ['has a key of a payload that is no record', keyed([0, 'a', 0, 1, 0, 'k']), /^layout\.up\[0\]: .*'form'/],
    ['has an event with more than a key', keyed([0, 'a', 1, 1, 0, 'k', 1]), /^layout\.up\[0\]: .*'form'/],
    ['has an unknown delivery', ['room', 1, [[36]], 0, null, [[0, 'a', null, 3, 0]], []], /^layout\.up\[0\]: .*'form'/],
  ])('that %s is refused', (_, wire, message) => {
    expect(refusal(wire)).toMatch(message)
  })

  it.each<[string, unknown, string]>([
    ['a part more', [...received(), 2, 2], 'layout: is not in the form of a layout'],
    [
      'too much nesting',
      bare([2, ...Array.from({ length: 40 }, (_, index) => [38, index])]),
      'layout.types[29]: nests 29 deep; 28 is the limit',
    ],
    ['too many fields', bare([2, [36, ...fields(4097)]]), 'layout.types[1]: has 4097 fields; 4096 is the limit'],
  ])('with %s is explained to those who make layouts', (_, wire, message) => {
    expect(() => decodeLayout(wire, explainLayoutFault)).toThrow(message)
  })

  it('whose types fan out does not take long', () => {
    // Each type holds the one before twice: 2^25 leaves, if anything walked them.
    const layout = decodeLayout(bare([2, ...Array.from({ length: 25 }, (_, index) => [36, 'a', index, 'b', index])]))
    const { types } = compileLayout(layout)
    expect(types).toHaveLength(26)
    expect(() => types[25]?.decode([[]], 'it')).toThrow(/^it\.a\.a: is missing/)
  })

  it('never does anything but pass or be refused', () => {
    const edit = fc.record({ path: fc.array(fc.nat(), { maxLength: 5 }), by: fc.anything({ withBigInt: true }) })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const wire = received()
        // Nothing that is read from bytes is undefined.
        for (const { path, by } of edits) replace(wire, path, by ?? null)
        let layout
        try {
          layout = decodeLayout(wire)
        } catch (error) {
          expect(error).toBeInstanceOf(SchemaError)
          return
        }
        // What passed can be worked with.
        const { up } = compileLayout(layout)
        for (const { params } of up) {
          try {
            params?.decode([1n, 2, 0, 0, [1, new Uint8Array()]], 'it')
          } catch (error) {
            expect(error).toBeInstanceOf(SchemaError)
          }
        }
        expect(encodeLayout(layout)).toEqual(wire)
      }),
      runs(2000),
    )
  })

  it('of any value is refused', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withTypedArray: true, maxDepth: 4 }), (wire) => {
        expect(() => decodeLayout(wire)).toThrow(SchemaError)
      }),
      runs(100),
    )
  })
})

function replace(wire: unknown[], path: readonly number[], by: unknown): void {
  let at: unknown[] = wire
  for (const step of path) {
    const next = at[step % at.length]
    if (!Array.isArray(next) || next.length === 0) break
    at = next
  }
  const last = path.at(-1) ?? 0
  at[last % at.length] = by
}
