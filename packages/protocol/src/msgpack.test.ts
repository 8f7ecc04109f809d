import { runs } from '@junto/testing'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import * as browser from './browser-codec.ts'
import { JuntoError } from './errors.ts'
import { fromHex, join, toHex } from './hex.fixture.ts'
import { unpack } from './msgpack.ts'
import * as node from './msgpackr-codec.ts'

const codecs = [
  { name: 'in Node', ...node },
  { name: 'in browsers', ...browser },
]

// msgpack as anybody has it. 'auto' is missing in its typings.
const plain = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'auto' } as object)

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -32, -33, -128, -129, -32_768),
  fc.constantFrom(-32_769, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53, NaN, Infinity, -Infinity, 1e-320, -0),
)
const sizedText = fc
  .tuple(fc.integer({ min: 0, max: 70_000 }), fc.constantFrom('a', 'é', '€', '🎨'))
  .map(([length, sign]) => sign.repeat(length))
const key = fc
  .oneof(fc.string(), fc.constantFrom('constructor', 'toString', 'hasOwnProperty', '1', ''))
  .filter((name) => name !== '__proto__')
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(null, undefined, true, false),
    number,
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('any')),
    fc.dictionary(key, tie('any')),
  ),
})).any

describe('the codecs of Node and of browsers', () => {
  it('write the same bytes, which anybody reads, and read them alike', () => {
    fc.assert(
      fc.property(value, (original) => {
        const bytes = node.pack(original)
        expect(toHex(browser.pack(original))).toBe(toHex(bytes))
        const [read] = browser.unpackSequence(bytes)
        expect(read).toEqual(node.unpackSequence(bytes)[0])
        expect(read).toEqual(asRead(original))
        expect(read).toEqual(asRead(plain.unpack(bytes)))
        expect(toHex(browser.pack(read))).toBe(toHex(node.pack(read)))
      }),
      runs(1000),
    )
  })

  it('write the same texts, of any length and any script', () => {
    const same = (text: string): void => {
      const bytes = node.pack(text)
      expect(Buffer.compare(browser.pack(text), bytes)).toBe(0)
      expect(browser.unpackSequence(bytes)[0] === text).toBe(true)
      expect(node.unpackSequence(bytes)[0] === text).toBe(true)
    }
    fc.assert(fc.property(fc.oneof(sizedText, fc.string({ unit: 'grapheme', maxLength: 100 })), same), runs(100))
    for (const sign of ['a', 'é', '€', '🎨']) for (let length = 0; length < 300; length++) same(sign.repeat(length))
  })

  it('read what others write in more bytes than needed, and what is no UTF-8', () => {
    const hexes = [
      ['d9 01 61', 'da 00 01 61', 'db 00 00 00 01 61', 'dc 00 01 01', 'dd 00 00 00 01 01', 'de 00 01 a1 61 01'],
      ['df 00 00 00 01 a1 61 01', 'cc 01', 'cd 00 01', 'ce 00 00 00 01', 'd0 01', 'd1 00 01', 'd2 00 00 00 01'],
      ['ca 3f 00 00 00', 'ca 80 00 00 00', 'c5 00 01 01', 'c6 00 00 00 01 01', 'a2 c3 28', 'a3 ed a0 80', 'a1 ff'],
      [
        'cf 00 1f ff ff ff ff ff ff',
        'cf 00 20 00 00 00 00 00 01',
        'd3 ff ff ff ff ff ff ff ff',
        'd3 80 00 00 00 00 00 00 00',
      ],
    ].flat()
    for (const bytes of [...hexes.map(fromHex), join(fromHex('d9 80'), new Uint8Array(128).fill(0xff))]) {
      expect(browser.unpackSequence(bytes), toHex(bytes)).toEqual(node.unpackSequence(bytes))
      expect(browser.unpackSequence(bytes)).toHaveLength(1)
    }
    expect(browser.unpackSequence(fromHex('01 92 02 03 a1 61'))).toEqual([1, [2, 3], 'a'])
    expect(node.unpackSequence(fromHex('01 92 02 03 a1 61'))).toEqual([1, [2, 3], 'a'])
  })
})

