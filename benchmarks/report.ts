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
  /** Ratio of the medians. */
  readonly ratio: number
  /** The ratio in the best and in the worst round. */
  readonly best: number
  readonly worst: number
  readonly met: boolean
}

export function judge(result: Result): Verdict[] {
  return result.targets.flatMap((target) => {
    const row = result.rows.find(({ id }) => id === target.row)
    const own = row?.peers[target.peer]?.values ?? []
    const other = row?.peers[target.against]?.values ?? []
    if (own.length === 0 || other.length === 0) return []
    const ratio = median(own) / median(other)
    const ratios = own.map((value, round) => value / (other[round] ?? NaN))
    return [{ ...target, ratio, best: Math.min(...ratios), worst: Math.max(...ratios), met: ratio <= target.atMost }]
  })
}

const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2))
const percent = (values: readonly number[] | undefined): string =>
  values === undefined ? '–' : `${(median(values) * 100).toFixed(0)} %`

/** The result as text: figures, then targets, then what a reader must know. */
export function format(benchmark: Benchmark, result: Result, circumstances: Circumstances): string {
  const lines = [benchmark.title, '']
  const figures = [['', 'peer', 'median', 'lowest – highest', 'unit', 'server CPU', 'load CPU']]
  for (const row of result.rows) figures.push(...rowLines(row))
  lines.push(...table(figures), '')

  const verdicts = judge(result)
  if (verdicts.length > 0) {
    const compared = [['target', 'of', 'at most', 'measured', 'best – worst round', '']]
    for (const { row, peer, against, atMost, ratio, best, worst, met } of verdicts) {
      const title = result.rows.find(({ id }) => id === row)?.title ?? row
      const rounds = `${figure(best)} – ${figure(worst)}`
      compared.push([title, `${peer} ÷ ${against}`, figure(atMost), figure(ratio), rounds, met ? 'met' : 'MISSED'])
    }
    lines.push(...table(compared), '')
  }
  for (const note of result.notes) lines.push(`- ${note}`)
  const { machine, versions, commit, changed, loadBefore } = circumstances
  if (loadBefore > machine.cores / 2) {
    lines.push(`- The machine was busy before (load average ${loadBefore.toFixed(1)}): repeat this when it is quiet.`)
  }
  lines.push(
    `- ${machine.cores} × ${machine.cpu}, ${machine.memory}, Linux ${machine.kernel}; ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
  )
  lines.push(`- commit ${commit}${changed ? ' with uncommitted changes' : ''}`)
  return lines.join('\n')
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
