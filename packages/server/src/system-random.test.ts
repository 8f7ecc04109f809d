import { expect, test } from 'vitest'
import { SystemRandom } from './system-random.ts'

test('no byte is given twice, and what was given stays as it is', () => {
  const random = new SystemRandom()
  // More than are taken at once, in pieces that do not fill that evenly; one is larger.
  const pieces = [...Array.from({ length: 700 }, () => random.bytes(12)), random.bytes(10_000), random.bytes(12)]
  const texts = pieces.map((piece) => Buffer.from(piece).toString('hex'))
  expect(pieces.map(({ length }) => length)).toEqual([...Array<number>(700).fill(12), 10_000, 12])
  expect(new Set(texts).size).toBe(702)
  for (let i = 0; i < 1000; i++) random.bytes(12)
  expect(pieces.map((piece) => Buffer.from(piece).toString('hex'))).toEqual(texts)
})

test('numbers are spread over [0, 1)', () => {
  const random = new SystemRandom()
  const numbers = Array.from({ length: 10_000 }, () => random.number())
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...numbers)).toBeLessThan(1)
  const tenths = Array.from({ length: 10 }, (_, i) => numbers.filter((n) => Math.floor(n * 10) === i).length)
  // 1,000 each; by chance 800 or 1,200 come up less than once in billions of runs.
  for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(200)
})
