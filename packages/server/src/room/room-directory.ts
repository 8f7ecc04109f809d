import { JuntoError } from '@junto/protocol'
import { roomAddress } from '@junto/protocol/internal'
import type { AnyContract, Frozen, Of, OrderBy, Where } from '@junto/schema'
import { encodeNamed, SchemaError } from '@junto/schema/internal'
import { compareBy } from '../matchmaking/entry.ts'
import { fitter } from '../matchmaking/wish.ts'
import type { RoomVisibility } from './room.ts'
import { RoomHandle } from './room-handle.ts'
import type { RoomHost } from './room-host.ts'
import type { Shelf } from './shelf.ts'

/** A class that extends `Room(contract)`. */
export type AnyRoomClass = (new (...services: never[]) => object) & { readonly contract: AnyContract }

/** How `server.rooms.open` makes a room of a contract; may be left out where that declares no options. */
export type RoomOpening<T> = undefined extends Of<T>['options']
  ? [how?: { readonly options?: undefined }]
  : [
      how: {
        /** Read when this makes the room; not used when it exists. */
        readonly options: Of<T>['options']
      },
    ]

/** Which rooms `server.rooms.list` lists. */
export interface RoomQuery<T> {
  /** What their metadata must be, field by field: a value, `{ from, to }`, or `{ in: [values] }`. Default: anything. */
  readonly where?: Where<T>
  /** Default: the oldest first. */
  readonly orderBy?: OrderBy<T>
  /** The most rooms. Default: all. */
  readonly limit?: number
}

/** A room, as it was when it was listed. */
export interface RoomListing<T> {
  readonly id: string
  readonly key: string | undefined
  /** How many seats are taken, those of who is joining or away included. */
  readonly members: number
  readonly maxMembers: number
  readonly locked: boolean
  readonly visibility: RoomVisibility
  readonly metadata: Frozen<Of<T>['metadata']> | undefined
}

/** Where a directory finds the rooms of a server. */
export interface RoomSource {
  /** The rooms of a class; `undefined` where it was not defined. */
  shelfOf(room: AnyRoomClass): Shelf | undefined
  byId(id: string): RoomHost | undefined
  /** The open room of a key, which is made or restored where there is none. @throws JuntoError saying why it cannot be. */
  summon(shelf: Shelf, key: string, options: unknown): Promise<RoomHost>
}

/**
 * The rooms of a server, for the program around it: webhooks, scheduled work, administration.
 *
 * ```ts
 * import { JuntoServer, Room } from '@junto/server'
 * import { Poll } from './contract.ts'
 *
 * class PollRoom extends Room(Poll) {
 *   onCreate() {
 *     return { question: 'What about lunch?', votes: {} }
 *   }
 *
 *   readonly handlers = this.handle({ vote: ({ answer }) => ({ votes: this.count(answer) }) })
 *
 *   count(answer: string) {
 *     const votes = (this.state.votes.get(answer) ?? 0) + 1
 *     this.state.votes.set(answer, votes)
 *     return votes
 *   }
 * }
 *
 * const server = new JuntoServer().define(Poll, PollRoom)
 * const lunch = await server.rooms.open(PollRoom, 'lunch')
 * const votes = await lunch.run((room) => room.count('soup'))
 * ```
 */
export class RoomDirectory {
  readonly #source: RoomSource

  /** @internal */
  constructor(source: RoomSource) {
    this.#source = source
  }

