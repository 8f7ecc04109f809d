import type { Point } from '../../board.ts'

/** What the pen draws between going down and up, as the contract adds it. */
export interface Line {
  readonly id: string
  readonly color: number
  readonly width: number
  readonly points: [x: number, y: number][]
}

/** Begins a line. */
export function beginLine(id: string, color: number, width: number, at: Point): Line {
  return { id, color, width, points: [[at[0], at[1]]] }
}
