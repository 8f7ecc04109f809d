/** What a network does to each direction. */
export interface Conditions {
  /** Milliseconds that everything takes. */
  latency: number
  /** Milliseconds that it may take longer. */
  jitter: number
  /** How many of a hundred packets are lost. */
  loss: number
}

/** Where a {@link DelayLine} takes the time from. */
export interface Timers {
  /** Milliseconds from any origin. */
  now(): number
  /** Runs something later. */
  after(ms: number, run: () => void): void
}

/** How long TCP waits at least before it sends something again. */
const leastTimeout = 200

/**
 * One direction of a bad network. A WebSocket runs over TCP, so nothing is lost for good, and nothing overtakes: a lost packet is sent
 * again after a while, and all that stands behind it waits. A loss is a stall.
 */
export class DelayLine {
  readonly #conditions: Readonly<Conditions>
  readonly #timers: Timers
  readonly #random: () => number
  readonly #waiting: { readonly due: number; readonly deliver: () => void }[] = []
  #last = 0
  #waits = false

  /**
   * @param conditions Looked at for each message: they may change.
   * @param random Numbers from 0 up to, and not including, 1.
   */
  constructor(conditions: Readonly<Conditions>, timers: Timers, random: () => number) {
    this.#conditions = conditions
    this.#timers = timers
    this.#random = random
  }

  /** Delivers later what the conditions delay, and at once what they do not. */
  push(deliver: () => void): void {
    const { latency, jitter, loss } = this.#conditions
    const now = this.#timers.now()
    let due = now + latency + this.#random() * jitter
    if (this.#random() * 100 < loss) due += Math.max(leastTimeout, 3 * latency)
    // Nothing overtakes.
    this.#last = Math.max(this.#last, due)
    if (this.#last <= now && this.#waiting.length === 0) deliver()
    else {
      this.#waiting.push({ due: this.#last, deliver })
      this.#wait(now)
    }
  }

  #wait(now: number): void {
    const [first] = this.#waiting
    if (first === undefined || this.#waits) return
    this.#waits = true
    this.#timers.after(Math.max(0, first.due - now), () => {
      this.#waits = false
      this.#deliverDue()
    })
  }

  #deliverDue(): void {
    const now = this.#timers.now()
    for (;;) {
      const [first] = this.#waiting
      if (first === undefined || first.due > now) break
      this.#waiting.shift()
      first.deliver()
    }
    this.#wait(now)
  }
}
