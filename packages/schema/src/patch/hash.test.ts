import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashEntries, hashItems, hashNode, hashValue, mix } from './hash.ts'

const none = (): undefined => undefined

/** The hash of words, one after the other. */
function words(...all: readonly number[]): number {
  return all.reduce(mix, 0)
}

describe('[S27] the hash of a node', () => {
  it('mixes words of 32 bits', () => {
    // Computed by hand: 1 × 0x9e3779b1 = 0x9e3779b1, and its upper half 0x13c6e (>>> 15) taken in.
    expect(mix(0, 1) >>> 0).toBe((0x9e3779b1 ^ (0x9e3779b1 >>> 15)) >>> 0)
    expect(mix(0, 1) >>> 0).toBe(0x9e3645df)
    expect(mix(0, 2 ** 32 - 1)).toBe(mix(0, -1))
  })

  it('begins with its id and its type', () => {
    expect(hashNode(7, 3)).toBe(words(7, 3))
    expect(hashNode(2 ** 32 - 2, 3)).not.toBe(hashNode(2 ** 32 - 3, 3))
  })

  it.each<[string, unknown, number[]]>([
    ['what is absent', undefined, [1]],
    ['null', null, [2]],
    ['booleans', false, [3]],
    ['booleans', true, [4]],
    ['a number, low half first', 1, [5, 0, 0x3ff00000]],
    ['-0', -0, [5, 0, 0x80000000]],
    ['a number with both halves', 0.1, [5, 0x9999999a, 0x3fb99999]],
    ['a text', 'aé', [6, 2, 0x61, 0xe9]],
    ['a text beyond the basic plane, by its halves', '𝄞', [6, 2, 0xd834, 0xdd1e]],
    ['an empty text', '', [6, 0]],
    ['a bigint', -12n, [7, 3, 0x2d, 0x31, 0x32]],
    ['bytes', Uint8Array.of(1, 255), [8, 2, 1, 255]],
    ['a list', [true, null], [9, 2, 4, 2]],
    ['an object', { a: true }, [10, 1, words(1, 0x61, 4)]],
    ['an object without what is absent', { a: true, b: undefined }, [10, 1, words(1, 0x61, 4)]],
    ['an object of nothing', {}, [10, 0, 0]],
  ])('takes in %s', (_, value, expected) => {
    expect(hashValue(5, value, none)).toBe(expected.reduce(mix, 5))
  })

  it('takes in a reference as the id of the node, wherever it stands', () => {
    const node = { never: 'looked into' }
    const idOf = (value: unknown): number | undefined => (value === node ? 9 : undefined)
    expect(hashValue(0, node, idOf)).toBe(words(11, 9))
    expect(hashItems(0, [node], idOf)).toBe(words(9, 1, 11, 9))
    expect(hashEntries(0, 1, [['a', node]], idOf)).toBe(words(1, words(1, 0x61, 11, 9)))
  })

  it('does not depend on the order of entries, and depends on that of items', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const entries = Object.entries(object)
        const turned = entries.toReversed()
        expect(hashEntries(1, entries.length, turned, none)).toBe(hashEntries(1, entries.length, entries, none))
        expect(hashValue(1, Object.fromEntries(turned), none)).toBe(hashValue(1, Object.fromEntries(entries), none))
      }),
      runs(100),
    )
    expect(hashItems(0, [1, 2], none)).not.toBe(hashItems(0, [2, 1], none))
  })

  it('differs where two values do', () => {
    const seen = new Map<number, unknown>()
    const values = [undefined, null, false, true, 0, -0, 1, 2, '', '0', 'a', 0n, 1n, new Uint8Array(), [], {}, [[]]]
    for (const value of [...values, ...values.map((one) => [one]), ...values.map((one) => [one, one])]) {
      const hash = hashValue(0, value, none)
      // [[]] is among the first, and made from [] again.
      if (seen.has(hash)) expect(seen.get(hash)).toStrictEqual(value)
      seen.set(hash, value)
    }
    expect(seen.size).toBe(3 * values.length - 1)
  })
})
