import type { Plain, StateList, StateMap } from '../model.ts'
import { Handle } from './state-node.ts'

/** The plain type of something of a state. */
export type PlainOf<L> = L extends string | number | bigint | boolean | null | undefined | Uint8Array
  ? L
  : L extends StateMap<infer V>
    ? { [key: string]: Plain<V> }
    : L extends StateList<infer I>
      ? Plain<I>[]
      : L extends object
        ? { [K in keyof L]: PlainOf<L[K]> }
        : L

/**
 * A plain copy of a record, map or list of a room's state, as mirrors see it: quantized numbers as they are sent,
 * server-only fields left out. Values that are replaced as a whole are frozen, and shared with the state. Anything else
 * is returned as it is.
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
export function toPlain<L>(live: L): PlainOf<L> {
  const node = Handle.node(live)
  // What is plain already is its own plain type; a node's plain value is made by its layout, which the type describes.
  return (node === undefined ? live : node.plain()) as PlainOf<L>
}
