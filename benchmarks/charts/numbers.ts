/** A figure with as many digits as are worth reading: 0.058, 3.42, 11.2, 1,355. */
export function figure(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  const digits = Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3
  return value.toFixed(digits)
}

/** How many times as much was measured: 0.31, 1.50; with a digit more where it would read like what is wanted. */
export function ratioTo(wanted: number, value: number): string {
  const text = value.toFixed(2)
  return text === wanted.toFixed(2) && value !== wanted ? value.toFixed(3) : text
}

/** What somebody wrote down: 0.4, 1.25, 1,500. */
export const written = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 6 })

export interface Spread {
  readonly low: number
  readonly high: number
}

export function spread(values: readonly number[]): Spread {
  return { low: Math.min(...values), high: Math.max(...values) }
}
