// The rules of Wild Eights, as functions that change nothing. Server and page share them; this file imports nothing.

/** Spades, hearts, diamonds, clubs. */
export const suits = ['S', 'H', 'D', 'C'] as const
export type Suit = (typeof suits)[number]

export const ranks = ['A', '2', '3', '4', '5', '6', '7', '8', '9', '10', 'J', 'Q', 'K'] as const
export type Rank = (typeof ranks)[number]

/** A card: `QH` is the queen of hearts. */
export type Card = `${Rank}${Suit}`

/** All 52. */
export const cards: readonly Card[] = suits.flatMap((suit) => ranks.map((rank): Card => `${rank}${suit}`))

/** Who first has so many points wins the game. */
export const goal = 100

/** So many may sit at a table, and so many must, to play. */
export const players = { most: 4, fewest: 2 } as const

/** Where on the page's own host the server listens for WebSockets. */
export const livePath = '/live'

/** What the next card has to fit. */
export interface Demand {
  /** The card that was played last. */
  readonly top: Card
  /** The suit that is asked for: the card's own, or the one that was named with an eight. */
  readonly suit: Suit
}

/** What lies where when a round begins. */
export interface Deal {
  /** For each player, in their order. */
  readonly hands: readonly Card[][]
  readonly top: Card
  /** Face down; the last one is drawn first. */
  readonly deck: Card[]
}

/** The suit of a card. */
export function suitOf(card: Card): Suit {
  return suits.find((suit) => card.endsWith(suit)) ?? 'S'
}

/** The rank of a card. */
export function rankOf(card: Card): Rank {
  return ranks.find((rank) => card === `${rank}${suitOf(card)}`) ?? 'A'
}

/** Whether it fits on anything. */
export function isWild(card: Card): boolean {
  return rankOf(card) === '8'
}

/** Whether a card may be played: it is an eight, or has the suit that is asked for, or the rank of the last card. */
export function fits(card: Card, { top, suit }: Demand): boolean {
  return isWild(card) || suitOf(card) === suit || rankOf(card) === rankOf(top)
}

/** Cards in a hand at the beginning. */
export function handSize(count: number): number {
  return count === 2 ? 7 : 5
}

/** What cards that are left in a hand bring the winner: eights 50, court cards 10, aces 1, others what stands on them. */
export function pointsOf(hand: readonly Card[]): number {
  return hand.reduce((sum, card) => sum + worthOf(rankOf(card)), 0)
}

function worthOf(rank: Rank): number {
  if (rank === '8') return 50
  if (rank === 'A') return 1
  return rank === 'J' || rank === 'Q' || rank === 'K' ? 10 : Number(rank)
}

/**
 * The cards in another order, every order being as likely.
 *
 * @param random Numbers from 0 up to, and not including, 1.
 */
export function shuffled(from: readonly Card[], random: () => number): Card[] {
  const result = [...from]
  for (let left = result.length; left > 0; left--) {
    const [card] = result.splice(Math.floor(random() * left), 1)
    if (card !== undefined) result.push(card)
  }
  return result
}

/** Deals a shuffled pack, one card after the other, and turns one up: the first that is no eight. */
export function deal(pack: readonly Card[], count: number): Deal {
  const deck = [...pack]
  const hands: Card[][] = Array.from({ length: count }, () => [])
  for (let round = 0; round < handSize(count); round++) {
    for (const hand of hands) hand.push(...deck.splice(-1))
  }
  const at = deck.findLastIndex((card) => !isWild(card))
  const [top] = deck.splice(at, 1)
  if (top === undefined) throw new Error(`${pack.length} cards are too few for ${count} players`)
  return { hands, top, deck }
}

/** Who plays after `from`: the next in the order of seats, of those who play. `undefined` when nobody does. */
export function nextOf<T>(order: readonly T[], from: T, isPlaying: (player: T) => boolean): T | undefined {
  const at = order.indexOf(from)
  return [...order.slice(at + 1), ...order.slice(0, at + 1)].find(isPlaying)
}

/** A hand as people hold it: by suit, then by rank. */
export function sorted(hand: readonly Card[]): Card[] {
  return [...hand].sort((a, b) => cards.indexOf(a) - cards.indexOf(b))
}
