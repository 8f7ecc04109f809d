import { bannerAfter, nextTry } from '../../../stage/page/away.ts'
import { byId, write } from '../../../stage/page/element.ts'
import type { Standing } from '../link.ts'

/** Tells the truth about the connection: a word always, and a banner while the server or the network is away. */
export class Status {
  readonly #word = byId('status', HTMLElement)
  readonly #banner = byId('away', HTMLElement)
  #standing: Standing = { state: 'connected' }
  #since = 0
  #roundTrip: number | undefined

  constructor(retry: () => void) {
    byId('retry', HTMLButtonElement).addEventListener('click', retry)
    // Seconds pass without anything else happening, and round trips change.
    window.setInterval(() => this.#show(), 250)
  }

  stand(standing: Standing): void {
    if (standing.state !== this.#standing.state) this.#since = Date.now()
    this.#standing = standing
    this.#show()
  }

  /** How long the last one took, in milliseconds. */
  roundTrip(ms: number | undefined): void {
    this.#roundTrip = ms
  }

  #show(): void {
    const standing = this.#standing
    document.body.dataset['standing'] = standing.state
    const away = standing.state === 'away'
    const ms = this.#roundTrip === undefined ? '' : ` · ${this.#roundTrip.toFixed(0)}\u00a0ms`
    write(this.#word, away ? 'Reconnecting…' : `Live${ms}`)
    this.#banner.hidden = !away || Date.now() - this.#since < bannerAfter
    if (!away) return
    write(this.#banner.querySelector('b'), standing.offline ? 'You are offline' : 'The server cannot be reached')
    write(
      this.#banner.querySelector('p'),
      `You are off the field until you are back, and keep what you have shot. ${nextTry(standing.retryAt)}`,
    )
  }
}
