import type { Benchmark, Result } from './benchmark.ts'
import { check, type Checked } from './check.ts'
import type { Planned } from './plan.ts'
import { duration, type RunProgress } from './progress.ts'
import { recordOf, type Circumstances, type Recorded, type Shelf } from './recorded.ts'
import { bottlenecks, format, tally } from './report.ts'
import { judge, type Targets } from './targets.ts'

/** What a run needs of the world around it. */
export interface Surroundings {
  readonly progress: RunProgress
  /** Writes a table, or a line. */
  readonly print: (text: string) => void
  /** Writes a run. Returns where; throws when it cannot. */
  readonly keep: (record: Recorded, shelf: Shelf) => string
  readonly circumstances: (benchmark: Benchmark) => Circumstances
}

/**
 * Measures one benchmark after the other, prints and keeps what comes out, and says at the end what could not be measured. One that fails
 * does not stop the others.
 *
 * @param isChecked Whether bounds are to hold.
 * @returns What the process exits with: 0; 1 when a benchmark or a peer of our own failed, or nothing was measured, or a bound is broken; 3 when a bound could not be judged.
 */
export async function measureAll(
  planned: readonly Planned[],
  targets: Targets,
  isChecked: boolean,
  { progress, print, keep, circumstances }: Surroundings,
): Promise<number> {
  const began = performance.now()
  const checked: Checked[] = []
  const summary: string[] = []
  let failed = false
  for (const { benchmark, options } of planned) {
    const { name, title, peers } = benchmark
    progress.next()
    const since = performance.now()
    const { result, reason, where } = await attempt(
      () => circumstances(benchmark),
      () => benchmark.run(options, progress),
    )
    const seconds = (performance.now() - since) / 1000
    progress.clear()
    const verdicts = judge(targets[name] ?? [], result ?? { rows: [] })
    checked.push({ name, rows: result?.rows ?? [], verdicts })
    if (result === undefined) {
      failed = true
      summary.push(`${name}: FAILED: ${reason}`)
      print(`${name} FAILED: ${reason}\n`)
      continue
    }
    print(format({ title, result, verdicts, where }))
    const record = recordOf(benchmark, result, verdicts, where, { seconds, rounds: options.rounds })
    const lost = Object.entries(result.unavailable ?? {})
    const lostOfOurs = lost.filter(([peer]) => peers.some((each) => each.name === peer && each.ours))
    const isWhole =
      options.peers === 'all' && options.only.length === 0 && options.rows === undefined && options.rounds >= 3
    summary.push(`${name}: ${verdicts.length > 0 ? tally(verdicts) : 'no targets'}`)
    try {
      print(`- written to ${keep(record, 'latest')}, after ${duration(seconds)}`)
      if (isWhole && lostOfOurs.length === 0 && options.profile === undefined)
        print(`- recorded in ${keep(record, 'recorded')}`)
    } catch (error) {
      failed = true
      const unwritten = `THE RESULT COULD NOT BE WRITTEN, and stands above only: ${messageOf(error)}`
      summary.push(`${name}: ${unwritten}`)
      print(`- ${unwritten}`)
    }
    print('')
    failed ||= lostOfOurs.length > 0 || result.rows.length === 0
    for (const [peer, why] of lost) summary.push(`${name}: ${peer} COULD NOT BE MEASURED: ${why}`)
  }
  if (planned.length > 1) {
    print(
      [...summary.map((line) => `  ${line}`), `  all of it: ${duration((performance.now() - began) / 1000)}`, ''].join(
        '\n',
      ),
    )
  }
  if (!isChecked) return failed ? 1 : 0
  const { lines, code } = check(checked)
  print(lines.join('\n'))
  return failed ? 1 : code
}

type Outcome =
  | { readonly result: Result; readonly where: Circumstances; readonly reason?: undefined }
  | { readonly result?: undefined; readonly where?: undefined; readonly reason: string }

async function attempt(circumstances: () => Circumstances, run: () => Promise<Result>): Promise<Outcome> {
  try {
    const where = circumstances()
    const result = await run()
    return { where, result: { ...result, notes: [...result.notes, ...bottlenecks(result.rows)] } }
  } catch (error) {
    return { reason: messageOf(error) }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
