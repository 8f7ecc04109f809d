import type { Hidden } from '../nodes/field-set.ts'
import type { MapNode } from '../nodes/map-node.ts'
import { MapView } from './map-view.ts'
import type { MarkedState } from './marked-state.ts'
import { Places } from './places.ts'
import type { Row } from './row.ts'
import { entityScope, EntityScope, type Scope } from './scope.ts'
import { Handle, type StateNode } from '../nodes/state-node.ts'
import type { Update } from './update.ts'
import { removedEntity, viewedEntity } from './viewed-entity.ts'
import { knownTag } from './known-tag.ts'
import { ViewLog } from './view-log.ts'
import type { Viewer } from './viewer.ts'
import type { Views } from './views.ts'
import type { Clearance } from './visibility.ts'

/** One who does not see everything. */
export class RestrictedViewer implements Viewer {
  readonly tags = new Set<string>()
  /** The tags it held when the last version was closed. */
  clearance: Clearance
  /** The name that owner fields meant it by when the last version was closed. */
  ownerName: string
  /** The version from which on it has held these. */
  cleared: number
  /** What it has of each viewed map. */
  readonly views = new Map<MapNode, MapView>()
  readonly log: ViewLog
  /** The turn in whose table stands what is new for it: the version that led to. */
  followed = 0
  /** Of that turn, what is not told to all who have the same tags. */
  readonly places = new Places()
  /** Of what all with the same tags are told, the indexes of what is told to it otherwise, or not at all. They ascend. */
  leftOut: number[] = []
  /** What it has of the state is that of this version; 0: nothing. */
  at = 0
  readonly #views: Views
  #owner: string
  #version = 0
  /** The first and last versions it was given. */
  #first = 0
  #last = 0
  #closed = false

  constructor(views: Views, owner: string, clearance: Clearance, version: number) {
    this.#views = views
    this.#owner = owner
    this.ownerName = owner
    this.clearance = clearance
    this.cleared = version
    this.log = new ViewLog(version)
  }

  get version(): number {
    return this.#version
  }

  get owner(): string {
    return this.#owner
  }

  set owner(name: string) {
    if (name === this.#owner) return
    this.#owner = name
    if (!this.#closed) this.#views.retag(this)
  }

  take(): Update | undefined {
    const { version } = this.#views.present
    this.#views.present.beClosed()
    if (this.#closed || this.at === version) return undefined
    const update = this.#views.update(this)
    this.at = version
    if (update === undefined) return undefined
    this.#version = version
    if (this.#first === 0) this.#first = version
    this.#last = version
    return update
  }

  resume(epoch: string, version: number): void {
    const known = epoch === this.#views.present.epoch && Number.isInteger(version)
    // What it had in other versions is not known: they were given to somebody else.
    if (known && this.#first !== 0 && version >= this.#first && version <= this.#last) this.#goOn(version)
    else this.reset()
  }

  reset(): void {
    this.#goOn(0)
  }

  #goOn(version: number): void {
    this.#version = version
    this.at = version
  }

  see(entity: unknown): boolean {
    if (this.#closed) return false
    const scope = viewedEntity(this.#views.present.registry, entity)
    if (scope === undefined) throw removedEntity(entity)
    return this.#viewOf(scope.map).see(scope)
  }

  unsee(entity: unknown): boolean {
    if (this.#closed) return false
    const scope = viewedEntity(this.#views.present.registry, entity)
    return scope !== undefined && this.views.get(scope.map)?.unsee(scope) === true
  }

  sees(entity: unknown): boolean {
    const scope = entityScope(Handle.node(entity))
    return scope?.node.registry !== undefined && this.views.get(scope.map)?.sees(scope) === true
  }

  grant(tag: string): void {
    if (this.tags.has(knownTag(this.#views.present.tags, tag)) || this.#closed) return
    this.tags.add(tag)
    this.#views.retag(this)
  }

  revoke(tag: string): void {
    if (this.tags.delete(knownTag(this.#views.present.tags, tag)) && !this.#closed) this.#views.retag(this)
  }

  hash(first: number, count: number): number {
    return this.#views.hash(this, first, count)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const view of this.views.values()) view.close()
    this.views.clear()
    this.#views.forget(this)
  }

  /** A view of it was touched for the first time since the last version. */
  touched(view: MapView): void {
    this.#views.touch(view)
  }

  /** What of a node it does not see; nothing when that is all. */
  hidden(node: StateNode): Hidden | undefined {
    const { marked } = node
    if (marked === undefined) return undefined
    return this.clearance.hidden(node.type, marked.owner !== '' && marked.owner === this.ownerName)
  }

  /** Whether it may see other fields of a record than it did in an earlier version. */
  clearedSince({ ownedSince }: MarkedState, version: number): boolean {
    return this.cleared > version || ownedSince > version
  }

  /** Whether it has seen what is in a scope since a version closed before, provided that no field has been shown to it since. */
  saw(scope: Scope | undefined): boolean {
    for (let at = scope; at !== undefined; at = at.parent) {
      if (at instanceof EntityScope) {
        if (this.views.get(at.map)?.has(at) !== true) return false
      } else if (this.hidden(at.record)?.has(at.field.index) === true) return false
    }
    return true
  }

  /** Begins to be told of a turn. */
  follow(version: number): void {
    this.followed = version
    this.places.clear()
    if (this.leftOut.length > 0) this.leftOut = []
  }

  /** Of what others are told as well, these rows are not for it. */
  leaveOut(rows: readonly Row[]): void {
    for (const { place } of rows) {
      this.places.remove(place)
      const index = this.clearance.common.places.indexOf(place)
      if (index !== -1) this.leftOut.push(index)
    }
    this.leftOut.sort((a, b) => a - b)
  }

  #viewOf(map: MapNode): MapView {
    let view = this.views.get(map)
    if (view === undefined) {
      view = new MapView(this, map)
      this.views.set(map, view)
    }
    return view
  }
}
