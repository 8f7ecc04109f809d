import type { TypeIndex } from '../layout.ts'
import type { Handle } from '../state/nodes/state-node.ts'

/**
 * Where something stands, from the state on: fields and keys by their names; a step through a list is the item itself, which is found
 * wherever it has gone in its list.
 */
export type Path = readonly (string | Handle)[]

/** One place that a mutation changed, as it was before and after. */
export type Entry = PlaceEntry | ListEntry

/** A field of a record or an entry of a map. */
export interface PlaceEntry {
  readonly kind: 'place'
  /** Of the record or map. */
  readonly path: Path
  /** Its type, in the layout: what came to stand there since may be of another. */
  readonly type: TypeIndex
  /** The field or the key. */
  readonly place: string
  /** What is put back: a value as it can be written there; `undefined` when there was none. */
  readonly before: unknown
  /** What stands there while nobody has changed it: a plain value as mirrors see it; `undefined` for none. */
  readonly after: unknown
  /** What stood there before, as far as there were lists of records, maps or lists in it. */
  readonly source: Source | undefined
}

/** Neighbouring items of a list that came, went, or changed places. */
export interface ListEntry {
  readonly kind: 'list'
  readonly path: Path
  /** The type of the list, in the layout. */
  readonly type: TypeIndex
  /** Where the first of them stood, before and after. */
  readonly at: number
  /** The item in front of them. */
  readonly left: Item | undefined
  readonly before: readonly Item[]
  readonly after: readonly Item[]
}

/** An item of a list. */
export interface Item {
  /** A record, map or list: it is known by its identity. Other items are known by their value. */
  readonly item: Handle | undefined
  /** Of an item that stands there before and after, nothing, if it is known by its identity. */
  readonly value: unknown
  /** Of an item that stands there only before, and is known by its identity. */
  readonly source: Source | undefined
}

/** A record, map or list that went, by which its copy is known when it comes back. */
export interface Source {
  readonly handle: Handle
  /** By field, key or index, what stood in it then, as far as items of lists are concerned. */
  readonly parts: ReadonlyMap<string | number, Source>
}
