import { styleText } from 'node:util'
import { adviceOn } from './advice.ts'
import { barsOf } from './bars.ts'
import { duration } from './durations.ts'
import { addressAdvice, verdictOf, type GeneratorFigures } from './generator.ts'
import { byteCount, figure, whole } from './numbers.ts'
import type { Plan } from './plan.ts'
import { ownCounters } from './recorder.ts'
import type { Verdict } from './thresholds.ts'
import { sortedErrors, type Totals } from './totals.ts'

/** How a run went. */
export interface Outcome {
  readonly file: string
  readonly plan: Plan
  readonly totals: Totals
  /** How long it was. */
  readonly seconds: number
  /** Why it ended before its time. */
  readonly endedEarly: string | undefined
  readonly generator: GeneratorFigures
  /** Of this machine. */
  readonly processors: number
  readonly verdicts: readonly Verdict[]
  /** What makes the figures incomplete. */
  readonly faults: readonly string[]
}

const percentiles = [50, 90, 99, 99.9]
/** Errors of so many kinds are shown. */
const mostErrors = 12
/** Measures beyond these have their row in the table, and no histogram. */
const mostHistograms = 12

/** The figures of a run, for a person. */
export function reportOf(outcome: Outcome, isColored: boolean): string {
  const color = (style: 'red' | 'green' | 'yellow' | 'bold', text: string): string =>
    isColored ? styleText(style, text) : text
  const { plan, endedEarly, faults, verdicts, generator, processors, totals, seconds } = outcome
  const verdict = verdictOf(generator, processors)
  const advice = addressAdvice(totals.counter('bytesOut'), totals.counter('messagesOut'), seconds)
  const sections = [
    [
      color('bold', `${outcome.file} → ${plan.url}`),
      `${bots(plan.bots)} within ${duration(plan.ramp)}, then ${duration(plan.hold)} with all of them; seed ${plan.seed}`,
      ...(endedEarly === undefined
        ? []
        : [color('yellow', `Ended after ${duration(seconds * 1_000)}: ${endedEarly}.`)]),
    ],
    tableOf(totals, seconds),
    ...histogramsOf(totals).map(([name, ...bars]) => [color('bold', name ?? ''), ...bars]),
    countersOf(totals, seconds, plan.bots),
    errorsOf(totals, (text) => color('red', text)),
    [
      color('bold', 'The load itself'),
      ...verdict.lines.map((line, index) => indented(verdict.isBottleneck && index > 0 ? color('yellow', line) : line)),
      ...(advice === undefined ? [] : [indented(color('yellow', advice))]),
    ],
    [
      color('bold', 'Thresholds'),
      ...verdicts.map(({ threshold, met, found }) => {
        const mark = met ? color('green', 'met   ') : color('red', 'MISSED')
        return indented(`${mark}  ${threshold}  (${found})${plan.isDefaultThreshold ? '  by default' : ''}`)
      }),
      ...(verdict.isBottleneck && verdicts.some(({ met }) => !met)
        ? [indented('What was missed may be due to the load itself: see above.')]
        : []),
    ],
    faults.map((fault) => color('red', fault)),
  ]
  return `\n${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function bots(count: number): string {
  return count === 1 ? '1 bot' : `${whole(count)} bots`
}

function indented(text: string): string {
  return `  ${text}`
}

/** Measures worth a row: all calls together only where there are several. */
function shown(totals: Totals): string[] {
  const names = [...totals.measures.keys()]
  return names.filter((name) => names.filter((each) => each.startsWith(`${name}.`)).length !== 1).sort(byKind)
}

/** Joins first, then what the tool measures in calls, then the scenario's own. */
function byKind(a: string, b: string): number {
  const order = ['join', 'reconnect', 'call', 'mutate']
  const rank = (name: string): number => {
    const found = order.indexOf(name.split('.')[0] ?? name)
    return found < 0 ? order.length : found
  }
  return rank(a) - rank(b) || a.localeCompare(b)
}

function tableOf(totals: Totals, seconds: number): string[] {
  const head = ['ms', 'count', 'per s', 'failed', 'min', ...percentiles.map((each) => `p${each}`), 'max']
  const rows = shown(totals).map((name) => {
    const { times, failed } = totals.measures.get(name) ?? { times: undefined, failed: 0 }
    const counts = [
      name,
      whole(times?.count ?? 0),
      figure((times?.count ?? 0) / Math.max(seconds, 0.001)),
      whole(failed),
    ]
    if (times === undefined || times.count === 0) return [...counts, ...Array.from({ length: 6 }, () => '–')]
    return [...counts, ...[times.min, ...percentiles.map((each) => times.percentile(each)), times.max].map(figure)]
  })
  if (rows.length === 0) return ['Nothing was measured: no bot joined a room, or called anything.']
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
}

function histogramsOf(totals: Totals): string[][] {
  const histograms = shown(totals).flatMap((name) => {
    const times = totals.measures.get(name)?.times
    return times === undefined || times.count < 2 ? [] : [[name, ...barsOf(times).map(indented)]]
  })
  const more = histograms.length - mostHistograms
  const shownOnes = histograms.slice(0, mostHistograms)
  return more > 0 ? [...shownOnes, [`and ${whole(more)} histograms more: --json has them all`]] : shownOnes
}

function countersOf(totals: Totals, seconds: number, count: number): string[] {
  const total = (name: string): number => totals.counter(name)
  const rate = (bytes: number): string => byteCount(bytes / Math.max(seconds, 0.001))
  const own: readonly string[] = ownCounters
  const counters = [...totals.counters].filter(([name]) => !own.includes(name))
  const widest = Math.max(10, ...counters.map(([name]) => name.length))
  const traffic = (way: string, messages: number, bytes: number): string =>
    `  ${way.padEnd(widest)}  ${whole(messages)} messages, ${byteCount(bytes)}: ${rate(bytes)}/s, ${rate(bytes / count)}/s for each bot`
  const recoveries = total('resumed') + total('resynced') + total('lost')
  return [
    traffic('received', total('messagesIn'), total('bytesIn')),
    traffic('sent', total('messagesOut'), total('bytesOut')),
    ...(total('events') === 0
      ? []
      : [
          `  ${'events'.padEnd(widest)}  ${whole(total('events'))} sent, ${whole(total('eventsDropped'))} of them dropped`,
        ]),
    ...(total('drops') + recoveries === 0
      ? [`  ${'drops'.padEnd(widest)}  no connection was lost`]
      : [
          `  ${'drops'.padEnd(widest)}  ${whole(total('drops'))} connections were lost; rooms: ${whole(total('resumed'))} resumed, ${whole(total('resynced'))} resynced, ${whole(total('lost'))} lost`,
        ]),
    ...(total('unanswered') === 0
      ? []
      : [
          `  ${'unanswered'.padEnd(widest)}  ${whole(total('unanswered'))}: without an answer when the run ended, for a second and longer; the times above hold what they had waited`,
        ]),
    ...(total('corrections') === 0
      ? []
      : [`  ${'corrected'.padEnd(widest)}  ${whole(total('corrections'))} mutations, by the server`]),
    ...counters.map(
      ([name, value]) => `  ${name.padEnd(widest)}  ${whole(value)}: ${figure(value / Math.max(seconds, 0.001))}/s`,
    ),
  ]
}

function errorsOf(totals: Totals, red: (text: string) => string): string[] {
  const errors = sortedErrors(totals)
  if (errors.length === 0) return ['No errors.']
  const all = totals.counter('errors')
  const failed = totals.counter('botsFailed')
  const widest = Math.max(...errors.map(({ count }) => whole(count).length))
  const lines = errors.slice(0, mostErrors).flatMap((error) => {
    const advice = adviceOn(error)
    const margin = ' '.repeat(widest + 4)
    return [
      `  ${whole(error.count).padStart(widest)}  ${error.text}${error.declared ? ' (declared by the call: an answer)' : ''}`,
      ...(error.at === undefined ? [] : [`${margin}at ${error.at}`]),
      ...(advice === undefined ? [] : [`${margin}→ ${advice}`]),
    ]
  })
  const more = errors.length - mostErrors
  const title = `${all === 1 ? '1 error' : `${whole(all)} errors`}${failed === 0 ? '' : `; ${bots(failed)} failed`}`
  return [
    all === 0 ? title : red(title),
    ...lines,
    ...(more > 0 ? [`  and ${more} kinds more: --json has them all`] : []),
  ]
}
