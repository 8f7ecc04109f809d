import { describe, expect, it } from 'vitest'
import { Histogram } from './histogram.ts'
import { judge, thresholdOf } from './thresholds.ts'

describe('a threshold', () => {
  it.each([
    ['call.p99<50ms', { name: 'call', statistic: 'p99', operator: '<', bound: 50, unit: 'ms' }],
    ['call.vote.p99.9 <= 2s', { name: 'call.vote', statistic: 'p99.9', operator: '<=', bound: 2_000, unit: 'ms' }],
    ['load level.max<1s', { name: 'load level', statistic: 'max', bound: 1_000 }],
    ['call.errors<1%', { name: 'call', statistic: 'errors', bound: 1, unit: '%' }],
    ['errors.count==0', { name: 'errors', statistic: 'count', operator: '=', bound: 0, unit: '' }],
    ['bytesIn.rate<64KB/s', { name: 'bytesIn', statistic: 'rate', bound: 64_000, unit: '/s' }],
  ])('is read from %s', (text, parts) => {
    expect(thresholdOf(text)).toMatchObject(parts)
  })

  it.each([
    ['call', /NAME.FIGURE<VALUE/],
    ['call.p99<50', /p99 is a time: write 50ms/],
    ['call.cuont<50', /there is no figure 'cuont'; did you mean 'count'/],
    ['call.p101<5ms', /from p0 to p100/],
    ['call.count<50ms', /count is no time/],
    ['call.p99<5parsecs', /there is no unit 'parsecs'/],
    ['call.count<5%', /only errors may be in percent/],
  ])('%s is refused', (text, message) => {
    expect(() => thresholdOf(text)).toThrow(message)
  })
})

describe('what was measured', () => {
  const times = new Histogram()
  for (let ms = 1; ms <= 100; ms++) times.record(ms)
  const found = { times, count: 100, failed: 25 }
  const verdict = (text: string, seconds = 10) =>
    judge([thresholdOf(text)], (name) => (name === 'call' ? found : undefined), ['call', 'join'], seconds)[0]

  it.each([
    ['call.p99<99.5ms', true],
    ['call.p99<98ms', false],
    ['call.min>=1ms', true],
    ['call.count=100', true],
    ['call.rate>10', false],
    ['call.errors<=25', true],
    ['call.errors<20%', false],
    ['call.errors<=20%', true],
  ])('%s: %s', (text, met) => {
    expect(verdict(text)?.met).toBe(met)
  })

  it('under another name misses a time, and is nought where something is counted', () => {
    expect(verdict('cal.p99<1s')).toMatchObject({ met: false, value: undefined })
    expect(verdict('cal.p99<1s')?.found).toMatch(/nothing was measured under 'cal'; did you mean 'call'/)
    // What only looks like one of the tool's own names would be met for ever.
    expect(verdict('erors.count=0')).toMatchObject({ met: false, value: undefined })
    expect(verdict('erors.count=0')?.found).toMatch(/nothing had the name 'erors'; did you mean 'errors'/)
    expect(verdict('errs.count=0')?.found).toMatch(/did you mean 'errors'/)
    expect(verdict('jion.count=0')?.found).toMatch(/did you mean 'join'/)
    expect(verdict('crashes.count=0')).toMatchObject({ met: true, value: 0 })
  })
})
