import type { Recovery } from '../room/room-status.ts'
import { isEvent } from './frame-kinds.ts'

/** What a room has lost since it was last whole: what its recovery has to tell. */
export class Losses {
  #missed: number | undefined = 0
  #unsent = 0

  /** So many messages of the room never come. */
  miss(messages: number): void {
    if (this.#missed !== undefined) this.#missed += messages
  }

  /** Own reliable events that may not have arrived: so many, or those among these frames. */
  leave(unsent: number | readonly Uint8Array[]): void {
    this.#unsent += typeof unsent === 'number' ? unsent : unsent.filter(isEvent).length
  }

  /** The seat is gone. What the room says meanwhile nobody counts. */
  loseSeat(): void {
    this.#missed = undefined
  }

  /**
   * @param downtime Milliseconds.
   * @param rejoined Whether it goes on as another member.
   */
  recovery(downtime: number, rejoined: boolean): Recovery {
    const missed = this.#missed
    if (missed === 0) return { outcome: 'resumed', downtime }
    return { outcome: 'resynced', downtime, rejoined, missed, unsent: this.#unsent }
  }
}
