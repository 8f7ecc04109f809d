import { numberRanges, type NumberRange } from '../codec/numbers.ts'
import { angleFromSteps, quantizer } from '../codec/quantized.ts'
import type { NumberKind, TypeDef, TypeIndex } from '../layout.ts'
import { lower } from '../codec/lower.ts'
import { takesNoBytes } from './extent.ts'
import { unpackFreeForm, unpackKey } from './free-form.ts'
import type { Reader } from './reader.ts'

/** Reads one value of a type; the counterpart of `Pack`. What it makes is deeply frozen, but for bytes. */
export type Unpack = (reader: Reader) => unknown

/**
 * The unpacks of a layout's types, made when first asked for: for slots of the state, where records, maps and lists
 * are references to nodes, and for values that are replaced as a whole, where they are plain objects and arrays.
 */
export class Unpacks {
  readonly #types: readonly TypeDef[]
  readonly #slots: Unpack[] = []
  readonly #wholes: Unpack[] = []

  constructor(types: readonly TypeDef[]) {
    this.#types = types
  }

  /** For a slot of the state. What it returns for a node is what the reader's `node` returned. */
  slot(index: TypeIndex): Unpack {
    return (this.#slots[index] ??= this.#make(index, false))
  }

  /** For a part of a value that is replaced as a whole. */
  whole(index: TypeIndex): Unpack {
    return (this.#wholes[index] ??= this.#make(index, true))
  }

  /** For an item of a list. */
  item(index: TypeIndex, whole: boolean): Unpack {
    const unpack = whole ? this.whole(index) : this.slot(index)
    if (!takesNoBytes(this.#types, index, whole)) return unpack
    return (reader) => {
      reader.within(reader.byte(), 0, 0)
      return unpack(reader)
    }
  }

  #make(index: TypeIndex, whole: boolean): Unpack {
    const type = lower(this.#types, index)
    switch (type.kind) {
      case 'null':
        return () => null
      case 'literal': {
        const constant = type.value
        return () => constant
      }
      case 'boolean':
        return unpackBoolean
      case 'string':
        return (reader) => reader.string()
      case 'bigint':
        return (reader) => reader.bigint()
      case 'bytes':
        return (reader) => reader.bytes()
      case 'json':
        return unpackFreeForm
      case 'quantized': {
        const { steps, fromSteps } = quantizer(type)
        return (reader) => fromSteps(reader.within(reader.varint(), 0, steps))
      }
      case 'enum': {
        const values: readonly unknown[] = type.values
        return (reader) => values[reader.within(reader.varint(), 0, values.length - 1)]
      }
      case 'optional': {
        const inner = whole ? this.whole(type.type) : this.slot(type.type)
        return (reader) => (unpackBoolean(reader) ? inner(reader) : undefined)
      }
      case 'union': {
        const variants = type.types.map((variant) => (whole ? this.whole(variant) : this.slot(variant)))
        return (reader) => {
          const variant = variants[reader.within(reader.varint(), 0, variants.length - 1)]
          return variant?.(reader)
        }
      }
      case 'value':
        return this.whole(type.type)
      case 'tuple': {
        const elements = type.types.map((element) => this.whole(element))
        return (reader) => {
          reader.spend(elements.length)
          return Object.freeze(elements.map((element) => element(reader)))
        }
      }
      case 'record': {
        if (!whole) return (reader) => reader.reference(index)
        const fields = type.fields.map((field) => ({ name: field.name, unpack: this.whole(field.type) }))
        return (reader) => {
          reader.spend(fields.length)
          const record: Record<string, unknown> = {}
          for (const { name, unpack } of fields) {
            const value = unpack(reader)
            if (value !== undefined) record[name] = value
          }
          return Object.freeze(record)
        }
      }
      case 'map': {
        if (!whole) return (reader) => reader.reference(index)
        const unpack = this.whole(type.type)
        return (reader) => {
          const map: Record<string, unknown> = {}
          for (let count = reader.count(); count > 0; count--) {
            const key = unpackKey(reader)
            map[key] = unpack(reader)
          }
          return Object.freeze(map)
        }
      }
      case 'list': {
        if (!whole) return (reader) => reader.reference(index)
        const unpack = this.item(type.type, true)
        return (reader) => {
          const items: unknown[] = []
          for (let count = reader.count(); count > 0; count--) items.push(unpack(reader))
          return Object.freeze(items)
        }
      }
      default:
        return numberUnpack(type.kind)
    }
  }
}

function unpackBoolean(reader: Reader): boolean {
  return reader.within(reader.byte(), 0, 1) === 1
}

function numberUnpack(kind: NumberKind): Unpack {
  switch (kind) {
    case 'number':
      return unpackNumber
    case 'uint8':
      return unpackUint8
    case 'float32':
      return (reader) => reader.float32()
    case 'float64':
      return (reader) => reader.float64()
    case 'angle':
      return (reader) => angleFromSteps(reader.uint16())
    default:
      return unpackWhole(numberRanges[kind])
  }
}

/** A whole number of a range. Where none is below 0, one more than the largest is -0. */
function unpackWhole({ min, max }: NumberRange): Unpack {
  if (min < 0) return (reader) => reader.within(reader.signed(), min, max)
  return (reader) => {
    const value = reader.within(reader.varint(), 0, max + 1)
    return value > max ? -0 : value
  }
}

function unpackUint8(reader: Reader): number {
  const byte = reader.byte()
  if (byte !== 0xff) return byte
  return unpackBoolean(reader) ? -0 : 0xff
}

function unpackNumber(reader: Reader): number {
  const code = reader.varint()
  if (code % 2 === 0) {
    const size = Math.floor(code / 4)
    return code % 4 === 0 ? size : -size
  }
  return reader.within(code, 1, 3) === 1 ? reader.float64() : reader.float32()
}
