import { broken } from '../errors.ts'
import { Outgoing } from './outgoing.ts'

interface Waiter {
  readonly resolve: (result: IteratorResult<unknown, undefined>) => void
  readonly reject: (error: Error) => void
}

/** How a stream reaches the other side. */
export interface StreamControl {
  /** Allows the other side so many more items. */
  grant(credit: number): void
  /** The consumer wants no more. */
  cancel(): void
}

/**
 * The consumer's end of a stream. Holds at most as many items as the other side had credit for, and grants more when half of
 * that has been read: a round trip passes while the other half is read.
 */
export class OutgoingStream extends Outgoing implements AsyncIterableIterator<unknown, undefined>, AsyncDisposable {
  readonly #control: StreamControl
  readonly #batch: number
  #allowed: number
  #read = 0
  #items: unknown[] = []
  #waiters: Waiter[] = []
  #ended = false
  #error: Error | undefined

  constructor(opening: Uint8Array | undefined, control: StreamControl, credit: number) {
    super(opening)
    this.#control = control
    this.#allowed = credit
    this.#batch = Math.max(1, credit >> 1)
  }

  override onRelease(release: () => void): void {
    super.onRelease(release)
    this.#releaseWhenRead()
  }

  override push(item: unknown): void {
    if (this.#allowed === 0) throw broken('R9')
    this.#allowed--
    const waiter = this.#waiters.shift()
    if (waiter === undefined) {
      this.#items.push(item)
    } else {
      waiter.resolve({ value: item, done: false })
      this.#consumed()
    }
  }

  /** What is here is still read, and after it the error, once. */
  override end(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    for (const waiter of this.#waiters.splice(0)) this.#answerEnd(waiter)
    this.#releaseWhenRead()
  }

  override reject(error: Error): void {
    this.end(error)
  }

  /** Ends at once: what is here is dropped. */
  abort(error: Error): void {
    this.#items = []
    if (this.#ended) {
      // All had come, but it was not read.
      this.#error = error
      this.#releaseWhenRead()
    } else {
      this.end(error)
      this.#control.cancel()
    }
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.#items.length > 0) {
        resolve({ value: this.#items.shift(), done: false })
        this.#consumed()
        this.#releaseWhenRead()
      } else if (this.#ended) {
        this.#answerEnd({ resolve, reject })
      } else {
        this.#waiters.push({ resolve, reject })
      }
    })
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.#items = []
    if (this.#ended) {
      this.#error = undefined
      this.#releaseWhenRead()
    } else {
      this.end()
      this.#control.cancel()
    }
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #consumed(): void {
    this.#read++
    if (this.#read < this.#batch || this.#ended) return
    const credit = this.#read
    this.#read = 0
    this.#allowed += credit
    this.#control.grant(credit)
  }

  #releaseWhenRead(): void {
    if (this.#ended && this.#items.length === 0) this.release()
  }

  #answerEnd(waiter: Waiter): void {
    const error = this.#error
    this.#error = undefined
    if (error === undefined) waiter.resolve({ value: undefined, done: true })
    else waiter.reject(error)
  }
}
