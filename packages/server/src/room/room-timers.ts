import type { Clock } from '@junto/protocol'
import { JuntoError } from '@junto/protocol'

/** What the platform's timers can wait for: 24.8 days. */
export const longestWait = 0x7fff_ffff

/** The timers of one room. They run isolated, on the injected clock, and end with the room. */
export class RoomTimers {
  readonly #clock: Clock
  readonly #run: (where: string, code: () => unknown) => void
  readonly #cancels = new Set<() => void>()
  #closed = false

  /** @param run Runs a timer's code so that nothing comes out of it. */
  constructor(clock: Clock, run: (where: string, code: () => unknown) => void) {
    this.#clock = clock
    this.#run = run
  }

  /** Runs `fn` once after `ms` milliseconds. Returns a function that cancels it. */
  after(ms: number, fn: () => unknown): () => void {
    if (!(ms >= 0)) throw new JuntoError('misuse', `after(ms, fn): ms must be a number from 0, not ${String(ms)}`)
    refuseTooLong(ms)
    return this.#arm(ms, () => this.#run('timer', fn))
  }

  /** Runs `fn` every `ms` milliseconds; times that were missed are skipped. Returns a function that stops it. */
  every(ms: number, fn: () => unknown): () => void {
    if (!(ms > 0)) throw new JuntoError('misuse', `every(ms, fn): ms must be a number above 0, not ${String(ms)}`)
    refuseTooLong(ms)
    let due = this.#clock.now() + ms
    let stopped = false
    const beat = (): void => {
      this.#run('timer', fn)
      if (stopped) return
      const now = this.#clock.now()
      // From the time it was due, not from now: late timers must not add up.
      due += ms * Math.max(1, Math.ceil((now - due) / ms))
      cancel = this.#arm(due - now, beat)
    }
    let cancel = this.#arm(ms, beat)
    return () => {
      stopped = true
      cancel()
    }
  }

  /** Cancels all timers; new ones do nothing from now on. */
  close(): void {
    this.#closed = true
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
  }

  #arm(ms: number, run: () => void): () => void {
    if (this.#closed || ms === Infinity) return () => {}
    const cancelTimer = this.#clock.after(ms, () => {
      this.#cancels.delete(cancelTimer)
      run()
    })
    this.#cancels.add(cancelTimer)
    return () => {
      this.#cancels.delete(cancelTimer)
      cancelTimer()
    }
  }
}

function refuseTooLong(ms: number): void {
  if (ms <= longestWait || ms === Infinity) return
  throw new JuntoError(
    'misuse',
    `a timer cannot wait for ${ms} ms, at most for ${longestWait} (24.8 days): keep the time in the state, and look at it ` +
      'now and then with every(ms, fn)',
  )
}
