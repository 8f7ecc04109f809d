import { at } from '../../codec/fault.ts'
import type { TypeIndex } from '../../layout.ts'
import { RecordHandle } from '../../state/nodes/record-handle.ts'
import { livePlain, liveType } from '../../state/nodes/state-node.ts'
import { isNode, type RecordNode } from '../mirror-node.ts'
import type { MirrorRecordType } from '../mirror-type.ts'
import { sameValue } from '../same-value.ts'
import type { EditField } from './edit-types.ts'
import { editedNode, EditedNode, type EditHandle } from './edited-node.ts'
import type { Editing } from './editing.ts'

/** What the handles of one record type have in common. */
export interface RecordHandles {
  readonly type: MirrorRecordType
  readonly fields: readonly EditField[]
  /** All fields, absent, in the layout's order. */
  readonly template: Readonly<Record<string, unknown>>
  readonly Handle: typeof EditRecord
}

/** The handles of a record type: a prototype with an accessor for each field. */
export function recordHandles(type: MirrorRecordType, fields: readonly EditField[]): RecordHandles {
  class Handle extends EditRecord {}
  for (const field of fields) {
    Object.defineProperty(Handle.prototype, field.name, {
      enumerable: true,
      configurable: true,
      get(this: EditRecord) {
        return EditRecord.record(this).read(field)
      },
      set(this: EditRecord, value: unknown) {
        EditRecord.record(this).write(field, value)
      },
    })
  }
  return { type, fields, template: Object.fromEntries(fields.map(({ name }) => [name, undefined])), Handle }
}

class EditRecord extends RecordHandle implements EditHandle {
  readonly #record: EditedRecord

  constructor(record: EditedRecord) {
    super(undefined)
    this.#record = record
    // What the layout does not name would be kept here, and never be sent.
    Object.preventExtensions(this)
  }

  static record(handle: EditRecord): EditedRecord {
    return handle.#record
  }

  get [editedNode](): EditedRecord {
    return this.#record
  }

  override get [liveType](): TypeIndex {
    return this.#record.type.index
  }

  override [livePlain](place?: string | number): unknown {
    return place === undefined ? this.#record.plain() : this.#record.plainAt(place)
  }
}

/** A record that edits read and write. */
export class EditedRecord extends EditedNode {
  readonly node: RecordNode
  readonly handle: EditRecord
  readonly #fields: readonly EditField[]
  #shown: Readonly<Record<string, unknown>> | undefined

  constructor(editing: Editing, node: RecordNode, { type, fields, Handle }: RecordHandles) {
    super(editing, type)
    this.node = node
    this.#fields = fields
    this.handle = new Handle(this)
  }

  read({ name, slot }: EditField): unknown {
    const value = this.node.value[name]
    return slot.holdsNodes ? this.editing.live(value) : value
  }

  write({ name, slot }: EditField, value: unknown): void {
    const { editing, node } = this
    if (editing.standsThere(value, node.value[name])) return
    this.writable(name)
    let kept: unknown
    try {
      kept = slot.adopt(value)
    } catch (error) {
      throw at(error, this.pathTo(name))
    }
    // Adopting runs code of the value, such as getters, which may have written here, or removed this.
    const journal = this.writable(name)
    const before = node.value[name]
    const nodes = isNode(kept) || editing.space.of(before) !== undefined
    if (!nodes && !slot.drifts && slot.equal(before, kept)) return
    this.hold()
    journal.steps.push({ change: { of: this, key: name, before }, undo: () => this.#put(name, before) })
    editing.remove(before, journal)
    node.value[name] = editing.place(kept, node, name, journal)
  }

  #put(name: string, value: unknown): void {
    this.hold()
    this.node.value[name] = value
  }

  override get changed(): boolean {
    const { value } = this.node
    const shown = this.#shown
    return shown === undefined || Object.keys(value).some((name) => !sameValue(value[name], shown[name]))
  }

  override plain(): unknown {
    const plain: Record<string, unknown> = {}
    for (const { name, slot } of this.#fields) {
      const value = slot.plain(this.node.value[name])
      if (value !== undefined) plain[name] = value
    }
    return plain
  }

  override plainAt(place: string | number): unknown {
    return this.#fields.find(({ name }) => name === place)?.slot.plain(this.node.value[place])
  }

  /** The type of what stands in a field. */
  typeOf(key: string): TypeIndex | undefined {
    return this.#fields.find(({ name }) => name === key)?.slot.type
  }

  /** What stands in a field. */
  valueAt(key: string): unknown {
    return this.node.value[key]
  }

  protected override keep(): void {
    this.#shown = { ...this.node.value }
  }

  protected override forget(): void {
    this.#shown = undefined
  }
}
