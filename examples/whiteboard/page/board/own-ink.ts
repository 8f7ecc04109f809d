import { bounds, type Point } from '../../board.ts'

/** A piece of a stroke for the server: the points from index `from` on. */
export interface Piece {
  id: string
  color: number
  width: number
  from: number
  points: [number, number][]
  done: boolean
}

/** What is known of a stroke in the board's state. */
export interface KnownStroke {
  readonly points: { readonly length: number }
  readonly done: boolean
}

/** A stroke drawn on this page that the state does not hold in full yet. */
export interface OwnStroke {
  readonly id: string
  readonly color: number
  readonly width: number
  readonly points: readonly Point[]
  readonly done: boolean
}

interface Draft {
  readonly id: string
  readonly color: number
  readonly width: number
  readonly points: Point[]
  done: boolean
  /** Points handed to the connection. */
  sent: number
  sentDone: boolean
  /** The state has held it: when it is missing now, somebody erased it. */
  known: boolean
}

/**
 * The strokes of this page's pen on their way into the board's state.
 *
 * A stroke is painted from here from its first point on, and until the state holds all of it. Each piece that is sent
 * says at which index it starts, so that sending again what may have arrived does no harm: after a reconnect, sending goes
 * on at whatever the state then holds, and nothing that was drawn in between is lost.
 */
export class OwnInk {
  readonly #drafts = new Map<string, Draft>()
  /** Settled lately: not surely saved yet when the server dies. */
  readonly #recent = new Map<string, { draft: Draft; at: number }>()
  readonly #newId: () => string
  readonly #keepFor: number

  /** `keepFor`: milliseconds for which settled strokes are kept, longer than a server takes to save. */
  constructor(newId: () => string, keepFor = 10_000) {
    this.#newId = newId
    this.#keepFor = keepFor
  }

  /** Unsettled strokes, oldest first. */
  get strokes(): Iterable<OwnStroke> {
    return this.#drafts.values()
  }

  /** How many strokes are not with the others yet. */
  get waiting(): number {
    return this.#drafts.size
  }

  has(id: string): boolean {
    return this.#drafts.has(id)
  }

  /** Puts the pen down; returns the stroke's id. */
  begin(color: number, width: number, at: Point): string {
    const id = this.#newId()
    this.#drafts.set(id, { id, color, width, points: [at], done: false, sent: 0, sentDone: false, known: false })
    return id
  }

  /** Moves the pen on. False when there is no such stroke any more: somebody erased it, or the board is full. */
  extend(id: string, to: Point): boolean {
    const draft = this.#drafts.get(id)
    if (draft === undefined || draft.done) return false
    draft.points.push(to)
    return true
  }

  /** How many points a stroke has. */
  lengthOf(id: string): number {
    return this.#drafts.get(id)?.points.length ?? 0
  }

  /** Takes the pen up. */
  finish(id: string): void {
    const draft = this.#drafts.get(id)
    if (draft !== undefined) draft.done = true
  }

  /** Gives a stroke up. True when the server may have heard of it. */
  drop(id: string): boolean {
    const draft = this.#drafts.get(id)
    this.#recent.delete(id)
    this.#drafts.delete(id)
    return draft !== undefined && (draft.sent > 0 || draft.known)
  }

  /** Gives all strokes up, the settled ones too. */
  dropAll(): void {
    this.#drafts.clear()
    this.#recent.clear()
  }

  /** The next pieces to send, at most `most` of them. Each counts as sent from here on. */
  take(most: number): Piece[] {
    const pieces: Piece[] = []
    for (const draft of this.#drafts.values()) {
      while (pieces.length < most && (draft.sent < draft.points.length || draft.done !== draft.sentDone)) {
        const from = draft.sent
        const points = draft.points.slice(from, from + bounds.pointsPerDraw)
        draft.sent += points.length
        draft.sentDone = draft.done && draft.sent === draft.points.length
        pieces.push({
          id: draft.id,
          color: draft.color,
          width: draft.width,
          from,
          points: points.map(([x, y]) => [x, y]),
          done: draft.sentDone,
        })
      }
    }
    return pieces
  }

  /** The state has news of a stroke. True when it is settled: from now on the state alone shows it. */
  heard(id: string, stroke: KnownStroke, now: number): boolean {
    const draft = this.#drafts.get(id)
    if (draft === undefined) return false
    draft.known = true
    if (!draft.done || !stroke.done || stroke.points.length < draft.points.length) return false
    this.#drafts.delete(id)
    this.#recent.set(id, { draft, at: now })
    for (const [old, { at }] of this.#recent) if (now - at > this.#keepFor) this.#recent.delete(old)
    return true
  }

  /** A piece did not arrive, though the connection holds: sending goes on where the state ends. */
  resend(id: string, known: KnownStroke | undefined): void {
    const draft = this.#drafts.get(id)
    if (draft !== undefined) goOn(draft, known)
  }

  /** A stroke was removed from the state, by whomever. True when the pen was drawing it. */
  removed(id: string): boolean {
    this.#recent.delete(id)
    return this.#drafts.delete(id)
  }

  /**
   * The connection is back and the state is new: sending goes on where the state ends.
   *
   * `lostAt` is given when the board was taken from the store meanwhile: what settled shortly before then may not have
   * been saved, and is sent again. Otherwise what the state held and holds no more was erased.
   */
  rejoined(state: ReadonlyMap<string, KnownStroke>, lostAt: number | undefined): void {
    if (lostAt !== undefined) {
      for (const [id, { draft, at }] of this.#recent) {
        if (!state.has(id) && lostAt - at <= this.#keepFor) this.#drafts.set(id, { ...draft, known: false })
      }
    }
    for (const draft of this.#drafts.values()) {
      const known = state.get(draft.id)
      if (known === undefined && draft.known && lostAt === undefined) this.#drafts.delete(draft.id)
      goOn(draft, known)
    }
  }
}

function goOn(draft: Draft, known: KnownStroke | undefined): void {
  draft.sent = Math.min(known?.points.length ?? 0, draft.points.length)
  draft.sentDone = known?.done === true && draft.done && draft.sent === draft.points.length
  if (known !== undefined) draft.known = true
}
