import { angleFromSteps, angleToSteps, quantizer } from '../../codec/quantized.ts'
import { Draws, type FieldSpec, type Spec } from '../../state/random-state.fixture.ts'
import { writeSomething } from '../../state/random-writes.fixture.ts'
import type { MirrorTree } from '../mirror-tree.ts'
import { Edit } from './edits-ahead.ts'

/** A state of some type. */
type RecordSpec = Spec & { kind: 'record' }

/** Some random writes that are the same wherever the state is the same. */
export class RandomEdit extends Edit {
  readonly seed: number

  constructor(spec: RecordSpec, mirror: MirrorTree, seed: number) {
    super((state) => this.#write(spec, state, mirror))
    this.seed = seed
  }

  #write(spec: RecordSpec, live: unknown, mirror: MirrorTree): void {
    writeAll(spec, live, structuredClone(Object(mirror.state)), this.seed)
  }
}

/** What a {@link RandomEdit} of that seed does, to a state and to a model of it. */
export function writeAll(spec: RecordSpec, live: unknown, model: Record<string, unknown>, seed: number): void {
  const draws = new Draws(seed)
  for (let writes = 1 + draws.below(4); writes > 0; writes--) writeSomething({ spec, live, model }, draws)
  if (draws.chance(0.1)) throw new Error('The edit changed its mind')
}

/** What a mirror shows, with numbers as they are sent: those of edits stand in it as they were written. */
export function rounded(spec: Spec, shown: unknown): unknown {
  if (shown === undefined || shown === null) return shown
  switch (spec.kind) {
    case 'leaf': {
      if (typeof shown !== 'number') return shown
      if (spec.def.kind === 'angle') return angleFromSteps(angleToSteps(shown))
      if (spec.def.kind !== 'quantized') return shown
      const { fromSteps, toSteps } = quantizer(spec.def)
      return fromSteps(toSteps(shown))
    }
    case 'owner':
      return shown
    case 'record':
      return roundedFields(spec.fields, shown)
    case 'tagged':
      return { kind: Object(shown).kind, ...roundedFields(spec.of[Object(shown).kind]?.fields ?? [], shown) }
    case 'map': {
      const round = ([key, part]: [string, unknown]): [string, unknown] => [key, rounded(spec.of, part)]
      return shown instanceof Map
        ? new Map(Array.from(shown, round))
        : Object.fromEntries(Object.entries(shown).map(round))
    }
    case 'list':
      return Array.isArray(shown) ? shown.map((item) => rounded(spec.of, item)) : shown
    case 'tuple':
      return Array.isArray(shown) ? spec.of.map((element, index) => rounded(element, shown[index])) : shown
    case 'value':
    case 'nullable':
      return rounded(spec.of, shown)
  }
}

function roundedFields(fields: readonly FieldSpec[], shown: unknown): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const { name, spec } of fields) {
    const value = Object.hasOwn(Object(shown), name) ? rounded(spec, Object(shown)[name]) : undefined
    if (value !== undefined) record[name] = value
  }
  return record
}

/** Whether values of a type can differ as written that are the same when they are sent, or are sent again when they are the same. */
export function drifts(spec: Spec): boolean {
  switch (spec.kind) {
    case 'leaf':
      return spec.def.kind === 'quantized' || spec.def.kind === 'angle' || spec.def.kind === 'bytes'
    case 'owner':
      return false
    case 'record':
      return spec.fields.some((field) => drifts(field.spec))
    case 'tagged':
    case 'tuple':
      return spec.of.some(drifts)
    default:
      return drifts(spec.of)
  }
}

/** Whether there are lists in it of what is changed in place. */
export function hasListsOfNodes(spec: Spec): boolean {
  switch (spec.kind) {
    case 'record':
      return spec.fields.some((field) => hasListsOfNodes(field.spec))
    case 'list':
      return holdsNodes(spec.of)
    case 'map':
    case 'nullable':
      return hasListsOfNodes(spec.of)
    case 'tagged':
      return spec.of.some(hasListsOfNodes)
    default:
      return false
  }
}

function holdsNodes(spec: Spec): boolean {
  return spec.kind === 'nullable' ? holdsNodes(spec.of) : ['record', 'list', 'map', 'tagged'].includes(spec.kind)
}

/** All that is changed in place in a state, by its path. */
export function objectsIn(shown: unknown, path = '', found = new Map<string, object>()): ReadonlyMap<string, object> {
  if (typeof shown !== 'object' || shown === null || shown instanceof Uint8Array || Object.isFrozen(shown)) return found
  found.set(path, shown)
  const entries = shown instanceof Map ? shown.entries() : Object.entries(shown)
  for (const [key, part] of entries) objectsIn(part, `${path}/${String(key)}`, found)
  return found
}
