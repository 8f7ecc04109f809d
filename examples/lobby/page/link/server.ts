import { JuntoClient, type RoomStatus } from '@junto/client'
import { livePath } from '../../chat.ts'

/** How this page stands with the server. */
export type Standing =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected' }
  /** No connection; `retryAt` is when the next attempt begins (ms since 1970), unless one is under way. `offline`: no network either. */
  | { readonly state: 'away'; readonly retryAt: number | undefined; readonly offline: boolean }
  /** The connection is back, and what happened meanwhile is on its way. */
  | { readonly state: 'catching-up' }

/** What has joined over the connection: the list of rooms, a room. */
export interface Joined {
  readonly status: { readonly value: RoomStatus }
}

/** The connection, which the list of rooms and the room share. */
export class ServerLink {
  readonly client: JuntoClient
  #lost = false
  #ever = false

  /** @param changed Called whenever the connection stands differently. */
  constructor(changed: () => void) {
    const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${livePath}`
    // A page that is loaded again takes its seat again: nobody sees it go and come.
    this.client = new JuntoClient({ url, keepSession: true })
    this.client.connection.subscribe(() => {
      const { state } = this.client.connection
      if (state === 'open') this.#ever = true
      else this.#lost = true
      changed()
    })
  }

  /** Does not wait for the next attempt's time. */
  retry(): void {
    this.client.connection.retry()
  }

  /** How things stand, given what should be joined; `undefined` for what is being joined for the first time. */
  standing(joined: readonly (Joined | undefined)[]): Standing {
    const connection = this.client.connection.value
    const states = joined.map((each) => each?.status.value.state)
    if (connection.state === 'waiting') {
      const { retryAt, offline } = connection
      // No time is known while the page is put aside.
      return { state: 'away', retryAt: Number.isFinite(retryAt) ? retryAt : undefined, offline }
    }
    if (connection.state !== 'open') {
      const first = !this.#ever && (connection.state !== 'connecting' || connection.attempt === 1)
      return first ? { state: 'connecting' } : { state: 'away', retryAt: undefined, offline: !navigator.onLine }
    }
    if (!states.includes('reconnecting')) {
      this.#lost = false
      return { state: states.includes(undefined) ? 'connecting' : 'connected' }
    }
    // A server that stops puts everybody out before it closes the connection: that is not yet a return.
    return this.#lost ? { state: 'catching-up' } : { state: 'away', retryAt: undefined, offline: false }
  }
}
