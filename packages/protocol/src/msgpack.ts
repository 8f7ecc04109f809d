// msgpackr in Node, a small codec of our own in browsers: see package.json, and docs/decisions/msgpack-in-browsers.md.
import { pack as packWith, unpackSequence as unpackWith } from '#msgpack-codec'
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
  gate(bytes, { maxDepth: Infinity, maxElements: Infinity, anyValue: true })
  return unpackSequence(bytes)[0]
}

/** Decodes the values in bytes that have passed the gate. @throws JuntoError `bad_message`. */
export function unpackSequence(bytes: Uint8Array): readonly unknown[] {
  try {
    return unpackWith(bytes)
  } catch (error) {
    throw new JuntoError('bad_message', 'the bytes are no msgpack', { cause: error })
  }
}
