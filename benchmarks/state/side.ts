import type { Entity, Kind } from './workload.ts'

/** One of the two that are compared: a module in sides/. */
export interface Side {
  /** A state without entities. */
  createServer(kind: Kind): Server
  createClient(kind: Kind): Client
  /** A state without entities, of which each client sees only some: of the kind float32. */
  createViewServer(): ViewServer
  createViewClient(): Client
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
  has(key: string): boolean
  /** Gets hold of the entities of these keys, for {@link read}. */
  hold(keys: readonly string[]): void
  /** Reads x and y of all entities held. */
  read(xs: Float64Array, ys: Float64Array): void
}

/** A server whose clients each see some of the entities. */
export interface ViewServer {
  add(key: string, entity: Entity): void
  /** Takes in one who looks and sees no entity yet. */
  join(): View
  write(keys: readonly string[], xs: Float64Array, ys: Float64Array, from: number, to: number): void
  /** Ends a tick: makes the patch of each view, in the order in which they joined. Empty where there is nothing new to see. */
  tick(take: (patch: Uint8Array, view: number) => void): void
}

export interface View {
  see(key: string): void
  unsee(key: string): void
  /** What one gets who has nothing yet. To be asked for right after a tick. */
  snapshot(): Uint8Array
}
