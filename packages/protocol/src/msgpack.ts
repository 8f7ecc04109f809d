// msgpackr in Node, a small codec of our own in browsers: see package.json, and docs/decisions/msgpack-in-browsers.md.
import { allocate as allocateWith, pack as packWith, unpackSequence as unpackWith } from '#msgpack-codec'
import { JuntoError } from './errors.ts'
import { gate } from './gate.ts'

/**
 * Encodes one value as msgpack: null and undefined (both nil), booleans, numbers (-0 as 0), bigints of 64 bits, well-formed
 * strings, Uint8Array, arrays, plain objects, and Maps whose keys are strings. The bytes are never written again.
 *
 * @throws JuntoError `invalid` for anything else, and for what nests deeper than 32 levels.
 */
export function pack(value: unknown): Uint8Array {
  return packWith(value)
}

/**
 * Decodes one value. Bytes are copies; integers of 64 bits become numbers where that is exact, else bigints.
 *
 * @throws JuntoError `bad_message` when it is no msgpack, or has extension types.
 */
export function unpack(bytes: Uint8Array): unknown {
  const hasBytes = gate(bytes, { maxDepth: Infinity, maxElements: Infinity, anyValue: true })
  return unpackSequence(bytes, hasBytes)[0]
}

/** Bytes for a message, to be filled wholly: they may hold anything. */
export function allocate(size: number): Uint8Array {
  return allocateWith(size)
}

/**
 * Decodes the values in bytes that have passed the gate.
 *
 * @param hasBytes whether there may be a `bin` among them, as the gate told.
 * @throws JuntoError `bad_message`.
 */
export function unpackSequence(bytes: Uint8Array, hasBytes = true): readonly unknown[] {
  try {
    return unpackWith(bytes, hasBytes)
  } catch (error) {
    throw new JuntoError('bad_message', 'the bytes are no msgpack', { cause: error })
  }
}
