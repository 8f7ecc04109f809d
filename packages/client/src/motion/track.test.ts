import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Space, type Values } from './space.ts'
import { Track } from './track.ts'

const space = new Space(2)
const options = { snap: Infinity, extrapolate: 100 }

/** A track of samples each 50 ms from 0 on. */
function trackOf(samples: readonly Values[], { snap, extrapolate } = options): Track {
  const [first = [0, 0, 0], ...others] = samples
  const track = new Track(space, { snap, extrapolate }, 0, first)
  for (const [index, values] of others.entries()) track.add(50 * (index + 1), values)
  return track
}

const coordinate = fc.integer({ min: -1_000, max: 1_000 })
const angle = fc.double({ min: -3.14, max: 3.14, noNaN: true })
const samples = fc.array(fc.tuple(coordinate, coordinate, angle), { minLength: 2, maxLength: 20 })

describe('a track', () => {
  it('is at each sample where that says, and moves from one to the next without a jump', () => {
    fc.assert(
      fc.property(samples, (told) => {
        const track = trackOf(told)
        for (const [index, values] of told.entries()) expect(track.at(50 * index)).toEqual(values)
        for (let time = 1; time <= 50 * (told.length - 1); time++) {
          const from = told[Math.floor((time - 1) / 50)] ?? []
          const to = told[Math.ceil(time / 50)] ?? []
          const step = space.distance(track.at(time - 1), track.at(time))
          expect(step).toBeLessThanOrEqual(space.distance(from, to) / 50 + 1e-6)
        }
      }),
      runs(40),
    )
  })

  it('is where it was first before that', () => {
    const track = trackOf([
      [5, 6, 1],
      [7, 8, 2],
    ])
    expect(track.at(-1_000)).toEqual([5, 6, 1])
  })

  it('goes on behind the last sample as it went, for so long and no longer', () => {
    const track = trackOf([
      [0, 0, 0],
      [10, 0, 0.1],
    ])
    expect(track.at(75)).toEqual([15, 0, expect.closeTo(0.15) as number])
    expect(track.at(150)).toEqual([30, 0, expect.closeTo(0.3) as number])
    expect(track.at(10_000)).toEqual(track.at(150))
  })

  it('does not go on when it is to be held, and with one sample there is nowhere to go', () => {
    const moving = [
      [0, 0, 0],
      [10, 0, 0],
    ]
    expect(trackOf(moving, { ...options, extrapolate: 0 }).at(80)).toEqual([10, 0, 0])
    expect(trackOf([[3, 4, 0]]).at(80)).toEqual([3, 4, 0])
  })

  it('stands still once it is told that it does', () => {
    const track = trackOf([
      [0, 0, 0],
      [10, 0, 0],
    ])
    track.hold(100)
    expect(track.at(80)).toEqual([10, 0, 0])
    expect(track.at(140)).toEqual([10, 0, 0])
  })

  it('leaves after a long rest when that ends, and not when it began', () => {
    const track = trackOf([[0, 0, 0]])
    for (let time = 50; time <= 60_000; time += 50) track.hold(time)
    track.add(60_050, [10, 0, 0])
    expect(track.at(30_000)).toEqual([0, 0, 0])
    expect(track.at(60_000)).toEqual([0, 0, 0])
    expect(track.at(60_025)).toEqual([5, 0, 0])
  })

  it('is not drawn along a step that is longer than a walk: it is at the old place, then at the new one', () => {
    const track = trackOf(
      [
        [0, 0, 0],
        [10, 0, 0],
        [500, 0, 2],
        [510, 0, 2],
      ],
      { snap: 100, extrapolate: 100 },
    )
    expect(track.at(99)).toEqual([10, 0, 0])
    expect(track.at(100)).toEqual([500, 0, 2])
    expect(track.at(125)).toEqual([505, 0, 2])
  })

  it('does not go on along such a step', () => {
    const track = trackOf(
      [
        [0, 0, 0],
        [500, 0, 0],
      ],
      { snap: 100, extrapolate: 100 },
    )
    expect(track.at(99)).toEqual([500, 0, 0])
  })

  it('begins anew when another clock tells the time', () => {
    const track = trackOf([
      [0, 0, 0],
      [10, 0, 0],
      [20, 0, 0],
    ])
    track.add(-1_000_000, [70, 0, 0])
    track.add(-999_950, [80, 0, 0])
    expect(track.at(-999_975)).toEqual([75, 0, 0])
  })

  it('takes what is told of a time again as better', () => {
    const track = trackOf([
      [0, 0, 0],
      [10, 0, 0],
    ])
    track.add(50, [20, 0, 0])
    expect(track.at(25)).toEqual([10, 0, 0])
  })

  it('is the same where it is asked for, whatever was forgotten before', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: -100, max: 1_200 }), (told, before) => {
        const whole = trackOf(told)
        const rest = trackOf(told)
        rest.forget(before)
        for (let time = before; time < before + 300; time += 7) expect(rest.at(time)).toEqual(whole.at(time))
      }),
      runs(200),
    )
  })

  it('keeps the newest when nobody asks', () => {
    const track = trackOf(Array.from({ length: 10_000 }, (_, index) => [index, 0, 0]))
    expect(track.at(0)).toEqual([10_000 - 64, 0, 0])
    expect(track.at(50 * 9_990)).toEqual([9_990, 0, 0])
  })
})
