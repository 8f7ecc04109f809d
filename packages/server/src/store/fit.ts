import { differences, type CompiledLayout, type Layout, type TypeIndex } from '@junto/schema/internal'
import { filled, lenient, typesOnServer, type Required } from './growth.ts'

/** What the contract says now of rooms that are restored. */
export interface Restored {
  readonly compiled: CompiledLayout
  /** What may be hidden from clients and is never absent on the server. */
  readonly required: Required
}

/**
 * A state as it was saved, as the contract says it now: maps and lists that are new begin empty.
 *
 * @throws Error naming the fields when the contract has changed so that the state would not fit or would lose something.
 */
export function fitted({ compiled, required }: Restored, saved: CompiledLayout, key: string, state: unknown): unknown {
  if (saved !== compiled) refuseUnlessReadable(saved.layout, compiled.layout, key)
  const { types, state: root } = compiled.layout
  const missing: string[] = []
  const grown = filled(typesOnServer(types, required), root, state, 'state', (path) => missing.push(path))
  if (missing.length > 0) throw unreadable(saved.layout, compiled.layout, key, missing.slice(0, listed).map(lacking))
  return grown
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
  const step =
    saved.version < now.version
      ? `declare a step in define(${now.name}, …, { migrations: { ${now.version}: (saved) => … } })`
      : `give the contract another version, with a step to it in define(${now.name}, …, { migrations })`
  return new Error(
    `The room ${now.name} was saved with another contract (version ${saved.version}, now ${now.version}): ` +
      `${reasons.join('; ')}. Nothing was changed. Make new fields optional and keep old ones (as optional ones), ${step}, or ` +
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
