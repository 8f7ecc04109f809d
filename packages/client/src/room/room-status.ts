import type { JuntoError } from '@junto/protocol'

/**
 * Whether a room is joined.
 *
 * - `joined`: the mirror is current and everything works.
 * - `reconnecting`: the connection was lost, and is made again by itself. The mirror keeps what it had, and so does the room: calls and
 *   reliable events wait, see {@link Recovery}.
 * - `left`: the membership ended and does not come back by itself. `reason` says why, `error` what stands behind it.
 */
export type RoomStatus =
  | { readonly state: 'joined' }
  | { readonly state: 'reconnecting'; readonly error: JuntoError }
  | { readonly state: 'left'; readonly reason: LeftReason; readonly message: string; readonly error?: JuntoError }

/**
 * Why a membership ended.
 *
 * - `left`: the program left.
 * - `kicked`: the room removed this member.
 * - `closed`: the room was closed.
 * - `idle`: the room was closed because nobody had said anything for too long.
 * - `expired`: the room was closed because its time was over.
 * - `failed`: the room broke.
 * - `refused`: the connection came back with credentials that no longer let this client in.
 * - `lost`: the connection was lost, and the room could not be joined again or the client does not come back; `error` says why.
 * - `client_closed`: `client.close()` was called.
 *
 * A newer server may know more reasons.
 */
export type LeftReason =
  'left' | 'kicked' | 'closed' | 'idle' | 'expired' | 'failed' | 'refused' | 'lost' | 'client_closed' | (string & {})

/**
 * What became of a room whose connection had been lost. `downtime`: milliseconds since then.
 *
 * - `resumed`: nothing is missing. Everything that was sent, in both directions, has arrived exactly once and in order, or is about to;
 *   the mirror is current. Nothing has to be done.
 * - `resynced`: the mirror is right, and messages are lost. `missed`: so many of the room's messages (events, replies and the like) never
 *   come; undefined when nobody knows how many. `unsent`: so many of this client's reliable events may not have arrived.
 *   `rejoined`: the server had forgotten the session, and the room was joined again, as another member with a new `memberId`. It is false
 *   where a server that was restarted has kept the seat in a saved room: then `memberId` is as before.
 *   Calls whose outcome nobody knows ended as `outcome_unknown`; streams failed. Compare with the state, and send again what must not be
 *   missing.
 * - `lost`: it could not be joined again, for the reason in `error`; the room object is at its end. Open the room anew, or give it up.
 */
export type Recovery =
  | { readonly outcome: 'resumed'; readonly downtime: number }
  | {
      readonly outcome: 'resynced'
      readonly downtime: number
      readonly rejoined: boolean
      readonly missed: number | undefined
      readonly unsent: number
    }
  | { readonly outcome: 'lost'; readonly downtime: number; readonly error: JuntoError }
