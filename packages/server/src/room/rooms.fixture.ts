import { Clock, JuntoError, RandomSource, serverLimits, type ErrorCode, type Limits } from '@junto/protocol'
import {
  Exchange,
  FrameType,
  parseFrame,
  unpackSequence,
  type Frame,
  type Settle,
  type StampFrame,
} from '@junto/protocol/internal'
import type { AnyContract } from '@junto/schema'
import { compileLayout, encodeNamed, layoutOf, MirrorTree, type CompiledLayout } from '@junto/schema/internal'
import { SeededRandom, VirtualClock } from '@junto/testing'
import { ServerLimits } from '../config.ts'
import { provide, Services, type Provided } from '../container.ts'
import { HeapGuard } from '../limits/heap-guard.ts'
import { Quotas } from '../limits/quotas.ts'
import { Logger, type Fields } from '../observe/log.ts'
import { MemoryMetrics, Metrics } from '../observe/metrics.ts'
import { Watchdog } from '../observe/watchdog.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { Store } from '../store/store.ts'
import { TurnEnd } from '../sync/turn-end.ts'
import { RoomRegistry } from './registry.ts'
import type {
  ConnectionInfo,
  HeldState,
  JoinRequest,
  LeaveReason,
  LooseDelivery,
  MemberLink,
  Seat,
  SessionInfo,
} from './seat.ts'

/** A line of the log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Fields | undefined
}

class TestLogger extends Logger {
  readonly lines: LogLine[] = []
  override debug(message: string, fields?: Fields): void {
    this.lines.push({ level: 'debug', message, fields })
  }
  override info(message: string, fields?: Fields): void {
    this.lines.push({ level: 'info', message, fields })
  }
  override warn(message: string, fields?: Fields): void {
    this.lines.push({ level: 'warn', message, fields })
  }
  override error(message: string, fields?: Fields): void {
    this.lines.push({ level: 'error', message, fields })
  }
}

export interface WorldOptions {
  readonly limits?: Partial<Limits>
  readonly services?: readonly Provided[]
  readonly store?: Store
  readonly seed?: number
}

/** Rooms in virtual time, without sessions and sockets. */
export class World {
  readonly clock = new VirtualClock()
  readonly random: SeededRandom
  readonly logger = new TestLogger()
  readonly metrics = new MemoryMetrics()
  readonly store: Store
  /** How full the memory is said to be. */
  readonly gauge = { used: () => 0.5 }
  readonly services: Services
  readonly #limits: Limits
  registry: RoomRegistry
  #sessions = 0

