import { JuntoError } from '@junto/protocol'
import * as FrameType from '@junto/protocol/frame-type'
import {
  asJuntoError,
  causedBy,
  describe,
  encodeResync,
  errorFromWire,
  type ExchangeEnd,
  type HeldState,
  type JoinedFrame,
  type LeftFrame,
  type RefusedFrame,
  type RoomFrame,
} from '@junto/protocol/internal'
import type { CompiledLayout, OwnLayout } from '@junto/schema/internal'
import { Room } from '../room/room.ts'
import type { LeftReason } from '../room/room-status.ts'
import { encodeRequest, joinAgain, type JoinRequest, type OpeningOptions } from './join-request.ts'
import { Losses } from './losses.ts'
import { leftError, stop, type MembershipState as State } from './membership-state.ts'
import { compare } from './mirror-check.ts'
import { Opening } from './opening.ts'
import { RejoinPolicy } from './rejoin-policy.ts'
import { RoomOutbox } from './room-outbox.ts'
import { seat } from './seating.ts'
import type { Session } from './session.ts'

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
  readonly #mutators: OpeningOptions['mutators']
  readonly #rejoining: RejoinPolicy
  readonly #outbox: RoomOutbox
  /** The room's name, for messages. */
  readonly #name: string
  #opening: Opening | undefined
  #room: Room | undefined
  #losses = new Losses()
  /** As the program knows it. */
  #memberId = ''
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
    this.#mutators = options.mutators
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
      // The first join asks as the program did; later ones for the very room, which may have to be restored.
      const again = this.#opening === undefined ? this.#room : undefined
      const { layouts, outbox } = this.#session
      outbox.send(0, encodeRequest(ref, joinAgain(this.#request, again), layouts.hashesFor(this.#request.room)))
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
    const { options, connection, announcements } = this.#session
    const room = (this.#room ??= new Room(
      {
        ...options,
        announcements,
        time: connection.time,
        room: this.#request.room,
        leave: () => this.leave(),
        mutators: this.#mutators,
      },
      layout,
    ))
    this.#losses.leave(seat(room, layout, this.#outbox, options))
    this.#sync(state.ref, false)
    room.enter(frame, layout)
  }

  /**
   * Waits for what the server owes in the present state, when it is there: the answer to a join, which it gives up by itself when that
   * takes too long, or a snapshot.
   *
   * @param seen Bytes of a large frame that had come before: it may take its time, as long as more of it comes.
   * @param asked How often the server was asked, over a join, whether it is there at all.
   */
  #await(seen = 0, asked = 0): void {
    const state = this.#state
    const { options, connection, outbox } = this.#session
    const { clock, limits } = options
    if (!outbox.attached || state.at === 'waiting' || state.at === 'joined' || state.at === 'over') return
    const isJoining = state.at === 'joining'
    // Of a join nothing comes until it is answered: a line that is dead would be noticed too late.
    const wait = isJoining ? (limits.authTimeout + limits.joinTimeout) / 3 : limits.joinTimeout
    state.stop = clock.after(wait, () => {
      if (isJoining && asked < 2) {
        connection.doubt()
        return this.#await(0, asked + 1)
      }
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
    const message = `joining ${this.#name} was refused: ${cause.message}`
    this.#refused(new JuntoError(code, message, { data: frame.data, retryAfter, cause }))
  }

  /** A frame of the room. */
  receive(frame: RoomFrame): void {
    const state = this.#state
    const room = this.#room
    const { layout, exchange } = room?.seat ?? {}
    if (room === undefined || layout === undefined) return
    if (state.at !== 'syncing' && state.at !== 'joined') return
    try {
      switch (frame.type) {
        case FrameType.snapshot:
          // The server may have come back with another layout; the mirror keeps its identity over that.
          room.mirror.applySnapshot(frame.bytes, layout)
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
        case FrameType.presences:
          room.presence.receive(frame, layout.presence, room.memberId)
          return
        case FrameType.stamp:
          room.stamped(frame)
          return
        case FrameType.presence:
        case FrameType.inputs:
        case FrameType.resync:
          return
        default:
          if (state.at === 'syncing') this.#hold(state, frame)
          else if (frame.type === FrameType.event || frame.type === FrameType.loose) {
            room.receive(layout.down[frame.id], frame)
          } else exchange?.receive(frame)
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

  /**
   * The server ended the membership, or confirmed that we left.
   *
   * @param meanwhile It had ended before the server took anything that this connection brought.
   */
  left(frame: LeftFrame, meanwhile: boolean): void {
    if (this.#state.at === 'over') return
    const error = leftError(this.#name, frame)
    if (frame.reason === 'shutdown') {
      // The connection ends with it. Should it not, the room is asked for again over it.
      if (this.#opening?.left === 0) this.#end('lost', this.#unsure(error))
      else this.#loseSeat(error)
      return
    }
    const { outbox } = this.#session
    // What the server has not taken by then, it did not run.
    const hasArrived = meanwhile ? (opening: Uint8Array): boolean => !outbox.keeps(opening) : undefined
    this.#vacate()
    this.#end(frame.reason, error, frame.message ?? frame.reason, 'outcome_unknown', hasArrived)
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
    else if (!renewing && this.#opening?.left === 0) this.#end('lost', this.#unsure(error))
  }

  /**
   * The session goes on.
   *
   * @param missed Messages of the room that are gone.
   */
  resumed(missed: number): void {
    const state = this.#state
    this.#losses.miss(missed)
    if (state.at === 'syncing') state.notHeld = 0
    if (state.at === 'waiting') this.join()
    else this.#await()
  }

  /** All that was missed has come. */
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
    if (this.#state.at !== 'over') this.#loseSeat(error, unsent, unknown)
  }

  /** Leaves. Resolves once the server knows, or cannot be told. */
  leave(): Promise<void> {
    const left = this.#depart()
    this.#end('left', undefined, 'the program left')
    return left
  }

  /** The client is closed. */
  close(): void {
    this.#end('client_closed', undefined, 'the client was closed')
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
    const losses = this.#losses
    const downtime = this.#rejoining.end()
    this.#losses = new Losses()
    const { memberId } = room
    const rejoined = memberId !== this.#memberId
    this.#memberId = memberId
    room.settle(downtime === undefined ? undefined : losses.recovery(downtime, rejoined))
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
    const { at } = this.#state
    if (this.#opening !== undefined && (at === 'joining' || at === 'syncing') && this.#request.by === 'create') {
      this.#end('lost', this.#unsure(error))
      return
    }
    this.#vacate()
    const waiting = this.#outbox.close(unsent)
    this.#losses.leave(unknown)
    this.#losses.loseSeat()
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
    // A server that stops is one that cannot be reached.
    const passes = error.code === 'shutting_down' && (this.#opening?.left ?? 0) > 0
    if (passes || this.#rejoining.allows(error)) this.#retryLater(error)
    else this.#end('lost', error)
  }

  #retryLater(error: JuntoError): void {
    if (this.#state.at !== 'waiting') return
    const { outbox, options } = this.#session
    const retry = (): void => {
      if (this.#opening?.left === 0) this.#end('lost', error)
      else if (outbox.attached) this.join()
    }
    const delay = Math.min(this.#rejoining.delayAfter(error), this.#opening?.left ?? Infinity)
    this.#state.stop = options.clock.after(delay, retry)
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
    hasArrived?: (opening: Uint8Array) => boolean,
  ): void {
    if (this.#state.at === 'over') return
    void this.#depart()
    this.#state = { at: 'over', stop }
    this.#session.forget(this)
    const downtime = this.#rejoining.end()
    const { exchange } = this.#room?.seat ?? {}
    const isLost = error !== undefined && downtime !== undefined && reason === 'lost'
    this.#room?.end(
      { state: 'left', reason, message, ...(error && { error }) },
      isLost ? { outcome: 'lost', downtime, error } : undefined,
    )
    exchange?.close(calls, hasArrived)
    this.#outbox.end(new JuntoError('cancelled', `${this.#name} was left: ${message}`))
    this.#opening?.reject(error ?? new JuntoError('cancelled', message))
  }
}
