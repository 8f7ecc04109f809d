import { Handle } from '../nodes/state-node.ts'
import { RecordNode } from '../nodes/record-node.ts'
import { TrackedList } from '../nodes/tracked-list.ts'
import { TrackedMap } from '../nodes/tracked-map.ts'

/** All records, maps and lists of a state, in its order. */
export function* eachHandle(value: unknown): Iterable<unknown> {
  const node = Handle.node(value)
  if (node === undefined) return
  yield value
  const below: unknown[] = []
  node.eachChild((child) => below.push(child.handle))
  for (const handle of below) yield* eachHandle(handle)
}

/** A copy of a state as it was written: numbers unrounded, maps in their order. */
export function asWritten(value: unknown): unknown {
  if (value instanceof TrackedMap) return new Map(Array.from(value, ([key, entry]) => [key, asWritten(entry)]))
  if (value instanceof TrackedList) return value.map(asWritten)
  const node = Handle.node(value)
  if (!(node instanceof RecordNode)) return value
  return Object.fromEntries(node.type.fields.map(({ name, index }) => [name, asWritten(node.read(index))]))
}
