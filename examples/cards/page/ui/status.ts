import { bannerAfter, nextTry } from '../../../stage/page/away.ts'
import { byId, write } from '../../../stage/page/element.ts'
import type { Standing } from '../link.ts'

/** Tells the truth about the connection: a word always, and a banner while the server or the network is away. */
export class Status {
  readonly #word = byId('status', HTMLSpanElement)
  readonly #banner = byId('away', HTMLDivElement)
  #standing: Standing = { state: 'connecting' }
  #since = 0

  constructor(retry: () => void) {
    byId('retry', HTMLButtonElement).addEventListener('click', retry)
    // The countdown: seconds pass without anything else happening.
    window.setInterval(() => this.#show(), 250)
  }

  stand(standing: Standing): void {
    if (standing.state !== this.#standing.state) this.#since = Date.now()
    this.#standing = standing
    this.#show()
  }

  #show(): void {
    const standing = this.#standing
    this.#word.dataset['state'] = standing.state
    const [word] = this.#word.getElementsByTagName('span')
    if (word !== undefined) write(word, words[standing.state])
    const away = standing.state === 'away' && Date.now() - this.#since >= bannerAfter
    this.#banner.hidden = !away
    const text = this.#banner.querySelector('p')
    if (!away || text === null) return
    const what = standing.offline ? 'You are offline.' : 'The table cannot be reached.'
    write(text, `${what} Your seat is kept for a minute. ${nextTry(standing.retryAt)}`)
  }
}

const words: Readonly<Record<Standing['state'], string>> = {
  connecting: 'Connecting…',
  connected: 'Live',
  away: 'Reconnecting…',
  gone: 'Not connected',
}
