import type { Entry, Item } from './entry.ts'

/** What a value that needs no room of its own counts. */
const few = 8

/** About how many bytes entries take. */
export function sizeOf(entries: readonly Entry[]): number {
  let sum = 0
  for (const entry of entries) {
    for (const step of entry.path) sum += few + (typeof step === 'string' ? step.length : 0)
    if (entry.kind === 'place') sum += entry.place.length + sizeOfValue(entry.before) + sizeOfValue(entry.after)
    else sum += sizeOfItems(entry.before) + sizeOfItems(entry.after)
  }
  return sum
}

function sizeOfItems(items: readonly Item[]): number {
  return items.reduce((sum, { value }) => sum + few + sizeOfValue(value), 0)
}

function sizeOfValue(value: unknown): number {
  if (typeof value === 'string') return few + value.length
  if (typeof value !== 'object' || value === null) return few
  if (value instanceof Uint8Array) return few + value.length
  let sum = few
  if (Array.isArray(value)) for (const item of value) sum += sizeOfValue(item)
  else {
    const entries: Iterable<readonly [unknown, unknown]> = value instanceof Map ? value : Object.entries(value)
    for (const [key, part] of entries) sum += sizeOfValue(key) + sizeOfValue(part)
  }
  return sum
}
