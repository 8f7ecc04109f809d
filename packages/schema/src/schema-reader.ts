import { step } from './codec/fault.ts'
import { rangeFault } from './codec/quantized.ts'
import { SchemaError } from './errors.ts'
import { isWellFormed, layoutBounds, nameFault } from './layout-bounds.ts'
import type { Field, LiteralValue, NumberKind, SimpleKind, TypeDef, TypeIndex } from './layout.ts'
import { adviceFor } from './untravelled.ts'
import { audienceFault, ownerWord, RecordMarks, type Visibility } from './visibility-marks.ts'

/**
 * What is around a schema, which decides what may stand in it.
 *
 * - `state`: tracked. Maps are `t.Map`; fields may be `t.Local`, `t.Visible` and `t.Owner`.
 * - `user`: plain data of the server. Fields may be `t.Local`.
 * - `plain`: plain data that travels.
 */
export type Place = 'state' | 'user' | 'plain'

/** The keyword by which the types of `t` that JSON Schema does not know say what they are. */
export const wireKeyword = '~wire'

/** The value of {@link wireKeyword}. */
export type WireMark =
  | { readonly kind: NumberKind | 'bytes' | 'json' | 'value' | 'local' | 'owner' | 'id' }
  /** `fault`: what is wrong with its options. */
  | { readonly kind: 'map'; readonly view: boolean; readonly fault?: string }
  | { readonly kind: 'visible'; readonly to: readonly string[] }
  | { readonly kind: 'quantized'; readonly min: number; readonly max: number; readonly step: number }

type Keywords = Readonly<Record<string, unknown>>

