import type { Frozen, Of } from '@junto/schema'
import type { MirrorTree, WatchListeners } from '@junto/schema/internal'
import type { Observable } from '../observable.ts'
import type { Subscription } from '../subscription.ts'
import type { Room } from './room.ts'
import type { RoomStatus } from './room-status.ts'

/** A room, as a list shows it. */
export interface RoomListing<T> {
  /** For `joinById`. */
  readonly id: string
  /** Seats that are taken, those of who is joining included. */
  readonly members: number
  readonly maxMembers: number
  /** Whether nobody new comes in. */
  readonly locked: boolean
  /** `undefined` where the room has set none. */
  readonly metadata: Frozen<Of<T>['metadata']> | undefined
}

/** The rooms of a list, by id. A room keeps its place from when it came into the list: sort them as you show them. */
export type ListedRooms<T> = ReadonlyMap<string, RoomListing<T>>

/** A live list of rooms: what it shows changes as the rooms do, a few times a second at most. The same object over reconnections. */
export interface RoomList<T> extends AsyncDisposable {
  /** The rooms now: read-only, changed in place. */
  readonly rooms: ListedRooms<T>
  /** Whether the list is current, to be read and subscribed to. It is joined like a room. */
  readonly status: Observable<RoomStatus>
  /** Tells of rooms that come into the list, also of those that are in it already; that change; and that leave it. */
  watch(listeners: WatchListeners<ListedRooms<T>>): Subscription
  /** Ends it. Resolves once the server knows, cannot be told, or does not answer. */
  leave(): Promise<void>
}

/** What a list is made of: a room that the server runs, whose state is the list. */
export class UntypedRoomList implements AsyncDisposable {
  readonly status: Observable<RoomStatus>
  /** For `select`. */
  readonly mirror: MirrorTree
  readonly #room: Room

  constructor(room: Room) {
    this.#room = room
    this.mirror = room.mirror
    this.status = room.status
  }

  get rooms(): unknown {
    return roomsOf(this.#room.state)
  }

  watch(listeners: WatchListeners<unknown>): Subscription {
    return this.#room.watch(roomsOf, listeners)
  }

  leave(): Promise<void> {
    return this.#room.leave()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave()
  }
}

/** The rooms in the state of a list. */
export function roomsOf(state: unknown): unknown {
  // The layout of every list has them.
  return (state as { readonly rooms: unknown }).rooms
}
