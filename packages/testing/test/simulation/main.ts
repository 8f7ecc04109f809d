import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { count, type Account } from './ledger.ts'
import { simulate } from './simulation.ts'

// `npm run simulate -- --seeds 100000`: plays so many seeds, in as many processes as there are processors.
// `npm run simulate -- --seed 17`: plays that one.

/** What a child tells: how far it is, and what has failed. */
interface Report {
  readonly played: number
  readonly failure?: { readonly seed: number; readonly text: string }
  /** At its end. */
  readonly account?: readonly (readonly [string, number])[]
}

const usage = `npm run simulate -- --seeds N [--from M] [--jobs J]   plays the seeds M to M+N-1 (default: 1 on)
npm run simulate -- --seed S                          plays that one seed`

/** So many failures, and no more seeds are played: one fault shows in many. */
const mostFailures = 10

/** Seeds between two words of a child. */
const between = 25

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    step: { type: 'string' },
  },
})

function whole(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 1) {
    console.error(`--${name} is '${text}', and must be a whole number above 0\n${usage}`)
    process.exit(2)
  }
  return value
}

function printAccount(account: Account): void {
  for (const [what, times] of [...account].toSorted(([one], [other]) => (one < other ? -1 : 1)))
    console.log(`${String(times).padStart(10)}  ${what}`)
}

/** Plays one seed, and says what was in it. */
async function playOne(seed: number): Promise<void> {
  try {
    printAccount(await simulate(seed))
    console.log(`seed ${seed}: everything is as it should be`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

/** A child plays every so many of the seeds, and tells how far it is. */
async function playShare(from: number, until: number, step: number): Promise<void> {
  const account: Account = new Map()
  const tell = (report: Report): void => void process.send?.(report)
  let played = 0
  for (let seed = from; seed < until; seed += step) {
    try {
      for (const [what, times] of await simulate(seed)) count(account, what, times)
    } catch (error) {
      tell({ played: 0, failure: { seed, text: error instanceof Error ? error.message : String(error) } })
    }
    if (++played % between === 0) tell({ played: between })
  }
  tell({ played: played % between, account: [...account] })
  process.disconnect()
}

/** Has children play, and shows how far they are. */
async function playAll(from: number, seeds: number, jobs: number): Promise<void> {
  const account: Account = new Map()
  const failed: number[] = []
  let played = 0
  const show = (): void => {
    const percent = ((played / seeds) * 100).toFixed(0)
    const line = `${played} of ${seeds} seeds (${percent} %), ${failed.length} failed`
    if (process.stderr.isTTY) process.stderr.write(`\r${line} `)
    else if (played % 1000 < between) console.error(line)
  }
  const children = Array.from({ length: Math.min(jobs, seeds) }, (_, index) =>
    fork(fileURLToPath(import.meta.url), [
      '--from',
      String(from + index),
      '--seeds',
      String(seeds - index),
      '--step',
      String(jobs),
    ]),
  )
  const ends = children.map(
    (child) =>
      new Promise<void>((resolve) => {
        child.on('message', ({ played: more, failure, account: part }: Report) => {
          played += more
          if (failure !== undefined && failed.length < mostFailures) {
            failed.push(failure.seed)
            console.error(`\n${failure.text}\n`)
            if (failed.length === mostFailures) for (const each of children) each.kill()
          }
          for (const [what, times] of part ?? []) count(account, what, times)
          show()
        })
        child.on('exit', (code) => {
          if (code !== 0 && code !== null) {
            console.error(`a process of the simulation ended with ${code}`)
            process.exitCode = 1
          }
          resolve()
        })
      }),
  )
  await Promise.all(ends)
  console.error()
  printAccount(account)
  if (failed.length === 0) return console.log(`${played} seeds: everything is as it should be`)
  process.exitCode = 1
  console.log(`${failed.length} seeds failed. Each once more, alone:`)
  for (const seed of failed) console.log(`npm run simulate -- --seed ${seed}`)
}

const { seed, seeds, from, jobs, step } = values
if (seed !== undefined) await playOne(whole('seed', seed))
else if (seeds === undefined) {
  console.error(usage)
  process.exitCode = 2
} else {
  const first = whole('from', from)
  const many = whole('seeds', seeds)
  if (step === undefined) await playAll(first, many, whole('jobs', jobs))
  else await playShare(first, first + many, whole('step', step))
}
