import {
  assignEntries,
  assignItems,
  type ListNode,
  type MapNode,
  type MirrorNode,
  type RecordNode,
} from './mirror-node.ts'
import { MirrorSpace } from './mirror-space.ts'
import { compatible } from './mirror-type.ts'
import { sameValue } from './same-value.ts'

/**
 * Brings nodes of a mirror to the state of fresh ones, as one difference: what stands at the same place (field, key, index) and is of the
 * same type stays the same object. Ids are taken from the fresh ones, since those of another epoch mean nothing.
 *
 * The old nodes may be in disorder, after a patch that was refused halfway.
 */
export class Reconciliation {
  readonly #old: MirrorSpace
  readonly #fresh: MirrorSpace
  readonly #result: MirrorSpace
  /** Old nodes that go on: each can do so in one place only. */
  readonly #staying = new Set<MirrorNode>()

  /** @param result Where those that go on are held, and those that come in. */
  constructor(old: MirrorSpace, fresh: MirrorSpace, result = new MirrorSpace()) {
    this.#old = old
    this.#fresh = fresh
    this.#result = result
  }

  /** Does it with all nodes, from what people see of the old root; returns the root. */
  run(oldRoot: unknown, freshRoot: MirrorNode): MirrorNode {
    const root = this.meet(oldRoot, freshRoot, undefined, '')
    this.#old.become(this.#result)
    return root
  }

  /** The node for a place: the old one if it can go on as the fresh one. */
  meet(value: unknown, fresh: MirrorNode, parent: MirrorNode | undefined, key: string): MirrorNode {
    const old = this.#old.of(value)
    if (old === undefined || !compatible(old.type, fresh.type) || this.#staying.has(old)) {
      fresh.parent = parent
      fresh.key = key
      this.#moveIn(fresh, old)
      return fresh
    }
    this.#staying.add(old)
    old.id = fresh.id
    old.places = 1
    old.parent = parent
    old.key = key
    this.#result.hold(old)
    const news =
      old.kind === 'record' && fresh.kind === 'record'
        ? this.#record(old, fresh)
        : old.kind === 'map' && fresh.kind === 'map'
          ? this.#map(old, fresh)
          : old.kind === 'list' && fresh.kind === 'list' && this.#list(old, fresh)
    if (news) this.#old.touch(old)
    return old
  }

  #record(old: RecordNode, fresh: RecordNode): boolean {
    old.type = fresh.type
    old.counts = fresh.counts
    let news = false
    for (const { name } of fresh.type.fields) {
      const before = old.value[name]
      const next = this.#value(before, fresh.value[name], old, name)
      if (sameValue(before, next)) continue
      old.value[name] = next
      news = true
    }
    return news
  }

  #map(old: MapNode, fresh: MapNode): boolean {
    old.type = fresh.type
    const next = new Map<string, unknown>()
    for (const [key, value] of fresh.value) next.set(key, this.#value(old.value.get(key), value, old, key))
    return assignEntries(old, next)
  }

  #list(old: ListNode, fresh: ListNode): boolean {
    old.type = fresh.type
    return assignItems(
      old,
      fresh.value.map((value, index) => this.#value(old.value[index], value, old, '')),
    )
  }

  #value(before: unknown, value: unknown, parent: MirrorNode, key: string): unknown {
    const node = this.#fresh.of(value)
    return node === undefined ? value : this.meet(before, node, parent, key).value
  }

  /** Takes over a fresh node with all below it. What it replaces may be a record of an older layout, of which fields go on. */
  #moveIn(fresh: MirrorNode, old?: MirrorNode): void {
    fresh.stamp = this.#old.revision
    fresh.applied = 0
    this.#result.hold(fresh)
    if (fresh.kind === 'record' && old?.kind === 'record') {
      for (const { name } of fresh.type.fields) {
        const before = Object.hasOwn(old.value, name) ? old.value[name] : undefined
        fresh.value[name] = this.#value(before, fresh.value[name], fresh, name)
      }
    } else this.#fresh.eachChild(fresh, (child) => this.#moveIn(child))
  }
}
