import { at } from '../codec/fault.ts'
import type { CompiledLayout } from '../compiled-layout.ts'
import { readContract } from '../contract-layout.ts'
import type { AnyContract } from '../contract.ts'
import { Mode, versionCode } from '../patch/body.ts'
import { epochBytes } from '../patch/epoch.ts'
import { Writer } from '../patch/writer.ts'
import { BodyWriter } from './body-writer.ts'
import { NodeRegistry } from './node-registry.ts'
import { Shapes } from './shapes.ts'
import { Handle, type StateNode } from './state-node.ts'

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
 * Writing is ordinary: assign fields, call the methods of maps and lists. {@link takePatch} closes what was written as the
 * next version; {@link changesSince} and {@link snapshot} tell somebody who is further behind, or new.
 */
export class StateTree {
  readonly epoch: string
  readonly #registry = new NodeRegistry()
  readonly #writer = new Writer()
  readonly #root: StateNode
  readonly #first: number
  #version: number
  #snapshot: Uint8Array | undefined

  /**
   * Makes the state of a layout from a plain value.
   *
   * @param contract Where the layout comes from, for the names of its server-only fields.
   * @throws SchemaError `invalid_value` with the path of what is wrong in the value.
   */
  static create(
    layout: CompiledLayout,
    contract: AnyContract | undefined,
    first: unknown,
    options: StateOptions,
  ): StateTree {
    const shapes = new Shapes(layout.layout, contract === undefined ? new Map() : readContract(contract).locals)
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
    this.#registry.attach(root, undefined, '')
    const node = Handle.node(root)
    if (node === undefined) throw new TypeError('A handle without node')
    this.#root = node
    for (const born of this.#registry.drain()) this.#settle(born)
  }

  /** The tracked state. */
  get root(): unknown {
    return this.#root.handle
  }

  /** The version last closed. */
  get version(): number {
    return this.#version
  }

  /** Whether something was written since. */
  get dirty(): boolean {
    return this.#registry.dirty
  }

  /** Called when the first change since the last patch is made. */
  get onDirty(): (() => void) | undefined {
    return this.#registry.onDirty
  }

  set onDirty(listener: (() => void) | undefined) {
    this.#registry.onDirty = listener
  }

  /** How much is kept beside the state itself. */
  get bookkeeping(): number {
    return this.#registry.bookkeeping
  }

  /**
   * Closes what was written as the next version, and returns the patch that leads to it from the version before; nothing
   * when nothing is different. The bytes are never written again.
   */
  takePatch(): Uint8Array | undefined {
    const body = new BodyWriter()
    const nodes = this.#registry.drain()
    for (const node of nodes) {
      // Those taken out meanwhile went with what they stood in.
      if (node.registry === undefined) continue
      const mode = node.born === 0 ? Mode.birth : node.pending()
      if (mode !== undefined) body.add(node, mode)
    }
    if (!body.empty) {
      this.#writer.varint(versionCode(this.#version, this.#version + 1))
      body.write(this.#writer)
      this.#version++
      this.#snapshot = undefined
    }
    for (const node of nodes) this.#settle(node)
    return body.empty ? undefined : this.#writer.take()
  }

  /**
   * One patch from an earlier version of this epoch to the present one; nothing when it is the present one. What changed is
   * in it as a whole, node by node.
   *
   * @throws RangeError when the version is none of this state's.
   */
  changesSince(version: number): Uint8Array | undefined {
    this.#beClosed()
    if (!Number.isInteger(version) || version < this.#first || version > this.#version) {
      throw new RangeError(`This state has versions ${this.#first} to ${this.#version}, and no version ${version}`)
    }
    if (version === this.#version) return undefined
    this.#writer.varint(versionCode(version, this.#version))
    this.#everything((node) => {
      if (node.born > version) return Mode.birth
      return node.changed > version ? Mode.whole : undefined
    }).write(this.#writer)
    return this.#writer.take()
  }

  /** All of the present version. Made once per version and shared: its bytes must not be written. */
  snapshot(): Uint8Array {
    this.#beClosed()
    if (this.#snapshot === undefined) {
      this.#writer.raw(epochBytes(this.epoch))
      this.#writer.varint(this.#version)
      this.#everything(() => Mode.birth).write(this.#writer)
      this.#snapshot = this.#writer.take()
    }
    return this.#snapshot
  }

  /**
   * The plain value of the state as mirrors see it, but for the order of maps: keys that look like numbers come first in an
   * object. A {@link snapshot} keeps all.
   */
  toPlain(): unknown {
    return this.#root.plain()
  }

  #everything(modeOf: (node: StateNode) => Mode | undefined): BodyWriter {
    const body = new BodyWriter()
    const visit = (node: StateNode): void => {
      const mode = modeOf(node)
      if (mode !== undefined) body.add(node, mode)
      node.eachChild(visit)
    }
    visit(this.#root)
    return body
  }

  #settle(node: StateNode): void {
    node.queued = false
    if (node.registry === undefined) return
    if (node.born === 0) node.born = this.#version
    if (node.born === this.#version || node.pending() !== undefined) node.changed = this.#version
    node.settle()
  }

  #beClosed(): void {
    if (this.dirty) throw new Error('There are changes that belong to no version yet: call takePatch first')
  }
}
