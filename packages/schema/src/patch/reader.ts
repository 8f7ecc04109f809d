import { SchemaError } from '../errors.ts'
import { maxNodeId } from './body.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Up to this many bytes a loop in JavaScript is faster than the platform's decoder. */
const shortText = 24

/**
 * How much may be made from a body: this many fields, plus some for each of its bytes. Absent optional fields and
 * constants take no bytes, so without this bound a few bytes against a huge layout could fill the memory.
 */
const cellsAtLeast = 100_000
const cellsPerByte = 32

/**
 * Reads the primitives of patches and snapshots. Its input is hostile: nothing is read beyond the end, and no count is
 * believed that the bytes left cannot hold.
 *
 * @throws SchemaError of code `invalid_patch`, with the byte where it went wrong, from every method.
 */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  #cells: number
  /** The node id that the next {@link reference} counts from. */
  #base = 0
  /** The least that the next id of a group can be. */
  #next = 0
  readonly #node: (type: number, id: number) => unknown
  /** The texts of the body that can be referred to. */
  readonly #texts: string[] = []

  /** @param node Finds what stands for the node of that id and type, if there is one. */
  constructor(bytes: Uint8Array, node: (type: number, id: number) => unknown) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#cells = cellsAtLeast + cellsPerByte * bytes.length
    this.#node = node
  }

  /** Whether everything was read. */
  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  /**
   * The error for what cannot be right at this place. A number is enough: what is wrong a broken server has sent, and who mends
   * that can look it up.
   *
   * @param rule Of docs/protocol-state.md.
   */
  bad(rule: `S${number}`): SchemaError {
    const message = `The patch cannot be read: ${rule} of docs/protocol-state.md is broken, before byte ${this.#at}.`
    return new SchemaError('invalid_patch', '', message)
  }

  /** The number, when it is from `min` to `max`. */
  within(value: number, min: number, max: number): number {
    // What refuses stands apart: engines put small methods into their callers.
    return value >= min && value <= max ? value : this.#outside()
  }

  #ended(): never {
    throw this.bad('S25')
  }

  #outside(): never {
    throw this.bad('S20')
  }

  /** Accounts for fields that are made; see {@link cellsPerByte}. */
  spend(cells: number): void {
    this.#cells -= cells
    if (this.#cells < 0) throw this.bad('S26')
  }

  /** One byte. */
  byte(): number {
    return this.#bytes[this.#at++] ?? this.#ended()
  }

  /** An unsigned whole number up to 2^53 - 1. */
  varint(): number {
    const byte = this.byte()
    return byte < 0x80 ? byte : this.#more(byte & 0x7f, 0x80)
  }

  /** A whole number with its sign. */
  signed(): number {
    const byte = this.byte()
    const size = byte < 0x80 ? byte >> 1 : this.#more((byte >> 1) & 0x3f, 0x40)
    return byte & 1 ? -size : size
  }

  /** The rest of a number, of which the lowest bits are known: each byte has seven more. */
  #more(lowest: number, scale: number): number {
    let value = lowest
    for (let unit = scale; unit < 2 ** 56; unit *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * unit
      if (byte < 0x80) return this.within(value, 0, Number.MAX_SAFE_INTEGER)
    }
    throw this.bad('S3')
  }

  /** A bigint of 64 bits, signed or not. */
  bigint(): bigint {
    const first = this.byte()
    let size = BigInt((first >> 1) & 0x3f)
    let more = first >= 0x80
    for (let shift = 6n; more; shift += 7n) {
      if (shift > 62n) throw this.bad('S3')
      const byte = this.byte()
      size |= BigInt(byte & 0x7f) << shift
      more = byte >= 0x80
    }
    const negative = (first & 1) === 1
    if (size > (negative ? 2n ** 63n : 2n ** 64n - 1n)) throw this.bad('S3')
    return negative ? -size : size
  }

  /** Two bytes, little-endian. */
  uint16(): number {
    const at = this.#skip(2)
    return this.#view.getUint16(at, true)
  }

  /** Four bytes, little-endian; finite. */
  float32(): number {
    return this.#finite(this.#view.getFloat32(this.#skip(4), true))
  }

  /** Eight bytes, little-endian; finite. */
  float64(): number {
    return this.#finite(this.#view.getFloat64(this.#skip(8), true))
  }

  /** A text, or one that stood in the body before. */
  string(): string {
    const code = this.varint()
    if (code % 2 === 1) {
      const text = this.#texts[(code - 1) / 2]
      if (text === undefined) throw this.bad('S5')
      return text
    }
    const text = this.#literal(code / 2)
    // A shorter one is no longer than a reference to it.
    if (code > 2) this.#texts.push(text)
    return text
  }

  #literal(length: number): string {
    const start = this.#skip(length)
    if (length <= shortText) {
      let text = ''
      for (let at = start; at < start + length; at++) {
        const code = this.#bytes[at] ?? 0x80
        if (code > 0x7f) return this.#utf8(start, length)
        text += String.fromCharCode(code)
      }
      return text
    }
    return this.#utf8(start, length)
  }

  /** Bytes; a copy, since a view would hold the whole message in memory. */
  bytes(): Uint8Array {
    return this.raw(this.count())
  }

  /** That many bytes; a copy. */
  raw(length: number): Uint8Array {
    const start = this.#skip(length)
    return this.#bytes.slice(start, start + length)
  }

  /** A count of things of which each takes one byte or more. */
  count(): number {
    const count = this.varint()
    this.atLeast(count)
    return count
  }

  /** So many bytes must be left. */
  atLeast(count: number): void {
    if (count > this.#bytes.length - this.#at) this.#ended()
  }

  /** Begins the ids of a group. */
  ids(): void {
    this.#next = 0
  }

  /** The next id of a group. The content of that node follows, where the first reference counts from it. */
  id(): number {
    const id = this.#next + this.varint()
    if (id > maxNodeId) throw this.bad('S10')
    this.#base = id
    this.#next = id + 1
    return id
  }

  /** What stands for another node, which must be of that type. */
  reference(type: number): unknown {
    this.#base += this.signed()
    const node = this.#node(type, this.#base)
    if (node === undefined) throw this.bad('S13')
    return node
  }

  #finite(value: number): number {
    return this.within(value, -Number.MAX_VALUE, Number.MAX_VALUE)
  }

  #utf8(start: number, length: number): string {
    try {
      return decoder.decode(this.#bytes.subarray(start, start + length))
    } catch {
      throw this.bad('S5')
    }
  }

  #skip(length: number): number {
    const start = this.#at
    this.atLeast(length)
    this.#at = start + length
    return start
  }
}
