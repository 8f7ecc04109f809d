import { groupCode, Mode } from '../patch/body.ts'
import type { Writer } from '../patch/writer.ts'
import type { FieldSet } from './field-set.ts'
import type { NodeType, StateNode, Told } from './state-node.ts'

/** Nodes of one type that are sent alike: for records, with the same set of fields. */
interface Group {
  readonly type: NodeType
  readonly mode: Mode
  readonly fields: FieldSet | undefined
  readonly nodes: Told[]
}

/** Writes the body of a patch or snapshot: nodes in groups, so that what they have in common is said once. */
export class BodyWriter {
  readonly #groups: Group[] = []
  /** By mode, the group of a set of fields or of a type. */
  readonly #byMode = [new Map<object, Group>(), new Map<object, Group>(), new Map<object, Group>()] as const

  /** Whether there is nothing to write. */
  get empty(): boolean {
    return this.#groups.length === 0
  }

  /** Takes in a node, or what is to be told of it. */
  add(node: StateNode, mode: Mode, told: Told = node): void {
    const fields = node.fieldSet(mode)
    const key = fields ?? node.type
    const group = this.#byMode[mode].get(key)
    if (group !== undefined) {
      group.nodes.push(told)
      return
    }
    const made = { type: node.type, mode, fields, nodes: [told] }
    this.#byMode[mode].set(key, made)
    this.#groups.push(made)
  }

  /** Writes all that was taken in. */
  write(writer: Writer): void {
    writer.shareTexts()
    // A type refers to lower ones only: in this order, whoever reads a reference knows the node already.
    this.#groups.sort((a, b) => a.type.index - b.type.index)
    for (const group of this.#groups) writeGroup(writer, group)
  }
}

function writeGroup(writer: Writer, { type, mode, fields, nodes }: Group): void {
  writer.varint(groupCode({ type: type.index, mode, single: nodes.length === 1 }))
  if (fields !== undefined) writer.raw(fields.bytes)
  if (nodes.length > 1) writer.varint(nodes.length)
  sortById(nodes)
  let next = 0
  for (const node of nodes) {
    writer.varint(node.id - next)
    next = node.id + 1
    writer.from(node.id)
    node.pack(writer, mode, fields)
  }
}

function sortById(nodes: Told[]): void {
  let last = -1
  for (const { id } of nodes) {
    if (id < last) {
      nodes.sort((a, b) => a.id - b.id)
      return
    }
    last = id
  }
}
