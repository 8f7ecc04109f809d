import { EventEmitter } from 'node:events'
import { FrameType } from '@junto/protocol/internal'
import type {
  CallFrame,
  EventFrame,
  Frame,
  FailedFrame,
  JoinedFrame,
  JoinFrame,
  LeftFrame,
  RefusedFrame,
  ReplyFrame,
  WelcomeFrame,
} from '@junto/protocol/internal'
import { call, defineRoom, event, t } from '@junto/schema'
import { compileLayout, layoutOf } from '@junto/schema/internal'
import { ConsoleLogger, JuntoServer, MemoryMetrics, MemoryStore, Room } from '@junto/server'
import type { Credentials, JuntoServerOptions, Labels, LeaveReason, Member } from '@junto/server'
import { RawPeer } from './raw-peer.ts'

/** Where a room's code goes wrong. */
type Where = 'tick' | 'timer' | 'onJoin' | 'onLeave' | 'onDispose' | 'onCreate' | 'handlers' | 'onError'

const Attacked = defineRoom('attacked', {
  version: 1,
  state: t.Object({ calls: t.Uint32() }),
  presence: t.Object({ n: t.Uint32() }),
  clientToServer: {
    /** Answers with its parameter. */
    echo: call({ params: t.Object({ n: t.Uint32() }), result: t.Object({ n: t.Uint32() }) }),
    /** Fails in one of several ways. */
    fail: call({ params: t.Object({ how: t.String() }), result: t.Object({ n: t.Uint32() }) }),
    /** Computes for so many milliseconds. */
    block: call({ params: t.Object({ ms: t.Uint32() }) }),
    /** Counts as a call. */
    measure: call({
      params: t.Object({ count: t.Uint32(), ratio: t.Number(), at: t.Timestamp(), whole: t.Integer() }),
      result: t.Object({ n: t.Uint32() }),
    }),
    /** Is dear: twice at once, and once a second. */
    dear: call({ result: t.Object({ n: t.Uint32() }), limit: { rate: 1, burst: 2 } }),
    /** How many calls there were. */
    calls: call({ result: t.Object({ n: t.Uint32() }) }),
    /** Counts as a call. */
    noted: event(t.Object({ n: t.Uint32() })),
  },
  serverToClient: { ticked: event(t.Object({ n: t.Uint32() })) },
})

const Guarded = defineRoom('guarded', {
  version: 1,
  user: t.Object({ id: t.String() }),
  state: t.Object({}),
  clientToServer: {},
  serverToClient: {},
})

/** Everybody who comes is one and the same user. */
const Visited = defineRoom('visited', {
  version: 1,
  user: t.Object({ id: t.String() }),
  state: t.Object({}),
  clientToServer: {},
  serverToClient: {},
})

/** Has one seat. */
const Single = defineRoom('single', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {} })

/** Is saved. */
const Saved = defineRoom('saved', {
  version: 1,
  state: t.Object({ sum: t.Uint32() }),
  clientToServer: { add: call({ params: t.Object({ n: t.Uint32() }), result: t.Uint32() }) },
  serverToClient: {},
})

const compiled = compileLayout(layoutOf(Attacked))

/** What rooms did, for tests to look at. */
export const seen = {
  /** Rooms made, by key. */
  created: [] as (string | undefined)[],
  /** What `onError` was told: room and place. */
  errors: [] as string[],
  disposed: [] as (string | undefined)[],
  left: [] as string[],
  /** What happened in rooms of one seat. */
  singles: [] as string[],
  /** The sums with which saved rooms ended. */
  sums: [] as number[],
  /** What rooms that are visited wait for before they are gone. */
  disposal: Promise.resolve(),
  authentications: [] as { readonly credentials: Credentials; readonly answer: (user: { id: string }) => void }[],
}

class AttackedRoom extends Room(Attacked) {
  #ticks = 0
  /** What goes wrong stands before the colon of the key. */
  readonly #wrong = this.key?.split(':')[0]

