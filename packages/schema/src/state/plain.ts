import type { JsonValue, Plain, StateList, StateMap } from '../model.ts'
import { Handle } from './state-node.ts'

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
  const node = Handle.node(tracked)
  // What is plain already is its own plain type; a node's plain value is made by its layout, which the type describes.
  return copy(node === undefined ? tracked : node.plain()) as PlainOf<L>
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

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return value.slice()
  if (Array.isArray(value)) return value.map(copy)
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copy(part)]))
}
