import type { Clock } from '../clock.ts'
import { asJuntoError, broken, errorFromWire, JuntoError } from '../errors.ts'
import { encodeCall, encodeCancel, encodeCredit, encodeFailed, encodeReply, encodeStream } from '../frame-encoding.ts'
import * as FrameType from '../frame-type.ts'
import type { CallFrame, ExchangeFrame, Settle } from '../frames.ts'
import { abortedBy, heeded, onAbort } from './abort.ts'
import type { Answerer } from './answering.ts'
import { IncomingCall } from './incoming.ts'
import { OutgoingCall, type Outgoing } from './outgoing.ts'
import { OutgoingStream } from './outgoing-stream.ts'
import { isPromiseLike } from './promise-like.ts'

/** Settings of an outgoing call. */
export interface ExchangeCallOptions {
  /** Milliseconds until it fails with `timeout`. Default: it waits for ever. */
  readonly timeout?: number | undefined
  /** Aborting it cancels the call here and there. */
  readonly signal?: AbortSignal | undefined
  /** Default: `visible`. */
  readonly settle?: Settle | undefined
}

/** Settings of an outgoing stream. */
export interface ExchangeStreamOptions {
  /** Aborting it cancels the stream here and there. */
  readonly signal?: AbortSignal | undefined
}

/** How an exchange ends: with the connection before or after something was sent, or because a membership was ended. */
export type ExchangeEnd = 'disconnected' | 'outcome_unknown' | 'cancelled'

/** Handlers that run on after their caller had gone. Shared by the exchanges of one peer, so that leaving does not clear it. */
export interface AbandonedHandlers {
  count: number
}

/** What an exchange is made of. */
export interface ExchangeOptions {
  readonly clock: Clock
  /**
   * Sends a frame to the exchange of the other side. Frames with `reply` may overtake the state's pending patch, those with
   * `visible` must not. What it throws (a JuntoError `too_large`, `disconnected`) fails the call concerned.
   */
  readonly send: (frame: Uint8Array, settle: Settle) => void
  /**
   * Takes a frame back that has not left, and says whether it could. Calls and streams that nobody wants any more are then as
   * if they had never been. Default: what was sent has left.
   */
  readonly retract?: ((frame: Uint8Array) => boolean) | undefined
  readonly answer: Answerer
  /** Default: one of its own. */
  readonly abandoned?: AbandonedHandlers | undefined
  /** Incoming calls and streams under way; more are refused. See the limit of that name. */
  readonly maxCallsInFlight: number
  /** Items of an outgoing stream under way or unread. See the limit of that name. */
  readonly streamCredit: number
}

/** Handlers may run on after their caller had gone: with those, so many times `maxCallsInFlight` are borne. */
const runningFactor = 4

/** What a timer can wait for; beyond it a call has no deadline. */
const longestTimeout = 0x7fff_ffff

/**
 * The calls of one membership, in both directions, and the streams that this side opens: what a client runs. Knows numbers and
 * wire values, not names and types.
 *
 * Whatever happens, each outgoing call settles once, each stream ends once, and nothing is left behind: no timer, no entry.
 */
