import type { Calls, Down, Event, Frozen, Of, Sends } from '@junto/schema'
import type { MemberView } from './member-view.ts'

/** A session of a user in a room. `T` is the contract's type. */
export interface Member<T> {
  /** Unique for this membership; other members may know it. */
  readonly id: string
  /**
   * What `authenticate` said about who this is. It is asked again each time the member comes back after its connection was lost; so this
   * may be another object then, of the same user.
   */
  readonly user: Of<T>['user']
  /** What the client said when it joined. */
  readonly join: Of<T>['join']
  /** Whether it has a connection; false from `onDrop` on. What is reliable is kept for it meanwhile. */
  readonly connected: boolean
  /**
   * Calls this member's client, and waits for its answer. In `onJoin` that cannot come: the client is told that it has joined
   * when `onJoin` is done. Begin such a call without awaiting it.
   *
   * A call waits while the member's connection is lost, as long as its `timeout` says. When the member does not come back, it rejects
   * with `outcome_unknown`, one that never left with `disconnected`. One that nobody awaits fails without a word.
   */
  readonly call: Calls<Down<T>>
  /**
   * Sends this member an event. While its connection is lost, one that is `reliable` waits, of `latest` the newest does, and a
   * `volatile` one is dropped. To a member that has left: nothing happens.
   */
  readonly send: Sends<Down<T>, void>
  /**
   * What this member shows of itself at the moment; `undefined` while it shows nothing. Not to be changed. It is another object each time it is
   * different.
   */
  readonly presence: Frozen<Of<T>['presence']> | undefined
  /**
   * Patches a second for this member at most, where that is less than for the room: for a spectator, or a slow line. What is said to it waits for its
   * patch, as ever. `undefined`: the room's, which a larger number does not exceed. Default: `undefined`.
   *
   * @throws JuntoError `misuse` when it is not above 0 and up to 1,000.
   */
  patchRate: number | undefined
  /** What this member may see of a state, and whom, where not everybody sees all. */
  readonly view: MemberView<T>
  /**
   * Ends the membership. The client is told, `onLeave` runs with `kicked`.
   *
   * @param message Shown to the client.
   */
  kick(message?: string): void
}

/** Who gets a broadcast. */
export interface BroadcastOptions<T> {
  /** A member, or several, that do not get it. */
  readonly except?: Member<T> | readonly Member<T>[]
}

/** Sends an event to all members; it is encoded once. */
export type Broadcasts<T> = {
  readonly [K in keyof Down<T> as Down<T>[K] extends { kind: 'event' } ? K : never]: Down<T>[K] extends Event<infer P>
    ? (payload: P, options?: BroadcastOptions<T>) => void
    : never
}
