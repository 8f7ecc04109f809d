import { VirtualClock } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import type { Arguments } from './arguments.ts'
import type { Figures, FromWorker, ToWorker } from './messages.ts'
import { exitCodes, run } from './run.ts'
import type { WorkerEvents } from './workers.ts'

const args: Arguments = {
  file: 'bots.ts',
  given: { url: 'ws://nowhere', bots: 4, ramp: 0, hold: 10_000, processes: 2, thresholds: [] },
  json: undefined,
  tsconfig: undefined,
  quiet: false,
}
const nothing: Figures = { times: new Map(), failed: new Map(), counts: new Map(), errors: [] }
const usage = { loop: 0.1, cpu: 0.1, late: 1 }

interface Fake {
  readonly events: WorkerEvents
  isKilled: boolean
}

/** A run in virtual time, whose processes answer as told. */
function runOf(answer: (message: ToWorker | 'start', say: (message: FromWorker) => void) => void, given = args) {
  const clock = new VirtualClock()
  const interrupt = new AbortController()
  const workers: Fake[] = []
  let shown = ''
  let printed = ''
  const ended = run(given, {
    clock,
    startWorker: (_file, _tsconfig, events) => {
      const fake: Fake = { events, isKilled: false }
      workers.push(fake)
      const say = (message: FromWorker): void => clock.atEndOfTurn(() => events.message(message))
      answer('start', say)
      return { tell: (message) => answer(message, say), kill: () => (fake.isKilled = true) }
    },
    processors: 2,
    machine: () => 0.5,
    freshSeed: () => 1,
    screen: { isTerminal: false, width: 80, write: (text) => (shown += text) },
    print: (text) => (printed += text),
    isColored: false,
    interrupt: interrupt.signal,
  })
  // Who awaits it comes later.
  ended.catch(() => {})
  return { clock, interrupt, workers, ended, shown: () => shown, printed: () => printed }
}

/** Loads, reaches, runs and ends as it should, with these figures. */
function obedient(figures: Figures = nothing) {
  return (message: ToWorker | 'start', say: (message: FromWorker) => void): void => {
    if (message === 'start') say({ kind: 'loaded', settings: {} })
    else if (message.kind === 'reach') say({ kind: 'reached' })
    else if (message.kind === 'stop') {
      say({ kind: 'report', figures, usage, up: 2, ended: 0 })
      say({ kind: 'done', stuck: 0 })
    }
  }
}

describe('a run', () => {
  it('ends with what its processes have measured', async () => {
    const times = new Map([['call.vote', Float64Array.of(4)]])
    const { clock, ended, printed } = runOf(obedient({ ...nothing, times }))
    await clock.advance(11_000)
    expect(await ended).toBe(exitCodes.met)
    expect(printed()).toMatch(/call\.vote +2 /)
  })

  it('misses, where nobody says what must hold, if there was an error or an answer that never came', async () => {
    for (const name of ['errors', 'unanswered', 'botsFailed']) {
      const { clock, ended, printed } = runOf(obedient({ ...nothing, counts: new Map([[name, 1]]) }))
      await clock.advance(11_000)
      expect(await ended).toBe(exitCodes.missed)
      expect(printed()).toContain(`MISSED  ${name}.count=0`)
    }
  })

  it('that is interrupted ends with the figures so far; before the first bot, with none', async () => {
    const { clock, interrupt, ended, printed } = runOf(obedient())
    await clock.advance(2_000)
    interrupt.abort()
    await clock.advance(100)
    expect(await ended).toBe(exitCodes.met)
    expect(printed()).toContain('Ended after 2 s: it was interrupted.')

    const early = runOf(() => {})
    early.interrupt.abort()
    expect(await early.ended).toBe(exitCodes.interrupted)
    expect(early.workers.every(({ isKilled }) => isKilled)).toBe(true)
  })

  it('does not wait for ever for a scenario that never ends loading', async () => {
    const { clock, ended, shown, workers } = runOf(() => {})
    await clock.advance(6_000)
    expect(shown()).toContain('bots.ts is still loading')
    await clock.advance(60_000)
    await expect(ended).rejects.toThrow(/bots\.ts was not loaded within 60 s/)
    expect(workers.map(({ isKilled }) => isKilled)).toEqual([true])
  })

  it('does not blame a scenario that has loaded for a server that does not answer', async () => {
    const { clock, ended, shown, interrupt } = runOf((message, say) => {
      if (message === 'start') say({ kind: 'loaded', settings: {} })
    })
    await clock.advance(9_000)
    expect(shown()).toBe('')
    interrupt.abort()
    await clock.advance(10)
    expect(await ended).toBe(exitCodes.interrupted)
  })

  it('tells at once that one of its processes has ended, and ends with 2', async () => {
    const { clock, ended, shown, workers } = runOf(obedient())
    await clock.advance(2_000)
    workers[0]?.events.exit('signal SIGKILL')
    expect(shown()).toContain('ended by itself (signal SIGKILL)')
    await clock.advance(10_000)
    expect(await ended).toBe(exitCodes.fault)
  })

  it('looks before it begins whether its figures can be written', async () => {
    const { clock, ended } = runOf(obedient(), { ...args, json: '/nowhere/figures.json' })
    await expect(ended).rejects.toThrow(/--json \/nowhere\/figures\.json cannot be written/)
    expect(clock.now()).toBe(new VirtualClock().now())
  })
})
