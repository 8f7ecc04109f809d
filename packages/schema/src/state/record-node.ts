import { at, Fault, within } from '../codec/fault.ts'
import { Mode } from '../patch/body.ts'
import { hashNode, hashValue } from '../patch/hash.ts'
import type { Writer } from '../patch/writer.ts'
import { FieldSets, wordBits, type FieldSet, type Hidden, type Steps, type TrackedField } from './field-set.ts'
import { Handle, pathOf, standsThere, StateNode, type NodeType } from './state-node.ts'
import { fieldOf, fieldsOf } from './whole-value.ts'

/** A record type of a layout, with the class of its handles. */
export class RecordType implements NodeType {
  readonly index: number
  readonly fields: readonly TrackedField[]
  /** Fields that live on the server only. They are ordinary properties of the handle, there from the beginning. */
  readonly locals: readonly string[]
  readonly sets: FieldSets
  /** Of the counted fields. */
  readonly steps: readonly Steps[]
  /** Values of a record: one per field, and two per counted one. */
  readonly size: number
  readonly #make: new (node: RecordNode) => RecordHandle

  constructor(index: number, fields: readonly TrackedField[], locals: readonly string[]) {
    this.index = index
    this.fields = fields
    this.locals = locals
    this.sets = new FieldSets(fields)
    this.steps = fields.flatMap(({ steps }) => (steps === undefined ? [] : [steps]))
    this.size = fields.length + 2 * this.steps.length
    this.#make = handleClass(fields)
  }

  /** A record made from a plain object, not attached yet. Throws a `Fault`. */
  adopt(value: unknown): RecordHandle {
    const source = fieldsOf(value)
    const node = new RecordNode(this)
    let name = ''
    try {
      for (const field of this.fields) {
        name = field.name
        node.start(field, field.slot.adopt(fieldOf(source, name)))
      }
    } catch (error) {
      throw isHollow(source, this.locals) ? hollow() : within(error, name)
    }
    const handle = new this.#make(node)
    node.handle = handle
    for (const local of this.locals) Object.assign(handle, { [local]: fieldOf(source, local) })
    // What the contract does not name would be written to in silence. Sealed, for a server-only field that was deleted
    // could not be set again.
    return this.locals.length === 0 ? Object.preventExtensions(handle) : Object.seal(handle)
  }
}

// Accessors on a prototype are not copied by spreading: what is left is an object with server-only fields at most.
function isHollow(source: Readonly<Record<string, unknown>>, locals: readonly string[]): boolean {
  return Object.getPrototypeOf(source) === Object.prototype && Object.keys(source).every((key) => locals.includes(key))
}

function hollow(): Fault {
  return new Fault(
    'is an object without any field. Spreading a record of the state ({ ...record }) copies none: use toPlain(record)',
  )
}

/** The handle of a record: its fields are accessors on the prototype of a class made per type. */
export class RecordHandle extends Handle {
  readonly #record: RecordNode

  constructor(node: RecordNode) {
    super(node)
    this.#record = node
  }

  static record(handle: RecordHandle): RecordNode {
    return handle.#record
  }
}

function handleClass(fields: readonly TrackedField[]): new (node: RecordNode) => RecordHandle {
  class TrackedRecord extends RecordHandle {}
  for (const field of fields) {
    const { index } = field
    Object.defineProperty(TrackedRecord.prototype, field.name, {
      enumerable: true,
      configurable: true,
      get(this: RecordHandle) {
        return RecordHandle.record(this).values[index]
      },
      set(this: RecordHandle, value: unknown) {
        RecordHandle.record(this).write(field, value)
      },
    })
  }
  return TrackedRecord
}

/** A tracked record. */
export class RecordNode extends StateNode {
  readonly type: RecordType
  /** What stands in each field; after these, for each counted field, its present count and the one last sent. */
  readonly values: unknown[] = []
  /** The handle, set right after this was made. */
  declare handle: RecordHandle
  #changed = 0
  /** Changed fields beyond the first word, in records of that many. */
  #changedBeyond: number[] | undefined = undefined

  constructor(type: RecordType) {
    super()
    this.type = type
    for (let index = 0; index < type.size; index++) this.values.push(undefined)
  }

  /** Puts the first value into a field. */
  start({ index, steps }: TrackedField, kept: unknown): void {
    this.values[index] = kept
    if (steps !== undefined && typeof kept === 'number') this.values[steps.at] = steps.count(kept)
  }

