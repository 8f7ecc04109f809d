import { lower } from '../../codec/lower.ts'
import type { TypeDef, TypeIndex } from '../../layout.ts'
import { sameValue } from '../same-value.ts'

/** Steps of an angle, one of which is this in radians. */
const angleStep = (2 * Math.PI) / 0x1_0000

/** What a step may be larger, for the sums that came to the numbers. */
const tolerance = 1 + 1e-6

/**
 * Whether two values of a mirror are the same but for quantization: numbers that travel as counts of steps may be one step apart, since
 * the server goes on from numbers as they were written, and a mirror from what it was sent.
 */
export function alike(types: readonly TypeDef[], index: TypeIndex, one: unknown, other: unknown): boolean {
  if (sameValue(one, other)) return true
  const def = lower(types, index)
  switch (def.kind) {
    case 'quantized':
      return distance(one, other) <= def.step * tolerance
    case 'angle': {
      const apart = distance(one, other) % (2 * Math.PI)
      return Math.min(apart, 2 * Math.PI - apart) <= angleStep * tolerance
    }
    case 'optional':
      return one !== undefined && other !== undefined && alike(types, def.type, one, other)
    case 'value':
      return alike(types, def.type, one, other)
    case 'union':
      return def.types.some((variant) => alike(types, variant, one, other))
    case 'tuple':
      return eachAlike(one, other, (index, a, b) => alikeAs(types, def.types[index], a, b))
    case 'list':
      return eachAlike(one, other, (_, a, b) => alike(types, def.type, a, b))
    case 'map':
      return mapsAlike(entriesOf(one), entriesOf(other), (a, b) => alike(types, def.type, a, b))
    case 'record': {
      if (!isObject(one) || !isObject(other)) return false
      const typeOf = new Map(def.fields.map(({ name, type }) => [name, type]))
      return Object.keys({ ...one, ...other }).every((name) => alikeAs(types, typeOf.get(name), one[name], other[name]))
    }
    default:
      return false
  }
}

/** Of a part of a value; there is no type for it where the value is of another variant. */
function alikeAs(types: readonly TypeDef[], index: TypeIndex | undefined, one: unknown, other: unknown): boolean {
  return index === undefined ? sameValue(one, other) : alike(types, index, one, other)
}

function distance(one: unknown, other: unknown): number {
  return typeof one === 'number' && typeof other === 'number' ? Math.abs(one - other) : Infinity
}

function eachAlike(one: unknown, other: unknown, like: (index: number, a: unknown, b: unknown) => boolean): boolean {
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false
  return one.every((item, index) => like(index, item, other[index]))
}

/** Of a map that is tracked or replaced as a whole. */
function entriesOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (value instanceof Map) return value
  return isObject(value) ? new Map(Object.entries(value)) : undefined
}

function mapsAlike(
  one: ReadonlyMap<string, unknown> | undefined,
  other: ReadonlyMap<string, unknown> | undefined,
  like: (a: unknown, b: unknown) => boolean,
): boolean {
  if (one === undefined || one.size !== other?.size) return false
  return Array.from(one).every(([key, value]) => other.has(key) && like(value, other.get(key)))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}
