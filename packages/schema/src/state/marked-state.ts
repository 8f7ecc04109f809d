import { Mode } from '../patch/body.ts'
import type { Hidden } from './field-set.ts'
import type { StateNode } from './state-node.ts'
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
    const changed = record.fieldSet(Mode.change)?.fields ?? []
    let hidden = 0
    for (const [at, { index }] of this.#type.fields.entries()) {
      if (!changed.some((field) => field.index === index)) continue
      this.#fields[at] = version
      hidden++
    }
    if (changed.length > hidden) this.#open = version
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
