import type { MirrorNode } from './mirror-node.ts'
import type { MirrorSpace } from './mirror-space.ts'

/**
 * A frozen copy of what a selector returned: of the records, maps and lists of a state that it is, or that are in arrays, plain objects
 * and maps which the selector made. Of what has not changed since the last copy, it holds that one: making it costs by what changed.
 *
 * @param before The copy of what the selector returned before: returned again, whole or in parts, where nothing is different.
 */
export function frozenCopy(space: MirrorSpace, value: unknown, before: unknown): unknown {
  const node = space.of(value)
  if (node !== undefined) return (node.copy ??= copyNode(space, node))
  // What is frozen is a value of the state, which is replaced as a whole.
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (value instanceof Map) {
    return kept(
      before,
      copyMap(value, (part, key) => frozenCopy(space, part, before instanceof Map && before.get(key))),
    )
  }
  if (!isPlain(value)) return value
  const old: Readonly<Record<string, unknown>> = isPlain(before) ? before : {}
  const parts = Object.entries(value).map(([key, part]) => [key, frozenCopy(space, part, old[key])] as const)
  return kept(before, Object.freeze(Array.isArray(value) ? parts.map(([, part]) => part) : Object.fromEntries(parts)))
}

function copyNode(space: MirrorSpace, node: MirrorNode): object {
  const copy = (value: unknown): unknown => frozenCopy(space, value, undefined)
  if (node.kind === 'map') return copyMap(node.value, copy)
  if (node.kind === 'list') return Object.freeze(node.value.map(copy))
  return Object.freeze(Object.fromEntries(node.type.fields.map(({ name }) => [name, copy(node.value[name])])))
}

function copyMap(map: ReadonlyMap<unknown, unknown>, copy: (part: unknown, key: unknown) => unknown): object {
  const copied = new FrozenMap<unknown, unknown>()
  for (const [key, part] of map) Map.prototype.set.call(copied, key, copy(part, key))
  return Object.freeze(copied)
}

/** The collection before, when the new one is of the same kind and holds the same in the same order. */
function kept(before: unknown, after: object): unknown {
  const old = partsOf(before)
  const parts = partsOf(after)
  const same =
    old.length === parts.length &&
    Object.getPrototypeOf(Object(before)) === Object.getPrototypeOf(after) &&
    parts.every(([key, part], at) => Object.is(key, old[at]?.[0]) && Object.is(part, old[at]?.[1]))
  return same ? before : after
}

function partsOf(collection: unknown): readonly (readonly [unknown, unknown])[] {
  if (collection instanceof Map) return Array.from<[unknown, unknown]>(collection)
  return isPlain(collection) ? Object.entries(collection) : []
}

/** Whether a value is an array or an object of no class. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const kind: unknown = Object.getPrototypeOf(value)
  return kind === Array.prototype || kind === Object.prototype
}

/** A map that refuses to be changed; `Object.freeze` does not keep anybody from calling `set`. */
class FrozenMap<K, V> extends Map<K, V> {
  override set(): never {
    throw new TypeError('A selected map cannot be changed: it is a copy of the state at one version')
  }

  override delete(): never {
    return this.set()
  }

  override clear(): never {
    return this.set()
  }
}
