import type { Clock } from '@junto/protocol'

/** Something with work to do at the end of the turn. */
export interface Flushable {
  /** Must not throw. */
  flush(): void
}

/** A link with a message to close at the end of the turn. */
export interface FlushableLink extends Flushable {
  /** Closes the message, which {@link flush} then sends. Must not throw. */
  gather(): void
}

/**
 * The end of the server's turn, one callback of the clock for everybody. Rooms go first: their patches, and what waited
 * behind these, must be in the links' queues before a link closes its message. So a member gets one message per turn. Between the two goes
 * what stands behind the rooms' patches and is no part of them.
 *
 * All messages are closed before the first is sent: writes that follow one upon another cost a third less than writes with work between them
 * (the kernel's code stays in the cache, and who reads is awake already).
 */
export class TurnEnd {
  readonly #clock: Clock
  readonly #run = () => this.#flush()
  #rooms: Flushable[] = []
  #behind: Flushable[] = []
  #links: FlushableLink[] = []
  #scheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Flushes a room at the end of this turn. To be called once per turn and room: the room keeps the mark. */
  flushRoom(room: Flushable): void {
    this.#rooms.push(room)
    this.#schedule()
  }

  /** Flushes something of a room at the end of this turn, after all rooms. To be called once per turn, as the others are. */
  flushBehind(lane: Flushable): void {
    this.#behind.push(lane)
    this.#schedule()
  }

  /** Flushes a link at the end of this turn, after all rooms. To be called once per turn and link: the link keeps the mark. */
  flushLink(link: FlushableLink): void {
    this.#links.push(link)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.atEndOfTurn(this.#run)
  }

  #flush(): void {
    const rooms = this.#rooms
    this.#rooms = []
    for (const room of rooms) room.flush()
    const behind = this.#behind
    this.#behind = []
    for (const lane of behind) lane.flush()
    // Only now, so that links that the rooms filled need no second callback.
    const links = this.#links
    this.#links = []
    this.#scheduled = false
    if (this.#rooms.length + this.#behind.length > 0) this.#schedule()
    for (const link of links) link.gather()
    for (const link of links) link.flush()
  }
}
