import { bounds } from '../../board.ts'
import { byId, make } from '../../../stage/page/element.ts'

/** Both sides of clearing the board: asking the others, and being asked. */
export class Consent {
  readonly #question = byId('consent', HTMLDivElement)
  readonly #asking = byId('asking', HTMLDivElement)
  #answer: ((yes: boolean) => void) | undefined
  #stop: AbortController | undefined

  constructor() {
    byId('consent-yes', HTMLButtonElement).addEventListener('click', () => this.#answer?.(true))
    byId('consent-no', HTMLButtonElement).addEventListener('click', () => this.#answer?.(false))
    byId('asking-stop', HTMLButtonElement).addEventListener('click', () => this.#stop?.abort())
    for (const card of [this.#question, this.#asking]) card.style.setProperty('--for', `${bounds.consent}ms`)
  }

  /** Asks the person here whether `by` may clear the board. Ends without an answer when the signal is aborted. */
  ask(by: string, signal: AbortSignal): Promise<boolean> {
    this.#answer?.(false)
    byId('consent-text', HTMLParagraphElement).replaceChildren(
      make('strong', '', by),
      ' would like to clear the board.',
    )
    this.#question.hidden = false
    return new Promise((resolve) => {
      const answer = (yes: boolean): void => {
        this.#answer = undefined
        this.#question.hidden = true
        signal.removeEventListener('abort', refuse)
        resolve(yes)
      }
      const refuse = (): void => answer(false)
      this.#answer = answer
      signal.addEventListener('abort', refuse)
      if (signal.aborted) refuse()
    })
  }

  /** Shows that the others are being asked while `clear` runs; its signal is aborted by the cancel button. */
  async wait<T>(others: readonly string[], clear: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController()
    this.#stop = stop
    byId('asking-text', HTMLParagraphElement).replaceChildren('Asking ', make('strong', '', list(others)), '…')
    this.#asking.hidden = others.length === 0
    try {
      return await clear(stop.signal)
    } finally {
      this.#asking.hidden = true
      this.#stop = undefined
    }
  }
}

function list(names: readonly string[]): string {
  if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} others`
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}
