import { at } from '../../codec/fault.ts'
import { Mode } from '../../patch/body.ts'
import { hashNode, hashValue } from '../../patch/hash.ts'
import type { Writer } from '../../patch/writer.ts'
import { FieldSets, wordBits, type FieldSet, type Hidden, type TrackedField } from './field-set.ts'
import { recordCode, type RecordCode } from './record-code.ts'
import type { RecordHandle } from './record-handle.ts'
import { Handle, pathOf, standsThere, StateNode, type NodeType } from './state-node.ts'
import { adoptFields } from '../values/adoption.ts'
import { fieldOf, fieldsOf } from '../values/whole-value.ts'
import { standingFault } from './refused-writes.ts'

/** A record type of a layout, with the code of its handles. States of the same layout share it. */
export class RecordType implements NodeType {
  readonly index: number
  readonly fields: readonly TrackedField[]
  /** Fields that live on the server only. They are ordinary properties of the handle, there from the beginning. */
  readonly locals: readonly string[]
  readonly sets: FieldSets
  readonly code: RecordCode
  /** Fields in which nodes can stand. */
  readonly parents: readonly TrackedField[]

  constructor(index: number, fields: readonly TrackedField[], locals: readonly string[]) {
    this.index = index
    this.fields = fields
    this.locals = locals
    this.sets = new FieldSets(fields)
    this.code = recordCode(fields)
    this.parents = fields.filter(({ slot }) => slot.holdsNodes)
  }

  /** A record made from a plain object, not attached yet. Throws a `Fault`. */
  adopt(value: unknown): RecordHandle {
    const values = adoptFields(value, this.fields, this.locals)
    const { handle } = new RecordNode(this, values)
    for (const local of this.locals) Object.assign(handle, { [local]: fieldOf(fieldsOf(value), local) })
    // What the contract does not name would be written to in silence. Sealed, for a server-only field that was deleted
    // could not be set again.
    return this.locals.length === 0 ? Object.preventExtensions(handle) : Object.seal(handle)
  }

  /** Writes a group of nodes: their ids, which ascend, and their content. */
  packGroup(writer: Writer, nodes: readonly RecordNode[], mode: Mode, set: FieldSet): void {
    this.code.pack(writer, nodes, mode, set)
  }

  /** Writes the content of nodes one after the other, without their ids, and adds to `ends` where each of them ended. */
  packSlices(writer: Writer, nodes: readonly RecordNode[], mode: Mode, set: FieldSet, ends: number[]): void {
    this.code.pack(writer, nodes, mode, set, ends)
  }
}

/** A tracked record. Its values stand in its handle. */
export class RecordNode extends StateNode {
  readonly type: RecordType
  readonly handle: RecordHandle
  /** A bit for each of the first fields that was written since the last version. */
  written = 0
  /** The same for the fields beyond the first word, in records of that many. */
  #writtenBeyond: number[] | undefined = undefined

  constructor(type: RecordType, values: readonly unknown[]) {
    super()
    this.type = type
    this.handle = type.code.make(this, values)
  }

  /** What stands in a field. */
  read(index: number): unknown {
    return this.type.code.read(this.handle, index)
  }

  /** Somebody assigns a field. */
  write(index: number, value: unknown): void {
    const field = this.type.fields[index]
    if (field === undefined) throw new RangeError(`There is no field ${index}`)
    const { slot } = field
    if (standsThere(value, this.read(index))) return
    this.attached(field.name)
    let kept: unknown
    try {
      kept = slot.adopt(value)
    } catch (error) {
      throw at(error, pathOf(this, field.name))
    }
    // Adopting runs code of the value, such as getters, which may have written here, or removed this.
    const registry = this.attached(field.name)
    const before = this.read(index)
    const nodes = slot.holdsNodes && (Handle.node(before) !== undefined || Handle.node(kept) !== undefined)
    if (!nodes && field.steps === undefined && slot.equal(before, kept)) {
      if (!slot.drifts) return
      registry.recorder?.field(this, index, before, this.isWritten(index))
      this.#put(index, kept)
      return
    }
    registry.recorder?.field(this, index, before, this.isWritten(index))
    if (!this.#put(index, kept)) return
    if (nodes) {
      registry.detach(before)
      registry.attach(kept, this, field.name)
    }
    this.mark(index)
  }

  #put(index: number, kept: unknown): boolean {
    return this.type.code.put(this.handle, index, kept, this.isWritten(index))
  }

