import { JuntoError } from '../errors.ts'
import { mostCredit } from '../limits.ts'
import type { Settle } from '../frames.ts'
import type { AnswerContext } from './answering.ts'

/** A call that the other side has opened here. One object for each call, also for those answered at once. */
export class IncomingCall implements AnswerContext {
  readonly settle: Settle
  /** Cancels the timer of its deadline. */
  cancelDeadline: (() => void) | undefined
  #aborted: JuntoError | undefined
  #controller: AbortController | undefined

  constructor(settle: Settle) {
    this.settle = settle
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted)
    }
    return this.#controller.signal
  }

  /** Why the caller no longer waits, if so. */
  get aborted(): JuntoError | undefined {
    return this.#aborted
  }

  /** The caller no longer waits. */
  abort(reason: JuntoError): void {
    this.finish()
    this.#aborted = reason
    this.#controller?.abort(reason)
  }

  /** Nothing more is to come. */
  finish(): void {
    this.cancelDeadline?.()
    this.cancelDeadline = undefined
  }
}

/** A stream that the other side has opened here: how much it may still be sent, and the iterator that makes the items. */
export class IncomingStream extends IncomingCall {
  iterator: AsyncIterator<unknown> | undefined
  #credit: number
  #resume: (() => void) | undefined

  constructor(credit: number) {
    super('visible')
    this.#credit = credit
  }

  /** Allows more items. @throws JuntoError `bad_message` when that is more than any consumer can want. */
  grant(credit: number): void {
    if (this.#credit + credit > mostCredit) {
      throw new JuntoError('bad_message', `[R9] a stream with a credit of more than ${mostCredit} items`)
    }
    this.#credit += credit
    this.#wake()
  }

  /** Takes the credit for one item; waits for it if there is none. False when the stream was cancelled meanwhile. */
  async spend(): Promise<boolean> {
    while (this.#credit === 0 && this.aborted === undefined) {
      await new Promise<void>((resolve) => (this.#resume = resolve))
    }
    if (this.aborted !== undefined) return false
    this.#credit--
    return true
  }

  override abort(reason: JuntoError): void {
    super.abort(reason)
    this.#wake()
  }

  #wake(): void {
    this.#resume?.()
    this.#resume = undefined
  }
}
