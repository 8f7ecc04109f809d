import type { AnyContract } from '@junto/schema'
import {
  layoutOf,
  ownerWord,
  toPlain,
  visibilityOf,
  type Layout,
  type TypeIndex,
  type Visibility,
} from '@junto/schema/internal'

/** Who looks: what of a member decides what it sees. */
export interface Looker {
  readonly view: {
    readonly owner: string
    readonly tags: ReadonlySet<string>
    has(entity: unknown): boolean
  }
}

/**
 * Where a client's mirror is not what its member may see of the room's state, as a path and the two values; nothing where it is. To be
 * asked when nothing is under way. Written from what the documentation says of visibility, and shares no code with what it checks.
 *
 * @param live the room's `state`.
 * @param mirror the client's `state`.
 */
export function mirrorDifference(
  contract: AnyContract,
  live: unknown,
  member: Looker,
  mirror: unknown,
): string | undefined {
  const layout = layoutOf(contract)
  const walk = new Walk(layout, visibilityOf(contract), member)
  return walk.compare(layout.state, live, toPlain(live), mirror, 'state')
}

class Walk {
  readonly #layout: Layout
  readonly #visibility: Visibility | undefined
  readonly #member: Looker

  constructor(layout: Layout, visibility: Visibility | undefined, member: Looker) {
    this.#layout = layout
    this.#visibility = visibility
    this.#member = member
  }

  /** @param plain the plain value of `live`: it has numbers as they travel. */
  compare(type: TypeIndex, live: unknown, plain: unknown, mirror: unknown, path: string): string | undefined {
    const def = this.#layout.types[type]
    if (def === undefined) throw new TypeError(`the layout has no type ${type}`)
    const here = (): string => `${path} is ${shown(mirror)} at the client, and should be ${shown(plain)}`
    switch (def.kind) {
      case 'optional':
        if (plain === undefined) return mirror === undefined ? undefined : here()
        return this.compare(def.type, live, plain, mirror, path)
      case 'record':
        return isObject(mirror) ? this.#compareRecord(type, live, plain, mirror, path) : here()
      case 'union': {
        const variant = def.types.find((each) => this.#isOf(each, plain))
        return variant === undefined
          ? sameValue(plain, mirror)
            ? undefined
            : here()
          : this.compare(variant, live, plain, mirror, path)
      }
      case 'map':
        return mirror instanceof Map ? this.#compareMap(type, def.type, live, plain, mirror, path) : here()
      case 'list': {
        if (!isList(plain) || !isList(mirror)) return here()
        if (plain.length !== mirror.length) {
          return `${path} has ${mirror.length} items at the client, and should have ${plain.length}`
        }
        const items = [...iterated(live)]
        return firstOf(plain.entries(), ([at, item]) =>
          this.compare(def.type, items[at], item, mirror[at], `${path}[${at}]`),
        )
      }
      default:
        return sameValue(plain, mirror) ? undefined : here()
    }
  }

  #compareRecord(type: TypeIndex, live: unknown, plain: unknown, mirror: object, path: string): string | undefined {
    const def = this.#layout.types[type]
    if (def?.kind !== 'record') return undefined
    const ownerField = this.#visibility?.owners.get(type)
    const owner: unknown = ownerField === undefined ? undefined : Reflect.get(Object(live), ownerField)
    const audiences = this.#visibility?.fields.get(type)
    return firstOf(def.fields, ({ name, type: fieldType }) => {
      const audience = audiences?.get(name)
      const value: unknown = Reflect.get(Object(plain), name)
      const shownHere: unknown = Reflect.get(mirror, name)
      const at = `${path}.${name}`
      if (audience !== undefined && !audience.some((word) => this.#is(word, owner))) {
        return shownHere === undefined ? undefined : `${at} is ${shown(shownHere)} at a client that must not see it`
      }
      return this.compare(fieldType, Reflect.get(Object(live), name), value, shownHere, at)
    })
  }

  #compareMap(
    type: TypeIndex,
    of: TypeIndex,
    live: unknown,
    plain: unknown,
    mirror: ReadonlyMap<unknown, unknown>,
    path: string,
  ): string | undefined {
    const viewed = this.#visibility?.viewed.has(type) === true
    const seen = new Set<string>()
    for (const entry of iterated(live)) {
      if (!isList(entry)) throw new TypeError(`${path} is no map`)
      const [key, value] = entry
      if (typeof key !== 'string' || (viewed && !this.#member.view.has(value))) continue
      seen.add(key)
      const at = `${path}.get(${JSON.stringify(key)})`
      if (!mirror.has(key)) return `${at} is missing at the client`
      const found = this.compare(of, value, Reflect.get(Object(plain), key), mirror.get(key), at)
      if (found !== undefined) return found
    }
    const extra = [...mirror.keys()].find((key) => typeof key !== 'string' || !seen.has(key))
    return extra === undefined ? undefined : `${path}.get(${JSON.stringify(extra)}) should not be at the client`
  }

  /** Whether a plain value can be of this type of a union: for records their literals tell. */
  #isOf(type: TypeIndex, plain: unknown): boolean {
    const def = this.#layout.types[type]
    switch (def?.kind) {
      case 'record':
        return (
          isObject(plain) &&
          def.fields.every((field) => {
            const literal = this.#layout.types[field.type]
            return literal?.kind !== 'literal' || Reflect.get(plain, field.name) === literal.value
          })
        )
      case 'map':
        return isObject(plain) && !isList(plain)
      case 'list':
        return isList(plain)
      default:
        return false
    }
  }

  #is(word: string, owner: unknown): boolean {
    const { view } = this.#member
    return word === ownerWord ? owner !== '' && owner === view.owner : view.tags.has(word)
  }
}

/** Deep equality of what is replaced as a whole. 0 and -0 differ, as they do on the wire where that matters. */
function sameValue(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (!isObject(one) || !isObject(other)) return false
  if (one instanceof Uint8Array || other instanceof Uint8Array) {
    return one instanceof Uint8Array && other instanceof Uint8Array && Buffer.compare(one, other) === 0
  }
  if (isList(one) || isList(other)) {
    return (
      isList(one) && isList(other) && one.length === other.length && one.every((item, at) => sameValue(item, other[at]))
    )
  }
  const [a, b] = [entriesOf(one), entriesOf(other)]
  return a.size === b.size && [...a].every(([key, value]) => b.has(key) && sameValue(value, b.get(key)))
}

/** Fields that are `undefined` are absent. */
function entriesOf(value: object): ReadonlyMap<unknown, unknown> {
  const entries: Iterable<readonly [unknown, unknown]> = value instanceof Map ? value : Object.entries(value)
  return new Map([...entries].filter(([, part]) => part !== undefined))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function iterated(value: unknown): Iterable<unknown> {
  if (!isObject(value) || !(Symbol.iterator in value)) throw new TypeError(`${shown(value)} cannot be iterated`)
  return value as Iterable<unknown>
}

function firstOf<T>(items: Iterable<T>, look: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = look(item)
    if (found !== undefined) return found
  }
  return undefined
}

function shown(value: unknown): string {
  if (value instanceof Map) return `a map of ${value.size}`
  if (isList(value)) return `a list of ${value.length}`
  if (value === undefined) return 'absent'
  const text = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? typeof value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
