import { at } from '../../codec/fault.ts'
import type { TypeIndex } from '../../layout.ts'
import { placeIn, sortedMeanwhile, twiceFault } from '../../state/nodes/refused-writes.ts'
import { livePlain, liveType } from '../../state/nodes/state-node.ts'
import { TrackedList, type ListWork } from '../../state/nodes/tracked-list.ts'
import { appendItems, assignItems, isNode, logOf, type ListNode } from '../mirror-node.ts'
import { sameValue } from '../same-value.ts'
import type { EditSlot } from './edit-types.ts'
import { editedNode, EditedNode, type EditHandle } from './edited-node.ts'
import type { Editing } from './editing.ts'
import type { Change, Journal } from './journal.ts'

/** A list that edits read and write. */
export class EditedList extends EditedNode implements ListWork {
  readonly node: ListNode
  readonly handle: EditList
  readonly #slot: EditSlot
  /** Of a list of records, maps or lists: their handles, in step with the items. */
  readonly #handles: unknown[] = []
  #pass = -1

  constructor(editing: Editing, node: ListNode, slot: EditSlot) {
    super(editing, node.type)
    this.node = node
    this.#slot = slot
    this.handle = new EditList(this)
  }

  get length(): number {
    return this.node.value.length
  }

  get items(): readonly unknown[] {
    if (!this.#slot.holdsNodes) return this.node.value
    if (this.#pass !== this.editing.pass) this.#keepInStep()
    return this.#handles
  }

  /** In place: whoever iterates goes on with the new items. */
  #keepInStep(): void {
    this.#pass = this.editing.pass
    this.#handles.length = 0
    for (const value of this.node.value) this.#handles.push(this.editing.live(value))
  }

  at(index: number): unknown {
    return this.editing.live(this.node.value.at(index))
  }

  indexOf(index: number, limit: number): number {
    return placeIn(this.length, index, limit, () => this.path)
  }

  adopt(values: readonly unknown[], index: number): readonly unknown[] {
    return values.map((value, offset) => this.#adopt(value, index + offset))
  }

  #adopt(value: unknown, index: number): unknown {
    try {
      return this.#slot.adopt(value)
    } catch (error) {
      throw at(error, this.pathTo(index))
    }
  }

  splice(index: number, remove: number, kept: readonly unknown[]): unknown[] {
    const journal = this.writable(index)
    if (remove === 0 && kept.length === 0) return []
    const { value } = this.node
    const removed = value.slice(index, index + remove)
    const shown = removed.map((item) => this.editing.live(item))
    for (const item of removed) this.editing.remove(item, journal)
    const added = this.#place(kept, journal)
    if (index === value.length) this.#append(added, journal)
    else this.#assign([...value.slice(0, index), ...added, ...value.slice(index + remove)], journal)
    return shown
  }

  set(index: number, value: unknown): unknown {
    const place = this.indexOf(index, this.length)
    if (this.editing.standsThere(value, this.node.value[place])) return this.at(place)
    return this.#set(index, this.#adopt(value, place))
  }

  #set(index: number, kept: unknown): unknown {
    const place = this.indexOf(index, this.length)
    const journal = this.writable(place)
    const before = this.node.value[place]
    if (!this.#isSame(before, kept) || this.#slot.drifts) {
      this.editing.remove(before, journal)
      const next = this.node.value.slice()
      ;[next[place]] = this.#place([kept], journal)
      this.#assign(next, journal)
    }
    return this.at(place)
  }

  move(from: number, to: number): void {
    const journal = this.writable(from)
    if (from === to) return
    const next = this.node.value.slice()
    next.splice(to, 0, ...next.splice(from, 1))
    this.#assign(next, journal)
  }

