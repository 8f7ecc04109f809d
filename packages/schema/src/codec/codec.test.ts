import { pack, unpack } from '@junto/protocol/internal'
import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineRoom, event, type Schema } from '../contract.ts'
import { layoutOf } from '../contract-layout.ts'
import { SchemaError } from '../errors.ts'
import { namedCodecs } from '../named-codecs.ts'
import { valueCases } from '../schemas.fixture.ts'
import * as t from '../types.ts'
import type { Codec } from './codec.ts'
import { compileNamedTypes, type NamedCodec } from './compile-named.ts'
import { encodeNamed } from './plain-data.ts'

/** The codec of a schema, as of an event's payload. */
function codecOf(schema: Schema): NamedCodec {
  const { types, up } = layoutOf(
    defineRoom('room', {
      version: 1,
      state: t.Object({}),
      clientToServer: { it: event(schema) },
      serverToClient: {},
    }),
  )
  const [it] = up
  const codec = it?.kind === 'event' && it.payload !== undefined ? compileNamedTypes(types)[it.payload] : undefined
  if (codec === undefined) throw new Error('the event has no payload')
  return codec
}

/** The codec of a schema, as of what a client says when it joins. */
function joinCodecOf(schema: Schema): NamedCodec {
  const room = defineRoom('room', {
    version: 1,
    state: t.Object({}),
    join: schema,
    clientToServer: {},
    serverToClient: {},
  })
  const codec = namedCodecs(room).join
  if (codec === undefined) throw new Error('the room has no join data')
  return codec
}

function travel(codec: Codec, value: unknown): unknown {
  return codec.decode(unpack(pack(codec.encode(value, 'it'))), 'it')
}

function failure(work: () => unknown): SchemaError {
  try {
    work()
  } catch (error) {
    if (error instanceof SchemaError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a value', () => {
  it('comes out as it went in, by position', () => {
    fc.assert(
      fc.property(valueCases, ({ schema, value }) => {
        expect(travel(codecOf(schema), value)).toStrictEqual(value)
      }),
      runs(500),
    )
  })

  it('comes out as it went in, by name', () => {
    fc.assert(
      fc.property(valueCases, ({ schema, value }) => {
        let codec: NamedCodec
        try {
          codec = joinCodecOf(schema)
        } catch (error) {
          // Unions of what looks alike by name are refused.
          fc.pre(!(error instanceof SchemaError))
          throw error
        }
        const wire = unpack(pack(encodeNamed(value, 'join')))
        expect(codec.decodeNamed(wire, 'join')).toStrictEqual(value)
      }),
      runs(500),
    )
  })

  it('of another type is refused or taken, and nothing else happens', () => {
    fc.assert(
      fc.property(valueCases, fc.anything({ withBigInt: true, withTypedArray: true }), ({ schema }, value) => {
        const codec = codecOf(schema)
        for (const use of ['encode', 'decode', 'decodeNamed'] as const) {
          try {
            codec[use](value, 'it')
          } catch (error) {
            expect(error).toBeInstanceOf(SchemaError)
            expect(error).toMatchObject({ code: 'invalid_value', path: expect.stringMatching(/^it/) })
          }
        }
      }),
      runs(500),
    )
  })

  it('that was mutated on the wire never becomes something of another type', () => {
    fc.assert(
      fc.property(
        valueCases,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }),
        (it, edits) => {
          const codec = codecOf(it.schema)
          const bytes = pack(codec.encode(it.value, 'it')).slice()
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte
          let wire: unknown
          try {
            wire = unpack(bytes)
          } catch {
            return
          }
          try {
            // What was accepted can be sent again.
            codec.encode(codec.decode(wire, 'it'), 'it')
          } catch (error) {
            expect(error).toBeInstanceOf(SchemaError)
          }
        },
      ),
      runs(500),
    )
  })
})

