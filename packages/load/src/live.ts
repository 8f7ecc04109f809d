import { duration } from './durations.ts'
import { figure, whole } from './numbers.ts'
import type { Interval } from './totals.ts'

/** How far a run is. */
export interface Progress extends Interval {
  readonly allBots: number
  /** Seconds. */
  readonly total: number
}

/** Where the progress is shown. */
export interface Screen {
  /** Whether a line can be written over. */
  readonly isTerminal: boolean
  /** Columns. */
  readonly width: number
  write(text: string): void
}

/** Seconds between two lines where lines stay. */
const lineInterval = 5
/** More lines of the scenario's own within a second are only counted. */
const mostLines = 50
const barWidth = 16

/** Shows how a run goes: one line that is written over on a terminal, elsewhere a line now and then. */
export class Live {
  readonly #screen: Screen
  #line = ''
  #lastLine = 0
  #printed = 0
  #hidden = 0

  constructor(screen: Screen) {
    this.#screen = screen
  }

  show(progress: Progress): void {
    if (this.#hidden > 0) this.#over(`… and ${whole(this.#hidden)} more lines of the scenario's output`)
    this.#printed = this.#hidden = 0
    if (this.#screen.isTerminal) {
      this.#line = lineOf(progress, this.#screen.width - 1)
      this.#screen.write(`\r\u001B[2K${this.#line}`)
    } else if (progress.at - this.#lastLine >= lineInterval - 0.5) {
      this.#lastLine = progress.at
      this.#screen.write(`${lineOf(progress, 200)}\n`)
    }
  }

  /** A line that the scenario has printed. */
  print(text: string): void {
    if (this.#printed++ < mostLines) this.#over(text)
    else this.#hidden++
  }

  /** Leaves the place to what comes next. */
  end(): void {
    if (this.#screen.isTerminal && this.#line !== '') this.#screen.write('\r\u001B[2K')
    this.#line = ''
  }

  /** Above the line that is written over. */
  #over(text: string): void {
    const isLive = this.#screen.isTerminal && this.#line !== ''
    this.#screen.write(isLive ? `\r\u001B[2K${text}\n${this.#line}` : `${text}\n`)
  }
}

/** One line of at most so many columns: what matters most comes first, and what does not fit is left out. */
export function lineOf(progress: Progress, width: number): string {
  const { at, total, bots, allBots, joins, calls, p50, p99, errors } = progress
  const done = total > 0 ? Math.min(1, at / total) : 1
  const bar = '█'.repeat(Math.round(done * barWidth)).padEnd(barWidth, '░')
  const parts = [
    `${bar} ${duration(Math.max(0, Math.ceil(total - at)) * 1_000)} left`,
    `${whole(bots)}/${whole(allBots)} bots`,
    `${errors === 1 ? '1 error' : `${whole(errors)} errors`}`,
    ...(p50 === undefined || p99 === undefined ? [] : [`p50 ${figure(p50)} ms`, `p99 ${figure(p99)} ms`]),
    `${figure(calls)} calls/s`,
    `${figure(joins)} joins/s`,
  ]
  while (parts.length > 1 && parts.join(' · ').length > width) parts.pop()
  return parts.join(' · ').slice(0, width)
}
