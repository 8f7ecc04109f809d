import { JuntoError } from '@junto/protocol'
import type { AnyContract } from '@junto/schema'
import { SchemaError } from '@junto/schema/internal'
import type { Services } from '../container.ts'
import { Authenticator } from './authenticator.ts'
import type { DefineOptions } from './define-options.ts'
import { RoomDefinition } from './definition.ts'
import { environmentOf, type RoomEnvironment } from './environment.ts'
import { MemberSeat } from './member-seat.ts'
import { chooseRoom, fits, readWhere, type Where } from './matchmaking.ts'
import { unlessAborted } from '../promises.ts'
import type { RoomClass } from './room.ts'
import { RoomHost, type Origin } from './room-host.ts'
import {
  isLeaveReason,
  type ConnectionInfo,
  type JoinRequest,
  type MemberLink,
  type Rooms,
  type Seat,
  type SessionInfo,
} from './seat.ts'

/** The rooms of one definition. */
interface Shelf {
  readonly definition: RoomDefinition
  /** All, in the order in which they came about. */
  readonly rooms: Set<RoomHost>
  readonly byKey: Map<string, RoomHost>
}

/** All rooms of a server: finds, restores, creates them, and seats those who join. */
export class RoomRegistry implements Rooms {
  readonly #environment: RoomEnvironment
  readonly #authenticator: Authenticator
  readonly #shelves = new Map<string, Shelf>()
  readonly #byId = new Map<string, RoomHost>()
  #closing: Promise<void> | undefined

  /** @param services Must provide what {@link RoomEnvironment} lists. */
  constructor(services: Services) {
    this.#environment = environmentOf(services)
    const { clock, logger, limits } = this.#environment
    const { authTimeout: timeout, maxRoomsPerConnection: mostAtOnce } = limits
    this.#authenticator = new Authenticator({ clock, logger, timeout, mostAtOnce })
  }

  /** How many rooms there are, those coming about and those going included. */
  get size(): number {
    return this.#byId.size
  }

  /**
   * Takes a room type.
   *
   * @throws JuntoError `misuse`, or SchemaError, saying what about contract, class or options cannot work.
   */
  define<T extends AnyContract>(contract: T, room: RoomClass<NoInfer<T>>, options?: DefineOptions<T>): void {
    if (this.#shelves.has(contract.name)) {
      throw new JuntoError('misuse', `a room type named ${contract.name} is defined already: names must be unique`)
    }
    const definition = RoomDefinition.of(contract, room, options)
    this.#shelves.set(contract.name, { definition, rooms: new Set(), byKey: new Map() })
  }

  async readmit(
    seat: Seat,
    session: SessionInfo,
    connection: ConnectionInfo,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<() => void> {
    const definition = this.#shelves.get(seat.joined.room)?.definition
    if (!definition || !(seat instanceof MemberSeat))
      throw new JuntoError('misuse', 'this seat is not one of these rooms')
    const identity = await this.#authenticator.identify(definition, { session, connection }, signal)
    const seated = seat.readmit(identity)
    const counted = this.#environment.quotas.identifiedAgain(session, identity.key)
    return () => {
      counted()
      seated()
    }
  }

  authenticates(room: string): boolean {
    return this.#shelves.get(room)?.definition.authenticate !== undefined
  }

  async join(request: JoinRequest, link: MemberLink, signal: AbortSignal): Promise<Seat> {
    const { clock, limits, logger } = this.#environment
    // Ends with the session's interest, or when joining took too long.
    const stop = new AbortController()
    const onAbort = () => stop.abort(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
    let late = false
    const cancelTimer = clock.after(limits.joinTimeout, () => {
      late = true
      stop.abort()
    })
    try {
      const seat = await this.#join(request, link, stop.signal)
      if (!signal.aborted) return seat
      seat.leave(isLeaveReason(signal.reason) ? signal.reason : 'disconnected')
      throw new JuntoError('cancelled', 'the join was given up')
    } catch (error) {
      if (late) throw new JuntoError('timeout', `joining took longer than ${limits.joinTimeout} ms`)
      if (error instanceof JuntoError) throw error
      if (error instanceof SchemaError) throw new JuntoError('invalid', error.message, { data: { path: error.path } })
      logger.error(`A join of ${request.room} failed`, { room: request.room, error })
      throw new JuntoError('internal', 'the join failed')
    } finally {
      cancelTimer()
      signal.removeEventListener('abort', onAbort)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    const hosts = [...this.#byId.values()]
    for (const host of hosts) host.close('The server is shutting down.', 'shutdown')
    await Promise.all(hosts.map((host) => host.closed))
  }

  async #join(request: JoinRequest, link: MemberLink, signal: AbortSignal): Promise<Seat> {
    const { session } = request
    const { quotas } = this.#environment
    this.#refuseWhileClosing()
    quotas.joining(session)
    const shelf = this.#shelves.get(request.room)
    if (!shelf) throw new JuntoError('unknown_room', `this server has no rooms of type ${JSON.stringify(request.room)}`)
    const { definition } = shelf
    const { version } = definition.contract
    if (request.version !== undefined && request.version !== version) {
      throw new JuntoError(
        'incompatible',
        `the client was made for version ${request.version} of ${definition.name}, the server runs version ${version}`,
      )
    }
    const join = definition.readNamed('join', request.join)
    const { connection } = session
    const identity = await this.#authenticator.identify(definition, { session, connection }, signal)
    // Before a seat is taken: whoever gave up may have asked anew.
    if (signal.aborted) throw givenUp()
    quotas.identified(session, identity.key)
    link.identified()
    this.#refuseWhileClosing()
    const host = await this.#enter(shelf, request, signal)
    return host.join({ session, identity, join, link, layouts: request.layouts ?? [] }, signal)
  }

  /** Finds or makes the room and takes a seat in it, which the caller has to fill or to give back. */
  #enter(shelf: Shelf, request: JoinRequest, signal: AbortSignal): Promise<RoomHost> {
    const { session } = request
    const options = (): unknown => shelf.definition.readNamed('options', request.options)
    switch (request.by) {
      case 'open':
        return this.#open(shelf, keyOf(request), options(), session, signal)
      case 'create':
        if (request.key !== undefined) throw new JuntoError('invalid', 'key: create takes none; open finds or creates')
        return this.#sit(
          this.#make(shelf, { key: undefined, options: options(), wanted: undefined }, session),
          session,
          signal,
        )
      case 'join':
        return this.#sit(this.#byIdOf(shelf, request.id), session, signal)
      case 'joinOrCreate':
        return this.#match(shelf, readWhere(request.where), options(), session, signal)
    }
  }

  async #open(
    shelf: Shelf,
    key: string,
    options: unknown,
    session: SessionInfo,
    signal: AbortSignal,
  ): Promise<RoomHost> {
    for (;;) {
      const there = shelf.byKey.get(key)
      if (!there?.isClosing) {
        return this.#sit(there ?? this.#make(shelf, { key, options, wanted: undefined }, session), session, signal)
      }
      // It is being saved: only then may the next one be restored from that.
      await unlessAborted(signal, there.closed, givenUp)
      this.#refuseWhileClosing()
    }
  }

