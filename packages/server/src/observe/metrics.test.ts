import { expect, test } from 'vitest'
import { MemoryMetrics } from './metrics.ts'

test('counts by name and labels, whatever their order', () => {
  const metrics = new MemoryMetrics()
  metrics.count('closed', { reason: 'silent', side: 'us' })
  metrics.count('closed', { side: 'us', reason: 'silent' }, 2)
  metrics.count('closed')
  expect(metrics.read('closed', { reason: 'silent', side: 'us' })).toBe(3)
  expect(metrics.read('closed')).toBe(1)
  expect(metrics.read('closed', { reason: 'other' })).toBe(0)
})

test('a kept counter and a gauge write to the series that is read', () => {
  const metrics = new MemoryMetrics()
  const counter = metrics.counter('opened')
  counter.add()
  counter.add(4)
  const gauge = metrics.gauge('open')
  gauge.set(7)
  gauge.add(-2)
  expect([...metrics.entries()]).toEqual([
    ['open', 5],
    ['opened', 5],
  ])
})

test('a histogram counts how many were at most as large as each bound', () => {
  const metrics = new MemoryMetrics()
  const sizes = metrics.histogram('sizes', { room: 'board' }, [10, 100])
  for (const size of [1, 10, 11, 100, 101, 1e9]) sizes.observe(size)
  const reading = metrics.readHistogram('sizes', { room: 'board' })
  expect(reading).toEqual({
    count: 6,
    sum: 1e9 + 223,
    buckets: new Map([
      [10, 2],
      [100, 4],
      [Infinity, 6],
    ]),
  })
  // The bounds of the first call hold for the name.
  metrics.histogram('sizes', { room: 'chat' }, [7]).observe(8)
  expect([...(metrics.readHistogram('sizes', { room: 'chat' })?.buckets.keys() ?? [])]).toEqual([10, 100, Infinity])
  expect(metrics.readHistogram('sizes')).toBeUndefined()
})

test('what is cheaper to look up than to count is looked up before numbers are read, until that is ended', () => {
  const metrics = new MemoryMetrics()
  let rooms = 3
  const end = metrics.beforeReading(() => metrics.gauge('rooms').set(rooms))
  expect(metrics.read('rooms')).toBe(3)
  rooms = 4
  expect([...metrics.entries()]).toEqual([['rooms', 4]])
  end()
  rooms = 5
  expect(metrics.read('rooms')).toBe(4)
})
