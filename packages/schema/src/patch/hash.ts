/**
 * Hashes of nodes, from which the hash of a state is made. Both sides compute it from what a mirror shows, and compare: when
 * it differs, so do the states. docs/protocol-state.md says which words are taken; {@link mix} is all the arithmetic there is.
 *
 * It finds mistakes. It does not withstand somebody who wants two states to have the same hash.
 */

/** The id of the node whose value this is; nothing for what is no node. */
export type IdOf = (value: unknown) => number | undefined

// What a kind of value begins with, so that `0`, `''`, `null` and an empty list have different hashes.
const absentTag = 1
const nullTag = 2
const falseTag = 3
const trueTag = 4
const numberTag = 5
const textTag = 6
const bigintTag = 7
const bytesTag = 8
const listTag = 9
const objectTag = 10
const nodeTag = 11

/** A hash with one more word of 32 bits in it. */
export function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1)
  return product ^ (product >>> 15)
}

/** Begins the hash of a node. What follows is {@link hashValue} of each field, {@link hashItems} or {@link hashEntries}. */
export function hashNode(id: number, type: number): number {
  return mix(mix(0, id), type)
}

/** Takes in a value, or a reference to a node. */
export function hashValue(hash: number, value: unknown, idOf: IdOf): number {
  switch (typeof value) {
    case 'undefined':
      return mix(hash, absentTag)
    case 'boolean':
      return mix(hash, value ? trueTag : falseTag)
    case 'number':
      return hashNumber(mix(hash, numberTag), value)
    case 'string':
      return hashText(mix(hash, textTag), value)
    case 'bigint':
      return hashText(mix(hash, bigintTag), String(value))
    default:
      return hashObject(hash, value, idOf)
  }
}

function hashObject(hash: number, value: unknown, idOf: IdOf): number {
  const id = idOf(value)
  if (id !== undefined) return mix(mix(hash, nodeTag), id)
  if (value instanceof Uint8Array) return value.reduce(mix, mix(mix(hash, bytesTag), value.length))
  if (Array.isArray(value)) return hashItems(hash, value, idOf)
  if (typeof value !== 'object' || value === null) return mix(hash, nullTag)
  const present = Object.entries(value).filter(([, part]) => part !== undefined)
  return hashEntries(mix(hash, objectTag), present.length, present, idOf)
}

/** Takes in the items of a list. */
export function hashItems(hash: number, items: readonly unknown[], idOf: IdOf): number {
  let next = mix(mix(hash, listTag), items.length)
  for (const item of items) next = hashValue(next, item, idOf)
  return next
}

/** Takes in that many entries, in whatever order they come. */
export function hashEntries(
  hash: number,
  size: number,
  entries: Iterable<readonly [key: string, value: unknown]>,
  idOf: IdOf,
): number {
  let sum = 0
  for (const [key, value] of entries) sum = (sum + hashValue(hashText(0, key), value, idOf)) | 0
  return mix(mix(hash, size), sum)
}

function hashText(hash: number, text: string): number {
  let next = mix(hash, text.length)
  for (let at = 0; at < text.length; at++) next = mix(next, text.charCodeAt(at))
  return next
}

const float = new DataView(new ArrayBuffer(8))

function hashNumber(hash: number, value: number): number {
  float.setFloat64(0, value)
  return mix(mix(hash, float.getUint32(4)), float.getUint32(0))
}
