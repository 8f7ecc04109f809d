import { JuntoError } from '@junto/protocol'
import type { AnyContract } from '@junto/schema'
import { listingOf, SchemaError } from '@junto/schema/internal'
import type { Services } from '../container.ts'
import { JoinCodes } from '../matchmaking/join-codes.ts'
import { listingRoom } from '../matchmaking/listing-room.ts'
import type { ListQuery } from '../matchmaking/room-list.ts'
import { nameOf, type Wish } from '../matchmaking/wish.ts'
import { keyOf, queryOf, wishOf } from './asked-room.ts'
import { Authenticator } from './authenticator.ts'
import { sessionTag } from '../observe/session-tag.ts'
import type { DefineOptions } from './define-options.ts'
import { RoomDefinition } from './definition.ts'
import { environmentOf, type RoomEnvironment } from './environment.ts'
import { MemberSeat } from './member-seat.ts'
import { unlessAborted, within } from '../promises.ts'
import type { RoomClass } from './room.ts'
import { RoomDirectory, type AnyRoomClass } from './room-directory.ts'
import { RoomHost } from './room-host.ts'
import type { Origin, RoomOwner } from './room-owner.ts'
import {
  isLeaveReason,
  type ConnectionInfo,
  type JoinRequest,
  type MemberLink,
  type Rooms,
  type Seat,
  type SessionInfo,
} from './seat.ts'
import { Shelf } from './shelf.ts'

/** Milliseconds after which a join may be asked for again that came while the server shut down. */
const comeBack = 2_000

/** How all rooms are closed. */
export interface ClosingRooms {
  /** What members are told. */
  readonly message?: string | undefined
  /** Milliseconds for handlers that run. Default: none. */
  readonly patience?: number
}

/** Names of rooms that were not done in time. */
export interface GivenUpRooms {
  /** What changed there last may be lost. */
  readonly unsaved: readonly string[]
  /** Their hooks run: they are not saved, or have no state yet. */
  readonly unfinished: readonly string[]
}

/** All rooms of a server: finds, restores, creates them, and seats those who join. */
export class RoomRegistry implements Rooms {
  /** The rooms as the program around the server sees them. */
  readonly directory: RoomDirectory
  readonly #environment: RoomEnvironment
  readonly #authenticator: Authenticator
  readonly #shelves = new Map<string, Shelf>()
  readonly #byId = new Map<string, RoomHost>()
  readonly #codes: JoinCodes<RoomHost>
  #lists = 0
  #lastNumber = 0
  #closing: Promise<void> | undefined

  /** @param services Must provide what {@link RoomEnvironment} lists. */
  constructor(services: Services) {
    this.#environment = environmentOf(services)
    const { clock, logger, limits, random } = this.#environment
    this.#codes = new JoinCodes(random)
    const { authTimeout: timeout, maxRoomsPerConnection: mostAtOnce } = limits
    this.#authenticator = new Authenticator({ clock, logger, timeout, mostAtOnce })
    this.directory = new RoomDirectory({
      shelfOf: (room) => this.#shelfOf(room),
      byId: (id) => this.#byId.get(id),
      summon: (shelf, key, options) => this.#summon(shelf, key, options),
    })
  }

  /** Rooms and members there are now, by room type. */
  *census(): IterableIterator<[type: string, there: { readonly rooms: number; readonly members: number }]> {
    for (const [type, { rooms }] of this.#shelves) {
      let members = 0
      for (const { members: seated } of rooms) members += seated.size
      yield [type, { rooms: rooms.size, members }]
    }
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
    this.#shelves.set(contract.name, new Shelf(definition, this.#environment, this.#codes))
  }

