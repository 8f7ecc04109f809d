import type { CompiledLayout, TypeIndex } from '@junto/schema/internal'
import { fieldType } from './drawn-fields.ts'
import type { Values } from './space.ts'

/** What travels as a count of steps may be off by one, for the server goes on from the number as it was written. */
const slack = 1 + 1e-6
const angleStep = (2 * Math.PI) / 65_536
/** What rounding to 32 bits takes of a number, at most. */
const float32Share = 2 ** -23

/** How exactly the numbers of records travel: what is off by no more than that is no correction. */
export class Tolerances {
  readonly #names: readonly string[]
  readonly #known = new Map<TypeIndex, readonly ((value: number) => number)[]>()
  #layout: CompiledLayout | undefined

  constructor(names: readonly string[]) {
    this.#names = names
  }

  /** Whether two places are the same but for what rounding does to numbers that travel. */
  covers(layout: CompiledLayout | undefined, type: TypeIndex | undefined, from: Values, to: Values): boolean {
    const tolerances = this.#of(layout, type)
    return from.every((value, index) => {
      const off = Math.abs((to[index] ?? NaN) - value)
      // To and from what is absent there is no way.
      return Number.isNaN(off) || off <= (tolerances?.[index]?.(value) ?? 0)
    })
  }

  #of(
    layout: CompiledLayout | undefined,
    type: TypeIndex | undefined,
  ): readonly ((value: number) => number)[] | undefined {
    if (layout !== this.#layout) this.#known.clear()
    this.#layout = layout
    if (layout === undefined || type === undefined) return undefined
    const known = this.#known.get(type)
    if (known !== undefined) return known
    const { types } = layout.layout
    const tolerances = this.#names.map((name) => {
      const kind = fieldType(types, type, name)
      const step = kind?.kind === 'quantized' ? kind.step : kind?.kind === 'angle' ? angleStep : 0
      const share = kind?.kind === 'float32' ? float32Share : 0
      return (value: number): number => (step + Math.abs(value) * share) * slack
    })
    this.#known.set(type, tolerances)
    return tolerances
  }
}
