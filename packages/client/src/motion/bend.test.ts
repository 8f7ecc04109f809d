import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bend } from './bend.ts'
import { Space, type Values } from './space.ts'

const space = new Space(2)
const bent = (snap = Infinity): Bend => new Bend(space, { halfLife: 60, snap })
const place = fc.tuple(
  fc.integer({ min: -500, max: 500 }),
  fc.integer({ min: -500, max: 500 }),
  fc.double({ min: -3, max: 3, noNaN: true }),
)

describe('a bend', () => {
  it('shows what was shown in the moment of a correction, whatever was bent before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(200)), { minLength: 2, maxLength: 10 }), (corrections) => {
        const bend = bent()
        let at: Values | undefined
        for (const [to, ms] of corrections) {
          bend.pass(ms)
          const before = at && bend.shown(at)
          if (at) bend.add(at, to)
          const after = bend.shown(to)
          if (before) expect(space.distance(before, after)).toBeLessThan(1e-6)
          if (before) expect(Math.abs(space.way(before, after)[2] ?? 0)).toBeLessThan(1e-6)
          at = to
        }
      }),
      runs(200),
    )
  })

  it('halves each 60 ms, whatever the frames are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (frames) => {
        const bend = bent()
        bend.add([100, 0, 0], [0, 0, 0])
        for (const ms of frames) bend.pass(ms)
        const passed = frames.reduce((sum, ms) => sum + ms, 0)
        expect(bend.length).toBeCloseTo(100 * 0.5 ** (passed / 60), 6)
      }),
      runs(100),
    )
  })

  it('goes no faster, per frame of 60 a second, than an eighth of the way a frame', () => {
    const bend = bent()
    bend.add([80, 0, 0], [0, 0, 0])
    let before = 80
    for (let frame = 0; frame < 60; frame++) {
      bend.pass(1000 / 60)
      const [x = NaN] = bend.shown([0, 0, 0])
      expect(before - x).toBeLessThanOrEqual(80 * 0.18)
      before = x
    }
    expect(before).toBeLessThan(0.001)
  })

  it('takes angles the shorter way', () => {
    const bend = bent()
    bend.add([0, 0, 3], [0, 0, -3])
    bend.pass(60)
    expect(bend.shown([0, 0, -3])[2]).toBeCloseTo(-3 - (2 * Math.PI - 6) / 2)
  })

  it('does not bend what is further off than it may be, and says how far it was', () => {
    const bend = bent(50)
    expect(bend.add([30, 0, 0], [0, 0, 0])).toBe(30)
    expect(bend.length).toBe(30)
    expect(bend.add([30, 0, 0], [0, 0, 0])).toBe(30)
    expect(bend.length).toBe(0)
    expect(bend.shown([0, 0, 0])).toEqual([0, 0, 0])
  })

  it('ends: the place is then shown as it is', () => {
    const bend = bent()
    bend.add([100, 0, 0], [0, 0, 0])
    bend.pass(60 * 40)
    const at = [1, 2, 3]
    expect(bend.shown(at)).toBe(at)
  })

  it('may be cleared', () => {
    const bend = bent()
    bend.add([100, 0, 1], [0, 0, 0])
    bend.clear()
    expect(bend.shown([0, 0, 0])).toEqual([0, 0, 0])
  })
})
