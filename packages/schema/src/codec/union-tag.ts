import type { LiteralValue, TypeDef, TypeIndex } from '../layout.ts'

/** The constant field that tells the records of a union apart, and the variant of each of its values. */
export interface UnionTag {
  readonly name: string
  readonly variants: ReadonlyMap<unknown, number>
}

/** Constant fields looked at: people write one, and a received layout shall not make us search. */
const candidates = 8

/** The tag of a union: a required field that is another constant in each variant. Unions of other than records have none. */
export function unionTag(variants: readonly TypeIndex[], types: readonly TypeDef[]): UnionTag | undefined {
  const [first, ...others] = variants.map((type) => constantFields(types[type], types))
  for (const [name, value] of [...(first ?? [])].slice(0, candidates)) {
    const indexes = new Map<unknown, number>([[value, 0]])
    for (const [index, constants] of others.entries()) {
      const constant = constants.get(name)
      if (constant !== undefined && !indexes.has(constant)) indexes.set(constant, index + 1)
    }
    if (indexes.size === variants.length) return { name, variants: indexes }
  }
  return undefined
}

function constantFields(def: TypeDef | undefined, types: readonly TypeDef[]): ReadonlyMap<string, LiteralValue> {
  const constants = new Map<string, LiteralValue>()
  if (def?.kind !== 'record') return constants
  for (const { name, type } of def.fields) {
    const field = types[type]
    if (field?.kind === 'literal') constants.set(name, field.value)
  }
  return constants
}
