import fc from 'fast-check'
import { runs } from '@junto/testing'
import { describe, expect, test } from 'vitest'
import { MemoryMetrics } from '../observe/metrics.ts'
import { HandClock } from './hand-clock.fixture.ts'
import { Ticker, type Ticked } from './ticker.ts'

interface Happening {
  readonly tick: number
  readonly time: number
  /** When it was done. */
  readonly at: number
}

function setUp(
  interval: number,
  maxCatchUp = 5,
  work: (ticker: Ticker, clock: HandClock, tick: number) => void = () => {},
) {
  const clock = new HandClock()
  const metrics = new MemoryMetrics()
  const wakes: Happening[][] = [[]]
  const skips: number[] = []
  const host: Ticked = {
    skip: (ticks) => void skips.push(ticks),
    step: (tick, time) => {
      wakes.at(-1)?.push({ tick, time, at: clock.now() })
      work(ticker, clock, tick)
    },
    stepped: () => void wakes.push([]),
  }
  const ticker: Ticker = new Ticker(host, {
    clock,
    interval,
    maxCatchUp,
    delays: metrics.histogram('tick_delay_seconds'),
    dropped: metrics.counter('ticks_dropped'),
  })
  return {
    clock,
    metrics,
    ticker,
    skips,
    /** Those of each time that it woke and had something to do. */
    wakes: () => wakes.slice(0, -1),
    ticks: () => wakes.flat(),
    dropped: () => metrics.read('ticks_dropped'),
  }
}

describe('ticks', () => {
  test('come one interval after the other, from one interval after the beginning', () => {
    const { clock, ticker, ticks } = setUp(50)
    ticker.run()
    for (let n = 0; n < 3; n++) clock.fire()
    expect(ticks()).toEqual([
      { tick: 1, time: 50, at: 50 },
      { tick: 2, time: 100, at: 100 },
      { tick: 3, time: 150, at: 150 },
    ])
    expect(ticker.tick).toBe(3)
  })

  test('that are late are made up for at once, each with its own time; what is done behind them is done once', () => {
    const { clock, ticker, wakes, metrics } = setUp(10)
    ticker.run()
    clock.fire(33)
    clock.fire()
    expect(wakes().map((wake) => wake.map(({ time, at }) => [time, at]))).toEqual([
      [
        [10, 43],
        [20, 43],
        [30, 43],
        [40, 43],
      ],
      [[50, 50]],
    ])
    expect(metrics.readHistogram('tick_delay_seconds')).toMatchObject({ count: 5, sum: 0.033 + 0.023 + 0.013 + 0.003 })
  })

  test('beyond those that are made up for are dropped, the oldest, and counted', () => {
    const { clock, ticker, wakes, skips, dropped } = setUp(10, 3)
    ticker.run()
    clock.fire(75)
    expect(wakes()[0]?.map(({ tick, time }) => [tick, time])).toEqual([
      [1, 60],
      [2, 70],
      [3, 80],
    ])
    expect(dropped()).toBe(5)
    expect(skips).toEqual([5])
    expect(clock.fire()).toBe(90)
  })

  test('of a thousand a second are not done twice as often because timers come early', () => {
    const { clock, ticker, ticks } = setUp(1)
    ticker.run()
    for (let n = 0; n < 100; n++) clock.fire()
    expect(ticks()).toHaveLength(100)
    expect(clock.now()).toBe(100)
  })

  test('do not come while time stands still, and what has passed then is not made up for', () => {
    const { clock, ticker, ticks, dropped } = setUp(10)
    ticker.run()
    ticker.run()
    clock.fire()
    ticker.pause()
    expect([clock.waits, ticker.isRunning]).toEqual([false, false])
    clock.present = 1000
    ticker.run()
    expect(clock.fire()).toBe(1010)
    expect(ticks().map(({ tick }) => tick)).toEqual([1, 2])
    expect(dropped()).toBe(0)
    ticker.close()
    ticker.run()
    expect(clock.waits).toBe(false)
  })

  test('that end the time are the last, also when others are due', () => {
    const { clock, ticker, ticks } = setUp(10, 5, (self) => self.pause())
    ticker.run()
    clock.fire(30)
    expect(ticks()).toHaveLength(1)
    expect(clock.waits).toBe(false)
  })

  test('that pause and run again begin anew from then on', () => {
    const { clock, ticker, ticks } = setUp(10, 5, (self, _, tick) => {
      if (tick > 1) return
      self.pause()
      self.run()
    })
    ticker.run()
    clock.fire(30)
    expect(ticks().map(({ at }) => at)).toEqual([40])
    clock.fire()
    expect(ticks().map(({ at }) => at)).toEqual([40, 50])
  })

  test('stand for as much time as has passed, however late each timer comes and however long each takes', () => {
    const wake = fc.record({
      late: fc.oneof(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: 0, max: 400, noNaN: true }),
        fc.constant(0),
      ),
      work: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 90, noNaN: true })),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(1, 3, 1000 / 60, 50, 1000),
        fc.integer({ min: 1, max: 8 }),
        fc.array(wake, { minLength: 1, maxLength: 40 }),
        (interval, most, pattern) => {
          let work = 0
          const { clock, ticker, wakes, ticks, dropped } = setUp(interval, most, (_, { present }) => {
            clock.present = present + work
          })
          ticker.run()
          let last = 0
          for (const each of pattern) {
            work = each.work
            const before = wakes().length
            const lost = dropped()
            clock.fire(each.late)
            const made = wakes()[before]
            // It woke when the first tick began, or when nothing was due.
            last = made?.[0]?.at ?? clock.now()
            expect(wakes().length - before).toBeLessThanOrEqual(1)
            expect(made?.length ?? 0).toBeLessThanOrEqual(most)
            // Nothing is dropped as long as not too much is late.
            if (dropped() > lost) expect(made).toHaveLength(most)
          }
          const early = Math.min(1, interval / 2)
          expect(ticks().length + dropped()).toBe(Math.floor((last + early) / interval + 1e-9))
          for (const [index, { tick, time, at: done }] of ticks().entries()) {
            expect(tick).toBe(index + 1)
            expect(done).toBeGreaterThanOrEqual(time - early - 1e-6)
            const since = time - (ticks()[index - 1]?.time ?? 0)
            const steps = Math.round(since / interval)
            expect(steps).toBeGreaterThanOrEqual(1)
            expect(since).toBeCloseTo(steps * interval, 6)
          }
        },
      ),
      runs(300),
    )
  })
})
