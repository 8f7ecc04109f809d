import { numberRanges } from '../../codec/numbers.ts'
import { generated } from '../../generated.ts'
import { isWellFormed } from '../../layout-bounds.ts'
import type { NumberKind, TypeKind } from '../../layout.ts'
import { Mode } from '../../patch/body.ts'
import type { Pack } from '../../patch/pack.ts'
import { putNumber, putSigned, putSized, putUint8, putUnsigned, putVarint } from '../../patch/put.ts'
import type { Writer } from '../../patch/writer.ts'
import { shortcut } from '../recording/shortcut.ts'
import { wordBits, type TrackedField } from './field-set.ts'
import type { RecordCode } from './record-code.ts'
import { RecordHandle } from './record-handle.ts'
import type { RecordNode } from './record-node.ts'

/** An object of more properties than engines keep in fixed places would be slower than an array. */
const mostPlaces = 200

/** What the generated text makes. */
interface GeneratedRecord extends Pick<RecordCode, 'make' | 'read' | 'put'> {
  readonly prototype: object
  readonly accessors: readonly { readonly get: () => unknown; readonly set: (value: unknown) => void }[]
  readonly change: PackGroup
  readonly whole: PackGroup
}

type PackGroup = (
  writer: Writer,
  nodes: readonly RecordNode[],
  words: readonly number[],
  ends: number[] | undefined,
) => void

/**
 * The code of a record type as a class of its own: a private property for each field, which the engine keeps in a fixed place
 * and, if it is a number, without allocating; setters that know the range of their field; and loops that write a group with all
 * that it asks of a record in reach.
 *
 * What a setter does not settle at once goes to `RecordNode.write`: whatever is not a number of that range, records
 * that were taken out, and all that is written while a mutation runs. Nothing when text cannot become code, or a record has too many fields for it.
 */
export function generatedRecord(fields: readonly TrackedField[]): RecordCode | undefined {
  const places = fields.reduce((sum, { steps }) => sum + (steps === undefined ? 1 : 3), 0)
  if (places > mostPlaces) return undefined
  const used = {
    RecordHandle,
    shortcut,
    isWellFormed,
    putVarint,
    putSigned,
    putSized,
    putUnsigned,
    putUint8,
    putNumber,
  }
  const make = generated([...Object.keys(used), 'counts', 'equals', 'packs'], source(fields))
  if (make === undefined) return undefined
  const counts = fields.map(({ steps }) => steps?.count)
  const equals = fields.map(({ slot }) => slot.equal)
  const packs: readonly Pack[] = fields.map(({ slot }) => slot.pack)
  // It is what the text says.
  const record = make(...Object.values(used), counts, equals, packs) as GeneratedRecord
  for (const { name, index } of fields) {
    // Enumerable, unlike the accessors of a class: `for … in` finds the fields.
    Object.defineProperty(record.prototype, name, { ...record.accessors[index], enumerable: true, configurable: true })
  }
  const { read, put, change, whole } = record
  return {
    make: record.make,
    read,
    put,
    pack(writer, nodes, mode, { words }, ends) {
      if (mode === Mode.change) change(writer, nodes, words, ends)
      else whole(writer, nodes, words, ends)
    },
  }
}

// No name of a contract stands in the text, only indexes and the bounds of numbers.
function source(fields: readonly TrackedField[]): string {
  const counted = fields.filter(({ steps }) => steps !== undefined)
  return `'use strict'
let make, read, put, change, whole
const accessors = []
${counted.map(({ index }) => `const count${index} = counts[${index}]`).join('\n')}
${fields.map(({ index }) => `const equal${index} = equals[${index}]`).join('\n')}
${fields.map(({ index }) => `const pack${index} = packs[${index}]`).join('\n')}
class TrackedRecord extends RecordHandle {
  #node
  ${fields.map(declaration).join('\n  ')}
  constructor(node, values) {
    super(node)
    this.#node = node
    ${fields.map(start).join('\n    ')}
  }
  static {
    make = (node, values) => new TrackedRecord(node, values)
    read = (record, index) => {
      switch (index) {
        ${fields.map(({ index }) => `case ${index}: return record.#v${index}`).join('\n        ')}
      }
    }
    put = (record, index, kept, again) => {
      switch (index) {
        ${fields.map(putCase).join('\n        ')}
      }
    }
    change = ${packGroup(fields, changed)}
    whole = ${packGroup(fields, present)}
    ${fields.map((field) => `accessors.push({ get() { return this.#v${field.index} }, set(value) {${setter(field)}} })`).join('\n    ')}
  }
}
return { make, read, put, change, whole, accessors, prototype: TrackedRecord.prototype }`
}

/** The places of a field. What a place holds first tells the engine how to keep it: 0.5 as a number with a fraction. */
function declaration(field: TrackedField): string {
  const { index } = field
  const range = rangeOf(field)
  const value = range === undefined || field.optional ? '' : range.whole && range.max <= 0x7fff_ffff ? ' = 0' : ' = 0.5'
  return field.steps === undefined ? `#v${index}${value}` : `#v${index} = 0.5; #c${index} = 0; #s${index} = 0`
}

