import fc from 'fast-check'
import { runs } from '@junto/testing'
import { describe, expect, test } from 'vitest'
import { InputBuffer, type InputDrop, type InputPolicy } from './input-buffer.ts'

function setUp(policy: Partial<InputPolicy> = {}) {
  const drops: InputDrop[] = []
  const buffer = new InputBuffer({ buffer: 32, perTick: 2, missing: 'skip', interval: 10, ...policy }, (why) =>
    drops.push(why),
  )
  const send = (first: number, count = 1): void => {
    for (let index = buffer.skip(first, count); index < count; index++) {
      const seq = first + index
      buffer.add({ seq, value: `input ${seq}`, at: 1000 + seq * 10, seen: 900 + seq * 10 })
    }
  }
  /** The numbers of what one tick is given. */
  const tick = (isThere = true): number[] => {
    buffer.tick()
    const given: number[] = []
    for (let next = buffer.next(isThere); next !== undefined; next = buffer.next(isThere)) given.push(next.seq)
    return given
  }
  return { buffer, drops, send, tick }
}

describe('inputs', () => {
  test('that come one a tick are given out one a tick', () => {
    const { buffer, send, tick } = setUp()
    for (let seq = 1; seq <= 5; seq++) {
      send(seq)
      expect(tick()).toEqual([seq])
      expect([buffer.applied, buffer.waiting]).toEqual([seq, 0])
    }
  })

  test('that come late are made up for, so many a tick, until they are even', () => {
    const { send, tick } = setUp()
    for (let n = 0; n < 4; n++) expect(tick()).toEqual([])
    send(1, 6)
    expect([tick(), tick(), tick(), tick()]).toEqual([[1, 2], [3, 4], [5, 6], []])
  })

  test('beyond the ticks that have passed wait', () => {
    const { buffer, send, tick } = setUp()
    send(1, 10)
    expect([tick(), tick(), tick()]).toEqual([[1], [2], [3]])
    expect(buffer.waiting).toBe(7)
  })

  test('of somebody who was silent for an hour are no more ahead than the buffer is long', () => {
    const { send, tick } = setUp({ buffer: 4, perTick: 3 })
    for (let n = 0; n < 10_000; n++) tick()
    send(1, 4)
    expect(tick()).toEqual([1, 2, 3])
    send(5, 3)
    expect(tick()).toEqual([4, 5])
    expect(tick()).toEqual([6])
  })

  test('that come twice are taken once, whatever stands around them', () => {
    const { drops, send, tick } = setUp({ perTick: 8 })
    for (let n = 0; n < 20; n++) tick()
    send(1, 3)
    send(2, 3)
    expect(tick()).toEqual([1, 2, 3, 4])
    send(1, 4)
    send(4, 2)
    expect(tick()).toEqual([5])
    expect(drops).toEqual(Array.from({ length: 7 }, () => 'late'))
  })

  test('of which too many wait lose the oldest; a frame of too many is not even looked at', () => {
    const { buffer, drops, send, tick } = setUp({ buffer: 4 })
    send(1, 3)
    send(4, 3)
    expect(drops).toEqual(['surplus', 'surplus'])
    expect(tick()).toEqual([3])
    expect(buffer.skip(7, 30)).toBe(26)
    expect(drops).toHaveLength(28)
  })

  test('between which some are missing are given out as they come', () => {
    const { buffer, send, tick } = setUp()
    send(1)
    expect(tick()).toEqual([1])
    send(9)
    expect(tick()).toEqual([9])
    expect(buffer.applied).toBe(9)
    send(5)
    expect(tick()).toEqual([])
  })

  test('count no faster than ticks: who leaves numbers out waits for the ticks that these stand for', () => {
    const { buffer, send, tick } = setUp({ buffer: 4 })
    for (let n = 0; n < 1000; n++) tick()
    const given: number[] = []
    // Ready again thirty inputs after a shot, that is: a shot in each tick.
    for (let n = 0; n < 600; n++) {
      send(1 + n * 30)
      given.push(...tick())
    }
    expect(given.at(-1)).toBeLessThanOrEqual(600 + 4 + 64)
    expect(given.length).toBeLessThan(25)
    send(2 ** 53 - 40, 32)
    expect(tick()).toEqual([])
    expect(buffer.applied).toBe(given.at(-1))
    // Nor does it help to begin anew; who is honest from then on is heard.
    buffer.restart()
    send(buffer.applied + 100)
    expect(tick()).toEqual([])
    buffer.restart()
    for (let n = 0; n < 3; n++) {
      send(buffer.applied + 1)
      expect(tick()).toEqual([buffer.applied])
    }
  })

  test('may begin with any number', () => {
    const { send, tick } = setUp()
    send(1_000_000)
    expect(tick()).toEqual([1_000_000])
    send(1_000_001)
    expect(tick()).toEqual([1_000_001])
  })

  test('of a client that had to stop for want of an answer are not held up', () => {
    const { send, tick } = setUp()
    for (let seq = 1; seq <= 100; seq++) {
      send(seq)
      tick()
    }
    // The server stood still for two seconds, and made up for five ticks.
    send(101, 32)
    send(133, 32)
    const given = Array.from({ length: 5 }, tick).flat()
    expect(given).toEqual([133, 134, 135, 136, 137])
  })

  test('that were made for ticks that the server dropped are made up for, so many a tick, until they are even', () => {
    const { buffer, drops, send, tick } = setUp()
    for (let seq = 1; seq <= 50; seq++) {
      send(seq)
      tick()
    }
    // It stood still for 25 ticks, and does five of them at once; one input comes a tick from then on.
    buffer.skipTicks(20)
    for (let n = 0; n < 5; n++) expect(tick()).toEqual([])
    send(51, 25)
    let seq = 75
    const waiting: number[] = []
    for (let n = 0; n < 30; n++) {
      send(++seq)
      tick()
      waiting.push(buffer.waiting)
    }
    expect(waiting.slice(0, 3)).toEqual([24, 23, 22])
    expect(waiting.slice(24)).toEqual([0, 0, 0, 0, 0, 0])
    expect(drops).toEqual([])
  })

  test('for dropped ticks are no more than the buffer holds, however many were dropped', () => {
    const { buffer, send, tick } = setUp({ buffer: 4, perTick: 8 })
    buffer.skipTicks(10_000)
    send(1, 4)
    expect(tick()).toEqual([1, 2, 3, 4])
    send(5, 4)
    expect([tick(), tick()]).toEqual([[5], [6]])
  })

  test('of a client that is faster than an overloaded room are heard on, though not all', () => {
    const { buffer, send, tick } = setUp()
    let seq = 0
    let given = 0
    let longest = 0
    for (let n = 0, silent = 0; n < 3000; n++) {
      // Half as many ticks as inputs; the client stops where so many are not confirmed.
      for (let times = 0; times < 2; times++) if (seq - buffer.applied < 64) send(++seq)
      const now = tick().length
      given += now
      silent = now === 0 ? silent + 1 : 0
      longest = Math.max(longest, silent)
    }
    expect(longest).toBeLessThanOrEqual(2)
    expect(given).toBeGreaterThan(1500)
  })

  test('of a client that has begun anew go on behind the last that was given out', () => {
    const { buffer, drops, send, tick } = setUp({ missing: 'repeat' })
    send(1, 5)
    expect(tick()).toEqual([1])
    buffer.restart()
    expect(buffer.waiting).toBe(0)
    expect(tick()).toEqual([])
    send(2, 2)
    expect(tick()).toEqual([2, 3])
    expect(drops).toEqual([])
  })
})

