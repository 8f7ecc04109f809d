import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { JuntoError } from './errors.ts'
import { fromHex, join, toHex } from './hex.fixture.ts'
import { pack, unpack, unpackSequence } from './msgpack.ts'

// The judge of what is msgpack, written by others. 'auto' is missing in its typings.
const judge = new Packr({
  useRecords: false,
  variableMapSize: true,
  int64AsType: 'auto',
  encodeUndefinedAsNil: true,
} as object)

const number = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -32, -33, -128, -129),
  fc.constantFrom(-32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53, NaN, Infinity, -Infinity, 1e-320),
)
// Beyond what numbers hold exactly, since that comes back as numbers. (The judge makes a number of 2^53 too.)
const bigint = fc.oneof(
  fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) - 1n }),
)
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ maxLength: 40 }),
  fc
    .tuple(fc.integer({ min: 0, max: 70_000 }), fc.constantFrom('a', 'é', '€', '🎨'))
    .map(([n, sign]) => sign.repeat(n)),
)
const key = fc
  .oneof(fc.string(), fc.constantFrom('constructor', 'toString', 'hasOwnProperty', '1', ''))
  .filter((k) => k !== '__proto__')
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    number,
    bigint,
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('any')),
    fc.dictionary(key, tie('any'), { noNullPrototype: true }),
  ),
})).any