  /** Of the class that was defined, or one that it extends: what a test wraps is still known by its own name. */
  #shelfOf(room: AnyRoomClass): Shelf | undefined {
    for (const shelf of this.#shelves.values()) {
      const { roomClass } = shelf.definition
      if (roomClass === room || roomClass.prototype instanceof room) return shelf
    }
    return undefined
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
      if (late) {
        const why = this.#whatIsAwaited(this.#shelves.get(request.room), request.key)
        throw new JuntoError('timeout', `joining took longer than ${limits.joinTimeout} ms${why}`)
      }
      // The room is not over: the next process has it.
      if (this.#closing && error instanceof JuntoError && error.code === 'room_closed') throw shuttingDown()
      if (error instanceof JuntoError) throw error
      if (error instanceof SchemaError) throw new JuntoError('invalid', error.message, { data: { path: error.path } })
      const session = sessionTag(request.session.session)
      logger.error(`A join of ${request.room} failed`, { room: request.room, session, error })
      throw new JuntoError('internal', 'the join failed')
    } finally {
      cancelTimer()
      signal.removeEventListener('abort', onAbort)
    }
  }

  /**
   * Closes all rooms; those that are saved keep the seats of their members in what is saved. Nobody joins any more. Resolves when they are gone.
   */
  close(how: ClosingRooms = {}): Promise<void> {
    this.#closing ??= this.#closeAll(how)
    return this.#closing
  }

  async #closeAll({ message = 'The server is shutting down.', patience }: ClosingRooms): Promise<void> {
    const hosts = [...this.#byId.values()]
    for (const host of hosts) host.close(message, 'shutdown', patience)
    await Promise.all(hosts.map((host) => host.closed))
  }

  /** Saves nothing any more. @returns the names of the rooms that are not gone yet. */
  giveUp(): GivenUpRooms {
    const unsaved: string[] = []
    const unfinished: string[] = []
    for (const host of this.#byId.values()) (host.giveUp() ? unsaved : unfinished).push(host.name)
    return { unsaved, unfinished }
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
    const join = request.by === 'list' ? undefined : definition.readNamed('join', request.join)
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
      case 'code':
        return this.#sit(this.#byCodeOf(shelf, request.id, session), session, signal)
      case 'joinOrCreate':
        return this.#match(shelf, wishOf(shelf, request), options(), session, signal)
      case 'list':
        return this.#sit(
          this.#listOf(shelf, queryOf(shelf, request, this.#environment.limits), session),
          session,
          signal,
        )
    }
  }

  /** Finds or makes the room of a key. @param session See {@link #make}. */
  async #open(
    shelf: Shelf,
    key: string,
    options: unknown,
    session: SessionInfo | undefined,
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
    wish: Wish,
    options: unknown,
    session: SessionInfo,
    signal: AbortSignal,
  ): Promise<RoomHost> {
    const { quotas } = this.#environment
    // Whatever has become of a room: who had a seat there finds it again after a reload of the page.
    for (const host of shelf.seatsOf(session)) {
      if (host.keepsSeatFor(session)) return this.#sit(host, session, signal)
    }
    for (;;) {
      const count = quotas.searching(session)
      const { room: found, looked } = shelf.matchmaker.choose(wish, session)
      count(looked)
      if (!found) {
        const wanted = nameOf({ where: wish.where })
        return this.#sit(this.#make(shelf, { key: undefined, options, wanted }, session), session, signal)
      }
      const host = await this.#sit(found, session, signal)
      // It was only being created when it was chosen, and has become something else.
      if (host.isListed && host.hasPlace(session) && shelf.matchmaker.isRight(host, wish)) return host
      host.release(session)
      this.#refuseWhileClosing()
    }
  }

  /** Takes a seat at once, then waits for the room. @param session Undefined: the program itself, which needs no seat. */
  async #sit(host: RoomHost, session: SessionInfo | undefined, signal: AbortSignal): Promise<RoomHost> {
    if (session !== undefined) host.reserve(session)
    try {
      await unlessAborted(signal, host.ready, givenUp)
      return host
    } catch (error) {
      if (session !== undefined) host.release(session)
      throw error
    }
  }

  /** For the program around the server. */
  async #summon(shelf: Shelf, key: string, options: unknown): Promise<RoomHost> {
    const { clock, limits } = this.#environment
    this.#refuseWhileClosing()
    const stop = new AbortController()
    const host = await within(
      clock,
      limits.joinTimeout,
      this.#open(shelf, key, options, undefined, stop.signal),
      () => {
        stop.abort()
        const what = `opening the room ${shelf.definition.name}/${key} took longer than ${limits.joinTimeout} ms`
        return new JuntoError('timeout', `${what}${this.#whatIsAwaited(shelf, key)}`)
      },
    )
    if (host.isOpen) return host
    this.#refuseWhileClosing()
    throw new JuntoError('room_closed', `the room ${host.name} is closed`)
  }

  /** For the message about somebody who has waited for too long for the room of a key. */
  #whatIsAwaited(shelf: Shelf | undefined, key: string | undefined): string {
    const host = key === undefined ? undefined : shelf?.byKey.get(key)
    if (host?.isClosing === true) return ': the room before it is still closing and being saved'
    return host?.awaits === undefined ? '' : `: the room is not there yet, since ${host.awaits}`
  }

  /** @param session Who caused it; `undefined`: the program itself, whose rooms count for nobody. */
  #make(shelf: Shelf, origin: Omit<Origin, 'number'>, session: SessionInfo | undefined): RoomHost {
    const { limits, quotas } = this.#environment
    const { key } = origin
    if (key !== undefined) shelf.restarts.check(key, `${shelf.definition.name}/${key}`)
    // Lists are bounded on their own.
    if (this.#byId.size - this.#lists >= limits.maxRooms) {
      throw new JuntoError('too_many_rooms', `the server has as many rooms as it allows (maxRooms: ${limits.maxRooms})`)
    }
    const uncount = quotas.creating(session)
    const number = ++this.#lastNumber
    const host = new RoomHost(shelf.definition, this.#environment, { ...origin, number }, shelf.owner)
    shelf.rooms.add(host)
    this.#keep(host, () => {
      uncount()
      this.#codes.forget(host)
      shelf.rooms.delete(host)
      if (key === undefined) return
      shelf.byKey.delete(key)
      if (host.ending?.reason === 'failed') shelf.restarts.failed(key)
    })
    if (key !== undefined) shelf.byKey.set(key, host)
    return host
  }

  /** The list that shows this: the one that is there, or a new one. */
  #listOf(shelf: Shelf, query: ListQuery, session: SessionInfo): RoomHost {
    const shown = `${nameOf(query)} ${query.limit}`
    const there = shelf.lists.get(shown)
    if (there?.isClosing === false) return there
    const { limits, quotas } = this.#environment
    if (this.#lists >= limits.maxListings) {
      const what = `the server has as many lists of rooms as it allows (maxListings: ${limits.maxListings})`
      throw new JuntoError('too_many_rooms', what)
    }
    const count = quotas.searching(session)
    const uncount = quotas.listing(session, query.limit)
    count(shelf.listings.size)
    const contract = listingOf(shelf.definition.contract)
    const room = listingRoom(contract, shelf.listings, query)
    const origin: Origin = { key: undefined, options: undefined, wanted: undefined, number: ++this.#lastNumber }
    const definition = RoomDefinition.of(contract, room, { maxMembers: Infinity })
    const host = new RoomHost(definition, this.#environment, origin, ofLists)
    this.#lists++
    shelf.lists.set(shown, host)
    this.#keep(host, () => {
      uncount()
      this.#lists--
      if (shelf.lists.get(shown) === host) shelf.lists.delete(shown)
    })
    return host
  }

  /** Holds a room until it is closed. */
  #keep(host: RoomHost, onClosed: () => void): void {
    this.#byId.set(host.id, host)
    void host.closed.then(() => {
      this.#byId.delete(host.id)
      onClosed()
    })
  }

  #byIdOf(shelf: Shelf, id: string | undefined): RoomHost {
    const host = this.#byId.get(id ?? '')
    if (!host || host.isClosing || host.definition !== shelf.definition) {
      throw new JuntoError('room_not_found', `there is no room of the id ${JSON.stringify(id ?? '')}`)
    }
    return host
  }

  #byCodeOf(shelf: Shelf, code: string | undefined, session: SessionInfo): RoomHost {
    const { quotas } = this.#environment
    quotas.guessing(session)
    const host = this.#codes.find(code ?? '')
    if (host?.isClosing === false && host.definition === shelf.definition) return host
    quotas.guessed(session)
    throw new JuntoError('room_not_found', 'there is no room of this join code')
  }

  #refuseWhileClosing(): void {
    if (this.#closing) throw shuttingDown()
  }
}

/** Nobody looks for lists but by what they show. */
const ofLists: RoomOwner = {
  changed: () => {},
  took: () => {},
  freed: () => {},
  codeOf: () => {
    throw new JuntoError('misuse', 'a list of rooms has no join code')
  },
}

function givenUp(): JuntoError {
  return new JuntoError('cancelled', 'the join was given up')
}

function shuttingDown(): JuntoError {
  return new JuntoError('shutting_down', 'the server is shutting down', { retryAfter: comeBack })
}
