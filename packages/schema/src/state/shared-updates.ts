import { Mode, versionCode } from '../patch/body.ts'
import { epochBytes } from '../patch/epoch.ts'
import { Writer } from '../patch/writer.ts'
import { BodyWriter } from './body-writer.ts'
import type { StateNode } from './state-node.ts'
import type { Update } from './update.ts'

/** Updates of the whole state, for all who see everything: each is made once. */
export class SharedUpdates {
  readonly #epoch: string
  readonly #root: StateNode
  readonly #writer = new Writer()
  #snapshot: Update | undefined
  /** Patches to the present version, by the version they are for. */
  readonly #patches = new Map<number, Update>()

  constructor(epoch: string, root: StateNode) {
    this.#epoch = epoch
    this.#root = root
  }

  /** What was made leads to a version that is not the present one any more. */
  forget(): void {
    this.#snapshot = undefined
    this.#patches.clear()
  }

  /** Keeps the patch that the turn made from `version - 1` to `version`. */
  turn(body: BodyWriter, version: number): void {
    this.#patches.set(version - 1, this.#patch(body, version - 1, version))
  }

  /** One patch from an earlier version to the present one. What changed is in it node by node. */
  since(from: number, version: number): Update {
    let update = this.#patches.get(from)
    if (update === undefined) {
      const body = new BodyWriter()
      this.#everything((node) => {
        if (node.born > from) body.add(node, Mode.birth)
        else if (node.changed > from) {
          const told = node.since(from)
          body.add(node, told === undefined ? Mode.whole : Mode.change, told)
        }
      })
      update = this.#patch(body, from, version)
      this.#patches.set(from, update)
    }
    return update
  }

  /** All of the present version. */
  snapshot(version: number): Update {
    if (this.#snapshot === undefined) {
      this.#writer.raw(epochBytes(this.#epoch))
      this.#writer.varint(version)
      const body = new BodyWriter()
      this.#everything((node) => body.add(node, Mode.birth))
      body.write(this.#writer)
      this.#snapshot = { kind: 'snapshot', bytes: this.#writer.take() }
    }
    return this.#snapshot
  }

  #patch(body: BodyWriter, from: number, version: number): Update {
    this.#writer.varint(versionCode(from, version))
    body.write(this.#writer)
    return { kind: 'patch', bytes: this.#writer.take() }
  }

  #everything(tell: (node: StateNode) => void): void {
    const visit = (node: StateNode): void => {
      tell(node)
      node.eachChild(visit)
    }
    visit(this.#root)
  }
}
