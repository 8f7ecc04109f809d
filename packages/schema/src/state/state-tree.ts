import { at } from '../codec/fault.ts'
import type { CompiledLayout } from '../compiled-layout.ts'
import type { AnyContract } from '../contract.ts'
import type { TypeIndex } from '../layout.ts'
import { readContract } from '../contract-layout.ts'
import type { Visibility } from '../visibility-marks.ts'
import { BodyWriter } from './encode/body-writer.ts'
import { closeNodes } from './encode/close-nodes.ts'
import { NodeRegistry } from './nodes/node-registry.ts'
import { OpenViewer } from './viewers/open-viewer.ts'
import { Present } from './viewers/present.ts'
import { scopeFinder } from './viewers/scope.ts'
import { Shapes } from './shapes.ts'
import { SharedUpdates } from './viewers/shared-updates.ts'
import { Handle, type StateNode } from './nodes/state-node.ts'
import type { Viewer, ViewerOptions } from './viewers/viewer.ts'
import { Views } from './viewers/views.ts'
import { Marks } from './viewers/visibility.ts'

/** What a {@link StateTree} is made with. */
export interface StateOptions {
  /** Chosen at random at each creation and restoration: 16 hex characters. Versions of different epochs say nothing of each other. */
  readonly epoch: string
  /** The version of the first state. Default: 1. */
  readonly version?: number
  /** Who sees what of it. Default: what the contract says; without a contract everybody sees everything. */
  readonly visibility?: Visibility
}

/**
 * The state of a room: a tree of tracked records, maps and lists that knows what changed since when.
 *
 * Writing is ordinary: assign fields, call the methods of maps and lists. {@link close} makes what was written the next
 * version; each {@link viewer} is then asked for what is new for it.
 */
export class StateTree {
  readonly epoch: string
  readonly #registry: NodeRegistry
  readonly #marks: Marks | undefined
  readonly #updates: SharedUpdates
  readonly #root: StateNode
  readonly #present: Present
  /** Those who see everything. */
  readonly #openViewers = new Set<OpenViewer>()
  /** Those who do not; none where nothing depends on who looks. */
  readonly #views: Views | undefined

  /**
   * Makes the state of a layout from a plain value.
   *
   * @param contract Where the layout comes from, for what is not in it: the names of its server-only fields, and who sees what.
   * @throws SchemaError `invalid_value` with the path of what is wrong in the value.
   */
  static create(
    layout: CompiledLayout,
    contract: AnyContract | undefined,
    first: unknown,
    options: StateOptions,
  ): StateTree {
    const shapes = Shapes.of(layout, contract)
    let root: Handle
    try {
      root = shapes.root(layout.layout.state, first)
    } catch (error) {
      throw at(error, '')
    }
    const visibility = options.visibility ?? (contract === undefined ? undefined : readContract(contract).visibility)
    const marks = visibility && new Marks(visibility, (index) => shapes.nodeType(index))
    return new StateTree(root, options, marks)
  }

  private constructor(root: Handle, { epoch, version = 1 }: StateOptions, marks: Marks | undefined) {
    this.epoch = epoch
    this.#marks = marks
    this.#registry = new NodeRegistry(marks && scopeFinder(marks))
    this.#registry.attach(root, undefined, '')
    this.#present = new Present(epoch, version, this.#registry, marks?.tags ?? new Set())
    const node = Handle.node(root)
    if (node === undefined) throw new TypeError('A handle without node')
    this.#root = node
    this.#updates = new SharedUpdates(epoch, node)
    this.#views = marks && new Views(this.#present, marks, node)
    const born = this.#registry.drain()
    for (const each of born) {
      each.born = version
      each.changed = version
    }
    this.#views?.close(born, version)
    for (const each of born) settle(each)
  }

  /** The tracked state. */
  get root(): unknown {
    return this.#root.handle
  }

  /** The version last closed. */
  get version(): number {
    return this.#present.version
  }

  /** The version in which the state itself last changed, and not only who sees what of it. */
  get written(): number {
    return this.#present.written
  }

  /** Whether there is something that belongs to no version yet. */
  get dirty(): boolean {
    return this.#registry.dirty
  }

  /** Called when the first change since the last version is made. */
  get onDirty(): (() => void) | undefined {
    return this.#registry.onDirty
  }

  set onDirty(listener: (() => void) | undefined) {
    this.#registry.onDirty = listener
  }

  /** How much is kept beside the state itself. */
  get bookkeeping(): number {
    let logged = 0
    for (let id = 0; id < this.#registry.idBound; id++) logged += this.#registry.at(id)?.logged ?? 0
    return this.#registry.bookkeeping + logged + (this.#views?.logged ?? 0)
  }

  /** The ids of all nodes are below this. */
  get idBound(): number {
    return this.#registry.idBound
  }

  /** Whether a record, map or list stands in this state. */
  holds(tracked: unknown): boolean {
    return Handle.node(tracked)?.registry === this.#registry
  }

  /** The type of a record, map or list of this state in its layout; `undefined` for what does not stand in it. */
  typeOf(tracked: unknown): TypeIndex | undefined {
    const node = Handle.node(tracked)
    return node?.registry === this.#registry ? node?.type.index : undefined
  }

  /** Whether something of this state is a map of which a viewer has the entries in its view. */
  isViewed(tracked: unknown): boolean {
    const node = Handle.node(tracked)
    return node !== undefined && this.#marks?.isViewed(node) === true
  }

  /**
   * Makes what was done since the last version the next one.
   *
   * @returns false when nothing is different for anybody; then there is no new version.
   * @throws Error while a mutation runs, of which nobody can know yet whether it will be put back.
   */
  close(): boolean {
    if (this.#registry.recorder !== undefined) throw new Error('A version cannot be closed while a mutation runs')
    const nodes = this.#registry.drain()
    const looked = this.#views?.resolve() ?? false
    // Whoever is behind is caught up when it asks: nothing is encoded for a room of stalled readers.
    const body = this.#isFollowed() ? new BodyWriter() : undefined
    const next = this.#present.version + 1
    const changed = closeNodes(nodes, next, body)
    if (changed || looked) {
      this.#present.version = next
      if (changed) this.#updates.turn(body, this.#present.written, next)
      else this.#updates.forget()
      if (changed) this.#present.written = next
      this.#views?.close(nodes, next)
    }
    for (const node of nodes) settle(node)
    this.#registry.release(nodes)
    return changed || looked
  }

  /** One who looks at the state from now on. It has nothing yet: what it takes first is a snapshot. */
  viewer(options: ViewerOptions = {}): Viewer {
    if (this.#views !== undefined && options.everything !== true) return this.#views.open(options.owner ?? '')
    return new OpenViewer(this.#present, this.#updates, this.#openViewers, options)
  }

  /** All of the present version, for saving. Made once per version: its bytes must not be written. */
  snapshot(): Uint8Array {
    this.#present.beClosed()
    return this.#updates.snapshot(this.#present.version).bytes
  }

  /**
   * The plain value of the state as mirrors see it, but for the order of maps: keys that look like numbers come first in an
   * object. A {@link snapshot} keeps all.
   */
  toPlain(): unknown {
    return this.#root.plain()
  }

  #isFollowed(): boolean {
    for (const viewer of this.#openViewers) if (viewer.current) return true
    return false
  }
}

/** What was done to a node has been told. */
function settle(node: StateNode): void {
  node.queued = false
  if (node.registry !== undefined) node.settle()
}
