import { frameOverhead, Link, type LinkFrame, type LinkOptions } from './link.ts'

/** What the link of a server is made of. */
export interface ForfeitingLinkOptions extends LinkOptions {
  /** Called for each room that gives up what was kept for it, with these frames in order. */
  readonly forfeited: (room: number, frames: readonly Uint8Array[]) => void
}

const nothing: ReadonlyMap<number, number> = new Map()

/**
 * A link that takes whatever it is given: what a server runs, whose rooms do not wait for a member. While it is detached and
 * too much is kept, the room for which most is kept gives its frames up, and the peer is told how many are missing when it
 * comes back. While attached it has no bound of its own: who writes to the line has one, and closes the line of a peer that
 * does not acknowledge.
 */
export class ForfeitingLink extends Link {
  declare protected readonly options: ForfeitingLinkOptions
  /** Given up since it was detached, though the peer may have got them: it says so when it comes back. */
  #inDoubt: { readonly room: number; readonly number: number }[] | undefined
  /** How many frames of each room the peer will never get, since it was told last. */
  #missing: Map<number, number> | undefined
  /** The same, as it was told, until it has heard that. */
  #announced: Map<number, number> | undefined

  constructor(options: ForfeitingLinkOptions) {
    super(options)
  }

  override send(room: number, frame: Uint8Array): boolean {
    super.send(room, frame)
    if (!this.attached) this.#giveUp()
    return true
  }

  /** Whether a frame is kept: the peer may not have got it, and will yet. */
  keeps(frame: Uint8Array): boolean {
    let kept = this.first
    while (kept !== undefined && kept.frame !== frame) kept = kept.next
    return kept !== undefined
  }

  override acknowledged(received: number): void {
    super.acknowledged(received)
    // Over this connection, at whose beginning it was told what is missing.
    this.heard()
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
   * See {@link Link.attach}.
   *
   * @returns How many frames of each room are missing for ever, which the peer is to be told. With the next connection again,
   *   unless it has acknowledged anything over this one, or is known to have {@link heard} of it.
   */
  override attach(received: number): ReadonlyMap<number, number> {
    super.attach(received)
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

  protected override takes(): boolean {
    return true
  }

  /** While more is kept than may be, the room with most of it gives its frames up. Those of the session stay. */
  #giveUp(maxBytes = this.options.maxBytes, maxFrames = this.options.maxFrames): void {
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
    for (const [room, frames] of lost) this.options.forfeited(room, frames)
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

  #miss(room: number, frames: number): void {
    this.#missing ??= new Map()
    this.#missing.set(room, (this.#missing.get(room) ?? 0) + frames)
  }
}
