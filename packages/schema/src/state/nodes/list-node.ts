import { at, step } from '../../codec/fault.ts'
import { Mode } from '../../patch/body.ts'
import { hashItems, hashNode } from '../../patch/hash.ts'
import type { Writer } from '../../patch/writer.ts'
import { Edits, type Run } from './edits.ts'
import type { NodeRegistry } from './node-registry.ts'
import { adoptItems } from '../values/adoption.ts'
import type { Slot } from '../values/slot.ts'
import { placeIn, sortedMeanwhile, twiceFault } from './refused-writes.ts'
import { Handle, pathOf, standsThere, StateNode, type NodeType } from './state-node.ts'
import { TrackedList } from './tracked-list.ts'

/** A list type of a layout. */
export class ListType implements NodeType {
  readonly index: number
  readonly item: Slot

  constructor(index: number, item: Slot) {
    this.index = index
    this.item = item
  }

  /** A list made from an array, not attached yet. Throws a `Fault`. */
  adopt(value: unknown): TrackedList {
    const node = new ListNode(this)
    adoptItems(value, this.item.adopt, (kept) => node.items.push(kept))
    return node.handle
  }
}

/** What patches are to say of a list. */
export interface PendingItems {
  readonly edits: Edits | undefined
  readonly whole: boolean
}

/** A tracked list. */
export class ListNode extends StateNode {
  readonly type: ListType
  readonly handle = new TrackedList(this)
  readonly items: unknown[] = []
  /** What was done since the last patch, unless the list will be sent whole. */
  #edits: Edits | undefined = undefined
  #whole = false

  constructor(type: ListType) {
    super()
    this.type = type
  }

  /** An index as people give it, negative ones counted from the end, that must be from 0 to `limit`, `limit` excluded. */
  indexOf(index: number, limit: number): number {
    return placeIn(this.items.length, index, limit, () => pathOf(this))
  }

  /**
   * What becomes of values that somebody puts here; `index` is where the first is to stand, for errors. It runs code of
   * theirs, such as getters, which may write to this list: only when this has returned, it is known what stands where.
   */
  adopt(values: readonly unknown[], index: number): readonly unknown[] {
    return values.map((value, offset) => this.#adopt(value, index + offset))
  }

  #adopt(value: unknown, index: number): unknown {
    try {
      return this.type.item.adopt(value)
    } catch (error) {
      throw at(error, pathOf(this, index))
    }
  }

  /** Removes, and inserts what was adopted; returns what was removed. Indexes are in range. */
  splice(index: number, remove: number, kept: readonly unknown[]): unknown[] {
    return this.#splice(this.attached(index), index, remove, kept)
  }

  /** Replaces the item at an index, as people give it, and returns what then stands there. */
  set(index: number, value: unknown): unknown {
    const place = this.indexOf(index, this.items.length)
    const before = this.items[place]
    return standsThere(value, before) ? before : this.#set(index, this.#adopt(value, place))
  }

  #set(index: number, kept: unknown): unknown {
    const place = this.indexOf(index, this.items.length)
    const registry = this.attached(place)
    if (!this.#same(this.items[place], kept)) this.#splice(registry, place, 1, [kept])
    else if (this.type.item.drifts) {
      registry.recorder?.splice(this, place, [this.items[place]], 1)
      this.items[place] = kept
    }
    return this.items[place]
  }

  /** Moves an item; indexes are in range. */
  move(from: number, to: number): void {
    const registry = this.attached(from)
    if (from === to) return
    this.#edited(registry)?.move(from, to)
    registry.recorder?.move(this, from, to)
    this.items.splice(to, 0, ...this.items.splice(from, 1))
  }

  /** Brings the items into an order. */
  sort(compare?: (a: unknown, b: unknown) => number): void {
    const before = [...this.items]
    const sorted = [...before].sort(compare)
    const registry = this.attached()
    if (before.length !== this.items.length || before.some((item, index) => item !== this.items[index])) {
      throw sortedMeanwhile(pathOf(this))
    }
    this.#put(registry, sorted)
  }

  /** Replaces all items; those that stand here already stay the same. */
  replace(values: Iterable<unknown>): void {
    const given = [...values]
    // First what runs code of the values, which may write to this list; then it is asked which of them stand here.
    const next = given.map((value, index) => (Handle.node(value) === undefined ? this.#adopt(value, index) : value))
    const staying = this.#staying(given, next)
    const registry = this.attached()
    const { holdsNodes } = this.type.item
    if (holdsNodes) for (const value of this.items) if (!staying.has(value)) registry.detach(value)
    this.#put(registry, next)
    if (holdsNodes) for (const value of next) if (!staying.has(value)) registry.attach(value, this, '')
  }

  /** Those among the given handles that stand in this list. The others are adopted into `next`. */
  #staying(given: readonly unknown[], next: unknown[]): ReadonlySet<unknown> {
    const staying = new Set<unknown>()
    for (const [index, value] of given.entries()) {
      const node = Handle.node(value)
      if (node === undefined) continue
      if (node.parent !== this || node.registry === undefined) next[index] = this.#adopt(value, index)
      else if (staying.has(value)) throw at(twiceFault(), pathOf(this, index))
      else staying.add(value)
    }
    return staying
  }

  /** Has these items, and is sent whole unless they are the same as before. */
  #put(registry: NodeRegistry, next: readonly unknown[]): void {
    registry.recorder?.pending(this)
    registry.recorder?.items(this)
    const same = next.length === this.items.length && next.every((value, index) => this.#same(value, this.items[index]))
    this.#refill(next)
    if (same || this.born === 0) return
    this.#whole = true
    this.#edits = undefined
    this.queue()
  }

  /** In place: whoever iterates goes on with the new items. */
  #refill(items: readonly unknown[]): void {
    this.items.length = 0
    for (const value of items) this.items.push(value)
  }

