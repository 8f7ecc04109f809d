import type { Reader } from '../patch/reader.ts'

/** A list as a patch makes it. */
export interface Runs {
  /** Everything stayed, and items were put after it: `items` are these only. */
  readonly appended: boolean
  readonly items: readonly unknown[]
  /** Items that stand no longer in it. */
  readonly gone: readonly unknown[]
}

/** Reads what became of a list, as runs of items it had and runs of new ones. No item can be kept twice. */
export function readRuns(reader: Reader, before: readonly unknown[], readItems: (count: number) => unknown[]): Runs {
  const items: unknown[] = []
  let kept: Uint8Array | undefined
  let expected = 0
  let appended = true
  let all = false
  const runs = reader.count()
  for (let run = 0; run < runs; run++) {
    const code = reader.varint()
    const count = Math.floor(code / 2)
    if (count === 0) throw reader.bad('S19')
    if (code % 2 === 1) {
      // The items are bytes that are still to come.
      reader.atLeast(count)
      const added = readItems(count)
      if (run === 0 && before.length > 0) appended = false
      for (const item of added) items.push(item)
      continue
    }
    const from = expected + reader.signed()
    expected = from + count
    if (from < 0 || expected > before.length) throw reader.bad('S19')
    if (run === 0 && count === before.length) {
      all = true
      continue
    }
    if (all) throw reader.bad('S19')
    appended = false
    kept ??= new Uint8Array(before.length)
    for (let at = from; at < expected; at++) {
      if (kept[at] === 1) throw reader.bad('S19')
      kept[at] = 1
      items.push(before[at])
    }
  }
  if (runs === 0 && before.length > 0) appended = false
  if (appended) return { appended, items, gone: [] }
  return { appended, items, gone: kept === undefined ? before : before.filter((_, at) => kept[at] === 0) }
}
