import { at } from '../../codec/fault.ts'
import { checkKey } from '../../codec/scalars.ts'
import { Mode } from '../../patch/body.ts'
import { hashEntries, hashNode } from '../../patch/hash.ts'
import type { Writer } from '../../patch/writer.ts'
import { KeyLog } from './key-log.ts'
import type { NodeRegistry } from './node-registry.ts'
import { adoptEntries } from '../values/adoption.ts'
import type { Slot } from '../values/slot.ts'
import { absent } from '../recording/recorder.ts'
import { Handle, pathOf, standsThere, StateNode, type NodeType, type Told } from './state-node.ts'
import { TrackedMap } from './tracked-map.ts'

/** A map type of a layout. */
export class MapType implements NodeType {
  readonly index: number
  readonly entry: Slot

  constructor(index: number, entry: Slot) {
    this.index = index
    this.entry = entry
  }

  /** A map made from an object of entries by key, or from a `Map`; not attached yet. Throws a `Fault`. */
  adopt(value: unknown): TrackedMap {
    const node = new MapNode(this)
    adoptEntries(value, this.entry.adopt, (key, kept) => node.entries.set(key, kept))
    return node.handle
  }
}

/** What patches are to say of a map. */
export interface PendingKeys {
  readonly set: Map<string, boolean>
  readonly deleted: Set<string>
  readonly cleared: boolean
}

/** A tracked map. */
export class MapNode extends StateNode {
  readonly type: MapType
  readonly handle = new TrackedMap(this)
  /** What stands under each key, in the order in which the keys were first set. */
  readonly entries = new Map<string, unknown>()
  /**
   * Keys set since the last patch; `true` where mirrors do not have the key, or have been told to delete it. New keys stand
   * here in the same order as among the entries.
   */
  #set = new Map<string, boolean>()
  /** Keys that mirrors have and must delete first. */
  #deleted = new Set<string>()
  /** All was deleted: the patch holds the whole map. */
  #cleared = false
  /** The keys touched in earlier versions; made when the first is. */
  #log: KeyLog | undefined = undefined

  constructor(type: MapType) {
    super()
    this.type = type
  }

  /** Somebody sets an entry; returns what then stands there. */
  set(key: string, value: unknown): unknown {
    this.attached(key)
    const standing = this.entries.get(key)
    if (standing !== undefined && standsThere(value, standing)) return standing
    return this.#put(key, this.#adopt(key, value))
  }