describe('what travels', () => {
  const Point = t.Object({ x: t.Number(), y: t.Number() })

  it.each([
    ['a record as an array of its fields', Point, { y: 2, x: 1 }, [1, 2]],
    ['nothing that its type does not name', Point, { x: 1, y: 2, z: 3 }, [1, 2]],
    ['an absent field as nil', t.Object({ a: t.Optional(t.Number()), b: t.Number() }), { b: 1 }, [null, 1]],
    ['nothing for absent fields at the end', t.Object({ b: t.Number(), a: t.Optional(t.Number()) }), { b: 1 }, [1]],
    ['undefined as absent', t.Object({ a: t.Optional(t.Number()) }), { a: undefined }, []],
    ['a field that may be nil wrapped', t.Object({ a: t.Optional(t.Null()) }), { a: null }, [[null]]],
    ['a list as an array', t.Array(t.String()), ['a', 'b'], ['a', 'b']],
    ['a map as a map', t.Map(Point), { a: { x: 1, y: 2 } }, { a: [1, 2] }],
    ['a tuple as an array', t.Tuple([t.String(), Point]), ['a', { x: 1, y: 2 }], ['a', [1, 2]]],
    ['a literal as nil', t.Literal('a'), 'a', null],
    ['an enum as its index', t.Enum(['a', 'b']), 'b', 1],
    ['a union of literals as the index', t.Union([t.Literal('a'), t.Null(), t.Literal(3)]), 3, 2],
    ['a union as index and value', t.Union([t.String(), t.Null(), Point]), { x: 1, y: 2 }, [2, [1, 2]]],
    ['a quantized number as its count of steps', t.Quantized({ min: -1, max: 1, step: 0.1 }), 0.3, 13],
    ['an angle as 1/65,536 of a turn', t.Angle(), Math.PI / 2, 16_384],
    ['a negative angle as the rest of the turn', t.Angle(), -Math.PI / 2, 49_152],
    ['a 32-bit float rounded', t.Float32(), 0.1, Math.fround(0.1)],
    ['a value kept whole as its type', t.Value(Point), { x: 1, y: 2 }, [1, 2]],
    ['-0 as empty bytes', t.Number(), -0, new Uint8Array(0)],
    ['JSON as it is', t.Json(), { a: [1, null, 'x'] }, { a: [1, null, 'x'] }],
    ['-0 within JSON as empty bytes', t.Json(), { a: [1, -0] }, { a: [1, new Uint8Array(0)] }],
  ])('%s', (_, schema, value, wire) => {
    expect(codecOf(schema).encode(value, 'it')).toStrictEqual(wire)
  })

  it('JSON with -0 leaves the value that was given as it is', () => {
    const value = { a: [1, -0], b: -0 }
    expect(travel(codecOf(t.Json()), value)).toStrictEqual(value)
    expect(value).toStrictEqual({ a: [1, -0], b: -0 })
  })

  it('a record by its accessors', () => {
    class Tracked {
      get x() {
        return 1
      }
      get y() {
        return 2
      }
    }
    expect(codecOf(Point).encode(new Tracked(), 'it')).toEqual([1, 2])
  })
})

describe('a union', () => {
  it('takes the record that its constant field names', () => {
    const codec = codecOf(
      t.Union([
        t.Object({ kind: t.Literal('move'), to: t.Number() }),
        t.Object({ kind: t.Literal('say'), to: t.Optional(t.Number()), text: t.String() }),
      ]),
    )
    expect(codec.encode({ kind: 'say', text: 'hi' }, 'it')).toEqual([1, [null, null, 'hi']])
    expect(failure(() => codec.encode({ kind: 'say', text: 1 }, 'it')).path).toBe('it.text')
    expect(failure(() => codec.encode({ kind: 'sing' }, 'it')).message).toBe(
      'it.kind: expected one of "move", "say", got a string',
    )
  })

  it('takes the variant that loses nothing', () => {
    const narrow = t.Object({ a: t.String() })
    const wide = t.Object({ a: t.String(), b: t.Optional(t.String()) })
    expect(codecOf(t.Union([narrow, wide])).encode({ a: 'x', b: 'y' }, 'it')).toEqual([1, ['x', 'y']])
    expect(codecOf(t.Union([t.Float32(), t.Number()])).encode(0.1, 'it')).toEqual([1, 0.1])
    expect(codecOf(t.Union([t.Float32(), t.Number()])).encode(0.5, 'it')).toEqual([0, 0.5])
  })

  it('inside of unions inside of unions takes no longer than each of them', () => {
    let schema: Schema = t.String()
    for (let level = 0; level < 12; level++) {
      const inner: Schema = schema
      schema = t.Union(['a', 'b', 'c', 'd', 'e'].map((name) => t.Object({ it: inner, [name]: t.Boolean() })))
    }
    let value: unknown = 1
    for (let level = 0; level < 12; level++) value = { it: value, e: true }
    expect(failure(() => codecOf(schema).encode(value, 'it')).code).toBe('invalid_value')
  })

  it('says what is wrong inside the only variant of that shape', () => {
    const codec = codecOf(t.Union([t.Null(), t.Object({ a: t.String() })]))
    expect(failure(() => codec.encode({ a: 1 }, 'it')).path).toBe('it.a')
    expect(failure(() => codec.encode(1, 'it')).message).toBe('it: expected null or an object, got the number 1')
  })
})

