import type { Histogram } from './histogram.ts'
import { figure } from './numbers.ts'

/** Rows beyond which a finer scale is given up. */
const mostRows = 14
const width = 40
/** Steps within a power of ten, the finest first. */
const scales = [[1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** One row of a histogram. */
export interface Bin {
  /** Milliseconds: above the one before, up to this one. */
  readonly upTo: number
  /** A part of 1. */
  readonly share: number
}

/** How times are spread, on a scale that grows with them: the ends of a row are some parts of a power of ten. */
export function binsOf(times: Histogram): Bin[] {
  if (times.count === 0) return []
  // A few that took far longer must not make rows for all the times between: they stand in one last row.
  const top = Math.max(times.percentile(99.9), times.min)
  const found = scales.map((scale) => edgesOf(scale, times.min, top)).find((edges) => edges.length <= mostRows)
  const edges = found ?? [top]
  const bins: Bin[] = []
  let before = 0
  for (const upTo of edges) {
    const within = times.shareWithin(upTo)
    bins.push({ upTo, share: within - before })
    before = within
  }
  if (times.max > (edges.at(-1) ?? 0)) bins.push({ upTo: times.max, share: 1 - before })
  return bins
}

/** The ends of the rows that hold everything from one time to another. */
function edgesOf(scale: readonly number[], from: number, to: number): number[] {
  const edges: number[] = []
  for (let power = Math.floor(Math.log10(Math.max(from, 1e-3))); ; power++) {
    for (const step of scale) {
      const edge = Number((step * 10 ** power).toPrecision(3))
      if (edge < from) continue
      edges.push(edge)
      if (edge >= to) return edges
      if (edges.length > mostRows) return edges
    }
  }
}

/** The rows as text, with a bar for each. */
export function barsOf(times: Histogram): string[] {
  const bins = binsOf(times)
  const most = Math.max(...bins.map(({ share }) => share))
  const labels = bins.map(({ upTo }) => figure(upTo))
  const widest = Math.max(...labels.map((label) => label.length))
  return bins.map(({ share }, index) => {
    const parts = Math.round((share / most) * width * 8)
    const bar = '█'.repeat(Math.floor(parts / 8)) + (eighths[parts % 8] ?? '')
    const shown = share > 0 && share < 0.0005 ? '< 0.1 %' : `${(share * 100).toFixed(1)} %`
    return `≤ ${(labels[index] ?? '').padStart(widest)} ms  ${shown.padStart(7)}  ${bar}`.trimEnd()
  })
}
