import fc from 'fast-check'
import { Handle } from '../nodes/state-node.ts'
import { ownerWord } from '../../visibility-marks.ts'
import { arrayOf, Draws, ownerNames, type FieldSpec, type Spec } from '../random-state.fixture.ts'
import { TrackedList } from '../nodes/tracked-list.ts'
import { TrackedMap } from '../nodes/tracked-map.ts'

/** The tags of random states. */
export const tagNames = ['red', 'blue']

const names = ['a', 'b', 'c', 'd', 'e', 'f']
const leaves: readonly Spec[] = [
  { kind: 'leaf', def: { kind: 'string' } },
  { kind: 'leaf', def: { kind: 'string' } },
  { kind: 'leaf', def: { kind: 'float64' } },
  { kind: 'leaf', def: { kind: 'int' } },
  { kind: 'leaf', def: { kind: 'angle' } },
  { kind: 'leaf', def: { kind: 'quantized', min: -100, max: 100, step: 0.01 } },
  { kind: 'value', of: { kind: 'list', of: { kind: 'leaf', def: { kind: 'string' } } } },
]

const audiences: readonly (readonly string[])[] = [[ownerWord], ['red'], ['blue', 'red'], ['blue', ownerWord]]

const text: Spec = { kind: 'leaf', def: { kind: 'string' } }
const steps: Spec = { kind: 'leaf', def: { kind: 'quantized', min: -100, max: 100, step: 0.01 } }

/** A small world: entities come and go and are looked at from all sides, with others in them. */
export const world: Spec & { kind: 'record' } = {
  kind: 'record',
  fields: [
    { name: 'title', optional: false, spec: text },
    {
      name: 'hands',
      optional: false,
      spec: {
        kind: 'map',
        of: {
          kind: 'record',
          fields: [
            { name: 'own', optional: false, spec: { kind: 'owner' } },
            { name: 'x', optional: false, spec: steps },
            { name: 'wager', optional: false, visible: [ownerWord], spec: text },
          ],
        },
      },
    },
    {
      name: 'units',
      optional: false,
      spec: {
        kind: 'map',
        viewed: true,
        of: {
          kind: 'record',
          fields: [
            { name: 'x', optional: false, spec: steps },
            { name: 'y', optional: false, spec: steps },
            { name: 'name', optional: true, spec: text },
            {
              name: 'bag',
              optional: true,
              spec: { kind: 'list', of: { kind: 'record', fields: [{ name: 'x', optional: false, spec: steps }] } },
            },
          ],
        },
      },
    },
    {
      name: 'ships',
      optional: false,
      spec: {
        kind: 'map',
        viewed: true,
        of: {
          kind: 'record',
          fields: [
            { name: 'own', optional: false, spec: { kind: 'owner' } },
            { name: 'x', optional: false, spec: steps },
            {
              name: 'cargo',
              optional: false,
              visible: [ownerWord, 'red'],
              spec: { kind: 'map', of: { kind: 'record', fields: [{ name: 'what', optional: false, spec: text }] } },
            },
            {
              name: 'crew',
              optional: false,
              spec: {
                kind: 'map',
                viewed: true,
                of: {
                  kind: 'record',
                  fields: [
                    { name: 'x', optional: false, spec: steps },
                    { name: 'role', optional: false, visible: ['blue'], spec: text },
                  ],
                },
              },
            },
          ],
        },
      },
    },
  ],
}

