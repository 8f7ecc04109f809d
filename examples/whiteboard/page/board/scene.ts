import type { Point } from '../../board.ts'
import type { Ink } from '../drawing/ink.ts'
import type { Painter, WetInk } from '../drawing/painter.ts'
import type { Line } from './line.ts'

/** A stroke of the board's state. */
export interface SharedStroke extends Ink {
  readonly at: number
}

/** A line that somebody draws now. */
export interface SharedPen extends Ink {
  readonly id: string
  readonly points: readonly Point[]
}

/** What is to be seen of a board. */
export interface Board {
  readonly strokes: ReadonlyMap<string, SharedStroke>
  /** By member id. */
  readonly pens: ReadonlyMap<string, SharedPen>
  /** This page's member id. */
  readonly me: string | undefined
  /** The strokes of this page that the server has not confirmed. */
  readonly unconfirmed: ReadonlySet<string>
}

/** Has the board painted: what is confirmed once, and what may still change in each frame. */
export class Scene {
  readonly #painter: Painter
  readonly #news = new Set<string>()

  constructor(painter: Painter) {
    this.#painter = painter
  }

  /** A stroke was added, changed, removed or confirmed; looked at in the next frame. */
  touch(id: string): void {
    this.#news.add(id)
  }

  /** Another board. */
  renew({ strokes }: Board): void {
    this.#painter.wipeAll()
    this.#news.clear()
    for (const id of strokes.keys()) this.#news.add(id)
  }

  /** One frame. `line`: what is being drawn here. `pending`: whether it is open when the others see what is drawn here. */
  paint(board: Board, line: Line | undefined, pending: boolean): void {
    const { strokes, unconfirmed } = board
    for (const id of this.#news) {
      const stroke = strokes.get(id)
      if (stroke === undefined || unconfirmed.has(id)) this.#painter.wipe(id)
      else this.#painter.dry(id, stroke, stroke.at)
    }
    this.#news.clear()
    this.#painter.paint(wetInk(board, line, pending))
  }
}

function* wetInk(
  { strokes, pens, me, unconfirmed }: Board,
  line: Line | undefined,
  pending: boolean,
): Generator<WetInk> {
  // Own lines are known better here than from the server, and a stroke that has come is no line any more.
  for (const [member, pen] of pens) if (member !== me && !strokes.has(pen.id)) yield wet(pen, false)
  for (const id of unconfirmed) {
    const stroke = strokes.get(id)
    if (stroke !== undefined) yield wet(stroke, pending)
  }
  if (line !== undefined) yield wet(line, pending)
}

function wet({ color, width, points }: Ink, pending: boolean): WetInk {
  return { color, width, points, pending }
}
