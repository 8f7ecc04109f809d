import type { Call, CallError, Event, Stream, Up } from '@junto/schema'
import type { Member } from './member.ts'

/** What a handler is told beside the message. `E` are the declared errors: data by code. */
export interface Context<T, E> {
  /** Who sent it. */
  readonly member: Member<T>
  /**
   * Aborted when nobody waits for the answer any more: the call was cancelled, its deadline passed, the member left. For
   * an event: when the member left.
   */
  readonly signal: AbortSignal
  /**
   * Makes a declared error, to be thrown: `throw error('full', { limit: 5000 })`.
   *
   * @param message For people: the caller's `outcome.message`. Default: a sentence of call and code, `addStroke failed: full`.
   */
  readonly error: <K extends keyof E & string>(code: K, data: E[K], message?: string) => CallError<K, E[K]>
}

/** No declared errors. */
type None = Record<never, never>

/** Answers one message of a contract. */
export type Handler<T, M> =
  M extends Call<infer P, infer R, infer E>
    ? (params: P, context: Context<T, E>) => R | Promise<R>
    : M extends Stream<infer P, infer I>
      ? (params: P, context: Context<T, None>) => AsyncIterable<I>
      : M extends Event<infer P>
        ? (payload: P, context: Context<T, None>) => void | Promise<void>
        : never

/** A handler for everything a client may send. All are required. */
export type Handlers<T> = { readonly [K in keyof Up<T>]: Handler<T, Up<T>[K]> }

/** What a room has for what its clients may send; where the contract lets them send nothing, it may be left out. */
export type WithHandlers<T> = [keyof Up<T>] extends [never]
  ? { readonly handlers?: Handlers<T> }
  : {
      /** Made with `this.handle({ … })`. */
      readonly handlers: Handlers<T>
    }
