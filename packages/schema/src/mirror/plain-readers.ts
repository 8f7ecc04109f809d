import { isIn } from '../patch/body.ts'
import { placeForField, type PlacedField } from './change-places.ts'
import type { MakeReaders } from './mirror-type.ts'

/** Reads records of a type field by field. What the mirrors of a page do, unless it chose otherwise. */
export const recordReaders: MakeReaders = (fields) => {
  // All fields are there from the beginning and in the layout's order, also absent ones. A copy of such an object has its shape;
  // one that is filled field by field may become a table.
  const template: Readonly<Record<string, unknown>> = Object.fromEntries(fields.map(({ name }) => [name, undefined]))
  // Its place is given to a field when it first changes: many never do.
  const places: PlacedField[] = fields.map(({ name, change }) => ({ name, change, put: undefined }))
  return {
    birth: (reader, space, type, count, set) => {
      const present = fields.filter((_, index) => isIn(set, index))
      for (let left = count; left > 0; left--) {
        const node = space.birth(reader, type)
        const value = { ...template }
        for (const { name, read } of present) value[name] = read(reader, node, space)
        node.value = value
        space.add(node)
      }
    },
    change: (reader, space, type, count, set) => {
      const changed = places.filter((_, index) => isIn(set, index))
      for (const field of changed) field.put ??= placeForField()
      for (let left = count; left > 0; left--) {
        const node = space.changing(reader, type)
        for (const field of changed) field.put?.(field, reader, node, space)
      }
    },
  }
}
