import { groupCode, type Mode, versionCode } from '../patch/body.ts'
import { putVarint } from '../patch/put.ts'
import { Writer } from '../patch/writer.ts'
import { Arena } from './arena.ts'
import { byId } from './by-id.ts'
import type { FieldSet } from './field-set.ts'
import { Places } from './places.ts'
import { RecordNode, RecordType } from './record-node.ts'
import type { RestrictedViewer } from './restricted-viewer.ts'
import type { EntityScope } from './scope.ts'
import type { NodeType, StateNode, Told } from './state-node.ts'
import type { Update } from './update.ts'
import type { Clearance } from './visibility.ts'

/** What a turn tells of a node to all who see the same of it. */
export class Row {
  readonly id: number
  readonly told: Told
  readonly mode: Mode
  readonly fields: FieldSet | undefined
  /** It is told to all in whose view that entity is. */
  scope: EntityScope | undefined = undefined
  /** It is told to all of these clearances. */
  clearances: Clearance[] | undefined = undefined
  /** It is told to these. */
  viewers: RestrictedViewer[] | undefined = undefined
  /** Where it stands in the table. */
  place = -1

  constructor(told: Told, mode: Mode, fields: FieldSet | undefined) {
    this.id = told.id
    this.told = told
    this.mode = mode
    this.fields = fields
  }

  /** It is told to one more. */
  tell(viewer: RestrictedViewer): void {
    if (this.viewers === undefined) this.viewers = [viewer]
    else this.viewers.push(viewer)
  }

  /** It is told to all of one more clearance. */
  tellAll(clearance: Clearance): void {
    if (this.clearances === undefined) this.clearances = [clearance]
    else this.clearances.push(clearance)
  }
}

/** Rows that are sent alike. */
interface Group {
  readonly type: NodeType
  readonly mode: Mode
  readonly fields: FieldSet | undefined
  /** What it begins with when it is of more than one node, but for their number. */
  readonly header: Uint8Array
  rows: Row[]
}

/** What the turn tells all who have the same tags. */
export class CommonRows {
  readonly places = new Places()
  /** These rows as they are sent; made when somebody takes them. */
  body: Uint8Array | undefined = undefined
  /** By group, where the body has told all up to that group. */
  readonly ends: number[] = []
  /** By the version they are for, patches of these alone. */
  readonly updates = new Map<number, Update>()

  clear(): void {
    this.places.clear()
    this.body = undefined
    this.ends.length = 0
    this.updates.clear()
  }
}

/** Groups that are remembered from turn to turn; there could be any number of them. */
const remembered = 1024

/** Up to this many bytes a loop in JavaScript is faster than the platform's copying. */
const shortSlice = 32

/** So many bytes may be reserved in vain. */
const fewBytes = 2048

/** Bytes of a number at most. */
const longestVarint = 8

/**
 * What a turn tells, encoded once: a slice of bytes for each node and each way in which it is seen. A viewer's patch is put
 * together from headers, ids and slices.
 */
export class TurnTable {
  readonly #writer = new Writer()
  readonly #arena = new Arena()
  readonly #known: readonly Map<object, Group>[] = [new Map(), new Map(), new Map()]
  #groups: Group[] = []
  #last: Group | undefined
  #size = 0
  /** Bytes that a row takes at most, with all that may stand before it. */
  #longest = 0
  /** Viewers to whom something common is not told. */
  #apart = new Map<RestrictedViewer, Row[]>()
  /** By place: the index of the group, the id of the node, and where the slice begins; it ends where the next begins. */
  #groupOf = new Int32Array(64)
  #ids = new Uint32Array(64)
  #starts = new Uint32Array(65)

