import { real, text, whole, wrong, type Layout, type Message, type Type } from './layout.ts'
import { Mirror } from './mirror.ts'
import { decode, encode } from './values.ts'
import type { Frame } from './wire.ts'

/** A call, a stream or a join that failed: with a declared error, or with a code of the framework (R5). */
export class RoomError extends Error {
  readonly code: string
  readonly data: unknown
  /** Whether the contract declares it. */
  readonly isDeclared: boolean

  constructor(code: string, message: string, data?: unknown, isDeclared = false) {
    super(message)
    this.code = code
    this.data = data
    this.isDeclared = isDeclared
  }
}

export interface CallSettings {
  readonly timeout?: number
  /** Does not wait for the patch with the call's effects (R13). */
  readonly settle?: 1
}

export interface Call {
  readonly result: Promise<unknown>
  cancel(): void
}

type CallMessage = Extract<Message, { kind: 'call' }>
type StreamMessage = Extract<Message, { kind: 'stream' }>

interface OpenCall {
  readonly message: CallMessage
  readonly resolve: (result: unknown) => void
  readonly reject: (error: RoomError) => void
}

/** How far the server is (U6). */
export interface Stamp {
  readonly tick: number
  readonly time: number
  readonly mutation: number
  readonly input: number
  readonly waiting: number
  readonly alone: boolean
}

/** What a mutation is issued with (U1). */
export interface Issue {
  readonly n?: number
  readonly at?: number
  readonly seed?: number
}

/** What a membership asks of its connection. */
export interface Line {
  send(frame: Frame): void
  leave(): void
  /** The snapshot has come. */
  ready(room: IndependentRoom): void
}

/** A membership: calls, streams, events, and the mirror of the state (docs/protocol.md, section 4). */
export class IndependentRoom {
  readonly ref: number
  readonly id: string
  readonly key: unknown
  readonly member: string
  /** It is the seat that the session had before (K7). */
  readonly kept: boolean
  readonly layout: Layout
  /** Events that came, oldest first. */
  readonly events: (readonly [name: string, payload: unknown])[] = []
  /** Answers calls of the server, by name. */
  readonly handlers = new Map<string, (params: unknown) => unknown>()
  /** How many versions each patch went through. */
  readonly steps: number[] = []
  /** Of each check that came, whether the mirror passed it (M3). */
  readonly checks: boolean[] = []
  /** What the others show, by member id (N4). */
  readonly others = new Map<string, unknown>()
  /** Whether each frame that told of that said all there is. */
  readonly wholes: boolean[] = []
  #shown: Frame | undefined
  /** Numbers of the server's calls that it has cancelled. */
  readonly cancelled: number[] = []
  /** Milliseconds between ticks and between patches, where there are any. */
  readonly tick: number | undefined
  readonly patch: number | undefined
  /** Whether a tick without an input takes the last one again. */
  readonly repeats: boolean
  /** Stamps that came, oldest first. */
  readonly stamps: Stamp[] = []
  /** What came of state, stamps and ends of calls, in its order: `stamp 3`, `alone 3`, `patch`, `snapshot`, `reply 1`, `failed 2`. */
  readonly course: string[] = []
  readonly left: Promise<{ readonly reason: string; readonly message: unknown }>

  readonly #line: Line
  readonly #calls = new Map<number, OpenCall>()
  readonly #streams = new Map<number, OpenStream>()
  readonly #answering = new Set<number>()
  #mirror: Mirror | undefined
  /** What waits for the snapshot that was asked for. */
  #held: Frame[] | undefined
  #last = 0
  /** The number of the last mutation, and of the last input. */
  #mutation = 0
  #input = 0
  #leave: (left: { reason: string; message: unknown }) => void = () => undefined

