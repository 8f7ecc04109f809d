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

/** Says how far a run of several benchmarks is: one line that is rewritten on a terminal, lines in a log. */
export class RunProgress implements Progress {
  private readonly began: number
  private current = -1

  /**
   * @param stages The benchmarks of the run, in their order.
   * @param now Milliseconds that have passed since any moment.
   */
  constructor(
    private readonly stages: readonly Stage[],
    private readonly out: { readonly isTTY?: boolean; write(text: string): unknown },
    private readonly now: () => number = () => performance.now(),
  ) {
    this.began = now()
  }

  /** The next benchmark begins. */
  next(): void {
    this.current++
  }

  step(share: number, text: string): void {
    const seconds = (this.now() - this.began) / 1000
    const all = sum(this.stages)
    const { name, seconds: own } = this.stages[this.current]!
    const done = sum(this.stages.slice(0, this.current)) + own * share
    const percent = String(Math.floor((100 * done) / all)).padStart(3)
    const count = this.stages.length > 1 ? `${this.current + 1} of ${this.stages.length}: ` : ''
    // What was expected is corrected by what was seen, as soon as that says something.
    const pace = done > 5 ? seconds / done : 1
    const left = duration(pace * (all - done))
    const line = `${percent} %  ${count}${name}, ${text}  (${duration(seconds)}, about ${left} left)`
    if (this.out.isTTY) this.out.write(`\r\x1b[2K${line}`)
    else this.out.write(`${line}\n`)
  }

  say(text: string): void {
    this.clear()
    this.out.write(`${text}\n`)
  }

  /** Takes the line away: something else is to be written. */
  clear(): void {
    if (this.out.isTTY) this.out.write('\r\x1b[2K')
  }
}

function sum(stages: readonly Stage[]): number {
  return stages.reduce((total, { seconds }) => total + seconds, 0)
}

/** `75 s` as `1:15 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`
}
