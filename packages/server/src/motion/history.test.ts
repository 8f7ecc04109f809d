import fc from 'fast-check'
import { runs } from '@junto/testing'
import { describe, expect, test } from 'vitest'
import { History, type SampledField } from './history.ts'
import { TickTimes, ToldTicks } from './tick-times.ts'

interface Ship {
  x?: number | undefined
  aim: number
  shield: boolean
}

const fields: readonly SampledField[] = [
  { name: 'x', course: 'linear' },
  { name: 'aim', course: 'angle' },
  { name: 'shield', course: 'held' },
]

/** A history of ships, and a member who is told of each tick. */
function setUp(size = 8) {
  const times = new TickTimes(size)
  const history = new History(times, fields)
  const told = new ToldTicks(times)
  const ships = new Map<string, Ship>()
  const tick = (time: number, tells = true): void => {
    const number = times.last + 1
    times.add(number, time)
    history.sample(number, ships)
    if (tells) told.add(number)
  }
  const at = (key: string, time: number) => history.at(key, told.between(time, -Infinity))
  return { times, history, told, ships, tick, at }
}

describe('the past', () => {
  test('lies on the way between the two moments that a member was told of', () => {
    const { ships, tick, at } = setUp()
    const ship = { x: 0, aim: 0, shield: false }
    ships.set('a', ship)
    tick(100)
    Object.assign(ship, { x: 999, aim: 1 })
    tick(150, false)
    Object.assign(ship, { x: 10, aim: 0.5, shield: true })
    tick(200)
    expect(at('a', 125)).toEqual({ x: 2.5, aim: 0.125, shield: false })
    expect(at('a', 200)).toEqual({ x: 10, aim: 0.5, shield: true })
  })

  test('is not before what is known, and not after what was told', () => {
    const { ships, tick, at, told } = setUp(4)
    const ship = { x: 0, aim: 0, shield: false }
    ships.set('a', ship)
    for (let time = 0; time < 1000; time += 100) {
      ship.x = time
      tick(time, time <= 800)
    }
    expect(at('a', -Infinity)).toMatchObject({ x: 600 })
    expect(at('a', 650)).toMatchObject({ x: 650 })
    expect(at('a', 5000)).toMatchObject({ x: 800 })
    expect(told.between(5000, -Infinity).time).toBe(800)
    expect(told.between(0, 710)).toMatchObject({ from: 8, to: 9, time: 710 })
  })

  test('of somebody who was told nothing yet is the last tick, and of one who was told nothing for long the oldest that is known', () => {
    const { times, history, ships, tick, told } = setUp(4)
    ships.set('a', { x: 1, aim: 0, shield: false })
    expect(history.at('a', told.between(0, 0))).toBeUndefined()
    tick(10)
    const stranger = new ToldTicks(times)
    expect(stranger.between(0, 0)).toMatchObject({ from: 1, to: 1, time: 10 })
    for (let time = 20; time < 100; time += 10) tick(time, false)
    expect(told.between(10, 0)).toMatchObject({ from: 6, to: 6, time: 60 })
  })

  test('goes the shorter way round', () => {
    const { ships, tick, at } = setUp()
    const ship = { x: 0, aim: 3, shield: false }
    ships.set('a', ship)
    tick(0)
    ship.aim = -3
    tick(100)
    expect(at('a', 25)?.['aim']).toBeCloseTo(3 + (2 * Math.PI - 6) / 4, 10)
    expect(at('a', 75)?.['aim']).toBeCloseTo(-3 - (2 * Math.PI - 6) / 4, 10)
    ship.aim = -0.1
    tick(200)
    ship.aim = 0.1
    tick(300)
    expect(at('a', 250)?.['aim']).toBeCloseTo(0, 10)
  })

  test('has who has gone since as it was, until it is gone, and not who comes later', () => {
    const { ships, tick, at, history, told } = setUp()
    ships.set('a', { x: 1, aim: 0, shield: false })
    tick(0)
    ships.delete('a')
    ships.set('b', { x: 2, aim: 0, shield: false })
    tick(100)
    expect([at('a', 50)?.['x'], at('b', 50)]).toEqual([1, undefined])
    expect([at('a', 100), at('b', 100)?.['x']]).toEqual([undefined, 2])
    expect([...history.entriesAt(told.between(50, 0))]).toEqual([['a', { x: 1, aim: 0, shield: false }]])
  })

  test('tells two that stood under one key from each other', () => {
    const { ships, tick, at } = setUp()
    for (const x of [10, 20, 30]) {
      ships.set('a', { x, aim: 0, shield: false })
      tick(x)
    }
    expect([10, 15, 20, 25, 30].map((time) => at('a', time)?.['x'])).toEqual([10, 10, 20, 20, 30])
  })

  test('leaves out what was not there', () => {
    const { ships, tick, at } = setUp()
    const ship: Ship = { x: undefined, aim: 0, shield: true }
    ships.set('a', ship)
    tick(0)
    ship.x = 5
    tick(10)
    ship.x = 7
    tick(20)
    ship.x = undefined
    tick(30)
    expect([0, 5, 10, 15, 25, 30].map((time) => at('a', time))).toEqual([
      { aim: 0, shield: true },
      { aim: 0, shield: true },
      { x: 5, aim: 0, shield: true },
      { x: 6, aim: 0, shield: true },
      { x: 7, aim: 0, shield: true },
      { aim: 0, shield: true },
    ])
  })

  test('takes memory by what there was within it, not by what there ever was', () => {
    const { ships, tick, history } = setUp(8)
    for (let n = 0; n < 500; n++) {
      ships.clear()
      for (let k = 0; k < 10; k++) ships.set(`${n}/${k}`, { x: n, aim: 0, shield: false })
      tick(n)
      expect(history.rows).toBeLessThanOrEqual((10 * 9 + 26) * 4)
    }
    ships.clear()
    for (let n = 500; n < 520; n++) tick(n)
    expect(history.rows).toBeLessThanOrEqual(16 * 4)
  })

  test('takes no more for entities that are others in each tick than for those that stay', () => {
    const size = 1024
    const { ships, tick, history, at } = setUp(size)
    const replace = (n: number): void => {
      for (let k = 0; k < 4; k++) ships.set(`${k}`, { x: n, aim: 0, shield: false })
    }
    for (let n = 0; n < 3 * size; n++) {
      replace(n)
      tick(n)
    }
    const ofReplaced = history.rows
    expect(ofReplaced).toBeLessThanOrEqual((4 * (size + 1) + 20) * 4)
    expect(at('3', 3 * size - 500)).toMatchObject({ x: 3 * size - 500 })
    // From now on they stay, and move.
    for (let n = 3 * size; n < 6 * size; n++) {
      for (const ship of ships.values()) ship.x = n
      tick(n)
    }
    expect(history.rows).toBeLessThanOrEqual(4 * size + 20 * 4)
    expect([1, 500, size - 2].map((ago) => at('0', 6 * size - 1 - ago)?.['x'])).toEqual(
      [1, 500, size - 2].map((ago) => 6 * size - 1 - ago),
    )
  })
})

