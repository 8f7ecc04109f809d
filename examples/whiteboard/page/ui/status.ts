import { byId } from './element.ts'

/** How this page stands with the server. */
export type Standing =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected' }
  /** The connection is gone; `retryAt` is when the next attempt begins, unless one is under way. */
  | { readonly state: 'away'; readonly retryAt: number | undefined }
  /** The server said no, and asking again will not help. */
  | { readonly state: 'refused'; readonly message: string }

// A drop that is over at once is nobody's concern.
const bannerAfter = 700

/** Tells the truth about the connection: a word in the bar always, and a banner while the server is away. */
export class Status {
  readonly #word = byId('status', HTMLSpanElement)
  readonly #banner = byId('away', HTMLDivElement)
  #standing: Standing = { state: 'connecting' }
  #since = 0
  #waiting = 0

  constructor(retry: () => void) {
    byId('retry', HTMLButtonElement).addEventListener('click', retry)
    // The countdown: seconds pass without anything else happening.
    window.setInterval(() => this.#show(), 250)
    window.addEventListener('online', () => this.#show())
    window.addEventListener('offline', () => this.#show())
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

  /** How many strokes wait here for the server. */
  wait(strokes: number): void {
    if (strokes === this.#waiting) return
    this.#waiting = strokes
    if (this.#standing.state !== 'connected') this.#show()
  }

  #show(): void {
    const standing = this.#standing
    this.#word.dataset['state'] = standing.state
    write(this.#word.querySelector('span'), words(standing))
    const away = standing.state === 'away' && Date.now() - this.#since >= bannerAfter
    this.#banner.hidden = !away
    if (!away) return
    write(this.#banner.querySelector('strong'), navigator.onLine ? 'The server is away.' : 'You are offline.')
    write(this.#banner.querySelector('p span'), `${this.#kept()} ${next(standing.retryAt)}`)
  }

  #kept(): string {
    if (this.#waiting === 0) return 'Draw on: your strokes are kept here and sent when it is back.'
    return this.#waiting === 1
      ? '1 stroke is kept here and sent when it is back.'
      : `${this.#waiting} strokes are kept here and sent when it is back.`
  }
}

function words(standing: Standing): string {
  switch (standing.state) {
    case 'connecting':
      return 'Connecting…'
    case 'connected':
      return 'Live'
    case 'refused':
      return 'Not connected'
    case 'away': {
      const seconds = secondsUntil(standing.retryAt)
      return seconds > 0 ? `Reconnecting in ${seconds}\u00a0s` : 'Reconnecting…'
    }
  }
}

function next(retryAt: number | undefined): string {
  const seconds = secondsUntil(retryAt)
  return seconds > 0 ? `Next try in ${seconds}\u00a0s.` : 'Trying now…'
}

function secondsUntil(time: number | undefined): number {
  return time === undefined ? 0 : Math.max(0, Math.ceil((time - Date.now()) / 1000))
}

function write(element: Element | null, text: string): void {
  // Writing the same again would have it read out again.
  if (element !== null && element.textContent !== text) element.textContent = text
}
