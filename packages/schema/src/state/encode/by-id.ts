/** Where ids lie so dense, looking at each place among them is faster than comparing. */
const dense = 16

/** Of the places of a typed array that sorts, this many bits say which item it was. Arrays cannot be longer in practice. */
const indexSpan = 2 ** 21

/**
 * Items in the order of their ids, which are whole numbers below 2^32: the same array when they stand so already. Entities
 * that come and go get ids that became free, so that whoever writes to all of them in their order asks for this in every turn.
 */
export function byId<T extends { readonly id: number }>(items: T[]): T[] {
  let lowest = Infinity
  let highest = -1
  let ascends = true
  for (const { id } of items) {
    if (id < highest) ascends = false
    if (id > highest) highest = id
    if (id < lowest) lowest = id
  }
  if (ascends) return items
  const span = highest - lowest + 1
  return span > dense * items.length && items.length < indexSpan ? compared(items) : placed(items, lowest, span)
}

/** Each at the place of its id, unless two have the same. */
function placed<T extends { readonly id: number }>(items: readonly T[], lowest: number, span: number): T[] {
  const places: (T | undefined)[] = []
  places.length = span
  for (const item of items) {
    if (places[item.id - lowest] !== undefined) return compared(items)
    places[item.id - lowest] = item
  }
  const sorted: T[] = []
  for (const item of places) if (item !== undefined) sorted.push(item)
  return sorted
}

/** Typed arrays sort without calling back. */
function compared<T extends { readonly id: number }>(items: readonly T[]): T[] {
  const keys = Float64Array.from(items, ({ id }, index) => id * indexSpan + index).sort()
  const sorted: T[] = []
  for (const key of keys) {
    const item = items[key % indexSpan]
    if (item !== undefined) sorted.push(item)
  }
  return sorted
}
