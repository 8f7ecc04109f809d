import { Clock } from '@junto/protocol'
import { VirtualClock } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { Watchdog } from './watchdog.ts'

/** A clock whose machine slept: timers fire as late as the test says. */
class SleepyClock extends Clock {
  ms = 0
  fire: (() => void) | undefined

  override now(): number {
    return this.ms
  }

  override time(): number {
    return this.ms
  }

  override after(_ms: number, fn: () => void): () => void {
    this.fire = fn
    return () => {
      this.fire = undefined
    }
  }

  override atEndOfTurn(): void {
    throw new Error('not used here')
  }
}

describe('a watchdog', () => {
  it('barks after the silence, counted from the last touch, and once', async () => {
    const clock = new VirtualClock()
    const barks: number[] = []
    const watchdog = new Watchdog(clock, 1000, () => barks.push(clock.now()))
    await clock.advance(900)
    watchdog.touch()
    await clock.advance(10_000)
    expect(barks).toEqual([1900])
  })

  it('is quiet once stopped', async () => {
    const clock = new VirtualClock()
    const barks: number[] = []
    const watchdog = new Watchdog(clock, 1000, () => barks.push(clock.now()))
    watchdog.stop()
    await clock.advance('1m')
    expect(barks).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  it('gives what waits a moment to arrive after the machine slept', () => {
    const clock = new SleepyClock()
    let barks = 0
    const watchdog = new Watchdog(clock, 1000, () => barks++)
    clock.ms = 3_600_000
    clock.fire?.()
    expect(barks).toBe(0)
    watchdog.touch()
    clock.ms += 5000
    clock.fire?.()
    expect(barks).toBe(1)
  })
})
