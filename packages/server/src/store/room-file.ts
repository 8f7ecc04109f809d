import { createHash } from 'node:crypto'

// A room's file: eight bytes by which it is known, then records. A record: the length of its bytes (four bytes, little endian), a
// checksum, the bytes. The first record is the room's name as JSON [room, key], the second the room as a whole, those behind it are
// increments. A checksum is the first half of the SHA-256 of the checksum before it, the length and the bytes: what has been left of
// other files, or stands in another place, is not taken for a record.
const magic = new TextEncoder().encode('junto\n02')
const sumLength = 16
const headLength = 4 + sumLength

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
   * that is damaged, with others behind it.
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
  const content = new Uint8Array(headLength + bytes.length)
  new DataView(content.buffer).setUint32(0, bytes.length, true)
  const sum = sumOf(end.sum, content.subarray(0, 4), bytes)
  content.set(sum, 4)
  content.set(bytes, headLength)
  return { content, end: { at: end.at + content.length, sum, pieces: end.pieces + 1 } }
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
  const left = content.length - at
  if (left === 0) return 'nothing'
  if (left < headLength) return 'unfinished'
  const length = new DataView(content.buffer, content.byteOffset + at).getUint32(0, true)
  if (left < headLength + length) return 'unfinished'
  const bytes = content.subarray(at + headLength, at + headLength + length)
  const sum = content.subarray(at + 4, at + headLength)
  if (same(sum, sumOf(before, content.subarray(at, at + 4), bytes))) {
    // A copy: where the file ends is remembered, and must not hold on to all that was read of it.
    return { bytes, end: { at: at + headLength + length, sum: sum.slice(), pieces: pieces + 1 } }
  }
  // The file may have grown before its bytes were on the disk: there are zeros then. The whole room is written before it has its name.
  const behind = content.subarray(at + headLength + length)
  return pieces > 0 && behind.every((byte) => byte === 0) ? 'unfinished' : 'damaged'
}

function sumOf(before: Uint8Array, length: Uint8Array, bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(before).update(length).update(bytes).digest().subarray(0, sumLength)
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
