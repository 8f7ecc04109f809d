import { JuntoError } from '@junto/protocol'
import * as FrameType from '@junto/protocol/frame-type'
import { encodeLeave, type Frame, type JoinedFrame, type RoomFrame } from '@junto/protocol/internal'
import {
  compileNamedLayout,
  decodeLayout,
  LayoutCache,
  type CompiledLayout,
  type MakeReaders,
  type OwnLayout,
} from '@junto/schema/internal'
import { Connection, type ConnectionOptions, type ConnectionOwner } from '../connection/connection.ts'
import type { Room } from '../room/room.ts'
import type { JoinRequest, OpeningOptions } from './join-request.ts'
import { Membership } from './membership.ts'
import { givenUp } from './opening.ts'

/** What a client's connection and its rooms are made of. */
export interface SessionOptions extends ConnectionOptions {
  /** Milliseconds for a call that nobody gave a deadline. */
  readonly callTimeout: number
  /** How the records of states are read. */
  readonly readers: MakeReaders | undefined
}

/** A client's memberships over its one connection: numbers them, and gives each its frames. */
export class Session implements ConnectionOwner {
  readonly options: SessionOptions
  readonly connection: Connection
  readonly layouts = new LayoutCache()
  readonly #memberships = new Set<Membership>()
  readonly #byRef = new Map<number, Membership>()
  /** Refs that were left, until the server says so. */
  readonly #leaving = new Map<number, () => void>()
  #lastRef = 0
  #closed = false

  constructor(options: SessionOptions) {
    this.options = options
    this.connection = new Connection(options, this)
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
    if (this.connection.writable) membership.join()
    else this.connection.want()
    return membership.opened
  }

  /** Ends everything: rooms are left with what waits in this turn, then the connection is closed. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const memberships = [...this.#memberships]
    for (const membership of memberships) membership.close()
    this.connection.close()
    this.#settleLeaving()
  }

  wanted(): boolean {
    return this.#memberships.size > 0
  }

  greeted(): void {
    for (const membership of this.#memberships) membership.join()
  }

  receive(room: number, frame: Frame): void {
    if (room > 0) {
      // Ignored where we have left: what was under way then still arrives.
      if (isRoomFrame(frame)) this.#byRef.get(room)?.receive(frame)
      return
    }
    switch (frame.type) {
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
        this.#byRef.get(frame.ref)?.left(frame)
        return
      default:
        // Frames of a newer protocol, and those that only a server takes: nothing to do.
        return
    }
  }

  lost(error: JuntoError, final: boolean): void {
    this.#settleLeaving()
    // A copy: what the program opens when it is told has nothing to do with this loss.
    const memberships = [...this.#memberships]
    for (const membership of memberships) membership.lost(error, final)
  }

  /** Queues a frame. @throws JuntoError `disconnected` or `too_large`. */
  send(room: number, frame: Uint8Array): void {
    this.connection.send(room, frame)
  }

  /** A fresh number for a membership. None is used twice, so that what comes late for a former one finds nobody. */
  takeRef(membership: Membership): number {
    const ref = ++this.#lastRef
    this.#byRef.set(ref, membership)
    return ref
  }

  /** Nobody waits for frames of this number any more. */
  freeRef(ref: number): void {
    this.#byRef.delete(ref)
  }

  /** Leaves the room of a number. Resolves when the server says so, cannot be told, or keeps silent. */
  sendLeave(ref: number): Promise<void> {
    if (!this.connection.writable) return Promise.resolve()
    this.connection.send(0, encodeLeave(ref))
    const { clock, limits, report } = this.options
    return new Promise((resolve) => {
      // The server answers at once, as it does to a ping.
      const stop = clock.after(limits.pongTimeout, () => {
        this.#confirm(ref)
        const message = `the server did not answer within ${limits.pongTimeout} ms that a room was left`
        report({ code: 'protocol', message })
      })
      this.#leaving.set(ref, () => {
        stop()
        resolve()
      })
    })
  }

  /** A membership is over. */
  forget(membership: Membership): void {
    this.#memberships.delete(membership)
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
    if (held === undefined) throw new JuntoError('bad_message', `layout ${hash} was not sent`)
    this.layouts.set(hash, held)
    return held
  }

  #confirm(ref: number): void {
    this.#leaving.get(ref)?.()
    this.#leaving.delete(ref)
  }

  #settleLeaving(): void {
    for (const settle of this.#leaving.values()) settle()
    this.#leaving.clear()
  }
}

function isRoomFrame(frame: Frame): frame is RoomFrame {
  return frame.type >= FrameType.event
}
