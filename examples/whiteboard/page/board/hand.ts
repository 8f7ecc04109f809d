import { strokeLimit, type Point } from '../../board.ts'
import { randomText } from '../../../stage/page/names.ts'
import { meet, touches } from '../drawing/geometry.ts'
import type { Ink } from '../drawing/ink.ts'
import type { Painter } from '../drawing/painter.ts'
import { beginLine, type Line } from './line.ts'

/** What is held in the hand. */
export type Tool = 'pen' | 'eraser'

/** Half the width of the eraser, in units of the sheet. */
export const eraserReach = 12
// Points nearer to each other than this add nothing one could see.
const nearest = 0.5

/** What the hand does to the board; all of it shows at once. */
export interface HandEvents {
  /** Whether there is a board yet. */
  ready(): boolean
  /** Something begins that is one step of undo; to be called when it ends. */
  gesture(): () => void
  add(line: Line): void
  /** The pen was taken up, or what it drew was not meant. */
  lift(): void
  erase(ids: string[]): void
  /** The strokes that are not painted for good yet, by id. */
  unconfirmed(): Iterable<readonly [id: string, ink: Ink]>
}

/** Turns presses, drags and lifts, whichever device they come from, into strokes and erasures. */
export class Hand {
  tool: Tool = 'pen'
  color = 0
  width: number = 7
  readonly #painter: Painter
  readonly #events: HandEvents
  #line: Line | undefined
  #last: Point | undefined
  #erasing = false
  /** Erased by this press. */
  readonly #erased = new Set<string>()
  #end = (): void => {}

  constructor(painter: Painter, events: HandEvents) {
    this.#painter = painter
    this.#events = events
  }

  /** Whether the pen or the eraser is on the sheet. */
  get down(): boolean {
    return this.#last !== undefined
  }

  /** The line that is being drawn. */
  get line(): Line | undefined {
    return this.#line
  }

  press(at: Point, tool: Tool = this.tool): void {
    if (this.down) this.lift()
    if (!this.#events.ready()) return
    this.#end = this.#events.gesture()
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
    this.#line?.points.push([to[0], to[1]])
    if (this.#line?.points.length !== strokeLimit) return
    this.#events.add(this.#line)
    this.#begin(to)
  }

  lift(): void {
    if (this.#line !== undefined) this.#events.add(this.#line)
    this.cancel()
  }

  /** What was begun was not meant: two fingers zoom, where one had seemed to draw. */
  cancel(): void {
    if (this.#line !== undefined) this.#events.lift()
    this.#line = undefined
    this.#last = undefined
    this.#erased.clear()
    this.#end()
    this.#end = () => {}
  }

  #begin(at: Point): void {
    this.#line = beginLine(randomText(12), this.color, this.width, at)
  }

  #erase(from: Point, to: Point): void {
    const way = {
      left: Math.min(from[0], to[0]) - eraserReach,
      top: Math.min(from[1], to[1]) - eraserReach,
      right: Math.max(from[0], to[0]) + eraserReach,
      bottom: Math.max(from[1], to[1]) + eraserReach,
    }
    const isHit = ({ points, width }: Ink): boolean => touches(points, from, to, eraserReach + width / 2)
    const hit: string[] = []
    for (const [id, stroke] of this.#painter.strokes) if (meet(stroke.box, way) && isHit(stroke)) hit.push(id)
    for (const [id, ink] of this.#events.unconfirmed()) if (isHit(ink)) hit.push(id)
    // What is painted is what was there in the last frame.
    const ids = hit.filter((id) => !this.#erased.has(id))
    for (const id of ids) this.#erased.add(id)
    if (ids.length > 0) this.#events.erase(ids)
  }
}
