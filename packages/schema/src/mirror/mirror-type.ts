import { angleFromSteps, angleToSteps, quantizer } from '../codec/quantized.ts'
import type { Layout, TypeDef } from '../layout.ts'
import { holdsNodes, typeAt } from '../patch/extent.ts'
import type { Reader } from '../patch/reader.ts'
import { Unpacks, type Unpack } from '../patch/unpack.ts'

/** A field of a mirrored record. */
export interface MirrorField {
  readonly name: string
  readonly optional: boolean
  readonly holdsNodes: boolean
  readonly unpack: Unpack
  /** Of counted numbers: reads the difference to what the field holds. */
  readonly unpackChange: ((reader: Reader, before: unknown) => unknown) | undefined
}

/** A record type. */
export interface MirrorRecordType {
  readonly kind: 'record'
  readonly index: number
  readonly fields: readonly MirrorField[]
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
  readonly #types: readonly TypeDef[]
  readonly #unpacks: Unpacks
  readonly #made = new Map<number, MirrorType>()

  constructor(layout: Layout) {
    this.#types = layout.types
    this.#unpacks = new Unpacks(layout.types)
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
        const fields = def.fields.map(({ name, type }): MirrorField => {
          const field = typeAt(this.#types, type)
          return {
            name,
            optional: field.kind === 'optional',
            holdsNodes: holdsNodes(this.#types, type),
            unpack: this.#unpacks.slot(type),
            unpackChange: changeOf(field),
          }
        })
        return { kind: 'record', index, fields }
      }
      case 'map':
        return {
          kind: 'map',
          index,
          holdsNodes: holdsNodes(this.#types, def.type),
          unpack: this.#unpacks.slot(def.type),
        }
      case 'list':
        return {
          kind: 'list',
          index,
          holdsNodes: holdsNodes(this.#types, def.type),
          unpack: this.#unpacks.item(def.type, false),
        }
      default:
        return undefined
    }
  }
}

function changeOf(def: TypeDef): ((reader: Reader, before: unknown) => unknown) | undefined {
  if (def.kind === 'quantized') {
    const { steps, toSteps, fromSteps } = quantizer(def)
    return (reader, before) => fromSteps(reader.within(toSteps(Number(before)) + reader.signed(), 0, steps))
  }
  if (def.kind === 'angle') {
    return (reader, before) => {
      const difference = reader.within(reader.signed(), -0x8000, 0x7fff)
      return angleFromSteps((angleToSteps(Number(before)) + difference) & 0xffff)
    }
  }
  return undefined
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
