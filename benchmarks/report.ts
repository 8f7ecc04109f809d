import type { Measured, Result, Row } from './benchmark.ts'
import type { Circumstances } from './recorded.ts'
import { median } from './statistics.ts'
import { isJudged, type Judged, type Verdict } from './targets.ts'

/** What is said of a run. */
export interface Reported {
  readonly title: string
  readonly result: Result
  readonly verdicts: readonly Verdict[]
  readonly where: Circumstances
}

/** The result as text: figures, then targets, then what a reader must know. */
export function format({ title, result, verdicts, where }: Reported): string {
  const lines = [title, '']
  const names = new Set(result.rows.flatMap(({ peers }) => Object.keys(peers)))
  const shares = result.rows.some(({ peers }) =>
    Object.values(peers).some(({ serverShare }) => serverShare !== undefined),
  )
  const judged = verdicts.filter(isJudged)
  if (result.rows.length === 0) lines.push('  nothing was measured', '')
  else if (names.size <= 2 && !shares) lines.push(...besideEachOther(result.rows, Array.from(names), judged), '')
  else lines.push(...belowEachOther(result.rows), '', ...targetLines(result.rows, judged), '')
  if (verdicts.length > 0) lines.push(tally(verdicts), '')
  for (const [peer, reason] of Object.entries(result.unavailable ?? {})) {
    lines.push(`- ${peer} COULD NOT BE MEASURED${hasFigures(result.rows, peer) ? ' in all rounds' : ''}: ${reason}`)
  }
  for (const note of result.notes) lines.push(`- ${note}`)
  lines.push(...circumstancesLines(where, result.versions))
  return lines.join('\n')
}

const hasFigures = (rows: readonly Row[], peer: string): boolean => rows.some(({ peers }) => peers[peer] !== undefined)

function circumstancesLines(where: Circumstances, more: Result['versions']): string[] {
  const { machine, versions, commit, changed, loadBefore } = where
  const used = Object.entries({ ...versions, ...more }).map(([name, version]) => `${name} ${version}`)
  return [
    ...(loadBefore > machine.cores / 2
      ? [`- The machine was busy before (load average ${loadBefore.toFixed(1)}): repeat this when it is quiet.`]
      : []),
    `- ${machine.cores} × ${machine.cpu}, ${machine.memory}, Linux ${machine.kernel}; ${used.join(', ')}`,
    `- commit ${commit}${changed ? ' with uncommitted changes' : ''}`,
  ]
}

/** How many of the targets are met. */
export function tally(verdicts: readonly Verdict[]): string {
  const count = (verdict: Verdict['verdict']): number => verdicts.filter((each) => each.verdict === verdict).length
  const [missed, broken, unknown] = [count('missed'), count('broken'), count('unknown')]
  return [
    `${count('met')} of ${verdicts.length - unknown} targets met`,
    ...(missed > 0 ? [`${missed} MISSED`] : []),
    ...(broken > 0 ? [`${broken} ${broken === 1 ? 'BOUND' : 'BOUNDS'} BROKEN`] : []),
    ...(unknown > 0 ? [`${unknown} not judged: not all of their peers were measured`] : []),
  ].join(', ')
}

/** `met`, `MISSED (bound 1.45 holds)` or `BOUND BROKEN`. */
export function verdictText({ verdict, bound, target }: Judged): string {
  if (verdict === 'met') return 'met'
  return verdict === 'missed' ? `MISSED (bound ${figure(bound ?? target)} holds)` : 'BOUND BROKEN'
}

