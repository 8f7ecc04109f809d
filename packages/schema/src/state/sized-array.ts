/** From so many items on it pays to make an array in the size it will have: to set a length is slow in itself. */
const worthwhile = 64

/** An empty array with room for as many items as are expected. To be filled from 0 on, and then {@link cut}. */
export function sized<T>(expected: number): T[] {
  const items: T[] = []
  if (expected >= worthwhile) items.length = expected
  return items
}

/** Takes off the room that was not needed. */
export function cut<T>(items: T[], count: number): T[] {
  if (items.length !== count) items.length = count
  return items
}
