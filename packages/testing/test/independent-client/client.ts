import { WebSocket } from 'ws'
import { readLayout, real, text, whole, wrong, type Layout } from './layout.ts'
import { byName } from './values.ts'
import { IndependentRoom, RoomError } from './room.ts'
import { isNumbered, Ledger } from './ledger.ts'
import { framesOf, messagesOf, type Addressed, type Frame } from './wire.ts'

/**
 * A client of Junto's protocol that was written from docs/protocol.md and docs/protocol-state.md, and shares no code with
 * the packages: it shows that the texts are enough to write one.
 */
export interface ClientOptions {
  readonly url: string
  /** 32 lower-case hex digits. */
  readonly session: string
  /** The same, where the session is to outlive its connections. */
  readonly secret?: string
  /** Comes back to a session of which nothing but this and the secret is known (K4, K7). */
  readonly forgotten?: boolean
  readonly auth?: unknown
  readonly maxMessage?: number
  readonly maxFrame?: number
}

export interface JoinOptions {
  readonly by: 'open' | 'create' | 'join' | 'joinOrCreate' | 'code' | 'list'
  readonly room: string
  readonly key?: string
  readonly id?: string
  readonly where?: unknown
  readonly join?: unknown
  readonly options?: unknown
  readonly version?: number
  readonly order?: Readonly<Record<string, 'asc' | 'desc'>>
  readonly limit?: number
}

interface Joining {
  readonly resolve: (room: IndependentRoom) => void
  readonly reject: (error: RoomError) => void
}

export class IndependentClient {
  readonly #options: ClientOptions
  #socket: WebSocket
  #ledger = new Ledger()
  #secret: string | undefined
  /** The secret that the hello under way offers. */
  #next: string | undefined
  #secrets = 0
  /** Frames with a number may go. */
  #live = true
  #closing = false
  #ackTimer: NodeJS.Timeout | undefined
  /** Bytes that have come since the last ack. */
  #arrived = 0
  #forgotten: boolean
  #url: string
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
  /** Of the last connection that is gone, the close code. */
  lastCode: number | undefined
  acks = 0
  readonly echoes: number[] = []
  /** Once its connection is gone for good, the close code. */
  readonly closed: Promise<number>
  #over: (code: number) => void = () => undefined

