import type { Point } from '../../board.ts'
import { boxAround, type Box } from './geometry.ts'

/** What is needed to paint a stroke. */
export interface Ink {
  readonly color: number
  readonly width: number
  readonly points: readonly Point[]
}

/** A finished stroke: its path and its box are worked out once. */
export class DriedInk {
  readonly color: number
  readonly width: number
  readonly points: readonly Point[]
  readonly path: Path2D
  readonly box: Box

  constructor(
    ink: Ink,
    /** Where the stroke stands among the others: a higher one covers a lower one. */ readonly order: number,
  ) {
    this.color = ink.color
    this.width = ink.width
    this.points = [...ink.points]
    this.path = new Path2D()
    trace(this.path, this.points)
    // A curve stays within the polygon of its points, the brush reaches out by half its width, edges blur by a pixel.
    this.box = boxAround(this.points, this.width / 2 + 2)
  }
}

/**
 * Draws a smooth line: curves that have the recorded points as their handles and meet in the middle between them. So a
 * line that grows by a point changes only at its end.
 */
export function trace(path: CanvasPath, points: readonly Point[]): void {
  const first = points[0]
  if (first === undefined) return
  path.moveTo(first[0], first[1])
  // Browsers differ on whether a line without length has round ends: a dot gets a hair of length.
  if (points.length === 1) return path.lineTo(first[0] + 0.01, first[1])
  const last = points.length - 1
  for (let i = 1; i < last; i += 1) {
    const handle = points[i]
    const next = points[i + 1]
    if (handle === undefined || next === undefined) break
    const end = i + 1 === last ? next : [(handle[0] + next[0]) / 2, (handle[1] + next[1]) / 2]
    path.quadraticCurveTo(handle[0], handle[1], end[0] ?? 0, end[1] ?? 0)
  }
  const second = points[1]
  if (last === 1 && second !== undefined) path.lineTo(second[0], second[1])
}
