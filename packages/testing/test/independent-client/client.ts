import { WebSocket } from 'ws'
import { readLayout, text, whole, wrong, type Layout } from './layout.ts'
import { byName } from './values.ts'
import { IndependentRoom, RoomError } from './room.ts'
import { framesOf, messagesOf, type Addressed, type Frame } from './wire.ts'

/**
 * A client of Junto's protocol that was written from docs/protocol.md and docs/protocol-state.md, and shares no code with
 * the packages: it shows that the texts are enough to write one.
 */
export interface ClientOptions {
  readonly url: string
  /** 32 lower-case hex digits. */
  readonly session: string
  readonly auth?: unknown
  readonly maxMessage?: number
  readonly maxFrame?: number
}

export interface JoinOptions {
  readonly by: 'open' | 'create' | 'join' | 'joinOrCreate'
  readonly room: string
  readonly key?: string
  readonly id?: string
  readonly where?: unknown
  readonly join?: unknown
  readonly options?: unknown
  readonly version?: number
}

interface Joining {
  readonly resolve: (room: IndependentRoom) => void
  readonly reject: (error: RoomError) => void
}

export class IndependentClient {
  readonly #socket: WebSocket
  readonly #rooms = new Map<number, IndependentRoom>()
  readonly #joining = new Map<number, Joining>()
  /** Those left that have not been answered, by ref, oldest first. */
  readonly #leaving: [ref: number, room: IndependentRoom | undefined][] = []
  readonly #queue: Addressed[] = []
  #parts: Uint8Array[] = []
  #nextRef = 0
  #flushes = false
  // What a server accepts at least (P2).
  #maxMessage = 65_536
  #maxFrame = 262_144

  /** Layouts by hash (P7). */
  readonly layouts: Map<string, Layout>
  /** What came, for tests: sizes of messages, frames of the session, joined frames that carried a layout. */
  readonly sizes: number[] = []
  readonly beats: number[] = []
  readonly notices: string[] = []
  readonly lefts: string[] = []
  sent = 0
  parts = 0
  definitions = 0
  welcome: { readonly [name: string]: unknown } | undefined
  readonly closed: Promise<number>