/** Turns TypeBox schemas into types of a layout. Equal types become one. */
export class SchemaReader {
  readonly types: TypeDef[] = []
  /** Of the records that have server-only fields: their names. */
  readonly locals = new Map<TypeIndex, readonly string[]>()
  readonly #owners = new Map<TypeIndex, string>()
  readonly #visible = new Map<TypeIndex, ReadonlyMap<string, readonly string[]>>()
  readonly #shown = new Map<TypeIndex, ReadonlySet<string>>()
  readonly #viewed = new Set<TypeIndex>()
  readonly #known = new Map<string, TypeIndex>()
  /** Schemas that were read: one that is used in many places is looked at once. */
  readonly #read = {
    state: new Map<Keywords, TypeIndex>(),
    user: new Map<Keywords, TypeIndex>(),
    plain: new Map<Keywords, TypeIndex>(),
  } as const satisfies Record<Place, Map<Keywords, TypeIndex>>

  /** The type of a schema. @throws SchemaError `invalid_contract` with the path of what cannot travel. */
  read(schema: unknown, path: string, place: Place): TypeIndex {
    return this.#visit(schema, path, place, 0)
  }

  /** The index of a type, also of one that no schema stands for. `marks` tell apart what is the same in a layout. */
  add(def: TypeDef, marks?: unknown): TypeIndex {
    const key = JSON.stringify([def, marks], (_, value: unknown) =>
      typeof value === 'bigint' ? { bigint: String(value) } : value,
    )
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const index = this.types.push(def) - 1
    this.#known.set(key, index)
    return index
  }

  /** What of the types that were read depends on who looks; nothing when all see all. */
  get visibility(): Visibility | undefined {
    if (this.#visible.size + this.#viewed.size === 0) return undefined
    const tags = new Set([...this.#visible.values()].flatMap((fields) => [...fields.values()].flat()))
    tags.delete(ownerWord)
    return { owners: this.#owners, fields: this.#visible, required: this.#shown, viewed: this.#viewed, tags }
  }

  #visit(schema: unknown, path: string, place: Place, depth: number): TypeIndex {
    if (depth > 4 * layoutBounds.depth) throw refusal(path, 'nests too deep, or contains itself')
    const keywords = keywordsOf(schema, path)
    if (keywords['~optional'] !== undefined) {
      throw refusal(path, 'is optional, which only a field of an object can be: make it a union with t.Null()')
    }
    return this.#required(keywords, path, place, depth)
  }

  #required(keywords: Keywords, path: string, place: Place, depth: number): TypeIndex {
    const known = this.#read[place].get(keywords)
    if (known !== undefined) return known
    const mark = markOf(keywords)
    // Anything may carry further keywords. This one, unread, would show to everybody what was meant to be hidden.
    if (keywords['view'] === true) {
      throw refusal(
        path,
        'has { view: true }, which only a map can have: put the entries into t.Map(T, { view: true })',
      )
    }
    const type =
      mark === undefined
        ? this.#standard(keywords, path, place, depth)
        : this.#marked(mark, keywords, path, place, depth)
    this.#read[place].set(keywords, type)
    return type
  }

  #marked(mark: WireMark, keywords: Keywords, path: string, place: Place, depth: number): TypeIndex {
    switch (mark.kind) {
      case 'quantized': {
        const wrong = rangeFault(mark)
        if (wrong !== undefined) throw refusal(path, wrong)
        return this.add({ kind: 'quantized', min: mark.min, max: mark.max, step: mark.step })
      }
      case 'map': {
        if (mark.fault !== undefined) throw refusal(path, mark.fault)
        const type = this.#visit(keywords['additionalProperties'], `${path}.*`, place, depth + 1)
        return mark.view ? this.#viewedMap(type, path, place) : this.add({ kind: 'map', type })
      }
      case 'value': {
        const [inner] = schemasOf(keywords['allOf'], path)
        return this.#value(this.#visit(inner, path, 'plain', depth + 1))
      }
      case 'local':
        throw refusal(path, 't.Local is for fields of the state (or of the user): it stays on the server')
      case 'visible':
      case 'owner':
        throw refusal(path, misplaced(mark.kind, place))
      case 'id':
        return this.add({ kind: 'string' })
      default:
        return this.add({ kind: mark.kind })
    }
  }

  #standard(keywords: Keywords, path: string, place: Place, depth: number): TypeIndex {
    const kind = kindOf(keywords)
    const simple = simpleKinds[kind]
    if (simple !== undefined) return this.add({ kind: simple })
    switch (kind) {
      case 'Literal':
        return this.add({ kind: 'literal', value: constant(keywords['const'], path) })
      case 'Enum':
        return this.#enum(keywords['enum'], path)
      case 'Object':
      case 'Intersect':
        return this.#record(keywords, path, place, depth)
      case 'Record': {
        if (place === 'state') throw refusal(path, 'is t.Record, which state cannot track: use t.Map(value)')
        const patterns = keywords['patternProperties']
        const [value] = isObject(patterns) ? Object.values(patterns) : [keywords['additionalProperties']]
        return this.add({ kind: 'map', type: this.#visit(value, `${path}.*`, place, depth + 1) })
      }
      case 'Array':
        return this.add({ kind: 'list', type: this.#visit(keywords['items'], `${path}[]`, place, depth + 1) })
      case 'Tuple': {
        const items = schemasOf(keywords['items'] ?? keywords['prefixItems'], path)
        const types = items.map((item, index) => this.#visit(item, `${path}[${index}]`, inner(place), depth + 1))
        return this.add({ kind: 'tuple', types })
      }
      case 'Union': {
        const variants = schemasOf(keywords['anyOf'], path)
        if (variants.length === 0) throw refusal(path, 'is a union of nothing')
        return this.#union(variants.map((variant) => this.#visit(variant, path, place, depth + 1)))
      }
      default:
        throw refusal(path, adviceFor(kind))
    }
  }

  /** A union of types that are no unions themselves, each of them once. */
  #union(variants: readonly TypeIndex[]): TypeIndex {
    const types = new Set<TypeIndex>()
    for (const variant of variants) for (const type of this.#flat(variant)) types.add(type)
    const [only] = types
    return only !== undefined && types.size === 1 ? only : this.add({ kind: 'union', types: [...types] })
  }

  #flat(variant: TypeIndex): readonly TypeIndex[] {
    const def = this.types[variant]
    if (def?.kind === 'union') return def.types
    const inner = def?.kind === 'value' ? this.types[def.type] : undefined
    return inner?.kind === 'union' ? inner.types.map((type) => this.#value(type)) : [variant]
  }

  #value(type: TypeIndex): TypeIndex {
    return this.types[type]?.kind === 'value' ? type : this.add({ kind: 'value', type })
  }

  #enum(wire: unknown, path: string): TypeIndex {
    const values: (string | number)[] = []
    for (const item of Array.isArray(wire) ? wire : []) {
      const value = constant(item, path)
      if (typeof value !== 'string' && typeof value !== 'number') {
        throw refusal(path, 'is an enum of more than strings and numbers: use a union of literals')
      }
      if (values.includes(value)) throw refusal(path, `is an enum with ${JSON.stringify(value)} twice`)
      values.push(value)
    }
    if (values.length === 0) throw refusal(path, 'is an enum without values')
    return this.add({ kind: 'enum', values })
  }

  #viewedMap(type: TypeIndex, path: string, place: Place): TypeIndex {
    if (place !== 'state') throw refusal(path, `is a map with { view: true }, which ${seenWhole}: write t.Map(V) here`)
    if (!this.#isTracked(type)) {
      throw refusal(
        path,
        'is a map with { view: true } of what is no object, map or list of the state: only these can be put into a view',
      )
    }
    const index = this.add({ kind: 'map', type }, 'viewed')
    this.#viewed.add(index)
    return index
  }

  /** Whether whatever stands in a place of the type is a node of its own. */
  #isTracked(type: TypeIndex): boolean {
    const def = this.types[type]
    if (def?.kind === 'union') return def.types.every((variant) => this.#isTracked(variant))
    return def?.kind === 'record' || def?.kind === 'map' || def?.kind === 'list'
  }

  #record(keywords: Keywords, path: string, place: Place, depth: number): TypeIndex {
    const fields = new Map<string, Field>()
    const marks = new RecordMarks()
    this.#collect(keywords, path, place, depth, fields, marks)
    for (const [name, audience] of marks.visible) {
      if (marks.owner === undefined && audience.includes(ownerWord)) {
        throw refusal(
          path + step(name),
          `is visible to '${ownerWord}', but the object says of nobody that it is theirs: add a t.Owner() field to it`,
        )
      }
    }
    const index = this.add({ kind: 'record', fields: [...fields.values()] }, marks.key)
    if (marks.locals.length > 0) this.locals.set(index, marks.locals)
    if (marks.owner !== undefined) this.#owners.set(index, marks.owner)
    if (marks.visible.size > 0) {
      this.#visible.set(index, marks.visible)
      this.#shown.set(index, marks.required)
    }
    return index
  }

  /** The fields of an object, or of all the objects of an intersection. */
  #collect(
    keywords: Keywords,
    path: string,
    place: Place,
    depth: number,
    fields: Map<string, Field>,
    marks: RecordMarks,
  ): void {
    if (depth > 4 * layoutBounds.depth) throw refusal(path, 'nests too deep, or contains itself')
    const kind = kindOf(keywords)
    if (kind === 'Intersect') {
      for (const part of schemasOf(keywords['allOf'], path)) {
        this.#collect(keywordsOf(part, path), path, place, depth + 1, fields, marks)
      }
      return
    }
    if (kind !== 'Object' || markOf(keywords) !== undefined) {
      throw refusal(path, 'is an intersection of more than objects: only the fields of objects can be merged')
    }
    if (isObject(keywords['additionalProperties']) || isObject(keywords['patternProperties'])) {
      throw refusal(path, 'has further fields by pattern, which have no place in a record: use t.Map for them')
    }
    const properties = keywords['properties']
    for (const [name, schema] of Object.entries(isObject(properties) ? properties : {})) {
      const at = path + step(name)
      const wrong = nameFault(name)
      if (wrong !== undefined) throw refusal(at, wrong)
      const property = keywordsOf(schema, at)
      const mark = markOf(property)
      if (mark?.kind === 'local' && place !== 'plain') {
        if (!marks.locals.includes(name)) marks.locals.push(name)
        continue
      }
      const optional = isOptional(property, name, keywords)
      const other = fields.get(name)
      if (other !== undefined && !sameAudience(marks.visible.get(name), audienceOf(mark))) {
        throw refusal(at, 'is visible to others in one of the objects that are merged here than in another')
      }
      let type: TypeIndex
      if (mark?.kind === 'visible') {
        type = this.#visibleField(mark.to, property, at, place, depth)
        if (other === undefined) marks.visible.set(name, [...mark.to].sort())
        // Required once is required.
        if (!optional) marks.required.add(name)
      } else {
        type =
          mark?.kind === 'owner' ? this.#owner(name, at, place, marks) : this.#required(property, at, place, depth + 1)
      }
      const absent = optional || mark?.kind === 'visible'
      merge(fields, { name, type: absent ? this.add({ kind: 'optional', type }) : type }, at, this.types)
    }
  }

  /** The type of a field that some see, for whom it is there. */
  #visibleField(audience: readonly string[], property: Keywords, path: string, place: Place, depth: number): TypeIndex {
    if (place !== 'state') throw refusal(path, misplaced('visible', place))
    const wrong = audienceFault(audience)
    if (wrong !== undefined) throw refusal(path, wrong)
    const [schema] = schemasOf(property['allOf'], path)
    const inner = keywordsOf(schema, path)
    switch (markOf(inner)?.kind) {
      case 'visible':
        throw refusal(path, 'is t.Visible within t.Visible: name all who see it in one list')
      case 'local':
        throw refusal(path, 'is t.Local, which stays on the server, within t.Visible: nobody would see it')
      case 'owner':
        throw refusal(path, 'is t.Owner within t.Visible: all see whose an object is')
      default:
        return this.#required(inner, path, place, depth + 1)
    }
  }

  #owner(name: string, path: string, place: Place, marks: RecordMarks): TypeIndex {
    if (place !== 'state') throw refusal(path, misplaced('owner', place))
    if (marks.owner !== undefined && marks.owner !== name) {
      throw refusal(path, `is a second t.Owner() beside ${JSON.stringify(marks.owner)}: an object belongs to one`)
    }
    marks.owner = name
    return this.add({ kind: 'string' })
  }

  /** @param marks What tells types apart of which the same travels. */
}

