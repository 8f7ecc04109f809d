import type { Clock } from '@junto/protocol'

/** When something falls due that is done at most so often. */
export class Pace {
  /** Milliseconds from one time to the next, at least; 0: at any time. */
  readonly interval: number
  /** When it is due. */
  due = -Infinity

  constructor(interval: number) {
    this.interval = interval
  }
}

/** Nothing that has to wait. One for all, so that it is at hand. */
export const atAnyTime = new Pace(0)

/** Parts of {@link PatchTimes}. */
export interface PatchTimesOptions {
  readonly clock: Clock
  /** Milliseconds between patches at least; 0: each turn may have one. */
  readonly interval: number
  /** Milliseconds of one tick; 0: the room does not tick. */
  readonly tick: number
  /** Something falls due, which was asked for by {@link PatchTimes.wakeAt}. */
  readonly wake: () => void
}

/**
 * When a room's patches may leave: at the end of any turn; so long after the last; or, where time passes in the room, at its ticks, and evenly: after three
 * ticks, then after three again.
 */
export class PatchTimes {
  readonly #clock: Clock
  readonly #wake: () => void
  readonly #interval: number
  /** When the next patch is due that all get. */
  #due = -Infinity
  /** When members are told next how far the room is although nothing has changed. */
  #quietDue = -Infinity
  /** Milliseconds that do not matter: half a tick, where patches leave at ticks. Where they may leave more often than ticks come, they do. */
  readonly #early: number
  #atTicks = false
  #tickedAt = 0
  #timer: { readonly at: number; readonly cancel: () => void } | undefined

  constructor(options: PatchTimesOptions) {
    const { clock, interval, tick, wake } = options
    this.#clock = clock
    this.#wake = wake
    this.#interval = interval
    this.#early = interval * 1.001 >= tick ? tick / 2 : 0
  }

  /** Whether patches leave at ticks, and not otherwise unless somebody cannot wait. */
  get atTicks(): boolean {
    return this.#atTicks
  }

  /** Ticks come from now on, or come no more. */
  set ticking(ticking: boolean) {
    this.#atTicks = ticking && this.#early > 0
    this.#tickedAt = this.#clock.now()
    if (this.#atTicks) this.stop()
  }

  /** A tick is over. */
  ticked(at: number): void {
    this.#tickedAt = at
  }

  /** Whether a patch may leave now. */
  get isDue(): boolean {
    return this.#now + this.#early >= this.#due
  }

  /** When one may. */
  get due(): number {
    return this.#due
  }

  /** Whether it may be told that nothing has changed. */
  get isQuietDue(): boolean {
    return this.#now + this.#early >= this.#quietDue
  }

  /** Where a patch leaves now, others follow so much later. At ticks they do anyway. */
  closing(): void {
    if (!this.#atTicks) this.#due = this.#now + this.#interval
  }

  /** A patch has left at a tick. */
  left(): void {
    if (this.#atTicks) this.#due = this.#after(this.#due, this.#interval)
    this.#quietDue = this.#due
  }

  /** It was told that nothing has changed. */
  stood(): void {
    this.#quietDue = this.#after(this.#quietDue, this.#interval)
  }

  isDueFor({ due }: Pace): boolean {
    return this.#now + this.#early >= due
  }

  /** It is done. */
  done(pace: Pace): void {
    if (pace.interval > 0) pace.due = this.#after(pace.due, pace.interval)
  }

  /** Has it told when that time has come, unless it is looked for at ticks. Of several times the first counts. */
  wakeAt(time: number): void {
    if (this.#atTicks || time === Infinity || (this.#timer !== undefined && this.#timer.at <= time)) return
    this.stop()
    const clock = this.#clock
    const cancel = clock.after(Math.max(0, time - clock.now()), () => {
      this.#timer = undefined
      this.#wake()
    })
    this.#timer = { at: time, cancel }
  }

  /** Nothing is told any more, until it is asked for again. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** The next time is counted from when this one was due; from now, where that is long ago. */
  #after(due: number, interval: number): number {
    if (interval === 0) return due
    const now = this.#now
    const next = due + interval
    return next > now + this.#early ? next : now + interval
  }

  /** At ticks, the time of the last, which is even. */
  get #now(): number {
    return this.#atTicks ? this.#tickedAt : this.#clock.now()
  }
}
