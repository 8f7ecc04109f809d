/** When something falls due that is done at most so often. In a room that ticks it is done at ticks, and evenly: three ticks, then three again. */
export class Pace {
  /** Milliseconds from one time to the next, at least; 0: at any time. */
  readonly interval: number
  /** When it is due. */
  due = -Infinity

  constructor(interval: number) {
    this.interval = interval
  }

  /** @param early Milliseconds that do not matter. */
  isDue(now: number, early: number): boolean {
    return now + early >= this.due
  }

  /** It is done. The next time is counted from when this one was due; from now, where that is long ago. */
  done(now: number, early: number): void {
    if (this.interval === 0) return
    const next = this.due + this.interval
    this.due = next > now + early ? next : now + this.interval
  }
}
