import type { Point } from '../../board.ts'
import type { Ink } from '../drawing/ink.ts'
import type { Painter, WetInk } from '../drawing/painter.ts'
import type { Erasures } from './erasures.ts'
import type { OwnInk } from './own-ink.ts'

/** A stroke of the board's state. */
export interface SharedStroke {
  readonly color: number
  readonly width: number
  readonly points: readonly Point[]
  readonly done: boolean
}

/** The strokes of the board's state, in the order in which they were begun. */
export type SharedStrokes = ReadonlyMap<string, SharedStroke>

/** Brings together what the state holds and what this page did to it already, and has it painted. */
export class Scene {
  readonly #painter: Painter
  readonly #own: OwnInk
  readonly #erasures: Erasures
  readonly #orders = new Map<string, number>()
  readonly #growing = new Set<string>()
  readonly #news = new Set<string>()
  #next = 0

  constructor(painter: Painter, own: OwnInk, erasures: Erasures) {
    this.#painter = painter
    this.#own = own
    this.#erasures = erasures
  }

  /** A stroke was added, changed or removed; looked at in the next frame. */
  touch(id: string): void {
    this.#news.add(id)
  }

  /** The state as a whole is new: strokes may stand in another order than before. */
  renew(strokes: SharedStrokes): void {
    this.#painter.wipeAll()
    this.#orders.clear()
    this.#growing.clear()
    this.#news.clear()
    this.#next = 0
    for (const id of strokes.keys()) this.#news.add(id)
  }

  /** One frame. `online`: whether the state is current. `pending`: whether it is open when the others see what is drawn here. */
  paint(strokes: SharedStrokes, online: boolean, pending: boolean, now: number): void {
    // While away, the state is what it was; news of it come together, with the word that it is new.
    if (online) {
      for (const id of this.#news) this.#take(id, strokes.get(id), now)
      this.#news.clear()
    }
    this.#painter.paint(this.#wet(strokes, pending))
  }

  #take(id: string, stroke: SharedStroke | undefined, now: number): void {
    if (stroke === undefined) return this.#gone(id)
    let order = this.#orders.get(id)
    if (order === undefined) this.#orders.set(id, (order = this.#next++))
    if (this.#own.has(id) && !this.#own.heard(id, stroke, now)) return
    if (stroke.done && !this.#erasures.has(id)) {
      this.#growing.delete(id)
      this.#painter.dry(id, stroke, order)
      return
    }
    this.#painter.wipe(id)
    if (this.#erasures.has(id)) this.#growing.delete(id)
    else this.#growing.add(id)
  }

  #gone(id: string): void {
    this.#own.removed(id)
    this.#erasures.settle(id)
    this.#painter.wipe(id)
    this.#growing.delete(id)
    this.#orders.delete(id)
  }

  *#wet(strokes: SharedStrokes, pending: boolean): Generator<WetInk> {
    for (const id of this.#growing) {
      const stroke = strokes.get(id)
      if (stroke !== undefined) yield wet(stroke, false)
    }
    for (const stroke of this.#own.strokes) yield wet(stroke, pending)
  }
}

function wet({ color, width, points }: Ink, pending: boolean): WetInk {
  return { color, width, points, pending }
}
