import { pack, unpack } from '@junto/protocol/internal'
import { compileLayout, decodeLayout, encodeLayout, MirrorTree, type CompiledLayout } from '@junto/schema/internal'

// A saved room is a list of pieces. The first: [form, hash of the layout, layout, snapshot, metadata, seats]. The snapshot is what a client
// gets that joins and may see everything (docs/protocol-state.md); it is read by the layout that is saved with it, whatever the
// contract has become since. Each further one: [version it is for, patch from that or nil, [metadata] or nil, [seats] or nil],
// where nil says that it is as before.
const form = 3

/** What is saved of a room beside its state. */
export interface Beside {
  /** The metadata as a map by name; `undefined` when none was set. */
  readonly metadata: unknown
  /** Who had a seat: plain values by name, of which only those who put them there know more. */
  readonly seats: readonly unknown[]
}

/** A room as it was saved, by the layout of then. Its epoch and version are left out: restoring begins a new epoch, so that nobody mistakes the room for its past. */
export interface SavedRoom extends Beside {
  readonly layout: CompiledLayout
  /** The state as plain values without what is server-only, maps as `Map`s, which keep their order. */
  readonly state: unknown
}

/** A room as a whole, for the store. */
export function encodeWhole({ layout, hash }: CompiledLayout, snapshot: Uint8Array, beside: Beside): Uint8Array {
  return pack([form, hash, encodeLayout(layout), snapshot, beside.metadata ?? null, beside.seats])
}

/**
 * What changed, for the store.
 *
 * @param from The version of the piece before.
 * @param patch From that to the present one; nothing when the state is as before.
 * @param beside What is not as before.
 */
export function encodeIncrement(
  from: number,
  patch: Uint8Array | undefined,
  beside: { readonly [K in keyof Beside]?: readonly [Beside[K]] },
): Uint8Array {
  const { metadata, seats } = beside
  return pack([from, patch ?? null, metadata ? [metadata[0] ?? null] : null, seats ?? null])
}

/**
 * Reads what the store gave back.
 *
 * @param now The layout of the contract: that of most rooms.
 * @throws Error saying what is wrong with it.
 */
export function readPieces(now: CompiledLayout, [first, ...increments]: readonly Uint8Array[]): SavedRoom {
  const record = first && unpack(first)
  if (!Array.isArray(record)) throw new Error('The store gave back something that is no saved room.')
  const [version, hash, wire, snapshot, ...rest] = record as readonly unknown[]
  if (version !== form) {
    throw new Error(
      `The room was saved in form ${String(version)} by another version of Junto; this one reads ${form}.`,
    )
  }
  if (!(snapshot instanceof Uint8Array)) throw new Error('The store gave back a room without a state.')
  const layout = hash === now.hash ? now : compileLayout(decodeLayout(wire))
  const tree = new MirrorTree(layout)
  tree.applySnapshot(snapshot)
  let [metadata, seats] = rest
  for (const [index, increment] of increments.entries()) {
    const change = readIncrement(increment)
    if (change?.from !== tree.version) {
      throw new Error(
        `Increment ${index + 1} of ${increments.length} of the saved room does not follow the one before.`,
      )
    }
    if (change.patch !== undefined) tree.applyPatch(change.patch)
    if (change.metadata !== undefined) [metadata] = change.metadata
    if (change.seats !== undefined) [seats] = change.seats
  }
  return { layout, state: tree.state, metadata: metadata ?? undefined, seats: Array.isArray(seats) ? seats : [] }
}

interface Increment {
  readonly from: unknown
  readonly patch: Uint8Array | undefined
  /** In an array of its own, for it may be that there is none now. */
  readonly metadata: readonly unknown[] | undefined
  readonly seats: readonly unknown[] | undefined
}

function readIncrement(bytes: Uint8Array): Increment | undefined {
  const record = unpack(bytes)
  if (!Array.isArray(record)) return undefined
  const [from, patch, metadata, seats] = record as readonly unknown[]
  return {
    from,
    patch: patch instanceof Uint8Array ? patch : undefined,
    metadata: Array.isArray(metadata) ? metadata : undefined,
    seats: Array.isArray(seats) ? seats : undefined,
  }
}
