import { JuntoError } from './errors.ts'
import { unlimited, type GateLimits } from './gate-limits.ts'

/** What stands at the outermost level: room numbers and frames, as in a message, or any one value. */
export type Outermost = 'frames' | 'one value'

/** The largest `maxDepth`; larger ones come to the same. */
export const deepest = 512

// One entry for each level that is open. Shared by all calls: a walk never yields.
const remaining = new Float64Array(deepest + 1)
const isMap = new Uint8Array(deepest + 1)
// Whether the present walk has met a bin. Here, so that a walk returns one number and allocates nothing.
let hasBytes = false

/**
 * Walks over the tokens of a whole message before anything of it is decoded, and refuses what a decoder must not see:
 * what is too deep or too much, lengths beyond the end, extension types (decoders build dates, errors, regular
 * expressions and compiled code from them), keys that are no strings or would touch a prototype.
 *
 * Allocates nothing, and its time is bounded by the number of bytes.
 *
 * @returns whether there is a `bin` among the values.
 * @throws JuntoError `bad_message`, with the number of the rule of docs/protocol.md and the position of the byte.
 */
export function gate(bytes: Uint8Array, limits: GateLimits, outermost: Outermost = 'frames'): boolean {
  hasBytes = false
  walk(bytes, limits, outermost)
  return hasBytes
}

/** See msgpack.ts. */
export function countValues(frame: Uint8Array): number {
  return walk(frame, unlimited, 'frames')
}

function walk(bytes: Uint8Array, limits: GateLimits, outermost: Outermost): number {
  const end = bytes.length
  const { maxElements } = limits
  const maxDepth = limits.maxDepth > deepest ? deepest : limits.maxDepth
  if (end === 0) refuse('G1', 'a message holds at least one value', 0)

  let position = 0
  let depth = 0
  let elements = 0
  while (position < end) {
    const at = position
    const token = bytes[position++] ?? 0
    // Counted for each frame: so that its sender can tell, whatever else is in the message.
    if (depth === 0) elements = 0
    if (++elements > maxElements) refuse('G3', `more than ${maxElements} values in a frame`, at)

    let key = false
    if (depth === 0) {
      if (outermost === 'frames' ? !isRoomOrFrame(token) : at > 0)
        refuse('G2', 'a message is made of room numbers and arrays only', at)
    } else {
      const left = remaining[depth] ?? 0
      remaining[depth] = left - 1
      key = isMap[depth] === 1 && left % 2 === 0
      if (key && !isString(token)) refuse('G7', 'the key of a map is not a string', at)
    }

    // What follows the token: so many bytes of a scalar, or so many values of a container.
    let size = 0
    let children = 0
    let map = false
    if (token < 0x80 || token >= 0xe0) {
      // A small integer is its token.
    } else if (token < 0x90) {
      map = true
      children = (token & 0x0f) * 2
    } else if (token < 0xa0) {
      children = token & 0x0f
    } else if (token < 0xc0) {
      size = token & 0x1f
    } else {
      switch (token) {
        case 0xc0: // nil
        case 0xc2: // false
        case 0xc3: // true
          break
        case 0xcc: // uint 8
        case 0xd0: // int 8
          size = 1
          break
        case 0xcd: // uint 16
        case 0xd1: // int 16
          size = 2
          break
        case 0xca: // float 32
        case 0xce: // uint 32
        case 0xd2: // int 32
          size = 4
          break
        case 0xcb: // float 64
        case 0xcf: // uint 64
        case 0xd3: // int 64
          size = 8
          break
        case 0xc4: // bin 8
          hasBytes = true
          size = readUint(bytes, position, 1)
          position += 1
          break
        case 0xc5: // bin 16
          hasBytes = true
          size = readUint(bytes, position, 2)
          position += 2
          break
        case 0xc6: // bin 32
          hasBytes = true
          size = readUint(bytes, position, 4)
          position += 4
          break
        case 0xd9: // str 8
          size = readUint(bytes, position, 1)
          position += 1
          break
        case 0xda: // str 16
          size = readUint(bytes, position, 2)
          position += 2
          break
        case 0xdb: // str 32
          size = readUint(bytes, position, 4)
          position += 4
          break
        case 0xdc: // array 16
          children = readUint(bytes, position, 2)
          position += 2
          break
        case 0xdd: // array 32
          children = readUint(bytes, position, 4)
          position += 4
          break
        case 0xde: // map 16
          map = true
          children = readUint(bytes, position, 2) * 2
          position += 2
          break
        case 0xdf: // map 32
          map = true
          children = readUint(bytes, position, 4) * 2
          position += 4
          break
        case 0xc1:
          refuse('G6', 'the byte c1 is never used', at)
          break
        default:
          refuse('G6', 'extension types are not allowed', at)
      }
    }

    // Every value takes a byte at least, so this bounds what a decoder allocates for a container by what has arrived.
    if (size + children > end - position) refuse('G5', 'a length reaches beyond the end of the message', at)
    if (key && size === 9 && isProto(bytes, position)) refuse('G8', "the key '__proto__' is not allowed", at)
    position += size
    if (children > 0) {
      if (++depth > maxDepth) refuse('G4', `nested deeper than ${maxDepth}`, at)
      remaining[depth] = children
      isMap[depth] = map ? 1 : 0
    }
    while (depth > 0 && remaining[depth] === 0) depth--
  }
  if (depth > 0) refuse('G5', 'the message ends inside of a value', end)
  return elements
}

function isRoomOrFrame(token: number): boolean {
  return (
    token < 0x80 ||
    (token >= 0x90 && token < 0xa0) ||
    (token >= 0xcc && token <= 0xcf) ||
    token === 0xdc ||
    token === 0xdd
  )
}

function isString(token: number): boolean {
  return (token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb)
}

function readUint(bytes: Uint8Array, position: number, width: number): number {
  if (position + width > bytes.length) refuse('G5', 'the message ends inside of a length', position)
  let value = 0
  for (let i = 0; i < width; i++) value = value * 256 + (bytes[position + i] ?? 0)
  return value
}

function isProto(bytes: Uint8Array, position: number): boolean {
  // "__proto__"
  return (
    bytes[position] === 0x5f &&
    bytes[position + 1] === 0x5f &&
    bytes[position + 2] === 0x70 &&
    bytes[position + 3] === 0x72 &&
    bytes[position + 4] === 0x6f &&
    bytes[position + 5] === 0x74 &&
    bytes[position + 6] === 0x6f &&
    bytes[position + 7] === 0x5f &&
    bytes[position + 8] === 0x5f
  )
}

function refuse(rule: string, what: string, position: number): never {
  throw new JuntoError('bad_message', `[${rule}] ${what} (byte ${position})`)
}
