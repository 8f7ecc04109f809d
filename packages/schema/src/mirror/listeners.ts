/** What stands for one entry of a selection: a map's value, a list's item, anything else itself. */
export type WatchedEntry<S> = S extends ReadonlyMap<unknown, infer V> ? V : S extends readonly (infer I)[] ? I : S

/** What an entry of a selection is known by: a map's key, a list's index, nothing for anything else. */
export type WatchedKey<S> =
  S extends ReadonlyMap<infer K, unknown> ? K : S extends readonly unknown[] ? number : undefined

/**
 * What is told of a selected part of the state. All of a patch is applied before any listener runs, and each entry is told of
 * once per patch.
 *
 * What a selection consists of: a map of its values by key, a list of its items by index, anything else of itself. Of a
 * selection that is `undefined` or `null` there is nothing.
 *
 * - Values that are tracked inside (records, maps, lists) are changed in place; `changed` says that something in or below one
 *   is different. When another one was put in its place, the old is `removed` and the new is `added`, but for a selection
 *   that is a single record or value: that has `changed`.
 * - An item of a list that only moved is told of by `after`, not by `changed`.
 */
export interface WatchListeners<S> {
  /** An entry appeared. Also called, within `watch`, for each one that is there already. */
  readonly added?: (value: WatchedEntry<NonNullable<S>>, key: WatchedKey<NonNullable<S>>) => void
  /** An entry, or anything below it, is different. `previous` is there for values that are not changed in place. */
  readonly changed?: (
    value: WatchedEntry<NonNullable<S>>,
    key: WatchedKey<NonNullable<S>>,
    previous: WatchedEntry<NonNullable<S>> | undefined,
  ) => void
  /** An entry is gone. The key is the one it had. */
  readonly removed?: (value: WatchedEntry<NonNullable<S>>, key: WatchedKey<NonNullable<S>>) => void
  /** Called after the others, once per patch in which anything of the selection changed, the order included. */
  readonly after?: (selection: S) => void
  /** End with the first call of `added`, `changed` or `removed`. Default: false. */
  readonly once?: boolean
}

/**
 * A part of the state, or something made from it, that is never changed: fit for React's `useSyncExternalStore`.
 *
 * ```ts
 * import type { Selection } from '@junto/schema/internal'
 *
 * declare function useSyncExternalStore<T>(subscribe: (listener: () => void) => () => void, get: () => T): T
 *
 * export function useSelection<V>(selection: Selection<V>): V {
 *   return useSyncExternalStore(selection.subscribe, () => selection.value)
 * }
 * ```
 */
export interface Selection<V> {
  /** The same value, by identity, until the part selected changes. */
  readonly value: V
  /** Has a listener called after each patch that changed the value. Returns what ends that. */
  readonly subscribe: (listener: () => void) => () => void
}
