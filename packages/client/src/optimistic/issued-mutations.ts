import { JuntoError } from '@junto/protocol'
import {
  noteSuccession,
  reverse,
  UndoLog,
  undoName,
  Written,
  type Edit,
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

/** Is told of the mutations of this member that can be taken back. */
export interface UndoableListener {
  /** One was made. */
  issued(mutation: Issued): void
  /** The server has not run it. */
  failed(mutation: Issued): void
}

/** A mutation of this member. */
export class Issued implements IssuedEdit {
  /** Its number. Another one when it goes over to another seat. */
  n = 0
  /** The member as which it ran, once the server has answered. */
  by = ''
  /** The server has answered, or never will. */
  isOver = false
  /** What shows it. */
  inner: IssuedEdit | undefined
  readonly #all: IssuedMutations

  constructor(all: IssuedMutations) {
    this.#all = all
  }

  answered(): void {
    this.isOver = true
    this.by = this.#all.room.memberId
    this.inner?.answered()
  }

  failed(error: unknown): void {
    this.isOver = true
    this.inner?.failed(error)
    // It may have run.
    const isUnknown = error instanceof JuntoError && (error.code === 'outcome_unknown' || error.code === 'timeout')
    if (!isUnknown) this.#all.listener?.failed(this)
  }
}

/**
 * The mutations of one room as they are sent, and what they have shown, where they are shown at once. Once there, it stays: what is under way goes
 * on being known when nobody undoes any more.
 */
export class IssuedMutations implements MutationObserver, Undoer {
  readonly room: Room
  listener: UndoableListener | undefined
  readonly #before: MutationObserver | undefined
  readonly #shown = new UndoLog(kept)
  /** What {@link undo} has just sent. */
  #undo: Issued | undefined

  private constructor(room: Room) {
    this.room = room
    this.#before = room.edits
    if (this.#before !== undefined) this.#before.undoer = this
    room.edits = this
  }

  /** Those of a room. */
  static of(room: Room): IssuedMutations {
    return room.edits instanceof IssuedMutations ? room.edits : new IssuedMutations(room)
  }

  issue(codec: MessageCodec, wire: unknown, former: IssuedEdit | undefined): IssuedEdit {
    const known = former instanceof Issued ? former : undefined
    const mutation = known ?? new Issued(this)
    mutation.n = this.room.issued
    // What was made before this was there is shown already.
    mutation.inner = this.#before?.issue(codec, wire, known === undefined ? former : known.inner)
    if (former !== undefined) return mutation
    if (codec.name === undoName) this.#undo = mutation
    else if (codec.undoable) this.listener?.issued(mutation)
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
    const result = this.room.mutate[undoName]?.(params) as Promise<UndoResult>
    return { mutation: this.#undo, result }
  }

  look(n: number, editing: Editing, journal: Journal): () => void {
    const written = new Written(editing, journal)
    return () => this.#shown.keep(n, written.entries())
  }

  run(state: unknown, { of, force }: UndoParams, edit: Edit): void {
    const { steps } = edit.journal
    const noted = (forget: () => void): void => {
      const undo = (): void => {
        // What the server has put back stays. What it has not is put back when this runs again; until then it is as it was.
        if (edit.outcome !== 'confirmed') forget()
      }
      steps.push({ undo })
    }
    noteSuccession(noted, () => this.#reverse(state, of, force))
  }

  #reverse(state: unknown, of: readonly number[], force: boolean): void {
    for (const n of of) {
      const entries = this.#shown.entriesOf(n)
      if (entries !== undefined) reverse(state, entries, force)
    }
  }
}
