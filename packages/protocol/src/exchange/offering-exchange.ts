import { asJuntoError, JuntoError } from '../errors.ts'
import { encodeEnd, encodeFailed, encodeItem } from '../frame-encoding.ts'
import * as FrameType from '../frame-type.ts'
import type { ExchangeFrame, StreamFrame } from '../frames.ts'
import { mostCredit } from '../limit-defaults.ts'
import type { AnswerContext, Answerer, StreamAnswerer } from './answering.ts'
import { headOf } from './frame-head.ts'
import { Exchange, type ExchangeOptions } from './exchange.ts'
import { IncomingCall } from './incoming.ts'
import { Pace } from './pace.ts'

/** What an exchange that offers streams is made of. `streamCredit` is also what leaves in one turn, of all streams together. */
export interface OfferingOptions extends ExchangeOptions {
  readonly answer: Answerer & StreamAnswerer
}

/** An exchange whose side offers streams: what a server runs. */
export class OfferingExchange extends Exchange {
  readonly #answer: StreamAnswerer
  /** Of the items of all streams: the credit is the other side's to choose, the turn is everybody's. */
  readonly #pace: Pace
  /** Calls and streams of the other side that it may wait for in vain: what ends them was given up, or a part of them. */
  readonly #unended = new Set<number>()

  constructor(options: OfferingOptions) {
    super(options)
    this.#answer = options.answer
    this.#pace = new Pace(options.clock, options.streamCredit)
  }

  override receive(frame: ExchangeFrame): void {
    if (this.ended) return
    switch (frame.type) {
      case FrameType.stream:
        return this.#open(frame)
      case FrameType.credit: {
        const stream = this.incoming(frame.no)
        if (stream instanceof IncomingStream) stream.grant(frame.credit)
        else if (stream !== undefined) throw new JuntoError('bad_message', `[R3] credit for the call ${frame.no}`)
        return
      }
      default:
        super.receive(frame)
    }
  }

  /**
   * The link has given up frames of this exchange. What cannot go on without them ends here, and there with
   * {@link tellLost}: streams that lost an item, and calls of ours that may never arrive.
   */
  forfeited(frames: readonly Uint8Array[]): void {
    if (this.ended) return
    for (const frame of frames) {
      const { type, no } = headOf(frame)
      switch (type) {
        case FrameType.call:
          this.lose(no)
          break
        case FrameType.item:
          this.stop(no, lost())
          this.#unended.add(no)
          break
        case FrameType.reply:
        case FrameType.failed:
        case FrameType.end:
          // No more than were under way, and what a link keeps: the other side is away and opens nothing.
          this.#unended.add(no)
          break
      }
    }
  }

  /**
   * The other side is back, and has been sent what was kept for it: it is told of what it waits for in vain. To be called also
   * where nothing is missing: what ended here when its frames were given up stays ended, though they had arrived.
   */
  tellLost(): void {
    const unended = [...this.#unended]
    this.#unended.clear()
    for (const no of unended) this.tell(encodeFailed(no, lost()))
  }

  /**
   * Whether a frame of this exchange, which has not been sent yet, belongs to what was ended because a part of it was given up: the other
   * side must not get the rest.
   */
  hasLost(frame: Uint8Array): boolean {
    if (this.#unended.size === 0) return false
    const { type, no } = headOf(frame)
    return (type === FrameType.item || type === FrameType.end || type === FrameType.failed) && this.#unended.has(no)
  }

  #open({ no, id, params, credit }: StreamFrame): void {
    if (!this.admit(no)) return
    let stream: IncomingStream
    try {
      stream = new IncomingStream(
        credit,
        (context) => this.#answer.stream(id, params, context),
        (error) => this.unheard(stream, error),
      )
    } catch (error) {
      return this.fail(no, error, 'visible')
    }
    this.begin(no, stream)
    void this.#produce(no, stream)
  }

  /** Sends items as far as there is credit, some in each turn. Never rejects. */
  async #produce(no: number, stream: IncomingStream): Promise<void> {
    try {
      while (await stream.spend()) {
        await this.#pace.step()
        if (stream.aborted !== undefined) break
        const next = await stream.iterator.next()
        if (stream.aborted !== undefined || next.done === true) break
        try {
          this.send(encodeItem(no, next.value), 'visible')
        } catch (error) {
          // It cannot be sent, so that the stream has a gap: it ends here, for the handler too.
          this.stop(no, asJuntoError(error, 'internal'))
          this.fail(no, error, 'visible')
        }
      }
    } catch (error) {
      return this.failed(no, stream, error, 'visible')
    }
    if (this.concludes(no, stream)) this.tell(encodeEnd(no))
  }
}

function lost(): JuntoError {
  return new JuntoError(
    'outcome_unknown',
    'what was sent about it while the connection was down was too much to be kept',
  )
}

/** A stream that the other side has opened here: how much it may still be sent, and the iterator that makes the items. */
class IncomingStream extends IncomingCall {
  readonly iterator: AsyncIterator<unknown>
  readonly #unheard: (error: unknown) => void
  #credit: number
  #resume: (() => void) | undefined

  /**
   * @param unheard Called with what the iterator throws over being ended.
   * @throws whatever the handler throws.
   */
  constructor(
    credit: number,
    begin: (context: AnswerContext) => AsyncIterable<unknown>,
    unheard: (error: unknown) => void,
  ) {
    super('visible')
    this.#credit = credit
    this.#unheard = unheard
    this.iterator = begin(this)[Symbol.asyncIterator]()
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

  /** At once, not when the next item is there: an iterator that waits for something ends its wait this way. */
  override abort(reason: JuntoError): void {
    super.abort(reason)
    this.#wake()
    try {
      this.iterator.return?.().then(undefined, this.#unheard)
    } catch (error) {
      this.#unheard(error)
    }
  }

  #wake(): void {
    this.#resume?.()
    this.#resume = undefined
  }
}