  /** Begins a turn. */
  clear(): void {
    this.#groups = []
    this.#last = undefined
    this.#size = 0
    for (const known of this.#known) if (known.size > remembered) known.clear()
  }

  /** Takes in a node, or what is to be told of it. */
  add(node: StateNode, mode: Mode, fields: FieldSet | undefined, told: Told = node): Row {
    const row = new Row(told, mode, fields)
    const group = this.#group(node.type, mode, fields)
    if (group.rows.length === 0) this.#groups.push(group)
    group.rows.push(row)
    this.#size++
    return row
  }

  /** What is told to all like a viewer, or to all who see an entity, is not told to it. */
  except(viewer: RestrictedViewer, row: Row): void {
    const known = this.#apart.get(viewer)
    if (known === undefined) this.#apart.set(viewer, [row])
    else known.push(row)
  }

  #group(type: NodeType, mode: Mode, fields: FieldSet | undefined): Group {
    const last = this.#last
    if (last?.type === type && last.mode === mode && last.fields === fields) return last
    // There is one map per mode.
    const known = this.#known[mode]!
    const key = fields ?? type
    let group = known.get(key)
    if (group === undefined) {
      this.#writer.clear()
      this.#writer.varint(groupCode({ type: type.index, mode, single: false }))
      if (fields !== undefined) this.#writer.raw(fields.bytes)
      group = { type, mode, fields, header: this.#writer.take(), rows: [] }
      known.set(key, group)
    }
    this.#last = group
    return group
  }

  /** Encodes all that was taken in, and tells everybody the places of what is for it. */
  seal(version: number): void {
    this.#reserve()
    this.#writer.clear()
    // A type refers to lower ones only: in this order, whoever reads a reference knows the node already.
    this.#groups.sort((a, b) => a.type.index - b.type.index)
    let place = 0
    this.#longest = 0
    this.#starts[0] = 0
    for (let index = 0; index < this.#groups.length; index++) {
      const group = this.#groups[index]!
      const rows = byId(group.rows)
      const start = place
      for (const row of rows) {
        this.#groupOf[place] = index
        this.#ids[place] = row.id
        row.place = place
        announce(row, version)
        place++
      }
      this.#encode(group, rows, start)
      group.rows = []
    }
    for (const [viewer, rows] of this.#apart) viewer.setApart(new Set(rows.map((row) => row.place)))
    this.#apart.clear()
  }

  /** Writes the slices of a group, whose rows have the places from `start` on. */
  #encode({ type, mode, fields, header }: Group, rows: readonly Row[], start: number): void {
    const writer = this.#writer
    const ends: number[] = []
    const records: RecordNode[] = []
    for (const { told } of rows) if (told instanceof RecordNode) records.push(told)
    if (records.length === rows.length && type instanceof RecordType && fields !== undefined) {
      type.packSlices(writer, records, mode, fields, ends)
    } else {
      for (const { id, told } of rows) {
        writer.from(id)
        told.pack(writer, mode, fields)
        ends.push(writer.at)
      }
    }
    let before = this.#starts[start]!
    for (let index = 0; index < ends.length; index++) {
      const end = ends[index]!
      this.#starts[start + index + 1] = end
      const length = end - before + 2 * longestVarint + header.length
      if (length > this.#longest) this.#longest = length
      before = end
    }
  }

  #reserve(): void {
    if (this.#size <= this.#ids.length) return
    const size = 2 * this.#size
    this.#groupOf = new Int32Array(size)
    this.#ids = new Uint32Array(size)
    this.#starts = new Uint32Array(size + 1)
  }

  /** The patch to the version of the turn, for what it tells a viewer alone and along with others. */
  patch(own: Places, common: CommonRows | undefined, from: number, version: number): Update | undefined {
    if (common === undefined || common.places.count === 0) {
      return own.count === 0 ? undefined : this.#put(own, undefined, from, version)
    }
    if (own.count > 0) return this.#put(own, common, from, version)
    let update = common.updates.get(from)
    if (update === undefined) {
      update = this.#put(own, common, from, version)
      common.updates.set(from, update)
    }
    return update
  }

  #put({ items, count }: Places, common: CommonRows | undefined, from: number, version: number): Update {
    const body = common === undefined ? undefined : this.#bodyOf(common)
    const out = this.#arena.reserve(longestVarint + this.#most(items, count) + (body?.length ?? 0))
    let at = putVarint(out, this.#arena.start, versionCode(from, version))
    let told = 0
    for (let first = 0; first < count; ) {
      const group = this.#groupOf[items[first]!]!
      let end = first + 1
      while (end < count && this.#groupOf[items[end]!] === group) end++
      if (common !== undefined && body !== undefined) {
        // What all are told up to this group goes before it, for whoever reads a reference to have read the node.
        const until = common.ends[group]!
        if (until > told) out.set(body.subarray(told, until), at)
        at += until - told
        told = until
      }
      at = this.#putGroup(out, at, items, first, end)
      first = end
    }
    if (body !== undefined) {
      out.set(told === 0 ? body : body.subarray(told), at)
      at += body.length - told
    }
    return { kind: 'patch', bytes: this.#arena.take(at) }
  }

  #putGroup(out: Uint8Array, start: number, items: Int32Array, first: number, end: number): number {
    // All places stand in the table.
    const { header } = this.#groups[this.#groupOf[items[first]!]!]!
    const ids = this.#ids
    const starts = this.#starts
    const slices = this.#writer.buffer
    let at = start
    for (let index = 0; index < header.length; index++) out[at++] = header[index]!
    // The lowest bit of a group's number says that it is of one node.
    if (end - first === 1) out[start]! |= 1
    else at = putVarint(out, at, end - first)
    let next = 0
    for (let index = first; index < end; index++) {
      const place = items[index]!
      const id = ids[place]!
      const gap = id - next
      next = id + 1
      if (gap < 0x80) out[at++] = gap
      else at = putVarint(out, at, gap)
      let from = starts[place]!
      const to = starts[place + 1]!
      if (to - from > shortSlice) {
        out.set(slices.subarray(from, to), at)
        at += to - from
      } else while (from < to) out[at++] = slices[from++]!
    }
    return at
  }

  #bodyOf(common: CommonRows): Uint8Array {
    if (common.body !== undefined) return common.body
    const { items, count } = common.places
    const out = this.#arena.reserve(this.#most(items, count))
    const { start } = this.#arena
    let at = start
    let first = 0
    for (let group = 0; group < this.#groups.length; group++) {
      let end = first
      while (end < count && this.#groupOf[items[end]!] === group) end++
      if (end > first) at = this.#putGroup(out, at, items, first, end)
      first = end
      common.ends.push(at - start)
    }
    common.body = this.#arena.take(at)
    return common.body
  }

  /** The bytes that rows take at most. */
  #most(items: Int32Array, count: number): number {
    if (count * this.#longest <= fewBytes) return count * this.#longest
    let bytes = 0
    for (let index = 0; index < count; index++) {
      const place = items[index]!
      const { header } = this.#groups[this.#groupOf[place]!]!
      bytes += this.#starts[place + 1]! - this.#starts[place]! + header.length + 2 * longestVarint
    }
    return bytes
  }
}

/** Tells those whom a row concerns where it stands, if they follow. */
function announce({ place, scope, clearances, viewers }: Row, version: number): void {
  if (scope !== undefined) {
    for (const viewer of scope.viewers) if (viewer.followed === version) viewer.places.add(place)
  }
  if (viewers !== undefined) for (const viewer of viewers) viewer.places.add(place)
  if (clearances !== undefined) for (const { common } of clearances) common.places.add(place)
}