  sort(compare?: (a: unknown, b: unknown) => number): void {
    const before = this.items.slice()
    const places = new Map(before.map((item, index) => [item, this.node.value[index]]))
    const sorted = before.slice().sort(compare)
    const journal = this.writable()
    const { items } = this
    if (before.length !== items.length || before.some((item, index) => item !== items[index])) {
      throw sortedMeanwhile(this.path)
    }
    this.#assign(
      sorted.map((item) => places.get(item)),
      journal,
    )
  }

  replace(values: Iterable<unknown>): void {
    const given = [...values]
    // First what runs code of the values, which may write to this list; then it is asked which of them stand here.
    const next = given.map((value, index) =>
      EditedNode.of(value) === undefined ? this.#adopt(value, index) : undefined,
    )
    const staying = new Set<unknown>()
    for (const [index, value] of given.entries()) {
      const edited = EditedNode.of(value)
      if (edited === undefined) continue
      if (edited.node.parent !== this.node || !edited.stands) next[index] = this.#adopt(value, index)
      else if (staying.has(edited.node.value)) throw at(twiceFault(), this.pathTo(index))
      else staying.add((next[index] = edited.node.value))
    }
    const journal = this.writable()
    for (const item of this.node.value) if (!staying.has(item)) this.editing.remove(item, journal)
    this.#assign(this.#place(next, journal), journal)
  }

  #place(kept: readonly unknown[], journal: Journal): unknown[] {
    return kept.map((each) => this.editing.place(each, this.node, '', journal))
  }

  #isSame(one: unknown, kept: unknown): boolean {
    if (isNode(kept) || this.editing.space.of(one) !== undefined) return false
    return Object.is(one, kept) || this.#slot.equal(one, kept)
  }

  #append(items: readonly unknown[], { steps }: Journal): void {
    const { length } = this
    this.hold()
    const { value } = this.node
    const change: Change = {
      of: this,
      key: undefined,
      get before() {
        return value.slice(0, length)
      },
    }
    steps.push({ change, undo: () => this.#truncate(length) })
    appendItems(this.node, items)
    if (this.#pass === this.editing.pass) for (const item of items) this.#handles.push(this.editing.live(item))
  }

  #assign(items: readonly unknown[], { steps }: Journal): void {
    const before = this.node.value.slice()
    this.hold()
    steps.push({ change: { of: this, key: undefined, before }, undo: () => this.#putBack(before) })
    assignItems(this.node, items)
    if (this.#pass === this.editing.pass) this.#keepInStep()
  }

  #putBack(items: readonly unknown[]): void {
    this.hold()
    assignItems(this.node, items)
  }

  #truncate(length: number): void {
    this.hold()
    const { value } = this.node
    const log = logOf(this.node)
    if (log !== undefined && log.items === undefined) {
      log.items = value.slice(0, log.kept)
      log.kept = undefined
    }
    value.length = length
  }

  override get changed(): boolean {
    const { value, log } = this.node
    if (log?.items === undefined) return log?.kept !== undefined && log.kept !== value.length
    const { items } = log
    return items.length !== value.length || items.some((item, index) => !sameValue(item, value[index]))
  }

  override plainAt(place: string | number): unknown {
    const index = Number(place)
    return index in this.node.value ? this.#slot.plain(this.node.value[index]) : undefined
  }

  override get told(): readonly unknown[] {
    const { value, log } = this.node
    return log?.items ?? value.slice(0, log?.kept)
  }

  /** The type of its items. */
  typeOf(): TypeIndex {
    return this.#slot.type
  }

  override plain(): unknown {
    return this.node.value.map((item) => this.#slot.plain(item))
  }
}

class EditList extends TrackedList implements EditHandle {
  readonly #list: EditedList

  constructor(list: EditedList) {
    super(list)
    this.#list = list
  }

  get [editedNode](): EditedList {
    return this.#list
  }

  override get [liveType](): TypeIndex {
    return this.#list.type.index
  }

  override [livePlain](place?: string | number): unknown {
    return place === undefined ? this.#list.plain() : this.#list.plainAt(place)
  }
}
