/**
 * Where a room's state is changed as one, all of it or nothing. What must not happen in the middle (a version that is closed and sent, a member
 * that goes, whose `onLeave` writes to the state) waits for the end.
 */
export class Atomic {
  #isRunning = false
  #waiting: (() => void)[] = []

  /** Whether the state may still be put back. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Runs code that changes the state as one. One within another is a part of it. @throws what the code throws. */
  run<T>(code: () => T): T {
    if (this.#isRunning) return code()
    this.#isRunning = true
    try {
      return code()
    } finally {
      this.#isRunning = false
      this.#goOn()
    }
  }

  /**
   * Does something when the state is whole: now, or behind what is changing it, whatever becomes of that.
   *
   * @param code Must not throw.
   */
  whenWhole(code: () => void): void {
    if (this.#isRunning) this.#waiting.push(code)
    else code()
  }

  #goOn(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const code of waiting) code()
  }
}
