import { Mode } from '../../patch/body.ts'
import { Answers } from './answers.ts'
import { MapNode } from '../nodes/map-node.ts'
import type { MapView } from './map-view.ts'
import { MarkedState } from './marked-state.ts'
import type { Present } from './present.ts'
import { RestrictedViewer } from './restricted-viewer.ts'
import type { StateNode } from '../nodes/state-node.ts'
import { TurnTable } from './turn-table.ts'
import { Turn } from './turn.ts'
import type { Update } from './update.ts'
import { Clearance, type Marks } from './visibility.ts'

/** All who look at a state and do not see everything: what each of them is told. */
export class Views {
  readonly present: Present
  readonly #marks: Marks
  readonly #table = new TurnTable()
  readonly #answers: Answers
  readonly #viewers = new Set<RestrictedViewer>()
  readonly #clearances = new Map<string, Clearance>()
  readonly #named = new Map<string, Set<RestrictedViewer>>()
  /** Views of maps in which something came or went since the last version. */
  #touched: MapView[] = []
  /** Viewers that have other tags or another name since the last version. */
  readonly #retagged = new Set<RestrictedViewer>()

  constructor(present: Present, marks: Marks, root: StateNode) {
    this.present = present
    this.#marks = marks
    this.#answers = new Answers(present, marks, root)
  }

  /** The sets of tags that anybody has. */
  get clearances(): Iterable<Clearance> {
    return this.#clearances.values()
  }

  /** Those whom owner fields mean by that name. */
  named(owner: string): Iterable<RestrictedViewer> {
    return this.#named.get(owner) ?? []
  }

  /** How much is kept for viewers beside what they have in view. */
  get logged(): number {
    let logged = this.#touched.length + this.#retagged.size
    for (const { log } of this.#viewers) logged += log.size
    return logged
  }

  /** One who looks from now on. */
  open(owner: string): RestrictedViewer {
    const clearance = this.#hold(new Set())
    const viewer = new RestrictedViewer(this, owner, clearance, this.present.version)
    this.#viewers.add(viewer)
    this.#name(viewer)
    return viewer
  }

  /** One looks no longer. */
  forget(viewer: RestrictedViewer): void {
    this.#viewers.delete(viewer)
    this.#retagged.delete(viewer)
    this.#release(viewer.clearance)
    this.#unname(viewer)
  }

  /** Something came into a view of a map, or is to leave it. */
  touch(view: MapView): void {
    this.#touched.push(view)
    this.present.registry.look()
  }

  /** A viewer has other tags, or another name. */
  retag(viewer: RestrictedViewer): void {
    this.#retagged.add(viewer)
    this.present.registry.look()
  }

  /** Finds what is different in who sees what; false when that comes down to nothing. To be followed by {@link close}. */
  resolve(): boolean {
    this.#touched = this.#touched.filter((view) => {
      const touched = view.resolve()
      if (!touched && view.size === 0) view.viewer.views.delete(view.map)
      return touched
    })
    for (const viewer of this.#retagged) if (!this.#isOther(viewer)) this.#retagged.delete(viewer)
    return this.#touched.length + this.#retagged.size > 0
  }

