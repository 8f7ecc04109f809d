import { at } from '../../codec/fault.ts'
import { checkKey } from '../../codec/scalars.ts'
import type { TypeIndex } from '../../layout.ts'
import { livePlain, liveType } from '../../state/nodes/state-node.ts'
import { TrackedMap, type MapWork, type ShownEntries } from '../../state/nodes/tracked-map.ts'
import { absent, deleteEntry, isNode, setEntry, type ChangeLog, type MapNode } from '../mirror-node.ts'
import { sameValue } from '../same-value.ts'
import type { EditSlot } from './edit-types.ts'
import { editedNode, EditedNode, type EditHandle } from './edited-node.ts'
import type { Editing } from './editing.ts'
import type { Journal } from './journal.ts'

/** A map that edits read and write. */
export class EditedMap extends EditedNode implements MapWork {
  readonly node: MapNode
  readonly handle: EditMap
  readonly entries: ShownEntries
  readonly #slot: EditSlot
  /** Keys that edits had put at its end and that were taken back, the last first. */
  #tail: string[] = []
  /** Of a map that the server does not know yet, all keys as they were shown: it may go on as one that came in another order. */
  #shown: readonly string[] | undefined

  constructor(editing: Editing, node: MapNode, slot: EditSlot) {
    super(editing, node.type)
    this.node = node
    this.#slot = slot
    this.entries = slot.holdsNodes ? new LiveEntries(editing, node.value) : node.value
    this.handle = new EditMap(this)
  }

