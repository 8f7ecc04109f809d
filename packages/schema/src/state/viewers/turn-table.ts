import { groupCode, type Mode, versionCode } from '../../patch/body.ts'
import { putVarint } from '../../patch/put.ts'
import { Writer } from '../../patch/writer.ts'
import { Arena } from '../encode/arena.ts'
import { byId } from '../encode/by-id.ts'
import type { CommonRows } from './common-rows.ts'
import type { FieldSet } from '../nodes/field-set.ts'
import type { Places } from './places.ts'
import { RecordNode, RecordType } from '../nodes/record-node.ts'
import type { RestrictedViewer } from './restricted-viewer.ts'
import { Row } from './row.ts'
import { longestVarint, Slices } from '../encode/slices.ts'
import type { NodeType, StateNode, Told } from '../nodes/state-node.ts'
import type { Update } from './update.ts'

/** Rows that are sent alike. */
interface Group {
  readonly type: NodeType
  readonly mode: Mode
  readonly fields: FieldSet | undefined
  /** What it begins with when it is of more than one node, but for their number. */
  readonly header: Uint8Array
  rows: Row[]
}

/** Groups that are remembered from turn to turn; there could be any number of them. */
const remembered = 1024

/**
 * What a turn tells, encoded once: a slice of bytes for each node and each way in which it is seen. A viewer's patch is put
 * together from headers, ids and slices.
 */
export class TurnTable {
  readonly #writer = new Writer()
  readonly #arena = new Arena()
  readonly #slices = new Slices()
  readonly #known: readonly Map<object, Group>[] = [new Map(), new Map(), new Map()]
  #groups: Group[] = []
  #last: Group | undefined
  #size = 0
  /** Viewers to whom something is not told that is told to all like them. */
  readonly #exceptions = new Map<RestrictedViewer, Row[]>()

  /** Begins a turn. */
  clear(): void {
    for (const group of this.#groups) group.rows = []
    this.#groups = []
    this.#last = undefined
    this.#size = 0
    this.#exceptions.clear()
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
    const known = this.#exceptions.get(viewer)
    if (known === undefined) this.#exceptions.set(viewer, [row])
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

  /** Encodes all that was taken in, and tells everybody who follows the places of what is for it. */
  seal(version: number): void {
    const slices = this.#slices
    slices.clear(this.#size)
    this.#writer.clear()
    // A type refers to lower ones only: in this order, whoever reads a reference knows the node already.
    this.#groups.sort((a, b) => a.type.index - b.type.index)
    let place = 0
    for (let index = 0; index < this.#groups.length; index++) {
      const group = this.#groups[index]!
      const rows = byId(group.rows)
      slices.headers.push(group.header)
      this.#encode(group, rows, place)
      for (const row of rows) {
        slices.groups[place] = index
        slices.ids[place] = row.id
        row.announce(place, version)
        place++
      }
    }
    slices.bytes = this.#writer.buffer
    slices.view = this.#writer.view
    for (const [viewer, rows] of this.#exceptions) viewer.leaveOut(rows)
    // Nothing of the rows is needed any longer.
    this.clear()
  }

  /** Writes the slices of a group, whose rows have the places from `start` on. */
  #encode({ type, mode, fields, header }: Group, rows: readonly Row[], start: number): void {
    const writer = this.#writer
    const slices = this.#slices
    const ends: number[] = []
    const records: RecordNode[] = []
    let before = writer.at
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
    slices.starts[start] = before
    for (let index = 0; index < ends.length; index++) {
      const end = ends[index]!
      slices.starts[start + index + 1] = end
      slices.longest = Math.max(slices.longest, end - before + 2 * longestVarint + header.length)
      before = end
    }
  }

  /** The patch to the version of the turn: what is told to a viewer along with others, and what is told to it alone. */
  patch(
    { places, leftOut, clearance: { common } }: RestrictedViewer,
    from: number,
    version: number,
  ): Update | undefined {
    if (common.places.count === leftOut.length) {
      return places.count === 0 ? undefined : this.#put(places, undefined, leftOut, from, version)
    }
    if (places.count + leftOut.length > 0) return this.#put(places, common, leftOut, from, version)
    let update = common.updates.get(from)
    if (update === undefined) {
      update = this.#put(places, common, leftOut, from, version)
      common.updates.set(from, update)
    }
    return update
  }

  #put(
    { items, count }: Places,
    common: CommonRows | undefined,
    leftOut: readonly number[],
    from: number,
    version: number,
  ): Update {
    const slices = this.#slices
    const most = slices.most(items, count) + (common?.most(slices, leftOut.length) ?? 0)
    const out = this.#arena.reserve(longestVarint + most)
    let at = putVarint(out.bytes, this.#arena.start, versionCode(from, version))
    let told = 0
    for (let first = 0; first < count;) {
      const end = slices.endOf(items, first, count)
      if (common !== undefined) {
        // What all are told up to this group goes before it, for whoever reads a reference to have read the node.
        const until = common.groupsUntil(slices.groups[items[first]!]!, told)
        at = common.put(out, at, slices, told, until, leftOut)
        told = until
      }
      at = slices.put(out, at, items, first, end)
      first = end
    }
    if (common !== undefined) at = common.put(out, at, slices, told, common.groups, leftOut)
    return { kind: 'patch', bytes: this.#arena.take(at) }
  }
}
