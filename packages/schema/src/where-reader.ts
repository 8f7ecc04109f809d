import type { NamedCodec } from './codec/compile-named.ts'
import { compileNamedTypes } from './codec/compile-named.ts'
import { describe, step } from './codec/fault.ts'
import type { AnyContract } from './contract.ts'
import { readContract } from './contract-layout.ts'
import { SchemaError } from './errors.ts'
import type { TypeDef, TypeIndex } from './layout.ts'
import { nearest } from './nearest.ts'
import type { Direction } from './where.ts'

/** What one field of the metadata of a room must be. */
export type Condition =
  | {
      readonly field: string
      /** One of these. */
      readonly values: readonly unknown[]
    }
  | {
      readonly field: string
      /** A number from here on, */
      readonly from: number
      /** and up to here. */
      readonly to: number
    }

/** By what rooms are put in order: a field of their metadata, or `members`. */
export interface Order {
  readonly field: string
  readonly direction: Direction
}

/** The most values of an `{ in: […] }`. */
const mostValues = 64

/** The most combinations of the values of all fields: rooms are kept by them, and each is looked for. */
const mostCombinations = 128

/** A field of metadata: what it may hold, in one or another of their variants. */
interface KnownField {
  readonly codecs: readonly NamedCodec[]
  /** Whether it holds nothing but texts, numbers, bigints, booleans and null. */
  readonly primitive: boolean
  readonly numeric: boolean
  readonly textual: boolean
}

/** Reads what clients ask of the metadata of a contract's rooms, as it comes: maps by name, untrusted. */
export class WhereReader {
  readonly #fields: ReadonlyMap<string, KnownField>
  readonly #names: readonly string[]

  /** @throws SchemaError `invalid_contract` where the metadata have a field `members`, which is something else in `orderBy`. */
  constructor(contract: AnyContract) {
    const { named, namedTypes } = readContract(contract)
    this.#fields = named.metadata === undefined ? new Map() : fieldsOf(named.metadata, namedTypes)
    this.#names = [...this.#fields.keys()]
    if (this.#fields.has('members')) {
      throw new SchemaError(
        'invalid_contract',
        'metadata.members',
        'is what the taken seats are called in orderBy: give the field another name',
      )
    }
  }

  /**
   * Reads a `where`.
   *
   * @returns the conditions, in the order of their fields' names, so that equal wishes look alike.
   * @throws SchemaError `invalid_value` naming what in it cannot be.
   */
  readWhere(wire: unknown): readonly Condition[] {
    const asked = mapOf(wire, 'where', 'a map from fields of the metadata to their values')
    const conditions = Object.keys(asked)
      .filter((name) => asked[name] !== undefined)
      .toSorted()
      .map((name) => this.#condition(name, asked[name]))
    const combinations = conditions.reduce((all, each) => all * ('values' in each ? each.values.length : 1), 1)
    if (combinations > mostCombinations) {
      const most = `${mostCombinations} combinations at most`
      throw refused('where', `its lists of values have ${combinations} combinations, of ${most}: ask for fewer values`)
    }
    return conditions
  }

  /**
   * Reads an `orderBy`: a map of one field.
   *
   * @throws SchemaError `invalid_value` naming what in it cannot be.
   */
  readOrder(wire: unknown): Order | undefined {
    if (wire === undefined || wire === null) return undefined
    const asked = mapOf(wire, 'orderBy', "a map of one field to 'asc' or 'desc'")
    const [field, ...others] = Object.keys(asked)
    if (field === undefined || others.length > 0) throw refused('orderBy', 'names not one field, but several or none')
    const path = `orderBy${step(field)}`
    const direction = asked[field]
    if (direction !== 'asc' && direction !== 'desc') throw refused(path, `must be 'asc' or 'desc'`)
    if (field === 'members') return { field, direction }
    const { numeric, textual } = this.#field(field, path, [...this.#names, 'members'])
    if (!numeric && !textual) throw refused(path, 'holds neither numbers nor texts, which alone have an order')
    return { field, direction }
  }

  #condition(field: string, asked: unknown): Condition {
    const path = `where${step(field)}`
    const known = this.#field(field, path, this.#names)
    const { primitive, numeric } = known
    if (!primitive || !isMap(asked)) return { field, values: [valueOf(known, asked, path)] }
    const keys = Object.keys(asked)
    if (keys.length === 1 && keys[0] === 'in') {
      const values: unknown = asked['in']
      if (!Array.isArray(values) || values.length > mostValues) {
        throw refused(`${path}.in`, `must be a list of up to ${mostValues} values`)
      }
      const given: readonly unknown[] = values
      const wanted = given.map((value, index) => valueOf(known, value, `${path}.in[${index}]`))
      return { field, values: inOneOrder(wanted) }
    }
    if (numeric && keys.length > 0 && keys.every((key) => key === 'from' || key === 'to')) {
      return { field, from: bound(asked, 'from', path) ?? -Infinity, to: bound(asked, 'to', path) ?? Infinity }
    }
    throw refused(path, `must be a value, { in: [values] }${numeric ? ' or { from, to }' : ''}`)
  }