  #same(one: unknown, other: unknown): boolean {
    if (Object.is(one, other)) return true
    return Handle.node(one) === undefined && Handle.node(other) === undefined && this.type.item.equal(one, other)
  }

  #splice(registry: NodeRegistry, index: number, remove: number, kept: readonly unknown[]): unknown[] {
    if (remove === 0 && kept.length === 0) return []
    this.#edited(registry)?.splice(index, remove, kept.length)
    const removed = exchange(this.items, index, remove, kept)
    registry.recorder?.splice(this, index, removed, kept.length)
    if (this.type.item.holdsNodes) {
      for (const value of removed) registry.detach(value)
      for (const value of kept) registry.attach(value, this, '')
    }
    return removed
  }

  /** What was removed stands there again, instead of what was added. */
  putBack(index: number, removed: readonly unknown[], added: number): void {
    exchange(this.items, index, added, removed)
  }

  /** What was moved stands where it stood. */
  putBackMove(from: number, to: number): void {
    this.items.splice(from, 0, ...this.items.splice(to, 1))
  }

  /** All stands as it stood. */
  putBackItems(items: readonly unknown[]): void {
    this.#refill(items)
  }

  /** What patches are to say, as it is now. */
  pendingItems(): PendingItems {
    return { edits: this.#edits?.clone(), whole: this.#whole }
  }

  /** Patches are to say what they were to say before. */
  putBackPending({ edits, whole }: PendingItems): void {
    this.#edits = edits
    this.#whole = whole
  }

  /** What is about to be done has to be noted here; nothing where the list is sent whole anyway. */
  #edited(registry: NodeRegistry): Edits | undefined {
    registry.recorder?.pending(this)
    if (this.born === 0) return undefined
    this.queue()
    if (this.#edits?.scattered === true) this.#whole = true
    return this.#whole ? undefined : (this.#edits ??= new Edits(this.items.length))
  }

  override stepTo(child: StateNode): string {
    return step(this.items.indexOf(child.handle))
  }

  override eachChild(visit: (child: StateNode, key: string) => void): void {
    if (!this.type.item.holdsNodes) return
    for (const value of this.items) {
      const child = Handle.node(value)
      if (child !== undefined) visit(child, '')
    }
  }

  override plain(): unknown {
    return this.items.map((value) => this.type.item.plain(value))
  }

  override plainAt(place: string | number): unknown {
    return this.type.item.plain(this.items[Number(place)])
  }

  override shown(): unknown {
    return this.items
  }

  override pending(): Mode | undefined {
    if (this.#whole || this.#edits?.scattered === true) return Mode.whole
    if (this.#edits === undefined || this.#edits.none) return undefined
    return this.#edits.keepsSome ? Mode.change : Mode.whole
  }

  override fieldSet(): undefined {
    return undefined
  }

  override pack(writer: Writer, mode: Mode): void {
    if (mode === Mode.change && this.#edits !== undefined) this.#packEdits(writer, this.#edits.runs())
    else {
      writer.varint(this.items.length)
      for (const value of this.items) this.type.item.pack(writer, value)
    }
  }

  #packEdits(writer: Writer, runs: readonly Run[]): void {
    writer.varint(runs.length)
    let index = 0
    // Where the next run begins when items only come and go, and none is moved.
    let expected = 0
    for (const { from, count } of runs) {
      writer.varint(count * 2 + (from === -1 ? 1 : 0))
      if (from === -1) for (let at = index; at < index + count; at++) this.type.item.pack(writer, this.items[at])
      else {
        writer.signed(from - expected)
        expected = from + count
      }
      index += count
    }
  }

  override hash(): number {
    const { plain } = this.type.item
    const shown = this.items.map((item) => (Handle.node(item) === undefined ? plain(item) : item))
    return hashItems(hashNode(this.id, this.type.index), shown, (item) => Handle.node(item)?.id)
  }

  override settle(): void {
    this.#edits = undefined
    this.#whole = false
  }
}

/** Removes items at an index, and inserts others; returns what was removed. */
export function exchange(items: unknown[], index: number, remove: number, kept: readonly unknown[]): unknown[] {
  const tail = index + remove < items.length ? items.splice(index + remove) : undefined
  const removed = remove > 0 ? items.splice(index, remove) : []
  // Not as arguments of one call: their number is limited.
  for (const value of kept) items.push(value)
  if (tail !== undefined) for (const value of tail) items.push(value)
  return removed
}
