import type { MirrorNode } from '../mirror-node.ts'
import type { EditedList } from './edited-list.ts'
import type { EditedMap } from './edited-map.ts'
import type { EditedRecord } from './edited-record.ts'

/** A place that an edit wrote to, and what had stood there. */
export type Change =
  /** A field, or an entry of a map, which may have been absent. */
  | { readonly of: EditedRecord | EditedMap; readonly key: string; readonly before: unknown }
  /** The items of a list. */
  | { readonly of: EditedList; readonly key: undefined; readonly before: readonly unknown[] }

/** Something that an edit did, and how it is undone. */
export interface Step {
  /** There where it changed what stands in the state. */
  readonly change?: Change
  undo(): void
}

/** A record, map or list that an edit put somewhere. */
export interface Placed {
  readonly parent: MirrorNode
  /** The field, or the key in a map; nothing in a list. */
  readonly key: string
  readonly node: MirrorNode
}

/** What an edit has done in its latest run. */
export class Journal {
  readonly steps: Step[] = []
  /** In this order. */
  readonly placed: Placed[] = []
  /** Maps of which the order of keys is known, from before the first was deleted. */
  ordered: Set<MirrorNode> | undefined
  /** What it had put where in the run before: what is put at the same place now goes on as the same object. */
  readonly former: readonly Placed[]

  constructor(former: readonly Placed[] = []) {
    this.former = former
  }

  /** Undoes all of it, the last first. */
  undo(): void {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) step.undo()
  }
}