  onCreate() {
    seen.created.push(this.key)
    this.#fail('onCreate')
    if (this.#wrong === 'timer') this.every(10, () => this.#fail('timer'))
    return { calls: 0 }
  }

  override onJoin() {
    this.#fail('onJoin')
  }

  override onLeave(_member: Member<typeof Attacked>, reason: LeaveReason) {
    seen.left.push(`${this.key} ${reason}`)
    this.#fail('onLeave')
  }

  override onTick() {
    this.#fail('tick')
    this.broadcast.ticked({ n: this.#ticks++ })
  }

  override onDispose() {
    seen.disposed.push(this.key)
    this.#fail('onDispose')
  }

  override onError(_error: unknown, where: string) {
    seen.errors.push(`${this.key} ${where}`)
    this.#fail('onError')
  }

  get handlers() {
    this.#fail('handlers')
    return this.#handlers
  }

  readonly #handlers = this.handle({
    echo: ({ n }) => {
      this.state.calls++
      return { n }
    },
    fail: ({ how }, { member }) => {
      switch (how) {
        case 'throw':
          throw new Error('secret detail')
        case 'kick':
          member.kick('out')
          return { n: 0 }
        case 'throw nothing':
          // oxlint-disable-next-line typescript/only-throw-error -- that is what this is about
          throw undefined
        case 'reject':
          return Promise.reject(new Error('secret detail'))
        case 'emit error':
          new EventEmitter().emit('error', new Error('secret detail'))
          return { n: 0 }
        case 'getter':
          return {
            get n(): number {
              throw new Error('secret detail')
            },
          }
        default:
          // No number: what a handler without types might return.
          return { n: Number('x') }
      }
    },
    measure: () => ({ n: ++this.state.calls }),
    dear: () => ({ n: ++this.state.calls }),
    calls: () => ({ n: this.state.calls }),
    noted: () => {
      this.state.calls++
    },
    block: ({ ms }) => {
      const end = performance.now() + ms
      while (performance.now() < end);
    },
  })

  #fail(where: Where): void {
    if (this.#wrong === where) throw new Error(`wrong in ${where}`)
  }
}

class GuardedRoom extends Room(Guarded) {
  readonly handlers = this.handle({})
  onCreate() {
    return {}
  }
}

class VisitedRoom extends Room(Visited) {
  readonly handlers = this.handle({})

  onCreate() {
    return {}
  }

  override onDispose() {
    return seen.disposal
  }
}

class SingleRoom extends Room(Single) {
  readonly handlers = this.handle({})

  onCreate() {
    return {}
  }

  override onJoin() {
    seen.singles.push(`${this.key} joined`)
  }
}

class SavedRoom extends Room(Saved) {
  readonly handlers = this.handle({ add: ({ n }) => (this.state.sum += n) })

  onCreate() {
    return { sum: 0 }
  }

  override onDispose() {
    seen.sums.push(this.state.sum)
  }
}

/** Deadlines short enough for a test of them. */
export const shortDeadlines = { helloTimeout: 400, headerTimeout: 500 }

/** How the server under attack differs from the defaults. */
export const limits = { closeTimeout: 300, heartbeat: 1000, pongTimeout: 700, roomFaults: 4, disposeAfter: 0 }

/** How a server under attack differs from the others. */
export type TargetOptions = Pick<JuntoServerOptions, 'limits' | 'services' | 'trustProxy'>

/** The server under attack. */
export class Target {
  readonly metrics = new MemoryMetrics()
  readonly log: string[] = []
  readonly server: JuntoServer

  constructor(options: TargetOptions = {}) {
    this.server = new JuntoServer({
      port: 0,
      host: '127.0.0.1',
      metrics: this.metrics,
      logger: new ConsoleLogger('debug', (line) => this.log.push(line)),
      store: new MemoryStore(),
      ...options,
      limits: { ...limits, ...options.limits },
    })
  }

  get port(): number {
    return this.server.address?.port ?? 0
  }

  async start(): Promise<this> {
    this.server.define(Attacked, AttackedRoom, { tickRate: 100 })
    this.server.define(Guarded, GuardedRoom, {
      maxMembers: 1,
      authenticate: (credentials) =>
        new Promise((answer) => {
          seen.authentications.push({ credentials, answer })
        }),
    })
    this.server.define(Single, SingleRoom, { maxMembers: 1 })
    this.server.define(Saved, SavedRoom, { persist: true })
    this.server.define(Visited, VisitedRoom, { authenticate: () => ({ id: 'ada' }) })
    await this.server.listen()
    return this
  }

  count(name: string, labels?: Labels): number {
    return this.metrics.read(name, labels)
  }

  /** A peer that has said hello. */
  async greeted(auth?: unknown, lines: Readonly<Record<string, string>> = {}): Promise<RawPeer> {
    const peer = await RawPeer.open(this.port, lines)
    peer.send({ type: FrameType.hello, session: sessionId(), auth })
    await peer.frame<WelcomeFrame>(FrameType.welcome)
    return peer
  }

