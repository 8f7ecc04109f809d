import type { Reader } from '../patch/reader.ts'
import { isNode, logOf, RecordNode, type MirrorNode } from './mirror-node.ts'
import type { MirrorRecordType, MirrorType } from './mirror-type.ts'

/** A node of a type. */
type NodeOf<T extends MirrorType> = Extract<MirrorNode, { readonly type: T }>

/**
 * The nodes of one mirror, by id and by what people see of them, and where they stand.
 *
 * Nobody says that a node is gone: when a patch has been applied, what stands nowhere any more is let go of.
 */
export class MirrorSpace {
  /** By id. Servers use ids again, so there are few gaps; a server that does not makes this slower, not larger. */
  nodes: (MirrorNode | undefined)[] = []
  #byValue = new Map<object, MirrorNode>()
  /** Counts what has been applied; the mark of nodes that changed in the latest. */
  revision = 0
  /** Nodes that were made, put somewhere or taken from somewhere by the patch being applied. */
  #moved: MirrorNode[] = []

  /** The node whose value this is. */
  of(value: unknown): MirrorNode | undefined {
    return typeof value === 'object' && value !== null ? this.#byValue.get(value) : undefined
  }

  /** Reads the id of a node that is known, and has not been in this patch yet. */
  known<T extends MirrorType>(reader: Reader, type: T): NodeOf<T> {
    const node = this.nodes[reader.id()]
    if (!isOf(node, type)) throw reader.bad('S25')
    if (node.applied === this.revision) throw reader.bad('S11')
    node.applied = this.revision
    return node
  }

  /** Reads the id of a record that is known, and changes. */
  changing(reader: Reader, type: MirrorRecordType): RecordNode {
    const node = this.known(reader, type)
    this.touch(node)
    return node
  }

  /** Reads the id of a record that is new. It is to be {@link add}ed when it has been read. */
  birth(reader: Reader, type: MirrorRecordType): RecordNode {
    return new RecordNode(reader.id(), type)
  }

  /** Takes in a new node. What had its id before must be gone when the patch has been applied. */
  add(node: MirrorNode): void {
    const before = this.nodes[node.id]
    if (before !== undefined) this.#moved.push(before)
    node.applied = this.revision
    this.#moved.push(node)
    this.hold(node)
  }

  /** Finds a node by id and value from now on. */
  hold(node: MirrorNode): void {
    if (node.id >= 0) this.nodes[node.id] = node
    this.#byValue.set(node.value, node)
  }

  /** Finds it no more by its value. */
  release(node: MirrorNode): void {
    this.#byValue.delete(node.value)
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

  /** Notes that a node changes: it and all it stands in. */
  touch(node: MirrorNode): void {
    if (node.edited?.held !== true) this.#rise(node)
  }

  #rise(node: MirrorNode): void {
    const { parent } = node
    node.stamp = this.revision
    node.copy = undefined
    if (parent === undefined) return
    if (parent.watchers > 0) logOf(parent)?.children.add(node)
    if (parent.stamp !== this.revision) this.#rise(parent)
  }

  /** Ends a patch: lets go of what stands nowhere. False when anything stands in two places, or twice under one id. */
  settle(): boolean {
    const moved = this.#moved
    this.#moved = []
    for (const node of moved) if (node.places === 0) this.#drop(node)
    return moved.every((node) => node.places === 0 || (node.places === 1 && this.nodes[node.id] === node))
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

  /** Holds nothing any more. */
  clear(): void {
    this.become(new MirrorSpace())
  }

  /** Is from now on what the other one is. */
  become(other: MirrorSpace): void {
    this.nodes = other.nodes
    this.#byValue = other.#byValue
    this.#moved = []
  }

  #drop(node: MirrorNode): void {
    if (this.#byValue.get(node.value) !== node) return
    this.#byValue.delete(node.value)
    if (this.nodes[node.id] === node) this.nodes[node.id] = undefined
    this.eachChild(node, (child) => {
      child.places--
      if (child.places === 0) this.#drop(child)
    })
  }
}

function isOf<T extends MirrorType>(node: MirrorNode | undefined, type: T): node is NodeOf<T> {
  return node !== undefined && node.type === type
}
