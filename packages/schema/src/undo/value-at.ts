import type { Handle } from '../state/nodes/state-node.ts'
import { TrackedList } from '../state/nodes/tracked-list.ts'
import { TrackedMap } from '../state/nodes/tracked-map.ts'

/** What stands in a field, under a key, or at an index. */
export function valueAt(container: Handle, place: string | number): unknown {
  if (container instanceof TrackedMap) return container.get(String(place))
  return container instanceof TrackedList ? container.at(Number(place)) : Reflect.get(container, place)
}
