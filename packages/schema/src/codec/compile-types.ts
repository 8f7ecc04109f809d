import type { Field, LiteralValue, TypeDef } from '../layout.ts'
import type { Codec } from './codec.ts'
import type { Coder } from './coder.ts'
import { listCoder, mapCoder, tupleCoder } from './collections.ts'
import { at } from './fault.ts'
import { bigintCoder, numberCoder, quantizedCoder } from './numbers.ts'
import { lower } from './lower.ts'
import { jsonCoder } from './plain-data.ts'
import { recordCoder, type FieldCoder } from './record.ts'
import { booleanCoder, bytesCoder, constantsCoder, literalCoder, nullCoder, stringCoder } from './scalars.ts'
import { unionTag } from './union-tag.ts'
import { unionCoder } from './union.ts'

/** Composes the codec of every type, by index. The types are those of a layout that passed its gate. */
export function compileTypes(types: readonly TypeDef[]): readonly Codec[] {
  return compileCoders(types).map(codecOf)
}

/** Composes the coder of every type, by index. */
export function compileCoders(types: readonly TypeDef[]): readonly Coder[] {
  const coders: Coder[] = []
  for (const def of types) coders.push(coderOf(def, types, coders))
  return coders
}

function coderOf(def: TypeDef, types: readonly TypeDef[], coders: readonly Coder[]): Coder {
  switch (def.kind) {
    case 'null':
      return nullCoder
    case 'boolean':
      return booleanCoder
    case 'string':
      return stringCoder
    case 'bigint':
      return bigintCoder
    case 'bytes':
      return bytesCoder
    case 'json':
      return jsonCoder
    case 'literal':
      return literalCoder(def.value)
    case 'enum':
      return constantsCoder(def.values)
    case 'quantized':
      return quantizedCoder(def)
    case 'record':
      return recordCoder(def.fields.map((field) => fieldOf(field, types, coders)))
    case 'map':
      return mapCoder(lower(coders, def.type))
    case 'list':
      return listCoder(lower(coders, def.type))
    case 'tuple':
      return tupleCoder(def.types.map((type) => lower(coders, type)))
    case 'union':
      return unionOf(def.types, types, coders)
    case 'value':
    // The record that has the field knows what optional means; below it stands the inner type.
    case 'optional':
      return lower(coders, def.type)
    default:
      return numberCoder(def.kind)
  }
}

function fieldOf({ name, type }: Field, types: readonly TypeDef[], coders: readonly Coder[]): FieldCoder {
  return { name, optional: lower(types, type).kind === 'optional', coder: lower(coders, type) }
}

function unionOf(indexes: readonly number[], types: readonly TypeDef[], coders: readonly Coder[]): Coder {
  const constants: (LiteralValue | null)[] = []
  for (const index of indexes) {
    const def = lower(types, index)
    if (def.kind === 'literal') constants.push(def.value)
    else if (def.kind === 'null') constants.push(null)
  }
  if (constants.length === indexes.length) return constantsCoder(constants)
  return unionCoder(
    indexes.map((index) => lower(coders, index)),
    unionTag(indexes, types),
  )
}

/** The codec of a coder: with whole paths. */
export function codecOf(coder: Coder): Codec {
  return {
    encode(value, path) {
      try {
        return coder.encode(value)
      } catch (error) {
        throw at(error, path)
      }
    },
    decode(wire, path) {
      try {
        return coder.decode(wire)
      } catch (error) {
        throw at(error, path)
      }
    },
  }
}
