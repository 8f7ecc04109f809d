import { select as selectOf, type Selection } from '@junto/schema/internal'
import { checkFunction, wrong } from '../arguments.ts'
import { Room } from './room.ts'
import { roomsOf, UntypedRoomList } from './room-list.ts'

/**
 * A frozen copy of a part of a room's state, or of something made from it, that keeps its identity while nothing in it changes: what
 * React's `useSyncExternalStore` asks for. It is made when asked for, and copies only what has changed.
 *
 * ```ts
 * import { select, type JoinedRoom } from '@junto/client'
 * import type { Poll } from './contract.ts'
 *
 * export function countVotes(room: JoinedRoom<typeof Poll>): void {
 *   const votes = select(room, (state) => [...state.votes.values()])
 *   votes.subscribe(() => console.log(votes.value.length))
 * }
 * ```
 *
 * A function, so that pages which select nothing do not load it.
 *
 * @throws JuntoError `misuse` for what is no room or list of this client, or no selector.
 */
export function select<S, V>(room: { readonly state: S }, selector: (state: S) => V): Selection<V>
/** The same of a list of rooms. */
export function select<R, V>(list: { readonly rooms: R }, selector: (rooms: R) => V): Selection<V>
export function select(source: unknown, selector: (part: unknown) => unknown): Selection<unknown> {
  checkFunction(selector, 'selector')
  if (source instanceof Room) return selectOf(source.mirror, selector)
  if (source instanceof UntypedRoomList) return selectOf(source.mirror, (state) => selector(roomsOf(state)))
  throw wrong('what is selected from', 'a room or a list of rooms', source)
}
