import type { Clock } from '@junto/protocol'

/** What a memory network is like. */
export interface MemoryNetworkOptions {
  /** Milliseconds that anything takes from one end to the other. Default: 0, which still is a turn of its own. */
  readonly latency?: number
  /** Bytes that a direction takes in before the sender's `bufferedAmount` grows. Default: 64 KiB. */
  readonly capacity?: number
  /** Milliseconds that a server waits for the other half of a closing. Default: 2000. */
  readonly closeTimeout?: number
}

/** What travels on a pipe. */
export type Item =
  | { readonly kind: 'open' | 'ping' | 'pong' }
  | { readonly kind: 'message'; readonly data: Uint8Array | string }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }

/** One direction of a connection: in order, each item after the latency. */
export class MemoryPipe {
  readonly #clock: Clock
  readonly #options: Required<MemoryNetworkOptions>
  readonly #deliver: (item: Item) => void
  readonly #drained: () => void
  #queue: { readonly item: Item; readonly due: number }[] = []
  #bytes = 0
  #paused = false
  #cancel: (() => void) | undefined
  #waiting = false

  constructor(
    clock: Clock,
    options: Required<MemoryNetworkOptions>,
    deliver: (item: Item) => void,
    drained: () => void,
  ) {
    this.#clock = clock
    this.#options = options
    this.#deliver = deliver
    this.#drained = drained
  }

  /** Bytes that wait at the sender: those beyond what the pipe takes in. */
  get bufferedAmount(): number {
    return Math.max(0, this.#bytes - this.#options.capacity)
  }

  /** Nothing arrives any more, until {@link resume}. Both pipes of a link paused: a half-open connection. */
  pause(): void {
    this.#paused = true
    this.#cancel?.()
    this.#cancel = undefined
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  /** @internal */
  push(item: Item): void {
    this.#queue.push({ item, due: this.#clock.now() + this.#options.latency })
    this.#bytes += sizeOf(item)
    if (this.bufferedAmount > 0) this.#waiting = true
    this.#schedule()
  }

  /** @internal */
  clear(): void {
    this.pause()
    this.#queue = []
    this.#bytes = 0
  }

  #schedule(): void {
    const first = this.#queue[0]
    if (!first || this.#paused || this.#cancel) return
    this.#cancel = this.#clock.after(Math.max(0, first.due - this.#clock.now()), () => {
      this.#cancel = undefined
      this.#flush()
    })
  }

  #flush(): void {
    const now = this.#clock.now()
    // What is pushed meanwhile is due in another turn.
    const due = this.#queue.findIndex((entry) => entry.due > now)
    const batch = this.#queue.splice(0, due === -1 ? this.#queue.length : due)
    for (const [index, { item }] of batch.entries()) {
      if (this.#paused) {
        this.#queue.unshift(...batch.slice(index))
        break
      }
      this.#bytes -= sizeOf(item)
      this.#deliver(item)
    }
    if (this.#waiting && this.bufferedAmount === 0) {
      this.#waiting = false
      this.#drained()
    }
    this.#schedule()
  }
}

function sizeOf(item: Item): number {
  return item.kind === 'message' ? item.data.length : 0
}
