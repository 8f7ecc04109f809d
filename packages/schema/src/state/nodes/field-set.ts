import { fieldSetLength } from '../../patch/body.ts'
import type { TypeDef } from '../../layout.ts'
import type { RecordGroup } from '../encode/body-writer.ts'
import type { RecordNode } from './record-node.ts'
import type { Slot } from '../values/slot.ts'

/** A field of a tracked record. */
export interface TrackedField {
  readonly name: string
  readonly index: number
  readonly slot: Slot
  /** Its type; of an optional one, that of what is there when it is not absent. */
  readonly def: TypeDef
  readonly optional: boolean
  /** Of a quantized number or an angle; see {@link Steps}. */
  readonly steps: Steps | undefined
}

/**
 * A number that travels as a count of steps. Beside the number as it was written, its record keeps the count it stands for
 * and the count that was last sent: patches hold the difference, and a smaller move changes neither.
 */
export interface Steps {
  readonly count: (value: number) => number
  /** The largest count. */
  readonly most: number
  /** The difference of two counts as it is sent. */
  readonly difference: (count: number, sent: number) => number
}

/** Of one record type, the fields that a class of viewers does not see. */
export interface Hidden {
  /** Whether the field of that index is hidden. */
  has(index: number): boolean
  /** What such viewers see of a set of fields: the same set when that is all of it. */
  narrow(set: FieldSet): FieldSet
}

/** Fields of a record type that are sent together. Records with the same set form a group of a patch. */
export class FieldSet {
  readonly fields: readonly TrackedField[]
  /** A bit for each field of the type, the first in the lowest bit of the first word. */
  readonly words: readonly number[]
  /** The same as it is sent, the first in the lowest bit of the first byte. */
  readonly bytes: Uint8Array
  /** By mode, the group of the body being made that records with this set belong to. */
  readonly groups: (RecordGroup | undefined)[] = [undefined, undefined, undefined]
  /** An emptied array for the records of the next of these groups. */
  spare: RecordNode[] | undefined = undefined

  constructor(all: readonly TrackedField[], words: readonly number[]) {
    const bytes = new Uint8Array(fieldSetLength(all.length))
    this.fields = all.filter(({ index }) => {
      const has = ((words[Math.floor(index / wordBits)] ?? 0) >> (index % wordBits)) & 1
      // In range: there is a byte for every eight fields.
      if (has) bytes[index >> 3]! |= 1 << (index & 7)
      return has === 1
    })
    this.words = words
    this.bytes = bytes
  }
}

/** Bits in one word of a mask: as many as keep it a small integer in every engine. */
export const wordBits = 30

/** Sets that are remembered per type; a record of many fields could have any number of them. */
const remembered = 1024

/** The sets of fields of one record type, by mask. */
export class FieldSets {
  /** All fields. */
  readonly all: FieldSet
  readonly #fields: readonly TrackedField[]
  readonly #optional: readonly TrackedField[]
  readonly #byWord = new Map<number, FieldSet>()
  readonly #byWords = new Map<string, FieldSet>()
  /** The one last asked for: most records of a turn have the same. */
  #last: FieldSet
  #lastWord: number

  constructor(fields: readonly TrackedField[]) {
    this.#fields = fields
    this.#optional = fields.filter(({ optional }) => optional)
    this.all = this.#last = this.#holding(fields)
    this.#lastWord = this.#last.words[0] ?? 0
  }

  /** The set of a mask: its first word, and the others where there are more than {@link wordBits} fields. */
  of(word: number, beyond?: readonly number[]): FieldSet {
    if (beyond !== undefined) return this.#wide([word, ...beyond])
    if (word !== this.#lastWord) {
      this.#last = this.#narrow(word)
      this.#lastWord = word
    }
    return this.#last
  }

  /** All fields but the optional ones that are absent, which a birth need not say. */
  present(has: (index: number) => boolean): FieldSet {
    let words: number[] | undefined
    for (const { index } of this.#optional) {
      if (has(index)) continue
      words ??= [...this.all.words]
      const word = Math.floor(index / wordBits)
      // In range: there is a word for every so many fields.
      words[word]! &= ~(1 << (index % wordBits))
    }
    if (words === undefined) return this.all
    return words.length > 1 ? this.#wide(words) : this.#narrow(words[0] ?? 0)
  }

  /** A set without some of its fields; the same when it has none of them. */
  without(set: FieldSet, hidden: Pick<Hidden, 'has'>): FieldSet {
    const left = set.fields.filter(({ index }) => !hidden.has(index))
    return left.length === set.fields.length ? set : this.#holding(left)
  }

  #holding(fields: readonly TrackedField[]): FieldSet {
    const words = Array.from({ length: Math.max(1, Math.ceil(this.#fields.length / wordBits)) }, () => 0)
    for (const { index } of fields) {
      const word = Math.floor(index / wordBits)
      // In range: there is a word for every so many fields.
      words[word]! |= 1 << (index % wordBits)
    }
    return words.length > 1 ? this.#wide(words) : this.#narrow(words[0] ?? 0)
  }

  #narrow(word: number): FieldSet {
    return this.#remember(this.#byWord, word, [word])
  }

  #wide(words: readonly number[]): FieldSet {
    return this.#remember(this.#byWords, words.join(), words)
  }

  #remember<K>(sets: Map<K, FieldSet>, key: K, words: readonly number[]): FieldSet {
    let set = sets.get(key)
    if (set === undefined) {
      if (sets.size >= remembered) sets.clear()
      set = new FieldSet(this.#fields, words)
      sets.set(key, set)
    }
    return set
  }
}
