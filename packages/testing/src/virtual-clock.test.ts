import { describe, expect, it } from 'vitest'
import { SeededRandom } from './seeded-random.ts'
import { VirtualClock } from './virtual-clock.ts'

describe('VirtualClock', () => {
  it('runs timers by time, and by order of setting where the time is the same', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    const note = (name: string) => () => ran.push(`${name}@${clock.now()}`)
    clock.after(30, note('c'))
    clock.after(10, note('a'))
    clock.after(10, note('b'))
    clock.after(10.5, note('b+'))
    clock.after(31, note('late'))
    await clock.advance(30)
    expect(ran).toEqual(['a@10', 'b@10', 'b+@10.5', 'c@30'])
    expect(clock.now()).toBe(30)
    expect(clock.pendingTimers).toBe(1)
  })

  it('says the time of day in whole milliseconds, wherever between two of them it stands', async () => {
    const clock = new VirtualClock({ epoch: 1000 })
    await clock.advance(10.75)
    expect(clock.now()).toBe(10.75)
    expect(clock.time()).toBe(1010)
  })

  it('keeps the order of any set of timers, cancelled ones left out', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = new SeededRandom(seed)
      const clock = new VirtualClock()
      const expected: { at: number; order: number }[] = []
      const ran: { at: number; order: number }[] = []
      for (let order = 0; order < 60; order++) {
        const at = random.integer(0, 20)
        const cancel = clock.after(at, () => ran.push({ at, order }))
        if (random.chance(0.3)) cancel()
        else expected.push({ at, order })
      }
      expected.sort((a, b) => a.at - b.at || a.order - b.order)
      expect(clock.pendingTimers).toBe(expected.length)
      await clock.advance(20)
      expect(ran).toEqual(expected)
      expect(clock.pendingTimers).toBe(0)
    }
  })

  it('settles promises after a timer, then does the work of the end of the turn, then goes to the next timer', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    clock.after(5, () => {
      clock.atEndOfTurn(() => {
        ran.push('end')
        void deep(30).then(() => ran.push('promise of the end'))
        clock.atEndOfTurn(() => ran.push('next end'))
      })
      void deep(50).then(() => ran.push('promise'))
    })
    clock.after(5, () => ran.push('next timer'))
    await clock.advance('5ms')
    expect(ran).toEqual(['promise', 'end', 'promise of the end', 'next end', 'next timer'])

    async function deep(levels: number): Promise<void> {
      if (levels > 0) await deep(levels - 1)
    }
  })

  it('lets chains of waits and timers run through in one advance', async () => {
    const clock = new VirtualClock({ epoch: 1000 })
    const seen: number[] = []
    const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve))
    const run = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        await wait(100)
        seen.push(clock.time())
      }
    }
    void run()
    await clock.advance('0.5s')
    expect(seen).toEqual([1100, 1200, 1300, 1400, 1500])
    await clock.advance('1h')
    expect(clock.now()).toBe(3_600_500)
  })

  it('settles without moving the time, and runs what is due at once', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    clock.after(0, () => ran.push('now'))
    clock.after(-5, () => ran.push('overdue'))
    clock.after(1, () => ran.push('later'))
    clock.atEndOfTurn(() => ran.push('end'))
    await clock.settle()
    expect(ran).toEqual(['end', 'now', 'overdue'])
    expect(clock.now()).toBe(0)
  })

  it('passes on what a timer throws, and can go on', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    clock.after(1, () => {
      throw new Error('broken')
    })
    clock.after(2, () => {
      clock.atEndOfTurn(() => {
        throw new Error('broken too')
      })
      clock.atEndOfTurn(() => ran.push('end'))
    })
    await expect(clock.advance(5)).rejects.toThrow('broken')
    expect(clock.now()).toBe(1)
    await expect(clock.advance(5)).rejects.toThrow('broken too')
    await clock.advance(5)
    expect(ran).toEqual(['end'])
  })

  it('refuses to be advanced twice at once, and durations that are none', async () => {
    const clock = new VirtualClock()
    const first = clock.advance(1)
    await expect(clock.advance(1)).rejects.toThrow('await that first')
    await first
    await expect(clock.advance('soon')).rejects.toThrow("'5s'")
    await expect(clock.advance(-1)).rejects.toThrow("'5s'")
    await expect(clock.advance(Infinity)).rejects.toThrow("'5s'")
    expect(() => clock.after(NaN, () => {})).toThrow('NaN')
  })

  it('cancels harmlessly, also from within and after it ran', async () => {
    const clock = new VirtualClock()
    let ran = 0
    const cancel = clock.after(1, () => {
      ran++
      cancel()
    })
    await clock.advance(1)
    cancel()
    expect([ran, clock.pendingTimers]).toEqual([1, 0])
  })
})

describe('SeededRandom', () => {
  it('repeats itself by its seed', () => {
    const take = (seed: number): number[] => {
      const random = new SeededRandom(seed)
      return Array.from({ length: 20 }, () => random.number())
    }
    expect(take(7)).toEqual(take(7))
    expect(take(7)).not.toEqual(take(8))
  })

  it('is even enough', () => {
    const random = new SeededRandom(1)
    const counts = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 20_000; i++) {
      const at = random.integer(0, 9)
      counts[at] = (counts[at] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(250)
    expect(random.bytes(1000).reduce((sum, byte) => sum + byte, 0) / 1000).toBeGreaterThan(110)
  })
})