describe('a value that cannot travel is refused with its path', () => {
  const deep: unknown[] = []
  deep.push(deep)

  it.each([
    ['NaN', t.Number(), NaN, 'it: expected a finite number, got NaN'],
    ['Infinity', t.Float64(), Infinity, 'it: expected a finite number, got Infinity'],
    [
      'beyond float32',
      t.Float32(),
      1e39,
      'it: expected a number within the range of 32-bit floats, got the number 1e+39',
    ],
    ['256 as a byte', t.Uint8(), 256, 'it: expected a whole number from 0 to 255, got the number 256'],
    ['2^53', t.Integer(), 2 ** 53, /^it: expected a whole number/],
    ['a fraction', t.Int16(), 0.5, /^it: expected a whole number/],
    ['an invalid date', t.Timestamp(), NaN, /^it: expected a time in whole milliseconds/],
    [
      'a time of another beginning',
      t.Timestamp(),
      6258.66,
      /got the number 6258\.66 \(the time of day is Date\.now\(\), or clock\.time\(\) in a room: not clock\.now\(\)\)$/,
    ],
    ['a time with a fraction', t.Timestamp(), 1.7e12 + 0.5, /got the number 1700000000000\.5$/],
    [
      'out of range',
      t.Quantized({ min: 0, max: 1, step: 0.1 }),
      1.01,
      'it: expected a number from 0 to 1, got the number 1.01',
    ],
    ['a bigint of 65 bits', t.BigInt(), 2n ** 64n, /^it: is a bigint beyond 64 bits/],
    ['half a surrogate pair', t.String(), 'a\ud800', /^it: has half a surrogate pair/],
    ['the key __proto__', t.Map(t.Number()), JSON.parse('{"__proto__":1}'), /^it: has the key "__proto__"/],
    ['the key __proto__ in JSON', t.Json(), JSON.parse('{"a":{"__proto__":1}}'), /^it\.a: has the key "__proto__"/],
    ['undefined in JSON', t.Json(), { a: undefined }, 'it.a: is missing: expected a JSON value'],
    ['a Date in JSON', t.Json(), [new Date(0)], /^it\[0\]: expected a JSON value, got an instance of a class/],
    ['JSON that contains itself', t.Json(), deep, /is nested too deep, or contains itself$/],
    ['a Map as a map', t.Map(t.Number()), new Map(), /^it: expected an object of entries by key, got an instance/],
    [
      'a field deep inside',
      t.Array(t.Object({ p: t.Map(t.Tuple([t.Number()])) })),
      [{ p: { 'a b': ['x'] } }],
      /^it\[0\]\.p\["a b"\]\[0\]: expected a finite/,
    ],
    ['a missing field', t.Object({ a: t.Number() }), {}, 'it.a: is missing: expected a finite number'],
    ['null for an object', t.Object({}), null, 'it: expected an object, got null'],
    ['an array for an object', t.Object({}), [], 'it: expected an object, got an array of 0'],
    ['nothing for null', t.Object({ a: t.Null() }), {}, 'it.a: is missing: expected null'],
    ['an inherited function', t.Object({ toString: t.String() }), {}, 'it.toString: is missing: expected a string'],
  ] as const)('%s', (_, schema, value, message) => {
    const error = failure(() => codecOf(schema).encode(value, 'it'))
    expect(error.code).toBe('invalid_value')
    if (typeof message === 'string') expect(error.message).toBe(message)
    else expect(error.message).toMatch(message)
  })

  it.each([
    ['a record that is a map', t.Object({ a: t.Number() }), { a: 1 }, /^it: expected the wire form of its type, got /],
    ['too many fields', t.Object({ a: t.Number() }), [1, 2], /^it: expected the wire form of its type/],
    ['too few fields', t.Object({ a: t.Number() }), [], 'it.a: is missing: expected a finite number'],
    ['nothing for null', t.Object({ a: t.Null() }), [], 'it.a: is missing: expected null'],
    ['an index beyond', t.Enum(['a']), 1, /^it: expected the wire form of its type, got /],
    ['a fractional index', t.Enum(['a', 'b']), 0.5, /^it: expected the wire form of its type, got /],
    ['a variant beyond', t.Union([t.String(), t.Number()]), [2, 1], /^it: expected the wire form of its type, got /],
    [
      'a count of steps beyond',
      t.Quantized({ min: 0, max: 1, step: 0.5 }),
      3,
      /^it: expected the wire form of its type, got /,
    ],
    ['bytes in JSON', t.Json(), { a: new Uint8Array(1) }, /^it\.a: expected a finite number, got 1 bytes/],
    ['a 64-bit integer that is no exact number', t.Number(), 2n ** 60n, /^it: expected a finite number, got a bigint/],
  ] as const)('%s, when it is received', (_, schema, wire, message) => {
    const error = failure(() => codecOf(schema).decode(wire, 'it'))
    if (typeof message === 'string') expect(error.message).toBe(message)
    else expect(error.message).toMatch(message)
  })

  it('without repeating a text that may be secret', () => {
    expect(failure(() => codecOf(t.Number()).encode('hunter2', 'it')).message).not.toContain('hunter2')
  })
})

