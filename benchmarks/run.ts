// `npm run bench -- NAME…` runs benchmarks/NAME/benchmark.ts; without a name, all of them.
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Benchmark, Options, Result } from './benchmark.ts'
import { PeerUnavailable } from './peers.ts'
import { circumstances, format, Progress, save } from './report.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const available = readdirSync(here('.')).filter((name) => existsSync(here(`${name}/benchmark.ts`)))

const usage = `usage: npm run bench -- [NAME…] [--rounds N] [--only PEER…] [--profile]

  NAME          ${available.join(', ')}; all of them when none is named
  --rounds N    measured rounds per peer (default 3); only runs of 3 or more rounds of all peers are recorded
  --only PEER   measures this peer only; may be given several times
  --profile     writes a CPU profile of each measured process to benchmarks/results/profiles/; not recorded`

function readArguments(): { names: string[]; options: Options; recorded: boolean } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: a whole number from 1 up`)
  for (const name of positionals) {
    if (!available.includes(name)) throw new Error(`there is no benchmark '${name}', only ${available.join(', ')}`)
  }
  const profile = values.profile ? here('results/profiles') : undefined
  return {
    names: positionals.length > 0 ? positionals : available,
    options: { rounds, only: values.only, profile },
    recorded: rounds >= 3 && values.only.length === 0 && profile === undefined,
  }
}

let given: ReturnType<typeof readArguments>
try {
  given = readArguments()
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  process.exit(2)
}
for (const name of given.names) {
  const progress = new Progress(process.stderr)
  const { benchmark }: { benchmark: Benchmark } = await import(new URL(`./${name}/benchmark.ts`, import.meta.url).href)
  const where = circumstances(benchmark.libraries)
  let result: Result
  try {
    result = await benchmark.run(given.options, progress)
  } catch (error) {
    if (!(error instanceof PeerUnavailable)) throw error
    progress.end()
    console.error(error.message)
    process.exit(1)
  }
  progress.end()
  console.log(format(benchmark, result, where))
  if (given.recorded) console.log(`- recorded in ${save(benchmark, result, where)}`)
}
