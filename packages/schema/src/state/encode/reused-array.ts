/** Arrays of fewer items are made anew in less time than it takes to empty them. */
const fewest = 64

/** A larger array is not kept: a crowd may come once. */
const most = 16_384

/**
 * Takes off what an array holds beyond its first items.
 */
export function cut<T>(items: T[], count: number): T[] {
  // To set a length is slow, also where it is the same.
  if (items.length !== count) items.length = count
  return items
}

/**
 * Empties an array that will be filled again, from 0 on, and is cut after that; nothing when it is not worth keeping. What is filled
 * in each turn stays in the processor's caches like that: fresh memory takes longer than all that is done with an item.
 */
export function emptied<T>(items: T[]): T[] | undefined {
  if (items.length < fewest || items.length > most) return undefined
  // Nothing is kept alive by what is left in it.
  const places: unknown[] = items
  places.fill(undefined)
  return items
}
