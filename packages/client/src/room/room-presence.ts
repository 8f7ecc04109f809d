import type { Frozen } from '@junto/schema'
import type { Subscription } from '../subscription.ts'

/** How long something is shown. */
export interface PresenceSettings {
  /**
   * Milliseconds after which it ends by itself, unless it is set again: 3,000 for "is typing". Default: `Infinity`, for as long as this member is there.
   */
  readonly expires?: number
}

/** Told of what others show; after all that came at once was taken. */
export interface PresenceListeners<P> {
  /** Somebody shows something. Also called, within `watch`, for each who does already. */
  readonly added?: ((value: Frozen<P>, memberId: string) => void) | undefined
  /** Somebody shows something else. */
  readonly changed?: ((value: Frozen<P>, memberId: string, previous: Frozen<P>) => void) | undefined
  /** Somebody shows nothing any more, has gone, or is not in view any more. */
  readonly removed?: ((value: Frozen<P>, memberId: string) => void) | undefined
}

/**
 * What the members of a room show of themselves while they are there: a cursor, a selection, that somebody is typing. `P` is what the contract's
 * `presence` says.
 *
 * It is no part of the state: it is not saved, and of what one shows only the newest arrives.
 */
export interface RoomPresence<P> {
  /** What this member shows, as it was set. Undefined: nothing. */
  readonly own: Frozen<P> | undefined
  /**
   * What each of the others shows, by member id. Of one who shows nothing there is no entry. While the connection is lost it stays as it was; it is empty
   * when the room is left. A value is replaced as a whole when it changes, and keeps its identity as long as it does not.
   */
  readonly others: ReadonlyMap<string, Frozen<P>>
  /**
   * Shows this to the others, in the place of what was shown before. It leaves at the end of the turn, some thirty times a second at most, then the newest;
   * and by itself again when the connection was lost. Nothing happens when the room is left.
   *
   * @throws JuntoError `invalid` when it does not satisfy the contract, `unsupported` when the server's contract has no presence, `misuse` for
   *   settings that cannot be.
   */
  set(value: P, settings?: PresenceSettings): void
  /** As {@link set}, with some fields of what is shown replaced; `undefined` takes an optional one away. */
  update(part: { readonly [K in keyof P]?: P[K] | undefined }, settings?: PresenceSettings): void
  /** Shows nothing any more. */
  clear(): void
  /** Tells of what the others show. */
  watch(listeners: PresenceListeners<P>): Subscription
}
