import type { LiteralValue, TypeDef, TypeIndex } from './layout.ts'

/** The type of a field when it is there, and whether it may be absent. */
export function optionalOf(
  types: readonly TypeDef[],
  type: TypeIndex,
): { readonly optional: boolean; readonly type: TypeIndex } {
  const def = types[type]
  return def?.kind === 'optional' ? { optional: true, type: def.type } : { optional: false, type }
}

/** All values of a type, where these are few constants. */
export function constantsOf(def: TypeDef): readonly (LiteralValue | null)[] | undefined {
  switch (def.kind) {
    case 'null':
      return [null]
    case 'boolean':
      return [true, false]
    case 'literal':
      return [def.value]
    case 'enum':
      return def.values
    default:
      return undefined
  }
}

/** Whether a type holds a number; bigints are no numbers. */
export function isNumeric(def: TypeDef): boolean {
  switch (def.kind) {
    case 'null':
    case 'boolean':
    case 'string':
    case 'bigint':
    case 'bytes':
    case 'json':
    case 'literal':
    case 'enum':
    case 'optional':
    case 'record':
    case 'map':
    case 'list':
    case 'tuple':
    case 'union':
    case 'value':
      return false
    default:
      return true
  }
}

/** A type in words: "a string", "one of ...". */
export function describeType(types: readonly TypeDef[], index: TypeIndex): string {
  const def = types[index]
  if (def === undefined) return 'nothing'
  switch (def.kind) {
    case 'literal':
      return constantText(def.value)
    case 'enum':
      return def.values.length > 8
        ? `an enum of ${def.values.length}`
        : `one of ${def.values.map(constantText).join(', ')}`
    case 'record':
      return 'an object'
    case 'tuple':
      return `a tuple of ${def.types.length}`
    case 'union':
      return def.types.length > 4
        ? `a union of ${def.types.length}`
        : def.types.map((type) => describeType(types, type)).join(' or ')
    case 'value':
      return `a value kept whole (${describeType(types, def.type)})`
    case 'null':
      return 'null'
    case 'bytes':
      return 'bytes'
    case 'json':
      return 'free-form JSON'
    default:
      return isNumeric(def) ? 'a number' : `a ${def.kind}`
  }
}

function constantText(constant: LiteralValue): string {
  return typeof constant === 'string' ? JSON.stringify(constant) : String(constant)
}
