/** What is different between two lists. */
export interface ListDifference {
  /** Items that are gone, with the index they had. */
  readonly removed: readonly [item: unknown, index: number][]
  readonly added: readonly [item: unknown, index: number][]
  /** Places whose value is another, with the value before. */
  readonly changed: readonly [item: unknown, index: number, before: unknown][]
}

/**
 * Compares two lists.
 *
 * @param known Whether an item is known by its identity wherever it stands. Other items are known by their place.
 */
export function listDifference(
  before: readonly unknown[],
  after: readonly unknown[],
  same: (one: unknown, other: unknown) => boolean,
  known: (item: unknown) => boolean,
): ListDifference {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && same(before[start], after[start])) start++
  let end = 0
  while (end < shorter - start && same(before[before.length - 1 - end], after[after.length - 1 - end])) end++

  const old = before.slice(start, before.length - end)
  const next = after.slice(start, after.length - end)
  const had = new Set(old.filter(known))
  const has = new Set(next.filter(known))
  const removed: [unknown, number][] = []
  const added: [unknown, number][] = []
  const changed: [unknown, number, unknown][] = []
  for (const [at, item] of old.entries()) if (known(item) && !has.has(item)) removed.push([item, start + at])
  for (const [at, item] of next.entries()) if (known(item) && !had.has(item)) added.push([item, start + at])
  for (let at = 0; at < Math.max(old.length, next.length); at++) {
    const gone = at < old.length && !known(old[at])
    const here = at < next.length && !known(next[at])
    if (gone && here) {
      if (!same(old[at], next[at])) changed.push([next[at], start + at, old[at]])
    } else if (gone) removed.push([old[at], start + at])
    else if (here) added.push([next[at], start + at])
  }
  return { removed, added, changed }
}
