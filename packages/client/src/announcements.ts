/** Tells listeners of what belongs together once all of it has changed: each of them sees the whole. */
export class Announcements {
  #waiting: (() => void)[] | undefined

  /** Makes changes; what is to be said of them is said when all are made. */
  together(change: () => void): void {
    if (this.#waiting !== undefined) return change()
    const waiting: (() => void)[] = (this.#waiting = [])
    try {
      change()
    } finally {
      this.#waiting = undefined
      for (const tell of waiting) tell()
    }
  }

  /** Calls a function that tells listeners: now, or behind all that changes with it. By then something newer may hold, which it has to look at. */
  say(tell: () => void): void {
    if (this.#waiting === undefined) tell()
    else this.#waiting.push(tell)
  }
}
