import { layoutBounds } from '../layout-bounds.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

// What the first byte of a free-form value says.
const nullTag = 0
const falseTag = 1
const trueTag = 2
const wholeTag = 3
const floatTag = 4
const stringTag = 5
const arrayTag = 6
const objectTag = 7

/** Writes a JSON value, which was checked where it entered the state. */
export function packFreeForm(writer: Writer, value: unknown): void {
  switch (typeof value) {
    case 'boolean':
      return writer.byte(value ? trueTag : falseTag)
    case 'number':
      if (Number.isSafeInteger(value)) {
        writer.byte(wholeTag)
        return writer.signed(value)
      }
      writer.byte(floatTag)
      return writer.float64(value)
    case 'string':
      writer.byte(stringTag)
      return writer.string(value)
    default:
      if (Array.isArray(value)) return packArray(writer, value)
      if (typeof value === 'object' && value !== null) return packObject(writer, Object.entries(value))
      writer.byte(nullTag)
  }
}

function packArray(writer: Writer, items: readonly unknown[]): void {
  writer.byte(arrayTag)
  writer.varint(items.length)
  for (const item of items) packFreeForm(writer, item)
}

function packObject(writer: Writer, entries: readonly [string, unknown][]): void {
  writer.byte(objectTag)
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
  if (tag >= arrayTag && depth === 0) throw reader.bad('S23')
  switch (tag) {
    case nullTag:
      return null
    case falseTag:
      return false
    case trueTag:
      return true
    case wholeTag:
      return reader.signed()
    case floatTag:
      return reader.float64()
    case stringTag:
      return reader.string()
    case arrayTag: {
      const items: unknown[] = []
      for (let count = reader.count(); count > 0; count--) items.push(unpackWithin(reader, depth - 1))
      return Object.freeze(items)
    }
    case objectTag: {
      const object: Record<string, unknown> = {}
      for (let count = reader.count(); count > 0; count--) {
        const key = unpackKey(reader)
        object[key] = unpackWithin(reader, depth - 1)
      }
      return Object.freeze(object)
    }
    default:
      throw reader.bad('S23')
  }
}

/** Reads a key of a map or object. `__proto__`, which no server sends, would reach the object's prototype. */
export function unpackKey(reader: Reader): string {
  const key = reader.string()
  if (key === '__proto__') throw reader.bad('S16')
  return key
}
