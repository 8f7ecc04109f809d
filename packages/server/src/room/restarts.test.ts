import { VirtualClock } from '@junto/testing'
import { describe, expect, test } from 'vitest'
import { Restarts } from './restarts.ts'

function restarts(most: number) {
  const clock = new VirtualClock()
  const kept = new Restarts({ clock, most, window: 1000 })
  /** Milliseconds until the room may be made again; 0: now. */
  const wait = (key = 'a'): number => {
    try {
      kept.check(key, `desk/${key}`)
      return 0
    } catch (error) {
      expect(error).toMatchObject({ code: 'room_failed' })
      return (error as { retryAfter: number }).retryAfter
    }
  }
  return { clock, kept, wait }
}

describe('a room that failed', () => {
  test('is made again so many times within the window, and then when the first failure has left it', async () => {
    const { clock, kept, wait } = restarts(2)
    expect(wait()).toBe(0)
    for (const expected of [0, 0, 800]) {
      kept.failed('a')
      expect(wait()).toBe(expected)
      await clock.advance(100)
    }
    expect(wait()).toBe(700)
    expect(wait('b')).toBe(0)
    await clock.advance(699)
    expect(wait()).toBe(1)
    await clock.advance(1)
    expect(wait()).toBe(0)
    // It fails again: now the second failure counts as the first one.
    kept.failed('a')
    expect(wait()).toBe(100)
  })

  test('with none allowed it is made again when the window is over', async () => {
    const { clock, kept, wait } = restarts(0)
    kept.failed('a')
    expect(wait()).toBe(1000)
    await clock.advance(1000)
    expect(wait()).toBe(0)
  })

  test('the message names the room, and the limit', () => {
    const { kept } = restarts(0)
    kept.failed('a')
    expect(() => kept.check('a', 'desk/a')).toThrow(
      'the room desk/a failed too often: it is made again in 1000 ms (limits roomRestarts and roomRestartWindow)',
    )
  })

  test('is forgotten when its window is over, without a timer', async () => {
    const { clock, kept } = restarts(2)
    for (let n = 0; n < 1000; n++) {
      kept.failed(`room ${n}`)
      await clock.advance(10)
    }
    expect(kept.size).toBeLessThanOrEqual(100)
    expect(clock.pendingTimers).toBe(0)
  })
})
