import { describe, expect, it } from 'vitest'
import { isFree } from '../field.ts'
import { dash, rifle, speed, tickRate } from '../rules.ts'
import { step, type Input, type Stepped } from '../step.ts'

const dt = 1000 / tickRate
const still: Input = { dx: 0, dy: 0, aim: 0, fire: false, dash: false }

function fighter(at: Partial<Stepped> = {}): Stepped {
  const nothing = { shots: 0, dashes: 0, reloaded: 0, dashEnds: 0, dashReady: 0, dashAim: 0 }
  return { x: 400, y: 100, aim: 0, hp: 100, safe: true, ...nothing, ...at }
}

/** So many ticks of the same input; returns the number of the last. */
function run(of: Stepped, input: Partial<Input>, ticks: number, from = 0): number {
  for (let seq = from + 1; seq <= from + ticks; seq++) step(of, { ...still, ...input }, dt, seq)
  return from + ticks
}

describe('a step', () => {
  it('walks at full speed in every direction, and slower where less is asked for', () => {
    const straight = fighter()
    run(straight, { dx: 100 }, tickRate)
    expect(straight.x).toBeCloseTo(400 + speed)
    const askew = fighter()
    run(askew, { dx: 127, dy: 127 }, tickRate / 4)
    expect(Math.hypot(askew.x - 400, askew.y - 100)).toBeCloseTo(speed / 4)
    const slow = fighter()
    run(slow, { dx: -50 }, tickRate)
    expect(slow.x).toBeCloseTo(400 - speed / 2)
  })

  it('slides along walls, and never into them', () => {
    // Above the upper wall of the middle.
    const of = fighter({ x: 700, y: 300 })
    for (let seq = 1; seq < 240; seq++) {
      step(of, { ...still, dx: 60, dy: 100, dash: seq % 40 === 0 }, dt, seq)
      expect(isFree(of)).toBe(true)
    }
    expect(of.x).toBeGreaterThan(900)
  })

  it('dashes where it walks, for a moment, and not again before its time', () => {
    const of = fighter()
    const last = run(of, { dx: 100, dash: true }, dash.lasts)
    expect(of.x).toBeCloseTo(400 + (dash.speed * dash.lasts) / tickRate)
    expect(of.dashes).toBe(1)
    const { x } = of
    const later = run(of, { dx: 100, dash: true }, 60, last)
    expect(of.x - x).toBeCloseTo((speed * 60) / tickRate)
    run(of, { dash: true, aim: Math.PI / 2 }, dash.every - later + 1, later)
    expect(of.dashes).toBe(2)
    // Who stands dashes where they aim.
    expect(of.dashAim).toBe(Math.PI / 2)
  })

  it('shoots as often as it is loaded, and is safe no longer', () => {
    const of = fighter()
    run(of, {}, 30)
    expect(of).toMatchObject({ shots: 0, safe: true })
    run(of, { fire: true }, rifle.every * 3, 30)
    expect(of).toMatchObject({ shots: 3, safe: false })
    of.shots = 255
    run(of, { fire: true }, 1, 30 + rifle.every * 3)
    expect(of.shots).toBe(0)
  })

  it('does nothing for who is down', () => {
    const of = fighter({ hp: 0 })
    const before = { ...of }
    run(of, { dx: 100, fire: true, dash: true, aim: 2 }, 20)
    expect(of).toEqual(before)
  })
})
