import type { Coder } from '../../codec/coder.ts'
import { expected, isPlainObject, nullForNone, within } from '../../codec/fault.ts'
import { bigintCoder, inRange, numberRanges, outOf } from '../../codec/numbers.ts'
import { angleFromSteps, angleToSteps, quantizer } from '../../codec/quantized.ts'
import { booleanCoder, constantsCoder, literalCoder, nullCoder, stringCoder } from '../../codec/scalars.ts'
import type { NumberKind, TypeDef, TypeIndex } from '../../layout.ts'
import { lower } from '../../codec/lower.ts'
import { equalEntries, equalItems, frozenEntries, frozenItems, mapItems } from './frozen.ts'
import { equalJson, takeJson } from './json-value.ts'

/** A type of values that hold no nodes: atoms, and what is replaced as a whole. */
export interface WholeType {
  /** Whether values that are equal on the wire can differ as written: quantized numbers and angles, and what holds them. */
  readonly drifts: boolean
  /** Checks a value and returns what is kept: an atom, or a frozen copy. Throws a `Fault`. */
  readonly take: (value: unknown) => unknown
  /** Whether two kept values are known to be the same on the wire. */
  readonly equal: (one: unknown, other: unknown) => boolean
  /** What mirrors see of a kept value. */
  readonly plain: (kept: unknown) => unknown
}

/** Chooses the variant of a union that a value is of. Throws a `Fault` when it is of none. */
export type ChooseVariant = (union: TypeIndex, value: unknown) => number

/** The whole types of a layout, made when first asked for. */
export function wholeTypes(types: readonly TypeDef[], choose: ChooseVariant): (index: TypeIndex) => WholeType {
  const made: WholeType[] = []
  const inner = (index: TypeIndex): WholeType => (made[index] ??= wholeType(types, index, choose, inner))
  return inner
}

function wholeType(
  types: readonly TypeDef[],
  index: TypeIndex,
  choose: ChooseVariant,
  inner: (index: TypeIndex) => WholeType,
): WholeType {
  const type = lower(types, index)
  switch (type.kind) {
    case 'null':
      return atom(nullCoder)
    case 'boolean':
      return atom(booleanCoder)
    case 'string':
      return atom(stringCoder)
    case 'bigint':
      return atom(bigintCoder)
    case 'literal':
      return constants(literalCoder(type.value), () => type.value)
    case 'enum': {
      const coder = constantsCoder(type.values)
      return constants(coder, (value) => type.values[coder.variantOf?.(value) ?? 0])
    }
    case 'bytes':
      // Nobody can freeze bytes, so that those kept may have been written to since they were sent: they are never known to
      // be equal, and whoever assigns has them sent.
      return { drifts: false, take: takeBytes, equal: () => false, plain: same }
    case 'json':
      return { drifts: false, take: (value) => takeJson(value), equal: equalJson, plain: same }
    case 'quantized': {
      const { holds, toSteps, fromSteps } = quantizer(type)
      const expects = `a number from ${type.min} to ${type.max}`
      return stepped((value) => typeof value === 'number' && holds(value), expects, toSteps, fromSteps)
    }
    case 'angle': {
      const range = numberRanges.angle
      return stepped((value) => inRange(range, value), range.expects, angleToSteps, angleFromSteps)
    }
    case 'optional':
      return optional(inner(type.type))
    case 'union': {
      const variants = type.types.map(inner)
      return union((value) => choose(index, value), variants)
    }
    case 'value':
      return inner(type.type)
    case 'tuple':
      return tuple(type.types.map(inner))
    case 'list':
      return list(inner(type.type))
    case 'map':
      return map(inner(type.type))
    case 'record':
      return record(type.fields.map((field) => ({ name: field.name, type: inner(field.type) })))
    default:
      return number(type.kind)
  }
}

function same(kept: unknown): unknown {
  return kept
}

function atom(coder: Coder): WholeType {
  return {
    drifts: false,
    take(value) {
      // Encoding is the check; its result is the form of another wire.
      coder.encode(value)
      return value
    },
    equal: Object.is,
    plain: same,
  }
}

/** Constants are kept as they were declared: 0 where somebody wrote -0. */
function constants(coder: Coder, constant: (value: unknown) => unknown): WholeType {
  const { take, ...rest } = atom(coder)
  return { ...rest, take: (value) => constant(take(value)) }
}

function number(kind: NumberKind): WholeType {
  const range = numberRanges[kind]
  const round = kind === 'float32' ? Math.fround : undefined
  return {
    drifts: false,
    take(value) {
      if (!inRange(range, value)) throw outOf(kind, value)
      return round === undefined ? value : round(value)
    },
    equal: Object.is,
    plain: same,
  }
}

