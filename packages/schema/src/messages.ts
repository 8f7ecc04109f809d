import type { Call, Event, Messages, Stream } from './contract.ts'
import type { Mutations } from './mutation.ts'

/** The codes of {@link FrameworkErrorCode}: no declared error can be called so. */
const frameworkCodes = [
  'timeout',
  'cancelled',
  'disconnected',
  'outcome_unknown',
  'invalid',
  'unsupported',
  'forbidden',
  'rate_limited',
  'too_large',
  'internal',
] as const

/** Whether an error code is one that every call may end with. */
export function isFrameworkCode(code: string): code is FrameworkErrorCode {
  const codes: readonly string[] = frameworkCodes
  return codes.includes(code)
}

/**
 * The errors of the framework itself, beside those a call declares.
 *
 * - `timeout`: no answer within the deadline.
 * - `cancelled`: the caller's signal was aborted, or its room left.
 * - `disconnected`: there is no connection to send on.
 * - `outcome_unknown`: the connection was lost while the call was under way: it may have run or not.
 * - `invalid`: the parameters or the result do not satisfy the contract; the message names the path.
 * - `unsupported`: the other side's contract has no such message, or nobody there answers it.
 * - `forbidden`, `rate_limited`, `too_large`: refused before the handler ran.
 * - `internal`: the handler failed; the cause is in the log of the side where it ran.
 */
export type FrameworkErrorCode = (typeof frameworkCodes)[number]

/** An error with the data its code declares. */
export interface CallError<C extends string, D> extends Error {
  readonly code: C
  readonly data: D
}

/** How a call failed: a declared error with its data, or one of the framework's. */
export type Failure<E> =
  | { [K in keyof E]: { readonly ok: false; readonly code: K; readonly data: E[K]; readonly message: string } }[keyof E]
  | {
      readonly ok: false
      readonly code: FrameworkErrorCode
      readonly data?: undefined
      readonly message: string
      /** Milliseconds after which trying again makes sense, where the other side says so, as with `rate_limited`. */
      readonly retryAfter?: number
    }

/** How a call ended. */
export type Outcome<R, E> = { readonly ok: true; readonly value: R } | Failure<E>

/** Options of one call. */
export interface CallSettings {
  /** Aborting it cancels the call here and on the other side. */
  readonly signal?: AbortSignal
  /** Milliseconds until the call fails with `timeout`, on both sides. `Infinity` waits for ever. */
  readonly timeout?: number
  /**
   * When the call settles: `visible` (default) once its effects are in the mirror, `reply` as soon as the answer is here,
   * which in a ticking room can be before the patch.
   */
  readonly settle?: 'visible' | 'reply'
}

/** Calls the other side. */
export interface Caller<P, R, E> {
  /** Resolves with the result; rejects with a `CallError` of a declared code, or a `JuntoError` of the framework's. */
  (params: P, settings?: CallSettings): Promise<R>
  /** Like calling, but never rejects for what can be expected: resolves with one union of result and failures. */
  try(params: P, settings?: CallSettings): Promise<Outcome<R, E>>
  /** Whether a caught error is this call's error of that code; narrows its data. */
  failed<K extends keyof E & string>(error: unknown, code: K): error is CallError<K, E[K]>
}

// Looked up, not inferred: for a contract of hundreds of calls that is half of what its clients cost the compiler.
/** The callers of a set of messages. */
export type Calls<M extends Messages> = {
  readonly [K in keyof M as M[K]['kind'] extends 'call' ? K : never]: M[K]['~caller']
}

/** The callers of a set of mutations. */
export type Mutates<M extends Mutations> = { readonly [K in keyof M]: M[K]['~caller'] }

/** The senders of a set of messages' events. `O` are options after the payload. */
export type Sends<M, R, O = never> = {
  readonly [K in keyof M as M[K] extends { kind: 'event' } ? K : never]: M[K] extends Event<infer P>
    ? [O] extends [never]
      ? (payload: P) => R
      : (payload: P, options?: O) => R
    : never
}

/** The streams of a set of messages. Leaving the loop cancels the stream on the other side. */
export type Streams<M> = {
  readonly [K in keyof M as M[K] extends { kind: 'stream' } ? K : never]: M[K] extends Stream<infer P, infer I>
    ? (
        params: P,
        settings?: { readonly signal?: AbortSignal },
      ) => AsyncIterableIterator<I, void, unknown> & AsyncDisposable
    : never
}

/** The names of a set of messages' events. */
export type EventNames<M> = { [K in keyof M]: M[K] extends { kind: 'event' } ? K : never }[keyof M] & string
/** The names of a set of messages' calls. */
export type CallNames<M> = { [K in keyof M]: M[K] extends { kind: 'call' } ? K : never }[keyof M] & string
/** The payload of an event. */
export type PayloadOf<M> = M extends Event<infer P> ? P : never
/** The parameters of a call or stream. */
export type ParamsOf<M> =
  M extends Call<infer P, infer _R, infer _E> ? P : M extends Stream<infer P, infer _I> ? P : never
/** The result of a call. */
export type ResultOf<M> = M extends Call<infer _P, infer R, infer _E> ? R : never
