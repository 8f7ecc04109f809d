/** Where a run of numbers begins among others, as near to a place as there is one; -1 when there is none. An empty run is nowhere. */
export function nearestRun(numbers: readonly number[], run: readonly number[], place: number): number {
  if (run.length === 0) return -1
  // Knuth, Morris and Pratt: for each beginning of the run, how long the longest of its own beginnings is that it ends with.
  const fallbacks = [0]
  for (let index = 1, length = 0; index < run.length; index++) {
    while (length > 0 && run[index] !== run[length]) length = fallbacks[length - 1] ?? 0
    if (run[index] === run[length]) length++
    fallbacks.push(length)
  }
  let best = -1
  for (let index = 0, length = 0; index < numbers.length; index++) {
    while (length > 0 && numbers[index] !== run[length]) length = fallbacks[length - 1] ?? 0
    if (numbers[index] === run[length]) length++
    if (length < run.length) continue
    const start = index + 1 - length
    if (best === -1 || Math.abs(start - place) < Math.abs(best - place)) best = start
    length = fallbacks[length - 1] ?? 0
  }
  return best
}

/** Indexes of the longest part of a sequence that ascends; negative numbers do not count. */
export function longestAscent(numbers: readonly number[]): ReadonlySet<number> {
  // By length, the index of the smallest number that an ascent of that length ends with.
  const ends: number[] = []
  const before: number[] = []
  for (const [index, number] of numbers.entries()) {
    before.push(-1)
    if (number < 0) continue
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1
      else high = middle
    }
    if (low > 0) before[index] = ends[low - 1] ?? -1
    ends[low] = index
  }
  const ascent = new Set<number>()
  for (let index = ends.at(-1) ?? -1; index !== -1; index = before[index] ?? -1) ascent.add(index)
  return ascent
}
