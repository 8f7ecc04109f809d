// `npm run bench -- NAME…` runs benchmarks/NAME/benchmark.ts; without a name, all of them. See arguments.ts for what else it does.
import { existsSync, readdirSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { CannotRun, runAlone } from './alone.ts'
import { ArgumentError, readArguments, usage } from './arguments.ts'
import type { Benchmark } from './benchmark.ts'
import { check } from './check.ts'
import { killWorkers } from './harness.ts'
import { measureAll } from './measuring.ts'
import { PackagesUnavailable } from './peers.ts'
import { plan, type Measuring } from './plan.ts'
import { RunProgress } from './progress.ts'
import { circumstances, keep, readRecorded } from './recorded.ts'
import { judge, readTargets, type Targets } from './targets.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const available = readdirSync(here('.')).filter((name) => existsSync(here(`${name}/benchmark.ts`)))

async function main(): Promise<number> {
  const command = readArguments(process.argv.slice(2), available)
  if (command.kind === 'help') {
    console.log(usage(available))
    return 0
  }
  if (command.kind === 'draw') return await drawAll()
  const targets = readTargets()
  const [stranger] = Object.keys(targets).filter((name) => !available.includes(name))
  if (stranger !== undefined) throw new Error(`targets.json: there is no benchmark '${stranger}'`)
  if (command.kind === 'check-recorded') return checkRecorded(command.names, targets)
  return await measure(command, targets)
}

async function drawAll(): Promise<number> {
  const { draw }: { draw: (say: (text: string) => void) => Promise<readonly string[]> } = await import(
    new URL('./charts/draw.ts', import.meta.url).href
  )
  for (const file of await draw((text) => console.error(text))) console.log(`written: ${file}`)
  return 0
}

function checkRecorded(names: readonly string[], targets: Targets): number {
  const checked = names.map((name) => {
    const record = readRecorded(name)
    if (record === undefined) console.log(`${name}: nothing is recorded`)
    const found = record ?? { rows: [] }
    return { name, rows: found.rows, verdicts: judge(targets[name] ?? [], found) }
  })
  const { lines, code } = check(checked)
  console.log(lines.join('\n'))
  return code
}

async function measure(command: Measuring, targets: Targets): Promise<number> {
  const benchmarks: Benchmark[] = []
  for (const name of command.names) {
    const module: { benchmark: Benchmark } = await import(new URL(`./${name}/benchmark.ts`, import.meta.url).href)
    benchmarks.push(module.benchmark)
  }
  const planned = plan(command, benchmarks, targets, here('results/profiles'))
  for (const { name } of benchmarks) {
    if (!planned.some(({ benchmark }) => benchmark.name === name))
      console.error(`${name}: nothing of this is to be measured there`)
  }
  const stages = planned.map(({ benchmark: { name }, seconds }) => ({ name, seconds }))
  const progress = new RunProgress(stages, process.stderr)
  process.once('exit', runAlone(new URL('./results/latest/', import.meta.url)))
  stopOnSignals(progress)
  const ticking = setInterval(() => progress.tick(), 1_000)
  try {
    return await measureAll(planned, targets, command.check, {
      progress,
      print: (text) => console.log(text),
      keep,
      circumstances: ({ libraries }) => circumstances(libraries),
    })
  } finally {
    clearInterval(ticking)
  }
}

/** Whoever stops a run shall not leave its processes behind. What was measured before has been written. */
function stopOnSignals(progress: RunProgress): void {
  const stop = (code: number): void => {
    killWorkers()
    progress.say('stopped: benchmarks that had ended are in benchmarks/results/latest')
    process.exit(code)
  }
  process.once('SIGINT', () => stop(130))
  process.once('SIGTERM', () => stop(143))
}

try {
  process.exitCode = await main()
} catch (error) {
  if (error instanceof ArgumentError) console.error(`${error.message}\n\n${usage(available)}`)
  else if (error instanceof CannotRun || error instanceof PackagesUnavailable) console.error(error.message)
  else throw error
  process.exitCode = 2
}
