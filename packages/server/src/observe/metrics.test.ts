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
