import { JuntoError } from '@junto/protocol'
import {
  encodeJoin,
  encodeResync,
  errorFromWire,
  Exchange,
  FrameType,
  type CheckFrame,
  type ExchangeEnd,
  type JoinedFrame,
  type LeftFrame,
  type RefusedFrame,
  type RoomFrame,
} from '@junto/protocol/internal'
import { encodeNamed, type CompiledLayout, type MirrorTree, type OwnLayout } from '@junto/schema/internal'
import { Backoff } from '../connection/backoff.ts'
import { Room } from '../room/room.ts'
import type { LeftReason } from '../room/room-status.ts'
import type { Seat } from '../room/seat.ts'
import { describe } from '../warnings.ts'
import type { JoinRequest, OpeningOptions } from './join-request.ts'
import { Opening } from './opening.ts'
import { RejoinPolicy } from './rejoin-policy.ts'
import type { Session } from './session.ts'

type State =
  /** Not asked for: there is no connection, or the next attempt to rejoin has its time. */
  | { readonly at: 'waiting'; readonly stopRetry: () => void }
  | { readonly at: 'joining'; readonly ref: number; readonly stopTimeout: () => void }
  /** Joined; the snapshot is still under way. */
  | { readonly at: 'syncing'; readonly ref: number; readonly seat: Seat; stopTimeout: () => void }
  | { readonly at: 'joined'; readonly ref: number; readonly seat: Seat }
  /** The mirror came apart, and a snapshot is asked for: what comes for the room waits behind it. */
  | {
      readonly at: 'repairing'
      readonly ref: number
      readonly seat: Seat
      readonly held: RoomFrame[]
      /** Bytes of the connection that came before, or are not held. */
      notHeld: number
      stopTimeout: () => void
    }
  | { readonly at: 'over' }

const nothing = (): void => {}

/** One room that this client is in, or wants to be in: joins it, and joins it again after each loss of the connection. */
export class Membership {
  /** Settles with the end of the first join. */
  readonly opened: Promise<Room>
  readonly #session: Session
  readonly #own: OwnLayout | undefined
  readonly #request: JoinRequest
  readonly #rejoining: RejoinPolicy
  #opening: Opening | undefined
  #room: Room | undefined
  #state: State = { at: 'waiting', stopRetry: nothing }

  /**
   * @param own What the server's layout is compared with, where the program holds more than its type.
   */
  constructor(session: Session, own: OwnLayout | undefined, request: JoinRequest, options: OpeningOptions) {
    this.#session = session
    this.#own = own
    this.#request = request
    const { clock, random, limits } = session.options
    const backoff = new Backoff(random, { first: limits.reconnectMin, longest: limits.reconnectMax })
    this.#rejoining = new RejoinPolicy(clock, backoff)
    const opening = new Opening(
      request.room,
      clock,
      options,
      (error) => this.#refuse(error),
      () => this.#runOut(),
    )
    this.#opening = opening
    this.opened = opening.promise
  }

  /** Asks for the room, over a connection that can be written to. */
  join(): void {
    const state = this.#state
    if (state.at !== 'waiting') return
    state.stopRetry()
    const { clock, limits } = this.#session.options
    const ref = this.#session.takeRef(this)
    // The server gives up by itself when authenticating or joining takes too long: this is for one that does not.
    const stopTimeout = clock.after(limits.authTimeout + limits.joinTimeout, () => {
      void this.#depart()
      this.#refused(new JuntoError('timeout', `room '${this.#request.room}' did not answer the join`))
    })
    this.#state = { at: 'joining', ref, stopTimeout }
    const layouts = this.#session.layouts.hashesFor(this.#request.room)
    try {
      const { join, options, where, ...request } = this.#rejoinable()
      const data = {
        join: encodeNamed(join?.(), 'join'),
        options: encodeNamed(options, 'options'),
        where: encodeNamed(where, 'where'),
      }
      this.#session.send(0, encodeJoin(ref, { ...request, ...data, layouts }))
    } catch (error) {
      stopTimeout()
      this.#session.freeRef(ref)
      this.#state = { at: 'waiting', stopRetry: nothing }
      this.#refused(error instanceof JuntoError ? error : invalidJoin(this.#request.room, error))
    }
  }

