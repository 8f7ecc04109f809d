import type { Source } from '../../undo/entry.ts'
import type { Untouched } from '../../undo/list-entry.ts'
import { exchange, ListNode } from '../nodes/list-node.ts'
import { MapNode } from '../nodes/map-node.ts'
import { RecordNode } from '../nodes/record-node.ts'
import { Handle, type StateNode } from '../nodes/state-node.ts'
import { absent, type Change, type Recorder } from './recorder.ts'

/** What stood in the nodes that a mutation wrote to, before it did. */
export class FormerState {
  /** Of records, by index of the field. */
  readonly fields = new Map<RecordNode, Map<number, unknown>>()
  /** Of maps, by key; {@link absent} for keys that they did not have. */
  readonly entries = new Map<MapNode, Map<string, unknown>>()
  /** Of lists, all items. */
  readonly items = new Map<ListNode, readonly unknown[]>()
  /** Of these, which were not written to for sure. */
  readonly untouched = new Map<ListNode, Untouched>()
  /** What was not in the state. */
  readonly added = new Set<StateNode>()
  /** Keys in their order, of maps of which any went. */
  readonly #orders = new Map<MapNode, readonly string[]>()

  constructor({ changes }: Recorder) {
    const lists = new Map<ListNode, Change[]>()
    for (const change of changes) {
      switch (change.kind) {
        case 'field':
          first(this.fields, change.node, change.index, change.before)
          break
        case 'entry':
          first(this.entries, change.node, change.key, change.before)
          break
        case 'order':
          if (!this.#orders.has(change.node)) this.#orders.set(change.node, change.keys)
          break
        case 'clear':
          if (!this.#orders.has(change.node)) this.#orders.set(change.node, [...change.entries.keys()])
          for (const [key, before] of change.entries) first(this.entries, change.node, key, before)
          break
        case 'splice':
        case 'move':
        case 'items':
          if (lists.has(change.node)) lists.get(change.node)?.push(change)
          else lists.set(change.node, [change])
          break
        case 'attach':
          this.added.add(change.node)
          break
        case 'pending':
        case 'detach':
      }
    }
    for (const [list, done] of lists) {
      const { items, untouched } = before(list, done)
      this.items.set(list, items)
      this.untouched.set(list, untouched)
    }
  }

  /** The keys of a map that were touched, those that stood in it in their order. */
  keysOf(map: MapNode): Iterable<string> {
    const touched = this.entries.get(map)
    if (touched === undefined) return []
    const order = this.#orders.get(map)
    return order === undefined
      ? touched.keys()
      : new Set([...order.filter((key) => touched.has(key)), ...touched.keys()])
  }

  /**
   * What stood in a place, as it can be written there again: a record, map or list as a plain value, with what it held then, its
   * server-only fields included.
   */
  valueOf(kept: unknown): unknown {
    const node = Handle.node(kept)
    if (node instanceof RecordNode) return this.#record(node)
    if (node instanceof MapNode) {
      // Not an object, in which keys that look like numbers come first.
      return new Map(this.#entriesOf(node).map(([key, entry]) => [key, this.valueOf(entry)]))
    }
    return node instanceof ListNode ? this.itemsOf(node).map((item) => this.valueOf(item)) : kept
  }

  /** What stood in a place, as far as items were in it that are known by their identity; nothing when there were none. */
  itemsIn(kept: unknown): Source | undefined {
    const node = Handle.node(kept)
    if (node === undefined) return undefined
    const source = this.sourceOf(node.handle)
    return source.parts.size === 0 ? undefined : source
  }

  /** The same of a record, map or list; of an item of a list it is known itself. */
  sourceOf(handle: Handle): Source {
    const parts = new Map<string | number, Source>()
    const add = (place: string | number, source: Source | undefined): void => {
      if (source !== undefined) parts.set(place, source)
    }
    const node = Handle.node(handle)
    if (node instanceof ListNode) {
      for (const [index, item] of this.itemsOf(node).entries())
        if (item instanceof Handle) add(index, this.sourceOf(item))
    } else if (node instanceof MapNode && node.type.entry.holdsNodes) {
      for (const [key, entry] of this.#entriesOf(node)) add(key, this.itemsIn(entry))
    } else if (node instanceof RecordNode) {
      for (const { name, index } of node.type.parents) add(name, this.itemsIn(this.#fieldOf(node, index)))
    }
    return { handle, parts }
  }

  /** All items of a list. */
  itemsOf(list: ListNode): readonly unknown[] {
    return this.items.get(list) ?? list.items
  }

  #record(node: RecordNode): Record<string, unknown> {
    const record: Record<string, unknown> = {}
    for (const { name, index } of node.type.fields) {
      const value = this.valueOf(this.#fieldOf(node, index))
      if (value !== undefined) record[name] = value
    }
    for (const local of node.type.locals) record[local] = Reflect.get(node.handle, local)
    return record
  }

  #fieldOf(node: RecordNode, index: number): unknown {
    const fields = this.fields.get(node)
    return fields?.has(index) === true ? fields.get(index) : node.read(index)
  }

  #entriesOf(map: MapNode): [string, unknown][] {
    const touched = this.entries.get(map)
    if (touched === undefined) return [...map.entries]
    // Of those that went it is known in which order all stood; otherwise none went.
    const keys = this.#orders.get(map) ?? [...map.entries.keys()]
    const valueOf = (key: string) => (touched.has(key) ? touched.get(key) : map.entries.get(key))
    return keys.map((key): [string, unknown] => [key, valueOf(key)]).filter(([, value]) => value !== absent)
  }
}

function first<N, K>(all: Map<N, Map<K, unknown>>, node: N, place: K, before: unknown): void {
  const known = all.get(node)
  if (known === undefined) all.set(node, new Map([[place, before]]))
  else if (!known.has(place)) known.set(place, before)
}

function before(list: ListNode, changes: readonly Change[]): { items: readonly unknown[]; untouched: Untouched } {
  let items = [...list.items]
  let [front, back] = [items.length, items.length]
  const touch = (first: number, end: number): void => {
    front = Math.min(front, first)
    back = Math.min(back, items.length - end)
  }
  for (const change of changes.toReversed()) {
    if (change.kind === 'splice') {
      touch(change.index, change.index + change.added)
      exchange(items, change.index, change.added, change.removed)
    } else if (change.kind === 'move') {
      touch(Math.min(change.from, change.to), Math.max(change.from, change.to) + 1)
      items.splice(change.from, 0, ...items.splice(change.to, 1))
    } else if (change.kind === 'items') {
      touch(0, items.length)
      items = [...change.items]
    }
  }
  return { items, untouched: { front, back } }
}