export class Exchange {
  readonly #options: ExchangeOptions
  protected readonly send: (frame: Uint8Array, settle: Settle) => void
  #lastNo = 0
  readonly #outgoing = new Map<number, Outgoing>()
  readonly #incoming = new Map<number, IncomingCall>()
  readonly #abandoned: AbandonedHandlers
  #end: ExchangeEnd | undefined

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.send = options.send
    this.#abandoned = options.abandoned ?? { count: 0 }
  }

  protected get ended(): boolean {
    return this.#end !== undefined
  }

  /** Calls and streams under way, in both directions. */
  get underWay(): number {
    return this.#outgoing.size + this.#incoming.size
  }

  /**
   * Calls the other side. Rejects with a `JuntoError` of the framework's codes, or a `DeclaredError`.
   *
   * @param params wire value
   */
  call(id: number, params: unknown, options: ExchangeCallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { settle = 'visible' } = options
      const timeout = deadline(options.timeout)
      this.#refuseIfEnded()
      const signal = heeded(options.signal)
      checkSettle(settle)

      const no = ++this.#lastNo
      const frame = encodeCall(no, id, params, timeout, settle)
      const call = new OutgoingCall(this.#retractable(frame), resolve, reject)
      this.#outgoing.set(no, call)
      this.#sendOpening(no, frame)
      // Sending may have come back at once: with the reply, or with the end of the exchange.
      if (this.#outgoing.get(no) !== call) return
      if (timeout > 0) {
        const expire = (left: boolean): JuntoError =>
          left
            ? new JuntoError('timeout', `no answer within ${timeout} ms`)
            : new JuntoError('disconnected', `not sent within ${timeout} ms, for want of a connection`)
        call.onRelease(this.#options.clock.after(timeout, () => this.#abandon(no, expire)))
      }
      if (signal !== undefined) call.onRelease(onAbort(signal, () => this.#abandon(no, () => abortedBy(signal))))
    })
  }

  /**
   * Opens a stream of the other side, at once; its errors come from the iteration. Leaving the loop over it cancels it there.
   *
   * @param params wire value
   */
  stream(
    id: number,
    params: unknown,
    options: ExchangeStreamOptions = {},
  ): AsyncIterableIterator<unknown, undefined> & AsyncDisposable {
    const no = ++this.#lastNo
    const control = {
      grant: (credit: number): void => this.tell(encodeCredit(no, credit)),
      cancel: (): void => void this.#withdraw(no),
    }
    let stream: OutgoingStream | undefined
    try {
      this.#refuseIfEnded()
      const signal = heeded(options.signal)
      const frame = encodeStream(no, id, params, this.#options.streamCredit)
      stream = new OutgoingStream(this.#retractable(frame), control, this.#options.streamCredit)
      this.#outgoing.set(no, stream)
      this.#sendOpening(no, frame)
      const opened = stream
      if (signal !== undefined) opened.onRelease(onAbort(signal, () => opened.abort(abortedBy(signal))))
      return opened
    } catch (error) {
      stream ??= new OutgoingStream(undefined, control, this.#options.streamCredit)
      stream.end(asJuntoError(error, 'internal'))
      return stream
    }
  }

  /**
   * Takes a frame from the exchange of the other side. What concerns a number that is no longer known has come late and is
   * ignored.
   *
   * @throws JuntoError `bad_message` when the other side breaks the rules: the connection cannot go on.
   */
  receive(frame: ExchangeFrame): void {
    if (this.#end !== undefined) return
    const { no } = frame
    const outgoing = this.#outgoing.get(no)
    switch (frame.type) {
      case FrameType.call:
        return this.#receiveCall(frame)
      case FrameType.cancel:
        return this.stop(no, new JuntoError('cancelled', 'cancelled by the caller'))
      case FrameType.stream:
      case FrameType.credit:
        // For the side that offers streams: OfferingExchange.
        return
      case FrameType.item:
        return outgoing?.push(frame.item)
      case FrameType.reply:
        outgoing?.resolve(frame.result)
        break
      case FrameType.failed:
        outgoing?.reject(errorFromWire(frame))
        break
      case FrameType.end:
        outgoing?.end()
        break
    }
    this.#outgoing.delete(no)
  }

  /**
   * Ends all that is under way, once: outgoing calls reject with `end`, outgoing streams fail with it after what has come,
   * incoming handlers see their signal aborted. What has not left is taken back: its outcome is known, and is `disconnected`
   * at worst. Nothing is sent, and later calls fail at once.
   *
   * @param hasArrived Whether the other side may have got a frame that has left. Default: any of them.
   */
  close(end: ExchangeEnd, hasArrived?: (opening: Uint8Array) => boolean): void {
    if (this.#end !== undefined) return
    this.#end = end
    this.#endAll(() => false, end, hasArrived)
  }

  /**
   * The other side has begun anew and knows nothing of this one: ends all that is under way, as {@link close} does with
   * `outcome_unknown`, but what the new one will get. The exchange goes on.
   *
   * @param unsent Frames that have not left, and will.
   */
  restart(unsent: ReadonlySet<Uint8Array>): void {
    if (this.#end !== undefined) return
    this.#endAll((opening) => unsent.has(opening), 'outcome_unknown')
  }

  #endAll(
    stays: (opening: Uint8Array) => boolean,
    end: ExchangeEnd,
    hasArrived = (_opening: Uint8Array): boolean => true,
  ): void {
    for (const [no, one] of this.#outgoing) {
      const { opening } = one
      if (opening !== undefined && stays(opening)) continue
      this.#outgoing.delete(no)
      const mayRun = !this.#takeBack(one) && (opening === undefined || hasArrived(opening))
      one.reject(endError(mayRun || end === 'cancelled' ? end : 'disconnected'))
    }
    for (const no of this.#incoming.keys()) this.stop(no, endError(end))
  }

  // ---- outgoing

  /** Sends what opens a call or stream; when that fails, it was never opened. */
  #sendOpening(no: number, frame: Uint8Array): void {
    try {
      this.send(frame, 'visible')
    } catch (error) {
      this.#outgoing.delete(no)
      throw error
    }
  }

  /** The caller of a call no longer waits. */
  #abandon(no: number, error: (left: boolean) => JuntoError): void {
    const call = this.#outgoing.get(no)
    call?.reject(error(this.#withdraw(no)))
  }

  /** Nobody wants it any more: whether the other side may know it, and was told. */
  #withdraw(no: number): boolean {
    const outgoing = this.#outgoing.get(no)
    this.#outgoing.delete(no)
    if (outgoing === undefined || this.#takeBack(outgoing)) return false
    this.tell(encodeCancel(no))
    return true
  }

  /** What of an opening frame is remembered: nothing where none is ever taken back. */
  #retractable(frame: Uint8Array): Uint8Array | undefined {
    return this.#options.retract === undefined ? undefined : frame
  }

  #takeBack({ opening }: Outgoing): boolean {
    return opening !== undefined && this.#options.retract?.(opening) === true
  }

  /** What opens this call of ours was lost, or may have been. */
  protected lose(no: number): void {
    const outgoing = this.#outgoing.get(no)
    this.#outgoing.delete(no)
    outgoing?.reject(endError('outcome_unknown'))
  }

  /** Sends what nothing depends on: when it cannot leave, the connection is gone, and the other side knows without it. */
  protected tell(frame: Uint8Array): void {
    if (this.#end !== undefined) return
    try {
      this.send(frame, 'visible')
    } catch {
      // See above.
    }
  }

  #refuseIfEnded(): void {
    if (this.#end === undefined) return
    // What was not sent has a known outcome.
    throw endError(this.#end === 'cancelled' ? 'cancelled' : 'disconnected')
  }

  // ---- incoming

  /** Hot: a handler that answers at once costs no promise, no timer and no signal. */
  #receiveCall({ no, id, params, timeout, settle }: CallFrame): void {
    if (!this.admit(no)) return
    const call = new IncomingCall(settle)
    let result: unknown
    try {
      result = this.#options.answer.call(id, params, call)
    } catch (error) {
      return this.fail(no, error, settle)
    }
    if (!isPromiseLike(result)) return this.#reply(no, result, settle)
    this.begin(no, call)
    if (timeout > 0 && call.aborted === undefined) {
      const expired = new JuntoError('timeout', `the deadline of ${timeout} ms has passed`)
      call.cancelDeadline = this.#options.clock.after(Math.min(timeout, longestTimeout), () => {
        this.stop(no, expired)
        this.fail(no, expired, settle)
      })
    }
    result.then(
      (value) => {
        if (this.concludes(no, call)) this.#reply(no, value, settle)
      },
      (error: unknown) => this.failed(no, call, error, settle),
    )
  }

  /** Whether one more call or stream is borne. If not, its caller is told. */
  protected admit(no: number): boolean {
    if (this.#incoming.has(no)) throw broken('R2', no)
    const { maxCallsInFlight: most } = this.#options
    const underWay = this.#incoming.size
    const { count } = this.#abandoned
    if (underWay < most && underWay + count < runningFactor * most) return true
    const message = `${underWay} calls and streams under way, ${count} given up and running (limit maxCallsInFlight: ${most})`
    this.fail(no, new JuntoError('rate_limited', message), 'reply')
    return false
  }

  /** Its handler has begun, and may have closed the exchange before its first await. */
  protected begin(no: number, call: IncomingCall): void {
    this.#incoming.set(no, call)
    if (this.#end !== undefined) this.stop(no, endError(this.#end))
  }

  protected incoming(no: number): IncomingCall | undefined {
    return this.#incoming.get(no)
  }

  /** A handler has come to its end: whether its caller still waits. */
  protected concludes(no: number, call: IncomingCall): boolean {
    if (call.aborted !== undefined) {
      this.#abandoned.count--
      return false
    }
    this.#incoming.delete(no)
    call.finish()
    return true
  }

  /** A handler has failed. */
  protected failed(no: number, call: IncomingCall, error: unknown, settle: Settle): void {
    if (this.concludes(no, call)) this.fail(no, error, settle)
    else this.unheard(call, error)
  }

  /** A handler failed that nobody waits for. That it passes its own abortion on is no news. */
  protected unheard(call: IncomingCall, error: unknown): void {
    if (error !== call.aborted) this.#options.answer.failure(error, true)
  }

  /** Nobody waits for this incoming call or stream any more: its handler is told, which runs on. */
  protected stop(no: number, reason: JuntoError): void {
    const stopped = this.#incoming.get(no)
    if (stopped === undefined) return
    this.#incoming.delete(no)
    this.#abandoned.count++
    stopped.abort(reason)
  }

  #reply(no: number, result: unknown, settle: Settle): void {
    if (this.#end !== undefined) return
    try {
      this.send(encodeReply(no, result), settle)
    } catch (error) {
      this.fail(no, error, settle)
    }
  }

  /** Tells the other side that a call or stream of its has failed. */
  protected fail(no: number, error: unknown, settle: Settle): void {
    if (this.#end !== undefined) return
    const failure = this.#options.answer.failure(error, false)
    try {
      this.send(encodeFailed(no, failure), settle)
    } catch {
      // Its data cannot be sent; the bare fact can, unless the connection is gone.
      this.tell(encodeFailed(no, { code: 'internal', message: failure.message }))
    }
  }
}

function deadline(timeout: number | undefined): number {
  if (timeout === undefined || timeout > longestTimeout) return 0
  if (timeout > 0) return Math.ceil(timeout)
  throw new JuntoError('misuse', `timeout must be above 0 ms or Infinity, not ${timeout}`)
}

/** For untyped programs. */
function checkSettle(settle: string): void {
  if (settle === 'visible' || settle === 'reply') return
  throw new JuntoError('misuse', `settle must be 'visible' or 'reply', not ${settle}`)
}

function endError(end: ExchangeEnd): JuntoError {
  switch (end) {
    case 'disconnected':
      return new JuntoError(end, 'it did not run: there was no connection, or no room any more')
    case 'outcome_unknown':
      return new JuntoError(end, 'the connection was lost before the answer came: it may have run or not')
    case 'cancelled':
      return new JuntoError(end, 'the membership of the room has ended')
  }
}
