import { fits, sorted, type Card, type Demand } from '../../rules.ts'
import { cardName } from '../words.ts'
import { paintCard } from './card.ts'
import { byId, make } from '../../../stage/page/element.ts'
import { arrange } from './element.ts'

/** The own cards: buttons, one after the other. Tab reaches one of them, arrow keys go along them. */
export class Hand {
  readonly #list = byId('hand', HTMLUListElement)
  readonly #play: (card: Card) => void
  readonly #shown = new Map<Card, { place: HTMLLIElement; button: HTMLButtonElement }>()
  #current: Card | undefined

  constructor(play: (card: Card) => void) {
    this.#play = play
    this.#list.addEventListener('keydown', (event) => this.#keyDown(event))
  }

  /** @param demand What a card has to fit now; `undefined`: it is not this player's turn. */
  show(hand: readonly Card[], demand: Demand | undefined): void {
    const cards = sorted(hand)
    const hadFocus = this.#list.contains(document.activeElement)
    const before = this.#current === undefined ? 0 : [...this.#shown.keys()].indexOf(this.#current)
    for (const card of this.#shown.keys()) if (!hand.includes(card)) this.#shown.delete(card)
    const places = cards.map((card) => {
      const { place, button } = this.#shown.get(card) ?? this.#make(card)
      const playable = demand !== undefined && fits(card, demand)
      button.classList.toggle('fits', playable)
      button.classList.toggle('idle', demand !== undefined && !playable)
      button.setAttribute('aria-label', playable ? `${cardName(card)}, fits` : cardName(card))
      return place
    })
    arrange(this.#list, places)
    // In the order in which they are shown.
    const buttons = new Map([...this.#shown].sort(([a], [b]) => cards.indexOf(a) - cards.indexOf(b)))
    this.#shown.clear()
    for (const [card, each] of buttons) this.#shown.set(card, each)
    this.#list.style.setProperty('--cards', String(cards.length))
    if (this.#current === undefined || !buttons.has(this.#current))
      this.#step(cards[Math.min(Math.max(before, 0), cards.length - 1)], hadFocus)
  }

  #make(card: Card): { place: HTMLLIElement; button: HTMLButtonElement } {
    const button = make('button', 'card')
    paintCard(button, card)
    button.tabIndex = -1
    button.addEventListener('click', () => this.#play(card))
    button.addEventListener('focus', () => this.#step(card, false))
    const made = { place: make('li', '', button), button }
    this.#shown.set(card, made)
    return made
  }

  #keyDown(event: KeyboardEvent): void {
    const cards = [...this.#shown.keys()]
    const at = this.#current === undefined ? 0 : cards.indexOf(this.#current)
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: cards.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    this.#step(cards[(to + cards.length) % cards.length], true)
  }

  #step(card: Card | undefined, focus: boolean): void {
    this.#current = card
    for (const [each, { button }] of this.#shown) button.tabIndex = each === card ? 0 : -1
    if (focus && card !== undefined) this.#shown.get(card)?.button.focus()
  }
}
