import type { ListingContract } from '@junto/schema/internal'
import { Room, type RoomClass } from '../room/room.ts'
import type { Entry, Found } from './entry.ts'
import type { Listable, Listings } from './listings.ts'
import type { ListQuery, RoomList } from './room-list.ts'

/** As numbers of members travel in lists. */
const mostMembers = 0xffff_ffff

/**
 * The room class of one list: a room that the server itself runs, whose state is the list. So differences, slow clients and
 * reconnects are what they are for any room.
 */
export function listingRoom<R extends Listable>(
  contract: ListingContract,
  listings: Listings<R>,
  query: ListQuery,
): RoomClass<ListingContract> {
  return class ListOfRooms extends Room(contract) {
    #list: RoomList<R> | undefined

    onCreate() {
      this.#list = listings.open(query, {
        put: (entry) => this.#put(entry),
        remove: (id) => void this.state.rooms.delete(id),
      })
      const rooms = [...this.#list.shown].map((entry) => [entry.room.id, listed(entry)] as const)
      return { rooms: Object.fromEntries(rooms) }
    }

    override onDispose() {
      this.#list?.close()
    }

    readonly handlers = this.handle({})

    #put(entry: Entry<R>): void {
      const { rooms } = this.state
      const { id } = entry.room
      const shown = rooms.get(id)
      const now = listed(entry)
      if (shown === undefined) rooms.set(id, now)
      else Object.assign(shown, { metadata: undefined, ...now })
    }
  }
}

/** A room as its list shows it. */
function listed({ room: { id }, taken, maxMembers, locked, metadata }: Found & { readonly room: Listable }) {
  return {
    id,
    members: taken,
    maxMembers: Math.min(maxMembers, mostMembers),
    locked,
    ...(metadata !== undefined && { metadata }),
  }
}
