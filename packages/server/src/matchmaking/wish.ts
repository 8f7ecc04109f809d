import type { Condition, Order } from '@junto/schema/internal'
import { canonical } from './canonical.ts'

/** Which rooms somebody looks for, read by their contract. */
export interface Wish {
  /** What their metadata must be, in the order of the fields' names. */
  readonly where: readonly Condition[]
  /** Which of them comes first; undefined: the oldest. */
  readonly order: Order | undefined
}

/** What makes one wish equal to another, as a text. */
export function nameOf(wish: Pick<Wish, 'where'> & Partial<Wish>): string {
  return canonical([wish.where, wish.order])
}

/** A field of metadata, which may be anything; undefined where there is no such field. */
export function fieldOf(metadata: unknown, name: string): unknown {
  if (typeof metadata !== 'object' || metadata === null || !Object.hasOwn(metadata, name)) return undefined
  // It has that field, whatever it is.
  return (metadata as Readonly<Record<string, unknown>>)[name]
}

/** Whether a room with this metadata is what was asked for. */
export function fits(metadata: unknown, where: readonly Condition[]): boolean {
  return where.every((condition) => {
    const value = fieldOf(metadata, condition.field)
    if (value === undefined) return false
    if ('values' in condition) return condition.values.some((wanted) => isSame(value, wanted))
    return typeof value === 'number' && value >= condition.from && value <= condition.to
  })
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  return typeof one === 'object' && typeof other === 'object' && canonical(one) === canonical(other)
}
