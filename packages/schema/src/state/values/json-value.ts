import { expected, Fault, isPlainObject } from '../../codec/fault.ts'
import { checkedString } from '../../codec/scalars.ts'
import { layoutBounds } from '../../layout-bounds.ts'
import { equalEntries, equalItems, frozenEntries, frozenItems } from './frozen.ts'

/** Checks a free-form value and returns a frozen copy. Throws a `Fault`. */
export function takeJson(value: unknown, depth: number = layoutBounds.jsonDepth): unknown {
  switch (typeof value) {
    case 'string':
      return checkedString(value)
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw expected('a finite number', value)
      return value
    case 'object':
      if (value === null) return null
      if (depth === 0) throw new Fault('is nested too deep, or contains itself')
      if (Array.isArray(value)) return frozenItems(value, (item) => takeJson(item, depth - 1))
      if (isPlainObject(value)) return frozenEntries(value, (part) => takeJson(part, depth - 1))
      throw expected('a JSON value', value)
    default:
      throw expected('a JSON value', value)
  }
}

/** The same JSON, the order of keys included. */
export function equalJson(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && equalItems(one, other, equalJson)
  }
  return isPlainObject(one) && isPlainObject(other) && equalEntries(one, other, equalJson)
}
