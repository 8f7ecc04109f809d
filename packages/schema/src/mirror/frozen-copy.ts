import type { MirrorNode } from './mirror-node.ts'
import type { MirrorSpace } from './mirror-space.ts'

/**
 * A frozen copy of a node with all below it. Of what has not changed since the last copy, it holds that one: making it costs
 * by what changed.
 */
export function frozenCopy(space: MirrorSpace, node: MirrorNode): object {
  return (node.copy ??= makeCopy(space, node))
}

function makeCopy(space: MirrorSpace, node: MirrorNode): object {
  const copyOf = (value: unknown): unknown => {
    const child = space.of(value)
    return child === undefined ? value : frozenCopy(space, child)
  }
  if (node.kind === 'record') {
    const copy: Record<string, unknown> = {}
    for (const { name, holdsNodes } of node.type.fields) {
      copy[name] = holdsNodes ? copyOf(node.value[name]) : node.value[name]
    }
    return Object.freeze(copy)
  }
  const { holdsNodes } = node.type
  if (node.kind === 'map') {
    const copy = new FrozenMap<string, unknown>()
    for (const [key, value] of node.value) fill(copy, key, holdsNodes ? copyOf(value) : value)
    return Object.freeze(copy)
  }
  return Object.freeze(holdsNodes ? node.value.map(copyOf) : node.value.slice())
}

function fill<K, V>(map: FrozenMap<K, V>, key: K, value: V): void {
  Map.prototype.set.call(map, key, value)
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
