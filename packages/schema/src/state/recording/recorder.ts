import type { ListNode, PendingItems } from '../nodes/list-node.ts'
import type { MapNode, PendingKeys } from '../nodes/map-node.ts'
import type { NodeRegistry } from '../nodes/node-registry.ts'
import type { RecordNode } from '../nodes/record-node.ts'
import type { StateNode } from '../nodes/state-node.ts'
import type { Sighting } from '../viewers/sighting.ts'

/** Stands for "there was no such entry". */
export const absent: unique symbol = Symbol('absent')

/** One write, with all that it takes to put back what stood there, and what patches were to say of it. */
export type Change =
  /** A field had a value; `written`: it had been written since the last version before. */
  | {
      readonly kind: 'field'
      readonly node: RecordNode
      readonly index: number
      readonly before: unknown
      readonly written: boolean
    }
  /** An entry had a value, or was {@link absent}; `set` and `deleted`: what patches were to say of its key. */
  | {
      readonly kind: 'entry'
      readonly node: MapNode
      readonly key: string
      readonly before: unknown
      readonly set: boolean | undefined
      readonly deleted: boolean
    }
  /** The keys of a map in their order, before the first of them was deleted: one that is put back does not find its place by itself. */
  | {
      readonly kind: 'order'
      readonly node: MapNode
      readonly keys: readonly string[]
      readonly set: Map<string, boolean>
    }
  /** All that stood in a map before it was cleared. */
  | {
      readonly kind: 'clear'
      readonly node: MapNode
      readonly entries: ReadonlyMap<string, unknown>
      readonly pending: PendingKeys
    }
  /** At an index of a list, `added` items replaced those that were removed. */
  | {
      readonly kind: 'splice'
      readonly node: ListNode
      readonly index: number
      readonly removed: readonly unknown[]
      readonly added: number
    }
  | { readonly kind: 'move'; readonly node: ListNode; readonly from: number; readonly to: number }
  /** All items of a list before they were replaced or sorted. */
  | { readonly kind: 'items'; readonly node: ListNode; readonly items: readonly unknown[] }
  /** What patches were to say of a list before it was first written to. */
  | { readonly kind: 'pending'; readonly node: ListNode; readonly pending: PendingItems }
  /** A node was put into the state; `fresh`: its id had never been used before. */
  | { readonly kind: 'attach'; readonly node: StateNode; readonly fresh: boolean }
  /** A node was taken out; `lost`: the views that it leaves with that. */
  | { readonly kind: 'detach'; readonly node: StateNode; readonly lost: readonly Sighting[] }

/** Notes each write to a state while it is set there: `registry.recorder`. */
export class Recorder {
  readonly changes: Change[] = []
  // Made on first use: most runs write fields alone.
  #ordered: Set<MapNode> | undefined
  #edited: Set<ListNode> | undefined

  field(node: RecordNode, index: number, before: unknown, written: boolean): void {
    this.changes.push({ kind: 'field', node, index, before, written })
  }

  entry(node: MapNode, key: string, before: unknown, set: boolean | undefined, deleted: boolean): void {
    this.changes.push({ kind: 'entry', node, key, before, set, deleted })
  }

  /** A key is about to be deleted. */
  order(node: MapNode): void {
    this.#ordered ??= new Set()
    if (this.#ordered.has(node)) return
    this.#ordered.add(node)
    this.changes.push({ kind: 'order', node, keys: [...node.entries.keys()], set: node.pendingSet() })
  }

  clear(node: MapNode, pending: PendingKeys): void {
    this.changes.push({ kind: 'clear', node, entries: new Map(node.entries), pending })
  }

  splice(node: ListNode, index: number, removed: readonly unknown[], added: number): void {
    this.changes.push({ kind: 'splice', node, index, removed, added })
  }

  move(node: ListNode, from: number, to: number): void {
    this.changes.push({ kind: 'move', node, from, to })
  }

  items(node: ListNode): void {
    this.changes.push({ kind: 'items', node, items: [...node.items] })
  }

  /** What is to be said of a list is about to be another. */
  pending(node: ListNode): void {
    this.#edited ??= new Set()
    if (this.#edited.has(node)) return
    this.#edited.add(node)
    this.changes.push({ kind: 'pending', node, pending: node.pendingItems() })
  }

  attach(node: StateNode, fresh: boolean): void {
    this.changes.push({ kind: 'attach', node, fresh })
  }

  detach(node: StateNode, lost: readonly Sighting[]): void {
    this.changes.push({ kind: 'detach', node, lost })
  }

  /** What another noted, which was set in its place for a while, happened in its time, too. */
  absorb(inner: Recorder): void {
    for (const change of inner.changes) this.changes.push(change)
  }

  /**
   * Puts back all that it noted, the last first. Then everything is as it was before: the same objects under the same ids, in the same
   * views and the same order, and for mirrors nothing has happened.
   */
  putBack(registry: NodeRegistry): void {
    for (let change = this.changes.pop(); change !== undefined; change = this.changes.pop()) putBack(registry, change)
  }
}

function putBack(registry: NodeRegistry, change: Change): void {
  switch (change.kind) {
    case 'field':
      change.node.putBack(change.index, change.before, change.written)
      break
    case 'entry':
      change.node.putBack(change.key, change.before, change.set, change.deleted)
      break
    case 'order':
      change.node.putBackOrder(change.keys, change.set)
      break
    case 'clear':
      change.node.putBackAll(change.entries, change.pending)
      break
    case 'splice':
      change.node.putBack(change.index, change.removed, change.added)
      break
    case 'move':
      change.node.putBackMove(change.from, change.to)
      break
    case 'items':
      change.node.putBackItems(change.items)
      break
    case 'pending':
      change.node.putBackPending(change.pending)
      break
    case 'attach':
      registry.putBackAttached(change.node, change.fresh)
      break
    case 'detach':
      registry.putBackDetached(change.node, change.lost)
  }
}
