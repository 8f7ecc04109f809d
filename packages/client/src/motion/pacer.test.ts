import { runs, SeededRandom } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxCatchUp, Pacer } from './pacer.ts'

const step = 1000 / 60
const started = Date.UTC(2026, 0, 1)

describe('a pacer', () => {
  it('takes its first step with the first frame, and then as many as time has passed, whatever frames do', () => {
    const frames = fc.array(fc.double({ min: 0, max: maxCatchUp * step, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    })
    fc.assert(
      fc.property(frames, fc.constantFrom(10, step, 50, 100), (passing, each) => {
        const pacer = new Pacer(each)
        let time = started
        let steps = pacer.advance(time)
        expect(steps).toBe(1)
        for (const ms of passing.map((one) => (one / step) * each)) {
          time += ms
          steps += pacer.advance(time)
          expect(pacer.alpha).toBeGreaterThanOrEqual(0)
          expect(pacer.alpha).toBeLessThan(1)
          expect(steps + pacer.alpha).toBeCloseTo(1 + (time - started) / each, 3)
        }
      }),
      runs(100),
    )
  })

  it('makes up for no more than a few steps, and goes on evenly then: a page was hidden, or a clock set', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (jump) => {
        const pacer = new Pacer(step)
        pacer.advance(started)
        const time = started + jump
        expect(pacer.advance(time)).toBeLessThanOrEqual(maxCatchUp)
        let steps = 0
        for (let frame = 1; frame <= 60; frame++) steps += pacer.advance(time + (frame * 1000) / 60)
        expect(steps).toBeGreaterThanOrEqual(59)
        expect(steps).toBeLessThanOrEqual(61)
      }),
      runs(200),
    )
  })

  it('leaves out what may not be taken, and does not make up for it later', () => {
    const pacer = new Pacer(50)
    pacer.advance(started)
    expect(pacer.advance(started + 200, 2)).toBe(2)
    expect(pacer.advance(started + 240, 0)).toBe(0)
    expect(pacer.advance(started + 300, 5)).toBe(2)
  })

  it('keeps its pace until it is told of inputs that wait', () => {
    expect(new Pacer(step).pace).toBe(1)
  })
})

/**
 * A server that applies an input a tick out of a buffer, and where it is empty makes up for it later with a second one; between it and the
 * client lines of changing latency. What came of it after so many seconds is told.
 */
function play(options: {
  readonly seed: number
  readonly seconds: number
  /** How much faster than the server's the client's clock runs, which it does not know. */
  readonly drift?: number
  readonly jitter: number
  /** Whether the server tells what waits. */
  readonly told?: boolean
}): { readonly missed: number; readonly most: number; readonly mean: number } {
  const { seed, seconds, drift = 0, jitter, told = true } = options
  const random = new SeededRandom(seed)
  const pacer = new Pacer(step)
  const arrivals: number[] = []
  const stamps: { readonly at: number; readonly time: number; readonly waiting: number }[] = []
  let [lastUp, lastDown, buffer, missed, most, sum] = [0, 0, 0, 0, 0, 0]
  const settled = seconds / 2
  const way = (now: number, last: number): number => Math.max(last, now + 50 + random.number() * jitter)
  for (let tick = 0; tick < seconds * 60; tick++) {
    const now = tick * step
    while ((stamps[0]?.at ?? Infinity) <= now) {
      const { time, waiting } = stamps.shift() ?? { time: 0, waiting: 0 }
      if (told) pacer.waiting(time, waiting)
    }
    for (let count = pacer.advance(now * (1 + drift)); count > 0; count--) {
      lastUp = way(now, lastUp)
      arrivals.push(lastUp)
    }
    while ((arrivals[0] ?? Infinity) <= now) {
      arrivals.shift()
      buffer++
    }
    const isSettled = tick >= settled * 60
    if (buffer > 0) buffer--
    else if (isSettled) missed++
    if (isSettled) most = Math.max(most, buffer)
    if (isSettled) sum += buffer
    if (tick % 3 === 0) {
      lastDown = way(now, lastDown)
      stamps.push({ at: lastDown, time: now, waiting: buffer })
    }
  }
  return { missed, most, mean: sum / ((seconds - settled) * 60) }
}

describe('with a server that tells what waits, a pacer', () => {
  it.each([1, 2, 3])('keeps a small reserve there, that jitter does not use up (%i)', (seed) => {
    const { missed, most, mean } = play({ seed, seconds: 60, jitter: 50 })
    expect(missed).toBeLessThanOrEqual(2)
    expect(most).toBeLessThanOrEqual(5)
    expect(mean).toBeLessThanOrEqual(2.5)
  })

  it.each([0.003, -0.003])('follows its ticks although its own clock drifts by %d', (drift) => {
    const { missed, most } = play({ seed: 1, seconds: 120, jitter: 20, drift })
    expect(missed).toBeLessThanOrEqual(2)
    expect(most).toBeLessThanOrEqual(7)
    const untold = play({ seed: 1, seconds: 120, jitter: 20, drift, told: false })
    expect(Math.max(untold.missed, untold.most)).toBeGreaterThan(9)
  })

  it('does not go faster or slower than a player does not feel', () => {
    const pacer = new Pacer(step)
    for (let time = 0; time < 3_000; time += 50) pacer.waiting(started + time, 30)
    expect(pacer.pace).toBe(0.95)
    for (let time = 3_000; time < 6_000; time += 50) pacer.waiting(started + time, 0)
    expect(pacer.pace).toBe(1.05)
    for (let time = 6_000; time < 9_000; time += 50) pacer.waiting(started + time, 1)
    expect(pacer.pace).toBe(1)
  })

  it('goes on with another server, whose clock is another', () => {
    const pacer = new Pacer(step)
    for (let time = 0; time < 2_000; time += 50) pacer.waiting(started + time, 5)
    expect(pacer.pace).toBeLessThan(1)
    for (let time = 0; time < 2_000; time += 50) pacer.waiting(time, 1)
    expect(pacer.pace).toBe(1)
  })
})