  constructor(ref: number, joined: { readonly [name: string]: unknown }, layout: Layout, line: Line) {
    this.ref = ref
    this.id = text(joined['id'])
    this.key = joined['key']
    this.member = text(joined['member'])
    this.kept = joined['kept'] === true
    this.tick = joined['tick'] == null ? undefined : real(joined['tick'])
    this.patch = joined['patch'] == null ? undefined : real(joined['patch'])
    this.repeats = joined['repeats'] === true
    this.layout = layout
    this.#line = line
    this.left = new Promise((resolve) => (this.#leave = resolve))
  }

  get state(): unknown {
    return this.#mirror?.state
  }

  get version(): number {
    return this.#mirror?.version ?? wrong('no snapshot yet')
  }

  /** Sends an event. */
  send(name: string, payload?: unknown): void {
    const message = this.#up('event', name)
    this.#line.send([message.isReliable ? 16 : 29, message.id, encode(message.payload, payload)])
  }

  /** Shows something of itself, or nothing any more; for so many milliseconds, or as long as it is there (N2). */
  show(value: unknown, expires?: number): void {
    const wire = value === undefined ? null : encode(this.layout.presence, value)
    this.#shown = expires === undefined ? [30, wire] : [30, wire, expires]
    this.#line.send(this.#shown)
  }

  /** The session goes on: what it showed last may have been lost (N5). */
  resumed(): void {
    if (this.#shown !== undefined) this.#line.send(this.#shown)
  }

  /** Issues a mutation (U1); by itself with the next number, by the server's clock, which in tests is ours. */
  mutate(name: string, params?: unknown, issue: Issue = {}, settings?: CallSettings): Promise<unknown> {
    const message = this.#up('call', name)
    if (message.undoable === undefined) return wrong(`${name} is no mutation`)
    // Of two in one millisecond the seed tells what comes by chance apart.
    const { n = this.#mutation + 1, at = Date.now(), seed = n } = issue
    this.#mutation = Math.max(n, this.#mutation)
    return this.startRaw(
      message,
      encode(message.params, { n, at, seed, ...(params !== undefined && { params }) }),
      settings,
    ).result
  }

  /** The next inputs (U9). @returns the number of the first. */
  play(inputs: readonly unknown[], { at = Date.now(), behind }: { at?: number; behind?: number } = {}): number {
    const first = this.#input + 1
    this.#input += inputs.length
    this.playRaw(
      first,
      at,
      behind,
      inputs.map((input) => encode(this.layout.input, input)),
    )
    return first
  }

  /** Inputs that nobody has checked. */
  playRaw(first: number, at: number, behind: number | undefined, inputs: readonly unknown[]): void {
    this.#line.send([32, first, at, behind ?? null, inputs])
  }

  call(name: string, params?: unknown, settings?: CallSettings): Promise<unknown> {
    return this.start(name, params, settings).result
  }

  start(name: string, params?: unknown, settings?: CallSettings): Call {
    const message = this.#up('call', name)
    return this.startRaw(message, encode(message.params, params), settings)
  }

  /** A call whose parameters nobody has checked. */
  startRaw(message: CallMessage, wire: unknown, { timeout, settle }: CallSettings = {}): Call {
    const no = ++this.#last
    const result = new Promise((resolve, reject) => this.#calls.set(no, { message, resolve, reject }))
    this.#line.send([17, no, message.id, wire, timeout ?? message.timeout ?? 15_000, settle ?? 0])
    const cancel = () => {
      this.#calls.get(no)?.reject(new RoomError('cancelled', 'nobody waits any more'))
      if (this.#calls.delete(no)) this.#line.send([20, no])
    }
    return { result, cancel }
  }

  /** Opens a stream. Whoever stops reading cancels it. */
  stream(name: string, params?: unknown, credit = 16): OpenStream {
    const message = this.#up('stream', name)
    const no = ++this.#last
    const stream = new OpenStream(message.item, credit, {
      more: (count) => this.#line.send([24, no, count]),
      cancel: () => {
        if (this.#streams.delete(no)) this.#line.send([20, no])
      },
    })
    this.#streams.set(no, stream)
    this.#line.send([21, no, message.id, encode(message.params, params), credit])
    return stream
  }

  /** What it holds of the state, for a resume (K4): nothing where it waits for a snapshot. */
  get held(): readonly [ref: number, epoch: string, version: number] | undefined {
    if (this.#mirror === undefined || this.#held !== undefined) return undefined
    return [this.ref, this.#mirror.epoch, this.#mirror.version]
  }

  /** How many of its frames are gone (K9). */
  missed = 0

  receive(frame: Frame): void {
    const [type, first, second, third, fourth] = frame
    if (type === 33) return this.#stamped(frame)
    if (type === 18 || type === 19) this.course.push(`${type === 18 ? 'reply' : 'failed'} ${whole(first)}`)
    if (type === 26) {
      this.course.push('snapshot')
      const isFirst = this.#mirror === undefined
      this.#mirror = new Mirror(this.layout, bin(first))
      if (isFirst) this.#line.ready(this)
      const held = this.#held ?? []
      this.#held = undefined
      for (const each of held) this.receive(each)
      return
    }
    if (this.#held !== undefined) {
      if (type !== 25 && type !== 27) this.#held.push(frame)
      return
    }
    const mirror = this.#mirror ?? wrong('something comes before the snapshot')
    switch (type) {
      case 16:
      case 29: {
        const message = this.layout.down[whole(first)]
        if (message?.kind === 'event' && message.isReliable === (type === 16))
          this.events.push([message.name, decode(message.payload, second)])
        break
      }
      case 17:
        void this.#answer(whole(first), this.layout.down[whole(second)], third)
        break
      case 18: {
        const open = this.#take(whole(first))
        open?.resolve(decode(open.message.result, second))
        break
      }
      case 19: {
        const no = whole(first)
        const open = this.#take(no)
        open?.reject(failure(open.message, second, text(third), fourth))
        this.#streams.get(no)?.fail(new RoomError(String(second), text(third)))
        this.#streams.delete(no)
        break
      }
      case 20:
        if (this.#answering.delete(whole(first))) this.cancelled.push(whole(first))
        break
      case 22:
        this.#streams.get(whole(first))?.item(second)
        break
      case 23:
        this.#streams.get(whole(first))?.end()
        this.#streams.delete(whole(first))
        break
      case 25:
        this.course.push('patch')
        mirror.apply(bin(first))
        this.steps.push(mirror.steps)
        break
      case 31: {
        this.wholes.push(second === true)
        if (second === true) this.others.clear()
        if (!Array.isArray(first)) return wrong('no presences')
        for (const [member, value] of first as (readonly [unknown, unknown])[]) {
          if (member === this.member) continue
          if (value == null) this.others.delete(text(member))
          else this.others.set(text(member), decode(this.layout.presence, value))
        }
        break
      }
      case 27: {
        const right = mirror.version === whole(first) && mirror.hash(whole(second), whole(third)) === whole(fourth)
        this.checks.push(right)
        if (!right) this.resync()
        break
      }
      default:
      // Of times to come (F5).
    }
  }

  #stamped([, tick, time, mutation, input, waiting, alone]: Frame): void {
    const stamp = {
      tick: whole(tick),
      time: real(time),
      mutation: mutation == null ? 0 : whole(mutation),
      input: input == null ? 0 : whole(input),
      waiting: waiting == null ? 0 : whole(waiting),
      alone: alone === true,
    }
    // The first says where to begin (U8).
    if (this.stamps.length === 0) [this.#mutation, this.#input] = [stamp.mutation, stamp.input]
    this.stamps.push(stamp)
    this.course.push(`${stamp.alone ? 'alone' : 'stamp'} ${stamp.mutation}`)
  }

  /** The mirror is not right: asks for a snapshot, and keeps back what comes before it (M4). */
  resync(): void {
    this.#held = []
    this.#line.send([28])
  }

  leave(): Promise<{ readonly reason: string; readonly message: unknown }> {
    this.#line.leave()
    return this.left
  }

  /** The membership has ended (R15). */
  end(reason: string, message?: unknown): void {
    const lost = new RoomError('outcome_unknown', reason)
    for (const call of this.#calls.values()) call.reject(lost)
    for (const stream of this.#streams.values()) stream.fail(lost)
    this.#calls.clear()
    this.#streams.clear()
    this.#leave({ reason, message })
  }

  #take(no: number): OpenCall | undefined {
    const open = this.#calls.get(no)
    this.#calls.delete(no)
    return open
  }

  async #answer(no: number, message: Message | undefined, wire: unknown): Promise<void> {
    const handler = this.handlers.get(message?.name ?? '')
    if (message?.kind !== 'call' || handler === undefined) return this.#line.send([19, no, 'unsupported', 'no handler'])
    this.#answering.add(no)
    let frame: Frame
    try {
      frame = [18, no, encode(message.result, await handler(decode(message.params, wire)))]
    } catch (error) {
      const index = error instanceof RoomError ? message.errors.findIndex(({ name }) => name === error.code) : -1
      const data = error instanceof RoomError && index >= 0 ? encode(message.errors[index]?.type, error.data) : null
      frame = [19, no, index >= 0 ? index : 'internal', 'failed', data]
    }
    if (this.#answering.delete(no)) this.#line.send(frame)
  }

  #up<K extends Message['kind']>(kind: K, name: string): Extract<Message, { kind: K }> {
    const message = this.layout.up.find((one) => one.name === name)
    if (message?.kind !== kind) return wrong(`no ${kind} ${name}`)
    return message as Extract<Message, { kind: K }>
  }
}

/** A stream that is read item by item, with credit for as many as the reader is ready for (R9, R10). */
export class OpenStream implements AsyncIterable<unknown> {
  readonly #type: Type
  readonly #credit: number
  readonly #line: { more(count: number): void; cancel(): void }
  readonly #items: unknown[] = []
  #left: number
  #returned = 0
  #over: { readonly error?: RoomError } | undefined
  #wake: () => void = () => undefined
  /** How many items were read. */
  read = 0

  constructor(type: StreamMessage['item'], credit: number, line: { more(count: number): void; cancel(): void }) {
    this.#type = type
    this.#credit = credit
    this.#left = credit
    this.#line = line
  }

  /** How many items have come that were not read. */
  get unread(): number {
    return this.#items.length
  }

  item(wire: unknown): void {
    if (--this.#left < 0) wrong('an item beyond the credit')
    this.#items.push(decode(this.#type, wire))
    this.#wake()
  }

  end(): void {
    this.#over ??= {}
    this.#wake()
  }

  fail(error: RoomError): void {
    this.#over ??= { error }
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<unknown, void> {
    try {
      for (;;) {
        while (this.#items.length > 0) {
          this.read++
          const returned = this.read - this.#returned
          if (returned >= this.#credit / 2 && this.#over === undefined) {
            this.#line.more(returned)
            this.#left += returned
            this.#returned = this.read
          }
          yield this.#items.shift()
        }
        if (this.#over?.error !== undefined) throw this.#over.error
        if (this.#over !== undefined) return
        await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      this.#line.cancel()
    }
  }
}

function failure(message: CallMessage, code: unknown, explanation: string, data: unknown): RoomError {
  if (typeof code === 'string') return new RoomError(code, explanation)
  const declared = message.errors[whole(code)] ?? wrong('no such error')
  return new RoomError(declared.name, explanation, decode(declared.type, data), true)
}

function bin(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : wrong('no bin')
}
