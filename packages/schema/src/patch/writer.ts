import { putSigned, putVarint } from './put.ts'

const encoder = new TextEncoder()

/** Up to this many characters a loop in JavaScript is faster than the platform's encoder. */
const shortText = 48

const firstSize = 512

/** A larger buffer is let go of: every room has a writer, and snapshots are rare. */
const mostKept = 256 * 1024

/**
 * Writes the primitives of patches and snapshots into a buffer that grows.
 *
 * Numbers passed in are of the range their method names; checking is done where values enter the state. What
 * {@link take} returns is a copy: the buffer is used again, the copy never.
 */
export class Writer {
  /** What was written, up to {@link at}, and room for more. Replaced when it grows. */
  buffer = new Uint8Array(firstSize)
  /** Of the same buffer. */
  view = new DataView(this.buffer.buffer)
  /** Where the next byte goes. Generated code writes at this place itself, and moves it, after {@link reserve}. */
  at = 0
  /** The node id that the next {@link reference} counts from. */
  #base = 0
  /** How much was in the last buffer that was let go of: one that grows so large again gets there at once. */
  #lately = 0
  /** Whether the body may refer to a text that stands in it. */
  #sharing = false
  /** The numbers of the texts that stand in it; none yet in most patches. */
  #texts: Map<string, number> | undefined

  /** Bytes written so far. */
  get length(): number {
    return this.at
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.buffer.slice(0, this.at)
    this.clear()
    return bytes
  }

  /** Drops what was written. */
  clear(): void {
    if (this.buffer.length > mostKept) {
      this.#lately = this.at
      this.#use(new Uint8Array(firstSize))
    }
    this.at = 0
    this.#sharing = false
    this.#texts = undefined
  }

  /**
   * Begins a body in which a text that stood in it before is a reference to that. Without this every text is written out, as it
   * must be in what is put together to several bodies: the number of a text depends on all that stands before it.
   */
  shareTexts(): void {
    this.#sharing = true
    this.#texts = undefined
  }

  /** Makes room for so many bytes more. */
  reserve(count: number): void {
    if (this.at + count > this.buffer.length) this.#grow(this.at + count)
  }

  /** One byte, 0 … 255. */
  byte(value: number): void {
    this.reserve(1)
    this.buffer[this.at++] = value
  }

  /** An unsigned whole number; see {@link putVarint}. */
  varint(value: number): void {
    this.reserve(8)
    this.at = putVarint(this.buffer, this.at, value)
  }

  /** A whole number with its sign; see {@link putSigned}. */
  signed(value: number): void {
    this.reserve(8)
    this.at = putSigned(this.buffer, this.at, value)
  }

  /** A bigint, in the form of {@link signed}. */
  bigint(value: bigint): void {
    const sign = value < 0n ? 1 : 0
    const size = value < 0n ? -value : value
    const low = (Number(size & 0x3fn) << 1) | sign
    let rest = size >> 6n
    this.byte(rest > 0n ? low | 0x80 : low)
    while (rest > 0n) {
      const part = Number(rest & 0x7fn)
      rest >>= 7n
      this.byte(rest > 0n ? part | 0x80 : part)
    }
  }

  /** Two bytes, little-endian. */
  uint16(value: number): void {
    this.reserve(2)
    this.view.setUint16(this.at, value, true)
    this.at += 2
  }

  /** Four bytes, little-endian. */
  float32(value: number): void {
    this.reserve(4)
    this.view.setFloat32(this.at, value, true)
    this.at += 4
  }

  /** Eight bytes, little-endian. */
  float64(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.at, value, true)
    this.at += 8
  }

  /** Twice the length in bytes as a varint, then UTF-8; or a reference to the same text earlier in the body. */
  string(text: string): void {
    if (this.#sharing && this.#refer(text)) return
    if (text.length <= shortText && this.#ascii(text)) return
    const length = utf8Length(text)
    this.varint(length * 2)
    this.reserve(length)
    encoder.encodeInto(text, this.buffer.subarray(this.at, this.at + length))
    this.at += length
  }

  /** The length as a varint, then the bytes. */
  bytes(value: Uint8Array): void {
    this.varint(value.length)
    this.raw(value)
  }

  /** Bytes without a length. */
  raw(value: Uint8Array): void {
    this.reserve(value.length)
    this.buffer.set(value, this.at)
    this.at += value.length
  }

  /** Begins the content of a node: its first reference counts from its own id. */
  from(id: number): void {
    this.#base = id
  }

  /** The id of another node, as the signed difference to the one before it, or to the node itself. */
  reference(id: number): void {
    this.signed(id - this.#base)
    this.#base = id
  }

  #refer(text: string): boolean {
    const texts = (this.#texts ??= new Map<string, number>())
    const number = texts.get(text)
    if (number !== undefined) {
      this.varint(number * 2 + 1)
      return true
    }
    if (text.length > 1 || text.charCodeAt(0) > 0x7f) texts.set(text, texts.size)
    return false
  }

  #ascii(text: string): boolean {
    const start = this.at
    this.reserve(text.length + 1)
    let at = start
    this.buffer[at++] = text.length * 2
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) return false
      this.buffer[at++] = code
    }
    this.at = at
    return true
  }

  #grow(needed: number): void {
    const size = Math.max(needed, this.buffer.length * 2)
    const grown = new Uint8Array(size > mostKept ? Math.max(size, this.#lately) : size)
    grown.set(this.buffer.subarray(0, this.at))
    this.#use(grown)
  }

  #use(buffer: Uint8Array<ArrayBuffer>): void {
    this.buffer = buffer
    this.view = new DataView(buffer.buffer)
  }
}

/** Bytes of a well-formed text as UTF-8. */
function utf8Length(text: string): number {
  let length = text.length
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7ff) {
      // Half of a surrogate pair: the pair is four bytes, and is counted as two by its two halves already.
      length += code >= 0xd800 && code <= 0xdfff ? 1 : 2
    } else if (code > 0x7f) length += 1
  }
  return length
}
