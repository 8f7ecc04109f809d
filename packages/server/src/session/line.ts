import { closeCodes, JuntoError, reconnectsAfter } from '@junto/protocol'
import type { Clock, CloseCode, ErrorCode } from '@junto/protocol'
import { encodeFrame, FrameType, MessageReader, parseFrame } from '@junto/protocol/internal'
import type { Frame, HelloFrame } from '@junto/protocol/internal'
import type { ServerLimits } from '../config.ts'
import { heldSize } from '../limits/held-size.ts'
import type { Intake } from '../limits/address-budget.ts'
import type { Quotas } from '../limits/quotas.ts'
import { sessionTag } from '../observe/session-tag.ts'
import { TokenBucket } from '../limits/token-bucket.ts'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Traffic } from '../observe/traffic.ts'
import type { Watchdog } from '../observe/watchdog.ts'
import type { ConnectionInfo, LeaveReason } from '../room/seat.ts'
import type { TurnEnd } from '../sync/turn-end.ts'
import type { Connection, ConnectionEnding, ConnectionEvents, ConnectionFault } from '../transport/transport.ts'
import type { Beating, Heartbeat, Pulse } from './heartbeat.ts'
import type { OutboxTotal } from './outbox-total.ts'
import { Outbox } from './outbox.ts'
import type { OutboxHost } from './outbox.ts'
import type { Session } from './session.ts'

/** What all lines of a server share. */
export interface LineEnvironment {
  readonly clock: Clock
  readonly turnEnd: TurnEnd
  readonly limits: ServerLimits
  readonly logger: Logger
  readonly metrics: Metrics
  readonly heartbeat: Heartbeat
  readonly watchdog: Watchdog
  readonly quotas: Quotas
  readonly outboxes: OutboxTotal
  readonly traffic: Traffic
}

/** Whom a line tells about itself. */
export interface LineHost {
  /** The peer says who it is. To be answered by {@link Line.serve}, {@link Line.wait} or {@link Line.refuse}, in this turn. */
  hello(line: Line, hello: HelloFrame): void
  /** The connection is gone. */
  gone(line: Line): void
}

/** What a session does when its line ends: it goes away, to be resumed; or it ends, and its memberships for this reason. */
export type LineEnd = 'dropped' | LeaveReason

/**
 * - `awaiting-hello`: a stranger, until an absolute deadline.
 * - `judged`: it has said hello, and whether it may go on with its session is being asked. It is told nothing before, and says nothing.
 * - `open`: it has said hello, and serves a session.
 * - `ending`: it is over; the transport still brings the news to the peer.
 * - `gone`: the connection is gone too.
 */
type State =
  | { readonly kind: 'awaiting-hello'; readonly cancelDeadline: () => void }
  | { readonly kind: 'judged'; readonly over: (end: LineEnd) => void }
  | { readonly kind: 'open'; readonly session: Session; readonly pulse: Pulse }
  | { readonly kind: 'ending' }
  | { readonly kind: 'gone' }

/**
 * One connection in terms of messages and frames, from its acceptance to its end. Whatever the peer sends costs, at worst, this
 * connection and its session.
 */
export class Line implements ConnectionEvents, Beating, OutboxHost {
  readonly connection: Connection
  readonly outbox: Outbox
  /** What comes in on it. */
  readonly intake: Intake
  readonly #environment: LineEnvironment
  readonly #host: LineHost
  readonly #reader: MessageReader
  readonly #deliver = (ref: number, frame: Frame) => this.#receive(ref, frame)
  #control: TokenBucket | undefined
  /** When the last beat left. */
  #beatenAt = 0
  #state: State

  constructor(environment: LineEnvironment, connection: Connection, host: LineHost) {
    const { clock, limits, quotas } = environment
    this.#environment = environment
    this.connection = connection
    this.intake = quotas.intake(connection)
    this.#host = host
    this.#reader = new MessageReader(limits, parseFrame)
    this.outbox = new Outbox(environment, connection, this)
    // Absolute: what the peer sends does not extend it.
    const cancelDeadline = clock.after(limits.helloTimeout, () => this.close(closeCodes.helloTimeout))
    this.#state = { kind: 'awaiting-hello', cancelDeadline }
  }

  // ---- What the connection tells.

