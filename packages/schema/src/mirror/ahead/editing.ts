import { isNode, type MirrorNode } from '../mirror-node.ts'
import { MirrorSpace } from '../mirror-space.ts'
import type { MirrorTree } from '../mirror-tree.ts'
import { Reconciliation } from '../reconcile.ts'
import { EditTypes } from './edit-types.ts'
import { EditedNode } from './edited-node.ts'
import { Journal, type Placed } from './journal.ts'

/** Where edits write: the nodes of a mirror, and what is known of them while edits run. */
export class Editing {
  readonly space: MirrorSpace
  /** Nodes that edits had put somewhere, and that were taken back: they may go on. */
  readonly gone = new MirrorSpace()
  /** Nodes that have been made and stand nowhere yet. */
  readonly apart = new MirrorSpace()
  /** Of the edit that runs. */
  journal: Journal | undefined
  /** Counts how often the state has become another otherwise than by an edit that runs. */
  pass = 0
  readonly held: EditedNode[] = []
  readonly #mirror: MirrorTree
  #types: EditTypes

  constructor(mirror: MirrorTree) {
    this.#mirror = mirror
    this.space = mirror.space
    this.#types = new EditTypes(mirror.types, this)
  }

  /** Those of the layout as it is. */
  get types(): EditTypes {
    if (this.#types.mirror !== this.#mirror.types) this.#types = new EditTypes(this.#mirror.types, this)
    return this.#types
  }

  /** The state, to be written to. */
  get state(): unknown {
    return this.live(this.#mirror.state)
  }

  /** An edit begins to run. @param former What it had put where in the run before. */
  begin(former: readonly Placed[]): Journal {
    return (this.journal = new Journal(former))
  }

  /** What mutators see of something that stands in the mirror: a handle of a record, map or list, any other value itself. */
  live(value: unknown): unknown {
    const node = this.space.of(value)
    return node === undefined ? value : this.edited(node).handle
  }

  /** What edits know of a node. */
  edited(node: MirrorNode): EditedNode {
    const known = node.edited
    if (known instanceof EditedNode && known.type === node.type) return known
    const made = this.types.edited(node)
    node.edited = made
    return made
  }

  /** Whether somebody puts somewhere what stands there already. Values that are replaced as a whole may have bytes in them. */
  standsThere(value: unknown, before: unknown): boolean {
    if (typeof value !== 'object' || value === null) return Object.is(value, before)
    const edited = EditedNode.of(value)
    return edited !== undefined && edited.node.value === before
  }

  /** Puts what was adopted somewhere; returns what people see of it. */
  place(kept: unknown, parent: MirrorNode, key: string, { placed, former }: Journal): unknown {
    if (!isNode(kept)) return kept
    const last = former[placed.length]
    const isThere = last?.parent === parent && last.key === key
    const node = this.goOn(isThere ? last.node.value : undefined, kept, parent, key)
    placed.push({ parent, key, node })
    return node.value
  }

  /** Has a node that is {@link apart} stand somewhere; where a former one can go on as it, that one. */
  goOn(former: unknown, node: MirrorNode, parent: MirrorNode, key: string): MirrorNode {
    this.gone.revision = this.space.revision
    return new Reconciliation(this.gone, this.apart, this.space).meet(former, node, parent, key)
  }

  /** Takes something from its place. */
  remove(value: unknown, { steps }: Journal): void {
    const node = this.space.of(value)
    if (node === undefined) return
    const edited = this.edited(node)
    edited.removed = true
    steps.push({ undo: () => void (edited.removed = false) })
  }

  /** Nodes that stood somewhere, with all below them, stand there no more. */
  takeOut(nodes: readonly Placed[], to = new MirrorSpace()): MirrorSpace {
    for (const { node } of nodes) this.#takeOut(node, to)
    return to
  }

  #takeOut(node: MirrorNode, to: MirrorSpace): void {
    this.space.eachChild(node, (child) => this.#takeOut(child, to))
    this.space.release(node)
    to.hold(node)
  }

  /** Remembers what is shown of a node and all below it. */
  holdAll(node: MirrorNode): void {
    this.edited(node).hold()
    this.space.eachChild(node, (child) => this.holdAll(child))
  }
}
