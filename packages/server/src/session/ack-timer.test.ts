import { VirtualClock } from '@junto/testing'
import { expect, test } from 'vitest'
import { AckTimer } from './ack-timer.ts'

function build() {
  const clock = new VirtualClock()
  const timer = new AckTimer(clock, 1000)
  const told: string[] = []
  const one = (name: string) => ({ acknowledge: () => told.push(`${name} ${clock.now()}`) })
  return { clock, timer, told, one }
}

test('calls back within the delay and not before half of it, all by one timer', async () => {
  const { clock, timer, told, one } = build()
  timer.await(one('a'))
  await clock.advance(499)
  timer.await(one('b'))
  await clock.advance(2)
  timer.await(one('c'))
  expect(clock.pendingTimers).toBe(1)
  await clock.advance(5000)
  expect(told).toEqual(['a 1000', 'b 1000', 'c 1500'])
  expect(clock.pendingTimers).toBe(0)
})

test('who is forgotten is not called, and the last one takes the timer with it', async () => {
  const { clock, timer, told, one } = build()
  const [a, b] = [one('a'), one('b')]
  timer.await(a)
  await clock.advance(600)
  timer.await(b)
  timer.forget(a)
  expect(clock.pendingTimers).toBe(1)
  timer.forget(b)
  expect(clock.pendingTimers).toBe(0)
  await clock.advance(5000)
  expect(told).toEqual([])
})

test('who is called may ask again', async () => {
  const { clock, timer } = build()
  let calls = 0
  const again = {
    acknowledge: () => {
      if (++calls < 3) timer.await(again)
    },
  }
  timer.await(again)
  await clock.advance('10s')
  expect(calls).toBe(3)
  expect(clock.pendingTimers).toBe(0)
})
