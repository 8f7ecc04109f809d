import { JuntoError } from '@junto/protocol'
import type { AnyContract } from '@junto/schema'
import { localFields, SchemaError, StateTree, type TypeDef, type TypeIndex } from '@junto/schema/internal'
import type { Validators } from '@junto/schema/validate'
import { fitted, type Restored } from './fit.ts'
import { filled, typesOnServer } from './growth.ts'
import type { SavedRoom } from './saved-room.ts'

/** What a step of {@link Migrations} is told of the room, and may say of it. */
export interface Migration {
  /** The room's key. */
  readonly key: string
  /** The version of the contract that it was saved with. */
  readonly from: number
  /** The metadata as it was saved, by name; `undefined` when none was set. Assign another where the contract wants another. */
  metadata: unknown
}

/** Makes of a state that was saved before a version of the contract the state as that version has it. */
export interface MigrationStep {
  /**
   * @param saved The state as plain values, without what is server-only, maps as `Map`s. Annotate it with what it was then.
   * @returns The state, as `onCreate` would return it: maps as `Map`s or plain objects.
   */
  // Written as a method, which TypeScript compares loosely: a step says itself what it takes.
  step(saved: unknown, room: Migration): unknown
}

/**
 * Steps from version to version, each by the version that it leads to. Of these, the ones above the version that a room was saved with run
 * in order when it is loaded. A version whose changes are additive needs none.
 */
export type Migrations = Readonly<Record<number, MigrationStep['step']>>

/** What restores a room of a contract. */
export interface Restorer extends Restored {
  readonly contract: AnyContract
  readonly validators: Validators
  readonly migrations: Migrations
}

/**
 * Checks what was given to `define`.
 *
 * @throws JuntoError `misuse` for a step that could never run.
 */
export function readMigrations(
  { name, shape }: AnyContract,
  given: Migrations | undefined,
  persists: boolean,
): Migrations {
  const misuse = (what: string): JuntoError => new JuntoError('misuse', `migrations of define(${name}, …): ${what}`)
  const steps = Object.entries(given ?? {})
  if (steps.length > 0 && !persists)
    throw misuse('nothing is saved of these rooms; say persist: true, or leave them out')
  for (const [version, step] of steps) {
    const number = Number(version)
    if (typeof step !== 'function') throw misuse(`what leads to version ${version} is no function`)
    if (!Number.isSafeInteger(number) || number > shape.version) {
      throw misuse(`there is a step to version ${version}, and the contract is of version ${shape.version}`)
    }
  }
  return given ?? {}
}

/**
 * A saved room as the contract says it now: by the steps that are declared, or as it is where it still fits.
 *
 * @param begins Told of each step before it runs, by the version that it leads to.
 * @throws Error naming the step that failed, or the fields that do not fit.
 */
export async function restored(
  restorer: Restorer,
  key: string,
  saved: SavedRoom,
  begins: (version: number) => void,
): Promise<SavedRoom & { readonly migrated: boolean }> {
  const { name, version } = saved.layout.layout
  const steps = Object.entries(restorer.migrations)
    .map(([to, step]) => ({ to: Number(to), step }))
    .filter(({ to }) => to > version)
    .toSorted((one, other) => one.to - other.to)
  if (steps.length === 0) {
    return { ...saved, state: fitted(restorer, saved.layout, key, saved.state), migrated: false }
  }
  const room: Migration = { key, from: version, metadata: saved.metadata }
  let { state } = saved
  for (const { to, step } of steps) {
    begins(to)
    try {
      state = await step(state, room)
    } catch (error) {
      throw new Error(`The step of ${name} to version ${to} failed. Nothing was changed.`, { cause: error })
    }
    if (state === undefined || state === null) {
      throw new Error(`The step of ${name} to version ${to} returned no state. Nothing was changed.`)
    }
    // [object Date], [object Array], [object Map]: kinds of their own, whose content no state would have.
    const kind = Object.prototype.toString.call(state).slice('[object '.length, -1)
    if (typeof state !== 'object' || kind !== 'Object') {
      throw new Error(
        `The step of ${name} to version ${to} returned what is no state but of the kind ${kind}: it returns an object with the ` +
          "contract's fields. Nothing was changed.",
      )
    }
  }
  return { ...saved, state: checked(restorer, version, state), metadata: room.metadata, migrated: true }
}

function checked({ contract, compiled, required, validators }: Restorer, from: number, state: unknown): unknown {
  const { types, state: root, name, version } = compiled.layout
  const onServer = typesOnServer(types, required)
  try {
    const extra = unknownField(onServer, localFields(contract), root, state, 'state')
    // The path begins within the state, like those of all other faults.
    if (extra !== undefined)
      throw new SchemaError('invalid_value', extra.slice('state.'.length), 'is not in the contract; leave it out')
    // What else is missing the tree names, in the words of any first state.
    const whole = filled(onServer, root, state, 'state', () => {})
    const tree = StateTree.create(compiled, contract, whole, { epoch: noEpoch })
    validators.state?.(tree.toPlain(), '')
    return whole
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    throw new Error(
      `What the migrations have made of the room ${name} (version ${from}, now ${version}) does not satisfy the contract: ` +
        `${error.message}. Nothing was changed.`,
      { cause: error },
    )
  }
}

/** Of a tree that is made only to see whether it can be. */
const noEpoch = '0'.repeat(16)

/** The path of something that would be lost in silence, because the contract has no field of that name. Not within unions and values kept whole. */
function unknownField(
  types: readonly TypeDef[],
  locals: ReadonlyMap<TypeIndex, readonly string[]>,
  type: TypeIndex,
  value: unknown,
  path: string,
): string | undefined {
  const inside = (inner: TypeIndex, part: unknown, step: string): string | undefined =>
    unknownField(types, locals, inner, part, path + step)
  const def = types[type]
  if (def?.kind === 'optional') return inside(def.type, value, '')
  if (typeof value !== 'object' || value === null) return undefined
  switch (def?.kind) {
    case 'record': {
      const known = new Map(def.fields.map((field) => [field.name, field.type]))
      return first(Object.entries(value), ([name, part]) => {
        const field = known.get(name)
        if (field !== undefined) return inside(field, part, `.${name}`)
        return locals.get(type)?.includes(name) === true ? undefined : `${path}.${name}`
      })
    }
    case 'map': {
      const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value)
      return first(entries, ([key, part]) => inside(def.type, part, `.${String(key)}`))
    }
    case 'list':
      return Array.isArray(value)
        ? first(value.entries(), ([index, part]) => inside(def.type, part, `[${index}]`))
        : undefined
    default:
      return undefined
  }
}

function first<T>(all: Iterable<T>, find: (each: T) => string | undefined): string | undefined {
  for (const each of all) {
    const found = find(each)
    if (found !== undefined) return found
  }
  return undefined
}
