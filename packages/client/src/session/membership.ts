import { JuntoError } from '@junto/protocol'
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
  type JoinedFrame,
  type LeftFrame,
  type RefusedFrame,
  type RoomFrame,
} from '@junto/protocol/internal'
import { encodeNamed, type CompiledLayout, type MirrorTree, type OwnLayout } from '@junto/schema/internal'
import { Room } from '../room/room.ts'
import type { LeftReason } from '../room/room-status.ts'
import type { Seat } from '../room/seat.ts'
import type { JoinRequest, OpeningOptions } from './join-request.ts'
import { Opening } from './opening.ts'
import { RejoinPolicy } from './rejoin-policy.ts'
import type { Session } from './session.ts'

/** `stop` ends the wait that a state is in. */
type State =
  /** Not asked for: there is no connection, or the next attempt to rejoin has its time. */
  | { readonly at: 'waiting'; readonly stop: () => void }
  | { readonly at: 'joining'; readonly stop: () => void; readonly ref: number }
  /** Joined; the snapshot is still under way. */
  | { readonly at: 'syncing'; stop: () => void; readonly ref: number; readonly seat: Seat }
  | { readonly at: 'joined'; readonly stop: () => void; readonly ref: number; readonly seat: Seat }
  /** The mirror came apart, and a snapshot is asked for: what comes for the room waits behind it. */
  | {
      readonly at: 'repairing'
      stop: () => void
      readonly ref: number
      readonly seat: Seat
      readonly held: RoomFrame[]
      /** Bytes of the connection that came before, or are not held. */
      notHeld: number
    }
  | { readonly at: 'over'; readonly stop: () => void }

const stop = (): void => {}
const waiting: State = { at: 'waiting', stop }

/** One room that this client is in, or wants to be in: joins it, and joins it again after each loss of the connection. */
export class Membership {
  /** Settles with the end of the first join. */
  readonly opened: Promise<Room>
  readonly #session: Session
  readonly #own: OwnLayout | undefined
  readonly #request: JoinRequest
  readonly #rejoining: RejoinPolicy
  /** The room's name, for messages. */
  readonly #name: string
  #opening: Opening | undefined
  #room: Room | undefined
  #state: State = waiting

