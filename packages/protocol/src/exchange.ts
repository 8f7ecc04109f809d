import type { Clock } from './clock.ts'
import type { WireError } from './errors.ts'
import type { ExchangeFrame, Settle } from './frames.ts'

/** What a handler is told about the call or stream it answers. */
export interface AnswerContext {
  /** Aborted when the caller no longer waits: it cancelled, its deadline passed, it is gone. Made on first use. */
  readonly signal: AbortSignal
  readonly settle: Settle
}

/** Answers incoming calls and streams. All values are wire values: encoded and decoded by the one who implements it. */
export interface Answerer {
  /** The result, or a promise of it. Throwing or rejecting fails the call. */
  call(id: number, params: unknown, context: AnswerContext): unknown
  /** The items. Throwing, here or from the iteration, fails the stream; its `return()` is called when it is cancelled. */
  stream(id: number, params: unknown, context: AnswerContext): AsyncIterable<unknown>
  /**
   * How an error of a handler is told to the caller. `unheard`: the caller no longer waits, and the result goes nowhere.
   */
  failure(error: unknown, unheard: boolean): WireError
}

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

/** How an exchange ends: see the error codes. */
export type ExchangeEnd = 'disconnected' | 'outcome_unknown' | 'cancelled'

/** Parts of an exchange. */
export interface ExchangeOptions {
  readonly clock: Clock
  /**
   * Sends a frame to the other side's exchange. `reply` frames may overtake the pending state patch, `visible` ones must
   * not. Throwing a JuntoError (`too_large`, `disconnected`) fails the call concerned.
   */
  readonly send: (frame: Uint8Array, settle: Settle) => void
  readonly answer: Answerer
  /** Incoming calls and streams under way; more are refused. Default: 128. */
  readonly maxCallsInFlight?: number | undefined
  /** Items of a stream under way or unread. Default: 16. */
  readonly streamCredit?: number | undefined
}

/** The calls and streams of one membership in both directions. Server and client share it. */
export class Exchange {
  constructor(_options: ExchangeOptions) {}

  /** Calls the other side. Rejects with a `JuntoError` of the framework's codes, or a `DeclaredError`. */
  call(_id: number, _params: unknown, _options: ExchangeCallOptions = {}): Promise<unknown> {
    throw new Error('not yet')
  }

  /** Opens a stream of the other side. Leaving the loop over it cancels it there. */
  stream(
    _id: number,
    _params: unknown,
    _options: ExchangeStreamOptions = {},
  ): AsyncIterableIterator<unknown> & AsyncDisposable {
    throw new Error('not yet')
  }

  /** Takes a frame of the other side's exchange. @throws JuntoError `bad_message` when it breaks the rules. */
  receive(_frame: ExchangeFrame): void {
    throw new Error('not yet')
  }

  /** Ends everything under way, once: outgoing calls reject with `code`, incoming handlers see their signal aborted. */
  close(_code: ExchangeEnd): void {}
}
