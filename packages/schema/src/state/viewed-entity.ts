import { describe } from '../codec/fault.ts'
import { SchemaError } from '../errors.ts'
import type { NodeRegistry } from './node-registry.ts'
import { Handle, pathOf, type StateNode } from './state-node.ts'

/**
 * The node of what somebody takes into or out of a view; nothing for what was removed from the state.
 *
 * @throws SchemaError `invalid_value` when it is no entity of a viewed map of this state.
 */
export function viewedEntity(registry: NodeRegistry, value: unknown): StateNode | undefined {
  const node = Handle.node(value)
  if (node === undefined) {
    const what = `is ${describe(value)}, and no entity: what comes into view stands in a map with { view: true }`
    throw new SchemaError('invalid_value', 'entity', what)
  }
  if (node.registry === undefined) return undefined
  if (node.registry !== registry)
    throw new SchemaError('invalid_value', pathOf(node), 'stands in the state of another room')
  return node
}

/** The error for what stands in a state, but in no viewed map. */
export function unviewed(node: StateNode): SchemaError {
  const what =
    'cannot come into view by itself: it stands in no map with { view: true }. What stands inside of such an entity is seen with it'
  return new SchemaError('invalid_value', pathOf(node), what)
}

/** The error for what was removed before it could come into view. */
export function removedEntity(value: unknown): SchemaError {
  const node = Handle.node(value)
  const what = 'cannot come into view: it was removed from the state'
  return new SchemaError('invalid_value', node === undefined ? 'entity' : pathOf(node), what)
}
