import { cpus, platform, arch } from 'node:os'
import { verdictOf } from './generator.ts'
import type { Histogram } from './histogram.ts'
import { binsOf } from './bars.ts'
import type { Outcome } from './report.ts'
import { sortedErrors, type Interval } from './totals.ts'

const percentiles = [1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99]

/** The figures of a run for programs: what `--json` writes. Times in milliseconds. */
export function jsonOf(outcome: Outcome, intervals: readonly Interval[], exitCode: number, began: Date): string {
  const { file, plan, totals, seconds, endedEarly, generator, processors, verdicts, faults } = outcome
  const { thresholds: _thresholds, isDefaultThreshold: _isDefault, ...settings } = plan
  const measures = new Map(
    [...totals.measures].map(([name, { times, failed }]) => [name, { ...summaryOf(times), failed }]),
  )
  const report = {
    scenario: file,
    began: began.toISOString(),
    seconds,
    endedEarly,
    settings,
    machine: { node: process.version, platform: platform(), arch: arch(), cpu: cpus()[0]?.model, processors },
    measures: Object.fromEntries(measures),
    counters: Object.fromEntries(totals.counters),
    errors: sortedErrors(totals).map(({ key: _key, ...error }) => error),
    generator: { ...generator, isBottleneck: verdictOf(generator, processors).isBottleneck },
    thresholds: verdicts,
    faults,
    exitCode,
    intervals,
  }
  return `${JSON.stringify(report, null, 2)}\n`
}

function summaryOf(times: Histogram): object {
  const { count, min, mean, max } = times
  if (count === 0) return { count }
  const spread = new Map(percentiles.map((percent) => [`p${percent}`, times.percentile(percent)]))
  return { count, min, mean, max, percentiles: Object.fromEntries(spread), histogram: binsOf(times) }
}
