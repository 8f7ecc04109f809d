import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { angleFromSteps, angleToSteps, quantizer, rangeFault } from './quantized.ts'

function range(min: number, max: number, step: number) {
  return quantizer({ kind: 'quantized', min, max, step })
}

describe('a quantizer', () => {
  it('gives the decimals that people write', () => {
    const { steps, fromSteps, toSteps } = range(-1, 1, 0.1)
    expect(steps).toBe(20)
    expect(Array.from({ length: 21 }, (_, count) => fromSteps(count))).toEqual([
      -1, -0.9, -0.8, -0.7, -0.6, -0.5, -0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1,
    ])
    expect(toSteps(0.349)).toBe(13)
  })

  it('rounds to the nearest step, the last of which may be shorter', () => {
    const { steps, fromSteps, toSteps } = range(0, 1, 0.3)
    expect(steps).toBe(4)
    expect([0, 0.16, 0.94, 0.96, 1].map((value) => fromSteps(toSteps(value)))).toEqual([0, 0.3, 0.9, 1, 1])
    expect(range(0, 0.5, 3).steps).toBe(1)
  })

  it('keeps what is a step already, and stays in its range', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(number, number, fc.double({ min: 1e-3, max: 1e5, noNaN: true }), fc.nat(), (a, b, step, at) => {
        const [min, max] = [Math.min(a, b) + 0, Math.max(a, b) + 0]
        fc.pre(rangeFault({ min, max, step }) === undefined)
        const { steps, holds, toSteps, fromSteps } = range(min, max, step)
        for (const count of [0, at % steps, steps]) {
          const value = fromSteps(count)
          expect(holds(value)).toBe(true)
          expect(fromSteps(toSteps(value))).toBe(value)
        }
      }),
      runs(100),
    )
  })

  it('takes the nearest step, of two as near the upper one, and never -0', () => {
    const { toSteps } = range(-8, 8, 0.25)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 64 * 8 }), (eighth) => {
        const count = toSteps(-8 + eighth / 32)
        expect(count).toBe(Math.round(eighth / 8))
      }),
      runs(100),
    )
    expect(toSteps(-8)).toBe(0)
    expect(range(0, 1, 1).toSteps(-0)).toBe(0)
    expect(angleToSteps(-0)).toBe(0)
  })

  it.each([
    [{ min: 1, max: 0, step: 1 }, 'needs min below max, not 1 and 0'],
    [{ min: 0, max: 1, step: 0 }, 'needs a step above 0, not 0'],
    [{ min: 0, max: Infinity, step: 1 }, 'needs finite numbers, not min 0, max Infinity, step 1'],
    [{ min: 0, max: 1e12, step: 0.1 }, /^has 10000000000000 steps; 4294967295 is the limit/],
    [{ min: 1e15, max: 1e15 + 1, step: 0.5 }, /too fine/],
    [{ min: -0, max: 1, step: 1 }, /^has -0 as a bound/],
    [{ min: '0', max: 1, step: 1 }, 'needs min, max and step as numbers'],
  ])('refuses %o', (def, message) => {
    expect(rangeFault(def)).toMatch(message)
  })
})

describe('an angle', () => {
  it('loses whole turns and at most half a step', () => {
    fc.assert(
      fc.property(fc.double({ min: -1000, max: 1000, noNaN: true }), (radians) => {
        const count = angleToSteps(radians)
        expect(count).toBeGreaterThanOrEqual(0)
        expect(count).toBeLessThan(65_536)
        const lost = radians - angleFromSteps(count)
        expect(Math.abs(lost - Math.round(lost / (2 * Math.PI)) * 2 * Math.PI)).toBeLessThan(Math.PI / 65_535)
      }),
      runs(100),
    )
  })

  it('that is a step stays what it is', () => {
    for (let count = 0; count < 65_536; count++) expect(angleToSteps(angleFromSteps(count))).toBe(count)
  })
})
