import type { Member } from '../room/member.ts'

/** How far back, and how, is looked at fields of a map. */
export interface RewindOptions<K extends string = string> {
  /** Milliseconds that can be looked back: whoever is further behind is judged by the oldest of them. Default: 500. Up to 10,000. */
  readonly window?: number
  /** Fields that are angles in radians, and go the shorter way round. Those of the type `t.Angle()` are known to be. */
  readonly angles?: readonly K[]
}

/** How entities were, as a member was shown them. Good until the next tick. */
export interface Past<V> {
  /** When: milliseconds since 1970, by the server's clock. */
  readonly time: number
  /** How one was; `undefined` when there was none under this key. */
  get(key: string): V | undefined
  /** All there were. */
  entries(): IterableIterator<[key: string, entity: V], void, unknown>
}

/**
 * Looks back at what a member was shown: when it made the input that is being applied, or was last.
 *
 * @param at Another moment that its client has told: milliseconds since 1970, by the server's clock.
 */
export type Rewind<T, V> = (member: Member<T>, at?: number) => Past<V>
