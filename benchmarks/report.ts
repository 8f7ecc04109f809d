import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import type { Benchmark, Measured, Result, Row, Target } from './benchmark.ts'
import { median } from './statistics.ts'

/** Says on the terminal how far a run is: one line that is rewritten on a terminal, lines in a log. */
export class Progress {
  private readonly began = performance.now()
  private done = 0

  constructor(private readonly out: NodeJS.WriteStream) {}

  /** `share` of the whole run is done, and `text` comes next. */
  step(share: number, text: string): void {
    this.done = share
    const seconds = (performance.now() - this.began) / 1000
    const left = share > 0 ? `, about ${Math.ceil((seconds / share) * (1 - share))} s left` : ''
    const line = `${String(Math.round(share * 100)).padStart(3)} %  ${text}  (${seconds.toFixed(0)} s${left})`
    if (this.out.isTTY) this.out.write(`\r\x1b[2K${line}`)
    else this.out.write(`${line}\n`)
  }

  /** Leaves a line standing. */
  say(text: string): void {
    if (this.out.isTTY) this.out.write('\r\x1b[2K')
    this.out.write(`${text}\n`)
    if (this.out.isTTY && this.done < 1) this.out.write('…')
  }

  end(): void {
    if (this.out.isTTY) this.out.write('\r\x1b[2K')
  }
}

export interface Verdict extends Target {
  /** The median, in the row's unit or divided by that of the other peer. */
  readonly measured: number
  /** The same in the best and in the worst round. */
  readonly best: number
  readonly worst: number
  readonly met: boolean
}

export function judge(result: Result): Verdict[] {
  return result.targets.flatMap((target) => {
    const row = result.rows.find(({ id }) => id === target.row)
    const own = row?.peers[target.peer]?.values ?? []
    const other = target.against === undefined ? own.map(() => 1) : (row?.peers[target.against]?.values ?? [])
    if (own.length === 0 || other.length === 0) return []
    const measured = median(own) / median(other)
    const rounds = own.map((value, round) => value / (other[round] ?? NaN))
    const [best, worst] = [Math.min(...rounds), Math.max(...rounds)]
    return [{ ...target, measured, best, worst, met: measured <= target.atMost }]
  })
}

function figure(value: number): string {
  if (Number.isInteger(value) || value >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(value < 1 ? 3 : 2)
}
const ratio = (value: number): string => value.toFixed(2)
const percent = (values: readonly number[] | undefined): string =>
  values === undefined ? '–' : `${(median(values) * 100).toFixed(0)} %`

/** The result as text: figures, then targets, then what a reader must know. */
export function format(benchmark: Benchmark, result: Result, circumstances: Circumstances): string {
  const lines = [benchmark.title, '']
  const verdicts = judge(result)
  const names = new Set(result.rows.flatMap(({ peers }) => Object.keys(peers)))
  const shares = result.rows.some(({ peers }) =>
    Object.values(peers).some(({ serverShare }) => serverShare !== undefined),
  )
  if (names.size <= 2 && !shares) lines.push(...besideEachOther(result.rows, Array.from(names), verdicts), '')
  else lines.push(...belowEachOther(result.rows), '', ...targetLines(result.rows, verdicts), '')
  if (verdicts.length > 0) lines.push(tally(verdicts), '')
  for (const note of result.notes) lines.push(`- ${note}`)
  const { machine, versions, commit, changed, loadBefore } = circumstances
  if (loadBefore > machine.cores / 2) {
    lines.push(`- The machine was busy before (load average ${loadBefore.toFixed(1)}): repeat this when it is quiet.`)
  }
  lines.push(
    `- ${machine.cores} × ${machine.cpu}, ${machine.memory}, Linux ${machine.kernel}; ${Object.entries({
      ...versions,
      ...result.versions,
    })
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
  )
  lines.push(`- commit ${commit}${changed ? ' with uncommitted changes' : ''}`)
  return lines.join('\n')
}

function tally(verdicts: readonly Verdict[]): string {
  const missed = verdicts.filter(({ met }) => !met).length
  return `${verdicts.length - missed} of ${verdicts.length} targets met${missed > 0 ? `, ${missed} MISSED` : ''}`
}

/** A line per figure, with a column for each of one or two peers. */
function besideEachOther(rows: readonly Row[], names: readonly string[], verdicts: readonly Verdict[]): string[] {
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

function judgement({ against, atMost, met }: Verdict): string {
  const bound = against === undefined ? figure(atMost) : `${ratio(atMost)} × ${against}`
  return `≤ ${bound}  ${met ? 'met' : 'MISSED'}`
}

/** A line per figure and peer. */
function belowEachOther(rows: readonly Row[]): string[] {
  const header = ['', 'peer', 'median', 'lowest – highest', 'unit', 'server CPU', 'load CPU']
  return table([header, ...rows.flatMap(rowLines)])
}

function targetLines(rows: readonly Row[], verdicts: readonly Verdict[]): string[] {
  if (verdicts.length === 0) return []
  const header = ['target', 'of', 'at most', 'measured', 'best – worst round', '']
  const lines = verdicts.map(({ row, peer, against, atMost, measured, best, worst, met }) => {
    const title = rows.find(({ id }) => id === row)?.title ?? row
    const of = against === undefined ? peer : `${peer} ÷ ${against}`
    return [title, of, figure(atMost), figure(measured), `${figure(best)} – ${figure(worst)}`, met ? 'met' : 'MISSED']
  })
  return table([header, ...lines])
}

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

function table(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
}

/** Where and on what a run was made. */
export interface Circumstances {
  readonly date: string
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memory: string; readonly kernel: string }
  readonly versions: Readonly<Record<string, string>>
  readonly commit: string
  /** Processes that wanted to run in the minute before the benchmark began. */
  readonly loadBefore: number
  /** Whether packages or benchmarks differed from the commit. */
  readonly changed: boolean
}

export function circumstances(libraries: readonly string[]): Circumstances {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: new URL('..', import.meta.url), encoding: 'utf8' }).trim()
  const versions: Record<string, string> = { node: process.versions.node }
  for (const library of libraries) versions[library] = versionOf(library)
  return {
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      kernel: release(),
    },
    versions,
    loadBefore: loadavg()[0] ?? 0,
    commit: git('rev-parse', '--short=12', 'HEAD'),
    changed: git('status', '--porcelain', '--', 'packages', 'benchmarks', ':!benchmarks/results') !== '',
  }
}

function versionOf(library: string): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL(`../node_modules/${library}/package.json`, import.meta.url), 'utf8'),
  )
  return manifest.version
}

/** Keeps a run: results/NAME.json. Returns the file's path within the repository. */
export function save(benchmark: Benchmark, result: Result, where: Circumstances): string {
  const file = new URL(`./results/${benchmark.name}.json`, import.meta.url)
  mkdirSync(new URL('.', file), { recursive: true })
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
  const rows = result.rows.map((row) => ({ ...row, peers: Object.fromEntries(Object.entries(row.peers).map(summary)) }))
  const { notes, settings } = result
  const record = {
    benchmark: benchmark.name,
    title: benchmark.title,
    ...where,
    versions: { ...where.versions, ...result.versions },
    settings,
    rows,
    targets: judge(result),
    notes,
  }
  writeFileSync(file, `${JSON.stringify(record, rounded, 2)}\n`)
  return `benchmarks/results/${benchmark.name}.json`
}

const summary = ([peer, measured]: [string, Measured]): [string, unknown] => [
  peer,
  { median: median(measured.values), ...measured },
]
