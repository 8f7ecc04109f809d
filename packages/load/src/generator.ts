import { serverLimitsTable } from '@junto/protocol'
import type { Usage } from './messages.ts'

/** A process that is busier than this measures its own queue, too. */
const full = 0.85
/** Milliseconds that a timer may be late before times of a few milliseconds mean little. */
const veryLate = 50
/** Reports of this part of all that were full make a bottleneck. */
const often = 0.1

/** How busy the processes with bots were, and this machine. */
export interface GeneratorFigures {
  readonly processes: readonly {
    /** Parts of 1: the mean of the whole run. */
    readonly loop: number
    readonly cpu: number
    /** The part of the run in which it was full. */
    readonly full: number
    /** The part in which it was full by its own work alone, and did not wait for a processor. */
    readonly fullAlone: number
    /** Milliseconds: how late timers were at worst. */
    readonly late: number
  }[]
  /** The part of the run in which all processors of this machine were busy. */
  readonly machineFull: number
}

/** Collects how busy the load's own side is: the figures of a generator that cannot keep up are its own, and not the server's. */
export class GeneratorWatch {
  readonly #usages = new Map<number, Usage[]>()
  #machine: { busy: number; full: number } = { busy: 0, full: 0 }

  /** @param index Of which process. */
  take(index: number, usage: Usage): void {
    const known = this.#usages.get(index)
    if (known === undefined) this.#usages.set(index, [usage])
    else known.push(usage)
  }

  /** @param share Of all processors of this machine, within the last interval: a part of 1. */
  machine(share: number): void {
    this.#machine = { busy: this.#machine.busy + 1, full: this.#machine.full + (share > 0.95 ? 1 : 0) }
  }

  get figures(): GeneratorFigures {
    const processes = [...this.#usages.values()].map((usages) => ({
      loop: mean(usages.map(({ loop }) => loop)),
      cpu: mean(usages.map(({ cpu }) => cpu)),
      full: mean(usages.map(({ loop, cpu }) => (loop > full || cpu > full ? 1 : 0))),
      fullAlone: mean(usages.map(({ cpu }) => (cpu > full ? 1 : 0))),
      late: Math.max(...usages.map(({ late }) => late)),
    }))
    const { busy, full: whole } = this.#machine
    return { processes, machineFull: busy === 0 ? 0 : whole / busy }
  }
}

/** What to say of it, and whether it was the bottleneck. */
export function verdictOf(
  { processes, machineFull }: GeneratorFigures,
  processors: number,
): { readonly isBottleneck: boolean; readonly lines: readonly string[] } {
  if (processes.length === 0) return { isBottleneck: false, lines: ['No process has told how busy it was.'] }
  const busiest = processes.reduce((most, each) => Math.max(most, each.full), 0)
  const loop = processes.reduce((most, each) => Math.max(most, each.loop), 0)
  const late = processes.reduce((most, each) => Math.max(most, each.late), 0)
  const count = processes.length === 1 ? '1 process' : `${processes.length} processes`
  const figures = `${count}, the busiest ${percent(loop)} busy on average; timers at most ${Math.round(late)} ms late`
  const alone = processes.reduce((most, each) => Math.max(most, each.fullAlone), 0)
  // One that only waited for a processor was not too slow itself.
  if (busiest > often && (machineFull <= often || alone > often)) {
    const advice =
      processes.length < processors && machineFull <= often
        ? `Give it more processes (--processes ${Math.min(processors, processes.length * 2)}), or less to do for each bot`
        : 'Run part of the bots on another machine, or give each bot less to do'
    return {
      isBottleneck: true,
      lines: [
        `${figures}.`,
        `The load was the bottleneck: it was full ${percent(busiest)} of the time, and the times above hold its own queue. ${advice}.`,
      ],
    }
  }
  if (machineFull > often) {
    return {
      isBottleneck: true,
      lines: [
        `${figures}.`,
        `All processors of this machine were busy ${percent(machineFull)} of the time: if the server runs here too, the two took them from each other.`,
      ],
    }
  }
  if (late > veryLate) {
    return { isBottleneck: false, lines: [`${figures}: the longest times above may be the load's own pauses.`] }
  }
  return { isBottleneck: false, lines: [`${figures}: it was not the bottleneck.`] }
}

/**
 * Whether the bots sent nearly what a server reads from one address unless it is told otherwise: beyond it the server reads later, without
 * any error.
 */
export function addressAdvice(bytesOut: number, messagesOut: number, seconds: number): string | undefined {
  const { value } = serverLimitsTable.byteRatePerAddress
  const rate = seconds > 0 ? (bytesOut + 32 * messagesOut) / seconds : 0
  if (rate < value * 0.8) return undefined
  const share = percent(rate / value)
  return `The bots sent ${share} of what a server reads from one address by default (byteRatePerAddress): beyond it, it reads later, which looks like a slow server. Raise it for the test.`
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}
