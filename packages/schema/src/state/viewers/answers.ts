import { Writer } from '../../patch/writer.ts'
import { BodyWriter } from '../encode/body-writer.ts'
import { CatchUp } from './catch-up.ts'
import type { Present } from './present.ts'
import type { RestrictedViewer } from './restricted-viewer.ts'
import type { StateNode } from '../nodes/state-node.ts'
import { patchOf, snapshotOf, type Update } from './update.ts'
import type { Clearance, Marks } from './visibility.ts'

/** What somebody was told who is behind or new: the same holds for all like them. */
interface Answer {
  /** What they had of the state, and the version they said that they have. */
  readonly at: number
  readonly from: number
  /** Whether they had other tags or another name then. */
  readonly cleared: boolean
  readonly update: Update | undefined
  /** Those to whom something belongs that stands in it: they may be told otherwise. */
  readonly owners: ReadonlySet<string>
}

/**
 * Snapshots and catch-ups of viewers who do not see everything. Those that are made for somebody who has nothing in view and owns
 * nothing are kept until the next version, for all who have the same tags, and come from the same version.
 */
export class Answers {
  readonly #present: Present
  readonly #marks: Marks
  readonly #root: StateNode
  readonly #writer = new Writer()
  readonly #kept = new Map<Clearance, Answer[]>()

  constructor(present: Present, marks: Marks, root: StateNode) {
    this.#present = present
    this.#marks = marks
    this.#root = root
  }

  /** There is another version. */
  clear(): void {
    if (this.#kept.size > 0) this.#kept.clear()
  }

  /** What brings a viewer to the present version, from whatever it has. */
  to(viewer: RestrictedViewer): Update | undefined {
    const at = viewer.version === 0 || !viewer.log.covers(viewer.at) ? 0 : viewer.at
    const from = at === 0 ? 0 : viewer.version
    const cleared = at !== 0 && viewer.cleared > at
    const gone = viewer.log.goneSince(at)
    const plain = viewer.views.size === 0 && (at === 0 || gone.size === 0)
    const kept = plain ? this.#kept.get(viewer.clearance) : undefined
    for (const answer of kept ?? []) {
      if (
        answer.at === at &&
        answer.from === from &&
        answer.cleared === cleared &&
        !answer.owners.has(viewer.ownerName)
      ) {
        return answer.update
      }
    }
    const body = new BodyWriter()
    const told = new CatchUp(this.#marks, viewer, at, gone, body)
    told.tell(this.#root, at !== 0)
    const update = this.#update(at, from, body)
    if (plain && !told.owners.has(viewer.ownerName)) {
      this.#keep(viewer.clearance, { at, from, cleared, update, owners: told.owners })
    }
    return update
  }

  #keep(clearance: Clearance, answer: Answer): void {
    const kept = this.#kept.get(clearance)
    if (kept === undefined) this.#kept.set(clearance, [answer])
    else kept.push(answer)
  }

  #update(at: number, from: number, body: BodyWriter): Update | undefined {
    const { epoch, version } = this.#present
    if (at === 0) return snapshotOf(this.#writer, epoch, version, body)
    return body.empty ? undefined : patchOf(this.#writer, from, version, body)
  }
}
