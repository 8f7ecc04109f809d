import { SeededRandom } from '../../src/index.ts'
import { owners, type Atom, type Kind, type RecordKind } from './kinds.ts'

// States as plain JavaScript: records as objects, maps as `Map`s, lists as arrays.

/** Draws plain values. Each text is one of a kind, so that it can be looked for in bytes. */
export class Draws extends SeededRandom {
  readonly #marks: Marks

  constructor(seed: number, marks: Marks) {
    super(seed)
    this.#marks = marks
  }

  /** One of many or few. */
  of<T>(choices: readonly T[]): T | undefined {
    return choices[this.integer(0, choices.length - 1)]
  }

  /** A plain value, as a room writes it: maps are objects. */
  value(kind: Kind): unknown {
    switch (kind.kind) {
      case 'atom':
        return this.#atom(kind.atom)
      case 'record':
        return this.record(kind)
      case 'map':
        return Object.fromEntries(this.#several(3, () => [this.key(), this.value(kind.of)] as const))
      case 'list':
        return this.#several(3, () => this.value(kind.of))
      case 'nullable':
        return this.chance(0.4) ? null : this.record(kind.of)
      case 'union': {
        const is = this.integer(0, kind.of.length - 1)
        return { is, ...this.record(kind.of[is]) }
      }
    }
  }

  record(kind: RecordKind | undefined): Record<string, unknown> {
    if (kind === undefined) throw new TypeError('there is no such variant')
    const record: Record<string, unknown> = {}
    if (kind.owned) record['by'] = this.owner()
    for (const { name, of, optional } of kind.fields) {
      if (!optional || this.chance(0.7)) record[name] = this.value(of)
    }
    return record
  }

  /** Often one that is there already, otherwise one that nobody can know who does not see it. */
  key(): string {
    return this.chance(0.6) ? this.pick(['a', 'b', 'c', 'd', '10', '9', '']) : this.#marks.next()
  }

  owner(): string {
    return this.pick(owners)
  }

  #several<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.integer(0, most) }, make)
  }