  /** A peer that has joined an attacked room. */
  async joined(key: string): Promise<RoomPeer> {
    const peer = await this.greeted()
    peer.send(joinAttacked(1, key))
    await peer.frame<JoinedFrame>(FrameType.joined)
    return new RoomPeer(peer)
  }
}

/** Asks for an attacked room. */
export function joinAttacked(ref: number, key: string): JoinFrame {
  return { type: FrameType.join, ref, by: 'open', room: 'attacked', key }
}

/** Asks for a saved room. */
export function joinSaved(ref: number, key: string): JoinFrame {
  return { type: FrameType.join, ref, by: 'open', room: 'saved', key }
}

/** Adds to the sum of a saved room. */
export function addToSaved(no: number, n: number): CallFrame {
  return { type: FrameType.call, no, id: 0, params: [n], timeout: 0, settle: 'visible' }
}

let sessions = 0

export function sessionId(): string {
  return (++sessions).toString(16).padStart(32, '0')
}

type CallName = 'echo' | 'fail' | 'block' | 'measure' | 'calls' | 'dear'

/** A peer in an attacked room, as room 1. */
export class RoomPeer {
  readonly peer: RawPeer
  /** How calls have failed. */
  readonly failures: FailedFrame[] = []
  readonly #ticks: number[] = []
  #calls = 0

  constructor(peer: RawPeer) {
    this.peer = peer
  }

  /** The result of a call, or the code and message of its error. */
  async call(name: CallName, params?: Readonly<Record<string, unknown>>): Promise<unknown> {
    const { codec, no } = this.#begin(name)
    const wire = codec.params?.encode(params, name)
    this.peer.send(1, { type: FrameType.call, no, id: codec.id, params: wire, timeout: 0, settle: 'reply' })
    return this.#answer(name, no)
  }

  /** The same with parameters as they are, byte by byte. */
  async callRaw(name: CallName, params: Uint8Array): Promise<unknown> {
    const { codec, no } = this.#begin(name)
    // Small numbers are bytes of themselves.
    this.peer.sendMessage(
      Buffer.concat([Uint8Array.of(1, 0x96, FrameType.call, no, codec.id), params, Uint8Array.of(0, 1)]),
    )
    return this.#answer(name, no)
  }

  /** Sends the one event. */
  note(n: number): void {
    const codec = compiled.upByName.get('noted')
    if (!codec?.payload) throw new Error('no event noted')
    this.peer.send(1, { type: FrameType.event, id: codec.id, payload: codec.payload.encode({ n }, 'noted') })
  }

  #begin(name: CallName) {
    const codec = compiled.upByName.get(name)
    if (!codec) throw new Error(`no call ${name}`)
    return { codec, no: ++this.#calls }
  }

  #answer(name: CallName, no: number): Promise<unknown> {
    const codec = compiled.upByName.get(name)
    const answered = this.peer
      .frame<ReplyFrame>(FrameType.reply, (frame) => frame.no === no)
      .then(
        ({ result }) => codec?.result?.decode(result, name),
        (error: unknown) => error,
      )
    const failed = this.peer
      .frame<FailedFrame>(FrameType.failed, (frame) => frame.no === no)
      .then(
        (frame) => {
          this.failures.push(frame)
          return `${frame.code}: ${frame.message}`
        },
        (error: unknown) => error,
      )
    return Promise.race([answered, failed])
  }

  /** Numbers of the ticks that came so far. */
  get ticks(): readonly number[] {
    const codec = compiled.downByName.get('ticked')?.payload
    if (!codec) throw new Error('no event ticked')
    const { frames } = this.peer
    for (let index = frames.findIndex(isEvent); index !== -1; index = frames.findIndex(isEvent)) {
      for (const { frame } of frames.splice(index, 1)) {
        // There is no other event.
        const { payload } = frame as EventFrame
        this.#ticks.push((codec.decode(payload, 'ticked') as { n: number }).n)
      }
    }
    return this.#ticks
  }

  /** Waits for so many ticks more. */
  async moreTicks(count: number): Promise<void> {
    const wanted = this.ticks.length + count
    await this.peer.until(() => this.ticks.length >= wanted || this.peer.gone)
  }

  async left(): Promise<LeftFrame> {
    return this.peer.frame<LeftFrame>(FrameType.left)
  }

  async refused(): Promise<RefusedFrame> {
    return this.peer.frame<RefusedFrame>(FrameType.refused)
  }
}

function isEvent({ frame }: { readonly frame: Frame }): boolean {
  return frame.type === FrameType.event
}
