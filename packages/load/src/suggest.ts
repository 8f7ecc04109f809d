/** The name that was probably meant, where one is near enough. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(given.length / 3))
  const ranked = names.map((name) => ({ name, distance: distanceBetween(given.toLowerCase(), name.toLowerCase()) }))
  const [best] = ranked.sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= most ? best.name : undefined
}

/** `; did you mean 'ramp'?`, or what there is. */
export function suggestion(given: string, names: readonly string[]): string {
  const near = nearest(given, names)
  return near === undefined ? `; there are ${names.join(', ')}` : `; did you mean '${near}'?`
}

/** So many letters have to be put in, taken out, replaced, or swapped with their neighbour. */
function distanceBetween(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity
  for (let row = 1; row <= a.length; row++) {
    rows.push([row])
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      rows[row]?.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (same ? 0 : 1),
          swapped ? at(row - 2, column - 2) + 1 : Infinity,
        ),
      )
    }
  }
  return at(a.length, b.length)
}
