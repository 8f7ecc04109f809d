// What the page says to people, as functions of what it has been told.
import type { JoinedRoom } from '@junto/client'
import type { Down, PayloadOf } from '@junto/schema'
import type { Eights } from '../contract.ts'
import { rankOf, suitOf, type Card, type Rank, type Suit } from '../rules.ts'

type Calls = JoinedRoom<typeof Eights>['call']
type Outcome = Awaited<ReturnType<Calls['play' | 'draw' | 'pass' | 'deal']['try']>>
/** Why a call was not done. */
export type Refusal = Exclude<Outcome, { readonly ok: true }>
/** What the table tells of. */
export type Happening = PayloadOf<Down<typeof Eights>['happened']>

const suitNames: Readonly<Record<Suit, string>> = { S: 'spades', H: 'hearts', D: 'diamonds', C: 'clubs' }
const courts: Partial<Record<Rank, string>> = { A: 'ace', J: 'jack', Q: 'queen', K: 'king' }

/** `hearts` */
export function suitName(suit: Suit): string {
  return suitNames[suit]
}

/** `queen of hearts` */
export function cardName(card: Card): string {
  return `${courts[rankOf(card)] ?? rankOf(card)} of ${suitNames[suitOf(card)]}`
}

/** `K7M 2QX`: a code as people read it to each other. */
export function spokenCode(code: string): string {
  return `${code.slice(0, 3)} ${code.slice(3)}`
}

/** `1 card`, `3 cards` */
export function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}

/** Why something was not done, kindly. */
export function whyNot(refusal: Refusal): string {
  switch (refusal.code) {
    case 'not_your_turn':
      return refusal.data.whose === '' ? 'No round is being played.' : `It is ${refusal.data.whose}’s turn.`
    case 'card_not_playable': {
      const { card, top, suit } = refusal.data
      const or = rankOf(top) === '8' ? 'or an eight' : `or another ${courts[rankOf(top)] ?? rankOf(top)}`
      return `The ${cardName(card)} does not fit: it takes ${suitNames[suit]}, ${or}.`
    }
    case 'card_not_held':
      return `The ${cardName(refusal.data.card)} is not in your hand any more.`
    case 'suit_missing':
      return 'An eight needs a suit: say which one shall follow.'
    case 'already_drawn':
      return 'You have drawn a card: play one, or pass.'
    case 'draw_first':
      return 'Draw a card before you pass.'
    case 'too_few_players':
      return `It takes ${refusal.data.needed} to play.`
    case 'disconnected':
    case 'outcome_unknown':
    case 'timeout':
      return 'The table could not be reached. Look whether it was done.'
    case 'rate_limited':
      return 'That was a bit fast: once more, please.'
    default:
      return `That did not work: ${refusal.message}`
  }
}

/** What has happened, as one line. */
export function tale({ what, who, card, suit }: Happening): string {
  switch (what) {
    case 'came':
      return `${who} sits down.`
    case 'left':
      return `${who} has left.`
    case 'away':
      return `${who} has lost the connection.`
    case 'back':
      return `${who} is back.`
    case 'dealt':
      return `${who} deals.`
    case 'played': {
      const played = card === undefined ? 'a card' : `the ${cardName(card)}`
      return suit === undefined ? `${who} plays ${played}.` : `${who} plays ${played} and asks for ${suitNames[suit]}.`
    }
    case 'drew':
      return `${who} draws a card.`
    case 'passed':
      return `${who} passes.`
    case 'late':
      return `${who} has run out of time.`
    case 'again':
      return `${who} would like to begin this round again.`
  }
}

/** Why one is not at a table any more. */
export function whyOver(code: string): string {
  if (code === 'room_not_found') return 'This table is over: everybody has left it, or the server was started anew.'
  return whyGone(code)
}

/** Why a table cannot be joined. */
export function whyGone(code: string): string {
  switch (code) {
    case 'room_not_found':
      return 'There is no table of this code, or everybody has left it.'
    case 'room_full':
      return 'All four seats of this table are taken.'
    case 'too_many_rooms':
      return 'There are too many tables at the moment. Please try again later.'
    case 'rate_limited':
      return 'Too many tries in a short time. Please wait a moment.'
    case 'incompatible':
      return 'The game has become a newer one since this page was opened: please reload it.'
    case 'idle':
      return 'Nobody has done anything for half an hour, so the table was cleared.'
    case 'shutting_down':
    case 'closed':
      return 'The table was closed.'
    default:
      return 'The table cannot be reached any more.'
  }
}
