import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '@junto/testing'
import { forEachFrame } from './frame-sizes.ts'
import { encodeFrame } from './frame-encoding.ts'
import * as FrameType from './frame-type.ts'
import { pack } from './msgpack.ts'

function sizes(message: Uint8Array): (readonly [type: number, size: number])[] {
  const found: (readonly [number, number])[] = []
  forEachFrame(message, (type, size) => found.push([type, size]))
  return found
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

const value = fc.anything({
  maxDepth: 3,
  values: [
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.string({ maxLength: 300 }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.uint8Array({ maxLength: 300 }),
  ],
  key: fc.string().filter((key) => key !== '__proto__'),
  withNullPrototype: false,
})

test('finds every frame between the numbers of rooms, whatever it holds', () => {
  const frame = fc.tuple(fc.integer({ min: 1, max: 63 }), fc.array(value, { maxLength: 20 }))
  const message = fc.array(fc.tuple(fc.option(fc.integer({ min: 0, max: 70_000 })), frame), {
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(message, (frames) => {
      const parts: Uint8Array[] = []
      const expected: [number, number][] = []
      for (const [room, [type, values]] of frames) {
        if (room !== null) parts.push(pack(room))
        const bytes = pack([type, ...values])
        parts.push(bytes)
        expected.push([type, bytes.length])
      }
      expect(sizes(concat(parts))).toEqual(expected)
    }),
    runs(300),
  )
})

test('long arrays, maps, texts and bytes', () => {
  const long = [
    Array.from({ length: 70_000 }, () => 1),
    Array.from({ length: 300 }, () => 'x'),
    'y'.repeat(70_000),
    'z'.repeat(300),
    new Uint8Array(70_000),
    new Uint8Array(300),
    Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i])),
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i])),
  ]
  for (const each of long) {
    const frame = encodeFrame({ type: FrameType.event, id: 1, payload: each })
    expect(sizes(concat([pack(1), frame, frame]))).toEqual([
      [FrameType.event, frame.length],
      [FrameType.event, frame.length],
    ])
  }
})

test('a type that is written in more bytes than it needs is no type of ours', () => {
  expect(sizes(Uint8Array.of(0x92, 0xcc, 0x10, 0x01))).toEqual([[0, 4]])
  expect(sizes(Uint8Array.of(0xdc, 0x00, 0x02, 0x10, 0x01))).toEqual([[16, 5]])
  expect(sizes(Uint8Array.of(0xdd, 0x00, 0x00, 0x00, 0x02, 0x10, 0x01))).toEqual([[16, 7]])
})