  /**
   * @param own What the server's layout is compared with, where the program holds more than its type.
   */
  constructor(session: Session, own: OwnLayout | undefined, request: JoinRequest, options: OpeningOptions) {
    this.#session = session
    this.#own = own
    this.#request = request
    this.#name = `room '${request.room}'`
    const { clock } = session.options
    this.#rejoining = new RejoinPolicy(session.options)
    this.#opening = new Opening(
      request.room,
      clock,
      options,
      (error) => this.#end('lost', error),
      () => this.#runOut(),
    )
    this.opened = this.#opening.promise
  }

  /** Asks for the room, over a connection that can be written to. */
  join(): void {
    if (this.#state.at !== 'waiting') return
    this.#state.stop()
    const { clock, limits } = this.#session.options
    const ref = this.#session.takeRef(this)
    // The server gives up by itself when authenticating or joining takes too long: this is for one that does not.
    const unanswered = (): void => this.#refused(new JuntoError('timeout', `${this.#name} did not answer the join`))
    this.#state = { at: 'joining', ref, stop: clock.after(limits.authTimeout + limits.joinTimeout, unanswered) }
    try {
      const { join, options, where, ...request } = this.#rejoinable()
      const frame = encodeJoin(ref, {
        ...request,
        join: encodeNamed(join?.(), 'join'),
        options: encodeNamed(options, 'options'),
        where: encodeNamed(where, 'where'),
        layouts: this.#session.layouts.hashesFor(request.room),
      })
      this.#session.send(0, frame)
    } catch (error) {
      // Nothing was asked for, and so there is nothing to leave.
      this.#become(waiting)
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
    const { ref } = state
    const session = this.#session
    const { clock, limits } = session.options
    const leave = (): Promise<void> => this.leave()
    const room = (this.#room ??= new Room({ ...session.options, room: this.#request.room, leave }, layout))
    const send = (bytes: Uint8Array): void => session.send(ref, bytes)
    const exchange = new Exchange({ ...limits, clock, send, answer: room.answers.answerer(layout) })
    const seat = { layout, exchange, send, connection: session.connection }
    this.#state = { at: 'syncing', ref, seat, stop: this.#awaitSnapshot(0) }
    room.enter(frame, layout)
  }

  /** The snapshot follows at once. A large one may take its time, as long as more of it comes. */
  #awaitSnapshot(seen: number): () => void {
    const { clock, limits } = this.#session.options
    return clock.after(limits.joinTimeout, () => {
      const state = this.#state
      if (state.at !== 'syncing' && state.at !== 'repairing') return
      const pending = this.#session.connection.line?.pending ?? 0
      if (pending > 0 && pending !== seen) {
        state.stop = this.#awaitSnapshot(pending)
        return
      }
      const error = new JuntoError('timeout', `the state of ${this.#name} did not come within ${limits.joinTimeout} ms`)
      if (state.at === 'repairing') this.#damaged(error)
      else this.#refused(error)
    })
  }

  /** The server refused the join. */
  refused(frame: RefusedFrame): void {
    if (this.#state.at !== 'joining') return
    this.#become(waiting)
    const cause = errorFromWire(frame)
    const code = cause instanceof JuntoError ? cause.code : 'internal'
    const message = `${this.#name} refused the join: ${cause.message}`
    this.#refused(new JuntoError(code, message, { data: frame.data, cause }))
  }

  /** A frame of the room. */
  receive(frame: RoomFrame): void {
    const state = this.#state
    const room = this.#room
    if (!('seat' in state) || room === undefined) return
    try {
      switch (frame.type) {
        case FrameType.snapshot:
          // The server may have come back with another layout; the mirror keeps its identity over that.
          room.mirror.applySnapshot(frame.bytes, state.seat.layout)
          if (state.at !== 'joined') this.#synced(room, state)
          return
        case FrameType.patch:
          // Where a snapshot is on its way, it holds this too.
          if (state.at === 'repairing') state.notHeld += frame.bytes.length
          else this.#follow(state, () => room.mirror.applyPatch(frame.bytes))
          return
        case FrameType.check:
          if (state.at === 'joined') this.#follow(state, () => compare(room.mirror, frame))
          return
        case FrameType.resync:
          return
        default:
          if (state.at === 'repairing') this.#hold(state, frame)
          else if (frame.type === FrameType.event) room.receive(state.seat.layout.down[frame.id], frame)
          else state.seat.exchange.receive(frame)
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
      const { connection, options } = this.#session
      const notHeld = connection.line?.received ?? 0
      this.#state = { ...state, at: 'repairing', held: [], notHeld, stop: this.#awaitSnapshot(0) }
      state.seat.send(encodeResync())
      const message = `the state of ${this.#name} came apart, and is asked for anew: ${describe(error)}`
      options.report({ code: 'protocol', message, error })
    }
  }

  #hold(state: State & { at: 'repairing' }, frame: RoomFrame): void {
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
      this.lost(error, false)
      this.#retryLater(error)
      return
    }
    this.#become(waiting)
    const error = new JuntoError('room_closed', `the membership in ${this.#name} ended: ${message}`)
    this.#end(frame.reason, error, message)
  }

  /** There is no connection any more. */
  lost(error: JuntoError, final: boolean): void {
    const { at } = this.#state
    if (at === 'over') return
    this.#lose(error, final)
    const opening = this.#opening
    if (final) {
      this.#end('lost', error)
    } else if (opening !== undefined) {
      if ((at === 'joining' || at === 'syncing') && this.#request.by === 'create') {
        const message = `${error.message}; the room may have been created`
        this.#end('lost', new JuntoError('outcome_unknown', message, { cause: error }))
      } else if (opening.outOfPatience) {
        this.#end('lost', error)
      }
    }
  }

  /** Leaves. Resolves once the server knows, or cannot be told. */
  leave(): Promise<void> {
    const left = this.#depart('cancelled')
    this.#end('left', undefined, 'the program left')
    return left
  }

  /** The client is closed. */
  close(): void {
    void this.#depart('cancelled')
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

  #synced(room: Room, state: State & { at: 'syncing' | 'repairing' }): void {
    state.stop()
    this.#state = { at: 'joined', ref: state.ref, seat: state.seat, stop }
    if (state.at === 'repairing') {
      // One of them may end the membership: what follows then finds no seat.
      for (const frame of state.held) this.receive(frame)
      return
    }
    const downtime = this.#rejoining.end()
    room.settle(state.seat)
    const opening = this.#opening
    this.#opening = undefined
    if (opening !== undefined) opening.resolve(room)
    else if (downtime !== undefined) room.recovered({ outcome: 'rejoined', downtime })
  }

  /** The seat is gone and the room wanted: from here it is rejoined, unless that is `final`. */
  #lose(error: JuntoError, final = false): void {
    this.#become(waiting)
    if (this.#room === undefined || this.#opening !== undefined) return
    this.#rejoining.begin()
    if (!final) this.#room.suspend(error)
  }

  /** Goes over to another state, and lets go of what the present one has. Calls that are under way end with the code. */
  #become(next: State, code: ExchangeEnd = 'outcome_unknown'): void {
    const state = this.#state
    if (state.at === 'over') return
    this.#state = next
    state.stop()
    if ('ref' in state) this.#session.freeRef(state.ref)
    if ('seat' in state) {
      this.#room?.vacate()
      state.seat.exchange.close(code)
    }
  }

  /** Lets go of the room, and tells the server, when it can be told. */
  #depart(code?: ExchangeEnd, next = waiting): Promise<void> {
    const state = this.#state
    const left = 'ref' in state ? this.#session.sendLeave(state.ref) : Promise.resolve()
    this.#become(next, code)
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
    const { connection, options } = this.#session
    const delay = this.#rejoining.delayAfter(error)
    const retry = (): void => {
      if (connection.writable) this.join()
    }
    this.#state = { at: 'waiting', stop: options.clock.after(delay, retry) }
  }

  /** What the server says of the room cannot be: it is left and joined afresh, which brings a snapshot. */
  #damaged(cause: unknown): void {
    const error = causedBy(cause, 'bad_message', `what came for ${this.#name} does not fit`)
    this.#session.options.report({ code: 'protocol', message: error.message, error: cause })
    // A state that cannot be read from the beginning will not be better the next time.
    const isHopeless = this.#state.at === 'syncing' || !this.#rejoining.mayRepair()
    void this.#depart()
    if (isHopeless) {
      this.#end('lost', error)
    } else {
      this.#lose(error)
      this.#retryLater(error)
    }
  }

  /** Patience has run out. An attempt that is under way may still succeed; without one there is nothing to wait for. */
  #runOut(): void {
    const { value } = this.#session.connection.status
    if (value.state === 'waiting') this.#end('lost', value.error)
  }

  /** Ends the membership, or a first join, which has not succeeded then. */
  #end(reason: LeftReason, error: JuntoError | undefined, message: string = error?.message ?? ''): void {
    if (this.#state.at === 'over') return
    void this.#depart(undefined, { at: 'over', stop })
    this.#session.forget(this)
    const downtime = this.#rejoining.end()
    this.#room?.end({ state: 'left', reason, message, ...(error && { error }) })
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
