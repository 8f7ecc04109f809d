import { WhereReader } from '@junto/schema/internal'
import type { JoinCodes } from '../matchmaking/join-codes.ts'
import { Listings } from '../matchmaking/listings.ts'
import { Matchmaker } from '../matchmaking/matchmaker.ts'
import type { RoomDefinition } from './definition.ts'
import type { RoomEnvironment } from './environment.ts'
import { Restarts } from './restarts.ts'
import type { RoomHost } from './room-host.ts'
import type { RoomOwner } from './room-owner.ts'
import type { SessionInfo } from './seat.ts'

/** The rooms of one definition, and what finds them. */
export class Shelf {
  readonly definition: RoomDefinition
  /** All of them, those coming about and those going included. */
  readonly rooms = new Set<RoomHost>()
  readonly byKey = new Map<string, RoomHost>()
  readonly where: WhereReader
  readonly matchmaker = new Matchmaker<RoomHost>()
  readonly listings: Listings<RoomHost>
  /** The lists that are kept up to date, by what they show. */
  readonly lists = new Map<string, RoomHost>()
  readonly restarts: Restarts
  /** What its rooms tell. */
  readonly owner: RoomOwner
  readonly #seated = new WeakMap<SessionInfo, Set<RoomHost>>()

  constructor(definition: RoomDefinition, environment: RoomEnvironment, codes: JoinCodes<RoomHost>) {
    const { clock, limits } = environment
    this.definition = definition
    this.where = new WhereReader(definition.contract)
    this.listings = new Listings(environment)
    this.restarts = new Restarts({ clock, most: limits.roomRestarts, window: limits.roomRestartWindow })
    this.owner = {
      changed: (room) => {
        this.matchmaker.changed(room)
        this.listings.changed(room)
      },
      took: (room, session) => this.#took(room, session),
      freed: (room, session) => void this.#seated.get(session)?.delete(room),
      codeOf: (room) => codes.of(room),
    }
  }

  /** The rooms without a key in which a session sits: there it finds its seat again. */
  seatsOf(session: SessionInfo): Iterable<RoomHost> {
    return this.#seated.get(session) ?? []
  }

  #took(room: RoomHost, session: SessionInfo): void {
    if (room.key !== undefined) return
    const rooms = this.#seated.get(session)
    if (rooms === undefined) this.#seated.set(session, new Set([room]))
    else rooms.add(room)
  }
}
