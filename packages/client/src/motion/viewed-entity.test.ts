import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Space } from './space.ts'
import { ViewedEntity } from './viewed-entity.ts'

const frame = 1000 / 60

/** A player that is drawn by `x`, `y` and `aim`, and what has been drawn of it. */
class Drawn {
  readonly entity: Record<string, unknown> = { name: 'Ada', x: 0, y: 0, aim: 0 }
  readonly viewed: ViewedEntity
  time: number | undefined

  constructor({ snap = Infinity, extrapolate = 100 } = {}) {
    const space = new Space(2)
    this.viewed = new ViewedEntity(this.entity, 'a', {
      space,
      names: ['x', 'y', 'aim'],
      halfLife: 60,
      snap,
      extrapolate,
    })
  }

  /** What is drawn at a time of the server, so much of the way to the next step. */
  draw(time: number, ratio = 0): { x: number; y: number; aim: number } {
    const passed = time - (this.time ?? time)
    this.time = time
    this.viewed.draw(time, ratio, passed)
    const { x, y, aim } = this.viewed.entry
    return { x: Number(x), y: Number(y), aim: Number(aim) }
  }

  /** The mirror holds this. */
  is(values: { readonly x?: number | undefined; readonly y?: number; readonly aim?: number }): this {
    Object.assign(this.entity, values)
    return this
  }

  confirm(time: number, x: number): void {
    this.is({ x }).viewed.confirm(time, this.time)
  }

  step(x: number): void {
    this.is({ x }).viewed.stepped()
  }

  preview(x: number): void {
    const before = this.entity['x']
    this.is({ x }).viewed.previewed()
    this.entity['x'] = before
  }

  /** A patch comes, and what is ahead is done again: then it is there. */
  rebase(x: number): number | undefined {
    this.viewed.takingBack()
    this.is({ x: -1_000 })
    this.viewed.confirm(0, this.time)
    this.is({ x })
    const way = this.viewed.doneAgain()
    return way && Math.abs((way[0][0] ?? NaN) - (way[1][0] ?? NaN))
  }
}

describe('an entity of others', () => {
  it('is drawn between what the server told, with the record beside it', () => {
    const drawn = new Drawn()
    drawn.confirm(0, 0)
    drawn.confirm(50, 10)
    expect(drawn.draw(25)).toEqual({ x: 5, y: 0, aim: 0 })
    expect(drawn.viewed.entry['entity']).toBe(drawn.entity)
    expect(drawn.viewed.entry['name']).toBeUndefined()
  })

  it('bends to where it is, when it was taken to go on and did not', () => {
    const drawn = new Drawn()
    drawn.confirm(0, 0)
    drawn.confirm(50, 10)
    expect(drawn.draw(90).x).toBe(18)
    drawn.viewed.hold(100, drawn.time)
    drawn.viewed.hold(150, drawn.time)
    let before = 18
    for (let time = 90 + frame; time < 1_000; time += frame) {
      const { x } = drawn.draw(time)
      expect(before - x).toBeLessThan(1.5)
      expect(x).toBeLessThanOrEqual(before)
      before = x
    }
    expect(before).toBeCloseTo(10, 3)
  })

  it('never jumps, however unevenly patches come, as long as what they tell does not', () => {
    const gaps = fc.array(fc.integer({ min: 10, max: 400 }), { minLength: 3, maxLength: 12 })
    fc.assert(
      fc.property(gaps, (lateness) => {
        const drawn = new Drawn()
        const arrivals = lateness.map((late, index) => ({ at: index * 50 + late, time: index * 50 }))
        let last = 0
        for (const arrival of arrivals) arrival.at = last = Math.max(last, arrival.at)
        drawn.confirm(-50, -10)
        // 0.2 a millisecond, drawn 100 ms ago.
        let before: number | undefined
        for (let now = 0; now < 1_500; now += frame) {
          while ((arrivals[0]?.at ?? Infinity) <= now) {
            const { time } = arrivals.shift() ?? { time: 0 }
            drawn.confirm(time, time * 0.2)
          }
          const { x } = drawn.draw(now - 100)
          if (before !== undefined) {
            expect(x - before).toBeGreaterThan(-10)
            // It may be as much as 400 ms late, which is 80, of which a sixth goes in the first frame.
            expect(x - before).toBeLessThan(0.2 * frame + 80 / 5)
          }
          before = x
        }
      }),
      runs(40),
    )
  })

  it('that is put elsewhere is drawn there at once', () => {
    const drawn = new Drawn({ snap: 100 })
    drawn.confirm(0, 0)
    drawn.confirm(50, 500)
    expect(drawn.draw(49).x).toBe(0)
    expect(drawn.draw(50).x).toBe(500)
  })

  it('shows a field that is absent as absent', () => {
    const drawn = new Drawn()
    drawn.viewed.confirm(0, undefined)
    drawn.is({ x: undefined }).viewed.confirm(50, undefined)
    drawn.draw(60)
    expect(drawn.viewed.entry).toMatchObject({ x: undefined, y: 0 })
  })
})

