import { unionTag } from './codec/union-tag.ts'
import type { LiteralValue, TypeDef, TypeIndex } from './layout.ts'
import { isNumeric } from './type-description.ts'

const numbers = 1
const lookAlikes = 2

/**
 * Whether one of the types from `since` on is a union whose variants cannot be told apart in data that travels by name.
 *
 * By name -0 travels as empty bytes, and a bigint may come out of msgpack as a number; it takes the type to tell. A union
 * asks the value for the type. By position it is the index that tells.
 */
export function hasAmbiguousUnion(types: readonly TypeDef[], since: number): boolean {
  const contents: number[] = []
  const all = (inner: readonly TypeIndex[]): number => inner.reduce((bits, type) => bits | (contents[type] ?? 0), 0)
  for (const def of types) {
    switch (def.kind) {
      case 'bytes':
      case 'bigint':
        contents.push(lookAlikes)
        break
      case 'record':
        contents.push(all(def.fields.map(({ type }) => type)))
        break
      case 'tuple':
      case 'union':
        contents.push(all(def.types))
        break
      case 'optional':
      case 'map':
      case 'list':
      case 'value':
        contents.push(all([def.type]))
        break
      case 'literal':
        contents.push(bitsOf(def.value))
        break
      case 'enum':
        contents.push(def.values.reduce<number>((bits, value) => bits | bitsOf(value), 0))
        break
      default:
        contents.push(def.kind === 'json' || isNumeric(def) ? numbers : 0)
    }
  }
  return types.some((def, index) => {
    if (index < since || def.kind !== 'union' || contents[index] !== (numbers | lookAlikes)) return false
    return unionTag(def.types, types) === undefined
  })
}

function bitsOf(constant: LiteralValue): number {
  if (typeof constant === 'bigint') return lookAlikes
  return typeof constant === 'number' ? numbers : 0
}
