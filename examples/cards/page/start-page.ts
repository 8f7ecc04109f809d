import { byId, make } from '../../stage/page/element.ts'
import { cards } from '../rules.ts'
import type { Way } from './link.ts'
import { rememberedName, rememberName } from './memory.ts'
import { paintCard } from './ui/card.ts'

/** What the start page needs of the rest. */
export interface StartEvents {
  /** Somebody wants to sit down. Rejects with an Error whose message is for them. */
  sit(way: Way, name: string): Promise<void>
}

/** An answer that takes longer is worth a word: ms. */
const slowAfter = 1_000

/** Where one says who one is, and with whom one would like to play. */
export class StartPage {
  readonly #page = byId('start', HTMLElement)
  readonly #name = byId('name', HTMLInputElement)
  readonly #code = byId('code', HTMLInputElement)
  readonly #trouble = byId('start-trouble', HTMLParagraphElement)
  readonly #events: StartEvents

  constructor(events: StartEvents) {
    this.#events = events
  }

  /**
   * @param code Of the table to which somebody was invited; empty when there is none.
   * @param trouble Why they are here again; empty when nothing is wrong.
   */
  show(code: string, trouble: string): void {
    this.#page.hidden = false
    this.#name.value = rememberedName()
    this.#code.value = code
    if (code !== '') this.#invite()
    this.#fan()
    this.#complain(trouble)
    byId('start-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      // Enter: to the table whose code stands there.
      this.#go(this.#code.value.trim() === '' ? { by: 'anyone' } : { by: 'code', code: this.#code.value })
    })
    byId('play-anyone', HTMLButtonElement).addEventListener('click', (event) => {
      event.preventDefault()
      this.#go({ by: 'anyone' })
    })
    byId('play-friends', HTMLButtonElement).addEventListener('click', () => this.#go({ by: 'friends' }))
    byId('play-code', HTMLButtonElement).addEventListener('click', () => {
      if (this.#code.value.trim() === '') this.#code.focus()
      else this.#go({ by: 'code', code: this.#code.value })
    })
    this.#code.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return
      event.preventDefault()
      if (this.#code.value.trim() !== '') this.#go({ by: 'code', code: this.#code.value })
    })
    this.#name.focus()
  }

  #invite(): void {
    byId('start-lead', HTMLParagraphElement).textContent = 'You are invited to a table. Who are you?'
    byId('ways', HTMLDivElement).hidden = byId('or', HTMLDivElement).hidden = true
    byId('play-code', HTMLButtonElement).classList.replace('quiet', 'primary')
  }

  #go(way: Way): void {
    const name = this.#name.value.trim()
    if (name === '') {
      this.#name.reportValidity()
      this.#name.focus()
      return
    }
    rememberName(name)
    void this.#sit(way, name)
  }

  async #sit(way: Way, name: string): Promise<void> {
    this.#complain('')
    this.#busy(true)
    const slow = setTimeout(
      () => this.#complain('The server has not answered yet. You sit down as soon as it does.'),
      slowAfter,
    )
    try {
      await this.#events.sit(way, name)
      this.#page.hidden = true
    } catch (error) {
      this.#complain(error instanceof Error ? error.message : String(error))
      this.#busy(false)
    } finally {
      clearTimeout(slow)
    }
  }

  #complain(trouble: string): void {
    this.#trouble.hidden = trouble === ''
    this.#trouble.textContent = trouble
  }

  #busy(busy: boolean): void {
    for (const button of this.#page.querySelectorAll('form button'))
      if (button instanceof HTMLButtonElement) button.disabled = busy
  }

  #fan(): void {
    const shown = cards.filter((card) => ['AS', 'QH', '8D', 'KC'].includes(card))
    this.#page.querySelector('.start-fan')?.replaceChildren(
      ...shown.map((card) => {
        const face = make('span', 'card')
        paintCard(face, card)
        return face
      }),
    )
  }
}
