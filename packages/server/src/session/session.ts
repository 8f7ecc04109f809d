import { closeCodes, JuntoError } from '@junto/protocol'
import type { Clock, CloseCode, ErrorCode } from '@junto/protocol'
import { encodeFrame, FrameType, MessageReader, parseFrame } from '@junto/protocol/internal'
import type { Frame, HelloFrame, JoinFrame } from '@junto/protocol/internal'
import type { ServerLimits } from '../config.ts'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Watchdog } from '../observe/watchdog.ts'
import type { LeaveReason, Rooms, SessionInfo } from '../room/seat.ts'
import type { TurnEnd } from '../sync/turn-end.ts'
import type { Connection, ConnectionEnding, ConnectionEvents, ConnectionFault } from '../transport/transport.ts'
import type { Heartbeat, Pulse } from './heartbeat.ts'
import { Membership } from './membership.ts'
import type { MembershipHost } from './membership.ts'
import { Outbox } from './outbox.ts'

/** What all sessions of a server share. */
export interface SessionEnvironment {
  readonly clock: Clock
  readonly turnEnd: TurnEnd
  readonly limits: ServerLimits
  readonly logger: Logger
  readonly metrics: Metrics
  readonly rooms: Rooms
  readonly heartbeat: Heartbeat
  readonly watchdog: Watchdog
}

/** Whom a session tells about itself. */
export interface SessionListener {
  /** It has said hello. */
  known(): void
  /** Its connection is gone. */
  gone(): void
}

/**
 * - `awaiting-hello`: a stranger, until an absolute deadline.
 * - `open`: it has said hello and may join rooms.
 * - `ending`: it is over; the transport still brings the news to the peer.
 * - `gone`: the connection is gone too.
 */
type State =
  | { readonly kind: 'awaiting-hello'; readonly cancelDeadline: () => void }
  | { readonly kind: 'open'; readonly info: SessionInfo; readonly pulse: Pulse }
  | { readonly kind: 'ending' }
  | { readonly kind: 'gone' }

/**
 * One connection and what its peer may do on it: say hello, join and leave rooms, and talk with those it has joined.
 * Whatever the peer sends costs, at worst, this connection.
 */
export class Session implements ConnectionEvents, MembershipHost {
  readonly outbox: Outbox
  readonly #environment: SessionEnvironment
  readonly #connection: Connection
  readonly #listener: SessionListener
  readonly #reader: MessageReader
  readonly #memberships = new Map<number, Membership>()
  /**
   * Refs whose memberships or joins the server ended: what the client sent before it knew must not count against it. Behind a
   * join that was refused that can be a leave; frames for the room had to wait for its answer.
   */
  readonly #ended = new Map<number, 'left' | 'refused'>()
  readonly #deliver = (ref: number, frame: Frame) => this.#receive(ref, frame)
  #strikes = 0
  #state: State