  /** The server admitted us. */
  joined(frame: JoinedFrame): void {
    const state = this.#state
    if (state.at !== 'joining')
      throw new JuntoError('bad_message', `room ${frame.ref} was joined without being asked for`)
    state.stopTimeout()
    const { ref } = frame
    let layout: CompiledLayout
    try {
      layout = this.#session.layoutOf(this.#own, frame)
    } catch (error) {
      void this.#depart()
      this.#refused(
        error instanceof JuntoError ? error : new JuntoError('bad_message', describe(error), { cause: error }),
      )
      return
    }
    const { clock, limits, report } = this.#session.options
    const room = (this.#room ??= new Room(
      {
        name: this.#request.room,
        clock,
        limits,
        report,
        callTimeout: this.#session.callTimeout,
        readers: this.#session.readers,
        leave: () => this.leave(),
      },
      layout,
    ))
    const session = this.#session
    const send = (bytes: Uint8Array): void => session.send(ref, bytes)
    const exchange = new Exchange({ ...limits, clock, send, answer: room.answers.answerer(layout) })
    const seat: Seat = {
      layout,
      exchange,
      send,
      get congested() {
        return session.connection.congested
      },
      get messages() {
        return session.connection.messages
      },
    }
    this.#state = { at: 'syncing', ref, seat, stopTimeout: this.#awaitSnapshot(0) }
    room.enter(frame, layout)
  }

  /** The snapshot follows at once. A large one may take its time, as long as more of it comes. */
  #awaitSnapshot(seen: number): () => void {
    const { clock, limits } = this.#session.options
    return clock.after(limits.joinTimeout, () => {
      const state = this.#state
      if (state.at !== 'syncing' && state.at !== 'repairing') return
      const { pending } = this.#session.connection
      if (pending > 0 && pending !== seen) {
        state.stopTimeout = this.#awaitSnapshot(pending)
        return
      }
      const message = `the state of room '${this.#request.room}' did not come within ${limits.joinTimeout} ms`
      const error = new JuntoError('timeout', message)
      if (state.at === 'repairing') return this.#damaged(error)
      void this.#depart()
      this.#refused(error)
    })
  }

  /** The server refused the join. */
  refused(frame: RefusedFrame): void {
    if (this.#state.at !== 'joining') return
    this.#state.stopTimeout()
    this.#state = { at: 'waiting', stopRetry: nothing }
    const error = errorFromWire(frame)
    const { code } = error instanceof JuntoError ? error : { code: 'internal' as const }
    const message = `room '${this.#request.room}' refused the join: ${error.message}`
    this.#refused(new JuntoError(code, message, { data: frame.data, cause: error }))
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
        default:
          if (state.at === 'repairing') this.#hold(state, frame)
          else this.#deliver(room, state.seat, frame)
      }
    } catch (error) {
      this.#damaged(error)
    }
  }

  #deliver(room: Room, seat: Seat, frame: RoomFrame): void {
    switch (frame.type) {
      case FrameType.event:
        return room.receive(seat.layout.down[frame.id], frame)
      case FrameType.snapshot:
      case FrameType.patch:
      case FrameType.check:
      case FrameType.resync:
        return
      default:
        seat.exchange.receive(frame)
    }
  }

  /** Takes what the mirror of a joined room must be able to take. When it cannot, a snapshot repairs it. */
  #follow(state: State, take: () => void): void {
    try {
      take()
    } catch (error) {
      if (state.at !== 'joined' || !this.#rejoining.mayResync()) throw error
      const { ref, seat } = state
      const { received: notHeld } = this.#session.connection
      this.#state = { at: 'repairing', ref, seat, held: [], notHeld, stopTimeout: this.#awaitSnapshot(0) }
      seat.send(encodeResync())
      const message = `the state of room '${this.#request.room}' came apart, and is asked for anew: ${describe(error)}`
      this.#session.options.report({ code: 'protocol', message, error })
    }
  }

  #hold(state: State & { at: 'repairing' }, frame: RoomFrame): void {
    const { maxHeld } = this.#session.options.limits
    if (this.#session.connection.received - state.notHeld > maxHeld) {
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
    this.#giveUpSeat('outcome_unknown')
    this.#state = { at: 'waiting', stopRetry: nothing }
    const error = new JuntoError('room_closed', `the membership in room '${this.#request.room}' ended: ${message}`)
    if (this.#opening !== undefined) this.#refuse(error)
    else this.#end(frame.reason, message, error)
  }

  /** There is no connection any more. */
  lost(error: JuntoError, final: boolean): void {
    const state = this.#state
    if (state.at === 'over') return
    const asked = state.at === 'joining' || state.at === 'syncing'
    this.#lose(error, final)
    const opening = this.#opening
    if (opening === undefined) {
      if (final) this.#end('lost', error.message, error)
    } else if (final) {
      this.#refuse(error)
    } else if (asked && this.#request.by === 'create') {
      this.#refuse(
        new JuntoError('outcome_unknown', `${error.message}; the room may have been created`, { cause: error }),
      )
    } else if (opening.outOfPatience) {
      this.#refuse(error)
    }
  }

  /** Leaves. Resolves once the server knows, or cannot be told. */
  leave(): Promise<void> {
    const left = this.#depart('cancelled')
    this.#end('left', 'the program left')
    return left
  }

  /** The client is closed. */
  close(): void {
    const error = new JuntoError('cancelled', 'the client was closed')
    void this.#depart('cancelled')
    if (this.#opening !== undefined) this.#refuse(error)
    else this.#end('client_closed', error.message)
  }

  /** The first join asks as the program did; later ones for the very room, which may have to be restored. */
  #rejoinable(): JoinRequest {
    const { by, room, join, options, version, key: wished } = this.#request
    if (this.#room === undefined || this.#opening !== undefined) return this.#request
    const { id, key } = this.#room
    if (key !== undefined && (by !== 'join' || wished !== undefined))
      return { by: 'open', room, key, join, options, version }
    return { by: 'join', room, id, join, version }
  }

  #synced(room: Room, state: State & { at: 'syncing' | 'repairing' }): void {
    state.stopTimeout()
    this.#state = { at: 'joined', ref: state.ref, seat: state.seat }
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
    this.#giveUpSeat('outcome_unknown')
    this.#state = { at: 'waiting', stopRetry: nothing }
    if (this.#room === undefined || this.#opening !== undefined) return
    this.#rejoining.begin()
    if (!final) this.#room.suspend(error)
  }

  /** Lets go of what belongs to one seat. Calls that are under way end with the code. */
  #giveUpSeat(code: ExchangeEnd): void {
    const state = this.#state
    switch (state.at) {
      case 'waiting':
        state.stopRetry()
        return
      case 'joining':
        state.stopTimeout()
        this.#session.freeRef(state.ref)
        return
      case 'syncing':
      case 'joined':
      case 'repairing':
        if (state.at !== 'joined') state.stopTimeout()
        this.#session.freeRef(state.ref)
        this.#room?.vacate()
        state.seat.exchange.close(code)
        return
      case 'over':
        return
    }
  }

  /** Tells the server that we go, when it can be told, and lets the seat go. Calls that are under way end with the code. */
  #depart(code: ExchangeEnd = 'outcome_unknown'): Promise<void> {
    const state = this.#state
    if (state.at === 'waiting' || state.at === 'over') return Promise.resolve()
    const left = this.#session.sendLeave(state.ref)
    this.#giveUpSeat(code)
    this.#state = { at: 'waiting', stopRetry: nothing }
    return left
  }

  /** A join did not succeed, over a connection that stands. */
  #refused(error: JuntoError): void {
    this.#giveUpSeat('outcome_unknown')
    this.#state = { at: 'waiting', stopRetry: nothing }
    if (this.#opening !== undefined || !this.#rejoining.underWay) this.#refuse(error)
    else if (this.#rejoining.allows(error)) this.#retryLater(error)
    else this.#end('lost', error.message, error)
  }

  #retryLater(error: JuntoError): void {
    if (this.#state.at !== 'waiting' || !this.#rejoining.underWay) return
    const delay = this.#rejoining.delayAfter(error)
    const stopRetry = this.#session.options.clock.after(delay, () => {
      if (this.#session.connection.writable) this.join()
    })
    this.#state = { at: 'waiting', stopRetry }
  }

  /** What the server says of the room cannot be: it is left and joined afresh, which brings a snapshot. */
  #damaged(cause: unknown): void {
    const message = `what came for room '${this.#request.room}' does not fit: ${describe(cause)}`
    const error = new JuntoError('bad_message', message, { cause })
    this.#session.options.report({ code: 'protocol', message, error: cause })
    const began = this.#state.at === 'syncing'
    void this.#depart()
    // A state that cannot be read from the beginning will not be better the next time.
    if (began || !this.#rejoining.mayRepair()) {
      if (this.#opening !== undefined) this.#refuse(error)
      else this.#end('lost', message, error)
      return
    }
    this.#lose(error)
    this.#retryLater(error)
  }

  /** Patience has run out. An attempt that is under way may still succeed; without one there is nothing to wait for. */
  #runOut(): void {
    const { value } = this.#session.connection.status
    if (value.state === 'waiting') this.#refuse(value.error)
  }

  /** Ends a first join that did not succeed. */
  #refuse(error: JuntoError): void {
    const opening = this.#opening
    this.#opening = undefined
    void this.#depart()
    this.#end('lost', error.message, error)
    opening?.reject(error)
  }

  #end(reason: LeftReason, message: string, error?: JuntoError): void {
    if (this.#state.at === 'over') return
    this.#giveUpSeat('outcome_unknown')
    this.#state = { at: 'over' }
    this.#session.forget(this)
    const room = this.#room
    const downtime = this.#rejoining.end()
    if (room === undefined) return
    room.end({ state: 'left', reason, message, ...(error === undefined ? {} : { error }) })
    if (downtime !== undefined && reason === 'lost' && error !== undefined) {
      room.recovered({ outcome: 'lost', downtime, error })
    }
  }
}

/** @throws Error when the mirror is not what the server says it is. */
function compare(mirror: MirrorTree, { version, first, count, hash }: CheckFrame): void {
  if (mirror.version === version && mirror.hash(first, count) === hash) return
  const last = first + count - 1
  throw new Error(`nodes ${first} to ${last} differ from the server's in version ${version} (here: ${mirror.version})`)
}

function invalidJoin(room: string, cause: unknown): JuntoError {
  const message = `the join of room '${room}' cannot be sent: ${describe(cause)}`
  return new JuntoError('invalid', message, { cause })
}
