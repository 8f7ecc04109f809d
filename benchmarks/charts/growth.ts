import type { Recorded, RecordedRow } from '../recorded.ts'
import type { GrowthChart } from './catalogue.ts'
import { spread } from './numbers.ts'
import { colourOf, shapeOf, sortedPeers, titleOf, type Theme } from './palette.ts'
import { frame, width, type Specification } from './style.ts'

/** The rows of a chart of growth, by what they count. */
export function grownRows({ prefix }: GrowthChart, run: Recorded): { count: number; row: RecordedRow }[] {
  return run.rows.flatMap((row) => {
    const [, name, count] = /^(.+)-(\d+)$/.exec(row.id) ?? []
    return name === prefix ? [{ count: Number(count), row }] : []
  })
}

/** A line for each peer through the medians, points of the rounds, and how Junto's would go on if twice as many cost twice as much. */
export function growthChart(chart: GrowthChart, run: Recorded, theme: Theme): Specification {
  const rows = grownRows(chart, run)
  const peers = sortedPeers(rows.flatMap(({ row }) => Object.keys(row.peers)))
  const measured = rows.flatMap(({ count, row }) =>
    peers.flatMap((peer) => {
      const found = row.peers[peer]
      return found === undefined ? [] : [{ count, peer: titleOf(peer), ...found, ...spread(found.values) }]
    }),
  )
  const medians = measured.map(({ count, peer, median, low, high }) => ({ count, peer, median, low, high }))
  const points = measured.flatMap(({ count, peer, values }) => values.map((value) => ({ count, peer, value })))
  const counts = Array.from(new Set(rows.map(({ count }) => count))).toSorted((a, b) => a - b)
  const [lowest, highest] = [
    Math.min(...points.map(({ value }) => value)),
    Math.max(...points.map(({ value }) => value)),
  ]
  const domain = [lowest / 1.5, Math.max(highest * 1.5, lowest * 12)] as const
  const linear = linearGrowth(
    medians.filter(({ peer }) => peer === titleOf('junto')),
    counts.at(-1) ?? 1,
    domain[1],
  )

  const x = {
    field: 'count',
    type: 'quantitative',
    scale: { type: 'log', domain: [counts[0], counts.at(-1)], nice: false, padding: 24 },
    axis: { title: chart.counted, values: counts, format: ',d', grid: false, labelFlush: false, labelOverlap: false },
  }
  const y = {
    type: 'quantitative',
    scale: { type: 'log', domain, nice: false },
    axis: { title: null, values: roundValues(...domain), format: '~r', minExtent: 44, maxExtent: 44 },
  }
  const names = peers.map(titleOf)
  const legend = { title: null, orient: 'top', direction: 'horizontal', columns: 3, columnPadding: 18, offset: 8 }
  const color = {
    field: 'peer',
    type: 'nominal',
    scale: { domain: names, range: peers.map((peer) => colourOf(peer, theme)) },
    legend,
  }
  const shape = { field: 'peer', type: 'nominal', scale: { domain: names, range: peers.map(shapeOf) }, legend }
  return frame(
    theme,
    chart.title,
    `${chart.measured ?? rows[0]?.row.unit ?? ''}; lower is better. Both axes are logarithmic. Dashed: Junto's first figure, grown linearly. Vertical lines: lowest to highest round.`,
    [
      {
        width: width.names + width.plot - 45,
        height: 250,
        layer: [
          {
            data: { values: linear },
            mark: { type: 'line', color: theme.muted, strokeDash: [5, 4], strokeWidth: 1.5 },
            encoding: { x, y: { ...y, field: 'value' } },
          },
          {
            data: { values: medians },
            mark: { type: 'rule', strokeWidth: 1.5 },
            encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
          },
          {
            data: { values: medians },
            mark: { type: 'line', strokeWidth: 2 },
            encoding: { x, y: { ...y, field: 'median' }, color },
          },
          {
            data: { values: medians },
            mark: { type: 'point', filled: true, size: 70, opacity: 1 },
            encoding: { x, y: { ...y, field: 'median' }, color, shape },
          },
        ],
      },
    ],
  )
}

/** From the first point to the last count, or as far as the chart is high. */
function linearGrowth(
  medians: readonly { count: number; median: number }[],
  last: number,
  highest: number,
): { count: number; value: number }[] {
  const first = medians[0]
  if (first === undefined) return []
  const end = Math.min(last, (first.count * highest) / first.median)
  return [
    { count: first.count, value: first.median },
    { count: end, value: (first.median * end) / first.count },
  ]
}

/** 1, 2, 5, 10, …: those between, or only powers of ten when there are many. */
function roundValues(low: number, high: number): number[] {
  const steps = high / low > 1000 ? [1] : high / low > 100 ? [1, 3] : [1, 2, 5]
  const values: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of steps) {
      const value = Number((step * 10 ** power).toPrecision(1))
      if (value >= low && value <= high) values.push(value)
    }
  }
  return values
}
