import type { Part } from '../harness.ts'

/** A module in peers/. */
export interface PeerModule {
  /** The server, listening on 127.0.0.1 with `ready` as its port. */
  serve(): Promise<Part>
  connect: Connect
}

/**
 * One client of the load generator. Resolves when calls can be made. `answered` is called with the number of each call
 * that was answered rightly; a wrong answer throws.
 */
export type Connect = (port: number, answered: (n: number) => void) => Promise<Caller>

export interface Caller {
  /** Makes the call number `n`. */
  call(n: number): void
  close(): void
}