function stepped(
  holds: (value: unknown) => boolean,
  expects: string,
  toSteps: (value: number) => number,
  fromSteps: (count: number) => number,
): WholeType {
  return {
    drifts: true,
    take(value) {
      if (!holds(value)) throw expected(expects, value)
      return value
    },
    equal: (one, other) => steps(one) === steps(other),
    plain: (kept) => fromSteps(steps(kept)),
  }
  function steps(kept: unknown): number {
    return typeof kept === 'number' ? toSteps(kept) : Number.NaN
  }
}

function takeBytes(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) throw expected('bytes (a Uint8Array)', value)
  return new Uint8Array(value)
}

/** Takes a value that may be absent. */
export function optionally<T>(take: (value: unknown) => T): (value: unknown) => T | undefined {
  return (value) => {
    if (value === undefined) return undefined
    if (value !== null) return take(value)
    try {
      return take(value)
    } catch (error) {
      throw nullForNone(error)
    }
  }
}

function optional(inner: WholeType): WholeType {
  return {
    drifts: inner.drifts,
    take: optionally(inner.take),
    equal: (one, other) => (one === undefined || other === undefined ? one === other : inner.equal(one, other)),
    plain: (kept) => (kept === undefined ? undefined : inner.plain(kept)),
  }
}

function union(choose: (value: unknown) => number, variants: readonly WholeType[]): WholeType {
  return {
    drifts: variants.some((variant) => variant.drifts),
    take: (value) => variants[choose(value)]?.take(value),
    equal(one, other) {
      if (Object.is(one, other)) return true
      const variant = choose(one)
      return variant === choose(other) && variants[variant]?.equal(one, other) === true
    },
    plain: (kept) => variants[choose(kept)]?.plain(kept),
  }
}

function tuple(elements: readonly WholeType[]): WholeType {
  const drifts = elements.some((element) => element.drifts)
  const expects = `an array of exactly ${elements.length}`
  return {
    drifts,
    take(value) {
      if (!Array.isArray(value) || value.length !== elements.length) throw expected(expects, value)
      return frozenItems(value, (item, index) => elements[index]?.take(item))
    },
    equal: (one, other) =>
      Array.isArray(one) &&
      Array.isArray(other) &&
      equalItems(one, other, (a, b, index) => elements[index]?.equal(a, b) === true),
    plain: drifts ? (kept) => mapItems(kept, (item, index) => elements[index]?.plain(item)) : same,
  }
}

function list(item: WholeType): WholeType {
  return {
    drifts: item.drifts,
    take(value) {
      if (!Array.isArray(value)) throw expected('an array', value)
      return frozenItems(value, item.take)
    },
    equal: (one, other) => Array.isArray(one) && Array.isArray(other) && equalItems(one, other, item.equal),
    plain: item.drifts ? (kept) => mapItems(kept, item.plain) : same,
  }
}

function map(entry: WholeType): WholeType {
  return {
    drifts: entry.drifts,
    take(value) {
      if (!isPlainObject(value)) throw expected('an object of entries by key', value)
      return frozenEntries(value, entry.take)
    },
    equal: (one, other) => isPlainObject(one) && isPlainObject(other) && equalEntries(one, other, entry.equal),
    plain: entry.drifts ? (kept) => (isPlainObject(kept) ? frozenEntries(kept, entry.plain) : kept) : same,
  }
}

function record(fields: readonly { readonly name: string; readonly type: WholeType }[]): WholeType {
  const drifts = fields.some((field) => field.type.drifts)
  return {
    drifts,
    take(value) {
      const source = fieldsOf(value)
      return build((name, type) => type.take(fieldOf(source, name)))
    },
    equal(one, other) {
      const a = fieldsOf(one)
      const b = fieldsOf(other)
      return fields.every(({ name, type }) => type.equal(a[name], b[name]))
    },
    plain: drifts
      ? (kept) => {
          const source = fieldsOf(kept)
          return build((name, type) => type.plain(source[name]))
        }
      : same,
  }

  function build(value: (name: string, type: WholeType) => unknown): Readonly<Record<string, unknown>> {
    const made: Record<string, unknown> = {}
    for (const { name, type } of fields) {
      try {
        const part = value(name, type)
        if (part !== undefined) made[name] = part
      } catch (error) {
        throw within(error, name)
      }
    }
    return Object.freeze(made)
  }
}

/** The fields of an object of any class; a handle of the state has them as accessors. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected('an object', value)
  if (value instanceof Uint8Array || value instanceof Map) throw expected('an object', value)
  // Reading a named property of an object asks nothing of its type.
  return value as Readonly<Record<string, unknown>>
}

/** A field of an object; what every object inherits, such as `toString`, is not one. */
export function fieldOf(source: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = source[name]
  return typeof value === 'function' && name in Object.prototype && !Object.hasOwn(source, name) ? undefined : value
}
