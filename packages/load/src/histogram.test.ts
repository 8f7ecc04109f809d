import { expect, it } from 'vitest'
import { barsOf, binsOf } from './bars.ts'
import { Histogram } from './histogram.ts'

function of(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

it('knows percentiles to three digits, and which part ended within a time', () => {
  const thousand = of(Array.from({ length: 1_000 }, (_, index) => index + 1))
  expect(thousand.count).toBe(1_000)
  expect(thousand.mean).toBeCloseTo(500.5)
  expect(thousand.percentile(50) / 500).toBeCloseTo(1, 2)
  expect(thousand.percentile(99.9) / 999).toBeCloseTo(1, 2)
  expect([thousand.min, thousand.max]).toEqual([1, 1_000].map((ms) => expect.closeTo(ms, 0) as number))
  expect(thousand.shareWithin(250.5)).toBeCloseTo(0.25, 2)
  expect([0.5, 1_001].map((ms) => thousand.shareWithin(ms))).toEqual([0, 1])
})

it('counts a few as exactly as many', () => {
  const eight = of([6, 8, 9, 9, 25, 40, 45, 200])
  expect(eight.shareWithin(10)).toBe(0.5)
  expect(eight.shareWithin(7)).toBe(0.125)
})

it('has nothing to say of nothing', () => {
  const none = new Histogram()
  expect([none.min, none.max, none.mean, none.percentile(99), none.shareWithin(1)]).toEqual([0, 0, 0, 0, 0])
  expect(binsOf(none)).toEqual([])
})

it.each([
  [[0.4, 0.5, 0.6]],
  [[1, 10, 100, 1_000, 10_000]],
  [[5]],
  [[...Array.from({ length: 2_000 }, () => 2), 9_000]],
])('is drawn in a few rows that hold all: %#', (values) => {
  const bins = binsOf(of(values))
  expect(bins.length).toBeLessThanOrEqual(16)
  expect(bins.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6)
  expect(barsOf(of(values))).toHaveLength(bins.length)
})
