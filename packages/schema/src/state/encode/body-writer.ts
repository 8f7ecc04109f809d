import { groupCode, Mode } from '../../patch/body.ts'
import type { Writer } from '../../patch/writer.ts'
import { byId } from './by-id.ts'
import type { FieldSet } from '../nodes/field-set.ts'
import { RecordNode, type RecordType } from '../nodes/record-node.ts'
import { cut, emptied } from './reused-array.ts'
import type { NodeType, StateNode, Told } from '../nodes/state-node.ts'

/** Nodes of one type that are sent alike: for records, with the same set of fields. */
abstract class Group<Item extends Told> {
  readonly type: NodeType
  readonly mode: Mode
  readonly fields: FieldSet | undefined
  protected readonly items: Item[]

  constructor(type: NodeType, mode: Mode, fields: FieldSet | undefined, empty: Item[] = []) {
    this.type = type
    this.mode = mode
    this.fields = fields
    this.items = empty
  }

  write(writer: Writer): void {
    const { type, mode, fields, items } = this
    const single = items.length === 1
    writer.varint(groupCode({ type: type.index, mode, single }))
    if (fields !== undefined) writer.raw(fields.bytes)
    if (!single) writer.varint(items.length)
    this.pack(writer, byId(items))
  }

  protected abstract pack(writer: Writer, items: readonly Item[]): void
}

/** Records each as it stands, which are written in one go. */
class RecordGroup extends Group<RecordNode> {
  readonly body: BodyWriter
  override readonly type: RecordType
  override readonly fields: FieldSet
  #count = 0

  constructor(body: BodyWriter, type: RecordType, mode: Mode, fields: FieldSet) {
    super(type, mode, fields, fields.spare)
    fields.spare = undefined
    this.body = body
    this.type = type
    this.fields = fields
  }

  add(record: RecordNode): void {
    this.items[this.#count++] = record
  }

  addAlike(first: RecordNode, nodes: readonly StateNode[], from: number, version: number): number {
    const { items } = this
    let count = this.#count
    let index = from
    items[count++] = first
    for (; index < nodes.length; index++) {
      const node = nodes[index]
      if (node === undefined || !first.isLike(node)) break
      node.changed = version
      items[count++] = node
    }
    this.#count = count
    return index
  }

  override write(writer: Writer): void {
    cut(this.items, this.#count)
    super.write(writer)
    this.fields.groups[this.mode] = undefined
    this.fields.spare = emptied(this.items)
  }

  protected override pack(writer: Writer, records: readonly RecordNode[]): void {
    this.type.packGroup(writer, records, this.mode, this.fields)
  }
}

export type { RecordGroup }

/** Maps and lists, and what is told of a node. */
class ToldGroup extends Group<Told> {
  add(item: Told): void {
    this.items.push(item)
  }

  protected override pack(writer: Writer, items: readonly Told[]): void {
    let next = 0
    for (const item of items) {
      writer.varint(item.id - next)
      next = item.id + 1
      writer.from(item.id)
      item.pack(writer, this.mode, this.fields)
    }
  }
}

/** Writes the body of a patch or snapshot, once: nodes in groups, so that what they have in common is said once. */
export class BodyWriter {
  readonly #groups: (RecordGroup | ToldGroup)[] = []
  /** By mode, the groups of what is not in one of records, by set of fields or type. */
  readonly #told: (Map<object, ToldGroup> | undefined)[] = [undefined, undefined, undefined]

  /** Whether there is nothing to write. */
  get empty(): boolean {
    return this.#groups.length === 0
  }

  /** Takes in a node, or what is to be told of it; of a record, these fields. */
  add(node: StateNode, mode: Mode, told: Told = node, fields: FieldSet | undefined = node.fieldSet(mode)): void {
    if (told instanceof RecordNode && fields !== undefined) this.#group(told.type, mode, fields).add(told)
    else this.#tell(node.type, mode, told, fields)
  }

  /**
   * Takes in a record that changed, and of the nodes from an index on those that changed like it, up to the first that did not:
   * these change with that version, too. Whoever moves things mostly moves one after the other.
   *
   * @returns The index of that first.
   */
  addAlike(first: RecordNode, nodes: readonly StateNode[], from: number, version: number): number {
    return this.#group(first.type, Mode.change, first.fieldSet(Mode.change)).addAlike(first, nodes, from, version)
  }

  #group(type: RecordType, mode: Mode, fields: FieldSet): RecordGroup {
    // The set of fields itself knows its group: births, and what changed by ones, go through here.
    const known = fields.groups[mode]
    if (known?.body === this) return known
    const group = new RecordGroup(this, type, mode, fields)
    fields.groups[mode] = group
    this.#groups.push(group)
    return group
  }

  #tell(type: NodeType, mode: Mode, told: Told, fields: FieldSet | undefined): void {
    const groups = (this.#told[mode] ??= new Map<object, ToldGroup>())
    let group = groups.get(fields ?? type)
    if (group === undefined) {
      group = new ToldGroup(type, mode, fields)
      groups.set(fields ?? type, group)
      this.#groups.push(group)
    }
    group.add(told)
  }

  /** Writes all that was taken in. */
  write(writer: Writer): void {
    writer.shareTexts()
    // A type refers to lower ones only: in this order, whoever reads a reference knows the node already.
    this.#groups.sort((a, b) => a.type.index - b.type.index)
    for (const group of this.#groups) group.write(writer)
  }
}
