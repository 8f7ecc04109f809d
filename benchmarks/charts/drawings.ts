import { barChart } from './bars.ts'
import type { Recorded, RecordedRow } from '../recorded.ts'
import type { Chart, Runs } from './catalogue.ts'
import { growthChart, grownRows } from './growth.ts'
import { figure } from './numbers.ts'
import { sortedPeers, themes, titleOf, type Theme } from './palette.ts'
import type { Specification } from './style.ts'

/** A file to be drawn. */
export interface Drawing {
  /** Its name, within docs/images/benchmarks. */
  readonly file: string
  readonly specification: Specification
  /** What it shows, in words. */
  readonly description: string
}

/** A drawing of each chart for each theme, as far as their rows are recorded. */
export function drawings(charts: readonly Chart[], runs: Runs): Drawing[] {
  return charts.flatMap((chart) => {
    const run = runs.get(chart.benchmark)
    if (run === undefined || rowsOf(chart, run).length === 0) return []
    return themes.map((theme) => ({
      file: fileOf(chart, theme),
      specification: chart.kind === 'bars' ? barChart(chart, run, theme) : growthChart(chart, run, theme),
      description: describe(chart, run),
    }))
  })
}

export const fileOf = (chart: Chart, theme: Theme): string => `${chart.name}-${theme.name}.svg`

/** Medians as a text, for who cannot see the chart. */
export function describe(chart: Chart, run: Recorded): string {
  const rows = rowsOf(chart, run).map(({ title, row }) => {
    const figures = sortedPeers(Object.keys(row.peers)).map((peer) => {
      const median = row.peers[peer]?.median
      return median === undefined ? '' : `${titleOf(peer)} ${figure(median)}`
    })
    return `${title} (${row.unit}): ${figures.join(', ')}`
  })
  return `${chart.title}. ${rows.join('; ')}.`
}

function rowsOf(chart: Chart, run: Recorded): { title: string; row: RecordedRow }[] {
  if (chart.kind === 'growth') {
    return grownRows(chart, run).map(({ count, row }) => ({
      title: `${figure(count)} ${count === 1 ? chart.counted.replace(/s\b/, '') : chart.counted}`,
      row,
    }))
  }
  return chart.panels.flatMap((panel) => {
    const row = run.rows.find(({ id }) => id === panel.row)
    return row === undefined ? [] : [{ title: panel.title ?? row.title, row }]
  })
}
