import { runs, SeededRandom } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxCatchUp, Pacer, type Told } from './pacer.ts'

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

interface Played {
  /** Ticks without an input although some had come before. */
  readonly missed: number
  /** The most inputs that waited behind a tick, and the fewest. */
  readonly most: number
  readonly fewest: number
  /** Milliseconds that inputs waited for their ticks. */
  readonly wait: number
}

/** A line and two machines. Times are ms. */
interface Conditions {
  readonly seed?: number
  readonly tick?: number
  /** The server tells of inputs in each of so many ticks. */
  readonly patchEvery?: number
  /** Between two frames of the page. */
  readonly frame?: number
  /** Each way, and up to how much more. */
  readonly way?: number
  readonly jitter?: number
  /** From there on the way there takes so much longer for so long. */
  readonly stall?: { readonly at: number; readonly ms: number }
  /** From there on the way there takes so much longer for ever, and nobody knows of it. */
  readonly longer?: { readonly at: number; readonly ms: number }
  /** From there on the server drops so many ticks. */
  readonly drop?: { readonly at: number; readonly ticks: number }
  /** How much faster than the server's the client's clock runs, which it does not know. */
  readonly drift?: number
  /** Inputs that are to wait behind each tick. */
  readonly reserve?: number
}

/**
 * A server that takes an input a tick out of a buffer, and two where some were late; between it and a page that draws frames lines of changing
 * latency. What came of it is told of ticks from `from` to `until`, in seconds.
 */
function play(from: number, until: number, conditions: Conditions): Played {
  const { seed = 1, tick = step, patchEvery = 3, frame = 1000 / 60, way = 50, jitter = 0 } = conditions
  const { stall, drop, longer, drift = 0, reserve = 0 } = conditions
  const random = new SeededRandom(seed)
  const pacer = new Pacer(tick, { reserve })
  const arrivals: number[] = []
  const stamps: (Told & { readonly at: number })[] = []
  const buffer: number[] = []
  const waits: number[] = []
  let [lastUp, lastDown, seq, input, allowed, missed, most, fewest] = [0, 0, 0, 0, 0, 0, 0, Infinity]
  const travel = (now: number, last: number): number => Math.max(last, now + way + random.number() * jitter)
  let nextFrame = random.number() * frame
  for (let count = 1; count * tick < until * 1000; count++) {
    const now = count * tick
    for (; nextFrame <= now; nextFrame += frame) {
      while ((stamps[0]?.at ?? Infinity) <= nextFrame) {
        const stamp = stamps.shift()
        if (stamp !== undefined) pacer.told(stamp)
      }
      const steps = pacer.advance(nextFrame * (1 + drift))
      if (steps === 0) continue
      seq += steps
      pacer.sent(seq, steps, 2 * way, (jitter * 2) / 3)
      const isStalled = stall !== undefined && nextFrame >= stall.at * 1000 && nextFrame < stall.at * 1000 + stall.ms
      const left = isStalled ? stall.at * 1000 + stall.ms : nextFrame
      lastUp = travel(longer !== undefined && left >= longer.at * 1000 ? left + longer.ms : left, lastUp)
      for (let each = 0; each < steps; each++) arrivals.push(lastUp)
    }
    for (; (arrivals[0] ?? Infinity) <= now; arrivals.shift()) buffer.push(arrivals[0] ?? 0)
    const isCounted = now >= from * 1000
    allowed = Math.min(32, allowed + 1)
    if (drop !== undefined && now >= drop.at * 1000 && now < drop.at * 1000 + drop.ticks * tick) continue
    if (isCounted && buffer.length === 0 && input > 0) missed++
    for (let given = 0; given < 2 && allowed > 0 && buffer.length > 0; given++) {
      const arrival = buffer.shift() ?? now
      if (isCounted) waits.push(now - arrival)
      allowed--
      input++
    }
    if (isCounted) most = Math.max(most, buffer.length)
    if (isCounted) fewest = Math.min(fewest, buffer.length)
    if (count % patchEvery > 0) continue
    lastDown = travel(now, lastDown)
    stamps.push({ at: lastDown, time: now, input, waiting: buffer.length })
  }
  return { missed, most, fewest, wait: waits.reduce((sum, wait) => sum + wait, 0) / waits.length }
}