describe('what a member sees of the past', () => {
  /** What a client does: it has samples of the moments that it was told of, and shows what lies between the two around a time. */
  function shown(
    samples: readonly { time: number; ships: ReadonlyMap<string, Ship & { id: number }> }[],
    time: number,
  ) {
    const after = samples.findIndex((sample) => sample.time > time)
    const to = samples[after === -1 ? samples.length - 1 : Math.max(after, 0)]
    const from = after > 0 ? samples[after - 1] : to
    if (from === undefined || to === undefined) return new Map<string, Ship>()
    const part = to === from ? 0 : (time - from.time) / (to.time - from.time)
    return new Map(
      [...from.ships].map(([key, ship]) => {
        const later = to.ships.get(key)
        const next = later?.id === ship.id ? later : ship
        const mid = (a: number, b: number): number => a * (1 - part) + b * part
        const x = ship.x === undefined ? undefined : next.x === undefined ? ship.x : mid(ship.x, next.x)
        // On the unit circle no way is longer than half a turn.
        const way = Math.atan2(Math.sin(next.aim - ship.aim), Math.cos(next.aim - ship.aim))
        return [key, { x, aim: ship.aim + way * part, shield: ship.shield }]
      }),
    )
  }

  test('is what its client has shown it then', () => {
    const step = fc.record({
      pause: fc.constantFrom(1, 1, 1, 4),
      tells: fc.boolean(),
      changes: fc.array(
        fc.record({
          key: fc.constantFrom('a', 'b', 'c', 'd'),
          what: fc.constantFrom('set', 'set', 'move', 'move', 'move', 'delete'),
          x: fc.option(fc.double({ min: -1000, max: 1000, noNaN: true }), { nil: undefined, freq: 6 }),
          aim: fc.double({ min: -Math.PI, max: 3.14159, noNaN: true }),
          shield: fc.boolean(),
        }),
        { maxLength: 4 },
      ),
      ask: fc.double({ min: 0, max: 12, noNaN: true }),
      window: fc.integer({ min: 1, max: 12 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const size = 24
        const { ships, told, history, times } = setUp(size)
        const samples: { time: number; ships: Map<string, Ship & { id: number }> }[] = []
        let id = 0
        let time = 0
        for (const { pause, tells, changes, ask, window } of steps) {
          for (const { key, what, ...ship } of changes) {
            const old = ships.get(key)
            if (what === 'delete') ships.delete(key)
            else if (what === 'set' || old === undefined) ships.set(key, Object.assign({ id: id++ }, ship))
            else Object.assign(old, ship)
          }
          time += pause
          const number = times.last + 1
          times.add(number, time)
          history.sample(number, ships)
          // At first it is told everything that there is.
          if (tells || samples.length === 0) {
            told.add(number)
            // The model copies everything.
            samples.push({
              time,
              ships: new Map([...ships].map(([key, ship]) => [key, { ...(ship as Ship & { id: number }) }])),
            })
          }
          if (number >= size) continue
          const wanted = Math.max(time - ask, time - window)
          const between = told.between(time - ask, time - window)
          const model = shown(samples, wanted)
          const got = new Map(history.entriesAt(between))
          expect([...got.keys()].toSorted()).toEqual([...model.keys()].toSorted())
          for (const [key, ship] of got) {
            const expected = model.get(key)
            expect(ship['shield']).toBe(expected?.shield)
            if (expected?.x === undefined) expect(ship['x']).toBeUndefined()
            else expect(ship['x']).toBeCloseTo(expected.x, 8)
            const off = Number(ship['aim']) - (expected?.aim ?? NaN)
            expect(Math.cos(off)).toBeCloseTo(1, 8)
          }
        }
      }),
      runs(200),
    )
  })
})
