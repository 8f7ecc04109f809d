/** The name that somebody mistyped; none when all are too different. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  let found: string | undefined
  // Of a short name two letters are too much: it would be another one.
  let least = Math.max(1, Math.min(2, Math.floor(typed.length / 3))) + 1
  for (const name of names) {
    const distance = edits(typed.toLowerCase(), name.toLowerCase())
    if (distance >= least) continue
    found = name
    least = distance
  }
  return found
}

/** How many letters must be put in, left out, replaced, or swapped with their neighbour to make one text of the other. */
function edits(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let index = 0; index < one.length; index++) {
    const next = [index + 1]
    for (let at = 0; at < other.length; at++) {
      const replaced = (row[at] ?? 0) + (other[at] === one[index] ? 0 : 1)
      const isSwapped = index > 0 && at > 0 && other[at] === one[index - 1] && other[at - 1] === one[index]
      const swapped = isSwapped ? (before[at - 1] ?? 0) + 1 : Infinity
      next.push(Math.min(replaced, swapped, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[other.length] ?? 0
}
