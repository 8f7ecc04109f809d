/** The parameters of the call that every peer answers. */
export interface Placement {
  name: string
  x: number
  y: number
  color: number
  locked: boolean
}

export interface Placed {
  id: string
  distance: number
}

/** Parameters of the n-th call of a connection; they vary, as real ones do. */
export function placement(n: number): Placement {
  return { name: `shape-${n & 1023}`, x: (n & 2047) * 0.25, y: (n & 511) * 1.5, color: n & 255, locked: (n & 1) === 1 }
}

/** What the handler does in every peer. */
export function place({ name, x, y }: Placement): Placed {
  placed++
  return { id: name, distance: Math.abs(x) + Math.abs(y) }
}

/** Whether an answer is right. The load generator looks at each. */
export function isAnswerTo(n: number, id: unknown, distance: unknown): boolean {
  return id === `shape-${n & 1023}` && distance === (n & 2047) * 0.25 + (n & 511) * 1.5
}

let placed = 0

/** How many calls this process handled. */
export const counters = (): { calls: number } => ({ calls: placed })
