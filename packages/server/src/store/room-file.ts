import { createHash } from 'node:crypto'
import type { OpenFile } from './files.ts'

// A room's file: eight bytes by which it is known, then records. A record: the length of its bytes (four bytes, little endian), a
// check of that (four bytes), the bytes, a checksum (sixteen bytes). The first record is the room's name as JSON [room, key], the second
// the room as a whole, those behind it are increments. The check and the checksum are the beginnings of SHA-256, both over the checksum
// of the record before and the length, the checksum over the bytes, too: what has been left of other files, or stands in
// another place, is not taken for a record. A damaged length is noticed as such, and hides nothing that is behind it. The last
// byte of a checksum is never zero: a record that was not written to its end ends with zeros, or before its end.
const magic = new TextEncoder().encode('junto\n03')
const checkLength = 4
const sumLength = 16
const headLength = 4 + checkLength

/** Where the next record of a file belongs. */
export interface FileEnd {
  /** Bytes before it. */
  readonly at: number
  /** The checksum of the record before it. */
  readonly sum: Uint8Array
  /** The pieces of the room before it. */
  readonly pieces: number
}

/** A file's content. */
export interface RoomFile {
  readonly room: string
  readonly key: string
  /** The room as a whole, then increments. */
  readonly pieces: readonly Uint8Array[]
  readonly end: FileEnd
  /**
   * What is behind the last whole record: nothing; one that was not finished, when the process or the machine ended; or one
   * that is damaged, perhaps with others behind it: what was said to be safe is lost.
   */
  readonly rest: 'nothing' | 'unfinished' | 'damaged'
}

/** The file of a room that is saved as a whole. */
export function roomFile(
  room: string,
  key: string,
  bytes: Uint8Array,
): { readonly content: Uint8Array; readonly end: FileEnd } {
  const name = record(
    { at: magic.length, sum: magic, pieces: -1 },
    new TextEncoder().encode(JSON.stringify([room, key])),
  )
  const whole = record(name.end, bytes)
  const content = new Uint8Array(whole.end.at)
  content.set(magic)
  content.set(name.content, magic.length)
  content.set(whole.content, name.end.at)
  return { content, end: whole.end }
}

/** One more record, and where the next one belongs then. */
export function record(end: FileEnd, bytes: Uint8Array): { readonly content: Uint8Array; readonly end: FileEnd } {
  const content = new Uint8Array(headLength + bytes.length + sumLength)
  new DataView(content.buffer).setUint32(0, bytes.length, true)
  const length = content.subarray(0, 4)
  const sum = sumOf(end.sum, length, bytes)
  content.set(checkOf(end.sum, length), 4)
  content.set(bytes, headLength)
  content.set(sum, headLength + bytes.length)
  return { content, end: { at: end.at + content.length, sum, pieces: end.pieces + 1 } }
}

/** Whether a file ends there, and has the same content before: the checksums depend on all of it. Reads no more than its end. */
export async function endsAt(file: OpenFile, { at, sum }: FileEnd): Promise<boolean> {
  // One byte more than there must be.
  return same(await file.read(at - sumLength, sumLength + 1), sum)
}

/** Reads a room's file; a text says what is wrong with it. */
export function readRoomFile(content: Uint8Array): RoomFile | string {
  if (content.length < magic.length) return `it is cut off after ${content.length} bytes`
  if (!same(magic, content.subarray(0, magic.length))) return 'it does not begin like a file of this store'
  let end: FileEnd = { at: magic.length, sum: magic, pieces: -1 }
  const records: Uint8Array[] = []
  let next = readRecord(content, end)
  for (; typeof next === 'object'; next = readRecord(content, end)) {
    records.push(next.bytes)
    end = next.end
  }
  const [name, ...pieces] = records
  if (name === undefined || pieces.length === 0) {
    return next === 'unfinished' || next === 'nothing'
      ? `it is cut off after ${content.length} bytes`
      : 'its checksum is wrong: it is torn or damaged'
  }
  // What stands in it was written by roomFile: the checksum says so.
  const names: unknown = JSON.parse(new TextDecoder().decode(name))
  if (!Array.isArray(names)) return 'its name is unreadable'
  return { room: String(names[0]), key: String(names[1]), pieces, end, rest: next }
}

function readRecord(
  content: Uint8Array,
  { at, sum: before, pieces }: FileEnd,
): { readonly bytes: Uint8Array; readonly end: FileEnd } | RoomFile['rest'] {
  if (content.length === at) return 'nothing'
  const start = at + headLength
  if (content.length < start) return 'unfinished'
  const length = content.subarray(at, at + 4)
  // The whole room is written before it has its name: only increments are cut short by the end of a process or a machine.
  const broken = (end: number): RoomFile['rest'] =>
    pieces > 0 && content.subarray(end - 1).every((byte) => byte === 0) ? 'unfinished' : 'damaged'
  if (!same(content.subarray(at + 4, start), checkOf(before, length))) return broken(start)
  const sumAt = start + new DataView(content.buffer, content.byteOffset + at).getUint32(0, true)
  const end = sumAt + sumLength
  if (content.length < end) return 'unfinished'
  const bytes = content.subarray(start, sumAt)
  // A copy: where the file ends is remembered, and must not hold on to all that was read of it.
  const sum = content.slice(sumAt, end)
  if (!same(sum, sumOf(before, length, bytes))) return broken(end)
  return { bytes, end: { at: end, sum, pieces: pieces + 1 } }
}

function checkOf(before: Uint8Array, length: Uint8Array): Uint8Array {
  return createHash('sha256').update(before).update(length).digest().subarray(0, checkLength)
}

function sumOf(before: Uint8Array, length: Uint8Array, bytes: Uint8Array): Uint8Array {
  const sum = new Uint8Array(
    createHash('sha256').update(before).update(length).update(bytes).digest().subarray(0, sumLength),
  )
  const last = sumLength - 1
  sum[last] = (sum[last] ?? 0) | 1
  return sum
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
