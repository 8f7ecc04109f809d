import { layoutBounds } from '../layout-bounds.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** What the first byte of a free-form value says. */
const Tag = { null: 0, false: 1, true: 2, whole: 3, float: 4, string: 5, array: 6, object: 7 } as const

/** Writes a JSON value, which was checked where it entered the state. */
export function packFreeForm(writer: Writer, value: unknown): void {
  switch (typeof value) {
    case 'boolean':
      return writer.byte(value ? Tag.true : Tag.false)
    case 'number':
      if (Number.isSafeInteger(value)) {
        writer.byte(Tag.whole)
        return writer.signed(value)
      }
      writer.byte(Tag.float)
      return writer.float64(value)
    case 'string':
      writer.byte(Tag.string)
      return writer.string(value)
    default:
      if (Array.isArray(value)) return packArray(writer, value)
      if (typeof value === 'object' && value !== null) return packObject(writer, Object.entries(value))
      writer.byte(Tag.null)
  }
}

function packArray(writer: Writer, items: readonly unknown[]): void {
  writer.byte(Tag.array)
  writer.varint(items.length)
  for (const item of items) packFreeForm(writer, item)
}

function packObject(writer: Writer, entries: readonly [string, unknown][]): void {
  writer.byte(Tag.object)
  writer.varint(entries.length)
  for (const [key, value] of entries) {
    writer.string(key)
    packFreeForm(writer, value)
  }
}

/** Reads a JSON value; arrays and objects are frozen. */
export function unpackFreeForm(reader: Reader): unknown {
  return unpackWithin(reader, layoutBounds.jsonDepth)
}

function unpackWithin(reader: Reader, depth: number): unknown {
  const tag = reader.byte()
  switch (tag) {
    case Tag.null:
      return null
    case Tag.false:
      return false
    case Tag.true:
      return true
    case Tag.whole:
      return reader.signed()
    case Tag.float:
      return reader.float64()
    case Tag.string:
      return reader.string()
    case Tag.array: {
      if (depth === 0) throw reader.bad('a JSON value is nested too deep')
      const items: unknown[] = []
      for (let count = reader.count(); count > 0; count--) items.push(unpackWithin(reader, depth - 1))
      return Object.freeze(items)
    }
    case Tag.object: {
      if (depth === 0) throw reader.bad('a JSON value is nested too deep')
      const object: Record<string, unknown> = {}
      for (let count = reader.count(); count > 0; count--) {
        const key = unpackKey(reader)
        object[key] = unpackWithin(reader, depth - 1)
      }
      return Object.freeze(object)
    }
    default:
      throw reader.bad('no such JSON')
  }
}

/** Reads a key of a map or object. `__proto__`, which no server sends, would reach the object's prototype. */
export function unpackKey(reader: Reader): string {
  const key = reader.string()
  if (key === '__proto__') throw reader.bad('a key is "__proto__"')
  return key
}
