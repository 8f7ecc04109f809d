import type { Entity, Kind } from './workload.ts'

/** One of the two that are compared: a module in sides/. */
export interface Side {
  /** A state without entities. */
  createServer(kind: Kind): Server
  createClient(kind: Kind): Client
}

/** The state as a server has it: entities by key. */
export interface Server {
  add(key: string, entity: Entity): void
  remove(key: string): void
  /** Looks up each key from `from` to below `to` and writes x and y of its entity. */
  write(keys: readonly string[], xs: Float64Array, ys: Float64Array, from: number, to: number): void
  /** Ends a tick. The bytes are valid until the next call; empty when nothing changed. */
  encode(): Uint8Array
  /** What one who joins gets. The bytes are valid until the next call. */
  snapshot(): Uint8Array
  /** Entries that are kept beside the state itself. */
  bookkeeping(): number
}

/** A client's copy. */
export interface Client {
  applySnapshot(bytes: Uint8Array): void
  apply(patch: Uint8Array): void
  /** Gets hold of the entities of these keys, for {@link read}. */
  hold(keys: readonly string[]): void
  /** Reads x and y of all entities held. */
  read(xs: Float64Array, ys: Float64Array): void
}
