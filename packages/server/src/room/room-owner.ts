import type { RoomHost } from './room-host.ts'
import type { SessionInfo } from './seat.ts'

/** Why and how a room came about. */
export interface Origin {
  readonly key: string | undefined
  /** Validated. */
  readonly options: unknown
  /** What the one who caused it looked for by matchmaking, as `nameOf` a wish says it. */
  readonly wanted: string | undefined
  /** Grows from room to room of a server. */
  readonly number: number
}

/** Whoever keeps rooms to find them again. */
export interface RoomOwner {
  /** What decides whether a room is found, and by what, has changed. */
  changed(room: RoomHost): void
  /** A session has taken a seat, or given it back. */
  took(room: RoomHost, session: SessionInfo): void
  freed(room: RoomHost, session: SessionInfo): void
  /** The room's join code, made when it is first asked for. */
  codeOf(room: RoomHost): string
}
