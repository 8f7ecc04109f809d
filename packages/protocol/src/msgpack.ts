// msgpackr in Node, a small codec of our own in browsers: see package.json, and docs/decisions/msgpack-in-browsers.md.
import {
  allocate as allocateWith,
  countValues as countWith,
  pack as packWith,
  unpackSequence as unpackWith,
} from '#msgpack-codec'
import { gate } from './gate.ts'
import { unlimited, type GateLimits } from './gate-limits.ts'

/**
 * Encodes one value as msgpack: null and undefined (both nil), booleans, numbers (-0 as 0), bigints of 64 bits, well-formed
 * strings, Uint8Array, arrays and plain objects. The bytes are never written again.
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
  gate(bytes, unlimited, 'one value')
  return unpackSequence(bytes)[0]
}

/** Bytes for a message, to be filled wholly: they may hold anything. */
export function allocate(size: number): Uint8Array {
  return allocateWith(size)
}

/**
 * Decodes the values of a message: of another's if there are limits, of our own otherwise.
 *
 * @throws JuntoError `bad_message` with the rule of docs/protocol.md that is broken, before anything was built that is more
 *   than plain data, or larger than the bytes it came in.
 */
export function unpackSequence(bytes: Uint8Array, limits?: GateLimits): readonly unknown[] {
  return unpackWith(bytes, limits)
}

/** How many values there are in a frame of our own making, counted as in messages that come in. */
export function countValues(frame: Uint8Array): number {
  return countWith(frame)
}
