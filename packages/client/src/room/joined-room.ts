import type {
  Call,
  CallError,
  CallNames,
  Calls,
  Down,
  EventNames,
  Mirror,
  Mutates,
  MutationsOf,
  NameOf,
  Of,
  PayloadOf,
  Sends,
  StateOf,
  Streams,
  Up,
} from '@junto/schema'
import type { WatchListeners } from '@junto/schema/internal'
import type { Observable } from '../observable.ts'
import type { Subscription } from '../subscription.ts'
import type { RoomTime } from '../time/server-time.ts'
import type { Correction } from './optimism.ts'
import type { RoomPresence } from './room-presence.ts'
import type { Recovery, RoomStatus } from './room-status.ts'

/**
 * What becomes of a sent event, by its class of delivery.
 *
 * - `sent`: it leaves with this turn's message. A reliable one is kept until the server has it, and sent again when the connection breaks.
 * - `queued`: it waits: for the connection, or because the network did not take much more than the mark of bytes yet. A reliable one
 *   arrives, exactly once and in order; of class `latest` the newest of its key does. Send less, or wait for `room.drained()`.
 * - `dropped`: it will not arrive. It is `volatile` and cannot leave now; or too much waits already; or the room is left.
 */
export type SendOutcome = 'sent' | 'queued' | 'dropped'

/** What an answer is given beside the parameters. */
export interface AnswerContext<E> {
  /** Aborted when the server gives up: its deadline has passed, it cancelled, or the session is lost. */
  readonly signal: AbortSignal
  /**
   * Makes one of the call's declared errors, to be thrown.
   *
   * @param message For people: what the caller's error says. Default: a sentence of call and code, `confirmClear failed: busy`.
   */
  readonly error: <K extends keyof E & string>(code: K, data: E[K], message?: string) => CallError<K, E[K]>
}

/** Answers one of the server's calls. */
export type Answer<C> =
  C extends Call<infer P, infer R, infer E> ? (params: P, context: AnswerContext<E>) => R | Promise<R> : never

/** A room that this client is a member of. The same object over reconnections. */
export interface JoinedRoom<T> extends AsyncDisposable {
  /** The contract's name. */
  readonly name: NameOf<T>
  /** The room's id. A room that had to be restored may come back under another one. */
  readonly id: string
  /** The room's key, when it was opened by one. */
  readonly key: string | undefined
  /** This member's id, as others see it. Another one when the room had to be joined again. */
  readonly memberId: string
  /**
   * Whether this seat was had before: by the page before this one, which left it to this one (option `keepSession`), or in the process before
   * that of the server.
   */
  readonly kept: boolean
  /** The server's time, and how far away it is. Nothing is asked before the first use. */
  readonly time: RoomTime
  /** Whether the room is joined at the moment, to be read and subscribed to. */
  readonly status: Observable<RoomStatus>
  /** The live mirror: read-only, changed in place as patches arrive, before the events and replies that speak of them. */
  readonly state: Mirror<StateOf<T>>
  /** The server's calls, by name. */
  readonly call: Calls<Up<T>>
  /**
   * The contract's mutations, by name: each resolves with the server's result. With the option `mutators`, what it does shows in `state` before
   * this returns; in a listener of the state, when all have been told. Offline they wait, as calls do. Without a deadline, unless there is one
   * in the contract or the settings.
   */
  readonly mutate: Mutates<MutationsOf<T>>
  /** Sends an event, by name, and tells at once what becomes of it. Throws a JuntoError `invalid` or `unsupported`. */
  readonly send: Sends<Up<T>, SendOutcome>
  /** The server's streams, by name. A stream begins with its first `next()`. Leaving the loop cancels it on the server. */
  readonly stream: Streams<Up<T>>
  /** What members show of themselves while they are there, and this one; nothing where the contract declares no `presence`. */
  readonly presence: Of<T>['presence'] extends undefined ? undefined : RoomPresence<Of<T>['presence']>
  /** Listens to an event. Those that came before the first listener did, up to a bound, are delivered to it in order. */
  on<K extends EventNames<Down<T>>>(name: K, listener: (payload: PayloadOf<Down<T>[K]>) => void): Subscription
  /** Answers a call of the server. There is one answer per call at a time. */
  answer<K extends CallNames<Down<T>>>(name: K, answer: Answer<Down<T>[K]>): Subscription
  /** Tells of changes in a part of the state, which the selector picks: a map, a list or a record. */
  watch<S>(selector: (state: Mirror<StateOf<T>>) => S, listeners: WatchListeners<S>): Subscription
  /** Tells of this member's mutations that were shown, and that the server has refused or made something else of. */
  onCorrection(listener: (correction: Correction<keyof MutationsOf<T> & string>) => void): Subscription
  /** Tells what became of the room after its connection had been lost: the place to send again what may be missing. */
  onRecovery(listener: (recovery: Recovery) => void): Subscription
  /**
   * Waits until nothing waits any more: there is a connection, and all that was sent has left but for what the network takes anyway.
   * Rejects with `cancelled` when the room is left before.
   */
  drained(): Promise<void>
  /** Ends the membership. What was sent in this turn still leaves. Resolves once the server knows, cannot be told, or does not answer. */
  leave(): Promise<void>
}
