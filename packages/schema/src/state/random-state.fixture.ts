import fc from 'fast-check'
import { angleFromSteps, angleToSteps, quantizer } from '../codec/quantized.ts'
import { compileLayout, type CompiledLayout } from '../compiled-layout.ts'
import type { Field, TypeDef, TypeIndex } from '../layout.ts'
import { ownerWord, type Visibility } from '../visibility-marks.ts'

/** A random type of a state, as a tree. */
export type Spec =
  | { readonly kind: 'leaf'; readonly def: TypeDef }
  /** Whose the record is that it stands in. */
  | { readonly kind: 'owner' }
  | { readonly kind: 'record'; readonly fields: readonly FieldSpec[] }
  | { readonly kind: 'list' | 'value' | 'nullable'; readonly of: Spec }
  | { readonly kind: 'map'; readonly of: Spec; readonly viewed?: boolean }
  | { readonly kind: 'tuple'; readonly of: readonly Spec[] }
  /** Records told apart by a constant field `kind`: 0, 1, … */
  | { readonly kind: 'tagged'; readonly of: readonly (Spec & { kind: 'record' })[] }

export interface FieldSpec {
  readonly name: string
  readonly optional: boolean
  readonly spec: Spec
  /** Who sees it; everybody when it is left out. */
  readonly visible?: readonly string[]
}

/** Draws of a test: deterministic, from a seed that fast-check chooses and shrinks. */
export class Draws {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 to 1, 1 excluded. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 to `limit`, `limit` excluded. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  /** A text for some place of a state. */
  text(): string {
    return this.one(['', 'a', 'word', 'ünïcödé 𝄞', '\u0000', '\ufeff', 'y'.repeat(200), 'é'.repeat(30)])
  }

  /** A number for some place of a state. */
  float(): number {
    return this.one([...integers, 0.1, 0.5, -1.25, 1e300, 5e-324, 2 ** 53, this.next() * 1000])
  }

  /** A key for some map. */
  key(): string {
    return this.one(['a', 'b', 'c', 'constructor', 'ключ', '', '10', '9', 'x'.repeat(60), 'k1', 'k2'])
  }

  one<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('Nothing to draw from')
    return item
  }
}

const leaves: readonly TypeDef[] = [
  { kind: 'null' },
  { kind: 'boolean' },
  { kind: 'string' },
  { kind: 'number' },
  { kind: 'int' },
  { kind: 'uint8' },
  { kind: 'uint16' },
  { kind: 'uint32' },
  { kind: 'int8' },
  { kind: 'int16' },
  { kind: 'int32' },
  { kind: 'float32' },
  { kind: 'float64' },
  { kind: 'angle' },
  { kind: 'timestamp' },
  { kind: 'bigint' },
  { kind: 'bytes' },
  { kind: 'json' },
  { kind: 'literal', value: 'fixed' },
  { kind: 'enum', values: ['red', 'green', 7] },
  { kind: 'quantized', min: -100, max: 100, step: 0.01 },
  { kind: 'quantized', min: 0, max: 1, step: 0.3 },
]

/** To whom records of random states belong. */
export const ownerNames = ['ann', 'bob', 'cy']

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'toString', 'kind2', 'g', 'h']

/** Random types of states: always a record, of records, maps, lists, unions, optional fields and atoms in any nesting. */
export const specs: fc.Arbitrary<Spec & { kind: 'record' }> = fc.letrec<{
  spec: Spec
  record: Spec & { kind: 'record' }
}>((tie) => ({
  spec: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...leaves).map((def): Spec => ({ kind: 'leaf', def })),
    tie('record'),
    fc.record({ kind: fc.constantFrom('map' as const, 'list' as const), of: tie('spec') }),
    fc.record({ kind: fc.constantFrom('map' as const, 'list' as const), of: tie('spec') }),
    tie('spec')
      .filter(isNotNull)
      .map((of): Spec => ({ kind: 'nullable', of })),
    fc.array(tie('record'), { minLength: 2, maxLength: 3 }).map((of): Spec => ({ kind: 'tagged', of })),
    fc.array(tie('spec'), { maxLength: 3 }).map((of): Spec => ({ kind: 'tuple', of })),
    tie('spec').map((of): Spec => ({ kind: 'value', of })),
  ),
  record: fc
    .oneof(
      { weight: 20, arbitrary: fc.constant(names.length) },
      // More fields than one word of a mask has bits.
      { weight: 1, arbitrary: fc.constant(64) },
    )
    .chain((most) =>
      fc
        .array(fc.record({ optional: fc.boolean(), spec: tie('spec') }), {
          maxLength: most === 64 ? 6 : 5,
          size: 'max',
        })
        .map((fields): Spec & { kind: 'record' } => ({
          kind: 'record',
          fields: [
            ...fields.map((field, index) => ({ name: names[index] ?? `field${index}`, ...field })),
            ...Array.from({ length: most === 64 ? 64 : 0 }, (_, index) => ({
              name: `wide${index}`,
              optional: index % 5 === 0,
              spec: { kind: 'leaf', def: { kind: 'int' } } as const,
            })),
          ],
        })),
    ),
})).record

