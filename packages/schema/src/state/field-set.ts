import { fieldSetLength } from '../patch/body.ts'
import type { Slot } from './slot.ts'

/** A field of a tracked record. */
export interface TrackedField {
  readonly name: string
  readonly index: number
  readonly slot: Slot
  readonly optional: boolean
  /** Of a quantized number or an angle; see {@link Steps}. */
  readonly steps: Steps | undefined
}

/**
 * A number that travels as a count of steps. Beside the number as it was written, its record keeps the count it stands for
 * and the count that was last sent: patches hold the difference, and a smaller move changes neither.
 */
export interface Steps {
  /** Where in the record's values the present count stands; the last sent one stands after it. */
  readonly at: number
  count(value: number): number
  value(count: number): number
  /** The difference of two counts as it is sent. */
  difference(count: number, sent: number): number
}

/** Of one record type, the fields that a class of viewers does not see. */
export interface Hidden {
  /** Whether the field of that index is hidden. */
  has(index: number): boolean
  /** What such viewers see of a set of fields: the same set when that is all of it. */
  narrow(set: FieldSet): FieldSet
}

/** Fields of a record type that are sent together. Records with the same set form a group of a patch. */
export interface FieldSet {
  readonly fields: readonly TrackedField[]
  /** A bit for each field of the type, the first in the lowest bit of the first byte. */
  readonly bytes: Uint8Array
}

/** Bits in one word of a mask: as many as keep it a small integer in every engine. */
export const wordBits = 30

/** Sets that are remembered per type; a record of many fields could have any number of them. */
const remembered = 1024

/** The sets of fields of one record type, by mask. */
export class FieldSets {
  readonly #fields: readonly TrackedField[]
  readonly #byWord = new Map<number, FieldSet>()
  readonly #byWords = new Map<string, FieldSet>()

  constructor(fields: readonly TrackedField[]) {
    this.#fields = fields
  }

  /** The set of a mask: its first word, and the others where there are more than {@link wordBits} fields. */
  of(word: number, others: readonly number[] | undefined): FieldSet {
    if (others === undefined) {
      const known = this.#byWord.get(word)
      if (known !== undefined) return known
      if (this.#byWord.size >= remembered) this.#byWord.clear()
      const made = this.#make([word])
      this.#byWord.set(word, made)
      return made
    }
    const words = [word, ...others]
    const key = words.join()
    const known = this.#byWords.get(key)
    if (known !== undefined) return known
    if (this.#byWords.size >= remembered) this.#byWords.clear()
    const made = this.#make(words)
    this.#byWords.set(key, made)
    return made
  }

  /** A set without some of its fields; the same when it has none of them. */
  without(set: FieldSet, hidden: Pick<Hidden, 'has'>): FieldSet {
    const left = set.fields.filter(({ index }) => !hidden.has(index))
    return left.length === set.fields.length ? set : this.#ofFields(left)
  }

  #ofFields(fields: readonly TrackedField[]): FieldSet {
    const words = Array.from({ length: Math.max(1, Math.ceil(this.#fields.length / wordBits)) }, () => 0)
    for (const { index } of fields) {
      const word = Math.floor(index / wordBits)
      // In range: there is a word for every so many fields.
      words[word]! |= 1 << (index % wordBits)
    }
    return this.of(words[0] ?? 0, words.length > 1 ? words.slice(1) : undefined)
  }

  #make(words: readonly number[]): FieldSet {
    const bytes = new Uint8Array(fieldSetLength(this.#fields.length))
    const fields = this.#fields.filter(({ index }) => {
      const has = ((words[Math.floor(index / wordBits)] ?? 0) >> (index % wordBits)) & 1
      // In range: there is a byte for every eight fields.
      if (has) bytes[index >> 3]! |= 1 << (index & 7)
      return has === 1
    })
    return { fields, bytes }
  }
}
