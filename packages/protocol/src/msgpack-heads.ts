/** Bytes that the head of a bin of this length takes. */
export function binHeadSize(length: number): number {
  return length < 0x100 ? 2 : length < 0x10000 ? 3 : 5
}

/** Writes the head of a bin, and returns the position behind it. */
export function writeBinHead(to: Uint8Array, index: number, length: number): number {
  if (length < 0x100) {
    to[index++] = 0xc4
  } else {
    if (length < 0x10000) {
      to[index++] = 0xc5
    } else {
      to[index++] = 0xc6
      to[index++] = length >>> 24
      to[index++] = length >>> 16
    }
    to[index++] = length >>> 8
  }
  to[index++] = length
  return index
}

/** Bytes that an integer of 0 to 2^32 - 1 takes. */
export function uintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : 5
}

/** Writes an integer of 0 to 2^32 - 1, and returns the position behind it. */
export function writeUint(to: Uint8Array, index: number, value: number): number {
  if (value >= 0x10000) {
    to[index++] = 0xce
    to[index++] = value >>> 24
    to[index++] = value >>> 16
    to[index++] = value >>> 8
  } else if (value >= 0x100) {
    to[index++] = 0xcd
    to[index++] = value >>> 8
  } else if (value >= 0x80) {
    to[index++] = 0xcc
  }
  to[index++] = value
  return index
}
