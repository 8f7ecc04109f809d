import type { LiteralValue, TypeDef } from '../layout.ts'
import type { Codec } from './codec.ts'
import type { Coder } from './coder.ts'
import { convertEntries, convertItems } from './collections.ts'
import { codecOf, compileCoders } from './compile-types.ts'
import { at, expected, Fault, step, within } from './fault.ts'
import { lower } from './lower.ts'
import { numberOf } from './numbers.ts'
import { objectOf, read } from './record.ts'
import { unionTag } from './union-tag.ts'
import { tagged } from './union.ts'

/** A codec that also reads what travels as maps by name: what a client says before it knows the layout. */
export interface NamedCodec extends Codec {
  /** Like `decode`, for data by name. */
  readonly decodeNamed: (wire: unknown, path: string) => unknown
}

/** Decodes the form by name. With `exact`, fields that the type lacks are a fault, and so is what is lost to rounding. */
type NamedReader = (wire: unknown, exact: boolean) => unknown

/** Composes the codec of every type, by index. Only servers read data by name: no client loads this. */
export function compileNamedTypes(types: readonly TypeDef[]): readonly NamedCodec[] {
  const coders = compileCoders(types)
  const readers: NamedReader[] = []
  for (const [index, def] of types.entries()) readers.push(readerOf(def, lower(coders, index), types, readers))
  return coders.map((coder, index) => {
    const reader = lower(readers, index)
    return {
      ...codecOf(coder),
      decodeNamed(wire, path) {
        try {
          return reader(wire, false)
        } catch (error) {
          throw at(error, path)
        }
      },
    }
  })
}

function readerOf(def: TypeDef, coder: Coder, types: readonly TypeDef[], readers: readonly NamedReader[]): NamedReader {
  const { expects } = coder
  switch (def.kind) {
    case 'record':
      return recordReader(
        def.fields.map(({ name, type }) => ({
          name,
          optional: lower(types, type).kind === 'optional',
          reader: lower(readers, type),
        })),
      )
    case 'map': {
      const entry = lower(readers, def.type)
      return (wire, exact) => convertEntries(wire, expects, (part) => entry(part, exact))
    }
    case 'list': {
      const item = lower(readers, def.type)
      return (wire, exact) => convertItems(wire, expects, (part) => item(part, exact))
    }
    case 'tuple': {
      const elements = def.types.map((type) => lower(readers, type))
      return (wire, exact) =>
        convertItems(wire, expects, (part, index) => elements[index]?.(part, exact), elements.length)
    }
    case 'union':
      return unionReader(def.types, expects, types, readers)
    case 'optional':
    case 'value':
      return lower(readers, def.type)
    case 'literal':
      return constantsReader([def.value], expects)
    case 'enum':
      return constantsReader(def.values, expects)
    case 'float32':
    case 'quantized':
    case 'angle':
      return roundingReader(coder)
    default:
      return coder.decode
  }
}

function recordReader(
  fields: readonly { readonly name: string; readonly optional: boolean; readonly reader: NamedReader }[],
): NamedReader {
  const known = new Set(fields.map(({ name }) => name))
  return (wire, exact) => {
    const source = objectOf(wire)
    if (exact) {
      for (const key of Object.keys(source)) if (!known.has(key)) throw new Fault(`has the unknown field ${step(key)}`)
    }
    const record: Record<string, unknown> = {}
    for (const { name, optional, reader } of fields) {
      const part = read(source, name)
      if (optional && part === undefined) continue
      try {
        record[name] = reader(part, exact)
      } catch (error) {
        throw within(error, name)
      }
    }
    return record
  }
}

function unionReader(
  indexes: readonly number[],
  expects: string,
  types: readonly TypeDef[],
  readers: readonly NamedReader[],
): NamedReader {
  const variants = indexes.map((index) => lower(readers, index))
  const tag = unionTag(indexes, types)
  if (tag !== undefined) return (wire, exact) => variants[tagged(tag, wire)]?.(wire, exact)
  return (wire, exact) => {
    for (const strictly of exact ? [true] : [true, false]) {
      for (const variant of variants) {
        try {
          return variant(wire, strictly)
        } catch (error) {
          if (!(error instanceof Fault)) throw error
        }
      }
    }
    throw expected(expects, wire)
  }
}

/** By name, a constant is itself. A bigint may arrive as a small integer, and a number as a 64-bit one. */
function constantsReader(constants: readonly LiteralValue[], expects: string): NamedReader {
  return (wire) => {
    for (const constant of constants) if (wire === constant || sameNumber(wire, constant)) return constant
    throw expected(expects, wire)
  }
}

function sameNumber(wire: unknown, constant: LiteralValue): boolean {
  if (typeof constant === 'number') return numberOf(wire) === constant
  return (
    typeof constant === 'bigint' && typeof wire === 'number' && Number.isSafeInteger(wire) && BigInt(wire) === constant
  )
}

/** By name, a number that is rounded to travel is the number as it was written. */
function roundingReader(coder: Coder): NamedReader {
  return (wire, exact) => {
    const value = numberOf(wire)
    const rounded = coder.decode(coder.encode(value))
    if (exact && !Object.is(rounded, value)) throw new Fault('is rounded by its type')
    return rounded
  }
}
