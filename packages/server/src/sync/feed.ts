import type { Viewer } from '@junto/schema/internal'
import type { MemberLink } from '../room/seat.ts'

/** What one member is given: what is new of the state, and behind that what is said to it. */
export class Feed {
  /** The member's id, for the log. */
  readonly id: string
  /** How it looks at the state. */
  readonly viewer: Viewer
  readonly link: MemberLink
  /** It takes no patches until what waits for it has left. */
  behind = false
  /** It wants the state at the end of the turn, whether or not that changed; `now`: even if too much waits for it. */
  asks: 'no' | 'when it can' | 'now' = 'no'
  readonly #maxHeld: number
  /** What was said to it: waits for the snapshot first, later for a patch. */
  #held: Uint8Array[] | undefined
  #heldBytes = 0

  /** @param maxHeld Bytes that may be held. */
  constructor(id: string, viewer: Viewer, link: MemberLink, maxHeld: number) {
    this.id = id
    this.viewer = viewer
    this.link = link
    this.#maxHeld = maxHeld
  }

  get holds(): boolean {
    return this.#held !== undefined
  }

  /** Keeps what is to leave behind the next patch. @returns whether that was not too much. */
  hold(frame: Uint8Array): boolean {
    if (this.#held === undefined) this.#held = [frame]
    else this.#held.push(frame)
    this.#heldBytes += frame.length
    return this.#heldBytes <= this.#maxHeld
  }

  /** Gives out what is held, if anything is. It is held no more. */
  release(): readonly Uint8Array[] | undefined {
    const held = this.#held
    this.#held = undefined
    this.#heldBytes = 0
    return held
  }
}
