import { JuntoError } from '@junto/protocol'
import * as FrameType from '@junto/protocol/frame-type'
import {
  broken,
  clientCloseCodes,
  encodeLeave,
  type Frame,
  type HelloFrame,
  type JoinedFrame,
  type LinkFrame,
  type RoomFrame,
  type WelcomeFrame,
} from '@junto/protocol/internal'
import {
  compileNamedLayout,
  decodeLayout,
  LayoutCache,
  type CompiledLayout,
  type MakeReaders,
  type OwnLayout,
} from '@junto/schema/internal'
import { Announcements } from '../announcements.ts'
import { Connection, type ConnectionOptions, type ConnectionOwner } from '../connection/connection.ts'
import type { Room } from '../room/room.ts'
import { Identity } from './identity.ts'
import type { JoinRequest, OpeningOptions } from './join-request.ts'
import { Membership } from './membership.ts'
import { givenUp } from './opening.ts'
import { Outbox } from './outbox.ts'
import type { SessionStore } from './session-store.ts'

/** What a client's connection and its rooms are made of. */
export interface SessionOptions extends ConnectionOptions {
  /** Milliseconds for a call that nobody gave a deadline. */
  readonly callTimeout: number
  /** How the records of states are read. */
  readonly readers?: MakeReaders | undefined
  /** Where the session waits from a page to the one after it. */
  readonly store: SessionStore | undefined
}

/**
 * A client's memberships, and what it and the server have told each other. It outlives its connections: until the server says
 * that it no longer knows it, or the client says goodbye.
 */
export class Session implements ConnectionOwner {
  readonly options: SessionOptions
  readonly connection: Connection
  readonly outbox: Outbox
  readonly layouts = new LayoutCache()
  readonly announcements = new Announcements()
  readonly #identity: Identity
  readonly #memberships = new Set<Membership>()
  readonly #byRef = new Map<number, Membership>()
  /** Whose a number was, also when it no longer is: of those that are still wanted. */
  readonly #owners = new Map<number, Membership>()
  /** Refs that were left, until the server says so. */
  readonly #leaving = new Map<number, { readonly resolve: () => void; stop: () => void }>()
  #lastRef = 0
  /** Whether the hello resumed, and so nothing followed it. */
  #resuming = false
  /** What was missed is still coming after a resume. */
  #catchingUp = false
  /** The line is given up for one with newer credentials: no attempt has failed. */
  #renewing = false
  /** The server was told, or will be, that the session is over. */
  #abandoned = false
  #closed = false