  constructor(options: WorldOptions = {}) {
    this.random = new SeededRandom(options.seed ?? 1)
    this.store = options.store ?? new MemoryStore()
    this.#limits = serverLimits(options.limits)
    const heap = new HeapGuard(this.clock, this.gauge, this.#limits)
    this.services = Services.root([
      provide(Clock, this.clock),
      provide(RandomSource, this.random),
      provide(Logger, this.logger),
      provide(Metrics, this.metrics),
      provide(ServerLimits, this.#limits),
      provide(Watchdog, new Watchdog(this.clock, this.logger, this.metrics, this.#limits.blockedAfter)),
      provide(TurnEnd, new TurnEnd(this.clock)),
      provide(Quotas, new Quotas({ clock: this.clock, limits: this.#limits, heap, metrics: this.metrics })),
      provide(Store, this.store),
      ...(options.services ?? []),
    ])
    this.registry = new RoomRegistry(this.services)
  }

  /** What was logged as an error: where, and what was thrown. */
  get faults(): string[] {
    return this.logger.lines.flatMap(({ level, message, fields }) => {
      const error = fields?.['error']
      return level === 'error' ? [error instanceof Error ? `${message}: ${error.message}` : message] : []
    })
  }

  /** A client without a socket, of a session of its own where none is given. */
  client(contract: AnyContract, session: SessionInfo = this.session()): TestClient {
    return new TestClient(this, contract, session)
  }

  session(connection: Partial<ConnectionInfo> = {}): SessionInfo {
    const number = ++this.#sessions
    return {
      session: `session-${number}`,
      connection: { auth: `token-${number}`, remoteAddress: '10.0.0.1', ...connection },
      abandoned: { count: 0 },
    }
  }

  /** What a promise comes to, once everything that can happen without time passing has. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {})
    await this.clock.settle()
    return promise
  }

  /** A client that has joined. Advances the clock by nothing. */
  async join(
    contract: AnyContract,
    how: Partial<JoinRequest>,
    connection?: Partial<ConnectionInfo>,
  ): Promise<TestClient> {
    const client = this.client(contract, this.session(connection))
    client.join(how)
    await this.clock.settle()
    if (client.refused) throw client.refused
    return client
  }
}

/** The client's side of one membership: a hand-made link, and an exchange to call through it. */
export class TestClient implements MemberLink {
  readonly session: SessionInfo
  readonly frames: Frame[] = []
  /** The bytes of all frames, as the room handed them over. */
  readonly bytes: Uint8Array[] = []
  /** Frames in the order of arrival, in short: `snapshot`, `patch`, `event cleared`, `reply`. */
  readonly log: string[] = []
  readonly notices: string[] = []
  readonly endings: { readonly reason: LeaveReason; readonly message: string | undefined }[] = []
  readonly abort = new AbortController()
  maxFrame = 64 * 1024 * 1024
  /** The room type has said who it is. */
  isIdentified = false
  /** What its session does with the seat. */
  onSeat: (seat: Seat) => void = (seat) => seat.start()
  /** Told of each event that comes. */
  onEvent: (name: string, payload: unknown) => void = () => {}
  /** Told of each frame that comes, when the mirror has it. */
  onFrame: ((frame: Frame) => void) | undefined
  /** Answers calls of the server, by name; others wait for ever. */
  answers: Record<string, (params: unknown) => unknown> = {}
  /** What the server's events brought, by name. */
  readonly events: [name: string, payload: unknown][] = []
  refused: JuntoError | undefined
  /** What the snapshots and patches have led to. */
  readonly mirror: MirrorTree
  /** Of what the room knows of it, as stamps have said. */
  readonly stamps: StampFrame[] = []
  /** Of each check that came, whether the mirror passed it. */
  readonly checks: boolean[] = []
  readonly #world: World
  readonly #compiled: CompiledLayout
  readonly #contract: AnyContract
  readonly #exchange: Exchange
  #seat: Seat | undefined
  #line: 'up' | 'dead' | 'none' = 'up'
  #congested = false
  /** With more than so many numbered frames kept for it, they are given up. */
  mostKept = Infinity
  readonly #kept: Uint8Array[] = []
  readonly #latest = new Map<string, Uint8Array>()

  constructor(world: World, contract: AnyContract, session: SessionInfo) {
    this.#world = world
    this.#contract = contract
    this.#compiled = compileLayout(layoutOf(contract))
    this.mirror = new MirrorTree(this.#compiled)
    this.session = session
    this.#exchange = new Exchange({
      clock: world.clock,
      maxCallsInFlight: 128,
      streamCredit: 16,
      send: (frame) => this.#receive(frameOf(frame)),
      answer: {
        call: (id, params) => {
          const codec = this.#compiled.down[id]
          const answer = this.answers[codec?.name ?? '']
          if (!codec || !answer) return new Promise(() => {})
          const result = answer(codec.params?.decode(params, 'params'))
          return result instanceof Promise ? result : (codec.result?.encode(result, 'result') ?? result)
        },
        failure: (error) => ({ code: error instanceof JuntoError ? error.code : 'internal', message: String(error) }),
      },
    })
  }

  get seat(): Seat {
    if (!this.#seat) throw new Error('not joined')
    return this.#seat
  }

  get isJoined(): boolean {
    return this.#seat !== undefined
  }

  /** Begins to join; does what a session does with the outcome. */
  join(how: Partial<JoinRequest>): void {
    const request: JoinRequest = {
      by: how.key === undefined ? 'joinOrCreate' : 'open',
      room: this.#contract.name,
      session: this.session,
      ...how,
      ...(how.options !== undefined && { options: encodeNamed(how.options, 'options') }),
      ...(how.join !== undefined && { join: encodeNamed(how.join, 'join') }),
    }
    this.#world.registry.join(request, this, this.abort.signal).then(
      (seat) => {
        this.log.push('joined')
        this.#seat = seat
        this.onSeat(seat)
      },
      (error: unknown) => {
        this.refused =
          error instanceof JuntoError ? error : new JuntoError('internal', `no JuntoError: ${String(error)}`)
      },
    )
  }

  /** What waited for it has left. */
  drain(): void {
    this.congested = false
    this.seat.drained()
  }

  /** The session has ended, joined or not. */
  leave(reason: LeaveReason = 'disconnected'): void {
    this.abort.abort(reason)
    this.#seat?.leave(reason)
    this.#exchange.close('disconnected')
  }

  /** The line has died, which nobody knows yet: what is sent to the client does not arrive. */
  die(): void {
    this.#line = 'dead'
  }

  /** The line is gone, and the session knows. */
  drop(): void {
    this.#line = 'none'
    this.seat.drop()
  }

  /** There is a line again, as for a session that has the right secret; the client says what it has of the state. */
  resume(has: HeldState | 'nothing' = this.held ?? 'nothing'): void {
    this.#line = 'up'
    this.seat.resume(has === 'nothing' ? undefined : has)
    this.#replay()
    this.seat.resumed('resumed', 0)
  }

  /** As {@link resume}, but what was kept is gone. */
  resync(): void {
    this.#line = 'up'
    this.seat.resume(this.held)
    const missed = this.#kept.splice(0)
    this.#replay()
    this.seat.forfeited(missed)
    this.seat.resumed('resynced', missed.length)
  }

  /** What it says that it has of the state. */
  get held(): HeldState | undefined {
    const { epoch, version } = this.mirror
    return epoch === undefined ? undefined : { epoch, version }
  }

  /** Whether all that is sent arrives. */
  get hears(): boolean {
    return this.#line === 'up'
  }

  /** Numbered frames that wait for a line. */
  get kept(): readonly Uint8Array[] {
    return this.#kept
  }

  #replay(): void {
    for (const frame of this.#kept.splice(0)) this.send(frame)
    for (const frame of this.#latest.values()) this.#take(frame)
    this.#latest.clear()
  }

  call(name: string, params?: unknown, options: { settle?: Settle; signal?: AbortSignal; timeout?: number } = {}) {
    const codec = this.codec(name)
    return this.#exchange
      .call(codec.id, codec.params?.encode(params, 'params') ?? null, options)
      .then((result) => codec.result?.decode(result, 'result'))
  }

  /** The outcome of a call in one word or value: the result, or the code of the error. */
  async outcome(name: string, params?: unknown, options?: { settle?: Settle }): Promise<unknown> {
    return this.call(name, params, options).catch((error: unknown) =>
      error instanceof JuntoError ? error.code : error instanceof Error && 'index' in error ? error.index : error,
    )
  }

  stream(name: string, params?: unknown): AsyncIterableIterator<unknown> {
    const codec = this.codec(name)
    return this.#exchange.stream(codec.id, codec.params?.encode(params, 'params') ?? null)
  }

  event(name: string, payload?: unknown): void {
    const codec = this.codec(name)
    this.#receive({
      type: codec.delivery === 'reliable' ? FrameType.event : FrameType.loose,
      id: codec.id,
      payload: codec.payload?.encode(payload, 'payload') ?? null,
    })
  }

  /** Sends a frame as it is. */
  raw(frame: Frame): void {
    this.#receive(frame)
  }

  /** As a session does that has read a message. */
  #receive(frame: Frame): void {
    this.seat.receive(frame)
    this.#world.services.resolve(Watchdog).leave()
  }

  /** Sends a call with parameters as they are, and yields its outcome. */
  rawCall(id: number, params: unknown): Promise<unknown> {
    return this.#exchange.call(id, params).catch((error: unknown) => error)
  }

  // As a link

  get congested(): boolean {
    return this.#congested || this.#line === 'none'
  }

  set congested(congested: boolean) {
    this.#congested = congested
  }

  send(bytes: Uint8Array): void {
    if (this.#line === 'up') return this.#take(bytes)
    this.#kept.push(bytes)
    if (this.#kept.length > this.mostKept) this.seat.forfeited(this.#kept.splice(0))
  }

  sendState(bytes: Uint8Array): void {
    if (this.#line === 'up') this.#take(bytes)
  }

  sendLoose(bytes: Uint8Array, { key }: LooseDelivery): void {
    if (this.#line === 'up') this.#take(bytes)
    else if (key !== undefined) this.#latest.set(key, bytes)
  }

  #take(bytes: Uint8Array): void {
    const frame = frameOf(bytes)
    this.bytes.push(bytes)
    this.frames.push(frame)
    this.#read(frame)
    this.onFrame?.(frame)
  }

  #read(frame: Frame): void {
    switch (frame.type) {
      case FrameType.event:
      case FrameType.loose: {
        const codec = this.#compiled.down[frame.id]
        this.log.push(`event ${codec?.name}`)
        const payload = codec?.payload?.decode(frame.payload, 'payload')
        this.onEvent(codec?.name ?? '', payload)
        this.events.push([codec?.name ?? '', payload])
        return
      }
      case FrameType.call:
      case FrameType.reply:
      case FrameType.failed:
      case FrameType.cancel:
      case FrameType.stream:
      case FrameType.item:
      case FrameType.end:
      case FrameType.credit:
        this.log.push(nameOf(frame.type))
        this.#exchange.receive(frame)
        return
      case FrameType.snapshot:
        this.mirror.applySnapshot(frame.bytes)
        break
      case FrameType.patch:
        if (!this.mirror.broken) this.mirror.applyPatch(frame.bytes)
        break
      case FrameType.check: {
        const { version, first, count, hash } = frame
        this.checks.push(this.mirror.version === version && this.mirror.hash(first, count) === hash)
        break
      }
      case FrameType.stamp:
        this.stamps.push(frame)
        break
      default:
    }
    this.log.push(nameOf(frame.type))
  }

  identified(): void {
    this.isIdentified = true
  }

  notice(code: ErrorCode, message: string): void {
    this.notices.push(`${code}: ${message}`)
  }

  ended(reason: LeaveReason, message?: string): void {
    this.log.push(`ended ${reason}`)
    this.endings.push({ reason, message })
    this.#exchange.close('cancelled')
  }

  /** A message that it may send. */
  codec(name: string) {
    const codec = this.#compiled.upByName.get(name)
    if (!codec) throw new Error(`no message ${name}`)
    return codec
  }
}

function nameOf(type: number): string {
  return Object.entries(FrameType).find(([, number]) => number === type)?.[0] ?? String(type)
}

function frameOf(bytes: Uint8Array): Frame {
  return parseFrame(unpackSequence(bytes)[0])
}
