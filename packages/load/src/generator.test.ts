import { describe, expect, it } from 'vitest'
import { adviceOn } from './advice.ts'
import { addressAdvice, GeneratorWatch, verdictOf } from './generator.ts'
import { lineOf } from './live.ts'

const quiet = { loop: 0.2, cpu: 0.2, late: 3 }
const busy = { loop: 0.99, cpu: 0.98, late: 80 }

function verdict(usages: readonly (typeof quiet)[], machine: number[] = []) {
  const watch = new GeneratorWatch()
  usages.forEach((usage, index) => watch.take(index % 2, usage))
  for (const share of machine) watch.machine(share)
  return verdictOf(watch.figures, 4)
}

describe('the load says', () => {
  it('that it was not the bottleneck', () => {
    expect(verdict([quiet, quiet], [0.5])).toEqual({
      isBottleneck: false,
      lines: [expect.stringMatching(/2 processes, the busiest 20 % busy.*3 ms late: it was not the bottleneck/)],
    })
  })

  it('that one of its processes was, and what to do', () => {
    const { isBottleneck, lines } = verdict([quiet, busy, quiet, busy])
    expect(isBottleneck).toBe(true)
    expect(lines.join(' ')).toMatch(/was the bottleneck: it was full 100 % .*--processes 4/)
  })

  it('that the machine had nothing left', () => {
    expect(verdict([quiet], [1, 1, 0.2])).toMatchObject({ isBottleneck: true })
    expect(verdict([busy], [1, 1]).lines.join(' ')).toMatch(/on another machine/)
  })

  it('that it waited for a processor, when others had them all', () => {
    const { lines } = verdict([{ loop: 0.97, cpu: 0.2, late: 800 }], [1, 1])
    expect(lines.join(' ')).toMatch(/All processors of this machine were busy 100 % of the time/)
    expect(lines.join(' ')).not.toMatch(/was the bottleneck: it was full/)
  })

  it('that a server reads from one address only so much', () => {
    expect(addressAdvice(1_000_000, 100, 10)).toBeUndefined()
    expect(addressAdvice(10_000_000, 500_000, 10)).toMatch(/byteRatePerAddress/)
  })
})

describe('what to do about an error', () => {
  const error = { key: '', at: undefined, count: 1, declared: false }
  it.each([
    ['join poll: too_many_connections: from this address', 'too_many_connections', /maxConnectionsPerAddress/],
    ['join poll: rate_limited: too many joins', 'rate_limited', /joinRatePerAddress/],
    ['call.vote: rate_limited: too many', 'rate_limited', /messageRate/],
    ['connection: flooding', undefined, /sessionRatePerAddress/],
    ['call.vote: timeout: no answer', 'timeout', /longer/],
  ])('%s', (text, code, advice) => {
    expect(adviceOn({ ...error, text, code })).toMatch(advice)
  })

  it('is nothing where the call declares it', () => {
    expect(adviceOn({ ...error, text: 'call.vote: timeout', code: 'timeout', declared: true })).toBeUndefined()
  })
})

it('shows how a run goes in one line, which is never too long', () => {
  const progress = {
    at: 5,
    total: 20,
    bots: 40,
    allBots: 50,
    joins: 10,
    calls: 480,
    p50: 1.234,
    p99: 9.87,
    errors: 1,
  }
  expect(lineOf(progress, 200)).toBe(
    '████░░░░░░░░░░░░ 15 s left · 40/50 bots · 1 error · p50 1.23 ms · p99 9.87 ms · 480 calls/s · 10.0 joins/s',
  )
  // Whole figures only: what does not fit is left out.
  expect(lineOf(progress, 79)).toBe('████░░░░░░░░░░░░ 15 s left · 40/50 bots · 1 error · p50 1.23 ms · p99 9.87 ms')
  expect(lineOf(progress, 20)).toHaveLength(20)
})
