import { runs, SeededRandom } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PlayOut } from './play-out.ts'

interface Line {
  readonly seed: number
  /** Milliseconds between patches. */
  readonly interval: number
  readonly latency: number
  readonly jitter: number
  /** From then on that much later, for so long, all at once at its end. */
  readonly stall?: { readonly from: number; readonly ms: number }
}

/** Patches over a line, drawn at 60 frames a second. Calls `each` with each frame. */
function draw(
  playOut: PlayOut,
  { seed, interval, latency, jitter, stall }: Line,
  ms: number,
  each: (frame: { readonly now: number; readonly newest: number; readonly time: number }) => void,
): void {
  const random = new SeededRandom(seed)
  const patches: { readonly at: number; readonly time: number }[] = []
  let last = 0
  for (let time = 0; time < ms; time += interval) {
    last = Math.max(last, time + latency + random.number() * jitter)
    const { from, ms: held } = stall ?? { from: Infinity, ms: 0 }
    if (last >= from && last < from + held) last = from + held
    patches.push({ at: last, time })
  }
  let newest = 0
  for (let now = latency + jitter; now < ms; now += 1000 / 60) {
    while ((patches[0]?.at ?? Infinity) <= now) {
      const { at, time } = patches.shift() ?? { at: 0, time: 0 }
      newest = time
      playOut.came(time, at)
    }
    each({ now, newest, time: playOut.advance(now) })
  }
}

const line = fc.record({
  seed: fc.nat(1_000),
  interval: fc.constantFrom(1000 / 60, 50, 100, 200),
  latency: fc.integer({ min: 0, max: 200 }),
  jitter: fc.integer({ min: 0, max: 100 }),
})

describe('the time that is drawn', () => {
  it('never goes back, and goes at most a tenth faster or slower than time', () => {
    fc.assert(
      fc.property(line, fc.option(fc.nat(400)), (conditions, fixed) => {
        const playOut = new PlayOut(fixed ?? undefined)
        let before: number | undefined
        const stall = { from: 3_000, ms: 400 }
        draw(playOut, { ...conditions, stall }, 6_000, ({ time }) => {
          const step = time - (before ?? time - 1000 / 60)
          expect(step).toBeGreaterThanOrEqual((1000 / 60) * 0.9 - 1e-6)
          expect(step).toBeLessThanOrEqual((1000 / 60) * 1.1 + 1e-6)
          before = time
        })
      }),
      runs(20),
    )
  })

  it('is so far behind that nearly always what follows has come, and hardly further', () => {
    fc.assert(
      fc.property(line, (conditions) => {
        const playOut = new PlayOut(undefined)
        let [frames, starved] = [0, 0]
        draw(playOut, conditions, 15_000, ({ now, newest, time }) => {
          if (now < 5_000) return
          frames++
          if (time > newest) starved++
          expect(now - time).toBeLessThanOrEqual(conditions.latency + conditions.jitter + conditions.interval + 25)
        })
        expect(starved / frames).toBeLessThan(0.15)
      }),
      runs(15),
    )
  })

  it('does not go back for the sake of a single stall', () => {
    const playOut = new PlayOut(undefined)
    let before = 0
    const stalled = { seed: 1, interval: 50, latency: 75, jitter: 20, stall: { from: 6_000, ms: 250 } }
    draw(playOut, stalled, 10_000, ({ now }) => {
      if (now < 6_000) before = playOut.delay
      else expect(playOut.delay).toBeLessThan(before + 60)
    })
  })

  it('finds its way slowly to a line that has become another', () => {
    const playOut = new PlayOut(undefined)
    for (let time = 0; time < 5_000; time += 50) playOut.came(time, time + 50)
    playOut.advance(5_000)
    expect(playOut.delay).toBe(100)
    for (let time = 5_000; time < 10_000; time += 50) {
      playOut.came(time, time + 150)
      playOut.advance(time)
    }
    expect(playOut.delay).toBe(200)
    expect(10_000 - 50 - (playOut.time ?? 0)).toBeCloseTo(200, 0)
  })

  it('is as far behind as it is told to be', () => {
    const playOut = new PlayOut(120)
    playOut.came(1_000, 1_900)
    expect(playOut.advance(2_000)).toBe(1_880)
    expect(playOut.delay).toBe(120)
  })

  it('jumps when the clock does', () => {
    const playOut = new PlayOut(100)
    playOut.advance(5_000_000)
    expect(playOut.advance(2_000)).toBe(1_900)
    expect(playOut.advance(9_000)).toBe(8_900)
  })

  it('takes patches for twenty a second until it knows better, whatever lay between rests', () => {
    const playOut = new PlayOut(undefined)
    playOut.came(0, 80)
    expect(playOut.delay).toBe(130)
    playOut.came(60_000, 60_080)
    expect(playOut.delay).toBe(130)
    playOut.came(60_100, 60_180)
    expect(playOut.delay).toBe(180)
  })

  it('knows nothing of lateness while the server’s time is not known', () => {
    const playOut = new PlayOut(undefined)
    playOut.came(0, undefined)
    playOut.came(50, undefined)
    expect(playOut.delay).toBe(50)
  })
})
