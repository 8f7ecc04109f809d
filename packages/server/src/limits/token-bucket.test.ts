import fc from 'fast-check'
import { runs } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

describe('a token bucket', () => {
  it('is full at first, and gives so many at once', () => {
    const bucket = new TokenBucket({ rate: 10, burst: 3 })
    expect([1, 2, 3, 4].map(() => bucket.tryTake(5000))).toEqual([true, true, true, false])
  })

  it('says when the next token is there, to the millisecond', () => {
    const bucket = new TokenBucket({ rate: 10, burst: 1 })
    bucket.take(0)
    expect(bucket.wait(0)).toBe(100)
    expect(bucket.wait(40)).toBe(60)
    expect(bucket.tryTake(99)).toBe(false)
    expect(bucket.tryTake(100)).toBe(true)
  })

  it('holds no more than its burst, however long it rests', () => {
    const bucket = new TokenBucket({ rate: 1000, burst: 2 })
    expect([0, 0, 0, 1e9, 1e9, 1e9].map((now) => bucket.tryTake(now))).toEqual([true, true, false, true, true, false])
  })

  it('can be in debt, and says when it is even', () => {
    const bucket = new TokenBucket({ rate: 1000, burst: 100 })
    bucket.take(0, 350)
    expect(bucket.wait(0, 0)).toBe(250)
    expect(bucket.wait(250, 0)).toBe(0)
    expect(bucket.wait(250, 1)).toBe(1)
    expect(bucket.isFull(349)).toBe(false)
    expect(bucket.isFull(350)).toBe(true)
  })

  it('never has more than its burst', () => {
    expect(new TokenBucket({ rate: 1, burst: 5 }).wait(0, 6)).toBe(Infinity)
  })

  it('bears rates below one a second', () => {
    const bucket = new TokenBucket({ rate: 0.1, burst: 1 })
    expect(bucket.tryTake(0)).toBe(true)
    expect(bucket.wait(0)).toBe(10_000)
  })

  it('never gives more in any stretch of time than its burst and what comes in it, and gives all of that', () => {
    const step = fc.record({ pause: fc.integer({ min: 0, max: 400 }), asks: fc.integer({ min: 1, max: 8 }) })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(step, { minLength: 1, maxLength: 40 }),
        (rate, burst, steps) => {
          const bucket = new TokenBucket({ rate, burst })
          // The plain model: tokens that come with time.
          let tokens = burst
          let now = 0
          for (const { pause, asks } of steps) {
            now += pause
            tokens = Math.min(burst, tokens + (pause * rate) / 1000)
            for (let n = 0; n < asks; n++) {
              // Within rounding either answer is right.
              if (Math.abs(tokens - 1) < 1e-6) return
              const given = bucket.tryTake(now)
              expect(given).toBe(tokens >= 1)
              if (given) tokens--
            }
          }
        },
      ),
      runs(300),
    )
  })
})
