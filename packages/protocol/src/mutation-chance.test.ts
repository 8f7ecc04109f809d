import { describe, expect, it } from 'vitest'
import { MutationChance } from './mutation-chance.ts'

const at = 1_790_000_000_000.25

function draw({ random, newId }: MutationChance): unknown[] {
  return [random(), newId(), random(), newId(), random()]
}

describe('the chance of a mutation', () => {
  it('is the same in each run, and functions can be taken from it', () => {
    expect(draw(new MutationChance(7, at))).toEqual(draw(new MutationChance(7, at)))
  })

  it('is what it is in every implementation', () => {
    const { random, newId } = new MutationChance(0xdead_beef, at)
    expect([random(), random(), newId(), newId()]).toMatchInlineSnapshot(`
      [
        0.028160909423604608,
        0.08718013809993863,
        "b2a74998jxnbznzs",
        "rrkv9zvmmj6fqtxb",
      ]
    `)
  })

  it.each([
    ['seed', new MutationChance(8, at)],
    ['millisecond', new MutationChance(7, at + 1)],
    ['fraction of a millisecond', new MutationChance(7, at + 1 / 1024)],
    ['time far away', new MutationChance(7, at + 2 ** 32)],
  ])('is another with another %s', (_what, other) => {
    expect(draw(other)).not.toEqual(draw(new MutationChance(7, at)))
  })

  it('takes as a time whatever is sent as one', () => {
    for (const time of [NaN, Infinity, -Infinity, 0, -1, 2 ** 60, Number.MAX_VALUE]) {
      const { random, newId } = new MutationChance(1, time)
      expect(random()).toBeLessThan(1)
      expect(newId()).toMatch(/^[0-9a-z]{16}$/)
    }
  })

  it('is even: each eighth of the range, and each sign of an id, comes as often as any other', () => {
    const eighths = new Map<number, number>()
    const signs = new Map<string, number>()
    for (let seed = 0; seed < 4000; seed++) {
      const { random, newId } = new MutationChance(seed, at)
      const eighth = Math.floor(random() * 8)
      eighths.set(eighth, (eighths.get(eighth) ?? 0) + 1)
      for (const sign of newId()) signs.set(sign, (signs.get(sign) ?? 0) + 1)
    }
    // 500 and 2,000 on average; six standard deviations.
    for (const count of eighths.values()) expect(Math.abs(count - 500)).toBeLessThan(130)
    expect([...signs.keys()].toSorted().join('')).toBe('0123456789abcdefghjkmnpqrstvwxyz')
    for (const count of signs.values()) expect(Math.abs(count - 2000)).toBeLessThan(270)
  })

  it('makes no id twice: a hundred thousand mutations of one millisecond, with seeds that meet once in a while', () => {
    const ids = new Set<string>()
    for (let i = 0; i < 100_000; i++) ids.add(new MutationChance(i % 99_990, at + Math.floor(i / 99_990) / 4).newId())
    expect(ids.size).toBe(100_000)
  })
})