function isNotNull(spec: Spec): boolean {
  return !(spec.kind === 'leaf' && spec.def.kind === 'null') && spec.kind !== 'nullable' && !isJson(spec)
}

function isJson(spec: Spec): boolean {
  return (spec.kind === 'leaf' && spec.def.kind === 'json') || (spec.kind === 'value' && !isNotNull(spec.of))
}

/** The layout of a type. */
export function layoutOfSpec(spec: Spec): CompiledLayout {
  return compileSpec(spec).layout
}

/** The layout of a type, and who sees what of it. What stands in values that are replaced as a whole is not marked. */
export function compileSpec(spec: Spec): { readonly layout: CompiledLayout; readonly visibility: Visibility } {
  const types: TypeDef[] = []
  const owners = new Map<TypeIndex, string>()
  const fields = new Map<TypeIndex, ReadonlyMap<string, readonly string[]>>()
  const viewed = new Set<TypeIndex>()
  const tags = new Set<string>()
  const add = (def: TypeDef): TypeIndex => types.push(def) - 1
  const addField = ({ name, optional, spec: of, visible }: FieldSpec, whole: boolean): Field => {
    const type = addSpec(of, whole)
    return { name, type: optional || (visible !== undefined && !whole) ? add({ kind: 'optional', type }) : type }
  }
  const addRecord = (specs: readonly FieldSpec[], whole: boolean, tag: readonly Field[] = []): TypeIndex => {
    const type = add({ kind: 'record', fields: [...tag, ...specs.map((field) => addField(field, whole))] })
    if (whole) return type
    const marked = specs.flatMap(({ name, visible }) => (visible === undefined ? [] : [[name, visible] as const]))
    if (marked.length > 0) fields.set(type, new Map(marked))
    for (const word of marked.flatMap(([, visible]) => visible)) if (word !== ownerWord) tags.add(word)
    const owner = specs.find((field) => field.spec.kind === 'owner')
    if (owner !== undefined) owners.set(type, owner.name)
    return type
  }
  const addSpec = (of: Spec, whole: boolean): TypeIndex => {
    switch (of.kind) {
      case 'leaf':
        return add(of.def)
      case 'owner':
        return add({ kind: 'string' })
      case 'record':
        return addRecord(of.fields, whole)
      case 'map': {
        const type = add({ kind: 'map', type: addSpec(of.of, whole) })
        if (of.viewed === true && !whole) viewed.add(type)
        return type
      }
      case 'list':
        return add({ kind: 'list', type: addSpec(of.of, whole) })
      case 'value':
        return add({ kind: 'value', type: addSpec(of.of, true) })
      case 'tuple':
        return add({ kind: 'tuple', types: of.of.map((element) => addSpec(element, true)) })
      case 'nullable':
        return add({ kind: 'union', types: [add({ kind: 'null' }), addSpec(of.of, whole)] })
      case 'tagged': {
        const variants = of.of.map((variant, value) => {
          const tag = { name: 'kind', type: add({ kind: 'literal', value }) }
          return addRecord(variant.fields, whole, [tag])
        })
        return add({ kind: 'union', types: variants })
      }
    }
  }
  const state = addSpec(spec, false)
  const layout = compileLayout({
    name: 'test',
    version: 1,
    types,
    state,
    presence: undefined,
    input: undefined,
    up: [],
    down: [],
  })
  return { layout, visibility: { owners, fields, required: new Map(), viewed, tags } }
}

/** A plain value of a type, as somebody would write it. */
export function drawValue(spec: Spec, draws: Draws): unknown {
  switch (spec.kind) {
    case 'leaf':
      return drawLeaf(spec.def, draws)
    case 'owner':
      return draws.one(['', ...ownerNames])
    case 'record':
      return drawRecord(spec.fields, draws, {})
    case 'map': {
      const map: Record<string, unknown> = {}
      for (let count = draws.below(4); count > 0; count--) map[draws.key()] = drawValue(spec.of, draws)
      return map
    }
    case 'list':
      return Array.from({ length: draws.below(4) }, () => drawValue(spec.of, draws))
    case 'value':
      return drawValue(spec.of, draws)
    case 'nullable':
      return draws.chance(0.4) ? null : drawValue(spec.of, draws)
    case 'tuple':
      return spec.of.map((element) => drawValue(element, draws))
    case 'tagged': {
      const kind = draws.below(spec.of.length)
      return drawRecord(spec.of[kind]?.fields ?? [], draws, { kind })
    }
  }
}

function drawRecord(fields: readonly FieldSpec[], draws: Draws, record: Record<string, unknown>): unknown {
  for (const { name, optional, spec } of fields) {
    if (!optional || draws.chance(0.6)) record[name] = drawValue(spec, draws)
  }
  return record
}

const integers = [0, -0, 1, -1, 63, 64, -64, 127, 128, 8191, 8192, 2 ** 21, -(2 ** 31), 2 ** 31, 2 ** 32]

