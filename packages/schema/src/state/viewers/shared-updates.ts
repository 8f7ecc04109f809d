import { Mode, versionCode } from '../../patch/body.ts'
import { Writer } from '../../patch/writer.ts'
import { BodyWriter } from '../encode/body-writer.ts'
import type { StateNode } from '../nodes/state-node.ts'
import { snapshotOf, type Update } from './update.ts'

/** Updates of the whole state, for all who see everything: each is made once. */
export class SharedUpdates {
  readonly #epoch: string
  readonly #root: StateNode
  readonly #writer = new Writer()
  #snapshot: Update | undefined
  /** Patches to the present version, by the version they are for. */
  readonly #patches = new Map<number, Update>()
  /**
   * The patch of the last turn in which something was written, and where its body begins, which is for all who have a version
   * from `since` on.
   */
  #turn: { readonly since: number; readonly bytes: Uint8Array; readonly start: number } | undefined

  constructor(epoch: string, root: StateNode) {
    this.#epoch = epoch
    this.#root = root
  }

  /** There is another version, in which nothing was written. */
  forget(): void {
    this.#snapshot = undefined
    if (this.#patches.size > 0) this.#patches.clear()
  }

  /**
   * There is another version.
   *
   * @param body What was written; nothing when nobody is to be told of it alone.
   * @param since The version in which something was written before.
   */
  turn(body: BodyWriter | undefined, since: number, version: number): void {
    this.forget()
    this.#turn = undefined
    if (body === undefined) return
    // For most it is right as it stands: they have that version.
    this.#writer.varint(versionCode(since, version))
    const start = this.#writer.length
    body.write(this.#writer)
    const bytes = this.#writer.take()
    this.#turn = { since, bytes, start }
    this.#patches.set(since, { kind: 'patch', bytes })
  }

  /** One patch from an earlier version to the present one. What changed is in it node by node. */
  since(from: number, version: number): Update {
    let update = this.#patches.get(from)
    if (update === undefined) {
      this.#writer.varint(versionCode(from, version))
      const turn = this.#turn
      if (turn !== undefined && from >= turn.since) this.#writer.raw(turn.bytes.subarray(turn.start))
      else this.#changes(from).write(this.#writer)
      update = { kind: 'patch', bytes: this.#writer.take() }
      this.#patches.set(from, update)
    }
    return update
  }

  #changes(from: number): BodyWriter {
    const body = new BodyWriter()
    this.#everything((node) => {
      if (node.born > from) body.add(node, Mode.birth)
      else if (node.changed > from) {
        const told = node.since(from)
        body.add(node, told === undefined ? Mode.whole : Mode.change, told)
      }
    })
    return body
  }

  /** All of the present version. */
  snapshot(version: number): Update {
    if (this.#snapshot === undefined) {
      const body = new BodyWriter()
      this.#everything((node) => body.add(node, Mode.birth))
      this.#snapshot = snapshotOf(this.#writer, this.#epoch, version, body)
    }
    return this.#snapshot
  }

  #everything(tell: (node: StateNode) => void): void {
    const visit = (node: StateNode): void => {
      tell(node)
      node.eachChild(visit)
    }
    visit(this.#root)
  }
}
