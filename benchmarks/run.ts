// `npm run bench -- NAME…` runs benchmarks/NAME/benchmark.ts; without a name, all of them. See arguments.ts for what else it does.
import { existsSync, readdirSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { ArgumentError, readArguments, usage, type Command } from './arguments.ts'
import type { Benchmark, Options, Result } from './benchmark.ts'
import { check, type Checked } from './check.ts'
import { killWorkers } from './harness.ts'
import { duration, RunProgress } from './progress.ts'
import { circumstances, keep, readRecorded, recordOf } from './recorded.ts'
import { bottlenecks, format, tally } from './report.ts'
import { judge, readTargets, type Target } from './targets.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const available = readdirSync(here('.')).filter((name) => existsSync(here(`${name}/benchmark.ts`)))

type Measuring = Extract<Command, { kind: 'measure' }>

/** A benchmark, and what is asked of it. */
interface Planned {
  readonly benchmark: Benchmark
  readonly options: Options
  readonly seconds: number
}

async function main(): Promise<number> {
  const command = readArguments(argv.slice(2), available)
  if (command.kind === 'help') {
    console.log(usage(available))
    return 0
  }
  if (command.kind === 'draw') {
    const { draw }: { draw: () => Promise<readonly string[]> } = await import(
      new URL('./charts/draw.ts', import.meta.url).href
    )
    for (const file of await draw()) console.log(`written: ${file}`)
    return 0
  }
  const targets = readTargets()
  if (command.kind === 'check-recorded') return checkRecorded(command.names, targets)
  return await measure(command, targets)
}

function checkRecorded(names: readonly string[], targets: Readonly<Record<string, readonly Target[]>>): number {
  const checked: Checked[] = []
  for (const name of names) {
    const record = readRecorded(name)
    if (record === undefined) console.log(`${name}: nothing is recorded`)
    const found = record ?? { rows: [] }
    checked.push({ name, rows: found.rows, verdicts: judge(targets[name] ?? [], found) })
  }
  return conclude(checked)
}

function conclude(checked: readonly Checked[]): number {
  const { lines, code } = check(checked)
  console.log(lines.join('\n'))
  return code
}

/** The benchmarks of a run, with what each is to measure. */
async function plan(command: Measuring, targets: Readonly<Record<string, readonly Target[]>>): Promise<Planned[]> {
  const benchmarks: Benchmark[] = []
  for (const name of command.names) {
    const module: { benchmark: Benchmark } = await import(new URL(`./${name}/benchmark.ts`, import.meta.url).href)
    benchmarks.push(module.benchmark)
  }
  const known = Array.from(new Set(benchmarks.flatMap(({ peers }) => peers.map(({ name }) => name))))
  const stranger = command.only.find((name) => !known.includes(name))
  if (stranger !== undefined)
    throw new ArgumentError(
      `--only ${stranger}: there is no such peer in ${command.names.join(', ')}, only ${known.join(', ')}`,
    )
  return benchmarks.flatMap((benchmark) => {
    const { name, peers, seconds } = benchmark
    // Whom the bounds are about, and nobody else.
    const judged = (targets[name] ?? []).flatMap(({ peer, against }) =>
      against === undefined ? [peer] : [peer, against],
    )
    if (command.check && judged.length === 0) return []
    const only = command.check && command.peers === 'ours' ? Array.from(new Set(judged)) : command.only
    const chosen = peers.filter((peer) =>
      only.length > 0 ? only.includes(peer.name) : command.peers === 'all' || peer.ours,
    )
    if (chosen.length === 0) return []
    const alone = command.peers === 'ours' && only.length === 0
    const rounds = command.rounds ?? (alone ? (benchmark.roundsAlone ?? 3) : 3)
    const share = chosen.length / peers.length
    const expected = alone ? (seconds.alone * rounds) / (benchmark.roundsAlone ?? 3) : seconds.round * rounds * share
    const profile = command.profile ? here('results/profiles') : undefined
    return [{ benchmark, seconds: expected, options: { rounds, peers: command.peers, only, profile } }]
  })
}

async function measure(command: Measuring, targets: Readonly<Record<string, readonly Target[]>>): Promise<number> {
  const planned = await plan(command, targets)
  const progress = new RunProgress(
    planned.map(({ benchmark: { name }, seconds }) => ({ name, seconds })),
    process.stderr,
  )
  stopOnSignal(() => progress.clear())
  const began = performance.now()
  const checked: Checked[] = []
  const summary: string[] = []
  let failed = false
  for (const { benchmark, options } of planned) {
    const { name, title } = benchmark
    progress.next()
    const where = circumstances(benchmark.libraries)
    const since = performance.now()
    const outcome = await attempt(() => benchmark.run(options, progress))
    const seconds = (performance.now() - since) / 1000
    progress.clear()
    const result: Result = outcome.result
      ? { ...outcome.result, notes: [...outcome.result.notes, ...bottlenecks(outcome.result.rows)] }
      : { rows: [], notes: [], settings: {} }
    const verdicts = judge(targets[name] ?? [], result)
    checked.push({ name, rows: result.rows, verdicts })
    if (outcome.result === undefined) {
      failed = true
      summary.push(`${name}: FAILED: ${outcome.reason}`)
      console.error(`${name} failed: ${outcome.reason}\n`)
      continue
    }
    console.log(format({ title, result, verdicts, where }))
    const record = recordOf(benchmark, result, verdicts, where, { seconds, rounds: options.rounds })
    console.log(`- written to ${keep(record, 'latest')}, after ${duration(seconds)}`)
    const lost = Object.entries(result.unavailable ?? {})
    const oursLost = lost.some(([peer]) => benchmark.peers.some(({ name, ours }) => name === peer && ours))
    if (oursLost) failed = true
    const whole = options.peers === 'all' && options.only.length === 0 && options.rounds >= 3
    if (whole && !oursLost && options.profile === undefined) console.log(`- recorded in ${keep(record, 'recorded')}`)
    console.log()
    summary.push(`${name}: ${verdicts.length > 0 ? tally(verdicts) : 'no targets'}`)
    for (const [peer, reason] of lost) summary.push(`${name}: ${peer} COULD NOT BE MEASURED: ${firstLine(reason)}`)
  }
  if (planned.length > 1) {
    console.log(summary.map((line) => `  ${line}`).join('\n'))
    console.log(`  all of them: ${duration((performance.now() - began) / 1000)}\n`)
  }
  const code = command.check ? conclude(checked) : 0
  return failed ? 1 : code
}

async function attempt(
  run: () => Promise<Result>,
): Promise<{ result: Result } | { result: undefined; reason: string }> {
  try {
    return { result: await run() }
  } catch (error) {
    return { result: undefined, reason: error instanceof Error ? error.message : String(error) }
  }
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''

/** Whoever stops a run shall not leave its processes behind. What was measured before has been written. */
function stopOnSignal(clear: () => void): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => {
      killWorkers()
      clear()
      console.error('stopped: benchmarks that had ended are in benchmarks/results/latest')
      process.exit(code)
    })
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof ArgumentError)) throw error
  console.error(`${error.message}\n\n${usage(available)}`)
  process.exitCode = 2
}
