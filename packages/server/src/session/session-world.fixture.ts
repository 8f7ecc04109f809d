import { serverLimits } from '@junto/protocol'
import type { Limits } from '@junto/protocol'
import { encodeFrame, FrameType, MessageReader, MessageWriter, parseFrame } from '@junto/protocol/internal'
import type { EventFrame, Frame, HelloFrame, JoinFrame, SentFrame } from '@junto/protocol/internal'
import { SeededRandom, VirtualClock } from '@junto/testing'
import { ConsoleLogger } from '../observe/log.ts'
import { MemoryMetrics } from '../observe/metrics.ts'
import { Watchdog } from '../observe/watchdog.ts'
import type {
  HeldState,
  JoinedInfo,
  JoinRequest,
  LeaveReason,
  MemberLink,
  ResumeOutcome,
  Rooms,
  Seat,
} from '../room/seat.ts'
import { HeapGuard } from '../limits/heap-guard.ts'
import { Quotas } from '../limits/quotas.ts'
import { Admission } from '../transport/admission.ts'
import { TurnEnd } from '../sync/turn-end.ts'
import { FakeConnection } from './fake-connection.fixture.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Line } from './line.ts'
import { Sessions } from './sessions.ts'

/** A frame that can be sent. */
export type Sendable = SentFrame

export const sessionId = '0123456789abcdef0123456789abcdef'
export const hello: HelloFrame = { type: FrameType.hello, session: sessionId, auth: { token: 'x' } }

export function join(ref: number, room = 'board'): JoinFrame {
  return { type: FrameType.join, ref, by: 'open', room, key: 'a' }
}

/** A join that waits for the test to decide. */
export class PendingJoin implements Seat {
  readonly request: JoinRequest
  link: MemberLink
  readonly signal: AbortSignal
  readonly log: string[] = []
  joined: JoinedInfo
  isUnseated = false
  isEnded = false
  readonly seat: Promise<Seat>
  grant: () => void = () => {}
  refuse: (error: unknown) => void = () => {}

  constructor(request: JoinRequest, link: MemberLink, signal: AbortSignal) {
    this.request = request
    this.link = link
    this.signal = signal
    this.joined = { room: request.room, id: 'r1', member: 'm1', layout: '0123456789abcdef' }
    this.seat = new Promise((resolve, reject) => {
      this.grant = () => resolve(this)
      this.refuse = reject
    })
  }

  start(): void {
    this.log.push('start')
    this.link.sendState(encodeFrame({ type: FrameType.snapshot, bytes: Uint8Array.of(1) }))
  }

  readonly limited = false

  allowance(): undefined {}

  receive(frame: Frame): void {
    this.log.push(`receive ${frame.type}`)
  }

  drained(): void {
    this.log.push('drained')
  }

  drop(): void {
    this.log.push('drop')
  }

  resume(has: HeldState | undefined): void {
    this.log.push(`resume ${has === undefined ? 'nothing' : has.version}`)
    this.link.sendState(encodeFrame({ type: FrameType.snapshot, bytes: Uint8Array.of(2) }))
  }

  resumed(outcome: ResumeOutcome, missed: number): void {
    this.log.push(`${outcome} ${missed}`)
  }

  forfeited(frames: readonly Uint8Array[]): void {
    this.log.push(`forfeited ${frames.length}`)
  }

  unseat(): void {
    this.log.push('unseat')
    this.isUnseated = true
  }

  belongsTo({ room, session }: JoinRequest): boolean {
    return this.request.session === session && this.request.room === room
  }

  async takenAgain(link: MemberLink): Promise<Seat> {
    this.isUnseated = false
    this.link = link
    this.joined = { ...this.joined, kept: true }
    return this
  }

  /** Whether the session has given it back, or its join. */
  get isGone(): boolean {
    return this.signal.aborted || this.isEnded || this.log.some((entry) => entry.startsWith('leave'))
  }

  /** The room ends it. */
  end(reason: LeaveReason, message?: string): void {
    this.isEnded = true
    this.link.ended(reason, message)
  }

  leave(reason: LeaveReason): void {
    this.log.push(`leave ${reason}`)
  }
}

/** What happens when somebody is let in who was judged: nothing. */
export const ignore = (): void => {}

/** Rooms that do what the test says. */
export class FakeRooms implements Rooms {
  readonly joins: PendingJoin[] = []
  authenticated = false
  /** How those are asked who come back. */
  readmit: Rooms['readmit'] = async () => ignore

  join(request: JoinRequest, link: MemberLink, signal: AbortSignal): Promise<Seat> {
    const kept = this.joins.find((one) => one.isUnseated && one.belongsTo(request))
    if (kept) return kept.takenAgain(link)
    const pending = new PendingJoin(request, link, signal)
    this.joins.push(pending)
    return pending.seat
  }

  authenticates(): boolean {
    return this.authenticated
  }
}

/** An admission that tells what it is told. */
class TellingAdmission extends Admission {
  readonly told: string[] = []