  #isOther({ tags, clearance, owner, ownerName }: RestrictedViewer): boolean {
    return owner !== ownerName || keyOf(tags) !== keyOf(clearance.tags)
  }

  /** Closes a version: all follow that have the one before, and see what they saw of each record. */
  close(nodes: readonly StateNode[], version: number): void {
    this.#answers.clear()
    let followed = false
    for (const viewer of this.#viewers) {
      if (viewer.at !== version - 1 || this.#retagged.has(viewer)) continue
      viewer.follow(version)
      followed = true
    }
    for (const viewer of this.#retagged) this.#clear(viewer, version)
    this.#retagged.clear()
    for (const node of nodes) if (node.changed === version) this.#mark(node, version)
    // Whoever is behind is caught up when it asks.
    if (followed) this.#tell(nodes, version)
    for (const view of this.#touched) this.#settle(view, version)
    this.#touched = []
  }

  #tell(nodes: readonly StateNode[], version: number): void {
    const turn = new Turn(this.#marks, this, this.#table, version)
    for (const node of nodes) {
      if (node.changed !== version || node.registry === undefined) continue
      const mode = node.born === version ? Mode.birth : node.pending()
      if (mode !== undefined) turn.changed(node, mode)
    }
    for (const view of this.#touched) turn.looked(view)
    this.#table.seal(version)
  }

  #settle(view: MapView, version: number): void {
    const { viewer, map, left } = view
    // Where the map is gone as well, nothing has to be told of what was in it.
    if (map.registry !== undefined) viewer.log.note(map.id, left, version)
    view.settle(version)
    if (view.size === 0) viewer.views.delete(map)
  }

  /** Notes what changes in a record. Those for whom something of it is hidden or shown by another owner do not follow. */
  #mark(node: StateNode, version: number): void {
    const type = this.#marks.of(node)
    if (type === undefined) return
    const owner = type.ownerOf(node)
    if (node.marked === undefined) {
      node.marked = new MarkedState(type, version)
      node.marked.owner = owner
      return
    }
    node.marked.note(node, version)
    const before = node.marked.owner
    if (owner === before) return
    node.marked.owner = owner
    node.marked.ownedSince = version
    for (const name of [before, owner]) {
      for (const viewer of this.named(name)) if (viewer.saw(node.scope)) viewer.followed = 0
    }
  }

  /** The tags and the name of a viewer count from this version on. */
  #clear(viewer: RestrictedViewer, version: number): void {
    const before = viewer.clearance
    viewer.clearance = this.#hold(viewer.tags)
    this.#release(before)
    this.#unname(viewer)
    viewer.ownerName = viewer.owner
    this.#name(viewer)
    viewer.cleared = version
  }

  /** What brings a viewer to the present version. */
  update(viewer: RestrictedViewer): Update | undefined {
    const { version } = this.present
    const follows = viewer.version !== 0 && viewer.at === version - 1 && viewer.followed === version
    return follows ? this.#table.patch(viewer, viewer.version, version) : this.#answers.to(viewer)
  }

  /** The hash of the nodes that a viewer sees whose ids are from `first` to `first + count - 1`. */
  hash(viewer: RestrictedViewer, first: number, count: number): number {
    const { registry } = this.present
    let sum = 0
    for (let id = first; id < Math.min(first + count, registry.idBound); id++) {
      const node = registry.at(id)
      if (node === undefined || !viewer.saw(node.scope)) continue
      if (node instanceof MapNode && this.#marks.isViewed(node)) {
        sum = (sum + (viewer.views.get(node)?.hash() ?? node.hashOf(0, []))) | 0
      } else sum = (sum + node.hash(viewer.hidden(node))) | 0
    }
    return sum >>> 0
  }

  #hold(tags: ReadonlySet<string>): Clearance {
    const key = keyOf(tags)
    let clearance = this.#clearances.get(key)
    if (clearance === undefined) {
      clearance = new Clearance(new Set(tags), this.#marks)
      this.#clearances.set(key, clearance)
    }
    clearance.holders++
    return clearance
  }

  #release(clearance: Clearance): void {
    clearance.holders--
    if (clearance.holders === 0) this.#clearances.delete(keyOf(clearance.tags))
  }

  #name(viewer: RestrictedViewer): void {
    const { ownerName } = viewer
    if (ownerName === '') return
    const known = this.#named.get(ownerName)
    if (known === undefined) this.#named.set(ownerName, new Set([viewer]))
    else known.add(viewer)
  }

  #unname(viewer: RestrictedViewer): void {
    const known = this.#named.get(viewer.ownerName)
    known?.delete(viewer)
    if (known?.size === 0) this.#named.delete(viewer.ownerName)
  }
}

function keyOf(tags: ReadonlySet<string>): string {
  return JSON.stringify([...tags].sort())
}
