import type { Writer } from '../../patch/writer.ts'
import type { MapNode } from '../nodes/map-node.ts'
import type { RestrictedViewer } from './restricted-viewer.ts'
import type { EntityScope } from './scope.ts'
import { Sighting } from './sighting.ts'
import type { Told } from '../nodes/state-node.ts'

/** What a viewer has of one viewed map: the entries in its view, in the order in which they came into it. */
export class MapView {
  readonly viewer: RestrictedViewer
  readonly map: MapNode
  /** What came into view with the version that is being closed. */
  entered: readonly Sighting[] = []
  /** What left with it. */
  left: readonly Sighting[] = []
  /** Between versions also those that are to leave with the next, and those that are to come with it. */
  readonly #sightings = new Map<EntityScope, Sighting>()
  /** What came and went since the last version, some of it perhaps back and forth. */
  #touched: Sighting[] = []

  constructor(viewer: RestrictedViewer, map: MapNode) {
    this.viewer = viewer
    this.map = map
  }

  /** All that is in view, for a version that is being or has been closed. */
  get sightings(): Iterable<Sighting> {
    return this.#sightings.values()
  }

  get size(): number {
    return this.#sightings.size
  }

  /** Whether an entity is in view, and will still be in the next version. */
  sees(scope: EntityScope): boolean {
    return this.#sightings.get(scope)?.leaving === false
  }

  /** Whether an entity is in view since a version that was closed before. */
  has(scope: EntityScope): boolean {
    const sighting = this.#sightings.get(scope)
    return sighting !== undefined && sighting.since !== 0
  }

  /** Takes an entity into view; false when it is there. */
  see(scope: EntityScope): boolean {
    const known = this.#sightings.get(scope)
    if (known?.leaving === false) return false
    if (known !== undefined) known.leaving = false
    else {
      const sighting = new Sighting(this, scope)
      this.#sightings.set(scope, sighting)
      this.#touch(sighting)
    }
    return true
  }

  /** Takes an entity out of view; false when it is not there. */
  unsee(scope: EntityScope): boolean {
    const known = this.#sightings.get(scope)
    if (known?.leaving !== false) return false
    this.lose(known)
    return true
  }

  /** An entity is to leave the view; at once if it has not come yet. */
  lose(sighting: Sighting): void {
    if (sighting.since !== 0) {
      sighting.leaving = true
      this.#touch(sighting)
    } else this.#sightings.delete(sighting.scope)
  }

  #touch(sighting: Sighting): void {
    if (sighting.touched) return
    sighting.touched = true
    this.#touched.push(sighting)
    if (this.#touched.length === 1) this.viewer.touched(this)
  }

  /** Finds what entered and left since the last version; false when that comes down to nothing. */
  resolve(): boolean {
    const entered: Sighting[] = []
    const left: Sighting[] = []
    for (const sighting of this.#touched) {
      sighting.touched = false
      const { scope } = sighting
      if (sighting.leaving) {
        left.push(sighting)
        this.#sightings.delete(scope)
        scope.leave(sighting)
      } else if (sighting.since === 0 && this.#sightings.get(scope) === sighting) {
        // It may have been removed from the state since.
        if (scope.node.registry === undefined) this.#sightings.delete(scope)
        else entered.push(sighting)
      }
    }
    this.#touched = []
    this.entered = entered
    this.left = left
    return entered.length + left.length > 0
  }

  /** What entered and left belongs to this version. */
  settle(version: number): void {
    for (const sighting of this.entered) {
      sighting.since = version
      sighting.scope.enter(sighting)
    }
    this.entered = []
    this.left = []
  }

  /** Lets go of all that is in view. */
  close(): void {
    for (const sighting of this.#sightings.values()) if (sighting.since !== 0) sighting.scope.leave(sighting)
    this.#sightings.clear()
    this.#touched = []
  }

  /** The turn's change of the map. */
  change(): Told {
    return viewChange(this.map, this.left, this.entered)
  }

  /** All of the map that is in view. */
  whole(): Told {
    return {
      id: this.map.id,
      pack: (writer) => packSightings(writer, this.map, this.#sightings.size, this.#sightings.values()),
    }
  }

  /** What came into view after a version. */
  comeSince(version: number): readonly Sighting[] {
    const come: Sighting[] = []
    for (const sighting of this.#sightings.values()) if (sighting.since > version) come.push(sighting)
    return come
  }

  /** The hash of the map as it is in view. */
  hash(): number {
    return this.map.hashOf(this.#sightings.size, this.#entries())
  }

  *#entries(): Iterable<[string, unknown]> {
    for (const { key, scope } of this.#sightings.values()) yield [key, scope.node.handle]
  }
}

/** What was in view: its key is all that is told of it. */
type Gone = Pick<Sighting, 'key'>

/** A change of a viewed map for somebody: what it had and has no longer, then what it has from now on. */
export function viewChange(map: MapNode, gone: readonly Gone[], come: readonly Sighting[]): Told {
  return {
    id: map.id,
    pack: (writer) => {
      writer.varint(gone.length)
      for (const { key } of gone) writer.string(key)
      packSightings(writer, map, come.length, come)
    },
  }
}

/** A viewed map of which nothing is in view. */
export function emptyView({ id }: MapNode): Told {
  return { id, pack: (writer) => writer.varint(0) }
}

function packSightings(writer: Writer, map: MapNode, count: number, sightings: Iterable<Sighting>): void {
  const { pack } = map.type.entry
  writer.varint(count)
  for (const { key, scope } of sightings) {
    writer.string(key)
    pack(writer, scope.node.handle)
  }
}
