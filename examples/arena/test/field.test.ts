import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextOnTheWay } from '../bots/paths.ts'
import {
  distanceOf,
  entrances,
  isFree,
  meets,
  outsideOfWalls,
  packPlaces,
  reach,
  sees,
  walls,
  type Point,
} from '../field.ts'
import { dash, field, radius, speed, tickRate } from '../rules.ts'

/** Places on the field and around it, in tenths of units. */
const anywhere = fc.record({
  x: fc.integer({ min: -2_000, max: (field.width + 200) * 10 }).map((tenths) => tenths / 10),
  y: fc.integer({ min: -2_000, max: (field.height + 200) * 10 }).map((tenths) => tenths / 10),
})

describe('the field', () => {
  it('has nobody stand in a wall, wherever they walk or dash', () => {
    const walk = fc.array(fc.record({ angle: fc.integer({ min: 0, max: 62 }), ticks: fc.integer({ min: 1, max: 40 }) }))
    fc.assert(
      fc.property(fc.constantFrom(...entrances), walk, (entrance, legs) => {
        let at = entrance
        let stuck = false
        for (const { angle, ticks } of legs) {
          for (let tick = 0; tick < ticks; tick++) {
            const pace = (tick < dash.lasts ? dash.speed : speed) / tickRate
            at = outsideOfWalls({ x: at.x + Math.cos(angle / 10) * pace, y: at.y + Math.sin(angle / 10) * pace })
            stuck ||= !isFree(at)
          }
        }
        expect(stuck).toBe(false)
        expect(outsideOfWalls(at)).toEqual(at)
      }),
      runs(200),
    )
  })

  it('is the same mirrored, and free where fighters come in and packs lie', () => {
    for (const wall of walls) {
      expect(walls).toContainEqual({ ...wall, x: field.width - wall.x - wall.width })
      expect(walls).toContainEqual({ ...wall, y: field.height - wall.y - wall.height })
    }
    for (const place of [...entrances, ...Object.values(packPlaces)]) expect(isFree(place)).toBe(true)
  })

  it('ends a line at the first wall, at the edge, or where its range does', () => {
    // Towards the left wall of the middle, at x 520 to 560.
    expect(reach({ x: 450, y: 500 }, 0, 1000)).toBeCloseTo(70)
    expect(reach({ x: 700, y: 500 }, Math.PI, 1000)).toBeCloseTo(140)
    expect(reach({ x: 100, y: 50 }, -Math.PI / 2, 1000)).toBeCloseTo(50)
    expect(reach({ x: 100, y: 50 }, 0, 300)).toBe(300)
    fc.assert(
      fc.property(anywhere, fc.integer({ min: -4_000, max: 4_000 }), (place, thousandths) => {
        const angle = thousandths / 1_000
        fc.pre(isFree(place))
        const from = place
        const free = reach(from, angle, 900)
        for (let at = 0; at < free - 0.01; at += 17) {
          const x = from.x + Math.cos(angle) * at
          const y = from.y + Math.sin(angle) * at
          expect(
            walls.some((wall) => x > wall.x && y > wall.y && x < wall.x + wall.width && y < wall.y + wall.height),
          ).toBe(false)
        }
      }),
      runs(200),
    )
  })

  it('says where a line meets somebody, and that it passes', () => {
    expect(meets({ x: 0, y: 0 }, 0, { x: 100, y: 0 })).toBeCloseTo(100 - radius)
    expect(meets({ x: 0, y: 0 }, 0, { x: 100, y: radius - 0.01 })).toBeGreaterThan(95)
    expect(meets({ x: 0, y: 0 }, 0, { x: 100, y: radius + 0.01 })).toBeUndefined()
    expect(meets({ x: 0, y: 0 }, Math.PI, { x: 100, y: 0 })).toBeUndefined()
  })
})

describe('a way', () => {
  it('leads from anywhere to anywhere, around the walls', () => {
    fc.assert(
      fc.property(anywhere, anywhere, (here, there) => {
        fc.pre(isFree(here) && isFree(there))
        let at: Point = here
        const target: Point = there
        let walked = 0
        while (distanceOf(at, target) > 60 && walked < 4_000) {
          const next = nextOnTheWay(at, target)
          const distance = Math.max(1e-6, distanceOf(at, next))
          const pace = Math.min(5, distance)
          at = outsideOfWalls({
            x: at.x + ((next.x - at.x) / distance) * pace,
            y: at.y + ((next.y - at.y) / distance) * pace,
          })
          walked += 5
        }
        expect(distanceOf(at, target)).toBeLessThanOrEqual(60)
      }),
      runs(100),
    )
  })

  it('is straight where nothing stands between', () => {
    const [from, to] = [
      { x: 90, y: 90 },
      { x: 500, y: 100 },
    ]
    expect(sees(from, to)).toBe(true)
    expect(nextOnTheWay(from, to)).toEqual(to)
  })
})
