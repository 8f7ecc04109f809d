import type { Clock } from '@junto/protocol'
import { subscription, type Subscription } from '../subscription.ts'
import { reportFault, type Report } from '../warnings.ts'

/** How long an event waits for its first listener before that is reported: a program is still starting until then. */
const unheardAfter = 5_000

/** What an inbox needs. */
export interface InboxOptions {
  readonly clock: Clock
  readonly report: Report
  /** The room's name, for messages. */
  readonly room: string
  /** How many events may wait for their first listener, all names together. */
  readonly limit: number
}

/** The listeners of one event, and what waits for the first of them. */
interface Channel {
  readonly name: string
  readonly listeners: Set<{ readonly call: (payload: unknown) => void }>
  /** Undefined once there has been a listener: from then on an event that nobody listens to goes nowhere, on purpose. */
  waiting: unknown[] | undefined
  dropped: number
}

/** A room's events on their way to the program's listeners. */
export class Inbox {
  readonly #options: InboxOptions
  readonly #channels = new Map<string, Channel>()
  readonly #timers = new Set<() => void>()
  #waiting = 0

  constructor(options: InboxOptions) {
    this.#options = options
  }

  /** An event came. Listeners are called at once; without one it waits. */
  deliver(name: string, payload: unknown): void {
    const channel = this.#channel(name)
    if (channel.waiting !== undefined) this.#keep(channel, channel.waiting, payload)
    else this.#call(channel, payload)
  }

  /**
   * Listens to an event. What waited is delivered after the present code, and before anything newer: to every listener
   * that was added until then.
   */
  listen(name: string, listener: (payload: unknown) => void): Subscription {
    const channel = this.#channel(name)
    const entry = { call: listener }
    const first = channel.listeners.size === 0 && channel.waiting !== undefined
    channel.listeners.add(entry)
    if (first) void Promise.resolve().then(() => this.#release(channel))
    return subscription(() => channel.listeners.delete(entry))
  }

  /** The room is at its end: nothing waits any more. */
  close(): void {
    for (const stop of this.#timers) stop()
    this.#timers.clear()
    for (const channel of this.#channels.values()) {
      if (channel.listeners.size === 0) channel.waiting = undefined
    }
  }

  #channel(name: string): Channel {
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      channel = { name, listeners: new Set(), waiting: [], dropped: 0 }
      this.#channels.set(name, channel)
    }
    return channel
  }

  #call(channel: Channel, payload: unknown): void {
    const listeners = [...channel.listeners]
    for (const { call } of listeners) {
      try {
        call(payload)
      } catch (error) {
        reportFault(this.#options.report, `a listener to '${channel.name}' of room '${this.#options.room}'`, error)
      }
    }
  }

  #keep(channel: Channel, waiting: unknown[], payload: unknown): void {
    if (waiting.length === 0 && channel.dropped === 0 && channel.listeners.size === 0) this.#watchFor(channel)
    if (this.#waiting >= this.#options.limit) {
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
    const stop = clock.after(unheardAfter, () => {
      this.#timers.delete(stop)
      if (channel.waiting === undefined) return
      const { name } = channel
      const message = `event '${name}' of room '${room}' came and nothing listens to it: add room.on('${name}', …)`
      report({ code: 'unheard', message })
    })
    this.#timers.add(stop)
  }

  #release(channel: Channel): void {
    const { waiting, dropped, name } = channel
    // Ended before it got anything, or ended and followed by another first one.
    if (waiting === undefined || channel.listeners.size === 0) return
    channel.waiting = undefined
    this.#waiting -= waiting.length
    if (dropped > 0) {
      const { report, room, limit } = this.#options
      const message = `events '${name}' of room '${room}' came before their first listener, and ${dropped} of them were dropped: at most ${limit} wait`
      report({ code: 'overflow', message })
    }
    for (const payload of waiting) this.#call(channel, payload)
  }
}
