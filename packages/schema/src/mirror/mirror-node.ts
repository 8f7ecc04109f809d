import type { MirrorCollectionType, MirrorRecordType, MirrorType } from './mirror-type.ts'
import { sameValue } from './same-value.ts'

/** Stands for "there was no such entry". */
export const absent: unique symbol = Symbol('absent')

/** What happened directly in a watched node since its watchers were last told. */
export interface ChangeLog {
  /** Of a map: what stood under each key that was touched, or {@link absent}. */
  readonly entries: Map<string, unknown>
  /** Of a list: its items before, when it changed. */
  items: readonly unknown[] | undefined
  /** Of a list to which items were only appended: how many stood there before. */
  kept: number | undefined
  /** Nodes directly below in which something changed. */
  readonly children: Set<MirrorNode>
}

/** Bookkeeping of one mirrored record, map or list. People see its `value` only. */
abstract class NodeBase {
  id: number
  parent: MirrorNode | undefined = undefined
  /** In a map: the key where it stands. */
  key = ''
  /** In how many places it stands: one, but for moments while a patch is applied. */
  places = 0
  /** The revision of the mirror in which it, or something below it, last changed. */
  stamp = 0
  /** The revision in which a patch last held it. */
  applied = 0
  /** A frozen copy, until something changes. */
  copy: object | undefined = undefined
  /** How many watch it. */
  watchers = 0
  log: ChangeLog | undefined = undefined

  constructor(id: number) {
    this.id = id
  }

  /** The log, for a change that is about to be made; nothing when nobody watches. */
  protected logged(): ChangeLog | undefined {
    if (this.watchers === 0) return undefined
    return (this.log ??= { entries: new Map(), items: undefined, kept: undefined, children: new Set() })
  }

  /** Something below has changed, in the node given. */
  noteChild(child: MirrorNode): void {
    this.logged()?.children.add(child)
  }
}

/** A record: a plain object. */
export class RecordNode extends NodeBase {
  readonly kind = 'record'
  type: MirrorRecordType
  readonly value: Record<string, unknown> = {}

  constructor(id: number, type: MirrorRecordType) {
    super(id)
    this.type = type
  }
}

/** A map: a `Map`. */
export class MapNode extends NodeBase {
  readonly kind = 'map'
  type: MirrorCollectionType
  readonly value = new Map<string, unknown>()

  constructor(id: number, type: MirrorCollectionType) {
    super(id)
    this.type = type
  }

  set(key: string, value: unknown): void {
    this.#note(key)
    this.value.set(key, value)
  }

  delete(key: string): void {
    this.#note(key)
    this.value.delete(key)
  }

  /** Has these entries in this order; tells whether that is anything new. */
  assign(next: ReadonlyMap<string, unknown>): boolean {
    let same = next.size === this.value.size
    for (const key of this.value.keys()) if (!next.has(key)) this.#note(key)
    const keys = this.value.keys()
    for (const [key, value] of next) {
      if (keys.next().value !== key) same = false
      if (this.value.has(key) && sameValue(this.value.get(key), value)) continue
      same = false
      this.#note(key)
    }
    if (same) return false
    const before = new Map(this.value)
    this.value.clear()
    for (const [key, value] of next) {
      // An equal value that was there keeps its identity.
      const old = before.get(key)
      this.value.set(key, sameValue(old, value) ? old : value)
    }
    return true
  }

  #note(key: string): void {
    const entries = this.logged()?.entries
    if (entries === undefined || entries.has(key)) return
    entries.set(key, this.value.has(key) ? this.value.get(key) : absent)
  }
}

/** A list: an array. */
export class ListNode extends NodeBase {
  readonly kind = 'list'
  type: MirrorCollectionType
  readonly value: unknown[] = []

  constructor(id: number, type: MirrorCollectionType) {
    super(id)
    this.type = type
  }

  append(items: readonly unknown[]): void {
    const log = this.logged()
    if (log !== undefined && log.items === undefined) log.kept ??= this.value.length
    for (const item of items) this.value.push(item)
  }

  /** Has these items; tells whether that is anything new. */
  assign(next: readonly unknown[]): boolean {
    if (next.length === this.value.length && next.every((item, index) => sameValue(item, this.value[index])))
      return false
    const log = this.logged()
    if (log !== undefined && log.items === undefined) {
      log.items = this.value.slice(0, log.kept ?? this.value.length)
      log.kept = undefined
    }
    for (const [index, item] of next.entries()) {
      if (index >= this.value.length || !sameValue(item, this.value[index])) this.value[index] = item
    }
    this.value.length = next.length
    return true
  }
}

/** Any mirrored node. */
export type MirrorNode = RecordNode | MapNode | ListNode

/** A new node. */
export function makeNode(id: number, type: MirrorType): MirrorNode {
  if (type.kind === 'record') return new RecordNode(id, type)
  return type.kind === 'map' ? new MapNode(id, type) : new ListNode(id, type)
}

/** Whether something read from a patch is a node and not a value. */
export function isNode(read: unknown): read is MirrorNode {
  return read instanceof NodeBase
}
