import { getHeapStatistics } from 'node:v8'
import { JuntoError, type Clock, type Limits } from '@junto/protocol'

/**
 * Tells how full the process's memory is. The server's own looks at the heap of V8; replace it, as a service, where something
 * else ends first, such as the memory of a container with large buffers.
 */
export abstract class MemoryGauge {
  /** The share in use: 0 to 1. Asked at most once a second. */
  abstract used(): number
}

/** The heap of V8, whose limit is `--max-old-space-size` or follows from the machine. */
export class HeapGauge extends MemoryGauge {
  override used(): number {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    return used / limit
  }
}

/** Milliseconds between looks. One costs some microseconds, and a heap does not fill in a second. */
const lookInterval = 1000

/** Keeps a server from taking on more than its memory bears: what is there lives on, nothing is added. */
export class HeapGuard {
  readonly #clock: Clock
  readonly #gauge: MemoryGauge
  readonly #mark: number
  #lookedAt = -Infinity
  #overloaded = false

  constructor(clock: Clock, gauge: MemoryGauge, { heapMark }: Pick<Limits, 'heapMark'>) {
    this.#clock = clock
    this.#gauge = gauge
    this.#mark = heapMark / 100
  }

  /** Whether memory runs short. */
  get overloaded(): boolean {
    const now = this.#clock.now()
    if (now >= this.#lookedAt + lookInterval) {
      this.#lookedAt = now
      this.#overloaded = this.#gauge.used() >= this.#mark
    }
    return this.#overloaded
  }

  /** @throws JuntoError `overloaded`. */
  refuseIfOverloaded(): void {
    if (!this.overloaded) return
    const message = `the server has too little memory left for new rooms and joins (limit heapMark: ${this.#mark * 100} %)`
    throw new JuntoError('overloaded', message, { retryAfter: 5000 })
  }
}
