import { at } from '../codec/fault.ts'
import type { CompiledLayout } from '../compiled-layout.ts'
import type { AnyContract } from '../contract.ts'
import { Mode } from '../patch/body.ts'
import { BodyWriter } from './body-writer.ts'
import { NodeRegistry } from './node-registry.ts'
import { OpenViewer, type Sight } from './open-viewer.ts'
import { Shapes } from './shapes.ts'
import { SharedUpdates } from './shared-updates.ts'
import { Handle, type StateNode } from './state-node.ts'
import type { Viewer, ViewerOptions } from './viewer.ts'

/** What a {@link StateTree} is made with. */
export interface StateOptions {
  /** Chosen at random at each creation and restoration: 16 hex characters. Versions of different epochs say nothing of each other. */
  readonly epoch: string
  /** The version of the first state. Default: 1. */
  readonly version?: number
}

/**
 * The state of a room: a tree of tracked records, maps and lists that knows what changed since when.
 *
 * Writing is ordinary: assign fields, call the methods of maps and lists. {@link close} makes what was written the next
 * version; each {@link viewer} is then asked for what is new for it.
 */
export class StateTree {
  readonly epoch: string
  readonly #registry = new NodeRegistry()
  readonly #updates: SharedUpdates
  readonly #root: StateNode
  readonly #first: number
  readonly #openViewers = new Set<OpenViewer>()
  #version: number
  #written: number

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
    return new StateTree(root, options)
  }

  private constructor(root: Handle, { epoch, version = 1 }: StateOptions) {
    this.epoch = epoch
    this.#first = version
    this.#version = version
    this.#written = version
    this.#registry.attach(root, undefined, '')
    const node = Handle.node(root)
    if (node === undefined) throw new TypeError('A handle without node')
    this.#root = node
    this.#updates = new SharedUpdates(epoch, node)
    for (const born of this.#registry.drain()) {
      born.queued = false
      born.born = version
      born.changed = version
      born.settle()
    }
  }

  /** The tracked state. */
  get root(): unknown {
    return this.#root.handle
  }

  /** The version last closed. */
  get version(): number {
    return this.#version
  }

  /** The version in which the state itself last changed, and not only who sees what of it. */
  get written(): number {
    return this.#written
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
    return this.#registry.bookkeeping + logged
  }

  /** The ids of all nodes are below this. */
  get idBound(): number {
    return this.#registry.idBound
  }

  /** Whether a record, map or list stands in this state. */
  holds(tracked: unknown): boolean {
    return Handle.node(tracked)?.registry === this.#registry
  }

  /**
   * Makes what was done since the last version the next one.
   *
   * @returns false when nothing is different for anybody; then there is no new version.
   */
  close(): boolean {
    const nodes = this.#registry.drain()
    // Whoever is behind is caught up when it asks: nothing is encoded for a room of stalled readers.
    const body = this.#isFollowed() ? new BodyWriter() : undefined
    const next = this.#version + 1
    let changed = false
    for (const node of nodes) {
      // Those taken out meanwhile went with what they stood in.
      if (node.registry === undefined) continue
      const mode = node.born === 0 ? Mode.birth : node.pending()
      if (mode === undefined) continue
      changed = true
      node.changed = next
      if (mode === Mode.birth) node.born = next
      body?.add(node, mode)
    }
    if (changed) {
      this.#version = next
      this.#written = next
      this.#updates.forget()
      if (body !== undefined) this.#updates.turn(body, next)
    }
    for (const node of nodes) {
      node.queued = false
      if (node.registry !== undefined) node.settle()
    }
    return changed
  }

  /** One who looks at the state from now on. It has nothing yet: what it takes first is a snapshot. */
  viewer(options: ViewerOptions = {}): Viewer {
    const viewer = new OpenViewer(this.#sight(), options, (gone) => this.#openViewers.delete(gone))
    this.#openViewers.add(viewer)
    return viewer
  }

  /** All of the present version, for saving. Made once per version: its bytes must not be written. */
  snapshot(): Uint8Array {
    this.#beClosed()
    return this.#updates.snapshot(this.#version).bytes
  }

  /** @deprecated Until the room is wired to {@link close} and {@link viewer}. */
  takePatch(): Uint8Array | undefined {
    this.#legacy ??= this.viewer()
    if (this.#legacy.version !== this.#version) this.#legacy.resume(this.epoch, this.#version)
    return this.close() ? this.#legacy.take()?.bytes : undefined
  }

  /** @deprecated Until the room is wired to {@link close} and {@link viewer}. */
  changesSince(version: number): Uint8Array | undefined {
    this.#beClosed()
    return version === this.#version ? undefined : this.#updates.since(version, this.#version).bytes
  }

  #legacy: Viewer | undefined

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

  #sight(): Sight {
    const version = (): number => this.#version
    return {
      epoch: this.epoch,
      first: this.#first,
      get version() {
        return version()
      },
      registry: this.#registry,
      updates: this.#updates,
      tags: new Set(),
      beClosed: () => this.#beClosed(),
      hash: (first, count) => this.#hash(first, count),
    }
  }

  #hash(first: number, count: number): number {
    let sum = 0
    const end = Math.min(first + count, this.#registry.idBound)
    for (let id = first; id < end; id++) sum = (sum + (this.#registry.at(id)?.hash() ?? 0)) | 0
    return sum >>> 0
  }

  #beClosed(): void {
    if (this.dirty) throw new Error('There are changes that belong to no version yet: call close first')
  }
}
