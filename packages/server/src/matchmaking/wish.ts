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

/** What tells whether a room with some metadata is what was asked for: made once, for however many rooms. */
export function fitter(where: readonly Condition[]): (metadata: unknown) => boolean {
  const tests = where.map((condition) => ({ field: condition.field, passes: testOf(condition) }))
  return (metadata) =>
    tests.every(({ field, passes }) => {
      const value = fieldOf(metadata, field)
      return value !== undefined && passes(value)
    })
}

function testOf(condition: Condition): (value: unknown) => boolean {
  if (!('values' in condition)) {
    const { from, to } = condition
    return (value) => typeof value === 'number' && value >= from && value <= to
  }
  const { values } = condition
  const wanted = new Set(values)
  const texts = new Set(values.filter(isComposed).map(canonical))
  return (value) => (isComposed(value) ? texts.has(canonical(value)) : wanted.has(value))
}

/** Whether it is told from others by its parts, and not by identity. */
function isComposed(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
