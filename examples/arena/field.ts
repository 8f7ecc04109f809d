import { field, radius } from './rules.ts'

/** A place on the field. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A block that neither fighters nor shots pass: its upper left corner and its size. */
export interface Wall extends Point {
  readonly width: number
  readonly height: number
}

/** One quarter of the walls; the field is the same mirrored both ways. */
const quarter: readonly Wall[] = [
  // A corner to hide in.
  { x: 220, y: 200, width: 180, height: 40 },
  { x: 220, y: 240, width: 40, height: 120 },
  // A pillar.
  { x: 590, y: 130, width: 70, height: 70 },
]

/** All walls. */
export const walls: readonly Wall[] = [
  ...quarter.flatMap((wall) => {
    const right = field.width - wall.x - wall.width
    const low = field.height - wall.y - wall.height
    return [wall, { ...wall, x: right }, { ...wall, y: low }, { ...wall, x: right, y: low }]
  }),
  // The middle, open at its corners.
  { x: 680, y: 350, width: 240, height: 40 },
  { x: 680, y: 610, width: 240, height: 40 },
  { x: 520, y: 420, width: 40, height: 160 },
  { x: 1040, y: 420, width: 40, height: 160 },
  { x: 290, y: 460, width: 80, height: 80 },
  { x: 1230, y: 460, width: 80, height: 80 },
]

/** Where fighters come in. */
export const entrances: readonly Point[] = [
  { x: 90, y: 90 },
  { x: 800, y: 80 },
  { x: 1510, y: 90 },
  { x: 90, y: 500 },
  { x: 1510, y: 500 },
  { x: 90, y: 910 },
  { x: 800, y: 920 },
  { x: 1510, y: 910 },
]

/** Where packs lie, by their keys. */
export const packPlaces: Readonly<Record<string, Point>> = {
  middle: { x: 800, y: 500 },
  northeast: { x: 1275, y: 305 },
  southwest: { x: 325, y: 695 },
}

/** A place near this one at which a fighter stands in no wall. Not from deep inside of walls: nobody gets there. */
export function outsideOfWalls({ x, y }: Point): Point {
  let at = { x: clamp(x, radius, field.width - radius), y: clamp(y, radius, field.height - radius) }
  // Out of one wall may be into the next, in a corner of two.
  for (let pass = 0; pass < 8; pass++) {
    const before = at
    for (const wall of walls) at = outOf(wall, at)
    if (at === before) break
  }
  return at
}

/** Whether a fighter stands in no wall there. */
export function isFree({ x, y }: Point): boolean {
  if (x < radius || y < radius || x > field.width - radius || y > field.height - radius) return false
  return walls.every((wall) => {
    const near = nearestIn(wall, { x, y })
    return Math.hypot(x - near.x, y - near.y) >= radius - 1e-9
  })
}

function outOf(wall: Wall, at: Point): Point {
  const near = nearestIn(wall, at)
  const dx = at.x - near.x
  const dy = at.y - near.y
  const distance = Math.hypot(dx, dy)
  if (distance >= radius) return at
  if (distance > 0) return { x: near.x + (dx / distance) * radius, y: near.y + (dy / distance) * radius }
  // The middle is inside: out by the shortest way.
  const ways = [
    { x: wall.x - radius, y: at.y },
    { x: wall.x + wall.width + radius, y: at.y },
    { x: at.x, y: wall.y - radius },
    { x: at.x, y: wall.y + wall.height + radius },
  ]
  return ways.reduce((best, way) => (distanceOf(way, at) < distanceOf(best, at) ? way : best))
}

function nearestIn({ x, y, width, height }: Wall, at: Point): Point {
  return { x: clamp(at.x, x, x + width), y: clamp(at.y, y, y + height) }
}

export function distanceOf(from: Point, to: Point): number {
  return Math.hypot(to.x - from.x, to.y - from.y)
}

/** How far a straight line gets from there in that direction before a wall, or the edge of the field, ends it; `range` at most. */
export function reach(from: Point, angle: number, range: number): number {
  const dx = Math.cos(angle)
  const dy = Math.sin(angle)
  let free = range
  if (dx !== 0) free = Math.min(free, ((dx > 0 ? field.width : 0) - from.x) / dx)
  if (dy !== 0) free = Math.min(free, ((dy > 0 ? field.height : 0) - from.y) / dy)
  for (const { x, y, width, height } of walls) {
    const [inX, outX] = crossing(from.x, dx, x, x + width)
    const [inY, outY] = crossing(from.y, dy, y, y + height)
    const enters = Math.max(inX, inY)
    if (enters <= Math.min(outX, outY) && enters >= 0) free = Math.min(free, enters)
  }
  return Math.max(0, free)
}

/** When a point that moves along one axis is between two bounds: from, to. */
function crossing(from: number, step: number, low: number, high: number): readonly [from: number, to: number] {
  if (step === 0) return from >= low && from <= high ? [-Infinity, Infinity] : [Infinity, -Infinity]
  const first = (low - from) / step
  const second = (high - from) / step
  return first < second ? [first, second] : [second, first]
}

/** How far along a line it meets a fighter there; undefined when it passes. */
export function meets(from: Point, angle: number, fighter: Point): number | undefined {
  const dx = Math.cos(angle)
  const dy = Math.sin(angle)
  const along = (fighter.x - from.x) * dx + (fighter.y - from.y) * dy
  const beside = Math.abs((fighter.x - from.x) * dy - (fighter.y - from.y) * dx)
  if (along < 0 || beside > radius) return undefined
  return Math.max(0, along - Math.sqrt(radius * radius - beside * beside))
}

/** Whether nothing stands between two places. */
export function sees(from: Point, to: Point): boolean {
  const distance = distanceOf(from, to)
  return reach(from, Math.atan2(to.y - from.y, to.x - from.x), distance) >= distance
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
