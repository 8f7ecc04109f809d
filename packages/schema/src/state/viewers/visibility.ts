import type { TypeIndex } from '../../layout.ts'
import { ownerWord, type Visibility } from '../../visibility-marks.ts'
import { CommonRows } from './common-rows.ts'
import { wordBits, type FieldSet, type Hidden } from '../nodes/field-set.ts'
import { RecordNode, RecordType } from '../nodes/record-node.ts'
import type { NodeType, StateNode } from '../nodes/state-node.ts'

/** A field of a record that not everybody sees. */
export interface VisibleField {
  readonly index: number
  readonly name: string
  readonly tags: readonly string[]
  /** Whether the record's owner sees it. */
  readonly owner: boolean
}

/** A record type with fields that not everybody sees. */
export class MarkedRecord {
  readonly type: RecordType
  readonly fields: readonly VisibleField[]
  /** A bit for each of these fields, in words as those of a set of fields. */
  readonly mask: readonly number[]
  /** The field that says to whom a record belongs, where that makes a difference; otherwise -1. */
  readonly ownerField: number
  /** By the bits of those of `fields` that are hidden. */
  readonly #hidden = new Map<string, Hidden>()

  constructor(type: RecordType, audiences: ReadonlyMap<string, readonly string[]>, ownerField: string | undefined) {
    this.type = type
    const fields: VisibleField[] = []
    for (const { index, name } of type.fields) {
      const audience = audiences.get(name)
      if (audience === undefined) continue
      const tags = audience.filter((word) => word !== ownerWord)
      fields.push({ index, name, tags, owner: audience.includes(ownerWord) })
    }
    this.fields = fields
    const mask: number[] = []
    for (const { index } of fields) {
      const word = Math.floor(index / wordBits)
      mask[word] = (mask[word] ?? 0) | (1 << (index % wordBits))
    }
    this.mask = mask
    const owned = fields.some(({ owner }) => owner)
    this.ownerField = owned ? type.fields.findIndex(({ name }) => name === ownerField) : -1
  }

  /** What somebody who has these tags does not see; the same object for all who see the same, nothing when it is all. */
  hiddenFrom(tags: ReadonlySet<string>, owns: boolean): Hidden | undefined {
    const hidden = this.fields.filter((field) => !(owns && field.owner) && !field.tags.some((tag) => tags.has(tag)))
    if (hidden.length === 0) return undefined
    const indexes = hidden.map(({ index }) => index)
    const key = indexes.join()
    let known = this.#hidden.get(key)
    if (known === undefined) {
      known = new HiddenFields(this.type, indexes)
      this.#hidden.set(key, known)
    }
    return known
  }

  /** The field of that name, if it is one of these. */
  field(name: string): VisibleField | undefined {
    return this.fields.find((field) => field.name === name)
  }

  /** The name of a record's owner; `''` when it is nobody's. */
  ownerOf(record: StateNode): string {
    const owner = this.ownerField !== -1 && record instanceof RecordNode ? record.read(this.ownerField) : ''
    return typeof owner === 'string' ? owner : ''
  }
}

class HiddenFields implements Hidden {
  readonly #type: RecordType
  readonly #has: boolean[] = []
  readonly #narrowed = new WeakMap<FieldSet, FieldSet>()

  constructor(type: RecordType, indexes: readonly number[]) {
    this.#type = type
    for (const { index } of type.fields) this.#has.push(indexes.includes(index))
  }

  has(index: number): boolean {
    return this.#has[index] === true
  }

  narrow(set: FieldSet): FieldSet {
    let narrowed = this.#narrowed.get(set)
    if (narrowed === undefined) {
      narrowed = this.#type.sets.without(set, this)
      this.#narrowed.set(set, narrowed)
    }
    return narrowed
  }
}

/** What of a state depends on who looks, by type. */
export class Marks {
  readonly tags: ReadonlySet<string>
  readonly records: readonly MarkedRecord[]
  readonly #byType: readonly (MarkedRecord | undefined)[]
  readonly #viewed: ReadonlySet<TypeIndex>

  constructor({ fields, owners, viewed, tags }: Visibility, typeOf: (index: TypeIndex) => NodeType) {
    const byType: (MarkedRecord | undefined)[] = []
    for (const [index, audiences] of fields) {
      const type = typeOf(index)
      if (type instanceof RecordType) byType[index] = new MarkedRecord(type, audiences, owners.get(index))
    }
    this.#byType = byType
    this.records = byType.filter((marked) => marked !== undefined)
    this.#viewed = viewed
    this.tags = tags
  }

  /** The record type of a node when some of its fields are not seen by everybody. */
  of(node: StateNode): MarkedRecord | undefined {
    return this.#byType[node.type.index]
  }

  /** Whether a node is a map of which each has only the entries in its view. */
  isViewed(node: StateNode): boolean {
    return this.#viewed.has(node.type.index)
  }
}

/** A set of tags: those who have the same see the same, but for what belongs to one of them. */
export class Clearance {
  readonly tags: ReadonlySet<string>
  /** What the turn tells all who have it. */
  readonly common = new CommonRows()
  /** How many have it. */
  holders = 0
  /** By type, what is hidden from those to whom a record does not belong, and to whom it does. */
  readonly #others: (Hidden | undefined)[] = []
  readonly #owners: (Hidden | undefined)[] = []

  constructor(tags: ReadonlySet<string>, marks: Marks) {
    this.tags = tags
    for (const marked of marks.records) {
      const { index } = marked.type
      this.#others[index] = marked.hiddenFrom(tags, false)
      this.#owners[index] = marked.ownerField === -1 ? this.#others[index] : marked.hiddenFrom(tags, true)
    }
  }

  /** What of a record of that type is hidden. */
  hidden(type: NodeType, owns: boolean): Hidden | undefined {
    return owns ? this.#owners[type.index] : this.#others[type.index]
  }
}
