import type { JuntoError } from '@junto/protocol'

/**
 * Whether a room is joined.
 *
 * - `joined`: the mirror is current and everything works.
 * - `rejoining`: the connection was lost. The mirror keeps what it had; the room is joined again by itself. Calls fail with
 *   `disconnected`, sends are `dropped`.
 * - `left`: the membership ended and does not come back by itself. `reason` says why, `error` what stands behind it.
 */
export type RoomStatus =
  | { readonly state: 'joined' }
  | { readonly state: 'rejoining'; readonly error: JuntoError }
  | { readonly state: 'left'; readonly reason: LeftReason; readonly message: string; readonly error?: JuntoError }

/**
 * Why a membership ended.
 *
 * - `left`: the program left.
 * - `kicked`: the room removed this member.
 * - `closed`: the room was closed.
 * - `failed`: the room broke.
 * - `lost`: the connection was lost, and the room could not be joined again or the client does not come back; `error` says why.
 * - `client_closed`: `client.close()` was called.
 *
 * A newer server may know more reasons.
 */
export type LeftReason = 'left' | 'kicked' | 'closed' | 'failed' | 'lost' | 'client_closed' | (string & {})

/**
 * What became of a room whose connection had been lost.
 *
 * - `rejoined`: it was joined afresh: with a new member id, and its mirror brought up to date in one step. What the room sent
 *   meanwhile did not arrive, and what was under way when the connection broke may have arrived or not: calls ended as
 *   `outcome_unknown`, streams failed. Send again what must not be missing.
 * - `lost`: it could not be joined again; `room.status` says why, and the room object is at its end.
 *
 * More outcomes will join these as sessions learn to survive their connections: handle an unknown one like `rejoined`.
 */
export type Recovery =
  | { readonly outcome: 'rejoined'; readonly downtime: number }
  | { readonly outcome: 'lost'; readonly downtime: number; readonly error: JuntoError }