  override entered(...arrival: Parameters<Admission['entered']>): ReturnType<Admission['entered']> {
    const { known, gone } = super.entered(...arrival)
    return {
      known: () => {
        this.told.push('known')
        known()
      },
      gone: () => {
        this.told.push('gone')
        gone()
      },
    }
  }
}

/** One connection, with a client's end that the test plays. */
export class Peer {
  readonly connection: FakeConnection
  readonly line: Line
  readonly #clock: VirtualClock
  readonly #reader = new MessageReader({ ...serverLimits(), maxFrame: 64 * 1024 * 1024 }, parseFrame)
  #readSoFar = 0
  /** All frames that came, with the room of each. */
  readonly frames: (readonly [ref: number, frame: Frame])[] = []

  constructor(sessions: Sessions, clock: VirtualClock, origin?: string, address?: string) {
    this.#clock = clock
    this.connection = new FakeConnection(origin, address)
    this.line = sessions.accept(this.connection)
  }

  /** Sends frames as one message; a number says which room those behind it concern. */
  readonly send = (...parts: (number | Sendable)[]): void => this.line.message(message(...parts))

  /** What was sent since the last time, after the end of the turn. */
  readonly received = async (): Promise<string[]> => {
    await this.#clock.settle()
    const shown: string[] = []
    for (const bytes of this.connection.sent.slice(this.#readSoFar)) {
      this.#reader.read(bytes, (ref, frame) => {
        this.frames.push([ref, frame])
        shown.push(show(ref, frame))
      })
    }
    this.#readSoFar = this.connection.sent.length
    return shown
  }

  /** The connection is lost. */
  cut(): void {
    this.line.closed({ code: 1006, reason: '' })
  }

  /** What its socket was told last. */
  get last(): string | undefined {
    return this.connection.log.at(-1)
  }
}

/** Sessions with everything around them, and a first connection. */
export function build({ limits: overrides = {}, origin }: { limits?: Partial<Limits>; origin?: string } = {}) {
  const clock = new VirtualClock()
  const limits = serverLimits(overrides)
  const metrics = new MemoryMetrics()
  const rooms = new FakeRooms()
  const lines: string[] = []
  const logger = new ConsoleLogger('info', (line) => lines.push(line))
  const heap = new HeapGuard(clock, { used: () => 0 }, limits)
  const admission = new TellingAdmission({ origins: [], allowLocal: true, limits, logger, clock })
  const sessions = new Sessions(
    {
      clock,
      limits,
      metrics,
      rooms,
      turnEnd: new TurnEnd(clock),
      logger,
      watchdog: new Watchdog(clock, logger, metrics, limits.blockedAfter),
      heartbeat: new Heartbeat(clock, new SeededRandom(1), limits),
      random: new SeededRandom(2),
      quotas: new Quotas({ clock, limits, heap, metrics }),
    },
    admission,
  )
  const connect = (address?: string): Peer => new Peer(sessions, clock, origin, address)
  const first = connect()
  return {
    clock,
    metrics,
    rooms,
    sessions,
    told: admission.told,
    lines,
    limits,
    connect,
    first,
    connection: first.connection,
    line: first.line,
    send: first.send,
    received: first.received,
    /** What is left of all that was there. */
    leftovers: () => ({
      timers: clock.pendingTimers,
      connections: sessions.size,
      sessions: sessions.resumable,
      seats: rooms.joins.filter((join) => !join.isGone).length,
      away: metrics.read('sessions_away'),
      kept: metrics.read('resume_bytes'),
      waiting: metrics.read('outbox_bytes'),
    }),
  }
}

/** What {@link build} calls left over when nothing is. */
export const nothing = { timers: 0, connections: 0, sessions: 0, seats: 0, away: 0, kept: 0, waiting: 0 }

/** Frames as one message. */
export function message(...parts: (number | Sendable)[]): Uint8Array {
  const writer = new MessageWriter()
  let room = 0
  for (const part of parts) {
    if (typeof part === 'number') room = part
    else writer.add(room, encodeFrame(part))
  }
  return writer.take() ?? new Uint8Array(0)
}

function show(ref: number, frame: Frame): string {
  switch (frame.type) {
    case FrameType.welcome:
      return 'welcome'
    case FrameType.joined:
      return `joined ${frame.ref}`
    case FrameType.refused:
      return `refused ${frame.ref} ${frame.code}`
    case FrameType.left:
      return `left ${frame.ref} ${frame.reason}`
    case FrameType.notice:
      return `notice ${frame.code}`
    case FrameType.beat:
      return 'beat'
    case FrameType.snapshot:
      return `${ref}: snapshot`
    case FrameType.event:
      return `${ref}: event ${frame.id}`
    case FrameType.loose:
      return `${ref}: loose ${frame.id}`
    case FrameType.ack:
      return `ack ${frame.received}${frame.complete === true ? ' complete' : ''}`
    default:
      return `${ref}: ${frame.type}`
  }
}

export const event: EventFrame = { type: FrameType.event, id: 3, payload: null }
