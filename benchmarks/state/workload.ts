/** What both sides do. Positions come from a seed: both sides, in whatever process, write the same ones. */

/**
 * What entities are: with a name, a position, a velocity and hit points, and the first two either exactly as 32-bit floats or in
 * steps; or those of Colyseus's published comparison, which have a name and a position in small whole numbers, said to be small or not.
 */
export type Kind = 'float32' | 'quantized' | 'published' | 'published-integer'

/** Coordinates lie within ± this. */
export const reach = 1_000
/** Of coordinates that are quantized. */
export const step = 0.01

/** The first values of an entity's fields. */
export interface Entity {
  readonly name: string
  readonly x: number
  readonly y: number
}

/** What entities other than the published ones have besides. */
export const besides = { vx: 0.5, vy: -0.25, hp: 100 } as const

export const keyOf = (index: number): string => `e${index}`

/** A repeatable source of numbers from 0 to below 1: a linear congruential generator, of which the high bits are used. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  next(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0
    return this.state / 2 ** 32
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** Letters of both cases. */
  text(length: number): string {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
    return Array.from({ length }, () => letters[this.below(letters.length)]).join('')
  }
}

/** Where all entities are, and how they go on: by a uniform step in x and in y. */
export class Walk {
  readonly xs: Float64Array
  readonly ys: Float64Array
  private readonly random = new Random(1)

  /** @param stride The longest step. */
  constructor(
    readonly count: number,
    private readonly stride: number,
  ) {
    this.xs = Float64Array.from({ length: count }, () => this.place())
    this.ys = Float64Array.from({ length: count }, () => this.place())
  }

  entity(index: number): Entity {
    return { name: `name-${index}`, x: this.xs[index]!, y: this.ys[index]! }
  }

  /** Those from `from` to below `to` go on. */
  move(from = 0, to = this.count): void {
    for (let i = from; i < to; i++) {
      this.xs[i] = this.stepped(this.xs[i]!)
      this.ys[i] = this.stepped(this.ys[i]!)
    }
  }

  private stepped(from: number): number {
    const to = from + (this.random.next() * 2 - 1) * this.stride
    return Math.abs(to) > reach ? from : to
  }

  private place(): number {
    return (this.random.next() * 2 - 1) * reach
  }
}
