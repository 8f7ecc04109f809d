import { lower } from '../codec/lower.ts'
import type { TypeDef, TypeIndex } from '../layout.ts'

/**
 * Whether values of a type take no bytes: `null`, constants, and records and tuples of nothing else. In a list such an
 * item is followed by one zero byte, so that no count can promise more than the bytes that are there.
 *
 * @param whole Whether records stand inside a value replaced as a whole, and not as nodes, which are references.
 */
export function takesNoBytes(types: readonly TypeDef[], index: TypeIndex, whole: boolean): boolean {
  const type = lower(types, index)
  switch (type.kind) {
    case 'null':
    case 'literal':
      return true
    case 'value':
      return takesNoBytes(types, type.type, true)
    case 'tuple':
      return type.types.every((element) => takesNoBytes(types, element, true))
    case 'record':
      return whole && type.fields.every((field) => takesNoBytes(types, field.type, true))
    default:
      return false
  }
}

/** Whether a slot of that type can hold a node: a record, map or list that is tracked by itself. */
export function holdsNodes(types: readonly TypeDef[], index: TypeIndex): boolean {
  const type = lower(types, index)
  switch (type.kind) {
    case 'record':
    case 'map':
    case 'list':
      return true
    case 'optional':
      return holdsNodes(types, type.type)
    case 'union':
      return type.types.some((variant) => holdsNodes(types, variant))
    default:
      return false
  }
}
