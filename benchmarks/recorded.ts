import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import type { Benchmark, Measured, Result, Row } from './benchmark.ts'
import { median } from './statistics.ts'
import { judge, readTargets, type Verdict } from './targets.ts'

/** Where and on what a run was made. */
export interface Circumstances {
  /** When it began. */
  readonly date: string
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memory: string; readonly kernel: string }
  readonly versions: Readonly<Record<string, string>>
  readonly commit: string
  /** Whether packages or benchmarks differed from the commit. */
  readonly changed: boolean
  /** Processes that wanted to run in the minute before the run began. */
  readonly loadBefore: number
}

/** A run as it is kept: benchmarks/results/NAME.json. */
export interface Recorded extends Circumstances {
  readonly benchmark: string
  readonly title: string
  /** How long it took. */
  readonly seconds: number
  readonly rounds: number
  readonly settings: Readonly<Record<string, unknown>>
  readonly rows: readonly RecordedRow[]
  readonly targets: readonly Verdict[]
  readonly notes: readonly string[]
  /** Why peers are missing, or have fewer rounds than others, by their names. */
  readonly unavailable: Readonly<Record<string, string>>
}

export interface RecordedRow extends Omit<Row, 'peers'> {
  readonly peers: Readonly<Record<string, Measured & { readonly median: number }>>
}

/** `recorded`: the runs that are committed. `latest`: the last one of each benchmark, whatever was measured. */
export type Shelf = 'recorded' | 'latest'

const folder: Record<Shelf, string> = { recorded: 'results/', latest: 'results/latest/' }
const place = (name: string, shelf: Shelf): URL => new URL(`./${folder[shelf]}${name}.json`, import.meta.url)

/** The run of a benchmark that is kept, if there is one. */
export function readRecorded(name: string, shelf: Shelf = 'recorded'): Recorded | undefined {
  const file = place(name, shelf)
  return existsSync(file) ? { unavailable: {}, ...JSON.parse(readFileSync(file, 'utf8')) } : undefined
}

/** All runs that are recorded, by the names of their benchmarks, judged by the targets of today. */
export function allRecorded(targets = readTargets()): ReadonlyMap<string, Recorded> {
  const files = readdirSync(new URL(folder.recorded, import.meta.url)).filter((file) => file.endsWith('.json'))
  return new Map(
    files.toSorted().flatMap((file) => {
      const name = file.slice(0, -'.json'.length)
      const record = readRecorded(name)
      return record === undefined ? [] : [[name, { ...record, targets: judge(targets[name] ?? [], record) }] as const]
    }),
  )
}

/** Keeps a run, as a whole or not at all. Returns the file's path within the repository. */
export function keep(record: Recorded, shelf: Shelf): string {
  const file = place(record.benchmark, shelf)
  const beside = new URL(`${file.href}.new`)
  mkdirSync(new URL('.', file), { recursive: true })
  writeFileSync(beside, `${JSON.stringify(record, rounded, 2)}\n`)
  renameSync(beside, file)
  return `benchmarks/${folder[shelf]}${record.benchmark}.json`
}

const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value

/** What is kept of a run. */
export function recordOf(
  { name, title }: Pick<Benchmark, 'name' | 'title'>,
  result: Result,
  targets: readonly Verdict[],
  where: Circumstances,
  run: { readonly seconds: number; readonly rounds: number },
): Recorded {
  return {
    benchmark: name,
    title,
    ...where,
    versions: { ...where.versions, ...result.versions },
    seconds: Math.round(run.seconds),
    rounds: run.rounds,
    settings: result.settings,
    rows: result.rows.map((row) => ({ ...row, peers: withMedians(row.peers) })),
    targets,
    notes: result.notes,
    unavailable: result.unavailable ?? {},
  }
}

function withMedians(peers: Row['peers']): RecordedRow['peers'] {
  return Object.fromEntries(
    Object.entries(peers).map(([peer, measured]) => [peer, { median: median(measured.values), ...measured }]),
  )
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
    commit: git('rev-parse', '--short=12', 'HEAD'),
    changed: git('status', '--porcelain', '--', 'packages', 'benchmarks', ':!benchmarks/results') !== '',
    loadBefore: loadavg()[0] ?? 0,
  }
}

function versionOf(library: string): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL(`../node_modules/${library}/package.json`, import.meta.url), 'utf8'),
  )
  return manifest.version
}
