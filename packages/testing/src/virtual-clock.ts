import { Clock, JuntoError } from '@junto/protocol'

/** A clock that stands still until a test moves it. */
export interface VirtualClockOptions {
  /** What {@link VirtualClock.time} says at the beginning, in milliseconds since 1970. Default: the start of 2026 (UTC). */
  readonly epoch?: number
}

interface Timer {
  readonly at: number
  /** Timers of the same time run in the order in which they were set. */
  readonly order: number
  /** Undefined once cancelled. */
  run: (() => void) | undefined
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Turns that may follow each other while no time passes: more is a loop that would never end. */
const mostTurns = 100_000

/**
 * Virtual time for servers, clients and rooms under test.
 *
 * Time moves only in {@link advance}, which runs everything that falls due, in order, each in a turn of its own: the timer, the
 * promises that it settles (with all that hangs on them), then the work put off to the end of the turn, with its promises.
 * The same calls therefore give the same history, every time.
 *
 * What waits for real input and output (files, sockets) does not take part: use memory stores and networks with it.
 */
export class VirtualClock extends Clock {
  readonly #epoch: number
  #now = 0
  #order = 0
  // A heap by time and order: the first is due first.
  readonly #timers: Timer[] = []
  #pending = 0
  #endOfTurn: (() => void)[] = []
  #advancing = false

  constructor(options: VirtualClockOptions = {}) {
    super()
    this.#epoch = options.epoch ?? Date.UTC(2026, 0, 1)
  }

  /** Milliseconds since this clock was made. */
  override now(): number {
    return this.#now
  }

  /** The time of day in whole milliseconds since 1970, as in production, though {@link now} may stand between two of them. */
  override time(): number {
    return Math.floor(this.#epoch + this.#now)
  }

  override after(ms: number, fn: () => void): () => void {
    if (Number.isNaN(ms)) throw new JuntoError('misuse', 'after() needs a number of milliseconds, not NaN')
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, run: fn }
    this.#pending++
    this.#push(timer)
    return () => {
      if (timer.run === undefined) return
      timer.run = undefined
      this.#pending--
    }
  }

  override atEndOfTurn(fn: () => void): void {
    this.#endOfTurn.push(fn)
  }

  /** How many timers are set and not cancelled: 0 when nothing has leaked. */
  get pendingTimers(): number {
    return this.#pending
  }

  /** When the next timer falls due, as {@link now} will say it then; `undefined` while none is set. */
  get nextAt(): number | undefined {
    for (let next = this.#timers[0]; next !== undefined; next = this.#timers[0]) {
      if (next.run !== undefined) return next.at
      this.#pop()
    }
    return undefined
  }

  /**
   * Moves the time on and runs what falls due until then, the end included; resolves when all of it, and everything that hangs on
   * it without waiting for more time, has run.
   *
   * @param duration milliseconds, or a text such as `'250ms'`, `'5s'`, `'2m'`, `'1h'`
   * @throws what a timer or the work of a turn's end throws; the time then stands where that happened.
   */
  async advance(duration: number | string): Promise<void> {
    if (this.#advancing) throw new JuntoError('misuse', 'the clock is being advanced already: await that first')
    this.#advancing = true
    try {
      await this.#run(this.#now + milliseconds(duration))
    } finally {
      this.#advancing = false
    }
  }

  /** Runs what is due now and everything that hangs on it, while no time passes. */
  async settle(): Promise<void> {
    await this.advance(0)
  }

  async #run(until: number): Promise<void> {
    let turns = 0
    await this.#finishTurn()
    for (;;) {
      const next = this.#timers[0]
      if (next === undefined || next.at > until) break
      this.#pop()
      const run = next.run
      if (run === undefined) continue
      turns = next.at > this.#now ? 0 : turns + 1
      if (turns > mostTurns) throw new JuntoError('misuse', `more than ${mostTurns} timers without any time passing`)
      next.run = undefined
      this.#pending--
      this.#now = Math.max(this.#now, next.at)
      run()
      await this.#finishTurn()
    }
    this.#now = until
  }

  /** Lets promises settle, then runs the work of the turn's end, until neither leaves anything. */
  async #finishTurn(): Promise<void> {
    await promises()
    for (let turns = 0; this.#endOfTurn.length > 0; turns++) {
      if (turns > mostTurns) throw new JuntoError('misuse', `more than ${mostTurns} turns without any time passing`)
      // What this work puts off belongs to the end of the next turn.
      const work = this.#endOfTurn
      this.#endOfTurn = []
      for (const [index, fn] of work.entries()) {
        try {
          fn()
        } catch (error) {
          this.#endOfTurn = [...work.slice(index + 1), ...this.#endOfTurn]
          throw error
        }
      }
      await promises()
    }
  }

  #push(timer: Timer): void {
    const heap = this.#timers
    let index = heap.length
    heap.push(timer)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(timer, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = timer
  }

  #pop(): void {
    const heap = this.#timers
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      let least = last
      let at = index
      for (const child of [left, left + 1]) {
        const below = heap[child]
        if (below !== undefined && isBefore(below, least)) {
          least = below
          at = child
        }
      }
      if (at === index) break
      heap[index] = least
      index = at
    }
    heap[index] = last
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/**
 * A duration in milliseconds, given as such or as a text: `'250ms'`, `'5s'`, `'2m'`, `'1h'`.
 *
 * @throws JuntoError `misuse` for anything else.
 */
export function milliseconds(duration: number | string): number {
  const match = typeof duration === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(duration) : undefined
  const ms = typeof duration === 'number' ? duration : Number(match?.[1]) * (units[match?.[2] ?? ''] ?? NaN)
  if (ms >= 0 && Number.isFinite(ms)) return ms
  throw new JuntoError(
    'misuse',
    `a duration is milliseconds or a text like '5s', '250ms', '2m', not ${String(duration)}`,
  )
}

/**
 * Resolves once every promise that can settle has, with all that hangs on it: the platform empties its queue of promises before
 * it goes on to the next task, which is what this waits for. No time passes, and the order does not depend on the machine.
 */
function promises(): Promise<void> {
  // oxlint-disable-next-line no-restricted-globals -- not as a clock: see above
  return new Promise((resolve) => setImmediate(resolve))
}
