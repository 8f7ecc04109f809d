import type { Pack } from '../../patch/pack.ts'

/**
 * A place of the state that holds one value: a field, an entry of a map, an item of a list. What it holds is either an
 * atom, a frozen value that is replaced as a whole, or the handle of a node.
 */
export interface Slot {
  /** Whether it can hold a node. */
  readonly holdsNodes: boolean
  /** Whether values that are equal on the wire can differ as written, so that an equal one is still kept. */
  readonly drifts: boolean
  /** Checks what somebody wants to put here and returns what is kept. Throws a `Fault`. A node it makes is not attached. */
  readonly adopt: (value: unknown) => unknown
  /** Whether two kept values that are no nodes are known to be the same on the wire. */
  readonly equal: (one: unknown, other: unknown) => boolean
  /** The plain value of a kept one, as mirrors see it. */
  readonly plain: (kept: unknown) => unknown
  /** Takes a kept value, as mirrors see it, into the hash of a node. */
  readonly hash: (hash: number, kept: unknown) => number
  /** Writes a kept value. */
  readonly pack: Pack
}
