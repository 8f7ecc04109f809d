import { describe } from '../../codec/fault.ts'
import { SchemaError } from '../../errors.ts'
import type { NodeRegistry } from '../nodes/node-registry.ts'
import { entityScope, type EntityScope } from './scope.ts'
import { Handle, pathOf, type StateNode } from '../nodes/state-node.ts'

/**
 * What somebody takes into or out of a view; nothing when it was removed from the state.
 *
 * @throws SchemaError `invalid_value` when it is no entry of a viewed map of this state.
 */
export function viewedEntity(registry: NodeRegistry, value: unknown): EntityScope | undefined {
  const node = Handle.node(value)
  if (node === undefined) {
    const what = `is ${describe(value)}, and no entity: what comes into view is what stands in a map with { view: true }, as map.get(key) returns it`
    throw new SchemaError('invalid_value', 'entity', what)
  }
  if (node.registry === undefined) return undefined
  if (node.registry !== registry) {
    throw refused(node, 'stands in the state of another room')
  }
  const scope = entityScope(node)
  if (scope !== undefined) return scope
  const what =
    'cannot come into view by itself: it stands in no map with { view: true }. What stands inside of such an entity is seen with it'
  throw refused(node, what)
}

function refused(node: StateNode, what: string): SchemaError {
  const path = pathOf(node)
  return new SchemaError('invalid_value', path, path === '' ? `the state: ${what}` : what)
}

/** The error for an entity that was removed before it could come into view. */
export function removedEntity(value: unknown): SchemaError {
  const node = Handle.node(value)
  const what = 'cannot come into view: it was removed from the state'
  return new SchemaError('invalid_value', node === undefined ? 'entity' : pathOf(node), what)
}
