import { JuntoError, type ErrorCode } from '@junto/protocol'
import * as FrameType from '@junto/protocol/frame-type'
import {
  asJuntoError,
  causedBy,
  describe,
  encodeJoin,
  encodeResync,
  errorFromWire,
  Exchange,
  type CheckFrame,
  type ExchangeEnd,
  type HeldState,
  type JoinedFrame,
  type LeftFrame,
  type RefusedFrame,
  type RoomFrame,
} from '@junto/protocol/internal'
import { encodeNamed, type CompiledLayout, type MirrorTree, type OwnLayout } from '@junto/schema/internal'
import { Room } from '../room/room.ts'
import type { LeftReason } from '../room/room-status.ts'
import type { JoinRequest, OpeningOptions } from './join-request.ts'
import { Opening } from './opening.ts'
import { RejoinPolicy } from './rejoin-policy.ts'
import { RoomOutbox } from './room-outbox.ts'
import type { Session } from './session.ts'

/** `stop` ends the wait that a state is in; without a connection nothing is waited for. */
type State =
  /** Not asked for: there is no session, or the next attempt to rejoin has its time. */
  | { readonly at: 'waiting'; stop: () => void }
  | { readonly at: 'joining'; stop: () => void; readonly ref: number }
  /** Joined; the snapshot is still under way, and what comes for the room waits behind it. */
  | {
      readonly at: 'syncing'
      stop: () => void
      /** The mirror came apart, and the snapshot was asked for. */
      readonly repairs: boolean
      readonly ref: number
      readonly held: RoomFrame[]
      /** Bytes of the connection that came before, or are not held. */
      notHeld: number
    }
  | { readonly at: 'joined'; stop: () => void; readonly ref: number }
  | { readonly at: 'over'; stop: () => void }

const stop = (): void => {}

/** What a membership that the server ended fails with, by the reason; otherwise the room was closed to us. */
const leftCodes: { readonly [reason: string]: ErrorCode | undefined } = {
  refused: 'unauthorized',
  failed: 'room_failed',
}

/** What a recovery will have to tell. */
interface Losses {
  /** Messages of the room that are gone; undefined when nobody knows how many. */
  missed: number | undefined
  /** Own reliable events that may not have arrived. */
  unsent: number
  /** Whether it is another membership than before. */
  rejoined: boolean
}

const noLosses = (): Losses => ({ missed: 0, unsent: 0, rejoined: false })

/**
 * One room that this client is in, or wants to be in. It stays in it from one connection to the next, and joins it again when
 * the server has forgotten the session.
 */
export class Membership {
  /** Settles with the end of the first join. */
  readonly opened: Promise<Room>
  readonly #session: Session
  readonly #own: OwnLayout | undefined
  readonly #request: JoinRequest
  readonly #rejoining: RejoinPolicy
  readonly #outbox: RoomOutbox
  /** The room's name, for messages. */
  readonly #name: string
  #opening: Opening | undefined
  #room: Room | undefined
  #losses = noLosses()
  /** How often credentials had been asked for when the room was wished for, or was lost: those that are newer are new enough. */
  #asked: number
  #state: State = { at: 'waiting', stop }