  async #match(
    shelf: Shelf,
    where: Where,
    options: unknown,
    session: SessionInfo,
    signal: AbortSignal,
  ): Promise<RoomHost> {
    // Whatever has become of a room: who had a seat there finds it again after a reload of the page.
    for (const host of shelf.rooms) {
      if (host.key === undefined && host.keepsSeatFor(session)) return this.#sit(host, session, signal)
    }
    for (;;) {
      const found = chooseRoom(shelf.rooms, where, session)
      if (!found)
        return this.#sit(this.#make(shelf, { key: undefined, options, wanted: where }, session), session, signal)
      const host = await this.#sit(found, session, signal)
      // It was only being created when it was chosen, and has become something else.
      if (fits(host.metadata, where)) return host
      host.release(session)
      this.#refuseWhileClosing()
    }
  }

  /** Takes a seat at once, then waits for the room. */
  async #sit(host: RoomHost, session: SessionInfo, signal: AbortSignal): Promise<RoomHost> {
    host.reserve(session)
    try {
      await unlessAborted(signal, host.ready, givenUp)
      return host
    } catch (error) {
      host.release(session)
      throw error
    }
  }

  #make(shelf: Shelf, origin: Origin, session: SessionInfo): RoomHost {
    const { limits, quotas } = this.#environment
    if (this.#byId.size >= limits.maxRooms) {
      throw new JuntoError('too_many_rooms', `the server has as many rooms as it allows (maxRooms: ${limits.maxRooms})`)
    }
    const uncount = quotas.creating(session)
    const host = new RoomHost(shelf.definition, this.#environment, origin)
    const { key, id } = host
    shelf.rooms.add(host)
    this.#byId.set(id, host)
    if (key !== undefined) shelf.byKey.set(key, host)
    void host.closed.then(() => {
      uncount()
      shelf.rooms.delete(host)
      this.#byId.delete(id)
      if (key !== undefined) shelf.byKey.delete(key)
    })
    return host
  }

  #byIdOf(shelf: Shelf, id: string | undefined): RoomHost {
    const host = this.#byId.get(id ?? '')
    if (!host || host.isClosing || host.definition !== shelf.definition) {
      throw new JuntoError(
        'room_not_found',
        `there is no room ${shelf.definition.name} of id ${JSON.stringify(id ?? '')}`,
      )
    }
    return host
  }

  #refuseWhileClosing(): void {
    if (this.#closing) throw new JuntoError('shutting_down', 'the server is shutting down')
  }
}

function keyOf({ key }: JoinRequest): string {
  if (key === undefined) throw new JuntoError('invalid', 'key: open needs one')
  return key
}

function givenUp(): JuntoError {
  return new JuntoError('cancelled', 'the join was given up')
}