describe.each(codecs)('$name', ({ pack, unpackSequence }) => {
  it.each<[unknown, string]>([
    [-0, '00'],
    [NaN, 'cb 7f f8 00 00 00 00 00 00'],
    [0.5, 'cb 3f e0 00 00 00 00 00 00'],
    [2 ** 40, 'cb 42 70 00 00 00 00 00 00'],
    [-1, 'ff'],
    [-200, 'd1 ff 38'],
    [-70_000, 'd2 ff fe ee 90'],
    [5n, 'd3 00 00 00 00 00 00 00 05'],
    [2n ** 64n - 1n, 'cf ff ff ff ff ff ff ff ff'],
    [undefined, 'c0'],
    [{ a: undefined }, '81 a1 61 c0'],
    [Object.assign(Object.create(null), { a: 1 }), '81 a1 61 01'],
    [Uint8Array.of(1), 'c4 01 01'],
    [Buffer.of(1), 'c4 01 01'],
  ])('%s is %s', (original, hex) => {
    expect(toHex(pack(original))).toBe(hex)
  })

  it.each<[string, unknown, string]>([
    ['a function', () => 1, 'a function'],
    ['a symbol', Symbol('x'), 'a symbol'],
    ['a Date', new Date(0), 'a Date'],
    ['a Set', new Set(), 'a Set'],
    ['an error', [new Error('x')], 'a Error'],
    ['a regular expression', [/x/], 'a RegExp'],
    ['an instance', { deep: new (class Point {})() }, 'a Point'],
    ['something without a class', Object.create(Object.create(null)), 'without a class'],
    ['another typed array', new Float32Array(1), 'a Float32Array'],
    ['a Map', new Map([['a', 1]]), 'a Map'],
    ['a bigint of 65 bits', 2n ** 64n, 'more than 64 bits'],
    ['a large negative bigint', -(2n ** 63n) - 1n, 'more than 64 bits'],
    ['a cycle', cycle(), 'deeper than 32'],
    ['33 levels', nested(33), 'deeper than 32'],
  ])('refuses %s, and writes what follows right', (_name, original, message) => {
    expect(() => pack([1, 2, original])).toThrow(JuntoError)
    expect(() => pack([1, 2, original])).toThrow(message)
    expect(toHex(pack([1, 2]))).toBe('92 01 02')
  })

  it('never writes into bytes again, and keeps no large buffer alive', () => {
    const small = Array.from({ length: 5000 }, (_, i) => pack([i, 'x'.repeat(i % 50)]))
    pack('x'.repeat(1_000_000))
    expect(pack([1, 'é'.repeat(100)]).buffer.byteLength).toBe(8192)
    for (const [i, bytes] of small.entries()) {
      expect(unpackSequence(bytes)).toEqual([[i, 'x'.repeat(i % 50)]])
      expect(bytes.buffer.byteLength).toBeLessThanOrEqual(8192)
    }
  })

  it.each([511, 600, 700, 2000, 2800, 7000, 8100, 30_000])('keeps no large buffer alive after %i signs', (length) => {
    for (const text of ['x'.repeat(length), 'é'.repeat(length / 2), ['x'.repeat(length - 5), 'y']]) {
      pack(text)
      expect(pack(1).buffer.byteLength).toBeLessThanOrEqual(8192)
    }
  })

  it('writes values of any size beside any other', () => {
    const valueOf = (size: number): unknown => [new Uint8Array(size).fill(size), 'é'.repeat(size % 3000)]
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 30 }), (sizes) => {
        const written = sizes.map((size) => pack(valueOf(size)))
        for (const [i, size] of sizes.entries()) {
          expect(Buffer.compare(written[i] ?? new Uint8Array(), plain.pack(valueOf(size)))).toBe(0)
        }
      }),
      runs(30),
    )
  })

  it('reads bytes as copies, also out of a Buffer', () => {
    const bytes = Buffer.from(fromHex('92 c4 02 01 02 a1 61'))
    const [list] = unpackSequence(bytes)
    bytes.fill(0)
    expect(list).toStrictEqual([Uint8Array.of(1, 2), 'a'])
  })

  it('reads what nests as deep as it may', () => {
    expect(unpackSequence(pack(nested(32)))).toEqual([nested(32)])
  })
})

describe('a single value', () => {
  it.each([
    '',
    '01 01',
    'c1',
    'd4 00 00',
    '91',
    'a5 61',
    '81 01 01',
    'dd ff ff ff ff',
    '81 a9 5f 5f 70 72 6f 74 6f 5f 5f 01',
  ])('is not what %j holds', (hex) => {
    expect(() => unpack(fromHex(hex))).toThrow(JuntoError)
  })

  it('is read where there is one', () => {
    expect(unpack(fromHex('a1 61'))).toBe('a')
  })
})

function cycle(): unknown {
  const list: unknown[] = []
  list.push(list)
  return list
}

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)]
}

/** What comes out of what goes in: nil for undefined, 0 for -0, numbers for bigints that they hold. */
function asRead(original: unknown): unknown {
  if (original === undefined) return null
  if (Object.is(original, -0)) return 0
  if (typeof original === 'bigint') {
    return original >= -(2n ** 53n) && original <= 2n ** 53n ? Number(original) : original
  }
  if (original instanceof Uint8Array) return new Uint8Array(original)
  if (Array.isArray(original)) return original.map(asRead)
  if (typeof original !== 'object' || original === null) return original
  return Object.fromEntries(Object.entries(original).map(([name, field]) => [name, asRead(field)]))
}