describe('what is written', () => {
  it('reads back as it was, here and by others', () => {
    fc.assert(
      fc.property(value, (original) => {
        const bytes = pack(original)
        expect(unpack(bytes)).toEqual(original)
        expect(normal(judge.unpack(bytes))).toEqual(normal(original))
      }),
      { numRuns: 1000 },
    )
  })

  it('by others reads here as they read it', () => {
    fc.assert(
      fc.property(value, (original) => {
        const bytes = judge.pack(original)
        expect(unpack(bytes)).toEqual(normal(judge.unpack(bytes)))
      }),
      { numRuns: 1000 },
    )
  })

  it('as a text of any length and any script reads back', () => {
    fc.assert(
      fc.property(text, (original) => {
        expect(unpack(pack(original))).toBe(original)
        expect(judge.unpack(pack(original))).toBe(original)
      }),
    )
    for (const sign of ['a', 'é', '€', '🎨']) {
      for (let n = 0; n < 300; n++) expect(unpack(pack(sign.repeat(n)))).toBe(sign.repeat(n))
    }
  })

  it.each<[unknown, string]>([
    [-0, 'ca 80 00 00 00'],
    [NaN, 'cb 7f f8 00 00 00 00 00 00'],
    [0.5, 'ca 3f 00 00 00'],
    [0.1, 'cb 3f b9 99 99 99 99 99 9a'],
    [-Infinity, 'ca ff 80 00 00'],
    [2 ** 40, 'ca 53 80 00 00'],
    [2 ** 40 + 1, 'cb 42 70 00 00 00 00 10 00'],
    [-1, 'ff'],
    [-200, 'd1 ff 38'],
    [-70_000, 'd2 ff fe ee 90'],
    [5n, 'd3 00 00 00 00 00 00 00 05'],
    [2n ** 64n - 1n, 'cf ff ff ff ff ff ff ff ff'],
    [undefined, 'c0'],
    [[undefined, null], '92 c0 c0'],
    [{ a: undefined }, '81 a1 61 c0'],
    [new Map([['a', 1]]), '81 a1 61 01'],
    [Object.assign(Object.create(null), { a: 1 }), '81 a1 61 01'],
    ['\ufeffa', 'a4 ef bb bf 61'],
    [Uint8Array.of(1), 'c4 01 01'],
    [Buffer.of(1), 'c4 01 01'],
  ])('%s is %s', (original, hex) => {
    expect(toHex(pack(original))).toBe(hex)
  })

  it('is never changed later, and keeps no large buffer alive', () => {
    const small = Array.from({ length: 5000 }, (_, i) => pack([i, 'x'.repeat(i % 50)]))
    const large = pack('x'.repeat(1_000_000))
    expect(large.buffer.byteLength).toBe(large.length)
    const after = pack([1])
    expect(after.buffer.byteLength).toBe(8192)
    for (const [i, bytes] of small.entries()) {
      expect(unpack(bytes)).toEqual([i, 'x'.repeat(i % 50)])
      expect(bytes.buffer.byteLength).toBeLessThanOrEqual(8192)
    }
  })

  it('of any size beside any other reads back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 30 }), (sizes) => {
        const written = sizes.map((size) => pack([new Uint8Array(size).fill(size), 'é'.repeat(size % 3000)]))
        for (const [i, size] of sizes.entries()) {
          const read: unknown = unpack(written[i] ?? new Uint8Array())
          const [bytes, text] = read as [Uint8Array, string]
          expect(Buffer.compare(bytes, new Uint8Array(size).fill(size))).toBe(0)
          expect(text === 'é'.repeat(size % 3000)).toBe(true)
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('what is refused', () => {
  it.each<[string, unknown, string]>([
    ['a function', () => 1, 'a function'],
    ['a symbol', Symbol('x'), 'a symbol'],
    ['a Date', new Date(0), 'a Date'],
    ['a Set', new Set(), 'a Set'],
    ['a regular expression', [/x/], 'a RegExp'],
    ['an instance', { deep: new (class Point {})() }, 'a Point'],
    ['another typed array', new Float32Array(1), 'a Float32Array'],
    ['a Map with other keys', new Map([[1, 1]]), 'keys are not strings'],
    ['a bigint of 65 bits', 2n ** 64n, 'more than 64 bits'],
    ['a cycle', cycle(), 'deeper than 32'],
  ])('%s, and what follows is right', (_name, original, message) => {
    expect(() => pack([1, 2, original])).toThrow(JuntoError)
    expect(() => pack([1, 2, original])).toThrow(message)
    expect(toHex(pack([1, 2]))).toBe('92 01 02')
  })

  it('is what is no single value, when one is read', () => {
    for (const hex of [
      '',
      '01 01',
      'c1',
      'd4 00 00',
      '91',
      'a5 61',
      '81 01 01',
      'dd ff ff ff ff',
      '81 a9 5f 5f 70 72 6f 74 6f 5f 5f 01',
    ]) {
      expect(() => unpack(fromHex(hex)), hex).toThrow(JuntoError)
    }
  })

  function cycle(): unknown {
    const list: unknown[] = []
    list.push(list)
    return list
  }
})

describe('what is read', () => {
  it('is a number where that is exact, else a bigint', () => {
    expect(unpack(fromHex('cf 00 1f ff ff ff ff ff ff'))).toBe(2 ** 53 - 1)
    expect(unpack(fromHex('cf 00 20 00 00 00 00 00 00'))).toBe(2n ** 53n)
    expect(unpack(fromHex('d3 ff e0 00 00 00 00 00 00'))).toBe(-(2n ** 53n))
    expect(unpack(fromHex('d3 ff ff ff ff ff ff ff ff'))).toBe(-1)
  })

  it('is U+FFFD where it is no UTF-8, in texts of any length', () => {
    expect(unpack(fromHex('a2 c3 28'))).toBe('\ufffd(')
    expect(unpack(join(fromHex('d9 20'), new Uint8Array(32).fill(0xff)))).toBe('\ufffd'.repeat(32))
  })

  it('owns its bytes, also when it came in a Buffer', () => {
    const bytes = Buffer.from(fromHex('92 c4 02 01 02 a1 61'))
    const [list] = unpackSequence(bytes)
    bytes.fill(0)
    expect(list).toEqual([Uint8Array.of(1, 2), 'a'])
  })
})

/** Bytes not as Buffers, which msgpackr gives. */
function normal(original: unknown): unknown {
  if (original instanceof Uint8Array) return new Uint8Array(original)
  if (Array.isArray(original)) return original.map(normal)
  if (typeof original !== 'object' || original === null) return original
  return Object.fromEntries(Object.entries(original).map(([name, field]) => [name, normal(field)]))
}
