import { putVarint } from '../../patch/put.ts'

/** Up to this many bytes a loop in JavaScript is faster than the platform's copying. */
const shortSlice = 32

/** So many bytes may be reserved in vain. */
const fewBytes = 2048

/** Bytes of a number at most. */
export const longestVarint = 8

/** Bytes to be written to. */
export interface Room {
  readonly bytes: Uint8Array
  /** Of the same bytes. */
  readonly view: DataView
}

/** So many bytes that nobody has written to. */
export function roomFor(length: number): Room {
  const bytes = new Uint8Array(length)
  return { bytes, view: new DataView(bytes.buffer) }
}

/** The rows of a turn's table as bytes, by their places, which are in the order of what is sent: by group, and then by id. */
export class Slices {
  /** By group, what it begins with when it is of more than one node, but for their number. */
  headers: Uint8Array[] = []
  /** The slices one after the other. */
  bytes = new Uint8Array(0)
  /** Of the same bytes. */
  view = new DataView(this.bytes.buffer)
  /** By place: the index of the group, the id of the node, and where the slice begins; it ends where the next begins. */
  groups = new Int32Array(64)
  ids = new Uint32Array(64)
  starts = new Uint32Array(65)
  /** Bytes that a row takes at most, with all that may stand before it. */
  longest = 0

  /** Begins anew, with room for so many rows. */
  clear(size: number): void {
    this.headers = []
    this.longest = 0
    if (size <= this.ids.length) return
    this.groups = new Int32Array(2 * size)
    this.ids = new Uint32Array(2 * size)
    this.starts = new Uint32Array(2 * size + 1)
  }

  /** Writes the rows of one group that stand at `items[first]` to `items[end - 1]`; returns where it ended. */
  put(room: Room, start: number, items: Int32Array, first: number, end: number): number {
    const { ids, starts, bytes, view } = this
    const { bytes: out, view: outView } = room
    // All places stand in the table.
    let at = this.putHeader(out, start, this.groups[items[first]!]!, end - first)
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
        out.set(bytes.subarray(from, to), at)
        at += to - from
        continue
      }
      // Four bytes at once, as far as there are four.
      for (; from + 4 <= to; from += 4) {
        outView.setUint32(at, view.getUint32(from))
        at += 4
      }
      while (from < to) out[at++] = bytes[from++]!
    }
    return at
  }

  /** Writes what stands before so many rows of a group. */
  putHeader(out: Uint8Array, start: number, group: number, count: number): number {
    const header = this.headers[group]!
    let at = start
    for (let index = 0; index < header.length; index++) out[at++] = header[index]!
    if (count > 1) return putVarint(out, at, count)
    // The lowest bit of a group's number says that it is of one node.
    out[start]! |= 1
    return at
  }

  /** Where the run of rows of one group ends that begins at `items[first]`. */
  endOf(items: Int32Array, first: number, count: number): number {
    const { groups } = this
    const group = groups[items[first]!]!
    let end = first + 1
    while (end < count && groups[items[end]!] === group) end++
    return end
  }

  /** The bytes that so many rows take at most. */
  most(items: Int32Array, count: number): number {
    if (count * this.longest <= fewBytes) return count * this.longest
    let bytes = 0
    for (let index = 0; index < count; index++) {
      const place = items[index]!
      const header = this.headers[this.groups[place]!]!
      bytes += this.starts[place + 1]! - this.starts[place]! + header.length + 2 * longestVarint
    }
    return bytes
  }
}
