import { bannerAfter, nextTry, secondsUntil } from '../../../stage/page/away.ts'
import { byId, write } from '../../../stage/page/element.ts'

/** How this page stands with the server. */
export type Standing =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected' }
  /** The connection is gone; `retryAt` is when the next attempt begins, unless one is under way. `offline`: so is the network. */
  | { readonly state: 'away'; readonly retryAt: number | undefined; readonly offline: boolean }
  /** The connection is back, and what happened meanwhile is on its way. */
  | { readonly state: 'catching-up' }
  /** The server said no, and asking again will not help. */
  | { readonly state: 'refused'; readonly message: string }

/** What this page drew or erased and the server has not confirmed. */
export interface Waiting {
  readonly strokes: number
  /** Since when the oldest thing sent is unanswered, by `performance.now()`; undefined when nothing is. */
  readonly since: number | undefined
  /** Whether there is a board to draw on. */
  readonly open: boolean
}

// An answer that takes longer than that is worth a word: the connection may be gone, and nobody knows yet.
const slowAfter = 1_500

/** Tells the truth about the connection: a word in the bar always, and a banner while the server or the network is away. */
export class Status {
  readonly #word = byId('status', HTMLSpanElement)
  readonly #banner = byId('away', HTMLDivElement)
  #standing: Standing = { state: 'connecting' }
  #since = 0
  #ask = (): Waiting => ({ strokes: 0, since: undefined, open: false })
  #waiting = this.#ask()

  constructor(retry: () => void) {
    byId('retry', HTMLButtonElement).addEventListener('click', retry)
    // The countdown: seconds pass without anything else happening.
    window.setInterval(() => this.#show(), 250)
    this.#show()
  }

  get standing(): Standing {
    return this.#standing
  }

  stand(standing: Standing): void {
    if (standing.state !== this.#standing.state) this.#since = Date.now()
    this.#standing = standing
    this.#show()
  }

  /** Asks again and again what is not with the others yet. */
  watch(waiting: () => Waiting): void {
    this.#ask = waiting
  }

  #show(): void {
    const standing = this.#standing
    this.#waiting = this.#ask()
    this.#word.dataset['state'] = standing.state
    this.#word.dataset['slow'] = String(standing.state === 'connected' && this.slow)
    write(this.#word.querySelector('span'), this.#words(standing))
    const away = standing.state === 'away' && Date.now() - this.#since >= bannerAfter
    this.#banner.hidden = !away
    if (!away) return
    write(this.#banner.querySelector('strong'), standing.offline ? 'You are offline.' : 'The server is away.')
    write(this.#banner.querySelector('p span'), `${this.#kept(standing.offline)} ${nextTry(standing.retryAt)}`)
  }

  /** Whether the server owes an answer for so long that nobody knows whether what was sent arrives. */
  get slow(): boolean {
    const { since } = this.#waiting
    return since !== undefined && performance.now() - since >= slowAfter
  }

  #kept(offline: boolean): string {
    const { strokes, open } = this.#waiting
    if (!open) return offline ? 'The board opens when you are back.' : 'The board opens when it is back.'
    const when = offline ? 'and sent when you are back' : 'and sent when it is back'
    if (strokes === 0) return `Draw on: your strokes are kept here ${when}.`
    return strokes === 1 ? `1 stroke is kept here ${when}.` : `${strokes} strokes are kept here ${when}.`
  }

  #words(standing: Standing): string {
    switch (standing.state) {
      case 'connecting':
        return 'Connecting…'
      case 'connected':
        return this.slow ? 'Waiting for the server…' : 'Live'
      case 'catching-up':
        return 'Catching up…'
      case 'refused':
        return 'Not connected'
      case 'away':
        return awayWords(standing)
    }
  }
}

function awayWords({ retryAt, offline }: Standing & { state: 'away' }): string {
  if (offline) return 'Offline'
  const seconds = secondsUntil(retryAt)
  return seconds > 0 ? `Reconnecting in ${seconds}\u00a0s` : 'Reconnecting…'
}