  constructor(environment: SessionEnvironment, connection: Connection, listener: SessionListener) {
    const { clock, limits, turnEnd } = environment
    this.#environment = environment
    this.#connection = connection
    this.#listener = listener
    this.#reader = new MessageReader(limits, parseFrame)
    this.outbox = new Outbox({
      connection,
      turnEnd,
      limits,
      tooSlow: () => this.#terminate(closeCodes.tooSlow),
      drained: () => this.#proceed(),
    })
    // Absolute: what the peer sends does not extend it.
    const cancelDeadline = clock.after(limits.helloTimeout, () => this.#close(closeCodes.helloTimeout))
    this.#state = { kind: 'awaiting-hello', cancelDeadline }
  }

  // ---- What the connection tells.

  message(message: Uint8Array | string): void {
    if (this.#state.kind === 'open') this.#state.pulse.alive()
    if (typeof message === 'string') {
      return this.#badMessage('[F1] a text message, where only binary ones are spoken')
    }
    try {
      this.#reader.read(message, this.#deliver)
    } catch (error) {
      if (error instanceof JuntoError && error.code === 'bad_message') return this.#badMessage(error.message)
      this.report(error, 'message')
      this.#close(closeCodes.internal)
    } finally {
      this.#environment.watchdog.leave()
    }
  }

  pong(): void {
    if (this.#state.kind === 'open') this.#state.pulse.alive()
  }

  drain(): void {
    if (this.#state.kind === 'open') this.#state.pulse.alive()
    this.outbox.drain()
  }

  failed(fault: ConnectionFault): void {
    this.#environment.logger.debug(`A peer broke the rules of its transport: ${fault.message}`, this.#fields())
    this.#end(fault.reason, 'disconnected')
  }

  closed({ code }: ConnectionEnding): void {
    this.#end(code === 1006 ? 'lost' : 'left', 'disconnected')
    this.#state = { kind: 'gone' }
    this.#listener.gone()
  }

  // ---- What the server tells.

  /** The server stops: the peer is told to come back later. Rooms have said goodbye before. */
  shutDown(): void {
    this.#close(closeCodes.shuttingDown, 'shutdown')
  }

  // ---- What memberships tell.

  strike(code: ErrorCode, message: string): void {
    if (this.#state.kind !== 'open') return
    if (code === 'bad_message') return this.#badMessage(message)
    this.#environment.metrics.count('frames_refused', { reason: code })
    this.#notice(code, message)
    if (++this.#strikes >= this.#environment.limits.strikes) {
      this.#environment.logger.info(
        'Closed a connection that went on after many errors',
        this.#fields({ last: message }),
      )
      this.#close(closeCodes.abuse)
    }
  }

  ended({ ref }: Membership, told: 'left' | 'refused' | undefined): void {
    this.#memberships.delete(ref)
    if (told !== undefined) this.#remember(ref, told)
  }

  #remember(ref: number, told: 'left' | 'refused'): void {
    this.#ended.set(ref, told)
    // A bound, not a promise: a client that has so many frames under way for rooms it was put out of is rare.
    if (this.#ended.size > this.#environment.limits.maxRoomsPerConnection) {
      for (const oldest of this.#ended.keys()) {
        this.#ended.delete(oldest)
        break
      }
    }
  }

  refused(room: string | undefined, { code, message }: JuntoError): void {
    this.#environment.metrics.count('joins_refused', { code })
    this.#environment.logger.debug(`Refused a join: ${message}`, this.#fields({ room, code }))
  }

  report(error: unknown, where: string): void {
    this.#environment.logger.error(`A session failed (${where})`, this.#fields({ error }))
  }

  // ---- What comes in.

  #receive(ref: number, frame: Frame): void {
    switch (this.#state.kind) {
      case 'awaiting-hello':
        if (ref === 0 && frame.type === FrameType.hello) return this.#hello(frame, this.#state.cancelDeadline)
        throw new JuntoError('bad_message', '[P1] the first frame of a connection is a hello')
      case 'open':
        return ref === 0 ? this.#sessionFrame(frame, this.#state.info) : this.#roomFrame(ref, frame)
      case 'ending':
      case 'gone':
      // The rest of a message whose beginning ended it.
    }
  }

  #hello(hello: HelloFrame, cancelDeadline: () => void): void {
    const { limits, heartbeat } = this.#environment
    cancelDeadline()
    const { maxMessage = limits.maxMessage, maxFrame = limits.maxFrame } = hello
    this.outbox.setPeerLimits({ maxMessage, maxFrame })
    const { remoteAddress } = this.#connection
    const info: SessionInfo = {
      session: hello.session,
      connection: { auth: hello.auth, remoteAddress },
      abandoned: { count: 0 },
    }
    this.#state = { kind: 'open', info, pulse: heartbeat.start(this) }
    this.#listener.known()
    this.#send({
      type: FrameType.welcome,
      session: hello.session,
      maxMessage: limits.maxMessage,
      maxFrame: limits.maxFrame,
      heartbeat: limits.heartbeat,
    })
  }

  #sessionFrame(frame: Frame, info: SessionInfo): void {
    switch (frame.type) {
      case FrameType.join:
        return this.#join(frame, info)
      case FrameType.unfitJoin:
        this.#claim(frame.ref)
        return this.#refuse(frame.ref, undefined, new JuntoError('invalid', frame.fault))
      case FrameType.leave:
        return this.#leave(frame.ref)
      case FrameType.hello:
        throw new JuntoError('bad_message', '[P1] a second hello')
      case FrameType.unknown:
        return this.strike('unknown_frame', `frames of type ${frame.wireType} are not known here`)
      default:
        return this.strike('unknown_frame', `frames of type ${frame.type} are not for a session of the server`)
    }
  }

  #roomFrame(ref: number, frame: Frame): void {
    if (frame.type === FrameType.unknown) {
      return this.strike('unknown_frame', `frames of type ${frame.wireType} are not known here`)
    }
    const membership = this.#memberships.get(ref)
    if (membership) membership.receive(frame)
    else if (this.#ended.get(ref) !== 'left') this.strike('not_joined', `room ${ref} is not joined`)
  }

  #join(frame: JoinFrame, info: SessionInfo): void {
    const { rooms } = this.#environment
    const { ref } = frame
    this.#claim(ref)
    const refusal = this.#refusalOf(frame, info)
    if (refusal) return this.#refuse(ref, frame.room, refusal)
    const membership = new Membership(ref, this)
    this.#memberships.set(ref, membership)
    membership.join(rooms, frame, info).catch((error: unknown) => this.report(error, 'join'))
  }

  /** A join says which ref it takes. */
  #claim(ref: number): void {
    if (this.#memberships.has(ref)) {
      throw new JuntoError('bad_message', `[P4] a join as room ${ref}, which is in use on this connection`)
    }
    this.#ended.delete(ref)
  }

  /** Answers a join for which no room has to be asked. */
  #refuse(ref: number, room: string | undefined, error: JuntoError): void {
    this.refused(room, error)
    this.#remember(ref, 'refused')
    this.#send({ type: FrameType.refused, ref, code: error.code, message: error.message })
  }

  /** What speaks against a join before any room is asked. */
  #refusalOf(frame: JoinFrame, info: SessionInfo): JuntoError | undefined {
    const { rooms, limits } = this.#environment
    if (this.#memberships.size >= limits.maxRoomsPerConnection) {
      return new JuntoError(
        'too_many_rooms',
        `this connection has ${this.#memberships.size} rooms, which is all it may have (limit maxRoomsPerConnection)`,
      )
    }
    // A browser's page was judged by its origin. Another program has shown nothing yet.
    if (this.#connection.origin === undefined && info.connection.auth == null && rooms.authenticates(frame.room)) {
      return new JuntoError(
        'unauthorized',
        `the room '${frame.room}' asks programs that are no browser page for credentials, and the hello had none: ` +
          'give the client an auth (a page is told by its Origin, and may come without)',
      )
    }
    return undefined
  }

  #leave(ref: number): void {
    const membership = this.#memberships.get(ref)
    if (membership) return membership.leave()
    // Ended by the server while the leave was under way: the client was told.
    if (!this.#ended.has(ref)) this.strike('not_joined', `room ${ref} is not joined`)
  }

  // ---- What goes out.

  /** A ping with the server's time. Called by the heartbeat. */
  beat(): void {
    this.outbox.beat(encodeFrame({ type: FrameType.beat, time: this.#environment.clock.time() }))
  }

  /** Called by the heartbeat when nothing has come for too long. */
  silent(): void {
    this.#terminate(closeCodes.silent)
  }

  #proceed(): void {
    for (const membership of this.#memberships.values()) {
      if (this.outbox.congested) return
      membership.drained()
    }
  }

  #notice(code: ErrorCode, message: string): void {
    this.#send({ type: FrameType.notice, code, message })
  }

  #send(frame: Parameters<typeof encodeFrame>[0]): void {
    this.outbox.add(0, encodeFrame(frame))
  }

  #badMessage(message: string): void {
    if (this.#state.kind === 'ending' || this.#state.kind === 'gone') return
    this.#environment.logger.debug(`Closed a connection for a bad message: ${message}`, this.#fields())
    this.#notice('bad_message', message)
    this.#close(closeCodes.badMessage)
  }

  // ---- The end.

  /** Ends it in order: what waits is sent as far as the socket takes it, then the peer is told why. */
  #close({ code, name }: CloseCode, reason: LeaveReason = 'disconnected'): void {
    if (this.#state.kind === 'ending' || this.#state.kind === 'gone') return
    this.outbox.flush()
    this.#end(name, reason)
    this.#connection.close(code, name)
  }

  /** Ends it at once: the peer does not listen, so nothing can be told. */
  #terminate({ name }: CloseCode): void {
    this.#end(name, 'disconnected')
    this.#connection.terminate()
  }

  #end(name: string, reason: LeaveReason): void {
    const state = this.#state
    switch (state.kind) {
      case 'awaiting-hello':
        state.cancelDeadline()
        break
      case 'open':
        state.pulse.stop()
        break
      case 'ending':
      case 'gone':
        return
    }
    this.#state = { kind: 'ending' }
    this.#environment.metrics.count('connections_closed', { reason: name })
    this.outbox.close()
    for (const membership of this.#memberships.values()) membership.drop(reason)
    this.#memberships.clear()
    this.#ended.clear()
  }

  #fields(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
    return { address: this.#connection.remoteAddress, ...fields }
  }
}
