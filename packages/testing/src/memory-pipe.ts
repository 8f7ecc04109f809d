import type { Clock, RandomSource } from '@junto/protocol'

/** What a memory network is like. */
export interface MemoryNetworkOptions {
  /** Milliseconds that anything takes from one end to the other. Default: 0, which still is a turn of its own. */
  readonly latency?: number
  /** Milliseconds more that each message takes at random, up to this. Messages never overtake each other. Default: 0. */
  readonly jitter?: number
  /** Bytes a second that are read at the far end. Default: no bound. */
  readonly rate?: number
  /**
   * Bytes that are read at a time, each time in a turn of its own; 1 is the worst there is. A message arrives with its last
   * byte. Default: whole messages; 1024 where `rate` bounds them.
   */
  readonly slice?: number
  /** Bytes that a direction takes in before the sender's `bufferedAmount` grows. Default: 64 KiB. */
  readonly capacity?: number
  /** Milliseconds that a server waits for the other half of a closing. Default: 2000. */
  readonly closeTimeout?: number
  /** Where the jitter comes from. Default: a seeded source of its own. */
  readonly random?: RandomSource
}

/** What travels on a pipe. */
export type Item =
  | { readonly kind: 'open' | 'ping' | 'pong' }
  | { readonly kind: 'message'; readonly data: Uint8Array | string }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }

/** After how much of a direction something happens: so many bytes, or so many whole messages. */
export type Amount = { readonly bytes: number } | { readonly messages: number }

/** What a pipe tells its link. @internal */
export interface PipeEvents {
  deliver(item: Item): void
  /** Nothing waits at the sender any more. */
  drained(): void
}

/** Of a slow reader that nobody gave a slice. */
const usualSlice = 1024

interface Entry {
  readonly item: Item
  readonly due: number
  /** Bytes of it that were not read yet. */
  left: number
}

/** One direction of a connection: in order, each item after the latency. */
export class MemoryPipe {
  /** As in the network's options; what is under way already keeps the time it had. */
  latency: number
  jitter: number
  /** As in the network's options: what waits is read at the new rate, too. */
  rate: number
  slice: number
  readonly #clock: Clock
  readonly #random: RandomSource
  readonly #capacity: number
  readonly #events: PipeEvents
  #queue: Entry[] = []
  #lastDue = 0
  #bytesHeld = 0
  #passed = { bytes: 0, messages: 0 }
  /** The reader does not read. */
  #paused = false
  /** The network does not carry. */
  #stalled = false
  /** Nothing passes any more, ever. */
  #broken = false
  #cancel: (() => void) | undefined
  #waiting = false
  #trigger: { readonly bytes: number; readonly messages: number; readonly run: () => void } | undefined

  /** @internal */
  constructor(clock: Clock, options: Required<MemoryNetworkOptions>, events: PipeEvents) {
    this.#clock = clock
    this.latency = options.latency
    this.jitter = options.jitter
    this.rate = options.rate
    this.slice = options.slice
    this.#random = options.random
    this.#capacity = options.capacity
    this.#events = events
  }

  /** Bytes that wait at the sender: those beyond what the pipe takes in. */
  get bufferedAmount(): number {
    return Math.max(0, this.#bytesHeld - this.#capacity)
  }

  /** Bytes of messages that were read at the far end so far. */
  get bytes(): number {
    return this.#passed.bytes
  }

  /** Messages that arrived so far. */
  get messages(): number {
    return this.#passed.messages
  }

  /** The reader stops to read, until {@link resume}: what is sent to it waits. */
  pause(): void {
    this.#paused = true
    this.#stop()
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  /** The network carries nothing any more, until {@link flow}, whether the reader reads or not. */
  stall(): void {
    this.#stalled = true
    this.#stop()
  }

  flow(): void {
    this.#stalled = false
    this.#schedule()
  }

  /**
   * Runs `fn` once, as soon as so much more has passed: behind that byte, or behind the delivery of that message. What `fn` ends or
   * pauses then stops there: the message in which the byte stands does not arrive.
   */
  after(amount: Amount, fn: () => void): void {
    const { bytes, messages } = { bytes: Infinity, messages: Infinity, ...amount }
    this.#trigger = { bytes: this.#passed.bytes + bytes, messages: this.#passed.messages + messages, run: fn }
    this.#fire()
  }

  /** @internal */
  push(item: Item): void {
    const jitter = this.jitter > 0 ? this.#random.number() * this.jitter : 0
    this.#lastDue = Math.max(this.#lastDue, this.#clock.now() + this.latency + jitter)
    const size = sizeOf(item)
    this.#queue.push({ item, due: this.#lastDue, left: size })
    this.#bytesHeld += size
    if (this.bufferedAmount > 0) this.#waiting = true
    this.#schedule()
  }

  /** @internal What is under way is lost, and nothing arrives any more. */
  clear(): void {
    this.#broken = true
    this.#stop()
    this.#queue = []
    this.#bytesHeld = 0
    this.#trigger = undefined
  }

  get #held(): boolean {
    return this.#paused || this.#stalled || this.#broken
  }

  #stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #schedule(): void {
    const first = this.#queue[0]
    if (!first || this.#held || this.#cancel) return
    const now = this.#clock.now()
    const reading = Math.min(this.#sliceNow, first.left) / this.rate
    this.#cancel = this.#clock.after(Math.max(0, first.due - now) + reading * 1000, () => {
      this.#cancel = undefined
      this.#read()
    })
  }

  get #sliceNow(): number {
    return this.rate < Infinity ? Math.min(this.slice, usualSlice) : this.slice
  }

  /** Reads what may be read in this turn: one slice, or all that is due where nothing bounds it. */
  #read(): void {
    const now = this.#clock.now()
    const piecemeal = this.#sliceNow < Infinity
    // What is pushed meanwhile is due in another turn.
    const due = this.#queue.findIndex((entry) => entry.due > now)
    for (let count = due === -1 ? this.#queue.length : due; count > 0 && !this.#held; count--) {
      const [first] = this.#queue
      if (first === undefined) break
      const bytes = this.#step(first)
      if (piecemeal && bytes > 0) break
    }
    if (this.#waiting && this.bufferedAmount === 0) {
      this.#waiting = false
      this.#events.drained()
    }
    this.#schedule()
  }

  /** Reads from the first entry: as much as a slice, and no further than where something is to happen. */
  #step(first: Entry): number {
    const limit = (this.#trigger?.bytes ?? Infinity) - this.#passed.bytes
    const bytes = Math.min(first.left, this.#sliceNow, limit)
    first.left -= bytes
    this.#bytesHeld -= bytes
    this.#passed.bytes += bytes
    if (first.left > 0) {
      this.#fire()
      return bytes
    }
    // A byte that completes a message has been read; whether it is handled is another matter, which a cut may prevent.
    if (bytes > 0 && this.#trigger?.bytes === this.#passed.bytes) {
      this.#fire()
      if (this.#held || this.#queue[0] !== first) return bytes
    }
    this.#queue.shift()
    if (first.item.kind === 'message') this.#passed.messages++
    this.#events.deliver(first.item)
    this.#fire()
    return bytes
  }

  #fire(): void {
    const trigger = this.#trigger
    if (trigger === undefined) return
    if (this.#passed.bytes < trigger.bytes && this.#passed.messages < trigger.messages) return
    this.#trigger = undefined
    trigger.run()
  }
}

function sizeOf(item: Item): number {
  return item.kind === 'message' ? item.data.length : 0
}
