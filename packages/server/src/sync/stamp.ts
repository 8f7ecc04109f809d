import type { Clock } from '@junto/protocol'
import type { Feed } from './feed.ts'

/** What stamps say of a room. */
export interface StampSource {
  /** Whether the room ticks: then each patch and snapshot has a stamp; else only who has sent a mutation is told of it. */
  readonly ticks: boolean
  /** Number of the last tick; 0 where there are none. */
  readonly tick: number
  /** When that was, in milliseconds since 1970; without ticks: now. */
  readonly time: number
  /** A stamp of this tick stands among what is sent to a member. */
  told(feed: Feed, tick: number): void
}

/** How far a room is with what one member does, and what that member was told of it. */
export class Progress {
  /** Number of the last mutation that was handled, whatever came of it; 0: none. */
  mutation = 0
  /** Number of the last input that was applied; 0: none. */
  input = 0
  /** Inputs that wait to be applied. */
  waiting = 0
  #mutation = -1
  #input = -1
  #waiting = -1

  /** Whether the member is to be told of a mutation. */
  get hasHandled(): boolean {
    return this.mutation !== this.#mutation
  }

  /** Whether anything is different from what the member was told. */
  get isNews(): boolean {
    return this.hasHandled || this.input !== this.#input || this.waiting !== this.#waiting
  }

  /** What the member was told last. */
  get last(): { readonly mutation: number; readonly input: number; readonly waiting: number } {
    return {
      mutation: Math.max(0, this.#mutation),
      input: Math.max(0, this.#input),
      waiting: Math.max(0, this.#waiting),
    }
  }

  /** The member is told. */
  told(): void {
    this.#mutation = this.mutation
    this.#input = this.input
    this.#waiting = this.waiting
  }

  /** Nobody knows whether the member has been told: a stamp goes as it can, and is never sent again. */
  forget(): void {
    this.#mutation = -1
  }
}

/** Those of a room that does not tick: only of mutations. */
export function untickedStamps(clock: Clock): StampSource {
  return {
    ticks: false,
    tick: 0,
    get time() {
      return clock.time()
    },
    told() {},
  }
}
