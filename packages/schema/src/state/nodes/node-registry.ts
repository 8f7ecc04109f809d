import { entityScope, type Scope } from '../viewers/scope.ts'
import { cut, emptied } from '../encode/reused-array.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Sighting } from '../viewers/sighting.ts'
import { Handle, type StateNode } from './state-node.ts'

/** Finds what a node is seen with, which is put into another under a key. */
export type ScopeFinder = (node: StateNode, parent: StateNode | undefined, key: string) => Scope | undefined

/** So many free ids are remembered without looking whether they still have to be. */
const remembered = 1024

/**
 * Gives the nodes of one state their ids, and collects those the next patch must look at.
 *
 * An id is free again as soon as its node is taken out, so that ids stay small however many nodes come and go. That is
 * safe, because a patch says of each node whether it is new.
 */
export class NodeRegistry {
  /** Called when the first change since the last patch is made. */
  onDirty: (() => void) | undefined = undefined
  /** Notes each write, while a mutation runs. */
  recorder: Recorder | undefined = undefined
  #queue: StateNode[] = []
  #queued = 0
  /** An emptied array for the next turn: one that grows while it is filled is a third of the cost of a write. */
  #spare: StateNode[] | undefined
  #freeIds: number[] = []
  #nextId = 0
  readonly #byId: (StateNode | undefined)[] = []
  /** How many nodes there were at most since the free ids were last looked through. */
  #crowd = 0

  /** What a node that is taken in is seen with; nothing where all see all. */
  readonly #scopes: ScopeFinder | undefined
  /** Somebody looks at something else since the last version. */
  #looked = false

  constructor(scopes?: ScopeFinder) {
    this.#scopes = scopes
  }

  /** Whether anything has been touched since the last {@link drain}. */
  get dirty(): boolean {
    return this.#looked || this.#queued > 0
  }

  /** How much is kept beside the nodes themselves: ids that are free, and nodes that wait for the next patch. */
  get bookkeeping(): number {
    return this.#queued + this.#freeIds.length
  }

  /** All ids in use are below this. */
  get idBound(): number {
    return this.#nextId
  }

  /** The node of that id. */
  at(id: number): StateNode | undefined {
    return this.#byId[id]
  }

  /** Has the next patch look at a node. */
  queue(node: StateNode): void {
    node.queued = true
    this.#queue[this.#queued++] = node
    if (this.#queued === 1 && !this.#looked) this.onDirty?.()
  }

  /** Who sees what is to be looked at with the next version. */
  look(): void {
    if (this.#looked) return
    this.#looked = true
    if (this.#queued === 0) this.onDirty?.()
  }

  /** What was touched, in that order; it begins anew. To be given back to {@link release}. */
  drain(): StateNode[] {
    const nodes = cut(this.#queue, this.#queued)
    this.#queue = this.#spare ?? []
    this.#spare = undefined
    this.#queued = 0
    this.#looked = false
    const count = this.#nextId - this.#freeIds.length
    this.#crowd = Math.max(this.#crowd, count)
    if (this.#freeIds.length > remembered && count < this.#crowd / 2) this.#trim(count)
    return nodes
  }

  /** What was drained is not needed any more. */
  release(nodes: StateNode[]): void {
    this.#spare = emptied(nodes)
  }

  /** Takes in what was put somewhere: a handle with all below it; any other value is no concern. */
  attach(value: unknown, parent: StateNode | undefined, key: string): void {
    const node = Handle.node(value)
    if (node !== undefined) this.#attach(node, parent, key)
  }

  /** Lets go of what was taken out. */
  detach(value: unknown): void {
    const node = Handle.node(value)
    if (node !== undefined) this.#detach(node)
  }

  #attach(node: StateNode, parent: StateNode | undefined, key: string): void {
    node.registry = this
    node.parent = parent
    node.key = key
    const free = this.#freeIds.pop()
    node.id = free ?? this.#nextId++
    this.#byId[node.id] = node
    this.recorder?.attach(node, free === undefined)
    if (this.#scopes !== undefined) node.scope = this.#scopes(node, parent, key)
    this.queue(node)
    node.eachChild((child, childKey) => this.#attach(child, node, childKey))
  }

  #detach(node: StateNode): void {
    node.registry = undefined
    this.#byId[node.id] = undefined
    this.#freeIds.push(node.id)
    const lost = node.scope === undefined ? undefined : entityScope(node)?.removed()
    this.recorder?.detach(node, lost ?? [])
    node.eachChild((child) => this.#detach(child))
  }

  /** A node was not put in after all: of all that happened with ids this is the last. */
  putBackAttached(node: StateNode, fresh: boolean): void {
    node.registry = undefined
    this.#byId[node.id] = undefined
    if (fresh) this.#nextId--
    else this.#freeIds.push(node.id)
  }

  /** A node was not taken out after all: of all that happened with ids this is the last. */
  putBackDetached(node: StateNode, lost: readonly Sighting[]): void {
    node.registry = this
    this.#freeIds.pop()
    this.#byId[node.id] = node
    for (const sighting of lost) sighting.leaving = false
  }

  /** After a crowd has left: the highest ids need not be remembered as free, and of the others the lowest are used first. */
  #trim(count: number): void {
    const free = this.#freeIds.sort((a, b) => b - a)
    let highest = 0
    while (free[highest] === this.#nextId - 1) {
      this.#nextId--
      highest++
    }
    this.#byId.length = this.#nextId
    this.#freeIds = free.slice(highest)
    this.#crowd = count
  }
}