  /** Whether a field is another since the last version. */
  isWritten(index: number): boolean {
    const word = index < wordBits ? this.written : (this.#writtenBeyond?.[Math.floor(index / wordBits) - 1] ?? 0)
    return ((word >> (index % wordBits)) & 1) === 1
  }

  /** Notes that a field is another. In a record that was not born yet it does no harm. */
  mark(index: number): void {
    if (index < wordBits) this.written |= 1 << index
    else {
      const words = (this.#writtenBeyond ??= this.#beyond(0))
      const word = Math.floor(index / wordBits) - 1
      words[word] = (words[word] ?? 0) | (1 << (index % wordBits))
    }
    this.queue()
  }

  /** What stood in a field stands there again; `written`: it had been written since the last version before that. */
  putBack(index: number, kept: unknown, written: boolean): void {
    // As if it was written already: the count last sent is known since.
    this.type.code.put(this.handle, index, kept, true)
    if (!written) this.#unmark(index)
  }

  #unmark(index: number): void {
    const bit = 1 << (index % wordBits)
    if (index < wordBits) this.written &= ~bit
    else {
      const words = this.#writtenBeyond
      const word = Math.floor(index / wordBits) - 1
      if (words === undefined) return
      words[word] = (words[word] ?? 0) & ~bit
      if (words.every((each) => each === 0)) this.#writtenBeyond = undefined
    }
  }

  #beyond(fill: number): number[] {
    return Array.from({ length: Math.ceil(this.type.fields.length / wordBits) - 1 }, () => fill)
  }

  override eachChild(visit: (child: StateNode, key: string) => void, hidden?: Hidden): void {
    for (const { index, name } of this.type.parents) {
      if (hidden?.has(index) === true) continue
      const child = Handle.node(this.read(index))
      if (child !== undefined) visit(child, name)
    }
  }

  override plain(): unknown {
    const plain: Record<string, unknown> = {}
    for (const { name, index, slot } of this.type.fields) {
      const value = slot.plain(this.read(index))
      if (value !== undefined) plain[name] = value
    }
    return plain
  }

  override plainAt(place: string | number): unknown {
    const field = this.type.fields.find(({ name }) => name === place)
    return field?.slot.plain(this.read(field.index))
  }

  override shown(): unknown {
    const shown: Record<string, unknown> = {}
    for (const { name, index } of this.type.fields) {
      const value = this.read(index)
      if (value !== undefined) shown[name] = value
    }
    // Server-only fields are properties of the handle itself.
    for (const [name, value] of Object.entries(this.handle)) if (value !== undefined) shown[name] = value
    return shown
  }

  override pending(): Mode | undefined {
    return this.written === 0 && this.#writtenBeyond === undefined ? undefined : Mode.change
  }

  /** Whether a node is a record of the same type that changed in the same fields; these are of the first word of them only. */
  isLike(node: StateNode): node is RecordNode {
    if (node.type !== this.type) return false
    // Nodes of a record type are records.
    const other = node as RecordNode
    return (
      other.written === this.written &&
      other.#writtenBeyond === undefined &&
      this.#writtenBeyond === undefined &&
      other.born !== 0 &&
      other.registry !== undefined
    )
  }

  override fieldSet(mode: Mode): FieldSet {
    const { fields, sets } = this.type
    if (mode === Mode.whole) return sets.all
    if (mode === Mode.birth) return sets.present((index) => this.read(index) !== undefined)
    if (fields.length <= wordBits) return sets.of(this.written)
    return sets.of(this.written, this.#writtenBeyond ?? this.#beyond(0))
  }

  override hash(hidden?: Hidden): number {
    let hash = hashNode(this.id, this.type.index)
    for (const { index, slot } of this.type.fields) {
      hash = hidden?.has(index) === true ? hashValue(hash, undefined, noNode) : slot.hash(hash, this.read(index))
    }
    return hash
  }

  override pack(writer: Writer, mode: Mode, set: FieldSet, hidden?: Hidden): void {
    if (mode !== Mode.whole || hidden === undefined) {
      this.type.packSlices(writer, [this], mode, set, [])
      return
    }
    writer.from(this.id)
    // Whoever has it from a time when it saw more is told that a field is absent.
    for (const { index, slot } of set.fields) {
      slot.pack(writer, hidden.has(index) ? undefined : this.read(index))
    }
  }

  override settle(): void {
    this.written = 0
    this.#writtenBeyond = undefined
  }
}

function noNode(): undefined {}

/** Refuses a node that stands somewhere already. One that was taken out is copied, like a plain value. */
export function refuseStanding(value: unknown): void {
  const node = Handle.node(value)
  if (node?.registry === undefined) return
  throw standingFault(pathOf(node))
}