  set(key: string, value: unknown): unknown {
    const { editing, node } = this
    const slot = this.#slot
    this.writable(key)
    const standing = node.value.get(key)
    if (standing !== undefined && editing.standsThere(value, standing)) return editing.live(standing)
    const kept = this.#adopt(key, value)
    const journal = this.writable(key)
    const before = this.valueAt(key)
    const nodes = isNode(kept) || editing.space.of(before) !== undefined
    if (before !== absent && !nodes && !slot.drifts && slot.equal(before, kept)) return before
    this.hold()
    journal.steps.push({ change: { of: this, key, before }, undo: () => this.#putBack(key, before) })
    editing.remove(before, journal)
    const placed = editing.place(kept, node, key, journal)
    setEntry(node, key, placed)
    return editing.live(placed)
  }

  /** It runs code of the value, such as getters, which may write to this map. */
  #adopt(key: string, value: unknown): unknown {
    try {
      if (!this.node.value.has(key)) checkKey(key)
      return this.#slot.adopt(value)
    } catch (error) {
      throw at(error, this.pathTo(key))
    }
  }

  delete(key: string): boolean {
    const { node } = this
    if (!node.value.has(key)) return false
    const journal = this.writable(key)
    const before = node.value.get(key)
    this.hold()
    this.#rememberOrder(journal)
    journal.steps.push({ change: { of: this, key, before }, undo: () => this.#putBack(key, before) })
    this.editing.remove(before, journal)
    deleteEntry(node, key)
    return true
  }

  clear(): void {
    for (const key of Array.from(this.node.value.keys())) this.delete(key)
  }

  /** A key that is put back does not find its place by itself. */
  #rememberOrder(journal: Journal): void {
    const { value } = this.node
    const ordered = (journal.ordered ??= new Set())
    if (ordered.has(this.node)) return
    ordered.add(this.node)
    const keys = Array.from(value.keys())
    const placed = this.node.log?.placed.length ?? 0
    journal.steps.push({
      undo: () => {
        const entries = new Map(value)
        value.clear()
        for (const key of keys) value.set(key, entries.get(key))
        this.node.log?.placed.splice(placed)
      },
    })
  }

  #putBack(key: string, before: unknown): void {
    this.hold()
    if (before !== absent) setEntry(this.node, key, before)
    else {
      // While an edit runs it is undone because it threw: nobody has seen what it had put there.
      if (this.editing.journal === undefined) this.#tail.push(key)
      deleteEntry(this.node, key)
    }
  }

  override get changed(): boolean {
    const { log } = this.node
    if (log === undefined) return false
    for (const [key, before] of log.entries) {
      if (!sameValue(before, this.valueAt(key))) return true
    }
    return !this.#isInOrder(log)
  }

  /** Of a map that has the entries that were shown: whether they stand in the same order. */
  #isInOrder({ entries, placed }: ChangeLog): boolean {
    const { value } = this.node
    if (this.#shown !== undefined) return isSameOrder(this.#shown, value.keys())
    // Those that edits had put at its end; then those that have been put there since.
    const shown = new Set(this.#tail.filter((key) => entries.get(key) !== absent))
    const last = new Set(placed.reverse().filter((key) => value.has(key)))
    if (isSameOrder(shown, last)) return true
    for (const key of last) if (!shown.has(key)) return false
    return isSameOrder(shown, Array.from(value.keys()).slice(-shown.size).reverse())
  }

  override get told(): ReadonlyMap<string, unknown> {
    const { value, log } = this.node
    if (log === undefined) return value
    const told = new Map(value)
    for (const [key, before] of log.entries) {
      if (before === absent) told.delete(key)
      else told.set(key, before)
    }
    return told
  }

  override plain(): unknown {
    const plain: Record<string, unknown> = {}
    for (const [key, value] of this.node.value) plain[key] = this.#slot.plain(value)
    return plain
  }

  override plainAt(place: string | number): unknown {
    const key = String(place)
    return this.node.value.has(key) ? this.#slot.plain(this.node.value.get(key)) : undefined
  }

  /** The type of what stands under each key. */
  typeOf(): TypeIndex {
    return this.#slot.type
  }

  /** What stands under a key, or that it is absent. */
  valueAt(key: string): unknown {
    const { value } = this.node
    return value.has(key) ? value.get(key) : absent
  }

  override restored(): void {
    // What was put back stands where it stood.
    if (this.node.log !== undefined) this.node.log.placed.length = 0
  }

  protected override keep(): void {
    if (this.node.id < 0) this.#shown = Array.from(this.node.value.keys())
  }

  protected override forget(): void {
    this.#tail = []
    this.#shown = undefined
  }
}

function isSameOrder(some: Iterable<string>, others: Iterable<string>): boolean {
  const next = others[Symbol.iterator]()
  for (const key of some) if (next.next().value !== key) return false
  return next.next().done === true
}

class EditMap extends TrackedMap implements EditHandle {
  readonly #map: EditedMap

  constructor(map: EditedMap) {
    super(map)
    this.#map = map
  }

  get [editedNode](): EditedMap {
    return this.#map
  }

  override get [liveType](): TypeIndex {
    return this.#map.type.index
  }

  override [livePlain](place?: string | number): unknown {
    return place === undefined ? this.#map.plain() : this.#map.plainAt(place)
  }
}

/** The entries of a map of records, maps or lists: their handles. */
class LiveEntries implements ShownEntries {
  readonly #editing: Editing
  readonly #value: ReadonlyMap<string, unknown>

  constructor(editing: Editing, value: ReadonlyMap<string, unknown>) {
    this.#editing = editing
    this.#value = value
  }

  get size(): number {
    return this.#value.size
  }

  has(key: string): boolean {
    return this.#value.has(key)
  }

  get(key: string): unknown {
    return this.#editing.live(this.#value.get(key))
  }

  keys(): IterableIterator<string> {
    return this.#value.keys()
  }

  *values(): IterableIterator<unknown> {
    for (const value of this.#value.values()) yield this.#editing.live(value)
  }

  *entries(): IterableIterator<[string, unknown]> {
    for (const [key, value] of this.#value) yield [key, this.#editing.live(value)]
  }

  [Symbol.iterator](): IterableIterator<[string, unknown]> {
    return this.entries()
  }
}
