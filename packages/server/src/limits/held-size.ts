/** What any value takes besides its content: the slot it stands in and, for most, an object. */
const perValue = 64

/** What a bin takes besides its bytes: a view, and the buffer under it. */
const perBin = 256

/**
 * About how many bytes of memory a decoded value takes: 64 for each value in it, containers and keys included, and the content of texts
 * and bins. On the wire an empty map is a single byte, so what a stranger sends says little about what it costs to keep.
 */
export function heldSize(value: unknown): number {
  if (typeof value === 'string') return perValue + value.length
  if (typeof value !== 'object' || value === null) return perValue
  if (value instanceof Uint8Array) return perBin + value.length
  let size = perValue
  if (Array.isArray(value)) for (const item of value) size += heldSize(item)
  else for (const [key, item] of Object.entries(value)) size += perValue + key.length + heldSize(item)
  return size
}
