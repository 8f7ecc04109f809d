import { distanceOf, isFree, sees, type Point } from '../field.ts'
import { field } from '../rules.ts'

/** Side of a cell, in units. */
const cell = 40
const columns = field.width / cell
const rows = field.height / cell

const free: readonly boolean[] = Array.from({ length: columns * rows }, (_, at) => isFree(middleOf(at)))
const steps: readonly (readonly [dx: number, dy: number])[] = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
  [1, 1],
  [1, -1],
  [-1, 1],
  [-1, -1],
]

/**
 * Where to go next from here to get there around the walls: the target itself where nothing stands between, else a place on a shortest way
 * to it.
 */
export function nextOnTheWay(from: Point, to: Point): Point {
  if (sees(from, to)) return to
  const distances = distancesTo(cellOf(to))
  let at = cellOf(from)
  let next = middleOf(at)
  // As far along the way as can be seen from here, so that corners are cut.
  for (let count = 0; count < 12; count++) {
    const better = neighbours(at).reduce((best, each) => (valueOf(each) < valueOf(best) ? each : best), at)
    if (better === at) break
    at = better
    const place = middleOf(at)
    if (count > 0 && !sees(from, place)) break
    next = place
  }
  return next

  function valueOf(each: number): number {
    return distances[each] ?? Infinity
  }
}

/** The cells around one into which a fighter gets directly. */
function neighbours(at: number): number[] {
  const column = at % columns
  const row = (at - column) / columns
  const found: number[] = []
  for (const [dx, dy] of steps) {
    const x = column + dx
    const y = row + dy
    if (x < 0 || y < 0 || x >= columns || y >= rows || !isFreeCell(x, y)) continue
    // Not between two corners.
    if (dx !== 0 && dy !== 0 && !(isFreeCell(x, row) && isFreeCell(column, y))) continue
    found.push(y * columns + x)
  }
  return found
}

function isFreeCell(column: number, row: number): boolean {
  return free[row * columns + column] === true
}

/** Lengths of the shortest ways to a cell, from each one; Infinity where there is none. Kept, since bots ask for the same ones often. */
const known = new Map<number, Float64Array>()

function distancesTo(target: number): Float64Array {
  const found = known.get(target)
  if (found !== undefined) return found
  const distances = new Float64Array(columns * rows).fill(Infinity)
  distances[target] = 0
  let front = [target]
  while (front.length > 0) {
    const following: number[] = []
    for (const at of front) {
      for (const next of neighbours(at)) {
        const way = (distances[at] ?? 0) + distanceOf(middleOf(at), middleOf(next))
        if (way >= (distances[next] ?? Infinity)) continue
        distances[next] = way
        following.push(next)
      }
    }
    front = following
  }
  known.set(target, distances)
  return distances
}

function cellOf({ x, y }: Point): number {
  const column = Math.min(columns - 1, Math.max(0, Math.floor(x / cell)))
  const row = Math.min(rows - 1, Math.max(0, Math.floor(y / cell)))
  return row * columns + column
}

function middleOf(at: number): Point {
  const column = at % columns
  return { x: (column + 0.5) * cell, y: ((at - column) / columns + 0.5) * cell }
}
