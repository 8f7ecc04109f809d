import type { Part } from '../../harness.ts'

/** Times a second at which what happened is told. */
export const tickRate = 20

/** A module beside this one: a server that sends an event to all of its clients at each tick, once it is told to begin. */
export interface PeerModule {
  /** The server, with its port as `ready`, the commands `begin` and `end`, and counting `deliveries`: events handed to a client's connection. */
  serve(): Promise<Part>
  /** Connects one client. `received` is called with the number of each event that came. */
  watch(port: number, received: (n: number) => void): Promise<{ close(): void }>
}

export interface Moved {
  n: number
  x: number
  y: number
}

/** The n-th event: one of the moves of one of a hundred players. */
export const moved = (n: number): Moved => ({ n, x: (n & 2047) * 0.25, y: (n & 511) * 1.5 })

export const isMoved = ({ n, x, y }: Moved): boolean => x === moved(n).x && y === moved(n).y
