import { Fault } from '../../codec/fault.ts'
import { SchemaError } from '../../errors.ts'

/** For a write to what was taken out of the state. */
export function removedError(path: string): SchemaError {
  return new SchemaError(
    'invalid_value',
    path,
    'cannot be written to: it was removed from the state. Look up what stands there now, or set this again, ' +
      'which puts a copy of it into the state.',
  )
}

/** For something of the state that is put somewhere else. @param path Where it stands. */
export function standingFault(path: string): Fault {
  return new Fault(
    `already stands in the state, at "${path}", and cannot stand in two places: put a copy here (toPlain), ` +
      'move it (list.move), or remove it there first, after which it is copied',
  )
}

/** For an item that is given twice. */
export function twiceFault(): Fault {
  return new Fault('stands in this list twice: the second must be a copy (toPlain)')
}

/**
 * An index as people give it, negative ones counted from the end, that must be from 0 to `limit`, `limit` excluded.
 *
 * @throws SchemaError
 */
export function placeIn(length: number, index: number, limit: number, path: () => string): number {
  const found = index < 0 ? index + length : index
  if (Number.isInteger(found) && found >= 0 && found < limit) return found
  throw new SchemaError('invalid_value', path(), `has ${length} items, and no place ${String(index)}`)
}

/** For a list that its sorting wrote to. */
export function sortedMeanwhile(path: string): SchemaError {
  const what = 'was changed by the function that compares its items: nothing was sorted'
  return new SchemaError('invalid_value', path, what)
}
