import type { Clock } from '../clock.ts'
import { JuntoError } from '../errors.ts'
import { encodeEnd, encodeItem } from '../frame-encoding.ts'
import type { StreamFrame } from '../frames.ts'
import { commonLimits, mostCredit } from '../limits.ts'
import type { AnswerContext, StreamAnswerer } from './answering.ts'
import { IncomingCall } from './incoming.ts'
import { Pace } from './pace.ts'

/** How an incoming stream reaches its exchange, and so the other side. */
export interface StreamHost {
  /** @throws whatever sending throws. */
  sendItem(frame: Uint8Array): void
  /** An item cannot be sent, so that there is a gap: the stream ends, here and there. */
  breakOff(no: number, error: unknown): void
  /** The handler has come to its end; `last` tells the other side, if it still waits. */
  ended(no: number, stream: IncomingCall, last: Uint8Array): void
  /** The handler has failed. */
  failed(no: number, stream: IncomingCall, error: unknown): void
  /** The handler has failed, and nobody waits for it any more. */
  unheard(stream: IncomingCall, error: unknown): void
}

/** The streams that one side of an exchange offers. Clients offer none, and load none of this. */
export class StreamOffer {
  readonly #answer: StreamAnswerer
  /** Of the items that all of them make: the credit is the other side's to choose, the turn is everybody's. */
  readonly #pace: Pace

  /** @param itemsPerTurn Items that all of them together make in one turn. Default: the limit `streamCredit`. */
  constructor(clock: Clock, answer: StreamAnswerer, itemsPerTurn: number = commonLimits.streamCredit.value) {
    this.#answer = answer
    this.#pace = new Pace(clock, itemsPerTurn)
  }

  /** Begins what opens a stream; `run` goes on with it. @throws whatever the handler throws. */
  open({ no, id, params, credit }: StreamFrame, host: StreamHost): IncomingStream {
    return new IncomingStream(no, credit, host, this.#pace, (stream) => this.#answer.stream(id, params, stream))
  }
}

/** A stream that the other side has opened here: how much it may still be sent, and the iterator that makes the items. */
export class IncomingStream extends IncomingCall {
  readonly #no: number
  readonly #host: StreamHost
  readonly #pace: Pace
  readonly #iterator: AsyncIterator<unknown>
  #credit: number
  #resume: (() => void) | undefined

  constructor(
    no: number,
    credit: number,
    host: StreamHost,
    pace: Pace,
    begin: (context: AnswerContext) => AsyncIterable<unknown>,
  ) {
    super('visible')
    this.#no = no
    this.#credit = credit
    this.#host = host
    this.#pace = pace
    this.#iterator = begin(this)[Symbol.asyncIterator]()
  }

  /** Allows more items. @throws JuntoError `bad_message` when that is more than any consumer can want. */
  override grant(credit: number): void {
    if (this.#credit + credit > mostCredit) {
      throw new JuntoError('bad_message', `[R9] a stream with a credit of more than ${mostCredit} items`)
    }
    this.#credit += credit
    this.#wake()
  }

  /** Sends items as far as there is credit, some in each turn. Never rejects. */
  async run(): Promise<void> {
    try {
      while (await this.#spend()) {
        await this.#pace.step()
        if (this.aborted !== undefined) break
        const next = await this.#iterator.next()
        if (this.aborted !== undefined || next.done === true) break
        this.#send(next.value)
      }
    } catch (error) {
      return this.#host.failed(this.#no, this, error)
    }
    this.#host.ended(this.#no, this, encodeEnd(this.#no))
  }

  /** At once, not when the next item is there: an iterator that waits for something ends its wait this way. */
  override abort(reason: JuntoError): void {
    super.abort(reason)
    this.#wake()
    const failed = (error: unknown): void => this.#host.unheard(this, error)
    try {
      this.#iterator.return?.().then(undefined, failed)
    } catch (error) {
      failed(error)
    }
  }

  /** Takes the credit for one item; waits for it if there is none. False when the stream was cancelled meanwhile. */
  async #spend(): Promise<boolean> {
    while (this.#credit === 0 && this.aborted === undefined) {
      await new Promise<void>((resolve) => (this.#resume = resolve))
    }
    if (this.aborted !== undefined) return false
    this.#credit--
    return true
  }

  #send(item: unknown): void {
    try {
      this.#host.sendItem(encodeItem(this.#no, item))
    } catch (error) {
      this.#host.breakOff(this.#no, error)
    }
  }

  #wake(): void {
    this.#resume?.()
    this.#resume = undefined
  }
}