function start({ index, steps }: TrackedField): string {
  const kept = `this.#v${index} = values[${index}]`
  return steps === undefined ? kept : `${kept}; this.#s${index} = this.#c${index} = count${index}(values[${index}])`
}

function putCase({ index, steps }: TrackedField): string {
  const kept = `case ${index}: record.#v${index} = kept`
  if (steps === undefined) return `${kept}; return true`
  return `${kept}; { const count = count${index}(kept); if (count === record.#c${index}) return false; if (!again) record.#s${index} = record.#c${index}; record.#c${index} = count; return true }`
}

/** What an assignment does at once, and otherwise the careful way. */
function setter(field: TrackedField): string {
  const { index, steps, def, slot } = field
  const careful = `this.#node.write(${index}, value)`
  const near = index < wordBits
  const written = near ? `(node.written & ${1 << index})` : `node.isWritten(${index})`
  const marked = near ? `node.written |= ${1 << index}; if (!node.queued) node.queue()` : `node.mark(${index})`
  const condition = quickCondition(field)
  if (condition === undefined) return careful
  const store =
    steps !== undefined
      ? `this.#v${index} = value
        const count = count${index}(value)
        if (count === this.#c${index}) return
        if (!${written}) this.#s${index} = this.#c${index}
        this.#c${index} = count`
      : slot.drifts
        ? `const before = this.#v${index}
        this.#v${index} = value
        if (equal${index}(before, value)) return`
        : `const kept = ${def.kind === 'float32' ? 'Math.fround(value)' : 'value'}
        const before = this.#v${index}
        if (kept === before && (kept !== 0 || 1 / kept === 1 / before)) return
        this.#v${index} = kept`
  return `
      const node = this.#node
      if (${condition} && shortcut.open && node.registry !== undefined) {
        ${store}
        ${marked}
      } else node.write(${index}, value)
    `
}

/** When a value needs no more looking at. Asking its type first: nothing here runs code of the value. */
function quickCondition(field: TrackedField): string | undefined {
  const { def } = field
  if (def.kind === 'boolean') return `typeof value === 'boolean'`
  if (def.kind === 'string')
    return `typeof value === 'string' && (value === this.#v${field.index} || isWellFormed(value))`
  if (def.kind === 'quantized') {
    return `typeof value === 'number' && value >= ${numeral(def.min)} && value <= ${numeral(def.max)}`
  }
  const range = rangeOf(field)
  if (range === undefined) return undefined
  const { min, max, whole } = range
  const inside = `typeof value === 'number' && value >= ${numeral(min)} && value <= ${numeral(max)}`
  return whole ? `${inside} && Math.floor(value) === value` : inside
}

function rangeOf({ def }: TrackedField): { min: number; max: number; whole: boolean } | undefined {
  return isNumberKind(def.kind) ? numberRanges[def.kind] : undefined
}

function isNumberKind(kind: TypeKind): kind is NumberKind {
  return Object.hasOwn(numberRanges, kind)
}

/** A number as text of a program. */
function numeral(value: number): string {
  return value < 0 ? `(${String(value)})` : String(value)
}

/** How a value is written in place: statements that move `at`, and how many bytes they may take. */
interface InPlace {
  readonly most: number
  readonly statements: string
}

type WriteField = (field: TrackedField) => InPlace | undefined

