import type { Coder } from './coder.ts'
import { expected, Fault, within } from './fault.ts'
import { numberOf } from './numbers.ts'
import type { UnionTag } from './union-tag.ts'

/**
 * Coder of a union: `[index of the variant, value]`.
 *
 * Records that differ in a constant field are told apart by it. Otherwise the variant is the first that fits without a
 * field left over, or else the first that fits.
 */
export function unionCoder(coders: readonly Coder[], tag: UnionTag | undefined): Coder {
  const expects = coders.length > 8 ? 'a variant of a union' : [...new Set(coders.map((c) => c.expects))].join(' or ')

  function variantOf(value: unknown): number {
    if (tag !== undefined) return tagged(tag, value)
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

  return {
    expects,
    nilable: false,
    variantOf,
    encode(value) {
      const index = variantOf(value)
      return [index, coders[index]?.encode(value)]
    },
    decode(wire) {
      if (!Array.isArray(wire) || wire.length !== 2) throw expected('a variant as [index, value]', wire)
      const parts: readonly unknown[] = wire
      const index = numberOf(parts[0])
      const coder = typeof index === 'number' ? coders[index] : undefined
      if (coder === undefined) throw new Fault(`has no such variant: there are ${coders.length}`)
      return coder.decode(parts[1])
    },
    decodeNamed(wire, exact) {
      if (tag !== undefined) return coders[tagged(tag, wire)]?.decodeNamed(wire, exact)
      for (const strictly of exact ? [true] : [true, false]) {
        for (const coder of coders) {
          try {
            return coder.decodeNamed(wire, strictly)
          } catch (error) {
            if (!(error instanceof Fault)) throw error
          }
        }
      }
      throw expected(expects, wire)
    },
    matches: (value, exact) =>
      tag === undefined
        ? coders.some((coder) => coder.matches(value, exact))
        : coders[tag.variants.get(field(value, tag.name)) ?? -1]?.matches(value, exact) === true,
  }
}

function tagged(tag: UnionTag, value: unknown): number {
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