  /**
   * @param own What the server's layout is compared with, where the program holds more than its type.
   */
  constructor(session: Session, own: OwnLayout | undefined, request: JoinRequest, options: OpeningOptions) {
    this.#session = session
    this.#own = own
    this.#request = request
    this.#name = `room '${request.room}'`
    const { clock } = session.options
    this.#asked = session.connection.asked
    this.#rejoining = new RejoinPolicy(session.options)
    this.#outbox = new RoomOutbox(session.outbox, session.options)
    this.#opening = new Opening(
      request.room,
      clock,
      options,
      (error) => this.#end('lost', error),
      () => this.#runOut(),
    )
    this.opened = this.#opening.promise
  }

  /** The state that this client holds and can follow from where it is. */
  get held(): HeldState | undefined {
    const state = this.#state
    const { epoch, version = 0, broken } = this.#room?.mirror ?? {}
    return state.at === 'joined' && epoch !== undefined && broken === false ? [state.ref, epoch, version] : undefined
  }

  /** Asks for the room, over a connection that can be written to. */
  join(): void {
    if (this.#state.at !== 'waiting') return
    this.#state.stop()
    const ref = this.#session.takeRef(this)
    this.#state = { at: 'joining', ref, stop }
    this.#await()
    try {
      const { join, options, where, ...request } = this.#rejoinable()
      const frame = encodeJoin(ref, {
        ...request,
        join: encodeNamed(join?.(), 'join'),
        options: encodeNamed(options, 'options'),
        where: encodeNamed(where, 'where'),
        layouts: this.#session.layouts.hashesFor(request.room),
      })
      this.#session.outbox.send(0, frame)
    } catch (error) {
      // Nothing was asked for, and so there is nothing to leave.
      this.#vacate()
      this.#refused(
        error instanceof JuntoError ? error : causedBy(error, 'invalid', `the join of ${this.#name} cannot be sent`),
      )
    }
  }

  /** The server admitted us. */
  joined(frame: JoinedFrame): void {
    const state = this.#state
    if (state.at !== 'joining') throw new JuntoError('bad_message', `${this.#name} was joined without being asked for`)
    let layout: CompiledLayout
    try {
      layout = this.#session.layoutOf(this.#own, frame)
    } catch (error) {
      this.#refused(asJuntoError(error, 'bad_message'))
      return
    }
    state.stop()
    const { options, connection } = this.#session
    const { time } = connection
    const leave = (): Promise<void> => this.leave()
    const room = (this.#room ??= new Room({ ...options, time, room: this.#request.room, leave }, layout))
    this.#seat(room, layout)
    this.#sync(state.ref, false)
    room.enter(frame, layout)
  }

  /** The seat of before, when the server still speaks the same: what waits is encoded by its layout. */
  #seat(room: Room, layout: CompiledLayout): void {
    const before = room.seat
    if (before?.layout.hash === layout.hash) return
    this.#losses.unsent += this.#outbox.clear()
    const { clock, limits } = this.#session.options
    const outbox = this.#outbox
    const exchange = new Exchange({
      ...limits,
      clock,
      send: (frame) => outbox.sendOrThrow(frame),
      retract: (frame) => outbox.retract(frame),
      answer: room.answers.answerer(layout),
    })
    room.seat = {
      layout,
      exchange,
      send: (codec, wire, payload) => outbox.sendEvent(codec, wire, payload),
      drained: () => outbox.drained(),
    }
    // What is still under way in it never left, for the rest ended with the session: it is called again, by the new layout.
    before?.exchange.close('disconnected')
  }

  /**
   * Waits for what the server owes in the present state, when it is there: the answer to a join, which it gives up by itself when that
   * takes too long, or a snapshot.
   *
   * @param seen Bytes of a large frame that had come before: it may take its time, as long as more of it comes.
   */
  #await(seen = 0): void {
    const state = this.#state
    const { options, connection, outbox } = this.#session
    const { clock, limits } = options
    if (!outbox.attached || state.at === 'waiting' || state.at === 'joined' || state.at === 'over') return
    const isJoining = state.at === 'joining'
    state.stop = clock.after(isJoining ? limits.authTimeout + limits.joinTimeout : limits.joinTimeout, () => {
      const pending = connection.line?.pending ?? 0
      if (!isJoining && pending > 0 && pending !== seen) return this.#await(pending)
      const what = isJoining
        ? `${this.#name} did not answer the join`
        : `the state of ${this.#name} did not come within ${limits.joinTimeout} ms`
      const error = new JuntoError('timeout', what)
      if (state.at === 'syncing' && state.repairs) this.#damaged(error)
      else this.#refused(error)
    })
  }

  /** The server refused the join. */
  refused(frame: RefusedFrame): void {
    if (this.#state.at !== 'joining') return
    this.#vacate()
    const cause = errorFromWire(frame)
    const { code, retryAfter } = cause instanceof JuntoError ? cause : new JuntoError('internal', '')
    if (code === 'unauthorized' && this.#session.renewCredentials(this.#asked)) return
    const message = `${this.#name} refused the join: ${cause.message}`
    this.#refused(new JuntoError(code, message, { data: frame.data, retryAfter, cause }))
  }

  /** A frame of the room. */
  receive(frame: RoomFrame): void {
    const state = this.#state
    const room = this.#room
    const seat = room?.seat
    if (room === undefined || seat === undefined) return
    if (state.at !== 'syncing' && state.at !== 'joined') return
    try {
      switch (frame.type) {
        case FrameType.snapshot:
          // The server may have come back with another layout; the mirror keeps its identity over that.
          room.mirror.applySnapshot(frame.bytes, seat.layout)
          if (state.at === 'syncing') this.#synced(room, state)
          return
        case FrameType.patch:
          // Where a snapshot is on its way, it holds this too.
          if (state.at === 'syncing') state.notHeld += frame.bytes.length
          else this.#follow(state, () => room.mirror.applyPatch(frame.bytes))
          return
        case FrameType.check:
          if (state.at === 'joined') this.#follow(state, () => compare(room.mirror, frame))
          return
        case FrameType.resync:
          return
        default:
          if (state.at === 'syncing') this.#hold(state, frame)
          else if (frame.type === FrameType.event || frame.type === FrameType.loose) {
            room.receive(seat.layout.down[frame.id], frame)
          } else seat.exchange.receive(frame)
      }
    } catch (error) {
      this.#damaged(error)
    }
  }

  /** Takes what the mirror of a joined room must be able to take. When it cannot, a snapshot repairs it. */
  #follow(state: State, take: () => void): void {
    try {
      take()
    } catch (error) {
      if (state.at !== 'joined' || !this.#rejoining.mayResync()) throw error
      const { options, outbox } = this.#session
      this.#sync(state.ref, true)
      outbox.sendLoose(state.ref, encodeResync())
      const message = `the state of ${this.#name} came apart, and is asked for anew: ${describe(error)}`
      options.report({ code: 'protocol', message, error })
    }
  }

  /** A snapshot is on its way. */
  #sync(ref: number, repairs: boolean): void {
    const notHeld = this.#session.connection.line?.received ?? 0
    this.#state = { at: 'syncing', ref, repairs, held: [], notHeld, stop }
    this.#await()
  }

  #hold(state: State & { at: 'syncing' }, frame: RoomFrame): void {
    const { connection, options } = this.#session
    const { maxHeld } = options.limits
    if ((connection.line?.received ?? 0) - state.notHeld > maxHeld) {
      throw new JuntoError('too_large', `more than ${maxHeld} bytes came before its state did`)
    }
    state.held.push(frame)
  }

  /** The server ended the membership, or confirmed that we left. */
  left(frame: LeftFrame): void {
    if (this.#state.at === 'over') return
    const message = frame.message ?? frame.reason
    if (frame.reason === 'shutdown') {
      // The connection ends with it. Should it not, the room is asked for again over it.
      const error = new JuntoError('shutting_down', `the server is closing: ${message}`)
      if (this.#opening?.outOfPatience === true) this.#end('lost', this.#unsure(error))
      else this.#loseSeat(error)
      return
    }
    this.#vacate()
    const code = leftCodes[frame.reason] ?? 'room_closed'
    const error = new JuntoError(code, `the membership in ${this.#name} ended: ${message}`)
    this.#end(frame.reason, error, message)
  }

  // ---- Connections and sessions come and go.

  /** There is no connection any more. The seat is kept. */
  dropped(error: JuntoError, final: boolean, renewing: boolean): void {
    const state = this.#state
    if (state.at === 'over') return
    state.stop()
    state.stop = stop
    this.#suspend(error, final)
    if (final) this.#end('lost', error)
    else if (!renewing && this.#opening?.outOfPatience === true) this.#end('lost', this.#unsure(error))
  }

  /**
   * The session goes on.
   *
   * @param missed Messages of the room that are gone.
   */
  resumed(missed: number): void {
    const state = this.#state
    if (this.#losses.missed !== undefined) this.#losses.missed += missed
    if (state.at === 'syncing') state.notHeld = 0
    if (state.at === 'waiting') this.join()
    else this.#await()
  }

  /** What the state lacked has come, and nothing else yet. */
  caughtUp(): void {
    if (this.#state.at === 'joined' && this.#room !== undefined) this.#recover(this.#room)
  }

  /**
   * The session was lost, and the seat with it. What never left goes to the next one.
   *
   * @param unsent Frames that never left.
   * @param unknown Frames that may have arrived or not.
   */
  sessionLost(error: JuntoError, unsent: readonly Uint8Array[], unknown: readonly Uint8Array[]): void {
    const { at } = this.#state
    if (at === 'over') return
    if (this.#opening !== undefined && (at === 'joining' || at === 'syncing') && this.#request.by === 'create') {
      this.#end('lost', this.#unsure(error))
      return
    }
    this.#loseSeat(error, unsent, unknown)
  }

  /** Leaves. Resolves once the server knows, or cannot be told. */
  leave(): Promise<void> {
    const left = this.#depart()
    this.#end('left', undefined, 'the program left')
    return left
  }

  /** The client is closed. */
  close(): void {
    void this.#depart()
    const message = 'the client was closed'
    this.#opening?.reject(new JuntoError('cancelled', message))
    this.#end('client_closed', undefined, message)
  }

  /** The first join asks as the program did; later ones for the very room, which may have to be restored. */
  #rejoinable(): JoinRequest {
    const { by, room, join, options, version, key: wished } = this.#request
    if (this.#room === undefined || this.#opening !== undefined) return this.#request
    const { id, key } = this.#room
    if (key !== undefined && (by !== 'join' || wished !== undefined)) {
      return { by: 'open', room, key, join, options, version }
    }
    return { by: 'join', room, id, join, version }
  }

  /** A creation that was asked for may have happened. */
  #unsure(error: JuntoError): JuntoError {
    const { at } = this.#state
    if (this.#request.by !== 'create' || (at !== 'joining' && at !== 'syncing')) return error
    return new JuntoError('outcome_unknown', `${error.message}; the room may have been created`, { cause: error })
  }

  #synced(room: Room, state: State & { at: 'syncing' }): void {
    state.stop()
    this.#state = { at: 'joined', ref: state.ref, stop }
    this.#outbox.open(state.ref)
    const opening = this.#opening
    this.#opening = undefined
    this.#recover(room)
    opening?.resolve(room)
    // One of them may end the membership: what follows then finds no seat.
    for (const frame of state.held) this.receive(frame)
  }

  /** Everything works, perhaps again. */
  #recover(room: Room): void {
    const { missed, unsent, rejoined } = this.#losses
    const downtime = this.#rejoining.end()
    this.#losses = noLosses()
    room.settle()
    if (downtime === undefined) return
    const isWhole = !rejoined && missed === 0
    room.recovered(
      isWhole ? { outcome: 'resumed', downtime } : { outcome: 'resynced', downtime, rejoined, missed, unsent },
    )
  }

  /** From here until it recovers the room waits. */
  #suspend(error: JuntoError, final = false): void {
    if (this.#room === undefined || this.#opening !== undefined) return
    if (!this.#rejoining.underWay) this.#asked = this.#session.connection.asked
    this.#rejoining.begin()
    if (!final) this.#room.suspend(error)
  }

  /** The seat is gone and the room wanted: from here it is rejoined. */
  #loseSeat(error: JuntoError, unsent: readonly Uint8Array[] = [], unknown: readonly Uint8Array[] = []): void {
    this.#vacate()
    const waiting = this.#outbox.close(unsent)
    this.#losses.unsent += unknown.filter((frame) => frame[1] === FrameType.event).length
    this.#losses.missed = undefined
    this.#losses.rejoined = true
    // Whoever calls again now finds the outbox ready for it.
    this.#room?.seat?.exchange.restart(new Set(waiting))
    this.#suspend(error)
    if (this.#session.outbox.attached) this.#retryLater(error)
  }

  /** Has no number any more, and waits for nothing. */
  #vacate(): void {
    const state = this.#state
    if (state.at === 'over') return
    this.#state = { at: 'waiting', stop }
    state.stop()
    if ('ref' in state) this.#session.freeRef(state.ref)
  }

  /** Tells the server, when it can be told, that the room is left. */
  #depart(): Promise<void> {
    const state = this.#state
    this.#outbox.flush(true)
    const left = 'ref' in state ? this.#session.sendLeave(state.ref) : Promise.resolve()
    this.#vacate()
    return left
  }

  /** A join did not succeed, over a connection that stands. */
  #refused(error: JuntoError): void {
    void this.#depart()
    if (this.#rejoining.allows(error)) this.#retryLater(error)
    else this.#end('lost', error)
  }

  #retryLater(error: JuntoError): void {
    if (this.#state.at !== 'waiting' || !this.#rejoining.underWay) return
    const { outbox, options } = this.#session
    const retry = (): void => {
      if (outbox.attached) this.join()
    }
    this.#state.stop = options.clock.after(this.#rejoining.delayAfter(error), retry)
  }

  /** What the server says of the room cannot be: it is left and joined afresh, which brings a snapshot. */
  #damaged(cause: unknown): void {
    const error = causedBy(cause, 'bad_message', `what came for ${this.#name} does not fit`)
    this.#session.options.report({ code: 'protocol', message: error.message, error: cause })
    // A state that cannot be read from the beginning will not be better the next time.
    const { repairs = true } = this.#state.at === 'syncing' ? this.#state : {}
    const isHopeless = !repairs || !this.#rejoining.mayRepair()
    void this.#depart()
    if (isHopeless) this.#end('lost', error, error.message, 'outcome_unknown')
    else this.#loseSeat(error)
  }

  /** Patience has run out. An attempt that is under way may still succeed; without one there is nothing to wait for. */
  #runOut(): void {
    const { value } = this.#session.connection.status
    if (value.state === 'waiting') this.#end('lost', this.#unsure(value.error))
  }

  /** Ends the membership, or a first join, which has not succeeded then. */
  #end(
    reason: LeftReason,
    error: JuntoError | undefined,
    message: string = error?.message ?? '',
    calls: ExchangeEnd = error === undefined ? 'cancelled' : 'outcome_unknown',
  ): void {
    if (this.#state.at === 'over') return
    void this.#depart()
    this.#state = { at: 'over', stop }
    this.#session.forget(this)
    const downtime = this.#rejoining.end()
    const seat = this.#room?.seat
    this.#room?.end({ state: 'left', reason, message, ...(error && { error }) })
    seat?.exchange.close(calls)
    this.#outbox.end(new JuntoError('cancelled', `${this.#name} was left: ${message}`))
    if (error === undefined) return
    if (downtime !== undefined && reason === 'lost') this.#room?.recovered({ outcome: 'lost', downtime, error })
    this.#opening?.reject(error)
  }
}

/** @throws Error when the mirror is not what the server says it is. */
function compare(mirror: MirrorTree, { version, first, count, hash }: CheckFrame): void {
  if (mirror.version === version && mirror.hash(first, count) === hash) return
  const last = first + count - 1
  throw new Error(`nodes ${first} to ${last} differ from the server's in version ${version} (here: ${mirror.version})`)
}