/** A number as it is shown: as many digits as say something. */
export function figure(value: number): string {
  if (Number.isInteger(value) || value >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(value < 1 ? 3 : 2)
}
const ratio = (value: number): string => value.toFixed(2)
const percent = (values: readonly number[] | undefined): string =>
  values === undefined ? '–' : `${(median(values) * 100).toFixed(0)} %`

/** A share of a core from which on a process has no time to spare. */
const full = 0.85

/** Of whom in a row the load generator was at its limit, without being meant to, and the server was not: it could have done more. */
export function heldUp({ isLoadFull, peers }: Row): string[] {
  return isLoadFull === true ? [] : Object.keys(peers).filter((peer) => wasHeldUp(peers[peer]!))
}

function wasHeldUp({ serverShare = [], loadShare = [] }: Measured): boolean {
  return median(loadShare) > full && !(median(serverShare) > full)
}

/** Says which figures were taken while the load generator was at its limit and the server was not. */
export function bottlenecks(rows: readonly Row[]): string[] {
  return rows.flatMap((row) =>
    heldUp(row).map((peer) => {
      const { section, title, peers } = row
      const [load, server] = [percent(peers[peer]?.loadShare), percent(peers[peer]?.serverShare)]
      const what = section === undefined ? title : `${section}: ${title}`
      return `${peer}, ${what}: THE LOAD GENERATOR WAS FULL (${load} of a core) and the server was not (${server}): the server could have done more, and would have at another cost each.`
    }),
  )
}

/** A line per figure, with a column for each of one or two peers. */
function besideEachOther(rows: readonly Row[], names: readonly string[], verdicts: readonly Judged[]): string[] {
  const lines: string[][] = []
  let section: string | undefined
  for (const row of rows) {
    if (row.section !== section || lines.length === 0) {
      if (lines.length > 0) lines.push([])
      lines.push([row.section ?? '', 'unit', ...names, ...(names.length > 1 ? [names.join(' ÷ ')] : []), 'target'])
      section = row.section
    }
    const peers = names.map((name) => row.peers[name]?.values ?? [])
    const [own, other] = peers
    const compared = names.length < 2 ? [] : [own?.length && other?.length ? ratio(median(own) / median(other)) : '–']
    const judged = verdicts.filter((verdict) => verdict.row === row.id).map(judgement)
    lines.push([row.title, row.unit, ...peers.map(withSpread), ...compared, judged.join('; ')])
  }
  return table(lines)
}

function withSpread(values: readonly number[]): string {
  if (values.length === 0) return '–'
  const [lowest, highest] = [Math.min(...values), Math.max(...values)]
  const spread = lowest === highest ? '' : ` (${figure(lowest)} – ${figure(highest)})`
  return `${figure(median(values))}${spread}`
}

function judgement(verdict: Judged): string {
  const { against, target } = verdict
  return `≤ ${against === undefined ? figure(target) : `${ratio(target)} × ${against}`}  ${verdictText(verdict)}`
}

/** A line per figure and peer. */
function belowEachOther(rows: readonly Row[]): string[] {
  const header = ['', 'peer', 'median', 'lowest – highest', 'unit', 'server CPU', 'load CPU']
  let section: string | undefined
  const lines = rows.flatMap((row) => {
    const heading = row.section === section || row.section === undefined ? [] : [[], [row.section]]
    section = row.section
    return [...heading, ...rowLines(row)]
  })
  return table([header, ...lines])
}

function targetLines(rows: readonly Row[], verdicts: readonly Judged[]): string[] {
  if (verdicts.length === 0) return []
  const header = ['target', 'of', 'at most', 'measured', 'best – worst round', '']
  const lines = verdicts.map((verdict) => {
    const { row, target, measured, best, worst } = verdict
    const title = rows.find(({ id }) => id === row)?.title ?? row
    const spread = `${figure(best)} – ${figure(worst)}`
    return [title, ofWhom(verdict), figure(target), figure(measured), spread, verdictText(verdict)]
  })
  return table([header, ...lines])
}

/** `junto`, or `junto ÷ raw-ws`. */
export const ofWhom = ({ peer, against }: Verdict): string => (against === undefined ? peer : `${peer} ÷ ${against}`)

function rowLines(row: Row): string[][] {
  return Object.entries(row.peers).map(([peer, measured], index) => {
    const { values, serverShare, loadShare } = measured
    const spread = `${figure(Math.min(...values))} – ${figure(Math.max(...values))}`
    return [
      index === 0 ? row.title : '',
      peer,
      figure(median(values)),
      spread,
      row.unit,
      percent(serverShare),
      percent(loadShare),
    ]
  })
}

/** Aligns columns, and indents them. A line of one cell is a heading, as wide as it needs. */
export function table(rows: readonly string[][]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row.length === 1 ? 0 : (row[column]?.length ?? 0)))),
  )
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
}