  /** It runs code of the value, such as getters, which may write to this map. */
  #adopt(key: string, value: unknown): unknown {
    try {
      if (!this.entries.has(key)) checkKey(key)
      return this.type.entry.adopt(value)
    } catch (error) {
      throw at(error, pathOf(this, key))
    }
  }

  #put(key: string, kept: unknown): unknown {
    const { entry } = this.type
    const registry = this.attached(key)
    const before = this.entries.get(key)
    const had = before !== undefined || this.entries.has(key)
    if (had && Handle.node(before) === undefined && Handle.node(kept) === undefined && entry.equal(before, kept)) {
      if (!entry.drifts) return before
      this.#note(registry, key, before)
      this.entries.set(key, kept)
      return kept
    }
    this.#note(registry, key, had ? before : absent)
    this.entries.set(key, kept)
    if (entry.holdsNodes) {
      registry.detach(before)
      registry.attach(kept, this, key)
    }
    if (this.born !== 0) {
      if (!this.#cleared) this.#set.set(key, !had || this.#set.get(key) === true)
      this.queue()
    }
    return kept
  }

  /** What stands under a key is about to be another. */
  #note(registry: NodeRegistry, key: string, before: unknown): void {
    registry.recorder?.entry(this, key, before, this.#set.get(key), this.#deleted.has(key))
  }

  /** Somebody deletes an entry. */
  delete(key: string): boolean {
    if (!this.entries.has(key)) return false
    const registry = this.attached(key)
    const before = this.entries.get(key)
    registry.recorder?.order(this)
    this.#note(registry, key, before)
    this.entries.delete(key)
    registry.detach(before)
    if (this.born !== 0) {
      if (!this.#cleared) {
        if (this.#set.get(key) !== true) this.#deleted.add(key)
        this.#set.delete(key)
      }
      this.queue()
    }
    return true
  }

  /** Somebody deletes everything. */
  clear(): void {
    if (this.entries.size === 0) return
    const registry = this.attached()
    registry.recorder?.clear(this, { set: this.#set, deleted: this.#deleted, cleared: this.#cleared })
    if (this.type.entry.holdsNodes) for (const value of this.entries.values()) registry.detach(value)
    this.entries.clear()
    if (this.born !== 0) {
      this.#cleared = true
      this.#set = new Map()
      this.#deleted = new Set()
      this.queue()
    }
  }

  /** What stood under a key, or nothing, stands there again, and patches are to say of it what they were to say before. */
  putBack(key: string, before: unknown, set: boolean | undefined, deleted: boolean): void {
    if (before === absent) this.entries.delete(key)
    else this.entries.set(key, before)
    if (set === undefined) this.#set.delete(key)
    else this.#set.set(key, set)
    if (deleted) this.#deleted.add(key)
    else this.#deleted.delete(key)
  }

  /** The same entries stand in that order again, and are to be told of in that order. */
  putBackOrder(keys: readonly string[], set: Map<string, boolean>): void {
    const entries = new Map(this.entries)
    this.entries.clear()
    for (const key of keys) this.entries.set(key, entries.get(key))
    this.#set = set
  }

  /** The keys that patches are to set, as they are now. */
  pendingSet(): Map<string, boolean> {
    return new Map(this.#set)
  }

  /** The map is as it was before it was cleared. */
  putBackAll(entries: ReadonlyMap<string, unknown>, { set, deleted, cleared }: PendingKeys): void {
    for (const [key, value] of entries) this.entries.set(key, value)
    this.#set = set
    this.#deleted = deleted
    this.#cleared = cleared
  }

  override eachChild(visit: (child: StateNode, key: string) => void): void {
    if (!this.type.entry.holdsNodes) return
    for (const [key, value] of this.entries) {
      const child = Handle.node(value)
      if (child !== undefined) visit(child, key)
    }
  }

  override plain(): unknown {
    const plain: Record<string, unknown> = {}
    for (const [key, value] of this.entries) plain[key] = this.type.entry.plain(value)
    return plain
  }

  override plainAt(place: string | number): unknown {
    const entry = this.entries.get(String(place))
    return entry === undefined ? undefined : this.type.entry.plain(entry)
  }

  override shown(): unknown {
    return this.entries
  }

  override pending(): Mode | undefined {
    if (this.#cleared) return Mode.whole
    return this.#set.size + this.#deleted.size === 0 ? undefined : Mode.change
  }

  override fieldSet(): undefined {
    return undefined
  }

  override pack(writer: Writer, mode: Mode): void {
    if (mode === Mode.change) {
      this.#packKeys(writer, this.#deleted.size, this.#deleted, this.#set.size, this.#set.keys())
      return
    }
    const { pack } = this.type.entry
    writer.varint(this.entries.size)
    for (const [key, value] of this.entries) {
      writer.string(key)
      pack(writer, value)
    }
  }

  override since(version: number): Told | undefined {
    if (this.#log?.covers(version) !== true) return undefined
    const { deleted, set } = this.#log.changesSince(version, (key) => this.entries.has(key))
    return {
      id: this.id,
      pack: (writer) => this.#packKeys(writer, deleted.length, deleted, set.length, set),
    }
  }

  /** Writes what is to be deleted, and what is to be set to what stands there now. */
  #packKeys(writer: Writer, gone: number, deleted: Iterable<string>, count: number, set: Iterable<string>): void {
    const { pack } = this.type.entry
    writer.varint(gone)
    for (const key of deleted) writer.string(key)
    writer.varint(count)
    for (const key of set) {
      writer.string(key)
      pack(writer, this.entries.get(key))
    }
  }

  override hash(): number {
    return this.hashOf(this.entries.size, this.entries)
  }

  /** The hash of the map for somebody who has these of its entries. */
  hashOf(size: number, entries: Iterable<readonly [key: string, value: unknown]>): number {
    const { entry } = this.type
    return hashEntries(hashNode(this.id, this.type.index), size, shownEntries(entries, entry), idOf)
  }

  override get logged(): number {
    return this.#log?.size ?? 0
  }

  override settle(): void {
    if (this.#cleared) this.#log = new KeyLog(this.changed)
    else this.#remember()
    this.#log?.trim(this.entries.size)
    // What has been large is let go of.
    if (this.#set.size > 0) this.#set = new Map()
    if (this.#deleted.size > 0) this.#deleted = new Set()
    this.#cleared = false
  }

  /** Keeps in mind which keys were touched, for those who are behind. */
  #remember(): void {
    if (this.#set.size + this.#deleted.size === 0) return
    // It was made at its birth, or was not touched since.
    this.#log ??= new KeyLog(this.born)
    for (const key of this.#deleted) if (!this.#set.has(key)) this.#log.note(this.changed, key, true, false)
    for (const [key, placed] of this.#set) this.#log.note(this.changed, key, !placed || this.#deleted.has(key), placed)
  }
}

function* shownEntries(entries: Iterable<readonly [string, unknown]>, { plain }: Slot): Iterable<[string, unknown]> {
  for (const [key, value] of entries) yield [key, Handle.node(value) === undefined ? plain(value) : value]
}

function idOf(value: unknown): number | undefined {
  return Handle.node(value)?.id
}