const seenWhole =
  'is for what the state tracks: messages, join data, users, presence and what is in t.Value or a tuple are seen whole or not at all'

function misplaced(kind: 'visible' | 'owner', place: Place): string {
  const name = kind === 'visible' ? 't.Visible' : 't.Owner'
  return place === 'state'
    ? `is ${name} where no field of an object is: put it around the field, or into an object`
    : `is ${name}, which ${seenWhole}. Leave the field out (t.Omit), or write its plain type here`
}

function audienceOf(mark: WireMark | undefined): readonly string[] | undefined {
  return mark?.kind === 'visible' ? mark.to : undefined
}

function sameAudience(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.length === other.length && one.every((tag) => other.includes(tag))
}

/** The kinds of TypeBox that need nothing but a kind. A pattern of strings is a string: the server checks patterns. */
const simpleKinds: { readonly [kind: string]: SimpleKind } = {
  Null: 'null',
  Boolean: 'boolean',
  String: 'string',
  TemplateLiteral: 'string',
  Number: 'number',
  Integer: 'int',
  BigInt: 'bigint',
}

// A tuple of the state is one value; what is in it is not tracked.
function inner(place: Place): Place {
  return place === 'state' ? 'plain' : place
}

function isOptional(property: Keywords, name: string, object: Keywords): boolean {
  if (property['~optional'] !== undefined) return true
  // A plain JSON Schema, by t.Unsafe, has no brands: there `required` is all that tells.
  if (typeof object['~kind'] === 'string') return false
  return !(Array.isArray(object['required']) && object['required'].includes(name))
}

