import type { JuntoError } from '@junto/protocol'
import type { Observable } from '../observable.ts'

/**
 * What a program's interface may show of the connection.
 *
 * - `idle`: no room is wanted, nothing is open. The first join connects.
 * - `connecting`: an attempt is under way; `attempt` counts from 1 since the connection was last good.
 * - `open`: the server greeted us.
 * - `waiting`: the last attempt failed, or the connection was lost, for the reason in `error`; the next attempt comes by itself at
 *   `retryAt` (ms since 1970, for a countdown; `Infinity` while the page is put aside), and when the network or the reader comes back.
 *   `offline` says that this machine has no network, as far as the browser knows: a server on the same machine may be reached all the same.
 * - `closed`: by the program, or for good by the server, which then stands in `error`. Rooms that were open have ended. After
 *   an end by the server the next join tries anew.
 */
export type ConnectionState =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly attempt: number }
  | { readonly state: 'open' }
  | {
      readonly state: 'waiting'
      readonly attempt: number
      readonly retryAt: number
      readonly error: JuntoError
      readonly offline: boolean
    }
  | { readonly state: 'closed'; readonly error?: JuntoError }

/** The state of a client's connection: {@link ConnectionState} as `value`, and its name alone as `state`. */
export interface ConnectionStatus extends Observable<ConnectionState> {
  readonly state: ConnectionState['state']
  /** Tries at once while `waiting`: for a button. Otherwise it does nothing. */
  retry(): void
}
