import { fieldSetLength, groupHeader, isIn, Mode } from '../patch/body.ts'
import { unpackKey } from '../patch/free-form.ts'
import type { Reader } from '../patch/reader.ts'
import {
  appendItems,
  assignEntries,
  assignItems,
  deleteEntry,
  isNode,
  makeNode,
  setEntry,
  type ListNode,
  type MapNode,
} from './mirror-node.ts'
import type { MirrorSpace } from './mirror-space.ts'
import type { MirrorCollectionType, MirrorRecordType, MirrorTypes } from './mirror-type.ts'
import { readRuns } from './run-reader.ts'
import { sameValue } from './same-value.ts'

/**
 * Applies the body of a patch or snapshot to the nodes of a mirror.
 *
 * @throws SchemaError `invalid_patch`, with the body applied in part.
 */
export function readBody(reader: Reader, space: MirrorSpace, types: MirrorTypes): void {
  while (!reader.done) {
    const code = reader.varint()
    const header = groupHeader(code)
    const type = header && types.at(header.type)
    if (header === undefined || type === undefined) throw reader.bad('S8')
    const { mode, single } = header
    const set = type.kind === 'record' ? readFieldSet(reader, type) : []
    const count = single ? 1 : reader.count()
    reader.ids()
    if (type.kind === 'record') readRecords(reader, space, type, mode, count, set)
    else for (let left = count; left > 0; left--) readCollection(reader, space, type, mode)
  }
}

function readFieldSet(reader: Reader, { fields }: MirrorRecordType): number[] {
  const set = Array.from({ length: fieldSetLength(fields.length) }, () => reader.byte())
  const spare = set.length * 8 - fields.length
  if (spare > 0 && (set.at(-1) ?? 0) >> (8 - spare) !== 0) throw reader.bad('S12')
  return set
}

function readRecords(
  reader: Reader,
  space: MirrorSpace,
  type: MirrorRecordType,
  mode: Mode,
  count: number,
  set: readonly number[],
): void {
  const { fields, readers } = type
  if (mode === Mode.birth) {
    reader.spend(fields.length * count)
    if (fields.some(({ optional }, index) => !optional && !isIn(set, index))) throw reader.bad('S12')
    readers.birth(reader, space, type, count, set)
  } else if (mode === Mode.change) readers.change(reader, space, type, count, set)
  else for (let left = count; left > 0; left--) readWhole(reader, space, type, set)
}

/** A record as it is now: only what is different from what stands there is new. */
function readWhole(reader: Reader, space: MirrorSpace, type: MirrorRecordType, set: readonly number[]): void {
  const node = space.known(reader, type)
  const { value } = node
  for (const [index, { name, read, holdsNodes }] of type.fields.entries()) {
    if (!isIn(set, index)) continue
    const before = value[name]
    const next = read(reader, node, space)
    if (holdsNodes) space.displace(before)
    if (sameValue(before, next)) continue
    space.touch(node)
    value[name] = next
  }
}

function readCollection(reader: Reader, space: MirrorSpace, type: MirrorCollectionType, mode: Mode): void {
  if (mode === Mode.birth) {
    const node = makeNode(reader.id(), type)
    if (node.kind === 'map') for (const [key, value] of readEntries(reader, space, node)) node.value.set(key, value)
    else if (node.kind === 'list') appendItems(node, readItems(reader, space, node, reader.count()))
    space.add(node)
    return
  }
  const node = space.known(reader, type)
  if (node.kind === 'map') readMap(reader, space, node, mode)
  else readList(reader, space, node, mode)
}

function readMap(reader: Reader, space: MirrorSpace, node: MapNode, mode: Mode): void {
  const { value, type } = node
  if (mode === Mode.whole) {
    const next = readEntries(reader, space, node)
    if (type.holdsNodes) for (const before of value.values()) space.displace(before)
    if (assignEntries(node, next)) space.touch(node)
    return
  }
  space.touch(node)
  for (let count = reader.count(); count > 0; count--) {
    const key = reader.string()
    if (!value.has(key)) throw reader.bad('S17')
    space.displace(value.get(key))
    deleteEntry(node, key)
  }
  for (let count = reader.count(); count > 0; count--) {
    const key = unpackKey(reader)
    const next = space.place(type.unpack(reader), node, key)
    if (type.holdsNodes) space.displace(value.get(key))
    setEntry(node, key, next)
  }
}

function readEntries(reader: Reader, space: MirrorSpace, node: MapNode): Map<string, unknown> {
  const entries = new Map<string, unknown>()
  for (let count = reader.count(); count > 0; count--) {
    const key = unpackKey(reader)
    if (entries.has(key)) throw reader.bad('S16')
    entries.set(key, space.place(node.type.unpack(reader), node, key))
  }
  return entries
}

function readList(reader: Reader, space: MirrorSpace, node: ListNode, mode: Mode): void {
  const { value, type } = node
  if (mode === Mode.whole) {
    const next = readItems(reader, space, node, reader.count())
    if (type.holdsNodes) for (const before of value) space.displace(before)
    if (assignItems(node, next)) space.touch(node)
    return
  }
  const { appended, items, gone } = readRuns(reader, value, (count) => readItems(reader, space, node, count))
  if (type.holdsNodes) for (const before of gone) space.displace(before)
  if (appended) appendItems(node, items)
  else if (!assignItems(node, items)) return
  space.touch(node)
}

function readItems(reader: Reader, space: MirrorSpace, node: ListNode, count: number): unknown[] {
  const items: unknown[] = []
  for (let left = count; left > 0; left--) {
    const read = node.type.unpack(reader)
    items.push(isNode(read) ? space.place(read, node, '') : read)
  }
  return items
}
