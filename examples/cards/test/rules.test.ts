import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  cards,
  deal,
  fits,
  handSize,
  isWild,
  nextOf,
  pointsOf,
  rankOf,
  shuffled,
  sorted,
  suitOf,
  type Card,
} from '../rules.ts'

const card = fc.constantFrom(...cards)

describe('a pack', () => {
  it('has 52 cards, each once', () => {
    expect(new Set(cards).size).toBe(52)
    expect(cards.filter(isWild)).toEqual(['8S', '8H', '8D', '8C'])
  })

  it('tells suit and rank of a card', () => {
    expect([suitOf('10H'), rankOf('10H'), suitOf('AS'), rankOf('AS')]).toEqual(['H', '10', 'S', 'A'])
    for (const each of cards) expect(`${rankOf(each)}${suitOf(each)}`).toBe(each)
  })

  it('is shuffled without losing or doubling a card, and leaves the one it was made from', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 52 }),
        (draws) => {
          const before = [...cards]
          const left = [...draws]
          expect(shuffled(cards, () => left.shift() ?? 0).sort()).toEqual([...cards].sort())
          expect(cards).toEqual(before)
        },
      ),
    )
  })

  it('is shuffled so that each card may come to lie first', () => {
    const first = cards.map((_card, index) => shuffled(cards, () => (index + 0.5) / 52)[0])
    expect(new Set(first).size).toBe(52)
  })
})

describe('dealing', () => {
  test.each([
    [2, 7],
    [3, 5],
    [4, 5],
  ])('%i players get %i cards each, and one that is no eight is turned up', (count, size) => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...cards], { minLength: 52 }), (pack) => {
        const { hands, top, deck } = deal(pack, count)
        expect(hands.map(({ length }) => length)).toEqual(Array<number>(count).fill(size))
        expect(handSize(count)).toBe(size)
        expect(isWild(top)).toBe(false)
        expect([...hands.flat(), top, ...deck].sort()).toEqual([...cards].sort())
      }),
    )
  })

  it('goes round, one card after the other', () => {
    const { hands } = deal(cards, 2)
    expect(hands[0]?.slice(0, 2)).toEqual(['KC', 'JC'])
    expect(hands[1]?.slice(0, 2)).toEqual(['QC', '10C'])
  })

  it('leaves eights in the deck, where they are drawn later', () => {
    const pack: Card[] = [...cards.filter((each) => !isWild(each)), '8S', '8H', '8D', '8C']
    const { hands, deck, top } = deal([...pack.slice(0, 38), '8S', ...pack.slice(38, 48), ...pack.slice(49)], 2)
    expect(isWild(top)).toBe(false)
    expect(deck.filter(isWild).length + hands.flat().filter(isWild).length).toBe(4)
  })
})

describe('a card', () => {
  const demand = { top: '7H', suit: 'H' } as const

  test.each<[Card, boolean]>([
    ['KH', true],
    ['7C', true],
    ['8S', true],
    ['KC', false],
    ['AS', false],
  ])('%s on the seven of hearts: %s', (each, may) => {
    expect(fits(each, demand)).toBe(may)
  })

  it('has to be of the suit that was named with an eight, or an eight', () => {
    fc.assert(
      fc.property(card, fc.constantFrom('S', 'H', 'D', 'C'), (each, suit) => {
        expect(fits(each, { top: '8S', suit })).toBe(suitOf(each) === suit || isWild(each))
      }),
    )
  })

  it('is worth something to who has won', () => {
    expect(pointsOf(['8S', 'KH', 'QD', 'JC', '10C', 'AS', '2H'])).toBe(50 + 30 + 10 + 1 + 2)
    expect(pointsOf([])).toBe(0)
  })
})

describe('turns', () => {
  const order = ['ada', 'bo', 'cy', 'di']

  it('go round, past those who do not play', () => {
    expect(nextOf(order, 'ada', () => true)).toBe('bo')
    expect(nextOf(order, 'di', () => true)).toBe('ada')
    expect(nextOf(order, 'ada', (each) => each === 'di')).toBe('di')
  })

  it('come back to the only one who plays, and to nobody where nobody does', () => {
    expect(nextOf(order, 'bo', (each) => each === 'bo')).toBe('bo')
    expect(nextOf(order, 'bo', () => false)).toBeUndefined()
  })
})

it('sorts a hand by suit, then by rank, and leaves the one it was made from', () => {
  const hand: Card[] = ['2H', 'KS', '10S', 'AH', '2C']
  expect(sorted(hand)).toEqual(['10S', 'KS', 'AH', '2H', '2C'])
  expect(hand[0]).toBe('2H')
})
