import { JuntoError } from '@junto/protocol'
import {
  reverse,
  UndoLog,
  undoName,
  Written,
  type Editing,
  type Journal,
  type MessageCodec,
  type UndoParams,
  type UndoResult,
} from '@junto/schema/internal'
import type { IssuedEdit, MutationObserver, Undoer } from '../room/optimism.ts'
import type { Room } from '../room/room.ts'

/** What is shown of taking back is worked out from so much; beyond it, it shows when the server has done it. */
const kept = { steps: 1000, bytes: 256 * 1024 }

/** A mutation of this member. */
export class Issued implements IssuedEdit {
  /** Its number. Another one when it goes over to another seat. */
  n: number
  /** The member as which it ran, once the server has answered. */
  by = ''
  /** The server has answered, or never will. */
  isOver = false
  inner: IssuedEdit | undefined
  readonly #room: Room
  readonly #failed: (mutation: Issued) => void

  /** @param failed Told when the server has not run it. */
  constructor(room: Room, failed: (mutation: Issued) => void) {
    this.#room = room
    this.n = room.issued
    this.#failed = failed
  }

  answered(): void {
    this.isOver = true
    this.by = this.#room.memberId
    this.inner?.answered()
  }

  failed(error: unknown): void {
    this.isOver = true
    this.inner?.failed(error)
    // It may have run.
    const isUnknown = error instanceof JuntoError && (error.code === 'outcome_unknown' || error.code === 'timeout')
    if (!isUnknown) this.#failed(this)
  }
}

/** The mutations of one room as they are sent, and what they have shown, where they are shown at once. */
export class IssuedMutations implements MutationObserver, Undoer {
  readonly #room: Room
  readonly #before: MutationObserver | undefined
  readonly #added: (mutation: Issued) => void
  readonly #failed: (mutation: Issued) => void
  readonly #shown = new UndoLog(kept)
  /** What {@link undo} has just sent. */
  #undo: Issued | undefined

  /**
   * @param added Told of each that can be taken back.
   * @param failed Told of those that the server has not run.
   */
  constructor(room: Room, added: (mutation: Issued) => void, failed: (mutation: Issued) => void) {
    this.#room = room
    const before = room.edits
    if (before instanceof IssuedMutations) throw new JuntoError('misuse', 'undoing was made for this room before')
    if (before !== undefined) before.undoer = this
    this.#before = before
    this.#added = added
    this.#failed = failed
    room.edits = this
  }

  issue(codec: MessageCodec, wire: unknown, former: IssuedEdit | undefined): IssuedEdit {
    const mutation = former instanceof Issued ? former : new Issued(this.#room, this.#failed)
    mutation.n = this.#room.issued
    mutation.inner = this.#before?.issue(codec, wire, mutation.inner)
    if (mutation === former) return mutation
    if (codec.name === undoName) this.#undo = mutation
    else if (codec.undoable) this.#added(mutation)
    return mutation
  }

  /**
   * Sends what takes back.
   *
   * @param numbersOf Asked for the numbers whenever it is sent: they are others after it has gone over to another seat.
   * @returns Its own mutation, if it has left.
   */
  undo(numbersOf: () => number[], force: boolean): { mutation: Issued | undefined; result: Promise<UndoResult> } {
    this.#undo = undefined
    const params = {
      get of() {
        return numbersOf()
      },
      force,
    }
    // Its result is of the type that the layout says.
    const result = this.#room.mutate[undoName]?.(params) as Promise<UndoResult>
    return { mutation: this.#undo, result }
  }

  look(n: number, editing: Editing, journal: Journal): () => void {
    const written = new Written(editing, journal)
    return () => this.#shown.keep(n, written.entries())
  }

  run(state: unknown, { of, force }: UndoParams): void {
    for (const n of of) {
      const entries = this.#shown.entriesOf(n)
      if (entries !== undefined) reverse(state, entries, force)
    }
  }
}
