import type { JuntoError } from '../errors.ts'
import type { Settle } from '../frames.ts'
import type { AnswerContext } from './answering.ts'

/** What the other side has opened here. One object for each call, also for those answered at once. */
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
