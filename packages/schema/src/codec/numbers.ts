import type { NumberKind, QuantizedDef } from '../layout.ts'
import { leaf, type Coder } from './coder.ts'
import { expected, Fault } from './fault.ts'
import { angleFromSteps, angleToSteps, quantizer } from './quantized.ts'

/** Range of a number kind. */
export interface NumberRange {
  /** Reads on from "expected". */
  readonly expects: string
  readonly min: number
  readonly max: number
  readonly whole: boolean
}

const largestFloat32 = (2 - 2 ** -23) * 2 ** 127

function wholeRange(min: number, max: number): NumberRange {
  return { expects: `a whole number from ${min} to ${max}`, min, max, whole: true }
}

/** The number kinds with their ranges, the one place where these stand. */
export const numberRanges: { readonly [K in NumberKind]: NumberRange } = {
  number: { expects: 'a finite number', min: -Number.MAX_VALUE, max: Number.MAX_VALUE, whole: false },
  int: wholeRange(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  uint8: wholeRange(0, 0xff),
  uint16: wholeRange(0, 0xffff),
  uint32: wholeRange(0, 0xffff_ffff),
  int8: wholeRange(-0x80, 0x7f),
  int16: wholeRange(-0x8000, 0x7fff),
  int32: wholeRange(-0x8000_0000, 0x7fff_ffff),
  float32: {
    expects: 'a number within the range of 32-bit floats',
    min: -largestFloat32,
    max: largestFloat32,
    whole: false,
  },
  float64: { expects: 'a finite number', min: -Number.MAX_VALUE, max: Number.MAX_VALUE, whole: false },
  angle: { expects: 'an angle in radians', min: -Number.MAX_VALUE, max: Number.MAX_VALUE, whole: false },
  timestamp: {
    expects: 'a time in whole milliseconds since 1970 that a Date can hold',
    min: -8.64e15,
    max: 8.64e15,
    whole: true,
  },
}

/** Whether a value is a number of that range. NaN and the infinities are in none. */
export function inRange(range: NumberRange, value: unknown): value is number {
  return (
    typeof value === 'number' && value >= range.min && value <= range.max && (!range.whole || Number.isInteger(value))
  )
}

/**
 * The wire form of -0: an empty `bin`. Several msgpack encoders, the one used here among them, turn the float -0 into
 * the integer 0. No type that holds a number holds bytes too.
 */
export const negativeZero = new Uint8Array(0)

/** The number of a wire form, before its range is checked; the value itself when it is no number. */
export function numberOf(wire: unknown): unknown {
  if (typeof wire === 'bigint') {
    // 64-bit integers are decoded as bigint; small ones may have been written so by other encoders.
    const number = Number(wire)
    return Number.isSafeInteger(number) ? number : wire
  }
  return wire instanceof Uint8Array && wire.length === 0 ? -0 : wire
}

/** Coder of a number kind. */
export function numberCoder(kind: NumberKind): Coder {
  if (kind === 'angle') return angleCoder
  const range = numberRanges[kind]
  const round = kind === 'float32' ? Math.fround : same
  return leaf({
    expects: range.expects,
    encode(value) {
      if (!inRange(range, value)) throw expected(range.expects, value)
      return value === 0 && Object.is(value, -0) ? negativeZero : round(value)
    },
    decode(wire) {
      const value = typeof wire === 'number' ? wire : numberOf(wire)
      if (!inRange(range, value)) throw expected(range.expects, value)
      return round(value)
    },
    matches: (value) => inRange(range, value),
  })
}

function same(value: number): number {
  return value
}

const angleRange = numberRanges.angle

const angleCoder: Coder = {
  expects: angleRange.expects,
  nilable: false,
  encode(value) {
    if (!inRange(angleRange, value)) throw expected(angleRange.expects, value)
    return angleToSteps(value)
  },
  decode(wire) {
    const count = numberOf(wire)
    if (!inRange(numberRanges.uint16, count)) throw expected('an angle as a number from 0 to 65535', count)
    return angleFromSteps(count)
  },
  decodeNamed(wire) {
    const value = numberOf(wire)
    if (!inRange(angleRange, value)) throw expected(angleRange.expects, value)
    return angleFromSteps(angleToSteps(value))
  },
  matches: (value) => inRange(angleRange, value),
}

/** Coder of a quantized number. */
export function quantizedCoder(def: QuantizedDef): Coder {
  const { steps, holds, toSteps, fromSteps } = quantizer(def)
  const expects = `a number from ${def.min} to ${def.max}`
  function held(value: unknown): number {
    if (typeof value !== 'number' || !holds(value)) throw expected(expects, value)
    return value
  }
  return {
    expects,
    nilable: false,
    encode: (value) => toSteps(held(value)),
    decode(wire) {
      const count = numberOf(wire)
      if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > steps) {
        throw expected(`a count of steps from 0 to ${steps}`, count)
      }
      return fromSteps(count)
    },
    decodeNamed: (wire) => fromSteps(toSteps(held(numberOf(wire)))),
    matches: (value) => typeof value === 'number' && holds(value),
  }
}

const minBigint = -(2n ** 63n)
const maxBigint = 2n ** 64n - 1n

/** Coder of 64-bit integers, signed or not. */
export const bigintCoder: Coder = leaf({
  expects: 'a bigint',
  encode(value) {
    if (typeof value !== 'bigint') throw expected('a bigint', value)
    if (value < minBigint || value > maxBigint) {
      throw new Fault('is a bigint beyond 64 bits; from -2^63 to 2^64-1 can travel')
    }
    return value
  },
  decode(wire) {
    if (typeof wire === 'bigint') return wire
    // Other encoders write small integers in few bytes, and those are decoded as numbers.
    if (typeof wire === 'number' && Number.isSafeInteger(wire)) return BigInt(wire)
    throw expected('a bigint', wire)
  },
  matches: (value) => typeof value === 'bigint' && value >= minBigint && value <= maxBigint,
})