describe('with a server that tells what waits, a pacer', () => {
  it.each([1, 2, 3])('has them there in time, whatever the jitter, and hardly earlier (%i)', (seed) => {
    const { missed, most, wait } = play(30, 60, { seed, jitter: 50 })
    expect(missed).toBeLessThanOrEqual(9)
    expect(most).toBeLessThanOrEqual(5)
    expect(wait).toBeLessThanOrEqual(2.5 * step)
  })

  it.each([0.0005, -0.0005])('follows its ticks although its own clock drifts by %d', (drift) => {
    const { missed, most } = play(60, 120, { jitter: 20, drift })
    expect(missed).toBeLessThanOrEqual(3)
    expect(most).toBeLessThanOrEqual(5)
  })

  it.each([0, 1])('goes on when the way there takes longer from now on, with %i in reserve', (reserve) => {
    const before = play(25, 40, { way: 40, reserve })
    const { missed, wait } = play(50, 80, { way: 40, longer: { at: 40, ms: 200 }, reserve })
    expect(missed).toBeLessThanOrEqual(3)
    expect(wait).toBeLessThan(before.wait + 3 * step)
  })

  it('has its reserve there with each tick, where there is to be one', () => {
    const { missed, fewest, wait } = play(30, 60, { jitter: 10, reserve: 1 })
    expect([missed, fewest]).toEqual([0, 1])
    expect(wait).toBeLessThan(2.5 * step)
  })

  describe.each([
    { tick: 1000 / 30, patchEvery: 2 },
    { tick: step, patchEvery: 3 },
    { tick: 50, patchEvery: 1 },
  ])('on a steady line, with ticks of $tick ms,', (rates) => {
    const timer = { ...rates, frame: 1 }

    it.each([0.3, 20, 150])('lets inputs wait a few milliseconds, and misses none (%d ms each way)', (way) => {
      const { missed, wait } = play(3, 20, { ...timer, way })
      expect(missed).toBe(0)
      expect(wait).toBeLessThan(6)
    })

    it('lets them wait as long as it takes for all of a page, which takes them in frames', () => {
      const { missed, wait } = play(10, 60, { ...rates, frame: 1000 / 59.9 })
      expect(missed).toBe(0)
      expect(wait).toBeLessThan(16)
    })

    it('with a little jitter misses few, the fewer the longer it lasts', () => {
      const { missed, wait } = play(20, 80, { ...timer, jitter: 5 })
      expect(missed).toBeLessThanOrEqual(2)
      expect(wait).toBeLessThan(12)
    })

    it('lets none wait longer for a stall that is over, or for ticks that the server dropped', () => {
      for (const once of [{ stall: { at: 8, ms: 300 } }, { drop: { at: 8, ticks: 15 } }]) {
        const { missed, wait } = play(30, 40, { ...timer, ...once })
        expect(missed).toBe(0)
        expect(wait).toBeLessThan(7)
      }
    })
  })

  /** Steps for so long while so many inputs wait at the server. */
  function pass(pacer: Pacer, from: number, ms: number, waiting: number): void {
    for (let time = from; time < from + ms; time += 50) {
      slots += pacer.advance(time)
      pacer.sent(slots, 1, 20)
      pacer.told({ time, input: slots - waiting, waiting })
    }
  }
  let slots = 0

  it('does not go faster or slower than a player does not feel', () => {
    const pacer = new Pacer(50, { isTimed: true, reserve: 1 })
    pass(pacer, started, 3_000, 5)
    expect(pacer.pace).toBe(0.95)
    pass(pacer, started + 3_000, 3_000, 0)
    expect(pacer.pace).toBe(1.05)
  })

  it('goes on in another seat, whose inputs are counted from 1', () => {
    const pacer = new Pacer(50, { isTimed: true })
    let seq = 0
    const take = (times: number): void => {
      for (; times > 0; times--, time += 50) {
        pacer.advance(time)
        pacer.sent(++seq, 1, 20)
        // On time: the server has all that can have come.
        pacer.told({ time: time + 15, input: seq, waiting: 0 })
      }
    }
    let time = started
    take(40)
    pacer.advance(time)
    // These are on their way when the seat is lost.
    for (let more = 1; more <= 5; more++) pacer.sent(seq + more, 1, 20)
    seq = 0
    const { lead } = pacer
    take(60)
    expect(pacer.lead).toBe(lead)
  })

  it('goes on with another server, whose clock is another', () => {
    const pacer = new Pacer(50, { isTimed: true, reserve: 1 })
    pass(pacer, started, 2_000, 5)
    expect(pacer.pace).toBe(0.95)
    pass(pacer, started / 2, 2_000, 0)
    expect(pacer.pace).toBe(1.05)
  })
})
