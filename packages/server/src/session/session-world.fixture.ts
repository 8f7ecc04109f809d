import { serverLimits } from '@junto/protocol'
import type { Limits } from '@junto/protocol'
import { encodeFrame, FrameType, MessageReader, MessageWriter, parseFrame } from '@junto/protocol/internal'
import type { Frame, SentFrame } from '@junto/protocol/internal'
import { SeededRandom, VirtualClock } from '@junto/testing'
import { ConsoleLogger } from '../observe/log.ts'
import { MemoryMetrics } from '../observe/metrics.ts'
import { Watchdog } from '../observe/watchdog.ts'
import type { HeldState, JoinRequest, LeaveReason, MemberLink, ResumeOutcome, Rooms, Seat } from '../room/seat.ts'
import { TurnEnd } from '../sync/turn-end.ts'
import { FakeConnection } from './fake-connection.fixture.ts'
import { Heartbeat } from './heartbeat.ts'
import { Session } from './session.ts'

/** A frame that can be sent. */
export type Sendable = SentFrame

export const sessionId = '0123456789abcdef0123456789abcdef'
export const hello: Sendable = { type: FrameType.hello, session: sessionId, auth: { token: 'x' } }

export function join(ref: number, room = 'board'): Sendable {
  return { type: FrameType.join, ref, by: 'open', room, key: 'a' }
}

/** A join that waits for the test to decide. */
export class PendingJoin implements Seat {
  readonly request: JoinRequest
  readonly link: MemberLink
  readonly signal: AbortSignal
  readonly log: string[] = []
  readonly joined
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
  }

  leave(reason: LeaveReason): void {
    this.log.push(`leave ${reason}`)
  }
}

/** Rooms that do what the test says. */
export class FakeRooms implements Rooms {
  readonly joins: PendingJoin[] = []
  authenticated = false

  join(request: JoinRequest, link: MemberLink, signal: AbortSignal): Promise<Seat> {
    const pending = new PendingJoin(request, link, signal)
    this.joins.push(pending)
    return pending.seat
  }

  async readmit(): Promise<void> {}

  authenticates(): boolean {
    return this.authenticated
  }

  async close(): Promise<void> {}
}

/** A session with everything around it. */
export function build({ limits: overrides = {}, origin }: { limits?: Partial<Limits>; origin?: string } = {}) {
  const clock = new VirtualClock()
  const limits = serverLimits(overrides)
  const metrics = new MemoryMetrics()
  const rooms = new FakeRooms()
  const lines: string[] = []
  const connection = new FakeConnection(origin)
  const told: string[] = []
  const logger = new ConsoleLogger('info', (line) => lines.push(line))
  const session = new Session(
    {
      clock,
      limits,
      metrics,
      rooms,
      turnEnd: new TurnEnd(clock),
      logger,
      watchdog: new Watchdog(clock, logger, metrics, limits.blockedAfter),
      heartbeat: new Heartbeat(clock, new SeededRandom(1), limits),
    },
    connection,
    { known: () => told.push('known'), gone: () => told.push('gone') },
  )
  const reader = new MessageReader({ ...limits, maxFrame: 64 * 1024 * 1024 }, parseFrame)
  let readSoFar = 0
  return {
    clock,
    connection,
    metrics,
    rooms,
    session,
    told,
    lines,
    limits,
    /** Sends frames as one message; a number says which room those behind it concern. */
    send: (...parts: (number | Sendable)[]) => session.message(message(...parts)),
    /** What was sent since the last time, after the end of the turn. */
    received: async (): Promise<string[]> => {
      await clock.settle()
      const frames: string[] = []
      for (const bytes of connection.sent.slice(readSoFar)) {
        reader.read(bytes, (ref, frame) => frames.push(show(ref, frame)))
      }
      readSoFar = connection.sent.length
      return frames
    },
  }
}

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
    default:
      return `${ref}: ${frame.type}`
  }
}

export const event: Sendable = { type: FrameType.event, id: 3, payload: null }
