import { bannerAfter, nextTry, secondsUntil } from '../../../stage/page/away.ts'
import { byId, write } from '../../../stage/page/element.ts'
import type { Standing } from '../link/server.ts'

/** Tells the truth about the connection: a word always, and a banner while the server or the network is away. */
export class StandingView {
  readonly #word = byId('status', HTMLSpanElement)
  readonly #banner = byId('away', HTMLDivElement)
  readonly #waiting: () => number
  #standing: Standing = { state: 'connecting' }
  #since = Date.now()

  /** @param waiting How many messages wait for the connection. */
  constructor(retry: () => void, waiting: () => number) {
    this.#waiting = waiting
    byId('retry', HTMLButtonElement).addEventListener('click', retry)
    // The countdown: seconds pass without anything else happening.
    window.setInterval(() => this.#show(), 250)
    this.#show()
  }

  stand(standing: Standing): void {
    if (standing.state !== this.#standing.state) this.#since = Date.now()
    this.#standing = standing
    this.#show()
  }

  #show(): void {
    const standing = this.#standing
    document.body.dataset['standing'] = standing.state
    write(this.#word.querySelector('span'), words(standing))
    const away = standing.state === 'away' && Date.now() - this.#since >= bannerAfter
    this.#banner.hidden = !away
    if (!away) return
    const waiting = this.#waiting()
    const messages =
      waiting === 1 ? '1 message waits here and is sent then.' : `${waiting} messages wait here and are sent then.`
    write(this.#banner.querySelector('strong'), standing.offline ? 'You are offline.' : 'The server is away.')
    write(
      this.#banner.querySelector('p span'),
      `${waiting === 0 ? 'You see what was there last.' : messages} ${nextTry(standing.retryAt)}`,
    )
  }
}

function words(standing: Standing): string {
  switch (standing.state) {
    case 'connecting':
      return 'Connecting…'
    case 'connected':
      return 'Live'
    case 'catching-up':
      return 'Catching up…'
    case 'away': {
      if (standing.offline) return 'Offline'
      const seconds = secondsUntil(standing.retryAt)
      return seconds > 0 ? `Again in ${seconds}\u00a0s` : 'Reconnecting…'
    }
  }
}
