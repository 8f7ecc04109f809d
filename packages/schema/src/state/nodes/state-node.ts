import { joinPath, step } from '../../codec/fault.ts'
import { removedError } from './refused-writes.ts'
import type { TypeIndex } from '../../layout.ts'
import type { Mode } from '../../patch/body.ts'
import type { Writer } from '../../patch/writer.ts'
import type { FieldSet, Hidden } from './field-set.ts'
import type { MarkedState } from '../viewers/marked-state.ts'
import type { NodeRegistry } from './node-registry.ts'
import type { Scope } from '../viewers/scope.ts'

/** What all nodes of one kind and type have in common. */
export interface NodeType {
  /** The index in the layout. */
  readonly index: number
}

/** What a body tells of a node. */
export interface Told {
  readonly id: number
  /** Writes it. In a whole, hidden fields are written as absent; otherwise they are not in the set. */
  pack(writer: Writer, mode: Mode, fields: FieldSet | undefined, hidden?: Hidden): void
}

/**
 * A tracked record, map or list. People see its {@link Handle}; what the tree needs to know stands here.
 *
 * A node belongs to a state from the moment it is put into one until it, or something around it, is taken out. It never
 * comes back: what was taken out and is put in again is copied, so that mirrors can tell the new from the old.
 */
export abstract class StateNode implements Told {
  /** The registry of the state it belongs to; none before it is attached and after it was taken out. */
  registry: NodeRegistry | undefined = undefined
  parent: StateNode | undefined = undefined
  /** The field or key where it stands in its parent; in a list the index is looked for instead. */
  key = ''
  id = -1
  /** The version it first appears in; 0 while that patch has not been made. */
  born = 0
  /** The version in which something directly in it last changed. */
  changed = 0
  /** It is among those the next patch looks at. */
  queued = false
  /** The part of the state that it is seen with; nothing when everybody sees it. */
  scope: Scope | undefined = undefined
  /** Of a record of which not everybody sees everything: what has to be known of that. */
  marked: MarkedState | undefined = undefined

  abstract readonly type: NodeType
  abstract readonly handle: Handle

  /** For its handle. */
  get state(): StateNode {
    return this
  }

  /** Where it stands. Only for errors. */
  get path(): string {
    return pathOf(this)
  }

  /** Calls `visit` for each node directly below. */
  abstract eachChild(visit: (child: StateNode, key: string) => void, hidden?: Hidden): void
  /** The plain value, as mirrors see it. */
  abstract plain(): unknown
  /** The plain value of what stands in one place: a field, a key, or an index. */
  abstract plainAt(place: string | number): unknown
  /** What an inspector shows. */
  abstract shown(): unknown
  /** How the next patch must hold it; nothing when what was done cancelled out. Asked of a node that was born before. */
  abstract pending(): Mode | undefined
  /** The set of fields of the group it belongs to; `undefined` for maps and lists. */
  abstract fieldSet(mode: Mode): FieldSet | undefined
  abstract pack(writer: Writer, mode: Mode, fields: FieldSet | undefined, hidden?: Hidden): void
  /** Its part of the hash of a state: of what mirrors show, hidden fields as absent. */
  abstract hash(hidden?: Hidden): number
  /** Forgets what was pending, which has been written. */
  abstract settle(): void
  /**
   * What changed since an earlier version, as a change; nothing when that is not known, and it has to be told as a whole. Asked
   * of a node that was there in that version.
   */
  since(_version: number): Told | undefined {
    return undefined
  }
  /** How much it remembers of earlier versions. */
  get logged(): number {
    return 0
  }
  /** The step of a path from here to a node below. */
  stepTo(child: StateNode): string {
    return step(child.key)
  }

  /** The registry, for a write; an error with advice when it has been taken out of the state. */
  attached(key?: string | number): NodeRegistry {
    if (this.registry !== undefined) return this.registry
    throw removedError(pathOf(this, key))
  }

  /** Notes that something directly in it changed, for a patch that is not a birth. */
  queue(): void {
    if (!this.queued) this.registry?.queue(this)
  }
}

/** The path of a node, and of something directly in it: `strokes.abc.points[3].x`. Only for errors. */
export function pathOf(node: StateNode, key?: string | number): string {
  let steps = key === undefined ? '' : step(key)
  for (let child = node; child.parent !== undefined; child = child.parent) steps = child.parent.stepTo(child) + steps
  return joinPath('', steps)
}

/**
 * Whether what somebody puts somewhere stands there already. Not so of values that are replaced as a whole: there may be
 * bytes in them, which may have been written to.
 */
export function standsThere(value: unknown, before: unknown): boolean {
  if (!Object.is(value, before)) return false
  return typeof value !== 'object' || value === null || Handle.node(value) !== undefined
}

const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/**
 * Of a handle: its plain value, as mirrors see it; or that of what stands in one place of it, a field, a key, or an index. A symbol,
 * since records have fields of any name.
 */
export const livePlain: unique symbol = Symbol('livePlain')

/** Of a handle: the index of its type in the layout. */
export const liveType: unique symbol = Symbol('liveType')

/**
 * What people hold of a node: the tracked records, maps and lists of `this.state`. Its node stands in a private field, so
 * that nothing of it shows. A client's edits ahead of the server are made by handles of their own, which have no node here.
 */
export abstract class Handle {
  readonly #node: StateNode | undefined

  constructor(node: StateNode | undefined) {
    this.#node = node
  }

  /** The node of a handle; nothing for any other value. */
  static node(value: unknown): StateNode | undefined {
    return typeof value === 'object' && value !== null && #node in value ? value.#node : undefined
  }

  get [liveType](): TypeIndex | undefined {
    return this.#node?.type.index
  }

  [livePlain](place?: string | number): unknown {
    return place === undefined ? this.#node?.plain() : this.#node?.plainAt(place)
  }

  /** A plain copy, as `JSON.stringify` wants it. */
  toJSON(): unknown {
    return this[livePlain]()
  }

  /** What `console.log` shows in Node. */
  [inspect](): unknown {
    return this.#node === undefined ? this[livePlain]() : this.#node.shown()
  }
}
