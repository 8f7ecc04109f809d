import { runs, SeededRandom } from '@junto/testing'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleProgram } from '../bundle.ts'

// A real process that writes to real files is killed while it saves.

const kills = Math.min(200, runs(20).numRuns)

let folder: string
let program: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'junto-kills-'))
  program = join(folder, 'ledger.mjs')
  await bundleProgram(fileURLToPath(new URL('./ledger.ts', import.meta.url)), program)
})
afterAll(() => rm(folder, { recursive: true }))

/** What a process said before it was killed: in each room, what it found and what it said was safe. */
interface Life {
  readonly found: ReadonlyMap<string, number>
  readonly safe: ReadonlyMap<string, number>
}

/** Runs the server until it has said so many times that something is safe, and kills it in the midst of what it does then. */
async function live(sayings: number): Promise<Life> {
  const child = spawn(process.execPath, [program, join(folder, 'rooms')], { stdio: ['ignore', 'pipe', 'pipe'] })
  const found = new Map<string, number>()
  const safe = new Map<string, number>()
  let complaints = ''
  let left = sayings
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    const [what, room = '', count] = line.split(' ')
    if (what === 'found') found.set(room, Number(count))
    else safe.set(room, Number(count))
    if (what === 'safe' && --left === 0) child.kill('SIGKILL')
  })
  // All that it said before is read, too.
  const [[, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')])
  expect({ signal, complaints }).toEqual({ signal: 'SIGKILL', complaints: '' })
  return { found, safe }
}

test(`what was said to be saved is there after kill -9, ${kills} times`, { timeout: kills * 10_000 }, async () => {
  const random = new SeededRandom(1)
  const safe = new Map<string, number>()
  for (let life = 0; life <= kills; life++) {
    const lived = await live(random.integer(1, 60))
    for (const [room, count] of safe) expect(lived.found.get(room), room).toBeGreaterThanOrEqual(count)
    for (const [room, count] of lived.safe) safe.set(room, count)
  }
  // Each of them has got on.
  for (const room of ['ledger', 'diary']) expect(safe.get(room)).toBeGreaterThan(kills)
})
