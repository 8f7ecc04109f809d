import type { Row } from './benchmark.ts'
import { figure, ofWhom, table, verdictText } from './report.ts'
import { isJudged, type Verdict } from './targets.ts'

/** A benchmark whose figures are to hold their bounds. */
export interface Checked {
  readonly name: string
  readonly rows: readonly Row[]
  readonly verdicts: readonly Verdict[]
}

/** Says of each target whether it is met, or whether its bound holds. */
export interface CheckReport {
  readonly lines: readonly string[]
  /** What the process exits with: 0 when all bounds hold, 1 when one is broken, 3 when none is, but one could not be judged. */
  readonly code: 0 | 1 | 3
}

export function check(benchmarks: readonly Checked[]): CheckReport {
  const lines: string[][] = [['', 'of', 'target', 'bound', 'measured', 'best – worst round', '']]
  const after: string[] = []
  for (const { name, rows, verdicts } of benchmarks) {
    for (const verdict of verdicts) {
      const { row, target, bound, missed } = verdict
      const title = `${name}: ${rows.find(({ id }) => id === row)?.title ?? row}`
      const wanted = [title, ofWhom(verdict), figure(target), bound === undefined ? '' : figure(bound)]
      if (isJudged(verdict)) {
        const { measured, best, worst } = verdict
        lines.push([...wanted, figure(measured), `${figure(best)} – ${figure(worst)}`, verdictText(verdict)])
      } else lines.push([...wanted, '–', '–', `NOT JUDGED: ${verdict.reason}`])
      if (verdict.verdict === 'missed') after.push(`${title}, ${ofWhom(verdict)}: missed, ${missed}.`)
      if (verdict.verdict === 'met' && bound !== undefined)
        after.push(
          `${title}, ${ofWhom(verdict)}: met this time, worst round ${figure(verdict.worst)}. When that lasts, take its bound out.`,
        )
    }
  }
  const verdicts = benchmarks.flatMap((each) => each.verdicts)
  const broken = verdicts.filter(({ verdict }) => verdict === 'broken').length
  const unknown = verdicts.filter(({ verdict }) => verdict === 'unknown').length
  const met = verdicts.filter(({ verdict }) => verdict === 'met').length
  const count = [
    `${met} of ${verdicts.length} targets met`,
    `${verdicts.length - met - broken - unknown} missed within their bounds`,
    `${broken} bounds broken`,
    ...(unknown > 0 ? [`${unknown} not judged`] : []),
  ].join(', ')
  return {
    lines: [...table(lines), '', ...after.map((line) => `- ${line}`), ...(after.length > 0 ? [''] : []), count],
    code: broken > 0 ? 1 : unknown > 0 ? 3 : 0,
  }
}
