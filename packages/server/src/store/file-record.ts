import { createHash } from 'node:crypto'

// A file: these eight bytes, the SHA-256 of all that follows, the length of the name in four bytes (little endian),
// the name as JSON [room, key], then the room's bytes.
const magic = new TextEncoder().encode('junto\n01')
const hashLength = 32
const headLength = magic.length + hashLength + 4

/** A file's content. */
export interface FileRecord {
  readonly room: string
  readonly key: string
  readonly bytes: Uint8Array
}

/** The content of a room's file. */
export function frameRecord(room: string, key: string, bytes: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(JSON.stringify([room, key]))
  const content = new Uint8Array(headLength + name.length + bytes.length)
  content.set(magic, 0)
  new DataView(content.buffer).setUint32(magic.length + hashLength, name.length, true)
  content.set(name, headLength)
  content.set(bytes, headLength + name.length)
  content.set(hash(content.subarray(magic.length + hashLength)), magic.length)
  return content
}

/** Reads a room's file; a string says what is wrong with it. */
export function readRecord(content: Uint8Array): FileRecord | string {
  if (content.length < headLength) return `it is cut off after ${content.length} bytes`
  if (!magic.every((byte, at) => content[at] === byte)) return 'it does not begin like a file of this store'
  const sum = content.subarray(magic.length, magic.length + hashLength)
  const actual = hash(content.subarray(magic.length + hashLength))
  if (!actual.every((byte, at) => sum[at] === byte)) return 'its checksum is wrong: it is torn or damaged'
  const nameLength = new DataView(content.buffer, content.byteOffset).getUint32(magic.length + hashLength, true)
  // What follows was written by frameRecord: the checksum says so.
  const name: unknown = JSON.parse(new TextDecoder().decode(content.subarray(headLength, headLength + nameLength)))
  if (!Array.isArray(name)) return 'its name is unreadable'
  return { room: String(name[0]), key: String(name[1]), bytes: content.subarray(headLength + nameLength) }
}

function hash(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
