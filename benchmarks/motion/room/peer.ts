import type { Part } from '../../harness.ts'
import type { Held } from '../contract.ts'

/**
 * A module beside this one: a server of a room that ticks, applies at each tick the inputs that have come, and at each third sends everybody where all are.
 */
export interface PeerModule {
  /**
   * The server, with its port as `ready`. It counts `ticks`, `applied` inputs and `sent` messages; the command `delays` yields by how many
   * milliseconds the ticks since it was last asked were late.
   */
  serve(): Promise<Part>
  /** Connects one client. `received` is called with the bytes of each message. */
  play(port: number, received: (bytes: number) => void): Promise<Player>
}

/** One client. */
export interface Player {
  /** Sends an input, by a number that counts up from 1. */
  send(seq: number, held: Held): void
  close(): void
}

/** Collects by how much ticks are late. */
export class Delays {
  #values: number[] = []

  readonly add = (ms: number): void => void this.#values.push(ms)

  /** All since it was last asked. */
  take(): number[] {
    const values = this.#values
    this.#values = []
    return values
  }
}