/** A loop over nodes that writes the fields in the words of a set. */
function packGroup(fields: readonly TrackedField[], inPlace: WriteField): string {
  const words = Math.ceil(fields.length / wordBits)
  const refers = fields.some(({ slot }) => slot.holdsNodes)
  // Room is made for a node's id, and for all fields up to the first that is written by a function of its own.
  let room = 0
  const parts: string[] = []
  for (const field of fields.toReversed()) {
    const written = inPlace(field)
    const { index } = field
    const chosen = `if (w${Math.floor(index / wordBits)} & ${1 << (index % wordBits)})`
    if (written !== undefined) {
      room += written.most
      parts.unshift(`${chosen} { ${written.statements} }`)
    } else {
      parts.unshift(
        `${chosen} {
          writer.at = at
          ${field.def.kind === 'string' && !field.optional ? `writer.string(record.#v${index})` : `pack${index}(writer, record.#v${index})`}
          ${room > 0 ? `writer.reserve(${room})` : ''}
          at = writer.at; buffer = writer.buffer; view = writer.view
        }`,
      )
      // A field that is not in the set makes no room for those after it.
    }
  }
  return `(writer, nodes, words, ends) => {
      ${Array.from({ length: words }, (_, word) => `const w${word} = words[${word}]`).join('; ')}
      let { at, buffer, view } = writer
      let next = 0
      for (let index = 0; index < nodes.length; index++) {
        const node = nodes[index]
        const record = node.handle
        if (at + ${room + 8} > buffer.length) {
          writer.at = at
          writer.reserve(${room + 8})
          buffer = writer.buffer; view = writer.view
        }
        if (ends === undefined) {
          const gap = node.id - next
          next = node.id + 1
          if (gap < 0x80) buffer[at++] = gap
          else at = putVarint(buffer, at, gap)
        }
        ${refers ? 'writer.from(node.id)' : ''}
        ${parts.join('\n        ')}
        if (ends !== undefined) ends.push(at)
      }
      writer.at = at
    }`
}

/** The difference of a count; other numbers as they are. */
function changed(field: TrackedField): InPlace | undefined {
  const { index, steps, def } = field
  if (steps === undefined) return present(field)
  const difference = `record.#c${index} - record.#s${index}`
  if (steps.most > 0x7fff_ffff) return { most: 8, statements: `at = putSigned(buffer, at, ${difference})` }
  // Without asking for the sign: whichever way things move, a processor would guess wrong half the time.
  return {
    most: 6,
    statements: `
          const move = ${def.kind === 'angle' ? `((${difference}) << 16) >> 16` : difference}
          const negative = move >> 31
          const size = (move ^ negative) - negative
          if (size < 0x40) buffer[at++] = (size << 1) - negative
          else at = putSized(buffer, at, size, negative & 1)
        `,
  }
}

/** A number as it is; other values are written by functions of their own. */
function present({ index, optional, steps, def }: TrackedField): InPlace | undefined {
  if (optional) return undefined
  const value = `record.#v${index}`
  switch (def.kind) {
    case 'boolean':
      return { most: 1, statements: `buffer[at++] = ${value} === true ? 1 : 0` }
    case 'uint8':
      return { most: 2, statements: `at = putUint8(buffer, at, ${value})` }
    case 'uint16':
      return { most: 5, statements: `at = putUnsigned(buffer, at, ${value}, 0xffff)` }
    case 'uint32':
      return { most: 5, statements: `at = putUnsigned(buffer, at, ${value}, 0xffff_ffff)` }
    case 'int':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'timestamp':
      return { most: 8, statements: `at = putSigned(buffer, at, ${value})` }
    case 'float32':
      return { most: 4, statements: `view.setFloat32(at, ${value}, true); at += 4` }
    case 'float64':
      return { most: 8, statements: `view.setFloat64(at, ${value}, true); at += 8` }
    case 'number':
      return { most: 9, statements: `at = putNumber(buffer, view, at, ${value})` }
    case 'quantized':
      return steps && { most: 5, statements: `at = putVarint(buffer, at, record.#c${index})` }
    case 'angle':
      return steps && { most: 2, statements: `view.setUint16(at, record.#c${index}, true); at += 2` }
    default:
      return undefined
  }
}
