import { angleToSteps, quantizer } from '../codec/quantized.ts'
import type { NumberKind, TypeDef, TypeIndex } from '../layout.ts'
import { lower } from '../codec/lower.ts'
import { takesNoBytes } from './extent.ts'
import { packFreeForm } from './free-form.ts'
import { putNumber, putUint8, putUnsigned } from './put.ts'
import type { Writer } from './writer.ts'

/** Writes one value of a type; `docs/protocol-state.md` has the bytes of each. */
export type Pack = (writer: Writer, value: unknown) => void

/** What packing must know of values that stand in the state. */
export interface Tracked {
  /** The id of a tracked record, map or list. */
  readonly idOf: (value: unknown) => number
  /** Which variant of a union a value is. */
  readonly variantOf: (union: TypeIndex, value: unknown) => number
}

/**
 * The packs of a layout's types, made when first asked for. A type has two: in a slot of the state, where records, maps
 * and lists are nodes of their own, and inside a value that is replaced as a whole, where they are not.
 */
export class Packs {
  readonly #types: readonly TypeDef[]
  readonly #tracked: Tracked
  readonly #slots: Pack[] = []
  readonly #wholes: Pack[] = []

  constructor(types: readonly TypeDef[], tracked: Tracked) {
    this.#types = types
    this.#tracked = tracked
  }

  /** For a slot of the state: a field, an entry, an item. */
  slot(index: TypeIndex): Pack {
    return (this.#slots[index] ??= this.#make(index, false))
  }

  /** For a part of a value that is replaced as a whole. */
  whole(index: TypeIndex): Pack {
    return (this.#wholes[index] ??= this.#make(index, true))
  }

  /** For an item of a list. */
  item(index: TypeIndex, whole: boolean): Pack {
    const pack = whole ? this.whole(index) : this.slot(index)
    return takesNoBytes(this.#types, index, whole) ? (writer) => writer.byte(0) : pack
  }

  #make(index: TypeIndex, whole: boolean): Pack {
    const type = lower(this.#types, index)
    const { idOf, variantOf } = this.#tracked
    switch (type.kind) {
      case 'null':
      case 'literal':
        return () => {}
      case 'boolean':
        return (writer, value) => writer.byte(value === true ? 1 : 0)
      case 'string':
        return known((writer, value: string) => writer.string(value))
      case 'bigint':
        return known((writer, value: bigint) => writer.bigint(value))
      case 'bytes':
        return known((writer, value: Uint8Array) => writer.bytes(value))
      case 'json':
        return packFreeForm
      case 'quantized': {
        const { toSteps } = quantizer(type)
        return known((writer, value: number) => writer.varint(toSteps(value)))
      }
      case 'enum': {
        const indexes = new Map<unknown, number>(type.values.map((value, at) => [value, at]))
        return (writer, value) => writer.varint(indexes.get(value) ?? 0)
      }
      case 'optional': {
        const inner = whole ? this.whole(type.type) : this.slot(type.type)
        return (writer, value) => {
          writer.byte(value === undefined ? 0 : 1)
          if (value !== undefined) inner(writer, value)
        }
      }
      case 'union': {
        const variants = type.types.map((variant) => (whole ? this.whole(variant) : this.slot(variant)))
        return (writer, value) => {
          const variant = variantOf(index, value)
          writer.varint(variant)
          variants[variant]?.(writer, value)
        }
      }
      case 'value':
        return this.whole(type.type)
      case 'tuple': {
        const elements = type.types.map((element) => this.whole(element))
        return known((writer, value: readonly unknown[]) => {
          for (let at = 0; at < elements.length; at++) elements[at]?.(writer, value[at])
        })
      }
      case 'record': {
        if (!whole) return (writer, value) => writer.reference(idOf(value))
        const fields = type.fields.map((field) => ({ name: field.name, pack: this.whole(field.type) }))
        return known((writer, value: Readonly<Record<string, unknown>>) => {
          for (const { name, pack } of fields) pack(writer, value[name])
        })
      }
      case 'map': {
        if (!whole) return (writer, value) => writer.reference(idOf(value))
        const pack = this.whole(type.type)
        return known((writer, value: Readonly<Record<string, unknown>>) => {
          const keys = Object.keys(value)
          writer.varint(keys.length)
          for (const key of keys) {
            writer.string(key)
            pack(writer, value[key])
          }
        })
      }
      case 'list': {
        if (!whole) return (writer, value) => writer.reference(idOf(value))
        const pack = this.item(type.type, true)
        return known((writer, value: readonly unknown[]) => {
          writer.varint(value.length)
          for (const item of value) pack(writer, item)
        })
      }
      default:
        return known(numberPacks[type.kind])
    }
  }
}

// Values are checked where they enter the state, so what stands in a slot of a type is of that type.
function known<T>(pack: (writer: Writer, value: T) => void): Pack {
  return pack as Pack
}

type NumberPack = (writer: Writer, value: number) => void

const signed: NumberPack = (writer, value) => writer.signed(value)
const float64: NumberPack = (writer, value) => writer.float64(value)

/** A number that takes up to 9 bytes. */
function put(write: (bytes: Uint8Array, at: number, value: number) => number): NumberPack {
  return (writer, value) => {
    writer.reserve(9)
    writer.at = write(writer.buffer, writer.at, value)
  }
}

function unsigned(max: number): NumberPack {
  return put((bytes, at, value) => putUnsigned(bytes, at, value, max))
}

const numberPacks: { readonly [K in NumberKind]: NumberPack } = {
  number: (writer, value) => {
    writer.reserve(9)
    writer.at = putNumber(writer.buffer, writer.view, writer.at, value)
  },
  int: signed,
  uint8: put(putUint8),
  uint16: unsigned(0xffff),
  uint32: unsigned(0xffff_ffff),
  int8: signed,
  int16: signed,
  int32: signed,
  float32: (writer, value) => writer.float32(value),
  float64,
  angle: (writer, value) => writer.uint16(angleToSteps(value)),
  timestamp: signed,
}
