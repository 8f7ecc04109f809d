import type { MirrorCollectionType, MirrorRecordType, MirrorType } from './mirror-type.ts'
import { sameValue } from './same-value.ts'

/** Stands for "there was no such entry". */
export const absent: unique symbol = Symbol('absent')

/** What happened directly in a watched node since its watchers were last told. */
export interface ChangeLog {
  /** Of a map: what stood under each key that was touched, or {@link absent}. */
  readonly entries: Map<string, unknown>
  /** Of a map: keys that were put at its end, or stand somewhere else, in their order. */
  readonly placed: string[]
  /** Of a list: its items before, when it changed. */
  items: readonly unknown[] | undefined
  /** Of a list to which items were only appended: how many stood there before. */
  kept: number | undefined
  /** Nodes directly below in which something changed. */
  readonly children: Set<MirrorNode>
}

/** What edits ahead of the server know of a node; see ahead/. */
export interface Edited {
  /** What was shown of it is remembered, and compared when all is done: until then nobody says that it changes. */
  readonly held: boolean
  /** An edit took it out of the state. */
  readonly removed: boolean
  /** Of a map or list that is watched: what watchers were told that it holds. */
  readonly told: unknown
}

/** Bookkeeping of one mirrored record, map or list. People see its `value` only. */
abstract class NodeBase {
  /** -1 where the server knows nothing of it yet. */
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
  edited: Edited | undefined = undefined

  constructor(id: number) {
    this.id = id
  }
}

/** Stands for the value of a record while it is read. */
const unread: Record<string, unknown> = Object.freeze({})

/** A record: a plain object. */
export class RecordNode extends NodeBase {
  readonly kind = 'record'
  type: MirrorRecordType
  /** Set once, when it is read: an object made with all its fields has the best shape. */
  value = unread
  /**
   * The counts of steps of its counted fields, as the server last sent them. What stands in `value` is made from these, and a patch
   * goes on from these.
   */
  counts: number[]

  constructor(id: number, type: MirrorRecordType) {
    super(id)
    this.type = type
    this.counts = type.counts.slice()
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

/** The log of a node, for a change that is about to be made; nothing when nobody watches. */
export function logOf(node: MirrorNode): ChangeLog | undefined {
  if (node.watchers === 0 && node.edited?.held !== true) return undefined
  return (node.log ??= { entries: new Map(), placed: [], items: undefined, kept: undefined, children: new Set() })
}

/** Sets an entry of a map. */
export function setEntry(node: MapNode, key: string, value: unknown): void {
  noteEntry(node, key)
  if (!node.value.has(key)) node.log?.placed.push(key)
  node.value.set(key, value)
}

/** Deletes an entry of a map. */
export function deleteEntry(node: MapNode, key: string): void {
  noteEntry(node, key)
  node.value.delete(key)
}

function noteEntry(node: MapNode, key: string): void {
  const entries = logOf(node)?.entries
  if (entries !== undefined && !entries.has(key)) entries.set(key, node.value.has(key) ? node.value.get(key) : absent)
}

/** Gives a map these entries in this order; tells whether that is anything new. */
export function assignEntries(node: MapNode, next: ReadonlyMap<string, unknown>): boolean {
  const { value } = node
  let same = next.size === value.size
  let at = 0
  const keys = Array.from(value.keys()).filter((key) => {
    if (next.has(key)) return true
    noteEntry(node, key)
    return false
  })
  for (const [key, entry] of next) {
    if (keys[at++] !== key) {
      same = false
      logOf(node)?.placed.push(key)
    }
    if (value.has(key) && sameValue(value.get(key), entry)) continue
    same = false
    noteEntry(node, key)
  }
  if (same) return false
  const before = new Map(value)
  value.clear()
  for (const [key, entry] of next) {
    // An equal value that was there keeps its identity.
    const old = before.get(key)
    value.set(key, sameValue(old, entry) ? old : entry)
  }
  return true
}

/** Puts items at the end of a list. */
export function appendItems(node: ListNode, items: readonly unknown[]): void {
  const log = logOf(node)
  if (log !== undefined && log.items === undefined) log.kept ??= node.value.length
  for (const item of items) node.value.push(item)
}

/** Gives a list these items; tells whether that is anything new. */
export function assignItems(node: ListNode, next: readonly unknown[]): boolean {
  const { value } = node
  if (next.length === value.length && next.every((item, index) => sameValue(item, value[index]))) return false
  const log = logOf(node)
  if (log !== undefined && log.items === undefined) {
    log.items = value.slice(0, log.kept ?? value.length)
    log.kept = undefined
  }
  for (const [index, item] of next.entries()) {
    if (index >= value.length || !sameValue(item, value[index])) value[index] = item
  }
  value.length = next.length
  return true
}
