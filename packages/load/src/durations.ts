import { UsageError } from './usage-error.ts'

/** Milliseconds as a number, or a text with its unit: `'500ms'`, `'30s'`, `'2m'`, `'1h'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** No timer waits longer: some 24 days. */
const longest = 2 ** 31 - 1

/**
 * Milliseconds of a duration.
 *
 * @param what What it is the duration of, for the error.
 * @throws UsageError
 */
export function millisecondsOf(given: unknown, what: string): number {
  if (typeof given === 'number') return checked(given, given, what)
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(given).trim()) ?? []
  const factor = milliseconds[unit]
  if (factor === undefined) {
    const fix = /^\d+$/.test(String(given)) ? `'${String(given)}s' or '${String(given)}ms'` : `such as '30s'`
    throw new UsageError(`${what} is '${String(given)}', and must be a time with its unit (ms, s, m, h): ${fix}`)
  }
  return checked(Number(number) * factor, given, what)
}

function checked(ms: number, given: unknown, what: string): number {
  if (ms >= 0 && ms <= longest) return ms
  throw new UsageError(`${what} must be from 0 to 24 days, not ${String(given)}`)
}

/** `12.5 s`, `2 min`, `40 ms`: for people. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(1))} s`
  const minutes = Math.floor(ms / 60_000)
  const seconds = Math.round((ms % 60_000) / 1_000)
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`
}
