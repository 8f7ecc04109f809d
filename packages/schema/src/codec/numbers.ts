import type { NumberKind, QuantizedDef } from '../layout.ts'
import { leaf, type Coder } from './coder.ts'
import { expected, Fault, malformed } from './fault.ts'
import { angleFromSteps, angleToSteps, quantizer } from './quantized.ts'

interface Bounds {
  readonly min: number
  readonly max: number
  readonly whole: boolean
}

/** Range of a number kind. */
export interface NumberRange extends Bounds {
  /** Reads on from "expected". */
  readonly expects: string
}

const largestFloat32 = (2 - 2 ** -23) * 2 ** 127

function wholeRange(min: number, max: number): NumberRange {
  return { expects: `a whole number from ${min} to ${max}`, min, max, whole: true }
}

function floatRange(expects: string, max: number): NumberRange {
  return { expects, min: -max, max, whole: false }
}

/** The number kinds with their ranges, the one place where these stand. */
export const numberRanges: { readonly [K in NumberKind]: NumberRange } = {
  number: floatRange('a finite number', Number.MAX_VALUE),
  int: wholeRange(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  uint8: wholeRange(0, 0xff),
  uint16: wholeRange(0, 0xffff),
  uint32: wholeRange(0, 0xffff_ffff),
  int8: wholeRange(-0x80, 0x7f),
  int16: wholeRange(-0x8000, 0x7fff),
  int32: wholeRange(-0x8000_0000, 0x7fff_ffff),
  float32: floatRange('a number within the range of 32-bit floats', largestFloat32),
  float64: floatRange('a finite number', Number.MAX_VALUE),
  angle: floatRange('an angle in radians', Number.MAX_VALUE),
  timestamp: {
    ...wholeRange(-8.64e15, 8.64e15),
    expects: 'a time in whole milliseconds since 1970 that a Date can hold',
  },
}

/** Whether a value is a number of that range. NaN and the infinities are in none. */
export function inRange(range: Bounds, value: unknown): value is number {
  return (
    typeof value === 'number' && value >= range.min && value <= range.max && (!range.whole || Number.isInteger(value))
  )
}

/**
 * The fault of a value that is out of its kind's range, where somebody wrote it. What counts from another beginning than
 * 1970 is what people take for a time most often: it is small, and it has a fraction.
 */
export function outOf(kind: NumberKind, value: unknown): Fault {
  const fault = expected(numberRanges[kind].expects, value)
  const monotonic = kind === 'timestamp' && typeof value === 'number' && Math.abs(value) < 1e11
  if (!monotonic || Number.isInteger(value)) return fault
  return new Fault(`${fault.what} (the time of day is Date.now(), or clock.time() in a room: not clock.now())`)
}

/**
 * The wire form of -0: an empty `bin`. Several msgpack encoders, the one used here among them, turn the float -0 into
 * the integer 0. No type that holds a number holds bytes too.
 */
const negativeZero = new Uint8Array(0)

function wireNumber(value: number): unknown {
  return value === 0 && Object.is(value, -0) ? negativeZero : value
}

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
  const range = numberRanges[kind]
  const { expects } = range
  const holds = (value: unknown): value is number => inRange(range, value)
  if (kind === 'float32') return rounding(expects, holds, range, Math.fround, Math.fround)
  if (kind === 'angle') return rounding(expects, holds, numberRanges.uint16, angleToSteps, angleFromSteps)
  return {
    expects,
    encode(value) {
      if (!holds(value)) throw outOf(kind, value)
      return wireNumber(value)
    },
    decode(wire) {
      const value = typeof wire === 'number' ? wire : numberOf(wire)
      if (!holds(value)) throw expected(expects, value)
      return value
    },
    matches: holds,
  }
}

/** Coder of a quantized number. */
export function quantizedCoder(def: QuantizedDef): Coder {
  const { steps, holds, toSteps, fromSteps } = quantizer(def)
  return rounding(
    `a number from ${def.min} to ${def.max}`,
    (value): value is number => typeof value === 'number' && holds(value),
    { min: 0, max: steps, whole: true },
    toSteps,
    fromSteps,
  )
}

/**
 * Coder of a number that is rounded to travel. To match exactly is to lose nothing to that: so that a union takes a finer
 * variant where it has one.
 */
function rounding(
  expects: string,
  holds: (value: unknown) => value is number,
  wireRange: Bounds,
  toWire: (value: number) => number,
  fromWire: (wire: number) => number,
): Coder {
  return {
    expects,
    encode(value) {
      if (!holds(value)) throw expected(expects, value)
      return wireNumber(toWire(value))
    },
    decode(wire) {
      const number = numberOf(wire)
      if (!inRange(wireRange, number)) throw malformed(wire)
      return fromWire(number)
    },
    matches: (value, exact) => holds(value) && (!exact || Object.is(fromWire(toWire(value)), value)),
  }
}

/** Whether a bigint fits into 64 bits, signed or not. */
export function fits64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value
}

const anyBigint = leaf('a bigint', (value): value is bigint => typeof value === 'bigint')

/** Coder of 64-bit integers, signed or not. */
export const bigintCoder: Coder = {
  ...anyBigint,
  encode(value) {
    if (fits64(anyBigint.encode(value))) return value
    throw new Fault('is a bigint beyond 64 bits; from -2^63 to 2^64-1 can travel')
  },
  // Other encoders write small integers in few bytes, and those are decoded as numbers.
  decode: (wire) => (typeof wire === 'number' && Number.isSafeInteger(wire) ? BigInt(wire) : anyBigint.decode(wire)),
  matches: (value) => typeof value === 'bigint' && fits64(value),
}
