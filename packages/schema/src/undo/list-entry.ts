import type { TypeIndex } from '../layout.ts'
import { Handle } from '../state/nodes/state-node.ts'
import type { Item, ListEntry, Path, Source } from './entry.ts'
import { samePlain } from './same-plain.ts'

/** A list as it was at some time. */
export interface ListSide {
  /** Handles of its records, maps and lists; of other items the plain values. */
  readonly items: { readonly length: number; at(index: number): unknown }
  /** The plain value of a handle at that time. */
  readonly valueOf: (item: Handle) => unknown
  /** Of a list as it was before: what stood in a handle at that time. */
  readonly sourceOf?: (item: Handle) => Source
}

/** How many items at both ends of a list are known to be as they were. */
export interface Untouched {
  readonly front: number
  readonly back: number
}

/**
 * What is different between a list before and after; nothing when it is the same.
 *
 * @param untouched What need not be looked at: most mutations write to one place of a long list.
 */
export function listEntry(
  path: Path,
  type: TypeIndex,
  before: ListSide,
  after: ListSide,
  { front, back }: Untouched = { front: 0, back: 0 },
): ListEntry | undefined {
  const [old, next] = [before.items, after.items]
  const shorter = Math.min(old.length, next.length)
  let start = front
  while (start < shorter && sameItem(old.at(start), next.at(start))) start++
  if (start === old.length && start === next.length) return undefined
  let end = Math.min(back, shorter - start)
  while (end < shorter - start && sameItem(old.at(old.length - 1 - end), next.at(next.length - 1 - end))) end++
  const [went, came] = [slice(old, start, old.length - end), slice(next, start, next.length - end)]
  const [had, has] = [new Set(went), new Set(came)]
  return {
    kind: 'list',
    path,
    type,
    at: start,
    left: start === 0 ? undefined : describe(old.at(start - 1)),
    before: went.map((item) => describe(item, has.has(item) ? undefined : before)),
    after: came.map((item) => describe(item, had.has(item) ? undefined : after)),
  }
}

function slice(items: ListSide['items'], from: number, to: number): readonly unknown[] {
  return Array.from({ length: to - from }, (_, index) => items.at(from + index))
}

function sameItem(one: unknown, other: unknown): boolean {
  return Object.is(one, other) || (!(one instanceof Handle) && !(other instanceof Handle) && samePlain(one, other))
}

function describe(item: unknown, side?: ListSide): Item {
  if (!(item instanceof Handle)) return { item: undefined, value: item, source: undefined }
  return { item, value: side?.valueOf(item), source: side?.sourceOf?.(item) }
}
