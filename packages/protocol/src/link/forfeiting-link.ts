import { frameOverhead, Link, type Kept, type LinkFrame, type LinkHost } from './link.ts'

/** Who has the link of a server. */
export interface ForfeitingLinkHost extends LinkHost {
  /** Frames kept while detached, see the limit `resumeFrames`. */
  readonly maxFrames: number
  /** Called for each room that gives up what was kept for it, with these frames in order. */
  forfeited(room: number, frames: readonly Uint8Array[]): void
  /** Called for each frame of the session (room 0) that the peer has taken. */
  taken?(frame: Uint8Array): void
}

const nothing: ReadonlyMap<number, number> = new Map()

/**
 * A link that takes whatever it is given: what a server runs, whose rooms do not wait for a member. While it is detached and
 * too much is kept, the room for which most is kept gives its frames up, and the peer is told how many are missing when it
 * comes back. While attached it has no bound of its own: who writes to the line has one, and closes the line of a peer that
 * does not acknowledge.
 */
export class ForfeitingLink extends Link {
  declare protected readonly host: ForfeitingLinkHost
  /** Frames of the session that the peer has taken, until that is told. */
  #taken: Uint8Array[] | undefined
  /** Given up since it was detached, though the peer may have got them: it says so when it comes back. */
  #inDoubt: { readonly room: number; readonly number: number }[] | undefined
  /** How many frames of each room the peer will never get, since it was told last. */
  #missing: Map<number, number> | undefined
  /** The same, as it was told, until it has heard that. */
  #announced: Map<number, number> | undefined

  constructor(host: ForfeitingLinkHost) {
    super(host)
  }

  override send(room: number, frame: Uint8Array): void {
    super.send(room, frame)
    if (!this.attached) this.#giveUp()
  }

  /** Whether a frame is kept that has more bytes. Looks at all of them. */
  keepsLarger(bytes: number): boolean {
    let kept = this.first
    while (kept !== undefined && kept.frame.length <= bytes) kept = kept.next
    return kept !== undefined
  }

  override acknowledged(received: number): void {
    super.acknowledged(received)
    // Over this connection, at whose beginning it was told what is missing.
    this.heard()
    this.#tellTaken()
  }

  /** The peer knows what {@link attach} has returned: it need not be told again. */
  heard(): void {
    this.#announced = undefined
  }

  override detach(): void {
    super.detach()
    this.#giveUp()
  }

  /** Gives up what is kept for all rooms, for the sake of others. To be called while detached. */
  forfeit(): void {
    this.#giveUp(0, 0)
  }

  /**
   * Drops, of what the peer has not taken, what it is not to get. Nothing of that is missing. To be called while detached.
   *
   * @param received How many frames the peer has taken, as {@link attach} is about to be told.
   * @returns what was dropped, in order.
   */
  discard(received: number, which: (room: number, frame: Uint8Array) => boolean): readonly Uint8Array[] {
    const isUntaken = ({ number }: { readonly number: number }): boolean => number === 0 || number > received
    return this.remove((kept) => isUntaken(kept) && which(kept.room, kept.frame)).map(({ frame }) => frame)
  }

  /**
   * See {@link Link.attach}.
   *
   * @returns How many frames of each room are missing for ever, which the peer is to be told. With the next connection again,
   *   unless it has acknowledged anything over this one, or is known to have {@link heard} of it.
   */
  override attach(received: number): ReadonlyMap<number, number> {
    super.attach(received)
    this.#tellTaken()
    for (const { room, number } of this.#inDoubt ?? []) if (number > received) this.#miss(room, 1)
    this.#inDoubt = undefined
    for (const [room, frames] of this.#announced ?? []) this.#miss(room, frames)
    this.#announced = this.#missing
    this.#missing = undefined
    return this.#announced ?? nothing
  }

  override reset(): readonly LinkFrame[] {
    this.#inDoubt = undefined
    this.#missing = this.#announced = undefined
    return super.reset()
  }

  /** While more is kept than may be, the room with most of it gives its frames up. Those of the session stay. */
  #giveUp(maxBytes = this.host.maxBytes, maxFrames = this.host.maxFrames): void {
    const lost: [room: number, frames: Uint8Array[]][] = []
    while (this.kept > maxBytes || this.length > maxFrames) {
      const room = this.#fullest()
      if (room === 0) break
      const frames = this.remove((kept) => kept.room === room).map(({ number, frame }) => {
        if (number > 0) (this.#inDoubt ??= []).push({ room, number })
        else this.#miss(room, 1)
        return frame
      })
      lost.push([room, frames])
    }
    // Only then: who is told may send.
    for (const [room, frames] of lost) this.host.forfeited(room, frames)
  }

  /** The room for which most is kept; 0 when there is none. */
  #fullest(): number {
    const bytes = new Map<number, number>([[0, 0]])
    let fullest = 0
    for (let kept = this.first; kept !== undefined; kept = kept.next) {
      const { room } = kept
      if (room === 0) continue
      const sum = (bytes.get(room) ?? 0) + kept.frame.length + frameOverhead
      bytes.set(room, sum)
      if (sum > (bytes.get(fullest) ?? 0)) fullest = room
    }
    return fullest
  }

  protected override dropped({ room, frame }: Kept): void {
    if (room === 0) (this.#taken ??= []).push(frame)
  }

  #tellTaken(): void {
    const taken = this.#taken
    if (taken === undefined) return
    this.#taken = undefined
    for (const frame of taken) this.host.taken?.(frame)
  }

  /** Something for a room is lost that has no number: it counts among what the peer is told to be missing. */
  miss(room: number): void {
    this.#miss(room, 1)
  }

  #miss(room: number, frames: number): void {
    this.#missing ??= new Map()
    this.#missing.set(room, (this.#missing.get(room) ?? 0) + frames)
  }
}
