/** Where a benchmark says how far it is. */
export interface Progress {
  /** `share` of the benchmark is done (0 to 1), and `text` comes next. */
  step(share: number, text: string): void
  /** Leaves a line standing. */
  say(text: string): void
}

/** A benchmark of a run, and about how many seconds it takes. */
export interface Stage {
  readonly name: string
  readonly seconds: number
}

/** What of a stream is needed: `process.stderr`. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Says how far a run of several benchmarks is: one line that is rewritten on a terminal, a line for each step in a log. */
export class RunProgress implements Progress {
  private readonly began: number
  private readonly all: number
  private current = -1
  private text = ''
  /** What was done at the last step, in expected seconds, and when that was. */
  private done = 0
  private since: number
  private most = 0

  /**
   * @param stages The benchmarks of the run, in their order.
   * @param now Milliseconds that have passed since any moment.
   */
  constructor(
    private readonly stages: readonly Stage[],
    private readonly out: Output,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.began = now()
    this.since = this.began
    this.all = sum(stages)
  }

  /** The next benchmark begins. */
  next(): void {
    this.current++
    this.step(0, 'begins')
  }

  step(share: number, text: string): void {
    const { name, seconds } = this.stages[this.current]!
    const count = this.stages.length > 1 ? `${this.current + 1} of ${this.stages.length}: ` : ''
    this.done = sum(this.stages.slice(0, this.current)) + seconds * share
    this.since = this.now()
    this.text = `${count}${name}, ${text}`
    this.show()
  }

  /** Lets the time pass on a terminal. To be called every second or so. */
  tick(): void {
    if (this.out.isTTY && this.current >= 0) this.show()
  }

  say(text: string): void {
    this.clear()
    this.out.write(`${text}\n`)
  }

  /** Takes the line away: something else is to be written. */
  clear(): void {
    if (this.out.isTTY) this.out.write('\r\x1b[2K')
  }

  private show(): void {
    const now = this.now()
    const passed = (now - this.began) / 1000
    // What was expected is corrected by what was seen, the more of it has been: steps of a benchmark are not of one length.
    const trust = this.all / 10
    const pace = ((this.since - this.began) / 1000 + trust) / (this.done + trust)
    const left = Math.max(0, pace * (this.all - this.done) - (now - this.since) / 1000)
    this.most = Math.max(this.most, Math.min(99, Math.floor((100 * passed) / (passed + left)) || 0))
    const line = `${String(this.most).padStart(3)} %  ${this.text}  (${duration(passed)}, about ${duration(left)} left)`
    if (!this.out.isTTY) this.out.write(`${line}\n`)
    // A line that is too long would be left behind.
    else this.out.write(`\r\x1b[2K${line.slice(0, (this.out.columns ?? 80) - 1)}`)
  }
}

function sum(stages: readonly Stage[]): number {
  return stages.reduce((total, { seconds }) => total + seconds, 0)
}

/** `75` as `1:15 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`
}
