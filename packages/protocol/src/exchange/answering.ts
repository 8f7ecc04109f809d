import type { WireError } from '../errors.ts'
import type { Settle } from '../frames.ts'

/** What a handler is told about the call or stream it answers. */
export interface AnswerContext {
  /**
   * Aborted when the caller no longer waits: it cancelled, its deadline has passed, it is gone. Made on first use, since most
   * handlers never look.
   */
  readonly signal: AbortSignal
  /** Whether the caller wants its answer before the effects. */
  readonly settle: Settle
}

/** Answers what comes in. All values are wire values: who implements this decodes and encodes them. */
export interface Answerer {
  /** The result, or a promise of it. Throwing or rejecting fails the call. */
  call(id: number, params: unknown, context: AnswerContext): unknown
  /** How an error is told to the caller. `unheard`: it no longer waits, and what is returned goes nowhere. */
  failure(error: unknown, unheard: boolean): WireError
}

/** Answers what opens a stream. */
export interface StreamAnswerer {
  /**
   * The items. Throwing, here or from the iteration, fails the stream; the iterator's `return()` is called when the stream is
   * cancelled.
   */
  stream(id: number, params: unknown, context: AnswerContext): AsyncIterable<unknown>
}
