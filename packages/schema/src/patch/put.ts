/**
 * The numbers of patches, written into bytes that have room for them. Each returns where it ended. Both the writer and
 * generated code use these: as functions of bytes and a place they can be inlined, with the place in a register.
 */

/** An unsigned whole number up to 2^53 - 1, seven bits a byte, the lowest first. Takes up to 8 bytes. */
export function putVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  // Bit operations take 32 bits only; what is larger is divided.
  while (rest > 0x7fff_ffff) {
    bytes[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

/**
 * A whole number from -(2^53 - 1) to 2^53 - 1, with its sign beside its lowest six bits, so that -0 is kept. Takes up to
 * 8 bytes.
 */
export function putSigned(bytes: Uint8Array, at: number, value: number): number {
  const sign = value < 0 || (value === 0 && 1 / value < 0) ? 1 : 0
  const size = value < 0 ? -value : value
  if (size < 0x40) {
    bytes[at] = (size << 1) | sign
    return at + 1
  }
  bytes[at] = 0x80 | ((size % 0x40) << 1) | sign
  return putVarint(bytes, at + 1, Math.floor(size / 0x40))
}

/** The same of a number of 32 bits by its parts, when its absolute value does not fit into six bits. Takes up to 6 bytes. */
export function putSized(bytes: Uint8Array, at: number, size: number, sign: number): number {
  bytes[at] = 0x80 | ((size & 0x3f) << 1) | sign
  return putVarint(bytes, at + 1, size >>> 6)
}

/** An unsigned number of a type; -0, which it keeps too, is written as one more than the largest. Takes up to 5 bytes. */
export function putUnsigned(bytes: Uint8Array, at: number, value: number, max: number): number {
  return putVarint(bytes, at, value === 0 && 1 / value < 0 ? max + 1 : value)
}

/** One byte, but two for 255 and -0. */
export function putUint8(bytes: Uint8Array, at: number, value: number): number {
  if (value !== 0xff && (value !== 0 || 1 / value > 0)) {
    bytes[at] = value
    return at + 1
  }
  bytes[at] = 0xff
  bytes[at + 1] = value === 0 ? 1 : 0
  return at + 2
}

/** Whole numbers of this size and beyond are written as floats. */
const wholeBelow = 2 ** 51

/** A number of unknown use: small whole numbers in few bytes, others as the shortest float that is exact. Takes up to 9 bytes. */
export function putNumber(bytes: Uint8Array, view: DataView, at: number, value: number): number {
  if (Math.floor(value) === value && value < wholeBelow && value > -wholeBelow) {
    const sign = value < 0 || (value === 0 && 1 / value < 0) ? 2 : 0
    return putVarint(bytes, at, Math.abs(value) * 4 + sign)
  }
  if (Math.fround(value) === value) {
    bytes[at] = 3
    view.setFloat32(at + 1, value, true)
    return at + 5
  }
  bytes[at] = 1
  view.setFloat64(at + 1, value, true)
  return at + 9
}