describe('integers of other encoders', () => {
  it('are taken as 64-bit ones where they are exact', () => {
    expect(codecOf(t.Timestamp()).decode(1_700_000_000_000n, 'it')).toBe(1_700_000_000_000)
    expect(codecOf(t.BigInt()).decode(5, 'it')).toBe(5n)
    expect(codecOf(t.Number()).decode(-0, 'it')).toBe(-0)
  })
})

describe('data by name', () => {
  it('ignores fields that its type does not have', () => {
    const codec = joinCodecOf(t.Object({ name: t.String() }))
    expect(codec.decodeNamed({ name: 'Ada', color: 1 }, 'join')).toEqual({ name: 'Ada' })
  })

  it('may leave fields undefined', () => {
    expect(encodeNamed({ a: 1, b: undefined, c: { d: undefined } }, 'join')).toEqual({ a: 1, c: {} })
  })

  it.each([
    [{ a: () => 1 }, 'join.a: expected plain data, got a function'],
    [{ a: [Symbol('x')] }, 'join.a[0]: expected plain data, got a symbol'],
    [new Map(), /^join: expected plain data, got an instance of a class: only plain objects/],
    [{ a: NaN }, 'join.a: expected a finite number, got NaN'],
    [[undefined], 'join[0]: is missing: expected plain data'],
  ])('refuses %o', (value, message) => {
    const error = failure(() => encodeNamed(value, 'join'))
    if (typeof message === 'string') expect(error.message).toBe(message)
    else expect(error.message).toMatch(message)
  })

  it('names constants, and rounds as the wire would', () => {
    const codec = joinCodecOf(
      t.Object({ role: t.Enum(['a', 'b']), at: t.Quantized({ min: 0, max: 1, step: 0.1 }), kind: t.Literal(1) }),
    )
    expect(codec.decodeNamed({ role: 'b', at: 0.32, kind: 1 }, 'join')).toEqual({ role: 'b', at: 0.3, kind: 1 })
    expect(failure(() => codec.decodeNamed({ role: 1, at: 0, kind: 1 }, 'join')).message).toBe(
      'join.role: expected one of "a", "b", got the number 1',
    )
  })
})