function drawLeaf(def: TypeDef, draws: Draws): unknown {
  switch (def.kind) {
    case 'null':
      return null
    case 'boolean':
      return draws.chance(0.5)
    case 'string':
      return draws.text()
    case 'number':
    case 'float64':
      return draws.float()
    case 'int':
      return draws.one([...integers, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
    case 'uint8':
      return draws.one([0, -0, 1, 127, 128, 254, 255])
    case 'uint16':
      return draws.one([0, -0, 1, 127, 128, 0xffff])
    case 'uint32':
      return draws.one([0, -0, 300, 2 ** 32 - 1])
    case 'int8':
      return draws.one([0, -0, -128, 127, 5])
    case 'int16':
      return draws.one([0, -0, -32768, 32767, 100])
    case 'int32':
      return draws.one([0, -0, -(2 ** 31), 2 ** 31 - 1, 7])
    case 'float32':
      return draws.one([0, -0, 0.1, 1e-45, 3.4e38, draws.next()])
    case 'angle':
      return draws.one([0, 3, -3, Math.PI, -Math.PI, 100, draws.next() * 7])
    case 'timestamp':
      return draws.one([0, 1_700_000_000_000, -1, 8.64e15])
    case 'bigint':
      return draws.one([0n, 1n, -1n, 63n, 64n, -(2n ** 63n), 2n ** 64n - 1n, 12_345_678_901_234_567_890n])
    case 'bytes':
      return Uint8Array.from({ length: draws.below(5) }, () => draws.below(256))
    case 'json':
      return draws.one<unknown>([
        null,
        1,
        -0,
        0.5,
        'text',
        [],
        {},
        [1, [null, 'a']],
        { a: { b: [true] }, constructor: 1 },
      ])
    case 'literal':
      return def.value
    case 'enum':
      return draws.one(def.values)
    case 'quantized':
      return def.min + draws.next() * (def.max - def.min)
    default:
      throw new TypeError(`${def.kind} is no leaf`)
  }
}

/** What a mirror is to show of a plain value: records as objects, maps as `Map`s, numbers as they are sent. */
export function modelOf(spec: Spec, value: unknown, whole = false): unknown {
  if (value === undefined) return undefined
  switch (spec.kind) {
    case 'leaf':
      return modelOfLeaf(spec.def, value)
    case 'owner':
      return value
    case 'record':
      return modelOfRecord(spec.fields, value, whole)
    case 'map': {
      const entries = Object.entries(Object(value)).map(([key, part]) => [key, modelOf(spec.of, part, whole)] as const)
      return whole ? Object.fromEntries(entries) : new Map(entries)
    }
    case 'list':
      return arrayOf(value).map((item) => modelOf(spec.of, item, whole))
    case 'value':
      return modelOf(spec.of, value, true)
    case 'nullable':
      return value === null ? null : modelOf(spec.of, value, whole)
    case 'tuple':
      return spec.of.map((element, index) => modelOf(element, arrayOf(value)[index], true))
    case 'tagged': {
      const { kind } = Object(value)
      return Object.assign({ kind }, modelOfRecord(spec.of[kind]?.fields ?? [], value, whole))
    }
  }
}

function modelOfRecord(fields: readonly FieldSpec[], value: unknown, whole: boolean): Record<string, unknown> {
  const model: Record<string, unknown> = {}
  for (const { name, spec } of fields) {
    const part = Object.hasOwn(Object(value), name) ? modelOf(spec, Object(value)[name], whole) : undefined
    if (part !== undefined) model[name] = part
  }
  return model
}

function modelOfLeaf(def: TypeDef, value: unknown): unknown {
  if (typeof value !== 'number') return value
  if (def.kind === 'float32') return Math.fround(value)
  if (def.kind === 'angle') return angleFromSteps(angleToSteps(value))
  if (def.kind !== 'quantized') return value
  const { fromSteps, toSteps } = quantizer(def)
  return fromSteps(toSteps(value))
}

export function arrayOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError('Not an array')
  return value
}

/** Where two values differ: absent fields count as `undefined`, the order of maps counts, 0 and -0 differ. */
export function difference(one: unknown, other: unknown, path = ''): string | undefined {
  if (Object.is(one, other)) return undefined
  const here = `${path}: ${String(one)} and ${String(other)}`
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return here
  if (one instanceof Map || other instanceof Map) {
    if (!(one instanceof Map && other instanceof Map)) return here
    return (
      difference([...one.keys()], [...other.keys()], `${path}.keys`) ??
      first([...one.keys()], (key) => difference(one.get(key), other.get(key), `${path}.${String(key)}`))
    )
  }
  if (one instanceof Uint8Array || Array.isArray(one)) {
    if (!(Array.isArray(other) || other instanceof Uint8Array) || one.length !== other.length) return here
    return first([...one.keys()], (index) => difference(one[index], other[index], `${path}[${index}]`))
  }
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return first([...keys], (key) => difference(own(one, key), own(other, key), `${path}.${key}`))
}

function own(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value
}

function first<T>(items: readonly T[], look: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = look(item)
    if (found !== undefined) return found
  }
  return undefined
}
