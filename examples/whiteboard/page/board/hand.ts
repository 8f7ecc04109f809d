import { strokeLimit, type Point } from '../../board.ts'
import { meet, touches } from '../drawing/geometry.ts'
import type { Painter } from '../drawing/painter.ts'
import type { Erasures } from './erasures.ts'
import type { OwnInk } from './own-ink.ts'

/** What is held in the hand. */
export type Tool = 'pen' | 'eraser'

/** Half the width of the eraser, in units of the sheet. */
export const eraserReach = 12
// Points nearer to each other than this add nothing one could see.
const nearest = 0.5

/** Turns presses, drags and lifts, whichever device they come from, into strokes and erasures. */
export class Hand {
  tool: Tool = 'pen'
  color = 0
  width: number = 7
  readonly #own: OwnInk
  readonly #erasures: Erasures
  readonly #painter: Painter
  readonly #drawn: string[] = []
  #stroke: string | undefined
  #last: Point | undefined
  #erasing = false

  constructor(own: OwnInk, erasures: Erasures, painter: Painter) {
    this.#own = own
    this.#erasures = erasures
    this.#painter = painter
  }

  /** Whether the pen or the eraser is on the sheet. */
  get down(): boolean {
    return this.#last !== undefined
  }

  /** Whether there may be a stroke of this page to take back. */
  get canUndo(): boolean {
    return this.#drawn.length > 0
  }

  press(at: Point, tool: Tool = this.tool): void {
    if (this.down) this.lift()
    this.#last = at
    this.#erasing = tool === 'eraser'
    if (this.#erasing) this.#erase(at, at)
    else this.#begin(at)
  }

  drag(to: Point): void {
    const last = this.#last
    if (last === undefined || Math.hypot(to[0] - last[0], to[1] - last[1]) < nearest) return
    this.#last = to
    if (this.#erasing) return this.#erase(last, to)
    // The stroke may be gone, because somebody cleared the board under the pen: then another one begins here.
    if (this.#stroke === undefined || !this.#own.extend(this.#stroke, to)) this.#begin(to)
    else if (this.#own.lengthOf(this.#stroke) >= strokeLimit) {
      this.#own.finish(this.#stroke)
      this.#begin(to)
    }
  }

  lift(): void {
    if (this.#stroke !== undefined) this.#own.finish(this.#stroke)
    this.#stroke = undefined
    this.#last = undefined
  }

  /** What was begun was not meant: two fingers zoom, where one had seemed to draw. */
  cancel(): void {
    if (this.#stroke !== undefined) {
      this.#drawn.splice(this.#drawn.lastIndexOf(this.#stroke), 1)
      this.#take(this.#stroke)
    }
    this.#stroke = undefined
    this.#last = undefined
  }

  /** Takes back the last stroke drawn here that is still on the board. */
  undo(): void {
    if (this.down) return this.cancel()
    for (let id = this.#drawn.pop(); id !== undefined; id = this.#drawn.pop()) {
      if (!this.#own.has(id) && !this.#painter.strokes.has(id)) continue
      return this.#take(id)
    }
  }

  #begin(at: Point): void {
    this.#stroke = this.#own.begin(this.color, this.width, at)
    this.#drawn.push(this.#stroke)
  }

  #take(id: string): void {
    if (!this.#own.has(id) || this.#own.drop(id)) this.#erasures.add(id)
    this.#painter.wipe(id)
  }

  #erase(from: Point, to: Point): void {
    const way = {
      left: Math.min(from[0], to[0]) - eraserReach,
      top: Math.min(from[1], to[1]) - eraserReach,
      right: Math.max(from[0], to[0]) + eraserReach,
      bottom: Math.max(from[1], to[1]) + eraserReach,
    }
    for (const [id, stroke] of this.#painter.strokes) {
      if (!meet(stroke.box, way) || !touches(stroke.points, from, to, eraserReach + stroke.width / 2)) continue
      if (this.#erasures.add(id)) this.#painter.wipe(id)
    }
    // What waits here for the connection can be erased too.
    for (const stroke of this.#own.strokes) {
      if (stroke.done && touches(stroke.points, from, to, eraserReach + stroke.width / 2)) this.#take(stroke.id)
    }
  }
}
