import { pack, unpack } from '@junto/protocol/internal'
import {
  compileLayout,
  decodeLayout,
  differences,
  encodeLayout,
  MirrorTree,
  type CompiledLayout,
  type Layout,
  type TypeIndex,
} from '@junto/schema/internal'
import { filled, lenient, typesOnServer, type Required } from './growth.ts'

// A saved room: [form, hash of the layout, layout, snapshot, metadata]. The snapshot is what a client gets that joins
// (docs/protocol-state.md); it is read by the layout that is saved with it, whatever the contract has become since.
const form = 2

/** A room as it is saved. */
export interface RoomRecord {
  /** The snapshot of its state. */
  readonly snapshot: Uint8Array
  /** The metadata as a map by name; `undefined` when none was set. */
  readonly metadata: unknown
}

/**
 * A room as it is restored. Its epoch and version are not: restoring begins a new epoch, so that nobody mistakes the room
 * for its past.
 */
export interface SavedRoom {
  /** The state as plain values without what is server-only, maps as `Map`s, which keep their order. */
  readonly state: unknown
  /** As it was saved. */
  readonly metadata: unknown
}

/** The bytes of a room for the store. */
export function encodeSavedRoom({ layout, hash }: CompiledLayout, room: RoomRecord): Uint8Array {
  return pack([form, hash, encodeLayout(layout), room.snapshot, room.metadata ?? null])
}

/**
 * Reads what the store gave back.
 *
 * @param required What may be hidden from clients and is never absent on the server.
 * @throws Error naming the fields when the contract has changed so that the state would not fit or would lose something.
 */
export function decodeSavedRoom(
  compiled: CompiledLayout,
  required: Required,
  key: string,
  bytes: Uint8Array,
): SavedRoom {
  const record = unpack(bytes)
  if (!Array.isArray(record)) throw new Error('The store gave back something that is no saved room.')
  const [version, hash, layout, snapshot, metadata] = record as readonly unknown[]
  if (version !== form) {
    throw new Error(
      `The room was saved in form ${String(version)} by another version of Junto; this one reads ${form}.`,
    )
  }
  let saved = compiled
  if (hash !== compiled.hash) {
    saved = compileLayout(decodeLayout(layout))
    refuseUnlessReadable(saved.layout, compiled.layout, key)
  }
  if (!(snapshot instanceof Uint8Array)) throw new Error('The store gave back a room without a state.')
  const tree = new MirrorTree(saved)
  tree.applySnapshot(snapshot)
  const { types, state } = compiled.layout
  const missing: string[] = []
  const grown = filled(typesOnServer(types, required), state, tree.state, 'state', (path) => missing.push(path))
  if (missing.length > 0) throw unreadable(saved.layout, compiled.layout, key, missing.slice(0, listed).map(lacking))
  return { state: grown, metadata: metadata ?? undefined }
}

/** Paths that an error names: every entry of a map may lack a field. */
const listed = 5

/** What was saved, compared with the contract. */
const savedWords = {
  missing: 'the contract needs it, nothing was saved for it',
  optional: 'the contract needs it, what was saved may lack it',
  unknown: 'it was saved, the contract does not have it',
  types: (saved: string, now: string): string => `${saved} was saved, the contract says ${now}`,
}

function lacking(path: string): string {
  return `${path}: ${savedWords.missing}`
}

function refuseUnlessReadable(saved: Layout, now: Layout, key: string): void {
  const reasons = differences(stateOnly(lenient(now, saved)), stateOnly(saved), savedWords)
  const lost = [...lostFields(saved, saved.state, now, now.state, 'state')]
  if (reasons.length === 0 && lost.length === 0) return
  throw unreadable(saved, now, key, [
    ...reasons,
    ...(lost.length > 0 ? [`the contract no longer has ${lost.join(', ')}`] : []),
  ])
}

function unreadable(saved: Layout, now: Layout, key: string, reasons: readonly string[]): Error {
  return new Error(
    `The room ${now.name} was saved with another contract (version ${saved.version}, now ${now.version}): ` +
      `${reasons.join('; ')}. Nothing was changed. Make new fields optional, keep old ones (as optional ones), or ` +
      `delete the saved room with its store: await store.delete(${JSON.stringify(now.name)}, ${JSON.stringify(key)})`,
  )
}

/** Messages do not matter to what is saved. */
function stateOnly(layout: Layout): Layout {
  return { ...layout, presence: undefined, up: [], down: [] }
}

/** Fields that were saved and that nothing would keep now: the next save would drop them. */
function* lostFields(saved: Layout, from: TypeIndex, now: Layout, to: TypeIndex, path: string): Generator<string> {
  const old = saved.types[from]
  const fresh = now.types[to]
  if (!old || !fresh) return
  if (old.kind === 'optional') yield* lostFields(saved, old.type, now, to, path)
  else if (fresh.kind === 'optional') yield* lostFields(saved, from, now, fresh.type, path)
  else if (old.kind === 'record' && fresh.kind === 'record') {
    const kept = new Map(fresh.fields.map(({ name, type }) => [name, type]))
    for (const { name, type } of old.fields) {
      const counterpart = kept.get(name)
      if (counterpart === undefined) yield `${path}.${name}`
      else yield* lostFields(saved, type, now, counterpart, `${path}.${name}`)
    }
  } else if (old.kind === 'map' && fresh.kind === 'map') {
    yield* lostFields(saved, old.type, now, fresh.type, `${path}.*`)
  } else if (old.kind === 'list' && fresh.kind === 'list') {
    yield* lostFields(saved, old.type, now, fresh.type, `${path}[]`)
  } else if (old.kind === 'value' && fresh.kind === 'value') {
    yield* lostFields(saved, old.type, now, fresh.type, path)
  }
}