  constructor(options: SessionOptions) {
    this.options = options
    this.#identity = new Identity(options.random, options.store, options.report)
    this.connection = new Connection(options, this)
    this.outbox = new Outbox(this.connection, options, (error) => this.#abandon(error))
  }

  /** Joins a room, connecting when that is needed. */
  open(own: OwnLayout | undefined, request: JoinRequest, options: OpeningOptions): Promise<Room> {
    if (this.#closed) return Promise.reject(new JuntoError('misuse', 'the client was closed: make a new one'))
    const { signal } = options
    if (signal?.aborted === true) return Promise.reject(givenUp(request.room, signal))
    // Where both sides hold the same contract, its layout never travels.
    if (own !== undefined) this.layouts.set(own.compiled.hash, own.compiled)
    const membership = new Membership(this, own, request, options)
    this.#memberships.add(membership)
    if (this.outbox.attached) membership.join()
    else this.connection.want()
    return membership.opened
  }

  /** Ends everything: rooms are left with what waits in this turn, then the connection is closed. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#forEach((membership) => membership.close())
    this.connection.close()
    this.outbox.detach()
    this.#settleLeaving()
    this.#identity.close()
  }

  // ---- What the connection asks and tells.

  wanted(): boolean {
    return this.#memberships.size > 0 || this.#leaving.size > 0
  }

  trying(): void {
    if (this.#identity.reclaim()) return
    this.#begin(new JuntoError('disconnected', 'another page took over the session'), true)
  }

  hello(): Pick<HelloFrame, 'session' | 'secret' | 'resume'> {
    const { session, secret, begun, inherited, next } = this.#identity
    this.#resuming = begun
    if (!begun) return { session, secret }
    if (inherited) return { session, secret, resume: { next } }
    const rooms = [...this.#memberships].flatMap(({ held }) => (held === undefined ? [] : [held]))
    return { session, secret, resume: { next, ...this.outbox.progress, rooms } }
  }

  greeted(): void {
    if (this.#resuming) return
    this.#identity.begun = true
    this.outbox.begin()
    this.#joinAll()
  }

  welcomed(welcome: WelcomeFrame): void {
    const { resumed } = welcome
    const { outbox } = this
    outbox.setLimits(welcome)
    if (!this.#resuming) return
    const { inherited } = this.#identity
    this.#identity.advance()
    if (resumed === undefined || inherited) {
      this.#begin(new JuntoError('disconnected', 'the server does not know the session any more'))
      outbox.begin()
      this.#joinAll()
      return
    }
    outbox.resume(resumed.received)
    for (const ref of this.#leaving.keys()) this.#awaitLeft(ref)
    this.#catchingUp = true
    const missed = new Map(resumed.resynced)
    for (const [ref, membership] of this.#byRef) membership.resumed(missed.get(ref) ?? 0)
    this.#joinAll()
    this.connection.flushLater()
  }

  receive(room: number, frame: Frame): void {
    this.outbox.take(frame, () => this.#deliver(room, frame))
  }

  heard(bytes: number): void {
    this.outbox.heard(bytes)
  }

  leaving(): void {
    this.outbox.leaving()
  }

  parting(forGood: boolean): boolean {
    if (this.#identity.put() || !forGood) return true
    this.#abandoned = true
    return false
  }

  lost(error: JuntoError, final: boolean): void {
    this.#catchingUp = false
    const wasAttached = this.outbox.attached
    this.outbox.detach()
    // Not with each attempt that fails.
    if (wasAttached) for (const ref of this.#leaving.keys()) this.#awaitLeft(ref)
    this.#forEach((membership) => membership.dropped(error, final, this.#renewing))
    if (this.#abandoned || codeOf(error) === clientCloseCodes.sessionLost.code) this.#begin(error, true)
  }

  rested(): void {
    this.#begin(new JuntoError('disconnected', 'the session has ended'), true)
  }

  // ---- The session itself.

  /** The session cannot go on. */
  #abandon(error: JuntoError): void {
    if (this.connection.line === undefined) return this.#begin(error, true)
    this.#abandoned = true
    this.connection.renew(error)
  }

  /**
   * Begins anew: rooms lose their seats, and are joined again.
   *
   * @param renewed As another session: the server knows the present one, or may.
   */
  #begin(error: JuntoError, renewed = false): void {
    const { unsent, unknown } = this.outbox.restart()
    const owners = new Map(this.#owners)
    const of = (frames: readonly LinkFrame[], membership: Membership): Uint8Array[] =>
      frames.filter(({ room }) => owners.get(room) === membership).map(({ frame }) => frame)
    this.#abandoned = false
    if (renewed) this.#identity.renew()
    this.#settleLeaving()
    this.#owners.clear()
    this.#forEach((each) => each.sessionLost(error, of(unsent, each), of(unknown, each)))
  }

  /** The program is told when all of them know: whoever is told of one sees how the others are. */
  #forEach(tell: (membership: Membership) => void): void {
    this.announcements.together(() => {
      // Such as the end of one, which takes it out.
      const memberships = [...this.#memberships]
      for (const membership of memberships) tell(membership)
    })
  }

  #joinAll(): void {
    this.#forEach((membership) => membership.join())
  }

  #deliver(room: number, frame: Frame): void {
    if (room > 0) {
      // Ignored where we have left: what was under way then still arrives.
      if (isRoomFrame(frame)) this.#byRef.get(room)?.receive(frame)
      return
    }
    switch (frame.type) {
      case FrameType.ack:
        this.outbox.acknowledged(frame.received)
        if (!this.#catchingUp || frame.complete !== true) return
        this.#catchingUp = false
        this.#forEach((membership) => membership.caughtUp())
        return
      case FrameType.joined:
        this.#byRef.get(frame.ref)?.joined(frame)
        return
      case FrameType.refused:
        this.#confirm(frame.ref)
        this.#byRef.get(frame.ref)?.refused(frame)
        this.#byRef.delete(frame.ref)
        return
      case FrameType.left:
        this.#confirm(frame.ref)
        this.#byRef.get(frame.ref)?.left(frame, this.#catchingUp)
        return
      default:
        // Frames of a newer protocol, and those that only a server takes: nothing to do.
        return
    }
  }

