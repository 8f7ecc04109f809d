import type { Viewer } from '@junto/schema/internal'
import type { LooseDelivery, MemberLink } from '../room/seat.ts'
import type { MemberMotion } from '../motion/member-motion.ts'
import { atAnyTime, type Pace } from './patch-times.ts'
import { Progress } from './stamp.ts'

/** What is said to members beside the state: leaves behind the patch with what it speaks of. One object for all who are told it. */
export interface Message {
  readonly frame: Uint8Array
  /** Undefined: it is reliable. */
  readonly loose: LooseDelivery | undefined
}

/** What one member is given: what is new of the state, and behind that what is said to it. */
export class Feed {
  /** The member's id, for the log. */
  readonly id: string
  /** How it looks at the state. */
  readonly viewer: Viewer
  /** How far the room is with what the member does. */
  readonly progress = new Progress()
  link: MemberLink
  /** Whether a reliable message is not to be handed over any more. Undefined: all are. */
  omits: ((frame: Uint8Array) => boolean) | undefined
  /** The room's sync brings it what is new. */
  admitted = false
  /** It is to be looked after at the end of the turn. */
  waits = false
  /** It takes no patches until what waits for it has left. */
  behind = false
  /** How often it gets patches, where that is less often than others do. */
  pace: Pace = atAnyTime
  /** It has missed a patch for that. */
  lags = false
  /** The last tick of which it was told; -1: none. */
  stamped = -1
  /** What it was told last came with a change. */
  moves = false
  /** The last tick at which nothing had changed for it. */
  readonly stood = { tick: -1, time: 0 }
  /** What is known of its member for the sake of ticks. */
  motion: MemberMotion | undefined
  /** It wants the state at the end of the turn, whether or not that changed; `now`: even if too much waits for it. */
  asks: 'no' | 'when it can' | 'now' = 'no'
  /** Messages that were held and gave way to a newer one with the same key. */
  replaced = 0
  readonly #maxHeld: number
  /** What was said to it: waits for the snapshot first, later for a patch. */
  #held: Message[] | undefined
  #heldBytes = 0
  /** Where among these the newest of each key stands. */
  #latest: Map<string, number> | undefined

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

  /** Keeps what is to leave behind the next patch; the newest with a key takes the place of the one before. @returns whether that was not too much. */
  hold(message: Message): boolean {
    if (message.loose?.key !== undefined && this.#replace(message, message.loose.key)) {
      return this.#heldBytes <= this.#maxHeld
    }
    if (this.#held === undefined) this.#held = [message]
    else this.#held.push(message)
    this.#heldBytes += message.frame.length
    return this.#heldBytes <= this.#maxHeld
  }

  /** Gives out what is held, if anything is. It is held no more. */
  release(): readonly Message[] | undefined {
    const held = this.#held
    this.#held = undefined
    this.#heldBytes = 0
    this.#latest = undefined
    return held
  }

  /** Hands over what was said. */
  pass({ frame, loose }: Message): void {
    if (loose !== undefined) this.link.sendLoose(frame, loose)
    else if (this.omits?.(frame) !== true) this.link.send(frame)
  }

  #replace(message: Message, key: string): boolean {
    const held = this.#held
    const at = this.#latest?.get(key)
    const older = at === undefined ? undefined : held?.[at]
    if (held === undefined || at === undefined || older === undefined) {
      this.#latest ??= new Map()
      this.#latest.set(key, held?.length ?? 0)
      return false
    }
    held[at] = message
    this.replaced++
    this.#heldBytes += message.frame.length - older.frame.length
    return true
  }
}
