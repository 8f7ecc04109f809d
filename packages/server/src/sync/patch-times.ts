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
  readonly #options: PatchTimesOptions
  /** Of the patches that all get. */
  readonly #patches: Pace
  /** When members are told how far the room is although nothing has changed. */
  readonly #quiet: Pace
  /** Milliseconds that do not matter: half a tick, where patches leave at ticks. Where they may leave more often than ticks come, they do. */
  readonly #early: number
  #atTicks = false
  #tickedAt = 0
  #timer: { readonly at: number; readonly cancel: () => void } | undefined

  constructor(options: PatchTimesOptions) {
    this.#options = options
    const { interval, tick } = options
    this.#patches = new Pace(interval)
    this.#quiet = new Pace(interval)
    this.#early = interval * 1.001 >= tick ? tick / 2 : 0
  }

  /** Whether patches leave at ticks, and not otherwise unless somebody cannot wait. */
  get atTicks(): boolean {
    return this.#atTicks
  }

  /** Ticks come from now on, or come no more. */
  set ticking(ticking: boolean) {
    this.#atTicks = ticking && this.#early > 0
    this.#tickedAt = this.#options.clock.now()
    if (this.#atTicks) this.stop()
  }

  /** A tick is over. */
  ticked(at: number): void {
    this.#tickedAt = at
  }

  /** Whether a patch may leave now. */
  get isDue(): boolean {
    return this.isDueFor(this.#patches)
  }

  /** When one may. */
  get due(): number {
    return this.#patches.due
  }

  /** Whether it may be told that nothing has changed. */
  get isQuietDue(): boolean {
    return this.isDueFor(this.#quiet)
  }

  /** Where a patch leaves now, others follow so much later. At ticks they do anyway. */
  closing(): void {
    if (!this.#atTicks) this.#patches.due = this.#now + this.#patches.interval
  }

  /** A patch has left at a tick. */
  left(): void {
    if (this.#atTicks) this.done(this.#patches)
    this.#quiet.due = this.#patches.due
  }

  /** It was told that nothing has changed. */
  stood(): void {
    this.done(this.#quiet)
  }

  isDueFor({ due }: Pace): boolean {
    return this.#now + this.#early >= due
  }

  /** It is done. The next time is counted from when this one was due; from now, where that is long ago. */
  done(pace: Pace): void {
    if (pace.interval === 0) return
    const now = this.#now
    const next = pace.due + pace.interval
    pace.due = next > now + this.#early ? next : now + pace.interval
  }

  /** Has it told when that time has come, unless it is looked for at ticks. Of several times the first counts. */
  wakeAt(time: number): void {
    if (this.#atTicks || time === Infinity || (this.#timer !== undefined && this.#timer.at <= time)) return
    this.stop()
    const { clock, wake } = this.#options
    const cancel = clock.after(Math.max(0, time - clock.now()), () => {
      this.#timer = undefined
      wake()
    })
    this.#timer = { at: time, cancel }
  }

  /** Nothing is told any more, until it is asked for again. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** At ticks, the time of the last, which is even. */
  get #now(): number {
    return this.#atTicks ? this.#tickedAt : this.#options.clock.now()
  }
}
