import { wrong } from './layout.ts'

/** The primitives of a packed state (S3 to S5). */
export class Bytes {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  readonly #literals: string[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(length: number): Uint8Array {
    if (length > this.left) wrong('bytes are missing')
    this.#at += length
    return this.#bytes.slice(this.#at - length, this.#at)
  }

  byte(): number {
    return this.take(1)[0] ?? wrong('bytes are missing')
  }

  uint16(): number {
    return this.#view.getUint16(this.#skip(2), true)
  }

  float32(): number {
    return this.#view.getFloat32(this.#skip(4), true)
  }

  float64(): number {
    return this.#view.getFloat64(this.#skip(8), true)
  }

  bigVarint(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
      if (shift > 70n) wrong('a varint without end')
    }
  }

  varint(): number {
    const value = Number(this.bigVarint())
    return Number.isSafeInteger(value) ? value : wrong('a varint that is too large')
  }

  /** How many of something follow, each of at least one byte. */
  count(): number {
    const count = this.varint()
    return count <= this.left ? count : wrong('a count greater than the bytes left')
  }

  /** Sign and absolute value. */
  #signed(): [negative: boolean, absolute: bigint] {
    const first = this.byte()
    const low = BigInt((first >> 1) & 0x3f)
    return [(first & 1) === 1, first < 0x80 ? low : low + this.bigVarint() * 64n]
  }

  signed(): number {
    const [negative, absolute] = this.#signed()
    if (absolute > BigInt(Number.MAX_SAFE_INTEGER)) wrong('a number that is too large')
    return negative ? -Number(absolute) : Number(absolute)
  }

  bigint(): bigint {
    const [negative, absolute] = this.#signed()
    const value = negative ? -absolute : absolute
    return value >= -(2n ** 63n) && value < 2n ** 64n ? value : wrong('a bigint that is too large')
  }

  text(): string {
    const head = this.varint()
    if (head % 2 === 1) return this.#literals[Math.floor(head / 2)] ?? wrong('a text that did not stand before')
    const bytes = this.take(head / 2)
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (bytes.length >= 2) this.#literals.push(text)
    return text
  }

  #skip(length: number): number {
    if (length > this.left) wrong('bytes are missing')
    this.#at += length
    return this.#at - length
  }
}