describe('inputs behind those of a state that was saved', () => {
  test('are given out; those in it are late', () => {
    const { buffer, drops, send, tick } = setUp()
    buffer.restore(500)
    expect([buffer.applied, buffer.waiting]).toEqual([500, 0])
    expect(tick()).toEqual([])
    send(499, 4)
    expect(drops).toEqual(['late', 'late'])
    expect([tick(), tick()]).toEqual([[501, 502], []])
  })

  test('may begin anywhere behind them, and are no faster than ticks from there', () => {
    const { buffer, send, tick } = setUp()
    buffer.restore(500)
    for (let n = 0; n < 10; n++) tick()
    send(9000)
    // Its page is loaded anew before that: it goes on where the room is, or where it was itself.
    buffer.restart()
    expect(tick()).toEqual([])
    send(9001)
    expect(tick()).toEqual([9001])
    send(9500)
    expect(tick()).toEqual([])
    buffer.restart()
    send(9500)
    expect(tick()).toEqual([])
    expect(buffer.applied).toBe(9001)
  })
})

describe('where the last input is repeated', () => {
  test('it takes the place of the one that is missing, which comes too late then', () => {
    const { buffer, drops, send, tick } = setUp({ missing: 'repeat' })
    expect(tick()).toEqual([])
    send(1)
    expect(tick()).toEqual([1])
    buffer.tick()
    expect(buffer.next(true)).toEqual({ seq: 2, value: 'input 1', at: 1020, seen: 910 })
    expect(buffer.next(true)).toBeUndefined()
    send(2, 2)
    expect(drops).toEqual(['late'])
    expect(tick()).toEqual([3])
  })

  test('that ends with the buffer, and with the connection of the member', () => {
    const { send, tick } = setUp({ missing: 'repeat', buffer: 3 })
    send(1)
    expect(tick()).toEqual([1])
    expect([tick(), tick(), tick(), tick()]).toEqual([[2], [3], [4], []])
    send(5)
    expect(tick()).toEqual([5])
    expect(tick(false)).toEqual([])
    expect(tick()).toEqual([6])
  })

  test('a tick that was given something is given no repetition besides', () => {
    const { send, tick } = setUp({ missing: 'repeat', perTick: 3 })
    for (let n = 0; n < 9; n++) tick()
    send(1)
    expect(tick()).toEqual([1])
    expect(tick()).toEqual([2])
  })
})

