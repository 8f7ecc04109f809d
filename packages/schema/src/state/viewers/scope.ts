import { MapNode } from '../nodes/map-node.ts'
import type { ScopeFinder } from '../nodes/node-registry.ts'
import type { RestrictedViewer } from './restricted-viewer.ts'
import type { Sighting } from './sighting.ts'
import type { StateNode } from '../nodes/state-node.ts'
import type { Marks, VisibleField } from './visibility.ts'

/**
 * A part of the state that is seen or not seen as one: an entry of a viewed map with all below it, or what stands in a field
 * that not everybody sees. What is in no such part has no scope.
 */
export type Scope = EntityScope | FieldScope

/** What stands below an entry of a viewed map. It is seen by those who have the entity in view. */
export class EntityScope {
  readonly node: StateNode
  readonly map: MapNode
  readonly parent: Scope | undefined
  /** Those in whose view it was when the last version was closed, whether they see what it stands in or not. */
  readonly viewers: RestrictedViewer[] = []
  /** The same, as their sightings. */
  readonly #sightings: Sighting[] = []

  constructor(node: StateNode, map: MapNode, parent: Scope | undefined) {
    this.node = node
    this.map = map
    this.parent = parent
  }

  /** The nearest entity around. */
  get entity(): EntityScope {
    return this
  }

  /** It is in somebody's view from the version on that is being closed. */
  enter(sighting: Sighting): void {
    sighting.place = this.viewers.length
    this.viewers.push(sighting.viewer)
    this.#sightings.push(sighting)
  }

  /** It is in somebody's view no longer. */
  leave({ place }: Sighting): void {
    const viewer = this.viewers.pop()
    const sighting = this.#sightings.pop()
    if (viewer === undefined || sighting === undefined || place === this.viewers.length) return
    this.viewers[place] = viewer
    this.#sightings[place] = sighting
    sighting.place = place
  }

  /** The entity was removed from the state: it leaves all views. @returns those that it was not leaving anyway. */
  removed(): readonly Sighting[] {
    const lost = this.#sightings.filter(({ leaving }) => !leaving)
    for (const sighting of lost) sighting.view.lose(sighting)
    return lost
  }
}

/** What stands in a field that not everybody sees. */
export class FieldScope {
  readonly record: StateNode
  readonly field: VisibleField
  readonly parent: Scope | undefined
  /** The nearest entity around; none outside of viewed maps. */
  readonly entity: EntityScope | undefined

  constructor(record: StateNode, field: VisibleField) {
    this.record = record
    this.field = field
    this.parent = record.scope
    this.entity = record.scope?.entity
  }
}

/** The scope of a node that is an entry of a viewed map; nothing for any other. */
export function entityScope(node: StateNode | undefined): EntityScope | undefined {
  return node?.scope instanceof EntityScope && node.scope.node === node ? node.scope : undefined
}

/** Finds the scopes of nodes as they are put into a state. */
export function scopeFinder(marks: Marks): ScopeFinder {
  return (node, parent, key) => {
    if (parent === undefined) return undefined
    if (parent instanceof MapNode && marks.isViewed(parent)) return new EntityScope(node, parent, parent.scope)
    const field = marks.of(parent)?.field(key)
    return field === undefined ? parent.scope : new FieldScope(parent, field)
  }
}
