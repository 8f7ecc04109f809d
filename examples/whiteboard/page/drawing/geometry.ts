import { sheet, type Point } from '../../board.ts'

/** A rectangle on the sheet. */
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

/** The nearest place that the contract can hold: on the sheet, in whole steps. */
export function snap(x: number, y: number): Point {
  return [snapTo(x, sheet.width), snapTo(y, sheet.height)]
}

function snapTo(value: number, most: number): number {
  return Math.min(most, Math.max(0, Math.round(value / sheet.step) * sheet.step))
}

/** The smallest box around the points, widened by `margin` on every side. */
export function boxAround(points: readonly Point[], margin: number): Box {
  const box: Box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }
  for (const [x, y] of points) {
    if (x < box.left) box.left = x
    if (x > box.right) box.right = x
    if (y < box.top) box.top = y
    if (y > box.bottom) box.bottom = y
  }
  return { left: box.left - margin, top: box.top - margin, right: box.right + margin, bottom: box.bottom + margin }
}

/** Whether two boxes share any place. */
export function meet(a: Box, b: Box): boolean {
  return a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom
}

/** Whether the way of a round eraser from `from` to `to` comes nearer than `reach` to the line through the points. */
export function touches(points: readonly Point[], from: Point, to: Point, reach: number): boolean {
  const square = reach * reach
  let last = points[0]
  if (last === undefined) return false
  if (points.length === 1) return squareToSegment(last, from, to) <= square
  for (const point of points) {
    if (squareBetween(last, point, from, to) <= square) return true
    last = point
  }
  return false
}

/** The square of the distance between two segments. */
function squareBetween(a: Point, b: Point, c: Point, d: Point): number {
  if (cross(a, b, c) * cross(a, b, d) < 0 && cross(c, d, a) * cross(c, d, b) < 0) return 0
  return Math.min(
    squareToSegment(a, c, d),
    squareToSegment(b, c, d),
    squareToSegment(c, a, b),
    squareToSegment(d, a, b),
  )
}

/** Positive when `c` lies to one side of the line from `a` to `b`, negative on the other. */
function cross(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

function squareToSegment(point: Point, from: Point, to: Point): number {
  const dx = to[0] - from[0]
  const dy = to[1] - from[1]
  const length = dx * dx + dy * dy
  const along = length === 0 ? 0 : ((point[0] - from[0]) * dx + (point[1] - from[1]) * dy) / length
  const t = Math.min(1, Math.max(0, along))
  return (point[0] - from[0] - t * dx) ** 2 + (point[1] - from[1] - t * dy) ** 2
}
