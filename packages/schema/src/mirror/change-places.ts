import type { Reader } from '../patch/reader.ts'
import type { RecordNode } from './mirror-node.ts'
import type { MirrorField } from './mirror-type.ts'
import type { MirrorSpace } from './mirror-space.ts'

/** A field that may have a place of its own. */
export interface PlacedField extends Pick<MirrorField, 'name' | 'change'> {
  put: ChangeField | undefined
}

/** Reads a field that changed, and puts it into its record. */
export type ChangeField = (field: PlacedField, reader: Reader, node: RecordNode, space: MirrorSpace) => void

/**
 * The same function over and over. An engine learns from what happens at a place of a program's text: at one that is for a single field
 * it sees one name, one kind of record and one way of reading, and makes of that what it makes of code generated for the field: a third
 * faster than one place for all. Fields beyond these share places, which costs them what it would cost all otherwise.
 */
const places: readonly ChangeField[] = [
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
  (f, r, n, s) => void (n.value[f.name] = f.change(r, n, s)),
]

let given = 0

/** A place for one more field. */
export function placeForField(): ChangeField {
  // In range: it is a remainder.
  return places[given++ % places.length]!
}
