import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Space, wrapped } from './space.ts'

const angle = fc.double({ min: -100, max: 100, noNaN: true })
const length = fc.double({ min: -1e6, max: 1e6, noNaN: true })
/** Two lengths and an angle. */
const space = new Space(2)
const place = fc.tuple(length, length, angle)

/** How far two angles are apart, of any number of turns. */
const apart = (one: number, other: number): number => Math.abs(Math.atan2(Math.sin(one - other), Math.cos(one - other)))

describe('an angle', () => {
  it('is wrapped to the half turns around 0, and stays the same direction', () => {
    fc.assert(
      fc.property(angle, (value) => {
        const inside = wrapped(value)
        expect(inside).toBeGreaterThanOrEqual(-Math.PI)
        expect(inside).toBeLessThan(Math.PI)
        expect(apart(inside, value)).toBeLessThan(1e-9)
      }),
      runs(500),
    )
  })

  it.each([
    [Math.PI, -Math.PI],
    [-Math.PI, -Math.PI],
    [-Math.PI - Number.EPSILON, -Math.PI],
    [0.1, 0.1],
    // What is inside already is not touched by rounding.
    [3.1415926535, 3.1415926535],
  ])('%d is %d', (value, inside) => {
    expect(wrapped(value)).toBe(inside)
  })
})

describe('between two places', () => {
  it('the ends are the places themselves', () => {
    fc.assert(
      fc.property(place, place, (from, to) => {
        expect(space.between(from, to, 0)).toBe(from)
        expect(space.between(from, to, 1)).toBe(to)
        expect(space.between(from, to, 2)).toBe(to)
        expect(space.between(from, to, -1)).toBe(from)
      }),
      runs(200),
    )
  })

  it('lengths go straight, and angles the shorter way: never further than half a turn', () => {
    fc.assert(
      fc.property(place, place, fc.double({ min: 0, max: 1, noNaN: true }), (from, to, ratio) => {
        const [x = NaN, , aim = NaN] = space.between(from, to, ratio)
        expect(x).toBeCloseTo(from[0] + (to[0] - from[0]) * ratio, 6)
        const whole = apart(from[2], to[2])
        expect(apart(from[2], aim) + apart(aim, to[2])).toBeCloseTo(whole, 6)
      }),
      runs(500),
    )
  })

  it('an angle goes on over the seam', () => {
    expect(space.between([0, 0, 3], [0, 0, -3], 0.5)[2]).toBeCloseTo(-Math.PI)
    expect(space.between([0, 0, -3], [0, 0, 3], 0.25)[2]).toBeCloseTo(-3 - (2 * Math.PI - 6) / 4)
  })

  it('the way there, gone as a whole, leads there', () => {
    fc.assert(
      fc.property(place, place, (from, to) => {
        const [x = NaN, y = NaN, aim = NaN] = space.along(from, space.way(from, to), 1)
        expect(Math.hypot(x - to[0], y - to[1])).toBeLessThan(1e-6)
        expect(apart(aim, to[2])).toBeLessThan(1e-9)
      }),
      runs(500),
    )
  })

  it('what is absent stays as it was until the other place is reached', () => {
    expect(space.between([NaN, 1, 0], [5, 2, 0], 0.5)).toEqual([NaN, 1.5, 0])
    expect(space.between([5, 1, 0], [NaN, 2, 0], 0.5)).toEqual([5, 1.5, 0])
    expect(space.between([5, 1, 0], [NaN, 2, 0], 1)).toEqual([NaN, 2, 0])
  })
})

it('how far places are apart is told by lengths alone', () => {
  expect(space.distance([0, 0, 0], [3, 4, 2])).toBe(5)
  expect(space.distance([NaN, 0, 0], [3, 4, 2])).toBe(4)
})
