import type { Entry, Path } from '../../undo/entry.ts'
import { listEntry } from '../../undo/list-entry.ts'
import { samePlain } from '../../undo/same-plain.ts'
import { ListNode } from '../nodes/list-node.ts'
import type { MapNode } from '../nodes/map-node.ts'
import type { RecordNode } from '../nodes/record-node.ts'
import { Handle, type StateNode } from '../nodes/state-node.ts'
import type { Slot } from '../values/slot.ts'
import { FormerState } from './former-state.ts'
import { absent, type Recorder } from './recorder.ts'

/**
 * What a mutation changed, place by place, so that it can be taken back: what it wrote and what stood there before. What cancelled out
 * is not in it.
 *
 * To be asked right after the mutation, before anything else is written.
 */
export function entriesOf(record: Recorder): readonly Entry[] {
  const former = new FormerState(record)
  const entries: Entry[] = []
  for (const [node, fields] of former.fields) if (stayed(former, node)) recordEntries(entries, former, node, fields)
  for (const node of former.entries.keys()) if (stayed(former, node)) mapEntries(entries, former, node)
  for (const node of former.items.keys()) if (stayed(former, node)) listEntries(entries, former, node)
  return entries
}

/** What came or went is told of where it stood, as a whole. */
function stayed({ added }: FormerState, node: StateNode): boolean {
  return node.registry !== undefined && !added.has(node)
}

function recordEntries(
  entries: Entry[],
  former: FormerState,
  node: RecordNode,
  fields: ReadonlyMap<number, unknown>,
): void {
  for (const [index, before] of fields) {
    const field = node.type.fields[index]
    if (field !== undefined) placeEntry(entries, former, node, field.name, field.slot, before, node.read(index))
  }
}

function mapEntries(entries: Entry[], former: FormerState, node: MapNode): void {
  const touched = former.entries.get(node)
  for (const key of former.keysOf(node)) {
    const before = touched?.get(key)
    placeEntry(
      entries,
      former,
      node,
      key,
      node.type.entry,
      before === absent ? undefined : before,
      node.entries.get(key),
    )
  }
}

function placeEntry(
  entries: Entry[],
  former: FormerState,
  node: StateNode,
  place: string,
  slot: Slot,
  before: unknown,
  after: unknown,
): void {
  if (Object.is(before, after)) return
  const is = plainOf(slot, after)
  if (Handle.node(before) === undefined && Handle.node(after) === undefined && samePlain(plainOf(slot, before), is))
    return
  entries.push({
    kind: 'place',
    path: pathOf(node),
    type: node.type.index,
    place,
    before: former.valueOf(before),
    after: is,
    source: former.itemsIn(before),
  })
}

function plainOf(slot: Slot, kept: unknown): unknown {
  return kept === undefined ? undefined : slot.plain(kept)
}

function listEntries(entries: Entry[], former: FormerState, node: ListNode): void {
  const { plain } = node.type.item
  const plainUnlessNode = (item: unknown) => (Handle.node(item) === undefined ? plain(item) : item)
  // One at a time: most of a long list is not looked at.
  const lazily = (items: readonly unknown[]) => ({
    length: items.length,
    at: (index: number) => plainUnlessNode(items[index]),
  })
  const entry = listEntry(
    pathOf(node),
    node.type.index,
    {
      items: lazily(former.itemsOf(node)),
      valueOf: (item) => former.valueOf(item),
      sourceOf: (item) => former.sourceOf(item),
    },
    { items: lazily(node.items), valueOf: (item) => plain(item) },
    former.untouched.get(node),
  )
  if (entry !== undefined) entries.push(entry)
}

/** Where a node stands. */
function pathOf(node: StateNode): Path {
  const path: (string | Handle)[] = []
  for (let at = node; at.parent !== undefined; at = at.parent) {
    path.unshift(at.parent instanceof ListNode ? at.handle : at.key)
  }
  return path
}
