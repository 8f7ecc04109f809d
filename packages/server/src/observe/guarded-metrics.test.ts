import { describe, expect, test } from 'vitest'
import { GuardedMetrics } from './guarded-metrics.ts'
import { SilentLogger } from './log.ts'
import { MemoryMetrics, type Counter, type Labels } from './metrics.ts'

/** Makes no counters until it is repaired. */
class BrokenMetrics extends MemoryMetrics {
  isBroken = true

  override counter(name: string, labels?: Labels): Counter {
    if (this.isBroken) throw new Error('out of order')
    return super.counter(name, labels)
  }
}

class CountingLogger extends SilentLogger {
  errors = 0

  override error(): void {
    this.errors++
  }
}

describe('guarded metrics', () => {
  test('give the same for the same name and labels, each of its kind, and count where the given ones do', () => {
    const given = new MemoryMetrics()
    const metrics = new GuardedMetrics(given, new SilentLogger())
    const counter = metrics.counter('moves', { room: 'a', side: 'left' })
    expect(metrics.counter('moves', { side: 'left', room: 'a' })).toBe(counter)
    expect(metrics.counter('moves', { room: 'b', side: 'left' })).not.toBe(counter)
    expect(metrics.gauge('moves')).toBe(metrics.gauge('moves'))
    expect(metrics.histogram('sizes', { room: 'a' }, [1, 2])).toBe(metrics.histogram('sizes', { room: 'a' }))
    expect(metrics.histogram('moves', { room: 'a', side: 'left' })).not.toBe(counter)
    counter.add(3)
    metrics.gauge('members').set(2)
    metrics.histogram('sizes', { room: 'a' }).observe(2)
    expect(given.read('moves', { room: 'a', side: 'left' })).toBe(3)
    expect(given.read('members')).toBe(2)
    expect(given.readHistogram('sizes', { room: 'a' })?.count).toBe(1)
  })

  test('count nothing where the given ones fail, say so once, and count from when somebody asks again', () => {
    const given = new BrokenMetrics()
    const logger = new CountingLogger()
    const metrics = new GuardedMetrics(given, logger)
    metrics.counter('moves').add()
    metrics.counter('moves').add()
    expect(logger.errors).toBe(1)
    given.isBroken = false
    metrics.counter('moves').add()
    expect(given.read('moves')).toBe(1)
  })
})
