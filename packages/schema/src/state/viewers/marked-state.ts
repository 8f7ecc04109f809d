import { Mode } from '../../patch/body.ts'
import { wordBits, type Hidden } from '../nodes/field-set.ts'
import type { StateNode } from '../nodes/state-node.ts'
import type { MarkedRecord } from './visibility.ts'

/** What viewers who do not see everything have to know of a record: whose it is, and what of it last changed when. */
export class MarkedState {
  /** The name of its owner when the last version was closed; `''`: nobody. */
  owner = ''
  /** The version from which on that is so. */
  ownedSince: number
  readonly #type: MarkedRecord
  /** The version in which something last changed that everybody sees. */
  #open: number
  /** The same of each field that not everybody sees. */
  readonly #fields: number[]

  /** @param version In which the record was born. */
  constructor(type: MarkedRecord, version: number) {
    this.#type = type
    this.ownedSince = version
    this.#open = version
    this.#fields = type.fields.map(() => version)
  }

  /** Notes what changes in a record with a version, while that is being closed. */
  note(record: StateNode, version: number): void {
    const words = record.fieldSet(Mode.change)?.words ?? []
    const { mask, fields } = this.#type
    for (let word = 0; word < words.length; word++) {
      const bits = words[word] ?? 0
      const hidden = bits & (mask[word] ?? 0)
      if (hidden !== bits) this.#open = version
      if (hidden === 0) continue
      for (let at = 0; at < fields.length; at++) {
        const { index } = fields[at]!
        if (Math.floor(index / wordBits) === word && (hidden & (1 << (index % wordBits))) !== 0) {
          this.#fields[at] = version
        }
      }
    }
  }

  /** The version in which something last changed that those see from whom this is hidden. */
  changed(hidden: Hidden | undefined): number {
    let last = this.#open
    for (const [at, { index }] of this.#type.fields.entries()) {
      if (hidden?.has(index) !== true) last = Math.max(last, this.#fields[at] ?? 0)
    }
    return last
  }
}