  message(message: Uint8Array | string): void {
    const state = this.#state
    this.#environment.traffic.received(message.length)
    if (state.kind === 'open') {
      state.pulse.alive()
      if (typeof message !== 'string') state.session.arrived(message.length)
    } else {
      this.intake.took(this.#environment.clock.now(), message.length)
      if (!this.#bears()) return
    }
    if (typeof message === 'string') {
      return this.badMessage('[F1] a text message, where only binary ones are spoken')
    }
    try {
      this.#reader.read(message, this.#deliver)
      this.#environment.traffic.read(message)
      if (state.kind === 'open') state.session.settle()
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#environment.watchdog.leave()
    }
  }

  pong(): void {
    const state = this.#state
    const isAnswer = state.kind === 'open' && state.pulse.isAwaited
    const { traffic, clock } = this.#environment
    if (isAnswer) traffic.roundTrips.observe((clock.now() - this.#beatenAt) / 1000)
    if (state.kind === 'open') state.pulse.alive()
    // What was asked for counts against nobody.
    if (!isAnswer) this.#bears()
  }

  pinged(): void {
    this.#bears()
  }

  drain(): void {
    if (this.#state.kind === 'open') this.#state.pulse.alive()
    this.outbox.drain()
  }

  failed(fault: ConnectionFault): void {
    this.#environment.logger.debug(`A peer broke the rules of its transport: ${fault.message}`, this.fields())
    this.#end(fault.reason, reconnectsAfter(fault.code) ? 'dropped' : 'disconnected')
  }

  closed({ code }: ConnectionEnding): void {
    this.#end(code === 1006 ? 'lost' : 'left', endOf(code))
    this.intake.close()
    this.#state = { kind: 'gone' }
    this.#host.gone(this)
  }

  // ---- What its host and its session tell.

  /**
   * Whether it may go on with its session is being asked, by somebody who will answer with {@link serve}, {@link refuse} or {@link close}.
   *
   * @param over Called when it ends before.
   */
  wait(over: (end: LineEnd) => void): void {
    if (this.#state.kind !== 'awaiting-hello') return
    this.#state.cancelDeadline()
    this.#state = { kind: 'judged', over }
  }

  /** It is of this session from now on. */
  serve(session: Session, hello: HelloFrame): void {
    if (this.#state.kind !== 'awaiting-hello' && this.#state.kind !== 'judged') return
    const { limits, heartbeat } = this.#environment
    if (this.#state.kind === 'awaiting-hello') this.#state.cancelDeadline()
    const { maxMessage = limits.maxMessage, maxFrame = limits.maxFrame } = hello
    this.outbox.setPeerLimits({ maxMessage, maxFrame })
    const pulse = heartbeat.start(this)
    this.outbox.pulse = pulse
    // Its hello counted, and most send nothing more that does.
    this.#control = undefined
    this.#state = { kind: 'open', session, pulse }
  }

  /** Turns a hello down. */
  refuse(code: CloseCode, error: ErrorCode, message: string): void {
    this.notice(error, message)
    this.close(code)
  }

  /** An error that belongs to no call. */
  notice(code: ErrorCode, message: string): void {
    this.send({ type: FrameType.notice, code, message })
  }

  /** Sends a frame of the session that is not numbered. */
  send(frame: Parameters<typeof encodeFrame>[0]): void {
    this.outbox.add(0, encodeFrame(frame))
  }

  /** Does something that is the consequence of a message which came earlier. */
  run(work: () => void): void {
    // While the server does not read, signs of life lie unread.
    if (this.#state.kind === 'open') this.#state.pulse.alive()
    try {
      work()
      if (this.#state.kind === 'open') this.#state.session.settle()
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#environment.watchdog.leave()
    }
  }

  /** What came cannot be understood. */
  badMessage(message: string): void {
    if (this.#state.kind === 'ending' || this.#state.kind === 'gone') return
    this.#environment.logger.debug(`Closed a connection for a bad message: ${message}`, this.fields())
    this.notice('bad_message', message)
    this.close(closeCodes.badMessage)
  }

  /** Ends it in order: what waits is sent as far as the socket takes it, then the peer is told why. */
  close({ code, name, reconnect }: CloseCode, end: LineEnd = reconnect ? 'dropped' : 'disconnected'): void {
    if (this.#state.kind === 'ending' || this.#state.kind === 'gone') return
    this.outbox.flush()
    this.#end(name, end)
    this.connection.close(code, name)
  }

  /** Ends it at once: the peer does not listen, so nothing can be told. */
  terminate({ name }: CloseCode): void {
    this.#end(name, 'dropped')
    this.connection.terminate()
  }

  /** Ends it at once, also where it is over and its peer does not answer. */
  cutOff(): void {
    this.terminate(closeCodes.shuttingDown)
  }

  /** For the log. */
  fields(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
    const session = this.#state.kind === 'open' ? sessionTag(this.#state.session.id) : undefined
    return { address: this.connection.remoteAddress, session, ...fields }
  }

  // ---- What the heartbeat tells.

  beat(frame: Uint8Array): void {
    this.#beatenAt = this.#environment.clock.now()
    this.outbox.beat(frame)
  }

  look(): boolean {
    this.outbox.checkProgress()
    if (this.#state.kind !== 'open') return false
    // Nobody is dead because nobody listens.
    if (this.intake.paused) this.#state.pulse.alive()
    return this.#state.session.look() || this.outbox.stalled
  }

  silent(): void {
    this.terminate(closeCodes.silent)
  }

  // ---- What the outbox tells.

  tooSlow(): void {
    this.terminate(closeCodes.tooSlow)
  }

  drained(): void {
    if (this.#state.kind === 'open') this.#state.session.drained()
  }

  // ---- Inside.

  /** Counts what costs a system call and is of no session: pings, pongs, messages before the hello. False when it is too much. */
  #bears(): boolean {
    if (this.#state.kind === 'ending' || this.#state.kind === 'gone') return false
    const { clock, limits, metrics } = this.#environment
    this.#control ??= new TokenBucket({ rate: limits.controlRate, burst: limits.controlBurst })
    if (this.#control.tryTake(clock.now())) return true
    metrics.count('floods', { of: 'control' })
    this.close(closeCodes.flooding)
    return false
  }

  #receive(ref: number, frame: Frame): void {
    switch (this.#state.kind) {
      case 'awaiting-hello':
        if (ref === 0 && frame.type === FrameType.hello) return this.#hello(frame)
        throw new JuntoError('bad_message', '[P1] the first frame of a connection is a hello')
      case 'judged':
        throw new JuntoError('bad_message', '[K4] nothing follows a resume before its welcome')
      case 'open':
        return this.#state.session.frame(this, ref, frame)
      case 'ending':
      case 'gone':
      // The rest of a message whose beginning ended it.
    }
  }

  #hello(hello: HelloFrame): void {
    const { maxAuth } = this.#environment.limits
    const size = heldSize(hello.auth)
    if (size > maxAuth) {
      throw new JuntoError(
        'bad_message',
        `[L2] the credentials take ${size} bytes, more than this server keeps of a client (limit maxAuth: ${maxAuth}, 64 for each value besides its content)`,
      )
    }
    this.#host.hello(this, hello)
  }

  #failed(error: unknown): void {
    if (error instanceof JuntoError && error.code === 'bad_message') return this.badMessage(error.message)
    this.#environment.logger.error('A session failed (message)', this.fields({ error }))
    // Half of something may have happened: nobody can say what the session is worth now, so the client begins another.
    this.close(closeCodes.internal, 'disconnected')
  }

  #end(name: string, end: LineEnd): void {
    const state = this.#state
    if (state.kind === 'ending' || state.kind === 'gone') return
    this.#state = { kind: 'ending' }
    this.#environment.metrics.count('connections_closed', { reason: name })
    this.outbox.close()
    if (state.kind === 'awaiting-hello') return state.cancelDeadline()
    if (state.kind === 'judged') return state.over(end)
    state.pulse.stop()
    state.session.lineEnded(this, end)
  }
}

/** What a session does whose client closed its connection with this code. */
function endOf(code: number): LineEnd {
  if (code === 1000) return 'left'
  return reconnectsAfter(code) ? 'dropped' : 'disconnected'
}

/** Who is at the other end of a line, as its hello says. */
export function connectionInfo(line: Line, hello: HelloFrame): ConnectionInfo {
  return { auth: hello.auth, remoteAddress: line.connection.remoteAddress }
}
