/**
 * Writes a token and the number that belongs to it, highest byte first. Returns the position behind it.
 *
 * @param token That of one byte: those of two and four follow it.
 * @param width Bytes of the number: 1, 2 or 4.
 */
export function writeHead(to: Uint8Array, index: number, token: number, width: number, value: number): number {
  to[index++] = token + (width >> 1)
  for (let shift = 8 * width; shift > 0;) to[index++] = value >>> (shift -= 8)
  return index
}

/** Bytes that a number of 0 to 2^32 - 1 takes behind a token. */
export function widthOf(value: number): number {
  return value < 0x100 ? 1 : value < 0x10000 ? 2 : 4
}

/**
 * Writes the head of an array or a map, and returns the position behind it.
 *
 * @param few The token of less than 16: 0x90 for arrays, 0x80 for maps.
 * @param many That of a length of 16 bits: 0xdc, 0xde.
 */
export function writeLength(to: Uint8Array, index: number, few: number, many: number, length: number): number {
  if (length >= 0x10) return writeHead(to, index, many - 1, length < 0x10000 ? 2 : 4, length)
  to[index] = few | length
  return index + 1
}

/** Bytes that the head of a bin of this length takes. */
export function binHeadSize(length: number): number {
  return 1 + widthOf(length)
}

/** Writes the head of a bin, and returns the position behind it. */
export function writeBinHead(to: Uint8Array, index: number, length: number): number {
  return writeHead(to, index, 0xc4, widthOf(length), length)
}

/** Bytes that an integer of 0 to 2^32 - 1 takes. */
export function uintSize(value: number): number {
  return value < 0x80 ? 1 : binHeadSize(value)
}

/** Writes an integer of 0 to 2^32 - 1, and returns the position behind it. */
export function writeUint(to: Uint8Array, index: number, value: number): number {
  if (value >= 0x80) return writeHead(to, index, 0xcc, widthOf(value), value)
  to[index] = value
  return index + 1
}
