import { byId, make, write } from '../../../stage/page/element.ts'
import { isWild, suitOf, type Card } from '../../rules.ts'
import type { TableState } from '../link.ts'
import { cardName, counted, spokenCode, suitName } from '../words.ts'
import { coloured, paintCard } from './card.ts'

/** What lies on the table: the deck, the last card, and between rounds what to do. */
export class Middle {
  readonly #deck = byId('deck', HTMLButtonElement)
  readonly #pile = byId('pile', HTMLDivElement)
  readonly #demand = byId('demand', HTMLParagraphElement)
  readonly #lounge = byId('lounge', HTMLDivElement)
  readonly #deal = byId('deal', HTMLButtonElement)
  #top: Card | undefined

  constructor(draw: () => void, deal: () => void) {
    this.#deck.addEventListener('click', draw)
    this.#deal.addEventListener('click', deal)
  }

  show(state: TableState, me: string): void {
    const playing = state.phase === 'playing'
    this.#deck.hidden = this.#pile.hidden = !playing
    this.#lounge.hidden = playing
    this.#demand.hidden = true
    if (playing) this.#showPiles(state, me)
    else this.#showLounge(state, me)
  }

  #showPiles({ top, suit, stock, turn, drawn }: TableState, me: string): void {
    const mayDraw = turn === me && !drawn
    this.#deck.disabled = !mayDraw
    this.#deck.setAttribute('aria-label', `Draw. ${counted(stock, 'card')} left`)
    this.#deck.classList.toggle('empty', stock === 0)
    const count = this.#deck.querySelector('.pile-count')
    if (count !== null) write(count, String(stock))
    if (top === undefined || suit === undefined) return
    if (top !== this.#top) {
      const card = make('div', 'card landing')
      paintCard(card, top)
      // The one below stays in sight for a moment.
      this.#pile.append(card)
      while (this.#pile.children.length > 2) this.#pile.firstElementChild?.remove()
      this.#top = top
    }
    const named = isWild(top) && suit !== suitOf(top) ? `, ${suitName(suit)} were asked for` : ''
    this.#pile.setAttribute('aria-label', `On top: ${cardName(top)}${named}`)
    this.#pile.dataset['top'] = top
    this.#demand.hidden = !isWild(top)
    if (isWild(top) && this.#demand.dataset['suit'] !== suit) {
      this.#demand.dataset['suit'] = suit
      this.#demand.replaceChildren(coloured(suit), `${suitName(suit)} follow`)
    }
  }

  #showLounge({ phase, result, seats, code }: TableState, me: string): void {
    const [heading, about] = [...this.#lounge.querySelectorAll('h2, p')]
    const alone = seats.size < 2
    if (heading !== undefined && about !== undefined) {
      if (phase === 'over' && result !== undefined) {
        write(heading, headingOf(result, result.seat === me))
        write(about, aboutOf(result, alone))
      } else {
        write(heading, alone ? 'Waiting for somebody to play with' : `${counted(seats.size, 'player')} at the table`)
        write(about, alone ? 'Send them the link, or tell them the code:' : 'More may come, up to four. Or begin:')
      }
    }
    const shown = this.#lounge.querySelector<HTMLElement>('.big-code')
    if (shown !== null) {
      shown.hidden = !alone
      write(shown, spokenCode(code))
    }
    this.#showScores(seats, phase === 'over' && !alone)
    this.#deal.hidden = alone
    write(this.#deal, dealWords(phase, result))
  }

  #showScores(seats: TableState['seats'], shown: boolean): void {
    const scores = this.#lounge.querySelector<HTMLElement>('.scores')
    if (scores === null) return
    scores.hidden = !shown
    const ranked = [...seats.values()].sort((a, b) => b.points - a.points)
    scores.replaceChildren(
      ...ranked.map(({ name, points }) => make('li', '', make('span', '', name), make('b', '', String(points)))),
    )
  }
}

type Result = NonNullable<TableState['result']>

function headingOf({ how, winner, game }: Result, own: boolean): string {
  if (how === 'left') return 'The round is over'
  if (how === 'blocked' || winner === undefined) return 'Nobody can go on'
  if (game) return own ? 'You have won the game!' : `${winner} has won the game!`
  return own ? 'You have won the round!' : `${winner} has won the round`
}

function aboutOf({ how, points }: Result, alone: boolean): string {
  if (alone) return 'The others have left. Send somebody the link, or tell them the code:'
  if (how === 'left') return 'Somebody has left, and it takes two.'
  if (how === 'blocked') return 'No card fits, and there is none to draw: this round brings no points.'
  return `It brings ${counted(points, 'point')}.`
}

function dealWords(phase: TableState['phase'], result: Result | undefined): string {
  if (phase === 'waiting') return 'Deal the cards'
  return result?.game === true ? 'Another game' : 'Next round'
}
