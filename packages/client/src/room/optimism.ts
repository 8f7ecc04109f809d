import type { StampFrame } from '@junto/protocol/internal'
import type { Edit, Editing, Journal, MessageCodec, UndoParams } from '@junto/schema/internal'
import type { Subscription } from '../subscription.ts'
import type { InputPrediction } from './input-prediction.ts'
import type { Room } from './room.ts'

/**
 * A mutation of this member that turned out otherwise than it was shown.
 *
 * - `rejected`: the server refused it, or it never arrived; it is shown no more. `error` is what the call rejects with.
 * - `corrected`: the server ran it, and has made something else of it: of a place that it wrote to, or of what it added. That a number
 *   was rounded as its type says is no correction.
 */
export interface Correction<N extends string = string> {
  readonly kind: 'rejected' | 'corrected'
  /** Its name. */
  readonly mutation: N
  /** Its number, as the server knows it. */
  readonly n: number
  /** Of one that was rejected. */
  readonly error?: unknown
}

/** A mutation that was sent. */
export interface IssuedEdit {
  /** The server has answered. */
  answered(): void
  /** It is over without the server having run it, as far as is known. */
  failed(error: unknown): void
}

/** Remembers what mutations have shown, and shows at once what taking them back does. */
export interface Undoer {
  /** What a mutation has shown is about to be undone; what is returned is called when it has been. */
  look(n: number, editing: Editing, journal: Journal): () => void
  /** @param edit What runs it: undoing that undoes this, too. */
  run(state: unknown, params: UndoParams, edit: Edit): void
}

/** Is told of each mutation as it is sent. */
export interface MutationObserver {
  /** What shows at once what taking back does, where anything is to be taken back. */
  undoer?: Undoer | undefined
  /**
   * @param wire Its encoded parameters, an `IssuedMutation`.
   * @param former What this returned for the same call before, when that is repeated.
   */
  issue(codec: MessageCodec, wire: unknown, former: IssuedEdit | undefined): IssuedEdit
}

/** Shows mutations and inputs in the mirror before the server has handled them. */
export interface Optimism extends MutationObserver, InputPrediction {
  /** The server says how far it is. */
  stamped(stamp: StampFrame): void
  /** The server has given the room a seat, perhaps another one. */
  entered(): void
  onCorrection(listener: (correction: Correction) => void): Subscription
}

/** What the option `mutators` takes: see `optimistic`. */
export interface Optimistic<M> {
  /** Named so that whoever gives the bare mutators reads what to do. */
  readonly '~give optimistic(mutators)': M
  readonly '~make': (room: Room) => Optimism
}