  constructor(options: ClientOptions, layouts = new Map<string, Layout>()) {
    this.#options = options
    this.#url = options.url
    this.#secret = options.secret
    this.#forgotten = options.forgotten === true
    this.layouts = layouts
    this.closed = new Promise((resolve) => (this.#over = resolve))
    this.#socket = this.#connect(this.#forgotten ? { next: this.#newSecret() } : undefined)
  }

  #connect(resume: { readonly [name: string]: unknown } | undefined): WebSocket {
    const { session, auth, maxMessage, maxFrame } = this.#options
    const socket = new WebSocket(this.#url, ['junto.v1'])
    this.#socket = socket
    socket.binaryType = 'nodebuffer'
    // Behind a hello that resumes, nothing goes before the welcome (K4).
    this.#live = resume === undefined
    this.#queue.splice(0)
    this.#parts = []
    this.send(0, [1, { session, secret: this.#secret, auth: byName(auth), maxMessage, maxFrame, resume }])
    socket.on('open', () => this.#flush())
    socket.on('message', (data: Buffer, isBinary) => {
      if (socket !== this.#socket) return
      try {
        if (!isBinary) wrong('a text message')
        this.sizes.push(data.length)
        this.#receive(framesOf(data))
        this.#acknowledge(data.length)
      } catch (error) {
        this.fault = error
        socket.close(4500, 'bad_message')
      }
    })
    socket.on('close', (code) => {
      if (socket !== this.#socket) return
      this.#live = false
      this.lastCode = code
      if (this.#secret === undefined || this.#closing || code >= 4500) this.#end(code)
    })
    socket.on('error', () => socket.terminate())
    return socket
  }

  #end(code: number): void {
    clearTimeout(this.#ackTimer)
    this.#endRooms('disconnected')
    this.#over(code)
  }

  /** Whatever there was in the session is lost. */
  #endRooms(reason: string): void {
    for (const joining of this.#joining.values()) joining.reject(new RoomError(reason, 'closed'))
    for (const room of this.#rooms.values()) room.end(reason)
    for (const [, room] of this.#leaving) room?.end(reason)
    this.#joining.clear()
    this.#rooms.clear()
    this.#leaving.length = 0
  }

  /** The connection breaks. Resolves when this side knows. */
  async cut(): Promise<void> {
    const socket = this.#socket
    if (socket.readyState === WebSocket.CLOSED) return
    const gone = new Promise((resolve) => socket.once('close', resolve))
    socket.terminate()
    await gone
  }

  /** Comes back to its session over a new connection (K4), whether or not there still is a former one. */
  comeBack(): void {
    const rooms = [...this.#rooms.values()].flatMap(({ held }) => (held === undefined ? [] : [held]))
    const { received, from } = this.#ledger
    this.#connect({ next: this.#newSecret(), received, from, rooms })
  }

  /** The server is somewhere else. */
  moveTo(url: string): void {
    this.#url = url
  }

  #newSecret(): string {
    this.#next = `${(++this.#secrets).toString(16).padStart(8, '0')}${(this.#secret ?? '').slice(8)}`
    return this.#next
  }

  /** Numbered frames that the server may not have taken. */
  get kept(): number {
    return this.#ledger.kept.length
  }

  /** Asks for the time (P17). */
  probe(time: number): void {
    this.send(0, [12, time])
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
    if (isNumbered(frame)) {
      if (this.#secret !== undefined) this.#ledger.keep(ref, frame)
      // It waits for the welcome.
      if (!this.#live) return
      this.#ledger.sent()
    } else if (!this.#live && frame[0] !== 1) {
      return
    }
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
    this.#closing = true
    if (this.#socket.readyState === WebSocket.CLOSED) this.#end(1006)
    this.#socket.close(1000)
    return this.closed
  }

  #flush(): void {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#queue.length === 0) return
    const ack = this.#live && this.welcome !== undefined && this.#secret !== undefined ? this.#ledger.ack(8) : undefined
    if (ack !== undefined) this.#queue.push([0, ack])
    const messages = messagesOf(this.#queue.splice(0), this.#maxMessage, this.#maxFrame)
    this.sent += messages.length
    for (const message of messages) this.#socket.send(message)
  }

  #receive(frames: readonly Addressed[], isOfParts = false): void {
    for (const [ref, frame] of frames) {
      // Until left has come, what comes is of the membership before (P9).
      if (ref === 0 && frame[0] === 9 && isOfParts) wrong('parts of parts')
      else if (ref === 0) this.#session(frame)
      else if (!this.#isLeaving(ref)) this.#rooms.get(ref)?.receive(frame)
      // Whatever became of it (K1).
      if (isNumbered(frame)) this.#ledger.received++
    }
  }

  /** Says in time what was taken (K6). */
  #acknowledge(bytes: number): void {
    this.#arrived += bytes
    if (this.#secret === undefined || !this.#live || this.#ledger.received === this.#ledger.told) return
    if (this.#arrived >= 65_536) return this.#sendAck()
    // oxlint-disable-next-line no-restricted-globals -- an ack is due after a while, whatever happens
    this.#ackTimer ??= setTimeout(() => this.#sendAck(), 300)
  }

  #sendAck(least = 1): void {
    clearTimeout(this.#ackTimer)
    this.#ackTimer = undefined
    this.#arrived = 0
    const ack = this.#live ? this.#ledger.ack(least) : undefined
    if (ack !== undefined) this.send(0, ack)
  }

  /** The session goes on, or is another one (K7, K8). */
  #welcomed(resumed: { readonly [name: string]: unknown } | null | undefined): void {
    if (this.#next === undefined) return
    this.#secret = this.#next
    this.#next = undefined
    this.#live = true
    const isNew = resumed == null || this.#forgotten
    if (isNew) {
      if (!this.#forgotten) this.#endRooms('lost')
      // What a page says that has forgotten everything is of the session as it is now.
      const kept = this.#forgotten ? this.#ledger.kept : []
      this.#forgotten = false
      this.#ledger = new Ledger()
      this.#ledger.kept.push(...kept)
    } else {
      this.#ledger.acknowledged(whole(resumed['received']))
      for (const [ref, missed] of (resumed['resynced'] ?? []) as [number, number][]) {
        const room = this.#rooms.get(ref) ?? wrong('frames of no room are missing')
        room.missed += missed
      }
    }
    this.#queue.splice(0)
    // In any case: it shows that we have the next secret (K6, K10).
    if (resumed != null) this.#sendAck(0)
    this.#queue.push(...this.#ledger.kept)
    this.#ledger.sent()
    if (!isNew) for (const room of this.#rooms.values()) room.resumed()
    this.#flush()
  }

  #session(frame: Frame): void {
    const [type, first, second, third, fourth] = frame
    switch (type) {
      case 2:
        this.welcome = first as { [name: string]: unknown }
        this.#maxMessage = whole(this.welcome['maxMessage'])
        this.#maxFrame = whole(this.welcome['maxFrame'])
        this.#welcomed(this.welcome['resumed'] as { [name: string]: unknown } | null | undefined)
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
      case 11:
        this.acks++
        this.#ledger.acknowledged(whole(first))
        break
      case 13:
        this.echoes.push(real(first), whole(second))
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