  constructor(options: ClientOptions, layouts = new Map<string, Layout>()) {
    const { url, ...hello } = options
    this.layouts = layouts
    this.#socket = new WebSocket(url, ['junto.v1'])
    this.#socket.binaryType = 'nodebuffer'
    this.send(0, [1, { ...hello, auth: byName(hello.auth) }])
    this.#socket.on('open', () => this.#flush())
    this.#socket.on('message', (data: Buffer, isBinary) => {
      try {
        if (!isBinary) wrong('a text message')
        this.sizes.push(data.length)
        this.#receive(framesOf(data))
      } catch (error) {
        this.fault = error
        this.#socket.close(4500, 'bad_message')
      }
    })
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', (code) => {
        for (const joining of this.#joining.values()) joining.reject(new RoomError('disconnected', 'closed'))
        for (const room of this.#rooms.values()) room.end('disconnected')
        for (const [, room] of this.#leaving) room?.end('disconnected')
        resolve(code)
      })
    })
    this.#socket.on('error', () => this.#socket.terminate())
  }

  /** What was wrong with what the server sent. */
  fault: unknown

  /** Asks for a membership, in the message of the hello where that has not been sent yet (P4). */
  join({ join, options, where, ...rest }: JoinOptions, ref = ++this.#nextRef): Promise<IndependentRoom> {
    const layouts = [...this.layouts.keys()]
    const values = { join: byName(join), options: byName(options), where: byName(where), layouts }
    this.send(0, [3, ref, { ...rest, ...values }])
    return new Promise((resolve, reject) => this.#joining.set(ref, { resolve, reject }))
  }

  /** Leaves a room, or gives up a join (P9). */
  leave(ref: number): void {
    this.#leaving.push([ref, this.#rooms.get(ref)])
    this.#rooms.delete(ref)
    this.#joining.get(ref)?.reject(new RoomError('cancelled', 'left before joined'))
    this.#joining.delete(ref)
    this.send(0, [6, ref])
  }

  /** Queues a frame. All that is sent in one turn is one message. */
  send(ref: number, frame: Frame): void {
    this.#queue.push([ref, frame])
    if (this.#flushes) return
    this.#flushes = true
    queueMicrotask(() => {
      this.#flushes = false
      this.#flush()
    })
  }

  /** Sends any bytes, or text, as a message. */
  sendRaw(message: Uint8Array | string): void {
    this.#socket.send(message)
  }

  /** Reads nothing until {@link resume}. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  async close(): Promise<number> {
    this.#socket.close(1000)
    return this.closed
  }

  #flush(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    const messages = messagesOf(this.#queue.splice(0), this.#maxMessage, this.#maxFrame)
    this.sent += messages.length
    for (const message of messages) this.#socket.send(message)
  }

  #receive(frames: readonly Addressed[], isOfParts = false): void {
    for (const [ref, frame] of frames) {
      // Until left has come, what comes is of the membership before (P9).
      if (ref > 0 && this.#isLeaving(ref)) continue
      if (ref > 0) this.#rooms.get(ref)?.receive(frame)
      else if (frame[0] === 9 && isOfParts) wrong('parts of parts')
      else this.#session(frame)
    }
  }

  #session(frame: Frame): void {
    const [type, first, second, third, fourth] = frame
    switch (type) {
      case 2:
        this.welcome = first as { [name: string]: unknown }
        this.#maxMessage = whole(this.welcome['maxMessage'])
        this.#maxFrame = whole(this.welcome['maxFrame'])
        break
      case 4:
        this.#joined(whole(first), second as { [name: string]: unknown })
        break
      case 5: {
        const ref = whole(first)
        const joining = this.#joining.get(ref)
        // A leave that has met a refusal gets no answer of its own.
        if (this.#isLeaving(ref)) this.#left(ref, 'refused', undefined)
        else if (this.#joining.delete(ref)) joining?.reject(new RoomError(text(second), text(third), fourth))
        break
      }
      case 7:
        this.#left(whole(first), text(second), third)
        break
      case 8:
        this.beats.push(whole(first))
        break
      case 9: {
        if (!(second instanceof Uint8Array) || second.length === 0) wrong('a part')
        this.parts++
        this.#parts.push(second as Uint8Array)
        if (first === true) break
        const together = Buffer.concat(this.#parts)
        this.#parts = []
        this.#receive(framesOf(together), true)
        break
      }
      case 10:
        this.notices.push(text(first))
        break
      default:
      // Of times to come (F5).
    }
  }

  #joined(ref: number, joined: { readonly [name: string]: unknown }): void {
    // A join that was given up in the meantime: left follows.
    if (this.#isLeaving(ref)) return
    const joining = this.#joining.get(ref) ?? wrong('joined without a join')
    const hash = text(joined['layout'])
    if (joined['definition'] != null) {
      this.definitions++
      this.layouts.set(hash, readLayout(joined['definition']))
    }
    const layout = this.layouts.get(hash) ?? wrong('a layout that nobody knows')
    const room = new IndependentRoom(ref, joined, layout, {
      send: (frame) => this.send(ref, frame),
      leave: () => this.leave(ref),
      ready: joining.resolve,
    })
    this.#joining.delete(ref)
    this.#rooms.set(ref, room)
  }

  #isLeaving(ref: number): boolean {
    return this.#leaving.some(([of]) => of === ref)
  }

  #left(ref: number, reason: string, message: unknown): void {
    this.lefts.push(reason)
    const at = this.#leaving.findIndex(([of]) => of === ref)
    if (at >= 0) {
      const [[, room] = []] = this.#leaving.splice(at, 1)
      return room?.end(reason, message)
    }
    this.#rooms.get(ref)?.end(reason, message)
    this.#rooms.delete(ref)
  }
}
