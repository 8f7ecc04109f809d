import { make } from '../../../stage/page/element.ts'
import { isWild, rankOf, suitOf, suits, type Card } from '../../rules.ts'
import { drawing } from './element.ts'

/** Paints the face of a card into an element. */
export function paintCard(element: HTMLElement, card: Card): void {
  if (element.dataset['card'] === card) return
  element.dataset['card'] = card
  const suit = suitOf(card)
  element.dataset['suit'] = suit
  const corner = (): HTMLElement => make('span', 'corner', rankOf(card), drawing(`suit-${suit}`, 'suit'))
  const heart = isWild(card)
    ? make('span', 'wild', ...suits.map((each) => coloured(each)))
    : make('span', 'heart', drawing(`suit-${suit}`, 'suit'))
  element.replaceChildren(corner(), heart, corner())
  element.classList.add('face')
}

/** The sign of a suit, in its colour. */
export function coloured(suit: string): SVGSVGElement {
  const svg = drawing(`suit-${suit}`, 'suit')
  svg.dataset['suit'] = suit
  return svg
}
