import type { Clock } from '@junto/protocol'
import { Listeners } from '../listeners.ts'
import type { Subscription } from '../subscription.ts'
import type { Report } from '../warnings.ts'

/** How long an event waits for its first listener before that is reported: a program is still starting until then. */
const unheardAfter = 5_000

/** What an inbox needs. */
export interface InboxOptions {
  readonly clock: Clock
  readonly report: Report
  /** The room's name, for messages. */
  readonly room: string
  /** How many events may wait for their first listener, all names together. */
  readonly limits: { readonly maxUnheard: number }
}

/** The listeners of one event, and what waits for the first of them. */
interface Channel {
  readonly name: string
  readonly listeners: Listeners<unknown>
  /** Undefined once there has been a listener: from then on an event that nobody listens to goes nowhere, on purpose. */
  waiting: unknown[] | undefined
  dropped: number
  /** Ends the wait after which it is reported that nobody listens. */
  stopWatching: () => void
}

/** A room's events on their way to the program's listeners. */
export class Inbox {
  readonly #options: InboxOptions
  readonly #channels = new Map<string, Channel>()
  #waiting = 0

  constructor(options: InboxOptions) {
    this.#options = options
  }

  /** An event came. Listeners are called at once; without one it waits. */
  deliver(name: string, payload: unknown): void {
    const channel = this.#channel(name)
    if (channel.waiting !== undefined) this.#keep(channel, channel.waiting, payload)
    else channel.listeners.tell(payload)
  }

  /**
   * Listens to an event. What waited is delivered after the present code, and before anything newer: to every listener
   * that was added until then.
   */
  listen(name: string, listener: (payload: unknown) => void): Subscription {
    const channel = this.#channel(name)
    const first = channel.listeners.size === 0 && channel.waiting !== undefined
    const listening = channel.listeners.add(listener)
    if (first) void Promise.resolve().then(() => this.#release(channel))
    return listening
  }

  /** The room is at its end: nothing waits any more. */
  close(): void {
    for (const channel of this.#channels.values()) {
      channel.stopWatching()
      if (channel.listeners.size === 0) channel.waiting = undefined
    }
  }

  #channel(name: string): Channel {
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      const { report, room } = this.#options
      const listeners = new Listeners(report, `a listener to '${name}' of room '${room}'`)
      channel = { name, listeners, waiting: [], dropped: 0, stopWatching: () => {} }
      this.#channels.set(name, channel)
    }
    return channel
  }

  #keep(channel: Channel, waiting: unknown[], payload: unknown): void {
    if (waiting.length === 0 && channel.dropped === 0 && channel.listeners.size === 0) this.#watchFor(channel)
    if (this.#waiting >= this.#options.limits.maxUnheard) {
      channel.dropped++
      // The newest events say more about now. A channel that has none of the places gets none.
      if (waiting.length === 0) return
      waiting.shift()
      this.#waiting--
    }
    waiting.push(payload)
    this.#waiting++
  }

  #watchFor(channel: Channel): void {
    const { clock, report, room } = this.#options
    channel.stopWatching = clock.after(unheardAfter, () => {
      if (channel.waiting === undefined) return
      const { name } = channel
      const message = `event '${name}' of room '${room}' came and nothing listens to it: add room.on('${name}', …)`
      report({ code: 'unheard', message })
    })
  }

  #release(channel: Channel): void {
    const { waiting, dropped, name } = channel
    // Ended before it got anything, or ended and followed by another first one.
    if (waiting === undefined || channel.listeners.size === 0) return
    channel.waiting = undefined
    this.#waiting -= waiting.length
    if (dropped > 0) {
      const { report, room, limits } = this.#options
      const message = `${dropped} events '${name}' of room '${room}' were dropped: ${limits.maxUnheard} wait for the first listener`
      report({ code: 'overflow', message })
    }
    for (const payload of waiting) channel.listeners.tell(payload)
  }
}
