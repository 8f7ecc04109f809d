/** The hash of a state (docs/protocol-state.md, S27 and S28). */

/** A node that a value may be: what refers to it tells its id. */
export interface Referred {
  readonly id: number
}

/** `mix`, over all words. */
export function hashOf(words: Iterable<number>): number {
  let hash = 0
  for (const word of words) {
    const product = (BigInt((hash ^ word) >>> 0) * 0x9e37_79b1n) & 0xffff_ffffn
    hash = Number(product ^ (product >> 15n))
  }
  return hash
}

/** The words of a value; of a node, those of a reference to it. */
export function* wordsOf(value: unknown, nodeIn: (value: unknown) => Referred | undefined): Iterable<number> {
  const node = nodeIn(value)
  if (node !== undefined) yield* [11, node.id]
  else if (value === undefined) yield 1
  else if (value === null) yield 2
  else if (typeof value === 'boolean') yield value ? 4 : 3
  else if (typeof value === 'number') yield* [5, ...halves(value)]
  else if (typeof value === 'string') yield* [6, ...units(value)]
  else if (typeof value === 'bigint') yield* [7, ...units(value.toString())]
  else if (value instanceof Uint8Array) yield* [8, value.length, ...value]
  else if (Array.isArray(value)) {
    yield* [9, value.length]
    for (const item of value) yield* wordsOf(item, nodeIn)
  } else {
    const entries = value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value as object)
    yield 10
    yield* entriesOf(
      entries.filter(([, each]) => each !== undefined),
      nodeIn,
    )
  }
}

/** The number of entries, and the sum of their hashes. */
export function entriesOf(
  entries: readonly (readonly [key: string, value: unknown])[],
  nodeIn: (value: unknown) => Referred | undefined,
): readonly number[] {
  let sum = 0
  for (const [key, value] of entries) sum += hashOf([...units(key), ...wordsOf(value, nodeIn)])
  return [entries.length, sum % 2 ** 32]
}

/** The length of a text and its UTF-16 units. */
function units(text: string): number[] {
  return [text.length, ...Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))]
}

/** The lower and the upper half of a float64. */
function halves(value: number): readonly number[] {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return [view.getUint32(4), view.getUint32(0)]
}
