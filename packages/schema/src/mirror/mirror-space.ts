import { isNode, type MirrorNode } from './mirror-node.ts'

/**
 * The nodes of one mirror, by id and by what people see of them, and where they stand.
 *
 * Nobody says that a node is gone: when a patch has been applied, what stands nowhere any more is let go of.
 */
export class MirrorSpace {
  readonly byId = new Map<number, MirrorNode>()
  readonly #byValue = new Map<object, MirrorNode>()
  /** Counts what has been applied; the mark of nodes that changed in the latest. */
  revision = 0
  /** Nodes that were made, put somewhere or taken from somewhere by the patch being applied. */
  #moved: MirrorNode[] = []

  /** The node whose value this is. */
  of(value: unknown): MirrorNode | undefined {
    return typeof value === 'object' && value !== null ? this.#byValue.get(value) : undefined
  }

  /** Takes in a new node. What had its id before must be gone when the patch has been applied. */
  add(node: MirrorNode): void {
    const before = this.byId.get(node.id)
    if (before !== undefined) this.#moved.push(before)
    node.applied = this.revision
    this.#moved.push(node)
    this.hold(node)
  }

  /** Finds a node by id and value from now on. */
  hold(node: MirrorNode): void {
    this.byId.set(node.id, node)
    this.#byValue.set(node.value, node)
  }

  /** Puts what was read somewhere in a node: what people see of it is returned. */
  place(read: unknown, parent: MirrorNode, key: string): unknown {
    if (!isNode(read)) return read
    read.places++
    read.parent = parent
    read.key = key
    this.#moved.push(read)
    return read.value
  }

  /** Takes a value from its place. */
  displace(value: unknown): void {
    const node = this.of(value)
    if (node === undefined) return
    node.places--
    this.#moved.push(node)
  }

  /** Notes that a node changed: it and all it stands in. */
  touch(node: MirrorNode): void {
    for (let at: MirrorNode | undefined = node; at !== undefined && at.stamp !== this.revision; at = at.parent) {
      at.stamp = this.revision
      at.copy = undefined
      at.parent?.noteChild(at)
    }
  }

  /** Ends a patch: lets go of what stands nowhere. False when anything stands in two places, or twice under one id. */
  settle(): boolean {
    const moved = this.#moved
    this.#moved = []
    for (const node of moved) if (node.places === 0) this.#drop(node)
    return moved.every((node) => node.places === 0 || (node.places === 1 && this.byId.get(node.id) === node))
  }

  /** Calls `visit` for each node directly below. */
  eachChild(node: MirrorNode, visit: (child: MirrorNode) => void): void {
    const check = (value: unknown): void => {
      const child = this.of(value)
      if (child !== undefined) visit(child)
    }
    if (node.kind === 'record') {
      for (const field of node.type.fields) if (field.holdsNodes) check(node.value[field.name])
    } else if (node.type.holdsNodes) for (const value of node.value.values()) check(value)
  }

  /** Is from now on what the other one is. */
  become(other: MirrorSpace): void {
    this.byId.clear()
    this.#byValue.clear()
    for (const node of other.byId.values()) this.hold(node)
    this.#moved = []
  }

  #drop(node: MirrorNode): void {
    if (this.#byValue.get(node.value) !== node) return
    this.#byValue.delete(node.value)
    if (this.byId.get(node.id) === node) this.byId.delete(node.id)
    this.eachChild(node, (child) => {
      child.places--
      if (child.places === 0) this.#drop(child)
    })
  }
}
