import type { Recorded, RecordedRow } from '../recorded.ts'
import { heldUp } from '../report.ts'
import { isJudged, type Verdict } from '../targets.ts'
import type { Runs } from './catalogue.ts'
import { figure, ratioTo, spread, written } from './numbers.ts'
import { sortedPeers, titleOf } from './palette.ts'

/** All figures of a benchmark: a table for each section, with a column for each peer that was measured there, and what could not be. */
export function figuresTable(run: Recorded): string {
  const sections = Array.from(new Set(run.rows.map(({ section }) => section)))
  const parts = sections.map((section) => {
    const rows = run.rows.filter((row) => row.section === section)
    const peers = sortedPeers(rows.flatMap((row) => Object.keys(row.peers)))
    const targets = rows.some((row) => run.targets.some((verdict) => verdict.row === row.id))
    const header = ['', ...peers.map(titleOf), ...(targets ? ['target'] : [])]
    const lines = rows.map((row) => [
      titled(row),
      ...peers.map((peer) => cell(row, peer)),
      ...(targets ? [targetCell(row, run.targets)] : []),
    ])
    const heading = section === undefined ? '' : `**${section}**\n\n`
    return heading + markdownTable(header, lines)
  })
  const unavailable = Object.entries(run.unavailable).map(
    ([peer, reason]) => `- ${titleOf(peer)} could not be run: ${oneLine(reason)}`,
  )
  const below = [...unavailable, ...limitedOnes(run), ...reasons(run)]
  if (below.length > 0) parts.push(below.join('\n'))
  return parts.join('\n\n')
}

/** Which figures are what the load generator could do, and not what the server could. */
function limitedOnes({ rows }: Recorded): string[] {
  const those = rows.flatMap((row) => {
    const peers = sortedPeers(heldUp(row))
    return peers.length === 0 ? [] : [`${row.title} (${peers.map(titleOf).join(', ')})`]
  })
  if (those.length === 0) return []
  return [
    `- The load generator was at its limit and the server was not: ${those.join('; ')}. The server could have done more.`,
  ]
}

/** Of targets that are no comparison, and were set by reasoning. */
function reasons({ rows, targets }: Recorded): string[] {
  return targets.flatMap(({ row, target, why, against }) => {
    const found = rows.find(({ id }) => id === row)
    return why === undefined || found === undefined || against !== undefined
      ? []
      : [`- Why ${written(target)} is wanted of “${found.title}”: ${oneLine(why)}.`]
  })
}

const titled = ({ title, unit }: RecordedRow): string => (unit === '' ? title : `${title} (${unit})`)

function cell(row: RecordedRow, peer: string): string {
  const measured = row.peers[peer]
  if (measured === undefined) return '–'
  const { low, high } = spread(measured.values)
  if (figure(low) === figure(high)) return figure(measured.median)
  return `${figure(measured.median)} (${figure(low)}–${figure(high)})`
}

function targetCell(row: RecordedRow, verdicts: readonly Verdict[]): string {
  return verdicts
    .filter((verdict) => verdict.row === row.id)
    .map((verdict) => {
      const of = verdict.peer === 'junto' ? '' : `${titleOf(verdict.peer)} `
      return `${of}≤ ${wanted(verdict)}: ${outcome(verdict)}`
    })
    .join('; ')
}

const wanted = ({ against, target }: Verdict): string =>
  against === undefined ? written(target) : `${written(target)} × ${titleOf(against)}`

function outcome(verdict: Verdict): string {
  if (!isJudged(verdict)) return `not known, ${verdict.reason}`
  const measured = verdict.against === undefined ? '' : ` (${ratioTo(verdict.target, verdict.measured)})`
  return verdict.verdict === 'met' ? `met${measured}` : `**missed**${measured}`
}

/** What a reader must know to judge the figures. */
export function notesList({ notes }: Recorded): string {
  return notes.map((note) => `- ${oneLine(note).replaceAll('<', '&lt;').replaceAll('*', '\\*')}`).join('\n')
}

/** All targets that are missed, of all benchmarks. */
export function missedTable(runs: Runs): string {
  const lines = Array.from(runs.values()).flatMap((run) =>
    run.targets.filter(isJudged).flatMap((verdict) => {
      if (verdict.verdict === 'met') return []
      const row = run.rows.find(({ id }) => id === verdict.row)
      const { against, measured, best, worst } = verdict
      const number = against === undefined ? figure : (value: number) => ratioTo(verdict.target, value)
      const rounds = number(best) === number(worst) ? '' : ` (${number(best)}–${number(worst)})`
      return [
        [
          `${run.benchmark}: ${row === undefined ? verdict.row : titled(row)}, ${titleOf(verdict.peer)}`,
          `≤ ${wanted(verdict)}`,
          `${number(measured)}${rounds}`,
          verdict.bound === undefined ? 'none' : `≤ ${written(verdict.bound)}`,
        ],
      ]
    }),
  )
  if (lines.length === 0) return 'None.'
  return markdownTable(['figure', 'wanted', 'measured', 'bound that `--check` holds'], lines)
}

/** When and of what the runs were made. */
export function runsTable(runs: Runs): string {
  const lines = Array.from(runs.values(), (run) => {
    const { cpu, cores, memory, kernel } = run.machine
    const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`)
    return [
      `[\`${run.benchmark}\`](../benchmarks/results/${run.benchmark}.json)`,
      run.date.slice(0, 10),
      `\`${run.commit}\`${run.changed ? ' with uncommitted changes' : ''}`,
      `${cores} × ${cpu}, ${memory}, Linux ${kernel}`,
      versions.join(', '),
    ]
  })
  return markdownTable(['benchmark', 'date', 'commit', 'machine', 'versions'], lines)
}

/** How many targets are met. */
export function tally(runs: Runs): string {
  const verdicts = Array.from(runs.values()).flatMap((run) => run.targets)
  const count = (...wanted: Verdict['verdict'][]): number =>
    verdicts.filter(({ verdict }) => wanted.includes(verdict)).length
  const unknown = count('unknown')
  const judged = `Targets: ${count('met')} of ${verdicts.length} met, ${count('missed', 'broken')} missed`
  return `${judged}${unknown > 0 ? `, ${unknown} not judged` : ''}.`
}

/** As prettier writes it: `npm run format:check` looks at it, too. */
function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => oneLine(cell).replaceAll('|', '\\|')))
  const widths = header.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${widths.map((columns, column) => (row[column] ?? '').padEnd(columns)).join(' | ')} |`
  const [first = [], ...others] = cells
  return [line(first), `| ${widths.map((columns) => '-'.repeat(columns)).join(' | ')} |`, ...others.map(line)].join(
    '\n',
  )
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
