import { serverLimits } from '@junto/protocol'
import { VirtualClock } from '@junto/testing'
import { expect, it } from 'vitest'
import { MemoryMetrics } from '../observe/metrics.ts'
import { AddressBudget, type Intake } from './address-budget.ts'

const KiB = 1024

/** A budget of 1 MiB a second, with 4 MiB at once. */
function build() {
  const clock = new VirtualClock()
  const metrics = new MemoryMetrics()
  const limits = serverLimits({ byteRatePerAddress: 1024 * KiB, byteBurstPerAddress: 4096 * KiB })
  const budget = new AddressBudget({ clock, metrics, limits })
  const log: string[] = []
  const open = (name: string): Intake =>
    budget.open({ pause: () => log.push(`${name} stops`), resume: () => log.push(`${name} goes on`) })
  return { clock, metrics, budget, log, open, take: (intake: Intake, bytes: number) => intake.took(clock.now(), bytes) }
}

it('lets an address send its burst at once, then as much as its rate, over all of its connections', async () => {
  const { clock, metrics, log, open, take } = build()
  const [a, b] = [open('a'), open('b')]
  take(a, 2048 * KiB)
  take(b, 2000 * KiB)
  expect(log).toEqual([])
  take(a, 560 * KiB)
  expect(log).toEqual(['a stops'])
  // b was not heard of since: it is read until it says something.
  take(b, 512 * KiB)
  expect(log).toEqual(['a stops', 'b stops'])
  expect(metrics.read('reading_paused', { limit: 'address' })).toBe(2)
  await clock.advance(990)
  expect(log).toHaveLength(2)
  await clock.advance(100)
  expect(log).toEqual(['a stops', 'b stops', 'a goes on', 'b goes on'])
  await clock.advance('1s')
  expect(clock.pendingTimers).toBe(0)
})

it('reads one after the other, in the order in which they came to stand still', async () => {
  const { clock, log, open, take } = build()
  const names = ['a', 'b', 'c', 'd']
  const intakes = new Map(names.map((name) => [name, open(name)]))
  const [first] = intakes.values()
  if (first === undefined) throw new Error('four of them')
  take(first, 4096 * KiB)
  const order: string[] = []
  for (const intake of intakes.values()) take(intake, 64 * KiB)
  // Each that is read again says as much as one may say at once.
  let seen = log.length
  while (order.length < 8) {
    await clock.advance(1)
    for (; seen < log.length; seen++) {
      const [, name = ''] = /^(.) goes on$/.exec(log[seen] ?? '') ?? []
      const intake = intakes.get(name)
      if (intake === undefined) continue
      order.push(name)
      take(intake, 64 * KiB)
    }
  }
  expect(order.join('')).toBe('abcdabcd')
  // Eleven of 64 KiB at 1 MiB a second.
  expect(clock.now()).toBeGreaterThan(680)
  expect(clock.now()).toBeLessThan(700)
})

it('does not read who comes while nothing is left, and begins in its turn', async () => {
  const { clock, log, open, take } = build()
  take(open('a'), 5120 * KiB)
  open('b')
  expect(log).toEqual(['a stops', 'b stops'])
  await clock.advance('1100ms')
  expect(log.slice(2)).toEqual(['a goes on', 'b goes on'])
})

it('counts a message besides its bytes', () => {
  const { log, open, take } = build()
  const a = open('a')
  for (let n = 0; n < (4096 * KiB) / 32; n++) take(a, 0)
  expect(log).toEqual([])
  take(a, 0)
  expect(log).toEqual(['a stops'])
})

it('is read again when neither its session nor its address has anything against it', async () => {
  const { clock, log, open, take } = build()
  const a = open('a')
  a.pause()
  take(a, 5120 * KiB)
  expect(log).toEqual(['a stops'])
  expect(a.paused).toBe(true)
  await clock.advance('2s')
  expect(log).toEqual(['a stops'])
  a.resume()
  expect(log).toEqual(['a stops', 'a goes on'])
  take(a, 5120 * KiB)
  a.pause()
  a.resume()
  expect(log).toEqual(['a stops', 'a goes on', 'a stops'])
})

it('leaves nothing behind of connections that are gone', async () => {
  const { clock, budget, open, take } = build()
  const [a, b] = [open('a'), open('b')]
  take(a, 5120 * KiB)
  take(b, 1)
  a.close()
  expect(clock.pendingTimers).toBe(1)
  b.close()
  expect(clock.pendingTimers).toBe(0)
  expect(budget.isIdle(clock.now())).toBe(false)
  await clock.advance('10s')
  expect(budget.isIdle(clock.now())).toBe(true)
})