/** Random types of states in which much depends on who looks. */
export const visibleSpecs: fc.Arbitrary<Spec & { kind: 'record' }> = fc.letrec<{
  spec: Spec
  node: Spec
  record: Spec & { kind: 'record' }
}>((tie) => ({
  spec: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: fc.constantFrom(...leaves) },
    { weight: 4, arbitrary: tie('node') },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom<Spec>({ kind: 'leaf', def: { kind: 'string' } }, { kind: 'leaf', def: { kind: 'int' } })
        .chain((of) => fc.constantFrom<Spec>({ kind: 'map', of }, { kind: 'list', of })),
    },
    { weight: 1, arbitrary: tie('node').map((of): Spec => ({ kind: 'nullable', of })) },
  ),
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: tie('record') },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('map'), of: tie('node'), viewed: fc.constant(true) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('map', 'list'), of: tie('node') }) },
    {
      weight: 1,
      arbitrary: fc.array(tie('record'), { minLength: 2, maxLength: 2 }).map((of): Spec => ({ kind: 'tagged', of })),
    },
  ),
  record: fc
    .record({
      owned: fc.boolean(),
      fields: fc.array(
        fc.record({
          optional: fc.boolean(),
          spec: tie('spec'),
          visible: fc.option(fc.constantFrom(...audiences), { nil: undefined }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    })
    .map(({ owned, fields }): Spec & { kind: 'record' } => ({
      kind: 'record',
      fields: [
        ...(owned ? [{ name: 'own', optional: false, spec: { kind: 'owner' } } as const] : []),
        ...fields.map(({ optional, spec, visible }, index): FieldSpec => {
          const field = { name: names[index] ?? '', optional, spec }
          // Only what has an owner can be shown to it.
          const audience = visible?.filter((word) => owned || word !== ownerWord) ?? []
          return audience.length === 0 ? field : { ...field, visible: audience }
        }),
      ],
    })),
})).record

/** Draws in which each text and number occurs once, so that it can be found in bytes: `§7§`. Keys, `¶7¶`, come again. */
export class MarkedDraws extends Draws {
  #count = 0
  readonly #keys: string[] = []

  override text(): string {
    return `§${this.#count++}§`
  }

  override float(): number {
    return Math.PI * ++this.#count
  }

  override key(): string {
    if (this.#keys.length > 0 && this.chance(0.6)) return this.one(this.#keys)
    const key = `¶${this.#count++}¶`
    this.#keys.push(key)
    return key
  }
}

/** What a viewer may see, kept as plainly as can be. */
export class Sight {
  owner: string
  readonly tags = new Set<string>()
  /** The entities in its view, in the order in which they came. */
  readonly seen = new Set<unknown>()
  /** Those that were in its view when the last version was closed. */
  #before: ReadonlySet<unknown> = new Set()

  constructor(owner: string) {
    this.owner = owner
  }

  /** A version was closed: what left and came back in between has kept its place. */
  close(): void {
    const kept = [...this.#before].filter((entity) => this.seen.has(entity))
    const all = new Set([...kept, ...this.seen])
    this.seen.clear()
    for (const entity of all) this.seen.add(entity)
    this.#before = all
  }

  /** What its mirror is to show of a state; both its live value and its model are needed, to know which entity is which. */
  shown(spec: Spec, live: unknown, model: unknown): unknown {
    if (model === undefined) return undefined
    switch (spec.kind) {
      case 'record':
        return this.#record(spec.fields, live, Object(model), {})
      case 'tagged': {
        const { kind } = Object(model)
        return this.#record(spec.of[kind]?.fields ?? [], live, Object(model), { kind })
      }
      case 'nullable':
        return model === null ? null : this.shown(spec.of, live, model)
      case 'list': {
        if (!(live instanceof TrackedList)) return model
        return arrayOf(model).map((item, index) => this.shown(spec.of, live.at(index), item))
      }
      case 'map': {
        if (!(live instanceof TrackedMap) || !(model instanceof Map)) return model
        const keys = spec.viewed === true ? this.#keysOf(live) : [...live.keys()]
        return new Map(keys.map((key) => [key, this.shown(spec.of, live.get(key), model.get(key))]))
      }
      default:
        return model
    }
  }

  #record(
    fields: readonly FieldSpec[],
    live: unknown,
    model: Record<string, unknown>,
    shown: Record<string, unknown>,
  ): unknown {
    const owner = fields.find(({ spec }) => spec.kind === 'owner')?.name
    for (const { name, spec, visible } of fields) {
      const owns = owner !== undefined && this.owner !== '' && model[owner] === this.owner
      const may = visible?.some((word) => (word === ownerWord ? owns : this.tags.has(word))) ?? true
      const part = may ? this.shown(spec, Object(live)[name], model[name]) : undefined
      if (part !== undefined) shown[name] = part
    }
    return shown
  }

  #keysOf(map: TrackedMap): string[] {
    const keys = new Map([...map].map(([key, entity]) => [entity, key]))
    return [...this.seen].flatMap((entity) => keys.get(entity) ?? [])
  }
}

/** All entities of viewed maps in a state. */
export function entitiesOf(spec: Spec, live: unknown): unknown[] {
  if (Handle.node(live) === undefined) return []
  switch (spec.kind) {
    case 'record':
      return spec.fields.flatMap(({ name, spec: of }) => entitiesOf(of, Object(live)[name]))
    case 'tagged':
      return (spec.of[Object(live).kind]?.fields ?? []).flatMap(({ name, spec: of }) =>
        entitiesOf(of, Object(live)[name]),
      )
    case 'nullable':
      return entitiesOf(spec.of, live)
    case 'list':
      return live instanceof TrackedList ? live.slice().flatMap((item) => entitiesOf(spec.of, item)) : []
    case 'map': {
      if (!(live instanceof TrackedMap)) return []
      const entities = [...live.values()]
      const below = entities.flatMap((entity) => entitiesOf(spec.of, entity))
      return spec.viewed === true ? [...entities, ...below] : below
    }
    default:
      return []
  }
}

/** All texts in a plain value, keys included. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  if (value instanceof Map) return [...value].flatMap(([key, part]) => [key, ...textsIn(part)])
  return Object.values(value).flatMap(textsIn)
}

/** All numbers in a plain value that are no small whole ones. */
export function fractionsIn(value: unknown): number[] {
  if (typeof value === 'number') return Number.isInteger(value) ? [] : [value]
  if (typeof value !== 'object' || value === null) return []
  return (value instanceof Map ? [...value.values()] : Object.values(value)).flatMap(fractionsIn)
}

/** Somebody's name, or nobody's. */
export function drawOwner(draws: Draws): string {
  return draws.one(['', ...ownerNames])
}
