import { JuntoError, type ErrorCode } from '@junto/protocol'
import type { LeftFrame, RoomFrame } from '@junto/protocol/internal'

/** How a membership stands. `stop` ends the wait that a state is in; without a connection nothing is waited for. */
export type MembershipState =
  /** Not asked for: there is no session, or the next attempt to rejoin has its time. */
  | { readonly at: 'waiting'; stop: () => void }
  | { readonly at: 'joining'; stop: () => void; readonly ref: number }
  /** Joined; the snapshot is still under way, and what comes for the room waits behind it. */
  | {
      readonly at: 'syncing'
      stop: () => void
      /** The mirror came apart, and the snapshot was asked for. */
      readonly repairs: boolean
      readonly ref: number
      readonly held: RoomFrame[]
      /** Bytes of the connection that came before, or are not held. */
      notHeld: number
    }
  | { readonly at: 'joined'; stop: () => void; readonly ref: number }
  | { readonly at: 'over'; stop: () => void }

/** Where nothing is waited for. */
export const stop = (): void => {}

/** What a membership that the server ended fails with, by the reason; otherwise the room was closed to us. */
const leftCodes: { readonly [reason: string]: ErrorCode | undefined } = {
  refused: 'unauthorized',
  failed: 'room_failed',
  shutdown: 'shutting_down',
}

/** Why a membership ended that the server ended. @param name The room, for the message. */
export function leftError(name: string, { reason, message = reason }: LeftFrame): JuntoError {
  return new JuntoError(leftCodes[reason] ?? 'room_closed', `the membership in ${name} ended: ${message}`)
}
