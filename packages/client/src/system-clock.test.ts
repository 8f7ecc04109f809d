import { afterEach, describe, expect, it, vi } from 'vitest'
import { SystemClock } from './system-clock.ts'
import { SystemRandom } from './system-random.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe.each(['Node', 'a browser'])('the end of the turn in %s', (place) => {
  it('comes after the promises of this turn, in order', async () => {
    // A browser has no setImmediate.
    if (place === 'a browser') vi.stubGlobal('setImmediate', undefined)
    const clock = new SystemClock()
    vi.unstubAllGlobals()
    const order: string[] = []
    const end = new Promise<void>((resolve) => {
      clock.atEndOfTurn(() => order.push('first'))
      clock.atEndOfTurn(() => {
        order.push('second')
        clock.atEndOfTurn(() => {
          order.push('next turn')
          resolve()
        })
      })
    })
    void Promise.resolve()
      .then(() => {})
      .then(() => order.push('promise'))
    order.push('now')
    await end
    expect(order).toEqual(['now', 'promise', 'first', 'second', 'next turn'])
  })
})

describe('the system clock', () => {
  it('runs timers once, unless they are cancelled', async () => {
    const clock = new SystemClock()
    const before = clock.now()
    const ran: string[] = []
    clock.after(1, () => ran.push('cancelled'))()
    await new Promise<void>((resolve) => clock.after(5, resolve))
    expect(ran).toEqual([])
    expect(clock.now() - before).toBeGreaterThan(3)
    expect(Math.abs(clock.time() - Date.now())).toBeLessThan(1000)
  })
})

describe('the system random source', () => {
  it('yields bytes, and numbers below one', () => {
    const random = new SystemRandom()
    expect(random.bytes(16)).toHaveLength(16)
    expect(random.bytes(16)).not.toEqual(random.bytes(16))
    for (let n = 0; n < 100; n++) expect(random.number()).toBeLessThan(1)
  })
})
