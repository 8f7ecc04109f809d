import { t } from '@junto/schema'
import fc from 'fast-check'
import type { TSchema } from 'typebox'

// Random contracts: what a state is made of, as a tree, and the schema of it.

/** What a part of a state is. */
export type Kind =
  | { readonly kind: 'atom'; readonly atom: Atom }
  | RecordKind
  | { readonly kind: 'map'; readonly of: Kind; readonly viewed: boolean }
  | { readonly kind: 'list'; readonly of: Kind }
  | { readonly kind: 'nullable'; readonly of: RecordKind }
  /** Records told apart by their field `is`: 0, 1, … */
  | { readonly kind: 'union'; readonly of: readonly RecordKind[] }

export interface RecordKind {
  readonly kind: 'record'
  /** It has a field `by`, which says whose it is. */
  readonly owned: boolean
  readonly fields: readonly FieldKind[]
}

export interface FieldKind {
  readonly name: string
  readonly of: Kind
  readonly optional: boolean
  /** Who sees it, if not all. */
  readonly to: readonly Audience[] | undefined
}

export type MapKind = Extract<Kind, { kind: 'map' }>

const atoms = ['text', 'whole', 'steps', 'float', 'flag', 'bytes', 'json', 'value'] as const
export type Atom = (typeof atoms)[number]

export const tags = ['red', 'blue'] as const
export type Tag = (typeof tags)[number]
export type Audience = Tag | 'owner'

/** Who may own a record; nobody is `''`. */
export const owners = ['', 'ann', 'bob', 'cyd'] as const

/** A record as it is drawn, before the fields have names, and before it is known whether the record is owned. */
interface Drawn {
  readonly owned: boolean
  readonly fields: readonly {
    readonly of: Kind
    readonly optional: boolean
    readonly to: readonly Audience[] | undefined
  }[]
}

function named({ owned, fields }: Drawn): RecordKind {
  const audience = (to: readonly Audience[] | undefined): readonly Audience[] | undefined => {
    const known = owned ? to : to?.filter((word) => word !== 'owner')
    return known === undefined || known.length === 0 ? undefined : known
  }
  return {
    kind: 'record',
    owned,
    fields: fields.map(({ of, optional, to }, index) => ({ name: `f${index}`, of, optional, to: audience(to) })),
  }
}

const audiences = fc.subarray<Audience>(['owner', ...tags], { minLength: 1 })

/** Levels of a layout that a part of the state takes, at most. */
function levels(kind: Kind): number {
  switch (kind.kind) {
    case 'atom':
      return kind.atom === 'json' ? 17 : 4
    case 'record':
      return 2 + Math.max(...kind.fields.map(({ of }) => levels(of)))
    case 'union':
      return 1 + Math.max(...kind.of.map(levels))
    case 'map':
    case 'list':
    case 'nullable':
      return 1 + levels(kind.of)
  }
}

const { record, tracked } = fc.letrec<{ kind: Kind; tracked: Kind; record: RecordKind }>((tie) => ({
  kind: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: fc.constantFrom(...atoms).map((atom): Kind => ({ kind: 'atom', atom })) },
    { weight: 4, arbitrary: tie('tracked') },
    { weight: 1, arbitrary: tie('record').map((of): Kind => ({ kind: 'nullable', of })) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('map', 'list'), of: tie('kind') }).map(collection) },
  ),
  // What can be in a view.
  tracked: fc.oneof(
    { weight: 3, arbitrary: tie('record') },
    { weight: 1, arbitrary: fc.array(tie('record'), { minLength: 2, maxLength: 3 }).map(union) },
    { weight: 2, arbitrary: tie('tracked').map(viewed) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('map', 'list'), of: tie('kind') }).map(collection) },
  ),
  record: fc
    .record({
      owned: fc.boolean(),
      fields: fc.array(
        fc.record({ of: tie('kind'), optional: fc.boolean(), to: fc.option(audiences, { nil: undefined, freq: 2 }) }),
        { minLength: 1, maxLength: 5, size: 'max' },
      ),
    })
    .map(named),
}))

/**
 * Random types of states: of atoms, maps, lists and records in any nesting, some of it not seen by all. There is always a viewed
 * map of which it takes nothing else to see something.
 */
export const stateKinds: fc.Arbitrary<RecordKind> = fc
  .record({ entity: tracked, more: record })
  .map(({ entity, more: { owned, fields } }): RecordKind => {
    const units: FieldKind = { name: 'units', of: viewed(entity), optional: false, to: undefined }
    return { kind: 'record', owned, fields: [units, ...fields] }
  })
  // What is around it takes two of the levels that a contract may have.
  .filter((kind) => levels(kind) <= 26)

function viewed(of: Kind): Kind {
  return { kind: 'map', of, viewed: true }
}

/** The tags that a state names. */
export function tagsOf(kind: Kind): ReadonlySet<Tag> {
  const named = new Set<Tag>()
  JSON.stringify(kind, (_, value: unknown) => {
    for (const tag of tags) if (value === tag) named.add(tag)
    return value
  })
  return named
}

function collection({ kind, of }: { readonly kind: 'map' | 'list'; readonly of: Kind }): Kind {
  return kind === 'list' ? { kind, of } : { kind, of, viewed: false }
}

function union(of: readonly RecordKind[]): Kind {
  return { kind: 'union', of }
}

/** The schema of a part of a state. */
export function schemaOf(kind: Kind): TSchema {
  switch (kind.kind) {
    case 'atom':
      return schemaOfAtom(kind.atom)
    case 'record':
      return schemaOfRecord(kind)
    case 'map':
      return kind.viewed ? t.Map(schemaOf(kind.of), { view: true }) : t.Map(schemaOf(kind.of))
    case 'list':
      return t.Array(schemaOf(kind.of))
    case 'nullable':
      return t.Union([t.Null(), schemaOf(kind.of)])
    case 'union':
      return t.Union(kind.of.map((variant, index) => schemaOfRecord(variant, { is: t.Literal(index) })))
  }
}

function schemaOfRecord({ owned, fields }: RecordKind, more: Record<string, TSchema> = {}): TSchema {
  const schemas: Record<string, TSchema> = { ...more }
  if (owned) schemas['by'] = t.Owner()
  for (const { name, of, optional, to } of fields) {
    const [first, ...others] = to ?? []
    const shown = first === undefined ? schemaOf(of) : t.Visible([first, ...others], schemaOf(of))
    schemas[name] = optional ? t.Optional(shown) : shown
  }
  return t.Object(schemas)
}

function schemaOfAtom(atom: Atom): TSchema {
  switch (atom) {
    case 'text':
      return t.String()
    case 'whole':
      return t.Integer()
    case 'steps':
      return t.Quantized({ min: -1000, max: 1000, step: 0.5 })
    case 'float':
      return t.Float32()
    case 'flag':
      return t.Boolean()
    case 'bytes':
      return t.Bytes()
    case 'json':
      return t.Json()
    case 'value':
      return t.Value(t.Object({ note: t.String(), size: t.Optional(t.Uint8()) }))
  }
}
