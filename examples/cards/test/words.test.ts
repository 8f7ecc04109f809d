import { expect, test } from 'vitest'
import { cardName, counted, spokenCode, tale, whyGone, whyNot, type Happening, type Refusal } from '../page/words.ts'

test('cards, codes and numbers are named as people name them', () => {
  expect([cardName('QH'), cardName('10S'), cardName('AD'), cardName('8C')]).toEqual([
    'queen of hearts',
    '10 of spades',
    'ace of diamonds',
    '8 of clubs',
  ])
  expect(spokenCode('K7M2QX')).toBe('K7M 2QX')
  expect([counted(0, 'card'), counted(1, 'card'), counted(2, 'card')]).toEqual(['0 cards', '1 card', '2 cards'])
})

/** What a declared error of a call comes as. */
function refusal(code: string, data: object): Refusal {
  return { ok: false, code, data, message: `call failed: ${code}` } as Refusal
}

test.each([
  ['not_your_turn', { whose: 'Ada' }, 'It is Ada’s turn.'],
  ['not_your_turn', { whose: '' }, 'No round is being played.'],
  [
    'card_not_playable',
    { card: '3C', top: 'QH', suit: 'H' },
    'The 3 of clubs does not fit: it takes hearts, or another queen.',
  ],
  [
    'card_not_playable',
    { card: '3C', top: '8H', suit: 'S' },
    'The 3 of clubs does not fit: it takes spades, or an eight.',
  ],
  ['card_not_held', { card: '3C' }, 'The 3 of clubs is not in your hand any more.'],
  ['suit_missing', { card: '8C' }, 'An eight needs a suit: say which one shall follow.'],
  ['already_drawn', {}, 'You have drawn a card: play one, or pass.'],
  ['draw_first', {}, 'Draw a card before you pass.'],
  ['too_few_players', { needed: 2 }, 'It takes 2 to play.'],
  ['disconnected', {}, 'The table could not be reached. Look whether it was done.'],
  ['internal', {}, 'That did not work: call failed: internal'],
])('%s is said kindly', (code, data, words) => {
  expect(whyNot(refusal(code, data))).toBe(words)
})

test.each<[Happening, string]>([
  [{ what: 'played', who: 'Ada', card: 'QH' }, 'Ada plays the queen of hearts.'],
  [{ what: 'played', who: 'Ada', card: '8H', suit: 'C' }, 'Ada plays the 8 of hearts and asks for clubs.'],
  [{ what: 'drew', who: 'Bo' }, 'Bo draws a card.'],
  [{ what: 'late', who: 'Bo' }, 'Bo has run out of time.'],
  [{ what: 'again', who: 'Bo' }, 'Bo would like to begin this round again.'],
])('%j is told', (happening, words) => {
  expect(tale(happening)).toBe(words)
})

test('why one is not at a table is said for whatever reason, known or not', () => {
  expect(whyGone('room_full')).toBe('All four seats of this table are taken.')
  expect(whyGone('idle')).toContain('half an hour')
  expect(whyGone('something new')).toBe('The table cannot be reached any more.')
})
