import { VirtualClock } from '@junto/testing'
import { expect, test } from 'vitest'
import { ConsoleLogger } from './log.ts'
import { MemoryMetrics } from './metrics.ts'
import { Watchdog } from './watchdog.ts'

const watched = { type: 'board', name: 'board/team-a' }

/** A clock that moves while somebody computes. */
class WorkingClock extends VirtualClock {
  #worked = 0

  override now(): number {
    return super.now() + this.#worked
  }

  work(ms: number): void {
    this.#worked += ms
  }
}

function build() {
  const clock = new WorkingClock()
  const lines: string[] = []
  const metrics = new MemoryMetrics()
  const watchdog = new Watchdog(clock, new ConsoleLogger('debug', (line) => lines.push(line)), metrics, 250)
  return { clock, lines, metrics, watchdog }
}

test('names a room that held up the event loop, and counts its type', () => {
  const { clock, lines, metrics, watchdog } = build()
  expect(watchdog.measure(watched, () => (clock.work(251), 'done'))).toBe('done')
  expect(lines).toEqual([
    '[junto] warn: The room board/team-a held up the event loop for 251 ms: every other room and connection waited. ' +
      'Move long work to a worker, or cut it into pieces. (room=board/team-a)\n',
  ])
  expect(metrics.read('rooms_blocked', { room: 'board' })).toBe(1)
})

test('says nothing of what is short', () => {
  const { clock, lines, watchdog } = build()
  watchdog.measure(watched, () => clock.work(250))
  watchdog.enter(watched)
  clock.work(250)
  watchdog.leave()
  expect(lines).toEqual([])
})

test('names a room for all that one message had it do, and nobody for what comes between', () => {
  const { clock, lines, watchdog } = build()
  const other = { type: 'board', name: 'board/team-b' }
  watchdog.enter(watched)
  clock.work(100)
  watchdog.enter(watched)
  clock.work(200)
  watchdog.enter(other)
  clock.work(10)
  watchdog.leave()
  clock.work(1000)
  watchdog.enter(other)
  watchdog.leave()
  watchdog.leave()
  expect(lines).toEqual([expect.stringContaining('The room board/team-a held up the event loop for 300 ms')])
})

test('also when it throws, which passes through', () => {
  const { clock, lines, watchdog } = build()
  const fail = () => {
    clock.work(1000)
    throw new Error('late')
  }
  expect(() => watchdog.measure(watched, fail)).toThrow('late')
  expect(lines).toHaveLength(1)
})

test('waiting is not working', async () => {
  const { clock, lines, watchdog } = build()
  const waiting = watchdog.measure(watched, () => new Promise<void>((resolve) => clock.after(5000, resolve)))
  await clock.advance('5s')
  await waiting
  expect(lines).toEqual([])
})
