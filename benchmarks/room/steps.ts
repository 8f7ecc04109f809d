import type { Rules } from './contract.ts'

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

/** Ticks of the servers that are written by hand: as many as there should be, and patches at the nearest of them. */
export class Steps {
  readonly late = new Delays()
  count = 0
  #timer: NodeJS.Timeout | undefined

  /** @param tick Does one tick, of so many milliseconds. @param patch Sends what has changed. */
  constructor({ tickRate, patchRate }: Rules, tick: (dt: number) => void, patch: () => void) {
    const interval = 1000 / tickRate
    let patches = 0
    let due = performance.now() + interval
    const wake = (): void => {
      const now = performance.now()
      // A timer may come a millisecond too early.
      for (; due <= now + 1; due += interval) {
        this.late.add(Math.max(0, now - due))
        tick(interval)
        if (Math.round((++this.count * patchRate) / tickRate) === patches) continue
        patches++
        patch()
      }
      this.#timer = setTimeout(wake, due - performance.now())
    }
    this.#timer = setTimeout(wake, interval)
  }

  close(): void {
    clearTimeout(this.#timer)
  }
}