  /** A room refused our credentials. Returns whether newer ones are asked for, with which it is asked again. */
  renewCredentials(asked: number): boolean {
    this.#renewing = true
    const renews = this.connection.renewCredentials(asked)
    this.#renewing = false
    return renews
  }

  // ---- Memberships and their numbers.

  /** A fresh number for a membership. None is used twice, so that what comes late for a former one finds nobody. */
  takeRef(membership: Membership): number {
    const ref = ++this.#lastRef
    this.#byRef.set(ref, membership)
    this.#owners.set(ref, membership)
    return ref
  }

  /** Nobody waits for frames of this number any more. */
  freeRef(ref: number): void {
    this.#byRef.delete(ref)
  }

  /**
   * Leaves the room of a number; without a connection, with the next one. Resolves when the server says so, cannot be told, or keeps
   * silent.
   */
  sendLeave(ref: number): Promise<void> {
    this.outbox.send(0, encodeLeave(ref))
    return new Promise((resolve) => {
      this.#leaving.set(ref, { resolve, stop: () => {} })
      this.#awaitLeft(ref)
    })
  }

  /**
   * Gives up in time to tell the server that a room was left. The time begins anew when a line is lost or there is one again: where it is
   * dead, that is noticed before the time is over, and what is left of it is for the next one.
   */
  #awaitLeft(ref: number): void {
    const { clock, limits, report } = this.options
    const leaving = this.#leaving.get(ref)
    if (leaving === undefined) return
    const wait = limits.pongTimeout * (this.outbox.attached ? 2 : 1)
    leaving.stop()
    leaving.stop = clock.after(wait, () => {
      this.#confirm(ref)
      this.connection.reconsider()
      if (!this.outbox.attached) return
      report({ code: 'protocol', message: 'the server did not answer that a room was left' })
    })
  }

  /** A membership is over. */
  forget(membership: Membership): void {
    this.#memberships.delete(membership)
    for (const [ref, owner] of this.#owners) if (owner === membership) this.#owners.delete(ref)
    this.connection.reconsider()
  }

  /**
   * The layout of a joined room: the one that came along, or the one the client had named.
   *
   * @throws JuntoError `incompatible`, naming every field; JuntoError or SchemaError when the server sends what is no layout.
   */
  layoutOf(own: OwnLayout | undefined, frame: JoinedFrame): CompiledLayout {
    const compiled = this.#received(frame)
    const differences = own?.differences(compiled.layout) ?? []
    if (differences.length === 0) return compiled
    const message = `the client's contract of room '${frame.room}' does not fit the server's:\n- ${differences.join('\n- ')}`
    throw new JuntoError('incompatible', message, { data: { differences } })
  }

  // A hash is a name that the server gives: what it comes to is not looked at.
  #received({ layout: hash, definition }: JoinedFrame): CompiledLayout {
    const held = definition === undefined ? this.layouts.get(hash) : compileNamedLayout(decodeLayout(definition), hash)
    if (held === undefined) throw broken('P7')
    this.layouts.set(hash, held)
    return held
  }

  #confirm(ref: number): void {
    const leaving = this.#leaving.get(ref)
    this.#leaving.delete(ref)
    leaving?.stop()
    leaving?.resolve()
  }

  #settleLeaving(): void {
    for (const ref of this.#leaving.keys()) this.#confirm(ref)
  }
}

/** The code with which the server closed the connection. */
function codeOf({ data }: JuntoError): unknown {
  // Whatever it is, it can be asked for a field.
  return ((data ?? {}) as { readonly closeCode?: unknown }).closeCode
}

function isRoomFrame(frame: Frame): frame is RoomFrame {
  return frame.type >= FrameType.event
}
