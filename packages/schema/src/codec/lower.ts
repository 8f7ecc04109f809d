import { SchemaError } from '../errors.ts'

/** A type that stands before the one that uses it. */
export function lower<T>(items: readonly T[], index: number): T {
  const item = items[index]
  if (item === undefined) throw new SchemaError('invalid_layout', 'types', `lack ${index}`)
  return item
}
