import { JuntoError } from '@junto/protocol'
import type { StateTree, Viewer } from '@junto/schema/internal'
import { RoomMember } from './room-member.ts'

/** Whether an entry of a map shall be in view. */
type Keep = (entity: unknown, key: string) => unknown

/** A map of the state, as far as filters look into it. */
type Entries = Iterable<readonly [key: string, entity: unknown]>

// A promise is true, whatever it will resolve to: everything would come into view.
const asynchronous = 'view.filter: its predicate must say at once what is in view, and returned a promise'

/** Whose presence a member sees. */
export interface MemberSight {
  see(member: object): boolean
  unsee(member: object): boolean
  sees(member: object): boolean
}

/** What stands under `member.view`, without its types. */
export class SeatView {
  readonly #tree: StateTree
  readonly #viewer: Viewer
  readonly #sight: MemberSight | undefined
  readonly #filters = new Map<Entries, Keep>()

  /** @param sight Undefined in a room where nobody shows anything. */
  constructor(tree: StateTree, viewer: Viewer, sight: MemberSight | undefined) {
    this.#tree = tree
    this.#viewer = viewer
    this.#sight = sight
  }

  get owner(): string {
    return this.#viewer.owner
  }

  set owner(owner: string) {
    // Untyped code may assign anything; nobody would be the owner of what is no name.
    const given: unknown = owner
    if (typeof given !== 'string') {
      throw new TypeError(
        `member.view.owner must be a string, what t.Owner() fields hold: a member's id or a user's, not ${given === null ? 'null' : typeof given}`,
      )
    }
    this.#viewer.owner = owner
  }

  get tags(): ReadonlySet<string> {
    return this.#viewer.tags
  }

  add(entity: unknown): boolean {
    return entity instanceof RoomMember ? this.#sightOf('add').see(entity) : this.#viewer.see(entity)
  }

  remove(entity: unknown): boolean {
    return entity instanceof RoomMember ? this.#sightOf('remove').unsee(entity) : this.#viewer.unsee(entity)
  }

  has(entity: unknown): boolean {
    return entity instanceof RoomMember ? this.#sightOf('has').sees(entity) : this.#viewer.sees(entity)
  }

  grant(tag: string): void {
    this.#viewer.grant(tag)
  }

  revoke(tag: string): void {
    this.#viewer.revoke(tag)
  }

  filter(map: Entries, keep: Keep | undefined): void {
    if (keep === undefined) {
      this.#filters.delete(map)
      return
    }
    if (!this.#tree.holds(map)) {
      throw new JuntoError('misuse', 'view.filter: its first argument must be a map of the state of this very room')
    }
    if (!this.#tree.isViewed(map)) {
      throw new JuntoError(
        'misuse',
        'view.filter: everybody sees all of this map: only a t.Map(T, { view: true }) has views',
      )
    }
    if (typeof keep !== 'function') {
      throw new JuntoError(
        'misuse',
        'view.filter: its second argument must be a function, or undefined to end the filter',
      )
    }
    this.#apply(new Map([[map, keep]]))
    this.#filters.set(map, keep)
  }

  update(): void {
    for (const map of this.#filters.keys()) if (!this.#tree.holds(map)) this.#filters.delete(map)
    this.#apply(this.#filters)
  }

  #sightOf(what: string): MemberSight {
    if (this.#sight !== undefined) return this.#sight
    throw new JuntoError('misuse', `view.${what}(member): members show nothing here: the contract declares no presence`)
  }

  /** The member is gone. */
  close(): void {
    this.#filters.clear()
  }

  /** Asks all predicates before anything changes: one that throws leaves the view as it was. */
  #apply(filters: ReadonlyMap<Entries, Keep>): void {
    const coming: unknown[] = []
    const going: unknown[] = []
    for (const [map, keep] of filters) {
      for (const [key, entity] of map) {
        const kept = keep(entity, key)
        if (kept instanceof Promise) throw new JuntoError('misuse', asynchronous)
        ;(kept ? coming : going).push(entity)
      }
    }
    // A predicate may have removed something, which then is in nobody's view.
    for (const entity of going) if (this.#tree.holds(entity)) this.#viewer.unsee(entity)
    for (const entity of coming) if (this.#tree.holds(entity)) this.#viewer.see(entity)
  }
}
