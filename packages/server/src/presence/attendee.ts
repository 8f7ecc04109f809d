import type { ErrorCode } from '@junto/protocol'
import type { PresenceFrame } from '@junto/protocol/internal'
import type { Culprit } from '../room/faults.ts'
import type { Feed } from '../sync/feed.ts'

/** What a presence lane needs of a member's seat. */
export interface Present extends Culprit {
  /** What users see of it. */
  readonly member: object
  /** A fault of the member that belongs to no call. */
  notice(code: ErrorCode, message: string): void
}

/** A presence that has come, and was not looked at yet. */
export interface Unread {
  readonly frame: PresenceFrame
  /** When it came. */
  readonly at: number
}

/** One member as its room's presence lane sees it: what it shows, and what it is shown. */
export class Attendee {
  readonly seat: Present
  /** What leads to its client. */
  readonly feed: Feed
  /** What it shows, as users see it. Undefined: nothing. */
  value: unknown
  /** The same as it travels. Undefined: nothing. */
  entry: Uint8Array | undefined
  unread: Unread | undefined
  /** When what it shows ends, unless it shows something newer. */
  expiresAt = Infinity
  /** When what it shows ends, because it has lost its connection or its memory. */
  keptUntil = Infinity
  /** What it is shown, where not everybody sees everybody. */
  readonly view: PresenceView | undefined

  constructor(seat: Present, feed: Feed, view: PresenceView | undefined) {
    this.seat = seat
    this.feed = feed
    this.view = view
  }
}

/** Whom one member sees, and who sees it. */
export class PresenceView {
  /** Those in view. */
  readonly members = new Set<Attendee>()
  /** Those of whom its client has something. */
  readonly told = new Set<Attendee>()
  /** Those of whom there may be something new for it. */
  readonly news = new Set<Attendee>()
  /** Those who have this one in view, or are still to be told that it has left that. */
  readonly onlookers = new Set<Attendee>()
}
