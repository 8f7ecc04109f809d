import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { JuntoServer, Room } from '@junto/server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Poll } from './scenario.fixture.ts'

// As users run it: a program, whose bots are processes of their own, against a server behind a real socket.

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const scenario = fileURLToPath(new URL('./scenario.fixture.ts', import.meta.url))
const tsconfig = fileURLToPath(new URL('../../../tsconfig.base.json', import.meta.url))

class PollRoom extends Room(Poll) {
  onCreate() {
    return { votes: 0 }
  }

  readonly handlers = this.handle({
    vote: ({ by }, { error }) => {
      if (by === 0) throw error('closed', {})
      return ++this.state.votes
    },
  })
}

let server: JuntoServer
let folder: string

beforeAll(async () => {
  server = new JuntoServer({ port: 0, host: '127.0.0.1', logLevel: 'error' })
  server.define(Poll, PollRoom)
  await server.listen()
  folder = await mkdtemp(join(tmpdir(), 'junto-load-'))
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

async function load(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const node = ['--import', 'tsx', '--conditions=@junto/source', main]
  const child = spawn(process.execPath, [...node, scenario, '--tsconfig', tsconfig, ...args], {
    env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, out, err }
}

it('runs the bots, tells what they have met, and ends with what the thresholds say; with 2 when there is no server', async () => {
  const json = join(folder, 'figures.json')
  const [{ code, out, err }, nobody] = await Promise.all([
    load('--url', server.url ?? '', '--processes', '2', '--json', json),
    load('--url', 'ws://127.0.0.1:1'),
  ])
  expect(nobody).toMatchObject({ code: 2, out: '' })
  expect(nobody.err).toMatch(/cannot be reached: nothing listens at 127\.0\.0\.1:1\. Is the server running/)
  expect(err).toMatch(/5 bots in 2 processes on ws:/)
  expect(out).toMatch(/1 error; 1 bot failed\n +1 {2}bot: bot 4 has no opinion/)
  expect(out).toMatch(/call\.vote: closed.*declared by the call: an answer/)
  expect(out).toMatch(/met {5}join\.count=4/)
  expect(code).toBe(0)
  const report: unknown = JSON.parse(await readFile(json, 'utf8'))
  expect(report).toMatchObject({
    exitCode: 0,
    settings: { bots: 5, ramp: 200, hold: 500, processes: 2, seed: 3 },
    counters: { botsStarted: 5, botsFailed: 1, errors: 1, drops: 0 },
    measures: { join: { count: 4, failed: 0 } },
    generator: { processes: [{}, {}] },
  })
  const { counters, measures } = report as {
    counters: Record<string, number>
    measures: Record<string, { count: number }>
  }
  expect(counters['refused']).toBeGreaterThan(3)
  expect(measures['call.vote']?.count).toBeGreaterThan(counters['refused'] ?? Infinity)
  expect(measures['vote and look']?.count).toBe(measures['call.vote']?.count)
  expect(counters['bytesIn']).toBeGreaterThan(500)
})
