import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { readMessages } from './ws-reading.ts'

const longest = 300

/** A WebSocket of `ws` on a stream that the test writes; what comes is told in `log`, and what is written to the peer. */
class Reader {
  readonly log: string[] = []
  /** Messages and answers to pings that passed by `ws`. */
  direct = 0
  readonly #socket: Duplex

  constructor(readsItself: boolean) {
    const { log } = this
    const socket = new Duplex({
      read() {},
      write(bytes: Buffer, _encoding, done) {
        // The answer to the handshake is the same for all.
        if (!bytes.toString('latin1').startsWith('HTTP')) log.push(`written ${bytes.toString('hex')}`)
        done()
      },
    })
    this.#socket = socket
    const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: longest, maxFragments: 4 })
    const headers = {
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    }
    // All that ws looks at.
    const request = { method: 'GET', headers, socket } as unknown as IncomingMessage
    server.handleUpgrade(request, socket, Buffer.alloc(0), (webSocket) => {
      webSocket.on('message', (data: Buffer, isBinary) =>
        log.push(`${isBinary ? 'binary' : 'text'} ${data.toString('hex')}`),
      )
      webSocket.on('ping', (data) => log.push(`ping ${data.toString('hex')}`))
      // What is in an answer is nobody's business.
      webSocket.on('pong', () => log.push('pong'))
      webSocket.on('error', (error: NodeJS.ErrnoException) => log.push(`error ${error.code}`))
      webSocket.on('close', (code, reason) => log.push(`close ${code} ${reason.toString()}`))
      if (!readsItself) return
      readMessages(socket, longest, {
        message: (message) => {
          this.direct++
          log.push(`binary ${message.toString('hex')}`)
        },
        pong: () => {
          this.direct++
          log.push('pong')
        },
      })
    })
  }

  async read(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      // What is read is unmasked in place.
      this.#socket.push(Buffer.from(piece))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async cut(): Promise<void> {
    this.#socket.destroy()
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }

  pause(): void {
    this.#socket.pause()
  }
}

interface Frame {
  readonly first: number
  readonly content: Uint8Array
  readonly mask: Uint8Array
  readonly isMasked: boolean
  /** Bytes that tell the length: the least that will do where it is 0. */
  readonly width: 0 | 2 | 8
}

function bytesOf({ first, content, mask, isMasked, width }: Frame): Buffer {
  const { length } = content
  const takes = Math.max(width, length < 126 ? 0 : 2)
  const head = Buffer.alloc(2 + takes)
  head[0] = first
  head[1] = (takes === 0 ? length : takes === 2 ? 126 : 127) + (isMasked ? 0x80 : 0)
  if (takes === 2) head.writeUInt16BE(length, 2)
  if (takes === 8) head.writeBigUInt64BE(BigInt(length), 2)
  if (!isMasked) return Buffer.concat([head, content])
  return Buffer.concat([head, mask, content.map((byte, i) => byte ^ (mask[i & 3] ?? 0))])
}

const frame = (
  first: fc.Arbitrary<number>,
  maxLength: number,
  isMasked: fc.Arbitrary<boolean> = fc.constant(true),
): fc.Arbitrary<Frame> =>
  fc.record({
    first,
    content: fc.uint8Array({ maxLength }),
    mask: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    isMasked,
    width: fc.constantFrom(0, 0, 0, 0, 0, 0, 2, 8),
  })

const frames = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: frame(fc.constant(0x82), 40) },
    { weight: 3, arbitrary: frame(fc.constant(0x82), longest + 2) },
    { weight: 3, arbitrary: frame(fc.constantFrom(0x89, 0x8a), 12) },
    // What is rare, and what must not be.
    { weight: 1, arbitrary: frame(fc.constantFrom(0x01, 0x02, 0x00, 0x80, 0x81), 40) },
    { weight: 1, arbitrary: frame(fc.constantFrom(0x88, 0x89, 0x8a), 130) },
    { weight: 1, arbitrary: frame(fc.integer({ min: 0, max: 255 }), 10, fc.boolean()) },
  ),
  { maxLength: 12 },
)

/** Cuts bytes at these places, each a share of the whole. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => Math.floor(place * bytes.length)), bytes.length].toSorted((a, b) => a - b)
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter((piece) => piece.length > 0)
}

describe('messages and answers to pings that are read beside ws', () => {
  test('come as ws would tell of them, with everything else, however the stream is cut and whatever is in it', async () => {
    let direct = 0
    let told = 0
    await fc.assert(
      fc.asyncProperty(
        frames,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        fc.boolean(),
        async (sent, places, ends) => {
          const pieces = cutAt(Buffer.concat(sent.map(bytesOf)), places)
          const [beside, alone] = [new Reader(true), new Reader(false)]
          for (const reader of [beside, alone]) {
            await reader.read(pieces)
            if (ends) await reader.cut()
          }
          expect(beside.log).toEqual(alone.log)
          direct += beside.direct
          told += alone.log.filter((line) => /^(?:binary|pong)/.test(line)).length
        },
      ),
      runs(200),
    )
    // Most of them: else this would show nothing.
    expect(direct).toBeGreaterThan(told / 3)
    expect(direct).toBeLessThan(told)
  })

  test('what waits in a paused stream comes when it ends, once', async () => {
    const whole = bytesOf({
      first: 0x82,
      content: Uint8Array.of(1, 2, 3),
      mask: Uint8Array.of(9, 8, 7, 6),
      isMasked: true,
      width: 0,
    })
    const logs = []
    for (const readsItself of [true, false]) {
      const reader = new Reader(readsItself)
      await reader.read([whole.subarray(0, 1)])
      reader.pause()
      await reader.read([whole.subarray(1), whole])
      await reader.cut()
      logs.push(reader.log)
    }
    expect(logs[0]).toEqual(logs[1])
    expect(logs[0]?.filter((line) => line === 'binary 010203')).toHaveLength(2)
  })

  test('a stream that others listen to is left to ws', () => {
    const socket = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() })
    const listeners = [() => undefined, () => undefined]
    for (const listener of listeners) socket.on('data', listener)
    readMessages(socket, longest, { message() {}, pong() {} })
    expect(socket.listeners('data')).toEqual(listeners)
  })
})
