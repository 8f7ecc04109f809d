import { nearest } from '@junto/schema/internal'
import { ownCounters } from './recorder.ts'
import { suggestion } from './suggest.ts'
import { UsageError } from './usage-error.ts'

const operators = ['<', '<=', '>', '>=', '='] as const
type Operator = (typeof operators)[number]

type Unit = 'ms' | '%' | '/s' | 'bytes' | ''

/** A condition at the end of a run, read from a text such as `call.p99<50ms`. */
export interface Threshold {
  /** As it was written, without spaces around the operator. */
  readonly text: string
  /** Of what: `call`, `call.vote`, `errors`. */
  readonly name: string
  /** Which figure of it: `p99`, `count`. */
  readonly statistic: string
  readonly operator: Operator
  /** In milliseconds, percent, bytes, or as it is. */
  readonly bound: number
  readonly unit: Unit
}

/** A threshold and whether it held. */
export interface Verdict {
  readonly threshold: string
  readonly met: boolean
  /** What was measured; undefined when nothing was. */
  readonly value: number | undefined
  /** For people: `4.2 ms`, or why there is no value. */
  readonly found: string
}

/** What was measured under a name. */
export interface Judged {
  /** Times of a measure, in milliseconds. @param percent From 0 to 100. */
  readonly times?:
    | { percentile(percent: number): number; readonly min: number; readonly mean: number; readonly max: number }
    | undefined
  /** How often. */
  readonly count: number
  /** How often it failed, of a measure. */
  readonly failed?: number | undefined
}

const times = /^(p\d+(\.\d+)?|min|mean|max)$/
const statistics = ['p50', 'p90', 'p99', 'p99.9', 'min', 'mean', 'max', 'count', 'rate', 'errors']
const form = /^(.+)\.(p\d+(?:\.\d+)?|[a-z]+)\s*(<=|>=|==|=|<|>)\s*(\d+(?:\.\d+)?)\s*(\S*)$/i
const factors: Readonly<Record<string, readonly [Unit, number]>> = {
  us: ['ms', 0.001],
  µs: ['ms', 0.001],
  ms: ['ms', 1],
  s: ['ms', 1_000],
  '%': ['%', 1],
  '/s': ['/s', 1],
  B: ['bytes', 1],
  KB: ['bytes', 1_000],
  MB: ['bytes', 1_000_000],
  'B/s': ['/s', 1],
  'KB/s': ['/s', 1_000],
  'MB/s': ['/s', 1_000_000],
  '': ['', 1],
}

/** @throws UsageError naming what is wrong with the text. */
export function thresholdOf(text: string): Threshold {
  const parts = form.exec(text.trim())
  if (parts === null) {
    throw new UsageError(`threshold '${text}' must have the form NAME.FIGURE<VALUE, such as 'call.p99<50ms'`)
  }
  const [, name = '', statistic = '', sign = '', number = '', suffix = ''] = parts
  const isTime = times.test(statistic)
  if (!isTime && !statistics.includes(statistic)) {
    throw new UsageError(`threshold '${text}': there is no figure '${statistic}'${suggestion(statistic, statistics)}`)
  }
  if (isTime && statistic.startsWith('p') && !(Number(statistic.slice(1)) <= 100)) {
    throw new UsageError(`threshold '${text}': a percentile is from p0 to p100`)
  }
  const [unit, factor] = factors[suffix] ?? []
  if (unit === undefined || factor === undefined) {
    throw new UsageError(`threshold '${text}': there is no unit '${suffix}'${suggestion(suffix, Object.keys(factors))}`)
  }
  if (isTime !== (unit === 'ms')) {
    const fix = isTime ? `is a time: write ${number}ms` : `is no time: leave '${suffix}' out`
    throw new UsageError(`threshold '${text}': ${statistic} ${fix}`)
  }
  if (unit === '%' && statistic !== 'errors') throw new UsageError(`threshold '${text}': only errors may be in percent`)
  if (unit === '/s' && statistic !== 'rate') throw new UsageError(`threshold '${text}': only a rate is per second`)
  const operator = operators.find((each) => each === sign) ?? '='
  const tidy = `${name}.${statistic}${operator}${number}${suffix}`
  return { text: tidy, name, statistic, operator, bound: Number(number) * factor, unit }
}

/**
 * Judges thresholds at the end of a run.
 *
 * @param find What was measured under a name.
 * @param names All names, for whoever has written another one.
 * @param seconds How long the run was.
 */
export function judge(
  thresholds: readonly Threshold[],
  find: (name: string) => Judged | undefined,
  names: readonly string[],
  seconds: number,
): Verdict[] {
  return thresholds.map((threshold) => {
    const { text, name, statistic, unit } = threshold
    const found = find(name)
    if (found === undefined) {
      // Something that is only counted may well never have happened.
      if (statistic === 'count' || statistic === 'rate') {
        const nobody = `nothing had the name '${name}'`
        // A slip of the pen would be met in every run.
        const meant = nearest(name, [...ownCounters, ...names]) ?? ownCounters.find((own) => isShortFor(own, name))
        if (meant !== undefined) {
          return { threshold: text, met: false, value: undefined, found: `${nobody}; did you mean '${meant}'?` }
        }
        return { threshold: text, met: holds(threshold, 0), value: 0, found: `0: ${nobody}` }
      }
      const why = `nothing was measured under '${name}'${suggestion(name, names)}`
      return { threshold: text, met: false, value: undefined, found: why }
    }
    const value = figureOf(found, statistic, unit, seconds)
    if (value === undefined) return { threshold: text, met: false, value, found: `'${name}' has no times` }
    return { threshold: text, met: holds(threshold, value), value, found: `${rounded(value)}${shownUnit(unit)}` }
  })
}

/** Whether a name is another one with letters left out: `errs` for `errors`. */
function isShortFor(long: string, short: string): boolean {
  let at = 0
  for (const letter of long) if (letter === short[at]) at++
  return short.length >= 3 && at === short.length && long[0] === short[0]
}

function figureOf(found: Judged, statistic: string, unit: Unit, seconds: number): number | undefined {
  const { times: measured, count, failed = 0 } = found
  if (statistic === 'count') return count
  if (statistic === 'rate') return seconds > 0 ? count / seconds : 0
  if (statistic === 'errors') return unit === '%' ? share(failed, count + failed) : failed
  if (measured === undefined) return undefined
  if (statistic === 'min' || statistic === 'mean' || statistic === 'max') return measured[statistic]
  return measured.percentile(Number(statistic.slice(1)))
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * 100
}

function holds({ operator, bound }: Threshold, value: number): boolean {
  switch (operator) {
    case '<':
      return value < bound
    case '<=':
      return value <= bound
    case '>':
      return value > bound
    case '>=':
      return value >= bound
    case '=':
      return value === bound
  }
}

function rounded(value: number): string {
  return String(Number(value < 100 ? value.toPrecision(3) : value.toFixed(1)))
}

function shownUnit(unit: Unit): string {
  return unit === 'ms' ? ' ms' : unit === '%' ? ' %' : unit === '' ? '' : unit === 'bytes' ? ' bytes' : ' /s'
}
