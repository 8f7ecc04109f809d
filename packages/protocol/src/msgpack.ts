// msgpackr in Node, a small codec of our own in browsers: see package.json, and docs/decisions/msgpack-in-browsers.md.
import { unpackSequence } from '#msgpack-codec'
import { gate } from './gate.ts'
import { unlimited } from './gate-limits.ts'

// What both codecs have:
//
// - `pack` encodes one value as msgpack: null and undefined (both nil), booleans, numbers (-0 as 0), bigints of 64 bits, well-formed
//   strings, Uint8Array, arrays and plain objects. The bytes are never written again. It throws a JuntoError `invalid` for anything
//   else, and for what nests deeper than 32 levels.
// - `unpackSequence` decodes the values of a message: of another's if there are limits, of our own otherwise. It throws a JuntoError
//   `bad_message` with the rule of docs/protocol.md that is broken, before anything was built that is more than plain data, or larger
//   than the bytes it came in.
// - `allocate` makes bytes for a message, to be filled wholly: they may hold anything.
// - `countValues` counts the values in a frame of our own making, as in messages that come in.
export { allocate, countValues, pack, unpackSequence } from '#msgpack-codec'

/**
 * Decodes one value. Bytes are copies; integers of 64 bits become numbers where that is exact, else bigints.
 *
 * @throws JuntoError `bad_message` when it is no msgpack, or has extension types.
 */
export function unpack(bytes: Uint8Array): unknown {
  gate(bytes, unlimited, 'one value')
  return unpackSequence(bytes)[0]
}
