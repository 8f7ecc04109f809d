/** The name that somebody mistyped; none when all are too different. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  let found: string | undefined
  let least = 3
  for (const name of names) {
    const distance = edits(typed.toLowerCase(), name.toLowerCase())
    if (distance >= least) continue
    found = name
    least = distance
  }
  return found
}

/** How many letters must be put in, left out or replaced to make one text of the other. */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let index = 0; index < one.length; index++) {
    const next = [index + 1]
    for (let at = 0; at < other.length; at++) {
      const replaced = (row[at] ?? 0) + (other[at] === one[index] ? 0 : 1)
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
