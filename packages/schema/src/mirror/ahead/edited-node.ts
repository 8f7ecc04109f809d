import { joinPath, step } from '../../codec/fault.ts'
import { SchemaError } from '../../errors.ts'
import { removedError } from '../../state/nodes/refused-writes.ts'
import type { Handle } from '../../state/nodes/state-node.ts'
import type { Edited, MirrorNode } from '../mirror-node.ts'
import type { MirrorType } from '../mirror-type.ts'
import type { Editing } from './editing.ts'
import type { Journal } from './journal.ts'

/** Of a handle: what it writes to. */
export const editedNode: unique symbol = Symbol('editedNode')

/** A handle of a mirrored node. */
export interface EditHandle {
  readonly [editedNode]: EditedNode
}

/** What edits know of one mirrored record, map or list, and how they write to it. It stays with its node. */
export abstract class EditedNode implements Edited {
  abstract readonly node: MirrorNode
  abstract readonly handle: Handle & EditHandle
  readonly editing: Editing
  /** That of the node when this was made: after another layout has come it is another. */
  readonly type: MirrorType
  held = false
  /** Whether there was a log of it when it began to be held. */
  hadLog = false
  /** An edit took it out of the state. */
  removed = false
  /** What a handle asks for its own sake: it belongs to no server's state. */
  readonly state = undefined

  constructor(editing: Editing, type: MirrorType) {
    this.editing = editing
    this.type = type
  }

  /** Of a handle; nothing for any other value. */
  static of(handle: unknown): EditedNode | undefined {
    return isEditHandle(handle) ? handle[editedNode] : undefined
  }

  /** Remembers what is shown of it, until all is done. */
  hold(): void {
    if (this.held) return
    this.held = true
    this.hadLog = this.node.log !== undefined
    this.editing.held.push(this)
    this.keep()
  }

  /** It is no longer remembered. */
  letGo(): void {
    this.held = false
    this.forget()
    if (this.node.watchers === 0) this.node.log = undefined
  }

  get told(): unknown {
    return this.node.value
  }

  /** Whether it is another than what was shown. */
  abstract get changed(): boolean
  /** Its plain value, as a mirror shows it when the server has confirmed it. */
  abstract plain(): unknown
  /** The same of what stands in a field, under a key or at an index; nothing for none. */
  abstract plainAt(place: string | number): unknown
  protected keep(): void {}
  protected forget(): void {}
  /** All that edits had done to it is undone. */
  restored(): void {}

  /** Whether it stands in the state. */
  get stands(): boolean {
    let at: MirrorNode | undefined = this.node
    if (this.editing.space.of(at.value) !== at) return false
    while (at !== undefined && at.edited?.removed !== true) at = at.parent
    return at === undefined
  }

  /** Where it stands, and something directly in it. Only for errors. */
  get path(): string {
    return this.pathTo()
  }

  pathTo(key?: string | number): string {
    let steps = key === undefined ? '' : step(key)
    let child: MirrorNode = this.node
    for (let parent = child.parent; parent !== undefined; child = parent, parent = child.parent) {
      steps = step(parent.kind === 'list' ? parent.value.indexOf(child.value) : child.key) + steps
    }
    return joinPath('', steps)
  }

  /** The journal, for a write. @throws SchemaError when nothing can be written here. */
  protected writable(key?: string | number): Journal {
    const { journal } = this.editing
    if (journal === undefined) {
      const what = 'cannot be written to: the function that was given it has ended'
      throw new SchemaError('invalid_value', this.pathTo(key), what)
    }
    if (!this.stands) throw removedError(this.pathTo(key))
    return journal
  }
}

function isEditHandle(value: unknown): value is EditHandle {
  return typeof value === 'object' && value !== null && editedNode in value
}
