import type { Coder } from './coder.ts'
import { expected, malformed, within } from './fault.ts'
import { numberOf } from './numbers.ts'
import type { UnionTag } from './union-tag.ts'

/**
 * Coder of a union: `[index of the variant, value]`.
 *
 * Records that differ in a constant field are told apart by it. Otherwise the variant is the first that fits without a
 * field left over, or else the first that fits.
 */
export function unionCoder(coders: readonly Coder[], tag: UnionTag | undefined): Coder {
  const exactly = {}
  const loosely = {}
  const expects = coders.length > 8 ? 'a variant of a union' : [...new Set(coders.map((c) => c.expects))].join(' or ')

  function variantOf(value: unknown): number {
    return tag === undefined ? choose(() => firstThatFits(value)) : tagged(tag, value)
  }

  function firstThatFits(value: unknown): number {
    for (const exact of [true, false]) {
      const index = coders.findIndex((coder) => coder.matches(value, exact))
      if (index !== -1) return index
    }
    // The only object among the variants can say more precisely what is wrong with an object.
    const shape = shapeOf(value)
    const alike = coders.filter((coder) => shape !== undefined && coder.shape === shape)
    const [only] = alike
    if (only !== undefined && alike.length === 1) return coders.indexOf(only)
    throw expected(expects, value)
  }

  function matchesAny(value: unknown, exact: boolean): boolean {
    if (tag === undefined) return coders.some((coder) => coder.matches(value, exact))
    return coders[tag.variants.get(field(value, tag.name)) ?? -1]?.matches(value, exact) === true
  }

  return {
    expects,
    variantOf,
    encode(value) {
      const index = variantOf(value)
      return [index, coders[index]?.encode(value)]
    },
    decode(wire) {
      if (!Array.isArray(wire) || wire.length !== 2) throw malformed(wire)
      const parts: readonly unknown[] = wire
      const index = numberOf(parts[0])
      const coder = typeof index === 'number' ? coders[index] : undefined
      if (coder === undefined) throw malformed(wire)
      return coder.decode(parts[1])
    },
    matches: (value, exact) => answer(exact ? exactly : loosely, value, () => matchesAny(value, exact)),
  }
}

/** How many unions are being asked which variant a value is. */
let asking = 0
/** Found meanwhile, by value and question. */
let answers = new Map<object, Map<object, boolean>>()

/**
 * Where unions stand within the variants of unions, each variant outside asks the same of what is inside: the answers are
 * kept until the outermost union knows its variant. Without that, the work would multiply with each level.
 */
function choose(find: () => number): number {
  asking++
  try {
    return find()
  } finally {
    asking--
    if (asking === 0 && answers.size > 0) answers = new Map()
  }
}

function answer(question: object, value: unknown, find: () => boolean): boolean {
  if (asking === 0 || typeof value !== 'object' || value === null) return find()
  let known = answers.get(value)
  if (known === undefined) answers.set(value, (known = new Map<object, boolean>()))
  let found = known.get(question)
  if (found === undefined) known.set(question, (found = find()))
  return found
}

/** The variant whose tag a value has. */
export function tagged(tag: UnionTag, value: unknown): number {
  if (typeof value !== 'object' || value === null) throw expected('an object', value)
  const constant = field(value, tag.name)
  const index = tag.variants.get(constant)
  if (index !== undefined) return index
  const names = [...tag.variants.keys()].slice(0, 12).map((key) => JSON.stringify(String(key)))
  throw within(expected(`one of ${names.join(', ')}`, constant), tag.name)
}

function field(value: unknown, name: string): unknown {
  // Reading a named property of an object asks nothing of its type.
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

function shapeOf(value: unknown): Coder['shape'] {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'object' && value !== null ? 'object' : undefined
}
