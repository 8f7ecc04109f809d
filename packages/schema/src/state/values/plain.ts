import { within } from '../../codec/fault.ts'
import type { JsonValue, Plain, StateList, StateMap } from '../../model.ts'
import { Handle, livePlain, type StateNode } from '../nodes/state-node.ts'

/** The plain type of something of a state. */
export type PlainOf<L> = [JsonValue] extends [L] ? L : PlainParts<L>
type PlainParts<L> = L extends string | number | bigint | boolean | null | undefined | Uint8Array
  ? L
  : L extends StateMap<infer V>
    ? { [key: string]: Plain<V> }
    : L extends StateList<infer I>
      ? Plain<I>[]
      : L extends object
        ? { -readonly [K in keyof L]: {} extends Pick<L, K> ? Exclude<PlainOf<L[K]>, undefined> : PlainOf<L[K]> }
        : L

/**
 * A plain copy of a record, map or list of a room's state, as mirrors see it: quantized numbers as they are sent,
 * server-only fields left out. Also copies a value that is replaced as a whole, which the state holds frozen.
 *
 * Spreading a record (`{ ...record }`) copies nothing, because its fields are accessors: this is the way to copy one.
 *
 * ```ts
 * import { t, toPlain, type Live } from '@junto/schema'
 *
 * declare const player: Live<{ name: string; score: number }>
 * const saved: { name: string; score: number } = toPlain(player)
 * ```
 */
export function toPlain<L>(tracked: L): PlainOf<L> {
  // What is plain already is its own plain type; a node's plain value is made by its layout, which the type describes.
  return copy(tracked, (node) => node.plain()) as PlainOf<L>
}

/**
 * Lets a plain value be assigned to a field whose record, map or list it becomes. The methods of maps and lists take plain
 * values as they are; but a property has one type for reading and writing, so an assignment needs this where the
 * value has maps or lists in it. It returns what it is given: what is assigned is copied into the state.
 *
 * ```ts
 * import { live, type Live } from '@junto/schema'
 *
 * export function spawn(state: Live<{ boss?: { hp: number; bag: string[] } }>) {
 *   state.boss = live({ hp: 99, bag: [] })
 * }
 * ```
 */
export function live<L>(plain: NoInfer<PlainOf<L>>): L {
  // It is typed as what it becomes on being assigned.
  return plain as L
}

/** A deep copy, in which `plainOf` says what becomes of a node. Code of the value, such as getters, runs once. */
export function copy(value: unknown, plainOf: (node: StateNode) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const node = Handle.node(value)
  if (node !== undefined) return copy(plainOf(node), plainOf)
  // Of a client's edits.
  if (value instanceof Handle) return value[livePlain]()
  if (value instanceof Uint8Array) return value.slice()
  if (Array.isArray(value)) return value.map((item: unknown, index) => copyInside(item, index, plainOf))
  if (value instanceof Map) {
    // A Map is kept: as an object it would lose the order of keys that look like numbers.
    return new Map(Array.from(value, ([key, part]) => [key, copyInside(part, String(key), plainOf)]))
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copyInside(part, key, plainOf)]))
}

function copyInside(value: unknown, key: string | number, plainOf: (node: StateNode) => unknown): unknown {
  try {
    return copy(value, plainOf)
  } catch (error) {
    throw within(error, key)
  }
}
