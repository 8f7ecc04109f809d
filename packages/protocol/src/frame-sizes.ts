/**
 * Tells type and size of each frame of a message that has been read, so that it is known to be well-formed: for statistics, without
 * building anything. A frame that does not begin as frames do counts as type 0.
 */
export function forEachFrame(message: Uint8Array, each: (type: number, size: number) => void): void {
  const end = message.length
  for (let position = 0; position < end;) {
    const from = position
    const token = message[from] ?? 0
    position = behind(message, from)
    const isFrame = (token >= 0x90 && token < 0xa0) || token === 0xdc || token === 0xdd
    if (!isFrame) continue
    const type = message[from + (token === 0xdc ? 3 : token === 0xdd ? 5 : 1)] ?? 0
    each(type < 0x80 ? type : 0, position - from)
  }
}

/** The position behind the value that begins here. */
function behind(bytes: Uint8Array, from: number): number {
  let position = from
  // Values that are still to be passed.
  for (let left = 1; left > 0 && position < bytes.length; left--) {
    const token = bytes[position++] ?? 0
    if (token < 0x80 || token >= 0xe0) continue
    if (token < 0x90) left += (token & 0x0f) * 2
    else if (token < 0xa0) left += token & 0x0f
    else if (token < 0xc0) position += token & 0x1f
    else if (token >= 0xdc) {
      const width = token % 2 === 0 ? 2 : 4
      left += readUint(bytes, position, width) * (token >= 0xde ? 2 : 1)
      position += width
    } else {
      const width = lengths[token - 0xc0] ?? 0
      position += width > 0 ? width + readUint(bytes, position, width) : (fixed[token - 0xc0] ?? 0)
    }
  }
  return position
}

/** From token c0 on: how many bytes the length of the content takes, where there is one. */
const lengths = Uint8Array.of(0, 0, 0, 0, 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4)
/** From token c0 on: how many bytes the content takes, where that is fixed. */
const fixed = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0)

function readUint(bytes: Uint8Array, position: number, width: number): number {
  let value = 0
  for (let i = 0; i < width; i++) value = value * 256 + (bytes[position + i] ?? 0)
  return value
}