  #atom(atom: Atom): unknown {
    switch (atom) {
      case 'text':
        return this.chance(0.1) ? '' : this.#marks.next()
      case 'whole':
        return this.pick([0, -0, 1, -70, 2 ** 40, this.integer(-1000, 1000)])
      case 'steps':
        return this.integer(-2000, 2000) / 2
      case 'float':
        return this.integer(-1000, 1000) / 8
      case 'flag':
        return this.chance(0.5)
      case 'bytes':
        return new Uint8Array(Buffer.from(this.#marks.next()))
      case 'json':
        return this.pick([null, 1, this.#marks.next(), { [this.#marks.next()]: [true, this.#marks.next()] }])
      case 'value':
        return this.chance(0.5) ? { note: this.#marks.next() } : { note: this.#marks.next(), size: 7 }
    }
  }
}

/** Texts that occur nowhere else, and are found in bytes. */
export class Marks {
  #count = 0

  next(): string {
    return `m${String(this.#count++).padStart(6, '0')};`
  }

  /** Those in bytes. */
  static in(bytes: Uint8Array): ReadonlySet<string> {
    const { buffer, byteOffset, byteLength } = bytes
    return new Set(
      Buffer.from(buffer, byteOffset, byteLength)
        .toString('latin1')
        .match(/m\d{6};/g),
    )
  }

  /** Those anywhere in a value, keys included. */
  static within(value: unknown, found: Set<string> = new Set<string>()): ReadonlySet<string> {
    if (typeof value === 'string') for (const mark of value.match(/m\d{6};/g) ?? []) found.add(mark)
    else if (value instanceof Uint8Array) for (const mark of Marks.in(value)) found.add(mark)
    else if (typeof value === 'object' && value !== null) {
      for (const [key, part] of value instanceof Map ? value : Object.entries(value)) {
        Marks.within(key, found)
        Marks.within(part, found)
      }
    }
    return found
  }
}

/** The model of a plain value. Values that are replaced as a whole stay what they are. */
export function modelOf(kind: Kind, plain: unknown): unknown {
  switch (kind.kind) {
    case 'atom':
      return plain
    case 'record':
      return modelOfRecord(kind, plain)
    case 'map':
      return new Map(Object.entries(Object(plain)).map(([key, part]) => [key, modelOf(kind.of, part)]))
    case 'list':
      return listOf(plain).map((item) => modelOf(kind.of, item))
    case 'nullable':
      return plain === null ? null : modelOfRecord(kind.of, plain)
    case 'union':
      return modelOfRecord(variantOf(kind, plain), plain)
  }
}

function modelOfRecord({ fields }: RecordKind, plain: unknown): Record<string, unknown> {
  const model: Record<string, unknown> = { ...Object(plain) }
  for (const { name, of } of fields) if (Object.hasOwn(model, name)) model[name] = modelOf(of, model[name])
  return model
}

type EntriesOf = (map: ReadonlyMap<unknown, unknown>) => Iterable<readonly [unknown, unknown]>

/** A model of the same value, of objects of its own: what becomes of something that is taken out and put back. */
export function copyOf(model: unknown, entriesOf: EntriesOf = (map) => map): unknown {
  if (model instanceof Map) {
    return new Map(Array.from(entriesOf(model), ([key, part]) => [key, copyOf(part, entriesOf)]))
  }
  if (Array.isArray(model)) return model.map((item) => copyOf(item, entriesOf))
  if (typeof model !== 'object' || model === null || model instanceof Uint8Array) return model
  return Object.fromEntries(Object.entries(model).map(([name, part]) => [name, copyOf(part, entriesOf)]))
}

/** The same by way of plain objects, in which keys that look like numbers come first. */
export function plainCopyOf(model: unknown): unknown {
  return copyOf(model, (map) => Object.entries(Object.fromEntries(map)))
}

/** The kind of a record of a union. */
export function variantOf(kind: Extract<Kind, { kind: 'union' }>, record: unknown): RecordKind {
  const variant = kind.of[Object(record).is]
  if (variant === undefined) throw new TypeError('a record of no variant')
  return variant
}

export function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError('no list')
  return value
}

export function mapOf(value: unknown): Map<string, unknown> {
  if (!(value instanceof Map)) throw new TypeError('no map')
  return value
}

/** Where two states differ; nothing where they do not. Fields that are `undefined` are absent; 0 and -0 differ. */
export function difference(one: unknown, other: unknown, ordered: boolean, path = ''): string | undefined {
  if (Object.is(one, other)) return undefined
  const here = `${path}: ${shown(one)} and ${shown(other)}`
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return here
  if (one instanceof Uint8Array && other instanceof Uint8Array)
    return Buffer.compare(one, other) === 0 ? undefined : here
  if (one instanceof Map || other instanceof Map) {
    if (!(one instanceof Map && other instanceof Map)) return here
    const keys = [one, other].map((map) => {
      const inOrder = [...map.keys()].map(String)
      return ordered ? inOrder : inOrder.toSorted((a, b) => (a < b ? -1 : 1))
    })
    return (
      difference(keys[0], keys[1], ordered, `${path}.keys`) ??
      first(one.keys(), (key) => difference(one.get(key), other.get(key), ordered, `${path}.${String(key)}`))
    )
  }
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!(Array.isArray(one) && Array.isArray(other)) || one.length !== other.length) return here
    return first(one.keys(), (at) => difference(one[at], other[at], ordered, `${path}[${at}]`))
  }
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return first(names, (name) => difference(Object(one)[name], Object(other)[name], ordered, `${path}.${name}`))
}

function shown(value: unknown): string {
  if (value instanceof Map) return `a map of ${value.size}`
  return Array.isArray(value) ? `a list of ${value.length}` : String(JSON.stringify(value))
}

function first<T>(items: Iterable<T>, look: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = look(item)
    if (found !== undefined) return found
  }
  return undefined
}