describe('an own entity', () => {
  it('is drawn on its way to where the next step will bring it', () => {
    const drawn = new Drawn()
    drawn.viewed.lead(true)
    drawn.step(0)
    drawn.preview(10)
    expect(drawn.draw(0, 0.5).x).toBe(5)
    drawn.preview(10)
    expect(drawn.draw(16, 0.9).x).toBe(9)
    drawn.step(10)
    drawn.preview(20)
    expect(drawn.draw(32, 0.2).x).toBe(12)
  })

  it('turns around in the very frame, from where it is drawn', () => {
    const drawn = new Drawn()
    drawn.viewed.lead(true)
    drawn.step(0)
    drawn.preview(30)
    expect(drawn.draw(0, 0.5).x).toBe(15)
    drawn.preview(-30)
    const { x } = drawn.draw(10, 0.7)
    expect(x).toBeLessThan(15)
    // It does not jump to where it would be, had it gone that way since the step.
    expect(x).toBeGreaterThan(0)
  })

  it('never jumps, whatever is pressed in whichever frame, and is where it is predicted when nothing was for a while', () => {
    const frames = fc.array(fc.record({ held: fc.constantFrom(-1, 0, 1), ms: fc.integer({ min: 4, max: 40 }) }), {
      minLength: 10,
      maxLength: 60,
    })
    fc.assert(
      fc.property(frames, fc.constantFrom(1000 / 60, 50, 100), (played, step) => {
        const speed = 0.3
        const drawn = new Drawn()
        drawn.viewed.lead(true)
        let [time, position, at, before] = [0, 0, 0, 0]
        const still = Array.from({ length: 60 }, () => ({ held: 0, ms: 20 }))
        for (const { held, ms } of [...played, ...still]) {
          time += ms
          position += ms / step
          for (; position >= 1; position--) drawn.step((at += held * speed * step))
          drawn.preview(at + held * speed * step)
          const { x } = drawn.draw(time, position)
          // As far as it goes in a frame, and a share of what was drawn of two steps that were not taken.
          const bent = (2 * speed * step + 2 * speed * ms) * (1 - 2 ** (-ms / 60)) * 2
          expect(Math.abs(x - before)).toBeLessThanOrEqual(speed * (ms + step) + bent + 1e-6)
          before = x
        }
        expect(before).toBeCloseTo(at, 3)
      }),
      runs(40),
    )
  })

  it('bends to where the server says it is, and tells how far that is', () => {
    const drawn = new Drawn()
    drawn.viewed.lead(true)
    drawn.step(100)
    drawn.preview(110)
    expect(drawn.draw(0, 0.5).x).toBe(105)
    expect(drawn.rebase(60)).toBe(40)
    expect(drawn.viewed.error).toBe(40)
    drawn.preview(70)
    expect(drawn.draw(0, 0.5).x).toBeCloseTo(105)
    expect(drawn.draw(60, 0.5).x).toBeCloseTo(65 + 20)
    expect(drawn.draw(2_000, 0.5).x).toBeCloseTo(65)
    expect(drawn.viewed.error).toBe(0)
  })

  it('is not corrected where the server agrees', () => {
    const drawn = new Drawn()
    drawn.viewed.lead(true)
    drawn.step(100)
    expect(drawn.rebase(100)).toBeUndefined()
    expect(drawn.viewed.error).toBe(0)
  })

  it('is drawn at once where the server puts it that is far away', () => {
    const drawn = new Drawn({ snap: 100 })
    drawn.viewed.lead(true)
    drawn.step(0)
    expect(drawn.draw(0).x).toBe(0)
    expect(drawn.rebase(500)).toBe(500)
    expect(drawn.draw(16).x).toBe(500)
  })

  it('is drawn at once where the program puts it', () => {
    const drawn = new Drawn()
    drawn.viewed.lead(true)
    expect(drawn.is({ x: 300 }).draw(0).x).toBe(300)
    drawn.step(300)
    drawn.preview(310)
    expect(drawn.draw(16, 0.5).x).toBe(305)
    // Dragged to the left by 100, while the next step goes on to the right.
    drawn.is({ x: 200 }).viewed.catchUp()
    drawn.preview(210)
    expect(drawn.draw(16, 0.5).x).toBe(205)
    expect(drawn.viewed.error).toBe(0)
  })

  it('is not drawn along a leap of its own', () => {
    const drawn = new Drawn({ snap: 100 })
    drawn.viewed.lead(true)
    drawn.step(0)
    drawn.preview(500)
    expect(drawn.draw(0, 0.5).x).toBe(0)
    drawn.step(500)
    drawn.preview(510)
    expect(drawn.draw(16, 0.1).x).toBe(501)
  })

  it('bends over when it is predicted no more, and when it is again', () => {
    const drawn = new Drawn()
    drawn.confirm(0, 0)
    drawn.is({ x: 50 }).viewed.lead(true)
    expect(drawn.draw(0).x).toBe(50)
    drawn.viewed.lead(false)
    expect(drawn.draw(0).x).toBe(50)
    expect(drawn.draw(60).x).toBeCloseTo(25)
    expect(drawn.draw(2_000).x).toBeCloseTo(0)
    drawn.viewed.lead(true)
    expect(drawn.draw(2_000).x).toBeCloseTo(0)
    expect(drawn.draw(2_060).x).toBeCloseTo(25)
  })
})
