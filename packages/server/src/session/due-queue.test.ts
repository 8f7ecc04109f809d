import { VirtualClock } from '@junto/testing'
import { expect, test } from 'vitest'
import { DueQueue } from './due-queue.ts'

function build(onDue: (item: string) => void = () => {}) {
  const clock = new VirtualClock()
  const due: string[] = []
  const queue = new DueQueue<string>(clock, 1000, (item) => {
    due.push(`${item} ${clock.now()}`)
    onDue(item)
  })
  return { clock, due, queue }
}

test('each is due the same time after it came, all by one timer', async () => {
  const { clock, due, queue } = build()
  queue.add('a')
  await clock.advance(300)
  queue.add('b')
  queue.add('a')
  expect(clock.pendingTimers).toBe(1)
  expect(queue.oldest).toBe('a')
  await clock.advance(700)
  expect(due).toEqual(['a 1000'])
  expect(clock.pendingTimers).toBe(1)
  await clock.advance(300)
  expect(due).toEqual(['a 1000', 'b 1300'])
  expect(clock.pendingTimers).toBe(0)
})

test('what is deleted is never due, and the last one takes the timer with it', async () => {
  const { clock, due, queue } = build()
  queue.add('a')
  await clock.advance(300)
  queue.add('b')
  expect(queue.delete('a')).toBe(true)
  expect(queue.delete('a')).toBe(false)
  await clock.advance(1000)
  expect(due).toEqual(['b 1300'])
  queue.add('c')
  queue.delete('c')
  expect(clock.pendingTimers).toBe(0)
  expect(queue.size).toBe(0)
})

test('one that is due may put itself in again, and take others out', async () => {
  const { clock, due, queue } = build((item) => {
    if (item === 'a' && due.length === 1) {
      queue.add('a')
      queue.delete('b')
    }
  })
  queue.add('a')
  queue.add('b')
  await clock.advance(1000)
  expect(due).toEqual(['a 1000'])
  expect(clock.pendingTimers).toBe(1)
  await clock.advance(1000)
  expect(due).toEqual(['a 1000', 'a 2000'])
  expect(clock.pendingTimers).toBe(0)
})