  /**
   * The room of a key, which is made, or restored from what was saved, where there is none. Nobody has to be in it; it is disposed like
   * any other empty room when its time is over (option `disposeAfter`), but not while a `run` is under way.
   *
   * @param how Where the contract declares options: with what it is made.
   * @throws JuntoError (rejects) as for a client that opens it: `room_failed`, `store_failed`, `too_many_rooms`, `overloaded`, `shutting_down`,
   *   `timeout`, `room_closed` when it closed itself; `invalid` for options that the contract does not allow, and for a key that is not 1 to 256
   *   characters or has half surrogate pairs; `misuse` for a class that was not
   *   defined.
   */
  async open<C extends AnyRoomClass>(
    room: C,
    key: string,
    ...[how]: RoomOpening<C['contract']>
  ): Promise<RoomHandle<InstanceType<C>>> {
    const shelf = this.#shelfOf(room)
    // Types forbid it, but not in a program without types.
    if (how !== undefined && (typeof how !== 'object' || how === null)) {
      throw new JuntoError('misuse', `open takes the class, the key and { options }, not ${JSON.stringify(how)}`)
    }
    const options = invalidOf(() => shelf.definition.readNamed('options', encodeNamed(how?.options, 'options')))
    // The keys that clients may ask for, and no others: nobody else could come in.
    roomAddress('open', { room: shelf.definition.name, key })
    const host = await this.#source.summon(shelf, key, options)
    host.visited()
    return new RoomHandle(host)
  }

  /**
   * An open room by its id or its key. Never makes one: `undefined` where there is none.
   *
   * @throws JuntoError `misuse` for a class that was not defined, and for what is neither an id nor a key.
   */
  get<C extends AnyRoomClass>(
    room: C,
    which: string | { readonly key: string },
  ): RoomHandle<InstanceType<C>> | undefined {
    const shelf = this.#shelfOf(room)
    const host = typeof which === 'string' ? this.#source.byId(which) : shelf.byKey.get(keyOf(which))
    return host?.isOpen === true && host.definition === shelf.definition ? new RoomHandle(host) : undefined
  }

  /**
   * The open rooms of a class as they are now, also the private ones and those with a key.
   *
   * @throws JuntoError `invalid` when `where`, `orderBy` or `limit` ask for what cannot be; `misuse` for a class that was not defined.
   */
  list<C extends AnyRoomClass>(room: C, query: RoomQuery<C['contract']> = {}): RoomListing<C['contract']>[] {
    // Types forbid it, but not in a program without types.
    if (typeof query !== 'object' || query === null) {
      throw new JuntoError(
        'misuse',
        `list takes { where, orderBy, limit }, all of which may be left out, not ${JSON.stringify(query)}`,
      )
    }
    const { where, orderBy, limit = Infinity } = query
    if (!(limit >= 0)) throw new JuntoError('invalid', `limit: must be a number from 0, not ${limit}`)
    const shelf = this.#shelfOf(room)
    const [conditions, order] = invalidOf(() => [
      shelf.where.readWhere(encodeNamed(where, 'where')),
      shelf.where.readOrder(encodeNamed(orderBy, 'orderBy')),
    ])
    const fits = fitter(conditions)
    return [...shelf.rooms]
      .filter((host) => host.isOpen && fits(host.metadata))
      .toSorted(compareBy(order))
      .slice(0, limit)
      .map(({ id, key, taken: members, maxMembers, locked, visibility, metadata }) => ({
        id,
        key,
        members,
        maxMembers,
        locked,
        visibility,
        // Validated by the contract when it was set.
        metadata: metadata as Frozen<Of<C['contract']>['metadata']> | undefined,
      }))
  }

  #shelfOf(room: AnyRoomClass): Shelf {
    // Types forbid it, but not in a program without types.
    if (typeof room !== 'function' || room.contract === undefined) {
      const given = typeof room === 'function' ? 'another function' : JSON.stringify(room)
      throw new JuntoError(
        'misuse',
        `server.rooms takes the class of a room, which extends Room(contract), not ${given}`,
      )
    }
    const shelf = this.#source.shelfOf(room)
    if (shelf !== undefined) return shelf
    const { name, contract } = room
    throw new JuntoError(
      'misuse',
      `this server runs no rooms of the class ${name}: define it first, with server.define(${contract.name}, ${name})`,
    )
  }
}

function keyOf(which: { readonly key: string }): string {
  // Types forbid it, but not in a program without types.
  if (typeof which?.key === 'string') return which.key
  throw new JuntoError('misuse', `get takes the id of a room, or { key }, not ${JSON.stringify(which)}`)
}

/** What a part of the schema throws, as an error of the framework. */
function invalidOf<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    throw new JuntoError('invalid', error.message, { data: { path: error.path }, cause: error })
  }
}
