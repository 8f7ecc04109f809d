import type { Clock } from '@junto/protocol'

/** Who owes its peer an ack. */
export interface Acknowledging {
  /** The time has come. */
  acknowledge(): void
}

/**
 * Acks that did not find a message to ride on go alone: after `ackDelay` at the latest, and not before half of it. One timer serves all
 * sessions, which do nothing for it while messages flow.
 */
export class AckTimer {
  readonly #clock: Clock
  readonly #interval: number
  /** Who came since the last tick, and who came before it. */
  #young = new Set<Acknowledging>()
  #old = new Set<Acknowledging>()
  #cancel: (() => void) | undefined

  /** @param ackDelay Milliseconds. */
  constructor(clock: Clock, ackDelay: number) {
    this.#clock = clock
    this.#interval = ackDelay / 2
  }

  /** Calls back once. To be called again only after that, or after {@link forget}. */
  await(one: Acknowledging): void {
    this.#young.add(one)
    if (this.#cancel === undefined) this.#wait()
  }

  /** Does not call back. */
  forget(one: Acknowledging): void {
    this.#young.delete(one)
    this.#old.delete(one)
    if (this.#young.size + this.#old.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  #wait(): void {
    this.#cancel = this.#clock.after(this.#interval, () => {
      this.#cancel = undefined
      const due = this.#old
      this.#old = this.#young
      this.#young = new Set()
      for (const one of due) one.acknowledge()
      if (this.#cancel === undefined && this.#young.size + this.#old.size > 0) this.#wait()
    })
  }
}