// A field that several objects of an intersection have is of all their types: they must be one. Required once is required.
function merge(fields: Map<string, Field>, field: Field, path: string, types: readonly TypeDef[]): void {
  const other = fields.get(field.name)
  if (other === undefined || other.type === field.type) {
    fields.set(field.name, field)
    return
  }
  const withoutOptional = (type: TypeIndex): TypeIndex => {
    const def = types[type]
    return def?.kind === 'optional' ? def.type : type
  }
  if (withoutOptional(other.type) !== withoutOptional(field.type)) {
    throw refusal(path, 'is of different types in the objects that are merged here')
  }
  fields.set(field.name, { name: field.name, type: withoutOptional(field.type) })
}

function constant(value: unknown, path: string): LiteralValue {
  switch (typeof value) {
    case 'boolean':
      return value
    case 'bigint':
      if (value >= -(2n ** 63n) && value < 2n ** 64n) return value
      throw refusal(path, 'is a bigint constant beyond 64 bits')
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return value
      throw refusal(path, `is the constant ${Object.is(value, -0) ? '-0' : value}, which cannot travel`)
    case 'string':
      if (value.length > layoutBounds.literalLength) {
        throw refusal(path, `is a constant of ${value.length} characters; ${layoutBounds.literalLength} is the limit`)
      }
      if (!isWellFormed(value)) throw refusal(path, 'is a constant with half a surrogate pair in it')
      return value
    default:
      throw refusal(path, 'is a constant of a type that cannot travel')
  }
}

function schemasOf(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refusal(path, 'is a schema without its parts')
  return value
}

function kindOf(keywords: Keywords): string {
  if (keywords['~codec'] !== undefined) return 'Codec'
  const kind = keywords['~kind']
  if (typeof kind === 'string') return kind
  // What t.Unsafe was given: read as plain JSON Schema.
  if ('const' in keywords) return keywords['const'] === null ? 'Null' : 'Literal'
  if ('enum' in keywords) return 'Enum'
  if ('anyOf' in keywords) return 'Union'
  if ('allOf' in keywords) return 'Intersect'
  switch (keywords['type']) {
    case 'object':
      return isObject(keywords['properties']) ? 'Object' : 'Record'
    case 'array':
      return Array.isArray(keywords['items']) || 'prefixItems' in keywords ? 'Tuple' : 'Array'
    case 'string':
      return 'String'
    case 'number':
      return 'Number'
    case 'integer':
      return 'Integer'
    case 'boolean':
      return 'Boolean'
    case 'null':
      return 'Null'
    default:
      return 'Unsafe'
  }
}

function markOf(keywords: Keywords): WireMark | undefined {
  // Only the builders of `t` set the keyword, with a mark.
  return keywords[wireKeyword] as WireMark | undefined
}

function keywordsOf(schema: unknown, path: string): Keywords {
  if (!isObject(schema)) throw refusal(path, 'is not a schema: write one with t, as t.String()')
  return schema
}

function isObject(value: unknown): value is Keywords {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The error for something in a contract that cannot be. */
export function refusal(path: string, what: string): SchemaError {
  return new SchemaError('invalid_contract', path, what)
}
