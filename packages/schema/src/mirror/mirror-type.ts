import { angleFromSteps, quantizer } from '../codec/quantized.ts'
import type { Layout, TypeDef } from '../layout.ts'
import { lower } from '../codec/lower.ts'
import { holdsNodes } from '../patch/extent.ts'
import type { Reader } from '../patch/reader.ts'
import { Unpacks, type Unpack } from '../patch/unpack.ts'
import type { RecordNode } from './mirror-node.ts'
import type { MirrorSpace } from './mirror-space.ts'

/** Reads what is to stand in a field of a record, and does what that means to the nodes in it. */
export type ReadField = (reader: Reader, node: RecordNode, space: MirrorSpace) => unknown

/** A field of a mirrored record. */
export interface MirrorField {
  readonly name: string
  readonly optional: boolean
  /** Of a record that is new, or told as a whole. */
  readonly read: ReadField
  /** Of a record that changed: what stands there before matters. */
  readonly change: ReadField
  readonly holdsNodes: boolean
}

/** Reads the nodes of a group: so many records of one type, with the same set of fields. */
export type ReadRecords = (
  reader: Reader,
  space: MirrorSpace,
  type: MirrorRecordType,
  count: number,
  set: readonly number[],
) => void

/** What reads the records of a type, by what a group says of them. */
export interface RecordReaders {
  readonly birth: ReadRecords
  readonly change: ReadRecords
}

/** Makes what reads the records of a type. */
export type MakeReaders = (fields: readonly MirrorField[]) => RecordReaders

/** A record type. */
export interface MirrorRecordType {
  readonly kind: 'record'
  readonly index: number
  readonly fields: readonly MirrorField[]
  /** A zero for each counted field. */
  readonly counts: readonly number[]
  readonly readers: RecordReaders
}

/** A map or list type, with what reads an entry's value or an item. */
export interface MirrorCollectionType {
  readonly kind: 'map' | 'list'
  readonly index: number
  readonly holdsNodes: boolean
  readonly unpack: Unpack
}

/** What mirrored nodes of one type have in common. */
export type MirrorType = MirrorRecordType | MirrorCollectionType

/** The node types of a layout by index; nothing where a type is not tracked by itself. */
export class MirrorTypes {
  readonly layout: Layout
  readonly #types: readonly TypeDef[]
  readonly #unpacks: Unpacks
  readonly #made = new Map<number, MirrorType>()
  readonly #readers: MakeReaders

  constructor(layout: Layout, readers: MakeReaders) {
    this.layout = layout
    this.#types = layout.types
    this.#unpacks = new Unpacks(layout.types)
    this.#readers = readers
  }

  /** The node type of an index, which may be anything. */
  at(index: number): MirrorType | undefined {
    const known = this.#made.get(index)
    if (known !== undefined) return known
    const made = this.#make(index)
    if (made !== undefined) this.#made.set(index, made)
    return made
  }

  #make(index: number): MirrorType | undefined {
    const def = this.#types[index]
    switch (def?.kind) {
      case 'record': {
        const counts: number[] = []
        const fields = def.fields.map(({ name, type }) => this.#field(name, type, counts))
        return { kind: 'record', index, fields, counts, readers: this.#readers(fields) }
      }
      case 'map':
      case 'list':
        return {
          kind: def.kind,
          index,
          holdsNodes: holdsNodes(this.#types, def.type),
          unpack: def.kind === 'map' ? this.#unpacks.slot(def.type) : this.#unpacks.item(def.type, false),
        }
      default:
        return undefined
    }
  }

  #field(name: string, type: number, counts: number[]): MirrorField {
    const def = lower(this.#types, type)
    const optional = def.kind === 'optional'
    const unpack = this.#unpacks.slot(type)
    const counted = countedField(def, counts.length)
    if (counted !== undefined) {
      counts.push(0)
      return { name, optional, ...counted, holdsNodes: false }
    }
    if (!holdsNodes(this.#types, type)) return { name, optional, read: unpack, change: unpack, holdsNodes: false }
    const read: ReadField = (reader, node, space) => space.place(unpack(reader), node, name)
    const change: ReadField = (reader, node, space) => {
      const next = read(reader, node, space)
      space.displace(node.value[name])
      return next
    }
    return { name, optional, read, change, holdsNodes: true }
  }
}

/** How a number is read that travels as a count of steps, and changes by the difference to the count before. */
function countedField(def: TypeDef, at: number): { read: ReadField; change: ReadField } | undefined {
  if (def.kind === 'quantized') {
    const { steps, fromSteps } = quantizer(def)
    return {
      read: (reader, { counts }) => fromSteps((counts[at] = reader.within(reader.varint(), 0, steps))),
      change: (reader, { counts }) =>
        fromSteps((counts[at] = reader.within((counts[at] ?? 0) + reader.signed(), 0, steps))),
    }
  }
  if (def.kind !== 'angle') return undefined
  return {
    read: (reader, { counts }) => angleFromSteps((counts[at] = reader.uint16())),
    change: (reader, { counts }) =>
      angleFromSteps((counts[at] = ((counts[at] ?? 0) + reader.within(reader.signed(), -0x8000, 0x7fff)) & 0xffff)),
  }
}

/** Whether a node of one type can go on as one of the other, which may be of another layout. */
export function compatible(one: MirrorType, other: MirrorType): boolean {
  if (one === other) return true
  if (one.kind !== 'record' || other.kind !== 'record') return one.kind === other.kind
  return (
    one.fields.length === other.fields.length &&
    one.fields.every((field, index) => field.name === other.fields[index]?.name)
  )
}