  #field(name: string, path: string, names: readonly string[]): KnownField {
    const known = this.#fields.get(name)
    if (known !== undefined) return known
    const meant = nearest(name, names)
    if (meant !== undefined) throw refused(path, `is no field of the metadata: did you mean ${meant}?`)
    throw refused(path, `is no field of the metadata, which have ${names.join(', ') || 'none'}`)
  }
}

/** The fields of metadata that are a record, or one of several. */
function fieldsOf(metadata: TypeIndex, types: readonly TypeDef[]): ReadonlyMap<string, KnownField> {
  const codecs = compileNamedTypes(types)
  const variants = new Map<string, TypeIndex[]>()
  for (const index of leavesOf(metadata, types)) {
    const def = types[index]
    if (def?.kind !== 'record') continue
    for (const { name, type } of def.fields) variants.set(name, [...(variants.get(name) ?? []), type])
  }
  const fields = new Map<string, KnownField>()
  for (const [name, indexes] of variants) {
    const leaves = indexes.flatMap((index) => leavesOf(index, types)).flatMap((index) => types[index] ?? [])
    fields.set(name, {
      codecs: indexes.flatMap((index) => codecs[index] ?? []),
      primitive: leaves.every((def) => !composed.has(def.kind)),
      numeric: leaves.some(isNumeric),
      textual: leaves.some(isTextual),
    })
  }
  return fields
}

/** A type without what is around it, or the variants of a union. */
function leavesOf(index: TypeIndex, types: readonly TypeDef[]): readonly TypeIndex[] {
  const def = types[index]
  if (def?.kind === 'optional' || def?.kind === 'value') return leavesOf(def.type, types)
  return def?.kind === 'union' ? def.types.flatMap((type) => leavesOf(type, types)) : [index]
}

const composed: ReadonlySet<TypeDef['kind']> = new Set(['record', 'map', 'list', 'tuple', 'json', 'bytes'])
const otherThanNumbers: ReadonlySet<TypeDef['kind']> = new Set([...composed, 'null', 'boolean', 'string', 'bigint'])

function isNumeric(def: TypeDef): boolean {
  if (def.kind === 'literal') return typeof def.value === 'number'
  if (def.kind === 'enum') return def.values.some((value) => typeof value === 'number')
  return !otherThanNumbers.has(def.kind)
}

function isTextual(def: TypeDef): boolean {
  if (def.kind === 'literal') return typeof def.value === 'string'
  if (def.kind === 'enum') return def.values.some((value) => typeof value === 'string')
  return def.kind === 'string'
}

function valueOf({ codecs }: KnownField, wire: unknown, path: string): unknown {
  let refusal: unknown
  for (const codec of codecs) {
    try {
      return codec.decodeNamed(wire, path)
    } catch (error) {
      refusal ??= error
    }
  }
  throw refusal
}

/** Each of some texts, numbers, bigints, booleans and nulls once, so that equal lists look alike. */
function inOneOrder(values: readonly unknown[]): readonly unknown[] {
  // -0 is 0, also in its text.
  const byText = new Map(values.map((value) => [`${typeof value} ${String(value)}`, value === 0 ? 0 : value]))
  return [...byText].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, value]) => value)
}

function bound(range: Readonly<Record<string, unknown>>, key: 'from' | 'to', path: string): number | undefined {
  const value = range[key] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'number' || Number.isNaN(value)) throw refused(`${path}.${key}`, 'must be a number')
  return value
}

function mapOf(wire: unknown, path: string, expected: string): Readonly<Record<string, unknown>> {
  if (wire === undefined || wire === null) return {}
  if (!isMap(wire)) throw refused(path, `must be ${expected}, not ${describe(wire)}`)
  return wire
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

function refused(path: string, what: string): SchemaError {
  return new SchemaError('invalid_value', path, what)
}
