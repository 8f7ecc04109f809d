import type { QuantizedDef } from '../layout.ts'

/** Converts between numbers of a range and counts of steps. */
export interface Quantizer {
  /** The largest count of steps. */
  readonly steps: number
  /** Whether a number lies in the range; NaN does not. */
  readonly holds: (value: number) => boolean
  /** The nearest count of steps, 0 … `steps`, of a number that lies in the range. */
  readonly toSteps: (value: number) => number
  /** The number that a count of steps, 0 … `steps`, stands for. */
  readonly fromSteps: (count: number) => number
}

/** The largest count of steps a range may have: an unsigned 32-bit integer holds it. */
export const maxSteps = 0xffff_ffff

/** What a quantized number's range may hold, before it was looked at. */
interface RangeParts {
  readonly min: unknown
  readonly max: unknown
  readonly step: unknown
}

/** A range of numbers, and its step. */
export type QuantizedRange = Pick<QuantizedDef, keyof RangeParts>

/** Whether a range is a good one. */
export function isRange(range: RangeParts): range is QuantizedRange {
  const { min, max, step } = range
  if (!isPlainNumber(min) || !isPlainNumber(max) || !isPlainNumber(step)) return false
  if (min >= max || step <= 0 || stepsOf(min, max, step) > maxSteps) return false
  // Fine steps of large numbers would be lost in their rounding.
  const middle = (min + max) / 2
  return Math.max(Math.abs(min), Math.abs(max)) / step <= 2 ** 40 && middle > min && middle < max
}

function isPlainNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)
}

/** What is wrong with a range; nothing when it is a good one. */
export function rangeFault(range: RangeParts): string | undefined {
  if (isRange(range)) return undefined
  const { min, max, step } = range
  if (typeof min !== 'number' || typeof max !== 'number' || typeof step !== 'number') {
    return 'needs min, max and step as numbers'
  }
  if (!Number.isFinite(min) || !Number.isFinite(max) || !Number.isFinite(step)) {
    return `needs finite numbers, not min ${min}, max ${max}, step ${step}`
  }
  if (Object.is(min, -0) || Object.is(max, -0)) return 'has -0 as a bound: write 0'
  if (min >= max) return `needs min below max, not ${min} and ${max}`
  if (step <= 0) return `needs a step above 0, not ${step}`
  const steps = stepsOf(min, max, step)
  if (steps > maxSteps) return `has ${steps} steps; ${maxSteps} is the limit: take a larger step or t.Float64`
  return `has a step of ${step}, too fine for numbers of that size`
}

// 0.3 / 0.1 is 2.9999999999999996 and must count as 3.
const tolerance = 1e-9

function stepsOf(min: number, max: number, step: number): number {
  return Math.max(1, Math.ceil((max - min) / step - tolerance))
}

/** The quantizer of a range without {@link rangeFault}. */
export function quantizer({ min, max, step }: QuantizedDef): Quantizer {
  const steps = stepsOf(min, max, step)
  // The range need not be a multiple of the step: then the last step is a shorter one, to `max` itself.
  const fullSteps = Math.floor((max - min) / step + tolerance)
  const nearMax = fullSteps < steps ? (min + fullSteps * step + max) / 2 : Infinity
  const { parts, minParts, stepParts } = decimalOf(min, step)
  return {
    steps,
    holds: (value) => value >= min && value <= max,
    toSteps: (value) => (value >= nearMax ? steps : Math.min(fullSteps, nearest((value - min) / step))),
    fromSteps(count) {
      if (count === steps) return max
      const value = (minParts + count * stepParts) / parts
      return value < min ? min : value
    },
  }
}

/**
 * The range in whole parts of one, where it was written in decimals: 3 / 10 is 0.3, while 3 * 0.1 is 0.30000000000000004.
 */
function decimalOf(min: number, step: number): { parts: number; minParts: number; stepParts: number } {
  for (let parts = 1; parts <= 1e9; parts *= 10) {
    const minParts = Math.round(min * parts)
    const stepParts = Math.round(step * parts)
    if (minParts / parts === min && stepParts / parts === step) return { parts, minParts, stepParts }
  }
  return { parts: 1, minParts: min, stepParts: step }
}

/**
 * What `Math.round` gives, but that the largest number below a half becomes 1 and nothing -0. Engines make a branch of `Math.round`
 * that depends on the fraction, which a processor guesses wrong half the time: it took half of the time of a write.
 */
function nearest(value: number): number {
  return Math.floor(value + 0.5)
}

const turn = 2 * Math.PI
const angleSteps = 65_536

/** The 16-bit count, 0 … 65,535, of an angle in radians; whole turns are dropped. */
export function angleToSteps(radians: number): number {
  // `& 0xffff` also wraps negative counts; the remainder first, because it takes 32 bits only.
  return nearest(((radians % turn) / turn) * angleSteps) & 0xffff
}

/** The angle in radians, -π ≤ angle < π, of a 16-bit count. */
export function angleFromSteps(count: number): number {
  return ((count >= angleSteps / 2 ? count - angleSteps : count) / angleSteps) * turn
}
