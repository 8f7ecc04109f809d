import { randomBytes } from 'node:crypto'
import type { WebSocket } from 'ws'
import { open, packr } from './hand-made.ts'

// A client of Junto's server that is none of ours but speaks the protocol as leanly as the clients of the hand-made peers do, so that the
// load generator does not weigh differently. It acknowledges as the protocol demands. See docs/protocol.md for the frames.

/** The types of frames that come up here. */
export const frameType = {
  hello: 1,
  welcome: 2,
  join: 3,
  joined: 4,
  beat: 8,
  ack: 11,
  event: 16,
  call: 17,
  reply: 18,
  patch: 25,
  snapshot: 26,
  check: 27,
  inputs: 32,
  stamp: 33,
} as const

/** What is told of the session or of the state, none of which these clients use. */
const unused = new Set<unknown>([frameType.welcome, frameType.beat, frameType.ack, frameType.snapshot])

/** The types that are counted and acknowledged. */
const isNumbered = (type: number): boolean => (type >= 3 && type <= 7) || (type >= 16 && type <= 24)

/** Frames that are taken before an ack rides on the next message: what @junto/client does, and rule K6 asks for. */
const ackEvery = 8
/** Milliseconds within which whatever was taken is acknowledged. So many bytes that they ask for one earlier do not come in that time. */
const ackDelay = 1_000

/** The room ref that this client gives to its one room. */
const ref = 1
const roomRef = packr.pack(ref)

export interface RoomFrame {
  readonly type: unknown
  /** Of the call, or of the message in the contract. */
  readonly no: number
  readonly content: unknown
}

/** One client in one room, which it has opened by the room's key. */
export class LeanClient {
  private received = 0
  private acknowledged = 0
  private frames: Buffer[] = []
  private acking: NodeJS.Timeout | undefined

  /**
   * Connects, and resolves when it has joined.
   *
   * @param take What to do about each frame of the room and whatever else is not expected; it throws at what it does not know.
   * @param heard Called with the size of each message in bytes.
   */
  static async open(
    port: number,
    to: { readonly room: string; readonly key: string },
    take: (frame: RoomFrame) => void,
    heard?: (bytes: number) => void,
  ): Promise<LeanClient> {
    const socket = await open(port, 'junto.v1')
    const client = new LeanClient(socket)
    await new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        heard?.(data.length)
        packr.unpackMultiple(data, (value: unknown) => {
          if (!Array.isArray(value)) return // the room that the next frames are about: there is only one
          const [type, no, content]: unknown[] = value
          if (type === frameType.joined) resolve()
          else if (!unused.has(type)) take({ type, no: Number(no), content })
          if (isNumbered(Number(type))) client.received++
        })
        client.heard()
      })
      const [session, secret] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
      const wish = { by: 'open', ...to, layouts: [] }
      socket.send(
        Buffer.concat([packr.pack([frameType.hello, { session, secret }]), packr.pack([frameType.join, ref, wish])]),
      )
    })
    return client
  }

  private constructor(private readonly socket: WebSocket) {}

  /** Sends a packed frame of the room, with whatever else this turn of the event loop has for the server. */
  add(frame: Buffer): void {
    if (this.frames.push(frame) === 1 && leaving.push(this) === 1) setImmediate(sendAll)
  }

  /** Says goodbye: who is only gone keeps its seat. What comes after that is for nobody. */
  close(): void {
    clearTimeout(this.acking)
    this.socket.removeAllListeners('message')
    this.socket.close(1000)
  }

  /** Sends what there is, with an ack where one is due. */
  send(): void {
    const frames = [roomRef, ...this.frames]
    this.frames = []
    this.post(Buffer.concat(this.owed < ackEvery ? frames : [this.ack(), ...frames]))
  }

  /** What no message bears away is acknowledged by itself. */
  private heard(): void {
    if (this.owed > 0) this.acking ??= setTimeout(() => this.acknowledge(), ackDelay)
  }

  private acknowledge(): void {
    this.acking = undefined
    if (this.owed > 0) this.post(this.ack())
  }

  private get owed(): number {
    return this.received - this.acknowledged
  }

  private ack(): Buffer {
    this.acknowledged = this.received
    return packr.pack([frameType.ack, this.received])
  }

  private post(message: Buffer): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(message)
  }
}

/** Clients that have something to send at the end of this turn. */
let leaving: LeanClient[] = []

function sendAll(): void {
  const clients = leaving
  leaving = []
  for (const client of clients) client.send()
}
