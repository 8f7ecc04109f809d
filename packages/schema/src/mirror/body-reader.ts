import { fieldSetLength, groupHeader, maxNodeId, Mode } from '../patch/body.ts'
import { unpackKey } from '../patch/free-form.ts'
import type { Reader } from '../patch/reader.ts'
import { isNode, makeNode, type ListNode, type MapNode, type MirrorNode, type RecordNode } from './mirror-node.ts'
import type { MirrorSpace } from './mirror-space.ts'
import type { MirrorField, MirrorType, MirrorTypes } from './mirror-type.ts'
import { readRuns } from './run-reader.ts'
import { sameValue } from './same-value.ts'

/**
 * Applies the body of a patch or snapshot to the nodes of a mirror.
 *
 * @throws SchemaError `invalid_patch`, with the body applied in part.
 */
export function readBody(reader: Reader, space: MirrorSpace, types: MirrorTypes): void {
  while (!reader.done) readGroup(reader, space, types)
}

function readGroup(reader: Reader, space: MirrorSpace, types: MirrorTypes): void {
  const code = reader.varint()
  const header = groupHeader(code)
  const type = header && types.at(header.type)
  if (header === undefined || type === undefined) throw reader.bad(`${code} begins no group of nodes`)
  const { mode, single } = header
  const fields = type.kind === 'record' ? readFieldSet(reader, type.fields) : []
  let next = 0
  for (let count = single ? 1 : reader.count(); count > 0; count--) {
    const id = reader.within(next + reader.varint(), 0, maxNodeId)
    next = id + 1
    reader.from(id)
    if (mode === Mode.birth) readBirth(reader, space, type, id, fields)
    else readContent(reader, space, existing(reader, space, type, id), mode, fields)
  }
}

function readFieldSet(reader: Reader, fields: readonly MirrorField[]): readonly MirrorField[] {
  const bytes = reader.raw(fieldSetLength(fields.length))
  const spare = bytes.length * 8 - fields.length
  if (spare > 0 && (bytes.at(-1) ?? 0) >> (8 - spare) !== 0) throw reader.bad('a set of fields has more than there are')
  return fields.filter((_, index) => (((bytes[index >> 3] ?? 0) >> (index & 7)) & 1) === 1)
}

function existing(reader: Reader, space: MirrorSpace, type: MirrorType, id: number): MirrorNode {
  const node = space.byId.get(id)
  if (node === undefined || node.type.index !== type.index)
    throw reader.bad(`there is no node ${id} of type ${type.index}`)
  if (node.applied === space.revision) throw reader.bad(`node ${id} is there twice`)
  node.applied = space.revision
  return node
}

function readBirth(
  reader: Reader,
  space: MirrorSpace,
  type: MirrorType,
  id: number,
  fields: readonly MirrorField[],
): void {
  const node = makeNode(id, type)
  if (node.kind === 'record') readRecordBirth(reader, space, node, fields)
  else if (node.kind === 'map') for (const [key, value] of readEntries(reader, space, node)) node.value.set(key, value)
  else node.append(readItems(reader, space, node, reader.count()))
  space.add(node)
}

function readRecordBirth(reader: Reader, space: MirrorSpace, node: RecordNode, fields: readonly MirrorField[]): void {
  const { type, value } = node
  reader.spend(type.fields.length)
  let at = 0
  for (const field of type.fields) {
    // All fields are there from the beginning and in the layout's order, also absent ones.
    if (fields[at] === field) {
      at++
      value[field.name] = space.place(field.unpack(reader), node, field.name)
    } else if (field.optional) value[field.name] = undefined
    else throw reader.bad(`a new record lacks its field ${field.name}`)
  }
}

function readContent(
  reader: Reader,
  space: MirrorSpace,
  node: MirrorNode,
  mode: Mode,
  fields: readonly MirrorField[],
): void {
  // What is refused halfway has changed something all the same.
  let news = true
  try {
    if (node.kind === 'record') news = readFields(reader, space, node, mode, fields)
    else if (node.kind === 'map') news = readMap(reader, space, node, mode)
    else news = readList(reader, space, node, mode)
  } finally {
    if (news) space.touch(node)
  }
}

function readFields(
  reader: Reader,
  space: MirrorSpace,
  node: RecordNode,
  mode: Mode,
  fields: readonly MirrorField[],
): boolean {
  const { value } = node
  let news = false
  for (const field of fields) {
    const { name } = field
    const before = value[name]
    if (field.unpackChange !== undefined && mode === Mode.change) {
      value[name] = field.unpackChange(reader, before)
    } else {
      const next = space.place(field.unpack(reader), node, name)
      if (field.holdsNodes) space.displace(before)
      if (mode === Mode.whole && sameValue(before, next)) continue
      value[name] = next
    }
    news = true
  }
  return news
}

function readMap(reader: Reader, space: MirrorSpace, node: MapNode, mode: Mode): boolean {
  const { value, type } = node
  if (mode === Mode.whole) {
    const next = readEntries(reader, space, node)
    if (type.holdsNodes) for (const before of value.values()) space.displace(before)
    return node.assign(next)
  }
  for (let count = reader.count(); count > 0; count--) {
    const key = reader.string()
    if (!value.has(key)) throw reader.bad('a map has no such key to delete')
    space.displace(value.get(key))
    node.delete(key)
  }
  for (let count = reader.count(); count > 0; count--) {
    const key = unpackKey(reader)
    const next = space.place(type.unpack(reader), node, key)
    if (type.holdsNodes) space.displace(value.get(key))
    node.set(key, next)
  }
  return true
}

function readEntries(reader: Reader, space: MirrorSpace, node: MapNode): Map<string, unknown> {
  const entries = new Map<string, unknown>()
  for (let count = reader.count(); count > 0; count--) {
    const key = unpackKey(reader)
    if (entries.has(key)) throw reader.bad('a map has a key twice')
    entries.set(key, space.place(node.type.unpack(reader), node, key))
  }
  return entries
}

function readList(reader: Reader, space: MirrorSpace, node: ListNode, mode: Mode): boolean {
  const { value, type } = node
  if (mode === Mode.whole) {
    const next = readItems(reader, space, node, reader.count())
    if (type.holdsNodes) for (const before of value) space.displace(before)
    return node.assign(next)
  }
  const { appended, items, gone } = readRuns(reader, value, (count) => readItems(reader, space, node, count))
  if (type.holdsNodes) for (const before of gone) space.displace(before)
  if (!appended) return node.assign(items)
  node.append(items)
  return true
}

function readItems(reader: Reader, space: MirrorSpace, node: ListNode, count: number): unknown[] {
  const items: unknown[] = []
  for (let left = count; left > 0; left--) {
    const read = node.type.unpack(reader)
    items.push(isNode(read) ? space.place(read, node, '') : read)
  }
  return items
}
