import type { Chart, Runs } from './catalogue.ts'
import { describe, drawings, fileOf } from './drawings.ts'
import { themes } from './palette.ts'
import { figuresTable, missedTable, notesList, runsTable, tally } from './tables.ts'

/**
 * Fills what is drawn into a page. Its places are marked:
 *
 *     <!-- drawn: chart calls -->
 *     <!-- end -->
 *
 * with `chart NAME`, `figures BENCHMARK`, `notes BENCHMARK`, `missed`, `runs` or `tally`.
 *
 * @throws Error for a mark that means nothing, or one without its end.
 */
export function fillPage(page: string, charts: readonly Chart[], runs: Runs): string {
  const begins = page.match(/<!-- drawn: /g)?.length ?? 0
  let filled = 0
  const text = page.replaceAll(
    /(<!-- drawn: (\w+)(?: ([\w-]+))? -->\n)(?:(?!<!-- drawn: ).)*?(<!-- end -->)/gs,
    (...match) => {
      const [, begin = '', kind = '', name = '', end = ''] = match.map((part: unknown) =>
        typeof part === 'string' ? part : '',
      )
      filled++
      return `${begin}\n${contentOf(kind, name, charts, runs)}\n\n${end}`
    },
  )
  if (filled !== begins) throw new Error(`${begins - filled} of the marks '<!-- drawn: … -->' have no '<!-- end -->'`)
  return text
}

function contentOf(kind: string, name: string, charts: readonly Chart[], runs: Runs): string {
  switch (kind) {
    case 'chart':
      return picture(name, charts, runs)
    case 'figures': {
      const run = runs.get(name)
      return run === undefined ? notRecorded(name) : figuresTable(run)
    }
    case 'notes': {
      const run = runs.get(name)
      return run === undefined ? notRecorded(name) : notesList(run)
    }
    case 'missed':
      return missedTable(runs)
    case 'runs':
      return runsTable(runs)
    case 'tally':
      return tally(runs)
    default:
      throw new Error(
        `'<!-- drawn: ${kind} -->': there are chart NAME, figures and notes BENCHMARK, missed, runs and tally`,
      )
  }
}

function picture(name: string, charts: readonly Chart[], runs: Runs): string {
  const chart = charts.find((candidate) => candidate.name === name)
  if (chart === undefined) {
    throw new Error(`there is no chart '${name}', only ${charts.map((other) => other.name).join(', ')}`)
  }
  const run = runs.get(chart.benchmark)
  if (run === undefined || drawings([chart], runs).length === 0) return notRecorded(chart.benchmark)
  const [light, dark] = themes.map((theme) => `images/benchmarks/${fileOf(chart, theme)}`)
  const alt = describe(chart, run).replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  return [
    '<picture>',
    `  <source media="(prefers-color-scheme: dark)" srcset="${dark}">`,
    `  <img alt="${alt}" src="${light}">`,
    '</picture>',
  ].join('\n')
}

const notRecorded = (benchmark: string): string =>
  `_Nothing is recorded yet: \`npm run bench -- --peers ${benchmark}\` measures it._`
