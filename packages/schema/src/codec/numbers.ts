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
  const range = numberRanges[kind]
  if (kind === 'float32') return rounding(range.expects, (value) => inRange(range, value), float32)
  if (kind === 'angle') return rounding(range.expects, (value) => inRange(range, value), angle)
  return leaf({
    expects: range.expects,
    encode(value) {
      if (!inRange(range, value)) throw outOf(kind, value)
      return value === 0 && Object.is(value, -0) ? negativeZero : value
    },
    decode(wire) {
      const value = typeof wire === 'number' ? wire : numberOf(wire)
      if (!inRange(range, value)) throw expected(range.expects, value)
      return value
    },
    matches: (value) => inRange(range, value),
  })
}

/** Coder of a quantized number. */
export function quantizedCoder(def: QuantizedDef): Coder {
  const { steps, holds, toSteps, fromSteps } = quantizer(def)
  return rounding(
    `a number from ${def.min} to ${def.max}`,
    (value): value is number => typeof value === 'number' && holds(value),
    {
      toWire: toSteps,
      fromWire(wire) {
        if (typeof wire !== 'number' || !Number.isInteger(wire) || wire < 0 || wire > steps) {
          throw expected(`a count of steps from 0 to ${steps}`, wire)
        }
        return fromSteps(wire)
      },
    },
  )
}

/** The two ways of a number that is rounded to travel. */
interface Rounding {
  readonly toWire: (value: number) => number
  readonly fromWire: (wire: unknown) => number
}

const float32: Rounding = {
  toWire: Math.fround,
  fromWire(wire) {
    if (!inRange(numberRanges.float32, wire)) throw expected(numberRanges.float32.expects, wire)
    return Math.fround(wire)
  },
}

const angle: Rounding = {
  toWire: angleToSteps,
  fromWire(wire) {
    if (!inRange(numberRanges.uint16, wire)) throw expected('an angle as a number from 0 to 65535', wire)
    return angleFromSteps(wire)
  },
}

/** `exact` asks that nothing is lost to rounding: so that a union takes a finer variant where it has one. */
function rounding(expects: string, holds: (value: unknown) => value is number, { toWire, fromWire }: Rounding): Coder {
  function held(value: unknown): number {
    if (!holds(value)) throw expected(expects, value)
    return value
  }
  const rounded = (value: number): number => fromWire(toWire(value))
  return {
    expects,
    nilable: false,
    encode(value) {
      const wire = toWire(held(value))
      return wire === 0 && Object.is(wire, -0) ? negativeZero : wire
    },
    decode: (wire) => fromWire(numberOf(wire)),
    matches: (value, exact) => holds(value) && (!exact || Object.is(rounded(value), value)),
  }
}

/** Whether a bigint fits into 64 bits, signed or not. */
export function fits64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value
}

/** Coder of 64-bit integers, signed or not. */
export const bigintCoder: Coder = leaf({
  expects: 'a bigint',
  encode(value) {
    if (typeof value !== 'bigint') throw expected('a bigint', value)
    if (!fits64(value)) {
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
  matches: (value) => typeof value === 'bigint' && fits64(value),
})
