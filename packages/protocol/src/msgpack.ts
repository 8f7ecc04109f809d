// Not 'msgpackr': its Node entry loads a native string extractor, which would read hostile bytes outside of JavaScript.
import { Packr } from 'msgpackr/pack'
import { JuntoError } from './errors.ts'

/** The part of msgpackr that is used here. */
interface Codec {
  pack(value: unknown): Uint8Array
  useBuffer(arena: Uint8Array): void
  unpack(bytes: Uint8Array): unknown
  unpackMultiple(bytes: Uint8Array): unknown
}

// The cast: the typings of this entry refer to '.', which does not resolve in ES modules, and lack 'auto'.
const packr = new (Packr as unknown as new (options: object) => Codec)({
  // Without records a map is a map on the wire, and nothing is ever compiled.
  useRecords: false,
  variableMapSize: true,
  structuredClone: false,
  moreTypes: false,
  // An integer of 64 bits becomes a number where that is exact: whether it was meant as a bigint, the layout knows.
  int64AsType: 'auto',
  encodeUndefinedAsNil: true,
  useToJSON: false,
  // Decoded bytes belong to whoever gets them, and pin no network buffer.
  copyBuffers: true,
})

const arenaSize = 8192

/**
 * Encodes one value as msgpack. `undefined` becomes nil.
 *
 * @throws JuntoError `invalid` for what has no place in msgpack, such as a symbol or an integer beyond 64 bits.
 */
export function pack(value: unknown): Uint8Array {
  try {
    const bytes = packr.pack(value)
    if (bytes.length >= arenaSize) renewArena(bytes)
    return bytes
  } catch (error) {
    throw new JuntoError('invalid', `cannot be encoded: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/**
 * msgpackr writes one value after the other into an arena that it shares out, and that grows with the largest value: after one
 * of 1 MB it stays at 12 MB, and every small frame that waits somewhere would keep all of it alive.
 */
function renewArena(large: Uint8Array): void {
  // A copy of the same class as the arena was: in Node msgpackr relies on methods of Buffer.
  packr.useBuffer(Uint8Array.prototype.slice.call(large, 0, arenaSize))
}

/** Decodes one value. Only for bytes that have passed the gate. @throws JuntoError `bad_message`. */
export function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(plainView(bytes))
  } catch (error) {
    throw undecodable(error)
  }
}

/** Decodes a sequence of values. Only for bytes that have passed the gate. @throws JuntoError `bad_message`. */
export function unpackSequence(bytes: Uint8Array): readonly unknown[] {
  try {
    const values = packr.unpackMultiple(plainView(bytes))
    return Array.isArray(values) ? values : []
  } catch (error) {
    throw undecodable(error)
  }
}

/** The same bytes, not as a Buffer: what is sliced from a Buffer is one too, and would differ between Node and browsers. */
function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function undecodable(cause: unknown): JuntoError {
  return new JuntoError('bad_message', 'the bytes are no msgpack', { cause })
}

/** Bytes that the head of a bin of this length takes. */
export function binHeadSize(length: number): number {
  return length < 0x100 ? 2 : length < 0x10000 ? 3 : 5
}

/** Writes the head of a bin, and returns the position behind it. */
export function writeBinHead(target: Uint8Array, position: number, length: number): number {
  if (length < 0x100) {
    target[position++] = 0xc4
  } else {
    if (length < 0x10000) {
      target[position++] = 0xc5
    } else {
      target[position++] = 0xc6
      target[position++] = length >>> 24
      target[position++] = length >>> 16
    }
    target[position++] = length >>> 8
  }
  target[position++] = length
  return position
}

/** Bytes that an integer of 0 to 2^32 - 1 takes. */
export function uintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : 5
}

/** Writes an integer of 0 to 2^32 - 1, and returns the position behind it. */
export function writeUint(target: Uint8Array, position: number, value: number): number {
  if (value >= 0x10000) {
    target[position++] = 0xce
    target[position++] = value >>> 24
    target[position++] = value >>> 16
    target[position++] = value >>> 8
  } else if (value >= 0x100) {
    target[position++] = 0xcd
    target[position++] = value >>> 8
  } else if (value >= 0x80) {
    target[position++] = 0xcc
  }
  target[position++] = value
  return position
}