describe('whatever a member sends', () => {
  const sent = fc.record({
    kind: fc.constantFrom('frames', 'ticks', 'ticks', 'dropped', 'restart'),
    first: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 0xffff_ffff })),
    count: fc.integer({ min: 0, max: 32 }),
    ticks: fc.integer({ min: 1, max: 20 }),
    isThere: fc.boolean(),
  })

  test('no more are given out than ticks have passed, dropped ones too, nor in any stretch than its ticks and the buffer; none twice, and in order', () => {
    fc.assert(
      fc.property(
        fc.record({
          buffer: fc.integer({ min: 1, max: 40 }),
          perTick: fc.integer({ min: 1, max: 6 }),
          missing: fc.constantFrom('skip' as const, 'repeat' as const),
        }),
        fc.array(sent, { maxLength: 40 }),
        (policy, story) => {
          const { buffer, drops, send, tick } = setUp(policy)
          /** Given out until each tick, dropped ones too. */
          const totals = [0]
          /** The last number that was given out until each. */
          const numbers: number[] = []
          const passed = (given: number): void => {
            totals.push((totals.at(-1) ?? 0) + given)
            if (last > 0) numbers.push(last)
          }
          let last = 0
          let added = 0
          for (const { kind, first, count, ticks, isThere } of story) {
            if (kind === 'restart') {
              added -= buffer.waiting
              buffer.restart()
            } else if (kind === 'frames') {
              send(first, count)
              added += count
            } else if (kind === 'dropped') {
              buffer.skipTicks(ticks)
              for (let n = 0; n < ticks; n++) passed(0)
            } else {
              for (let n = 0; n < ticks; n++) {
                const given = tick(isThere)
                expect(given.length).toBeLessThanOrEqual(policy.perTick)
                for (const seq of given) {
                  expect(seq).toBeGreaterThan(last)
                  last = seq
                }
                expect(buffer.applied).toBe(last)
                passed(given.length)
              }
            }
            expect(buffer.waiting).toBeLessThanOrEqual(policy.buffer)
          }
          for (const [index, total] of totals.entries()) expect(total).toBeLessThanOrEqual(index)
          for (let from = 0; from < totals.length; from += 7) {
            for (let to = from; to < totals.length; to += 3) {
              expect((totals[to] ?? 0) - (totals[from] ?? 0)).toBeLessThanOrEqual(to - from + policy.buffer)
            }
          }
          for (const [index, number] of numbers.entries()) {
            expect(number - (numbers[0] ?? 0)).toBeLessThanOrEqual(index + policy.buffer + 64)
          }
          // Nothing disappears without being counted.
          if (policy.missing === 'skip') expect((totals.at(-1) ?? 0) + buffer.waiting + drops.length).toBe(added)
        },
      ),
      runs(300),
    )
  })

  test('an honest member of 150 ms ± 50 ms with stalls loses nothing that the buffer can even out', () => {
    const interval = 1000 / 60
    fc.assert(
      fc.property(
        // By how much each input is under way, and how long the line stalls now and then. A stall of 300 ms and the jitter are 24 ticks.
        fc.array(fc.double({ min: 100, max: 200, noNaN: true }), { minLength: 60, maxLength: 240 }),
        fc.array(
          fc.record({ at: fc.integer({ min: 0, max: 240 }), ms: fc.double({ min: 0, max: 300, noNaN: true }) }),
          {
            maxLength: 3,
          },
        ),
        fc.double({ min: 0, max: interval, noNaN: true }),
        (ways, stalls, phase) => {
          const { buffer, drops, send, tick } = setUp({ interval })
          // In order, as on any connection: what is stalled holds up what is behind it.
          let arrival = 0
          const arrivals = ways.map((way, index) => {
            const stall = stalls.find(({ at }) => at === index)?.ms ?? 0
            arrival = Math.max(arrival, phase + index * interval + way + stall)
            return arrival
          })
          const given: number[] = []
          const end = (arrivals.at(-1) ?? 0) + 1000
          let next = 0
          for (let time = interval; time < end; time += interval) {
            for (; (arrivals[next] ?? Infinity) <= time; next++) send(next + 1)
            given.push(...tick())
          }
          expect(drops).toEqual([])
          expect(given).toEqual(ways.map((_, index) => index + 1))
          expect(buffer.waiting).toBe(0)
        },
      ),
      runs(150),
    )
  })
})
