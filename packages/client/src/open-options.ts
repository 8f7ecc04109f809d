import type { Mutators, Of, OrderBy, Where } from '@junto/schema'
import type { Optimistic } from './room/optimism.ts'

/**
 * No function. Any function is an object with a `name`, and so would pass for the data of a contract that asks for one; what
 * sets functions apart is how `instanceof` asks them.
 */
interface NoFunction {
  readonly [Symbol.hasInstance]?: never
}

/** What a room's contract asks of those who join; left out where it asks nothing. */
export type JoinData<T> = undefined extends Of<T>['join']
  ? { readonly join?: undefined }
  : {
      /** What this client tells as it joins, or a function that is asked for it at each join, the later ones included. */
      readonly join: (Of<T>['join'] & NoFunction) | (() => Of<T>['join'])
    }

/** What a room's contract asks of those who create one; left out where it asks nothing. */
export type CreationData<T> = undefined extends Of<T>['options']
  ? { readonly options?: undefined }
  : {
      /** Read when this join creates the room; not used when it exists. */
      readonly options: Of<T>['options']
    }

/** Options of every way to join. */
export interface JoinSettings {
  /** Aborting it gives up the join, or leaves when it had succeeded on the server already. */
  readonly signal?: AbortSignal
  /**
   * Milliseconds to keep trying when the server cannot be reached. Default 0: the first attempt that fails rejects.
   * `Infinity` waits for the server, however long that takes; `client.connection` tells how it stands.
   */
  readonly patience?: number
}

/** The contract's version: asked of those who hold the contract as a type only. */
export interface Versioned<T> {
  /** Must be the contract's version; the server refuses others. */
  readonly version: Of<T>['version']
}

/** Options of every way into a room. */
export interface RoomSettings<T> extends JoinSettings {
  /** Shows mutations and inputs at once: `optimistic(mutators)`. Left out, they show when the server has handled them. */
  readonly mutators?: Optimistic<Mutators<T>>
}

/** How to open the one room of a key. */
export type OpenOptions<T> = { readonly key: string } & JoinData<T> & CreationData<T> & RoomSettings<T>

/** How to find a room, or create one. */
export type JoinOrCreateOptions<T> = {
  /** What the room's metadata must be, field by field: a value, `{ from, to }`, or `{ in: [values] }`. Default: anything. */
  readonly where?: Where<T>
  /** Which of those that fit comes first: `{ level: 'asc' }`, `{ members: 'desc' }`. Default: the oldest. */
  readonly orderBy?: OrderBy<T>
} & JoinData<T> &
  CreationData<T> &
  RoomSettings<T>

/** How to create a room. */
export type CreateOptions<T> = JoinData<T> & CreationData<T> & RoomSettings<T>

/** How to join a room whose id, or whose join code, is known. */
export type JoinByIdOptions<T> = JoinData<T> & RoomSettings<T>

/** Which rooms a list shows. */
export interface ListOptions<T> extends JoinSettings {
  /** What the rooms' metadata must be, field by field: a value, `{ from, to }`, or `{ in: [values] }`. Default: anything. */
  readonly where?: Where<T>
  /** Which of those that fit come first, where there are more than `limit`. Default: the oldest. */
  readonly orderBy?: OrderBy<T>
  /** The most rooms. Default: 100. A server allows 1,000, unless its limit `maxListed` says otherwise. */
  readonly limit?: number
}