  /** Somebody assigns a field. */
  write(field: TrackedField, value: unknown): void {
    const { index, slot, steps } = field
    if (standsThere(value, this.values[index])) return
    this.attached(field.name)
    let kept: unknown
    try {
      kept = slot.adopt(value)
    } catch (error) {
      throw at(error, pathOf(this, field.name))
    }
    // Adopting runs code of the value, such as getters, which may have written here, or removed this.
    const registry = this.attached(field.name)
    const before = this.values[index]
    if (steps !== undefined && typeof kept === 'number') {
      this.values[index] = kept
      const count = steps.count(kept)
      if (count === this.values[steps.at]) return
      this.values[steps.at] = count
    } else if (slot.holdsNodes) {
      if (Handle.node(before) === undefined && Handle.node(kept) === undefined && slot.equal(before, kept)) return
      this.values[index] = kept
      registry.detach(before)
      registry.attach(kept, this, field.name)
    } else {
      if (slot.equal(before, kept)) {
        if (slot.drifts) this.values[index] = kept
        return
      }
      this.values[index] = kept
    }
    if (this.born !== 0) this.#mark(index)
  }

  #mark(index: number): void {
    if (index < wordBits) this.#changed |= 1 << index
    else {
      const words = (this.#changedBeyond ??= this.#beyond(0))
      const word = Math.floor(index / wordBits) - 1
      words[word] = (words[word] ?? 0) | (1 << (index % wordBits))
    }
    this.queue()
  }

  #beyond(fill: number): number[] {
    return Array.from({ length: Math.ceil(this.type.fields.length / wordBits) - 1 }, () => fill)
  }

  override eachChild(visit: (child: StateNode, key: string) => void, hidden?: Hidden): void {
    for (const { slot, index, name } of this.type.fields) {
      if (!slot.holdsNodes || hidden?.has(index) === true) continue
      const child = Handle.node(this.values[index])
      if (child !== undefined) visit(child, name)
    }
  }

  override plain(hidden?: Hidden): unknown {
    const plain: Record<string, unknown> = {}
    for (const { name, index, slot } of this.type.fields) {
      if (hidden?.has(index) === true) continue
      const value = slot.plain(this.values[index])
      if (value !== undefined) plain[name] = value
    }
    return plain
  }

  override shown(): unknown {
    const shown: Record<string, unknown> = {}
    for (const { name, index } of this.type.fields) {
      if (this.values[index] !== undefined) shown[name] = this.values[index]
    }
    // Server-only fields are properties of the handle itself.
    for (const [name, value] of Object.entries(this.handle)) if (value !== undefined) shown[name] = value
    return shown
  }

  override pending(): Mode | undefined {
    return this.#changed === 0 && this.#changedBeyond === undefined ? undefined : Mode.change
  }

  override fieldSet(mode: Mode): FieldSet {
    const { fields, sets } = this.type
    const wide = fields.length > wordBits
    if (mode === Mode.change) return sets.of(this.#changed, wide ? (this.#changedBeyond ?? this.#beyond(0)) : undefined)
    const all = 2 ** wordBits - 1
    const words = [wide ? all : 2 ** fields.length - 1, ...(wide ? this.#beyond(all) : [])]
    if (mode === Mode.birth) {
      // An optional field that is absent need not be said to be so.
      for (const { index, optional } of fields) {
        if (!optional || this.values[index] !== undefined) continue
        const word = Math.floor(index / wordBits)
        words[word] = (words[word] ?? 0) & ~(1 << (index % wordBits))
      }
    }
    return sets.of(words[0] ?? 0, wide ? words.slice(1) : undefined)
  }

  override hash(hidden?: Hidden): number {
    let hash = hashNode(this.id, this.type.index)
    for (const { index, slot } of this.type.fields) {
      hash = hidden?.has(index) === true ? hashValue(hash, undefined, noNode) : slot.hash(hash, this.values[index])
    }
    return hash
  }

  override pack(writer: Writer, mode: Mode, set: FieldSet, hidden?: Hidden): void {
    for (const { index, slot, steps } of set.fields) {
      // Whoever has it from a time when it saw more is told that it is absent.
      if (mode === Mode.whole && hidden?.has(index) === true) slot.pack(writer, undefined)
      else if (steps === undefined || mode !== Mode.change) slot.pack(writer, this.values[index])
      else writer.signed(steps.difference(this.#count(steps.at), this.#count(steps.at + 1)))
    }
  }

  #count(at: number): number {
    const count = this.values[at]
    return typeof count === 'number' ? count : 0
  }

  override settle(): void {
    this.#changed = 0
    this.#changedBeyond = undefined
    for (const { at: count } of this.type.steps) this.values[count + 1] = this.values[count]
  }
}

function noNode(): undefined {}

/** Refuses a node that stands somewhere already. One that was taken out is copied, like a plain value. */
export function refuseStanding(value: unknown): void {
  const node = Handle.node(value)
  if (node?.registry === undefined) return
  throw new Fault(
    `already stands in the state, at "${pathOf(node)}", and cannot stand in two places: put a copy here (toPlain), ` +
      'move it (list.move), or remove it there first, after which it is copied',
  )
}
