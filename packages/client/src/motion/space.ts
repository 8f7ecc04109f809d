/** The numbers of an entity that are drawn: lengths first, then angles in radians. NaN stands for one that is absent. */
export type Values = readonly number[]

const turn = 2 * Math.PI

/** An angle in radians as -π ≤ angle < π, whole turns dropped. */
export function wrapped(angle: number): number {
  if (angle >= -Math.PI && angle < Math.PI) return angle
  const rest = angle - turn * Math.floor((angle + Math.PI) / turn)
  // Rounding may bring it to π itself.
  return rest >= Math.PI ? -Math.PI : rest
}

/** How values are added, subtracted and mixed: angles go the shorter way round. */
export class Space {
  /** How many of the values are lengths. Those behind them are angles. */
  readonly lengths: number

  constructor(lengths: number) {
    this.lengths = lengths
  }

  /** The way from one place to another. To and from what is absent there is none. */
  way(from: Values, to: Values): number[] {
    return from.map((value, index) => {
      const step = (to[index] ?? NaN) - value
      if (Number.isNaN(step)) return 0
      return index < this.lengths ? step : wrapped(step)
    })
  }

  /** A place, and so much of a way from there. */
  along(from: Values, way: Values, ratio: number): number[] {
    return from.map((value, index) => {
      const next = value + (way[index] ?? 0) * ratio
      return index < this.lengths ? next : wrapped(next)
    })
  }

  /** Between two places: the first at 0, the second at 1. What is absent in one of them is as in the first, up to 1. */
  between(from: Values, to: Values, ratio: number): Values {
    if (ratio <= 0) return from
    return ratio >= 1 ? to : this.along(from, this.way(from, to), ratio)
  }

  /** How long a way is, by its lengths: angles have no measure in common with them. */
  length(way: Values): number {
    return Math.hypot(...way.slice(0, this.lengths))
  }

  /** How far apart two places are. */
  distance(from: Values, to: Values): number {
    return this.length(this.way(from, to))
  }
}

/** Whether all of two values are the same numbers. */
export function sameValues(one: Values, other: Values): boolean {
  return one.every((value, index) => Object.is(value, other[index]))
}
