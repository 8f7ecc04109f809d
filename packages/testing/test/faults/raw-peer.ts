import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { encodeFrame, MessageReader, parseFrame } from '@junto/protocol/internal'
import type { Frame, SentFrame } from '@junto/protocol/internal'

/** A WebSocket frame, as right or wrong as a test wants it. */
export interface RawFrame {
  readonly opcode?: number
  readonly payload?: Uint8Array
  /** Default: true. */
  readonly fin?: boolean
  /** Bits of 0x70: compression and the two reserved ones. Default: none. */
  readonly reserved?: number
  /** Default: true, as clients must. */
  readonly masked?: boolean
  /** What the head says the length is. Default: the truth. */
  readonly declared?: bigint
}

/** An HTTP answer. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Lines of a request's header; `undefined` leaves one out. */
export type RequestLines = Readonly<Record<string, string | undefined>>

const readerLimits = { maxMessage: 1 << 20, maxFrame: 1 << 26, maxDepth: 64, maxElements: 1e6 }

/** What opens a connection; each line can be replaced, or left out by `undefined`. */
const upgradeLines = {
  Host: 'localhost',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol': 'junto.v1',
}

/** A peer made of a bare TCP socket: its handshake and frames are written by hand, so that they can be wrong. */
export class RawPeer {
  /** The protocol's frames that came, with their rooms. */
  readonly frames: { readonly room: number; readonly frame: Frame }[] = []
  /** The code of the close frame that came. */
  closeCode: number | undefined
  /** The connection is gone. */
  gone = false
  /** Whether it answers pings, as every WebSocket does by itself. */
  pongs = true
  readonly #socket: Socket
  readonly #reader = new MessageReader(readerLimits, parseFrame)
  #buffer = Buffer.alloc(0)
  #upgraded = false
  #changed: (() => void)[] = []

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.gone = true
      this.#notify()
    })
  }

  /** A connection after a proper handshake. */
  static async open(port: number, lines: RequestLines = {}): Promise<RawPeer> {
    const peer = new RawPeer(port)
    const { status, body } = await peer.upgrade(lines)
    if (status !== 101) throw new Error(`not upgraded: ${status} ${body}`)
    return peer
  }

  /** Writes bytes as they are. */
  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes)
  }

  /** Asks for a WebSocket. */
  upgrade(lines: RequestLines = {}, request = 'GET /'): Promise<HttpAnswer> {
    const all = Object.entries({ ...upgradeLines, ...lines }).filter(([, value]) => value !== undefined)
    this.write(`${request} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
    return this.answer()
  }

  /** The HTTP answer, when it has come. */
  async answer(): Promise<HttpAnswer> {
    let end = -1
    await this.until(() => (end = this.#buffer.indexOf('\r\n\r\n')) !== -1 || this.gone)
    if (end === -1) throw new Error('the connection ended without an answer')
    const [first = '', ...lines] = this.#buffer.subarray(0, end).toString().split('\r\n')
    const headers = new Map(lines.map((line) => [line.split(':')[0]?.toLowerCase() ?? '', line.split(': ')[1] ?? '']))
    const status = Number(first.split(' ')[1])
    this.#buffer = this.#buffer.subarray(end + 4)
    if (status === 101) {
      this.#upgraded = true
      this.#parse()
      return { status, headers, body: '' }
    }
    await this.until(() => this.gone)
    return { status, headers, body: this.#buffer.toString() }
  }

  /** Sends a WebSocket frame. */
  sendFrame(frame: RawFrame): void {
    this.write(rawFrame(frame))
  }

  /** Sends a binary message. */
  sendMessage(payload: Uint8Array): void {
    this.sendFrame({ payload })
  }

  /** Sends frames of the protocol; a number says which room those behind it concern. */
  send(...parts: readonly (number | SentFrame)[]): void {
    // Numbers below 128 are bytes of themselves.
    const pieces = parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : encodeFrame(part)))
    this.sendMessage(Buffer.concat(pieces))
  }

  /** Waits for a frame of the protocol that fits, also among those that came already, and takes it. */
  async frame<F extends Frame>(type: F['type'], fits: (frame: F) => boolean = () => true): Promise<F> {
    let found: F | undefined
    await this.until(() => {
      // A frame of that type has that shape.
      const index = this.frames.findIndex(({ frame }) => frame.type === type && fits(frame as F))
      if (index === -1) return this.gone
      found = this.frames.splice(index, 1)[0]?.frame as F
      return true
    })
    if (!found) throw new Error(`the connection ended (${this.closeCode}) before a frame of type ${type} came`)
    return found
  }

  /** Waits for so many frames of these types, and takes them. */
  async all<F extends Frame>(count: number, types: readonly F['type'][]): Promise<readonly F[]> {
    const found: F[] = []
    await this.until(() => {
      for (let index = this.frames.length - 1; index >= 0 && found.length < count; index--) {
        const frame = this.frames[index]?.frame
        if (frame === undefined || !types.includes(frame.type)) continue
        // A frame of that type has that shape.
        found.push(frame as F)
        this.frames.splice(index, 1)
      }
      return found.length >= count || this.gone
    })
    if (found.length < count)
      throw new Error(`the connection ended (${this.closeCode}) after ${found.length} of ${count} frames`)
    return found
  }

  /** The close code that came, 1006 when none did, once the connection is gone. */
  async closed(): Promise<number> {
    await this.until(() => this.gone)
    return this.closeCode ?? 1006
  }

  /** Ends the connection in order. */
  close(): void {
    this.sendFrame({ opcode: 8, payload: Uint8Array.of(0x03, 0xe8) })
    this.#socket.end()
  }

  /** Ends the connection by a reset. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  /** Waits for something that shows in what came. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#changed.push(resolve))
  }

  #notify(): void {
    for (const resolve of this.#changed.splice(0)) resolve()
  }

  #receive(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    if (this.#upgraded) this.#parse()
    this.#notify()
  }

  #parse(): void {
    for (;;) {
      const [head, small] = this.#buffer
      if (head === undefined || small === undefined) return
      const start = small === 127 ? 10 : small === 126 ? 4 : 2
      if (this.#buffer.length < start) return
      const length =
        small === 127 ? Number(this.#buffer.readBigUInt64BE(2)) : small === 126 ? this.#buffer.readUInt16BE(2) : small
      if (this.#buffer.length < start + length) return
      const payload = this.#buffer.subarray(start, start + length)
      this.#buffer = this.#buffer.subarray(start + length)
      this.#take(head & 15, payload)
    }
  }

  #take(opcode: number, payload: Buffer): void {
    switch (opcode) {
      case 2:
        this.#reader.read(payload, (room, frame) => this.frames.push({ room, frame }))
        return
      case 8:
        this.closeCode = payload.length < 2 ? 1005 : payload.readUInt16BE(0)
        this.sendFrame({ opcode: 8, payload })
        this.#socket.end()
        return
      case 9:
        if (this.pongs) this.sendFrame({ opcode: 10, payload })
    }
  }
}

/** The bytes of a WebSocket frame. */
export function rawFrame({ opcode = 2, payload = new Uint8Array(0), fin = true, ...rest }: RawFrame): Uint8Array {
  const { reserved = 0, masked = true, declared = BigInt(payload.length) } = rest
  const head = [(fin ? 0x80 : 0) | reserved | opcode]
  const mask = masked ? 0x80 : 0
  if (declared < 126n) head.push(mask | Number(declared))
  else if (declared < 65_536n) head.push(mask | 126, Number(declared) >> 8, Number(declared) & 255)
  else head.push(mask | 127, ...bigEndian(declared))
  if (!masked) return Buffer.concat([Uint8Array.from(head), payload])
  const key = [0x12, 0x34, 0x56, 0x78] as const
  return Buffer.concat([Uint8Array.from([...head, ...key]), payload.map((byte, index) => byte ^ (key[index & 3] ?? 0))])
}

function bigEndian(value: bigint): number[] {
  return Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(8 * (7 - index))) & 255n))
}
