import type { Clock } from '@junto/protocol'
import { encodeFrame, FrameType } from '@junto/protocol/internal'
import type { StateTree, Viewer } from '@junto/schema/internal'

/** A member whose mirror can be checked. */
export interface Checked {
  readonly viewer: Viewer
}

/** Parts of {@link Checks}. */
export interface ChecksOptions {
  readonly tree: StateTree
  readonly clock: Clock
  /** Milliseconds between two checks of one mirror, at least. */
  readonly interval: number
  /** Whether all members see the same, so that one check is for all. */
  readonly shared: boolean
}

/** Nodes of one check. */
const window = 64

/** Where members see different things, so many mirrors are checked in one turn: some 10 µs each, which nobody notices. */
const mostPerTurn = 8

/** When a mirror is checked next, and from which node on. */
interface Turn {
  due: number
  first: number
  /** The version of the last one, and its first node. */
  last: { readonly version: number; readonly first: number } | undefined
}

/**
 * Checks of mirrors: by and by over all nodes, each directly behind a patch, without a timer. A room where nothing changes
 * needs none.
 */
export class Checks<M extends Checked> {
  readonly #options: ChecksOptions
  readonly #all: Turn
  /** Of those that are checked on their own; whose turn is next comes first. */
  readonly #turns = new Map<M, Turn>()

  constructor(options: ChecksOptions) {
    this.#options = options
    this.#all = this.#firstTurn()
  }

  add(member: M): void {
    if (!this.#options.shared) this.#turns.set(member, this.#firstTurn())
  }

  remove(member: M): void {
    this.#turns.delete(member)
  }

  /** Whether anybody is to be checked now. */
  areDue(): boolean {
    const next = this.#options.shared ? this.#all : this.#turns.values().next().value
    return next !== undefined && next.due <= this.#options.clock.now()
  }

  /** These members get the version just closed, each as a patch. Has those told that are to be checked. */
  follow(patched: ReadonlySet<M>, tell: (member: M, frame: Uint8Array) => void): void {
    const [one] = patched
    if (one === undefined) return
    const now = this.#options.clock.now()
    if (this.#options.shared) {
      const frame = this.#frame(one.viewer, this.#all, now)
      for (const member of patched) tell(member, frame)
      return
    }
    for (const [member, turn] of this.#dueAmong(patched, now)) {
      this.#turns.delete(member)
      this.#turns.set(member, turn)
      tell(member, this.#frame(member.viewer, turn, now))
    }
  }

  /** The check that went behind this version to a member, in words; nothing when none did. */
  checkOf(member: M, version: number): string | undefined {
    const last = (this.#options.shared ? this.#all : this.#turns.get(member))?.last
    return last?.version === version ? `a check of the nodes ${last.first} to ${last.first + window - 1}` : undefined
  }

  #dueAmong(patched: ReadonlySet<M>, now: number): (readonly [M, Turn])[] {
    const due: (readonly [M, Turn])[] = []
    for (const [member, turn] of this.#turns) {
      if (now < turn.due || due.length === mostPerTurn) break
      if (patched.has(member)) due.push([member, turn])
    }
    return due
  }

  #frame(viewer: Viewer, turn: Turn, now: number): Uint8Array {
    const { tree, interval } = this.#options
    const { first } = turn
    turn.due = now + interval
    turn.first = first + window < tree.idBound ? first + window : 0
    const { version } = viewer
    turn.last = { version, first }
    return encodeFrame({ type: FrameType.check, version, first, count: window, hash: viewer.hash(first, window) })
  }

  #firstTurn(): Turn {
    const { clock, interval } = this.#options
    return { due: clock.now() + interval, first: 0, last: undefined }
  }
}
