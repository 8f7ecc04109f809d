import { recordReaders } from '#record-readers'
import type { CompiledLayout } from '../compiled-layout.ts'
import { versionAfter } from '../patch/body.ts'
import { epochLength, epochText } from '../patch/epoch.ts'
import { Reader } from '../patch/reader.ts'
import { readBody } from './body-reader.ts'
import { hashNodes } from './mirror-hash.ts'
import type { WatchListeners } from './listeners.ts'
import type { MirrorNode } from './mirror-node.ts'
import { MirrorSpace } from './mirror-space.ts'
import { MirrorTypes, type MakeReaders } from './mirror-type.ts'
import { Reconciliation } from './reconcile.ts'
import { Watcher, type AnyListeners } from './watcher.ts'

/** What a {@link MirrorTree} is made with. */
export interface MirrorOptions {
  /** Takes what a listener threw. Without it, the first error of a patch is thrown when all listeners have run. */
  readonly onError?: (error: unknown) => void
  /** How records are read. Default: compiled in Node, field by field elsewhere. */
  readonly readers?: MakeReaders | undefined
}

/** What shows something ahead of what the server said. */
export interface Ahead {
  /** Called before anything is done to the confirmed state, which has to stand then. */
  takeBack(): void
  /** Called afterwards, before listeners are told. */
  runAgain(): void
}

/**
 * A copy of a room's state that is kept current by patches.
 *
 * Records are plain objects, maps are `Map`s, lists are arrays. They are changed in place and stay the same objects while they
 * stand where they stand. They must not be written to.
 *
 * @typeParam S The type of the state: `Mirror<StateOf<typeof Contract>>`.
 */
export class MirrorTree<S = unknown> {
  /** For selections: the revision that listeners have been told of. A patch that was refused halfway is not shown. */
  shown = 0
  /** For selections: called after each patch. */
  readonly afterPatches = new Set<() => void>()
  /** For selections: its nodes. */
  readonly space = new MirrorSpace()
  /** Shows edits before the server has confirmed them. */
  ahead: Ahead | undefined
  /** The types of its nodes. */
  types: MirrorTypes
  readonly #onError: ((error: unknown) => void) | undefined
  readonly #readers: MakeReaders
  readonly #watchers = new Set<Watcher>()
  #layout: CompiledLayout
  #root: MirrorNode | undefined
  #epoch: string | undefined
  #version = 0
  #broken = false
  #busy = false
  #errors: unknown[] = []
  /** What listeners do. */
  readonly #waiting: (() => void)[] = []

  constructor(layout: CompiledLayout, options: MirrorOptions = {}) {
    this.#readers = options.readers ?? recordReaders
    this.types = new MirrorTypes(layout.layout, this.#readers)
    this.#layout = layout
    this.#onError = options.onError
  }

  /** The state. @throws Error before the first snapshot. */
  get state(): S {
    if (this.#root === undefined) throw new Error('There is no state yet: its snapshot has not arrived')
    // The layout that made it is the contract's, from which S was inferred.
    return this.#root.value as S
  }

  /** Whether there is a state. */
  get ready(): boolean {
    return this.#root !== undefined
  }

  /** The epoch of the last snapshot: 16 hex characters. */
  get epoch(): string | undefined {
    return this.#epoch
  }

  /** The version of the state. */
  get version(): number {
    return this.#version
  }

  /** A patch was refused: the state is not right until a snapshot has been applied. */
  get broken(): boolean {
    return this.#broken
  }

  /**
   * Applies a patch to the version before it, then tells the listeners.
   *
   * @throws SchemaError `invalid_patch` when it is malformed, or for another version. The mirror is {@link broken} then, and
   * listeners hear nothing until a snapshot has repaired it.
   */
  applyPatch(bytes: Uint8Array): void {
    const wasBroken = this.#broken
    const reader = this.#reader(bytes, this.space)
    this.#broken = true
    if (this.#root === undefined) throw reader.bad('S7')
    if (wasBroken) throw reader.bad('S25')
    const version = versionAfter(this.#version, reader.varint())
    if (version === undefined) throw reader.bad('S7')
    this.rebase(() => {
      readBody(reader, this.space, this.types)
      if (!this.space.settle()) throw reader.bad('S14')
      this.#version = version
      this.#broken = false
    })
  }

  /**
   * Makes the state that of a snapshot. When there is a state already, whatever its epoch, the difference is applied: what
   * stands at the same place and is of the same type stays the same object, and listeners are told of the difference.
   *
   * @param layout The layout of the snapshot, when it is another than before: the server was replaced by a newer one.
   * @throws SchemaError `invalid_patch` when it is malformed. The state is as before then.
   */
  applySnapshot(bytes: Uint8Array, layout: CompiledLayout = this.#layout): void {
    const types = layout === this.#layout ? this.types : new MirrorTypes(layout.layout, this.#readers)
    const fresh = new MirrorSpace()
    // Nodes are marked with the revision that made them, and 0 stands for none.
    fresh.revision = 1
    const reader = this.#reader(bytes, fresh)
    const epoch = epochText(reader.raw(epochLength))
    const version = reader.varint()
    readBody(reader, fresh, types)
    const root = fresh.nodes[0]
    if (root === undefined || root.type.index !== layout.layout.state) throw reader.bad('S6')
    root.places++
    if (!fresh.settle()) throw reader.bad('S14')
    this.rebase(() => {
      if (this.#root === undefined) {
        this.space.become(fresh)
        this.#root = root
      } else this.#root = new Reconciliation(this.space, fresh).run(this.#root.value, root)
      this.#epoch = epoch
      this.#version = version
      this.types = types
      this.#layout = layout
      this.#broken = false
    })
  }

  /**
   * The hash of the nodes with that many ids from `first` on, as far as there are any: of what the server said, also when it was
   * written to by mistake.
   */
  hash(first: number, count: number): number {
    let hash = 0
    const take = (): void => void (hash = hashNodes(this.space, first, count))
    if (this.ahead === undefined) take()
    else this.rebase(take)
    return hash
  }

  /** Does something to the confirmed state, without what is shown ahead of it; then tells the listeners. */
  rebase(change: () => void): void {
    this.turn(() => {
      this.ahead?.takeBack()
      change()
      this.ahead?.runAgain()
    })
  }

  /** Does something to what is shown, then tells the listeners. What a listener does waits until all have been told. */
  turn(change: () => void): void {
    if (this.#busy) {
      this.#waiting.push(change)
      return
    }
    this.#busy = true
    // The same again as of a patch that was refused halfway: what that has changed is told with the rest.
    this.space.revision = this.shown + 1
    try {
      change()
    } catch (error) {
      this.#busy = false
      throw error
    }
    this.#notify()
  }

  /**
   * Tells listeners what changes in a part of the state: `(state) => state.players`. The selector is evaluated again after
   * every patch and should return something of the state, or `undefined` where there is none.
   *
   * What is there already is told of with `added`, before this returns; when there is no state yet, once it is there.
   *
   * @returns What ends it.
   */
  watch<V>(selector: (state: S) => V, listeners: WatchListeners<V>): Disposable {
    const watcher: Watcher = new Watcher(
      {
        space: this.space,
        // The selector gets the state it was written for.
        select: (select) => (this.#root === undefined ? undefined : select(this.#root.value)),
        report: (error) => this.report(error),
        forget: (ended) => this.#watchers.delete(ended),
      },
      selector as (state: unknown) => unknown,
      // The entries of a selection are what its type says: the watcher passes on what stands there.
      listeners as AnyListeners,
    )
    this.#watchers.add(watcher)
    try {
      watcher.begin()
    } catch (error) {
      watcher.end()
      throw error
    }
    if (!this.#busy && this.#errors.length > 0) {
      watcher.end()
      this.#throwErrors()
    }
    return { [Symbol.dispose]: () => watcher.end() }
  }

  #reader(bytes: Uint8Array, space: MirrorSpace): Reader {
    return new Reader(bytes, (type, id) => {
      const node = space.nodes[id]
      return node?.type.index === type ? node : undefined
    })
  }

  #notify(): void {
    this.shown = this.space.revision
    // Those that begin meanwhile have seen the state as it is.
    for (const watcher of Array.from(this.#watchers)) watcher.update()
    for (const after of Array.from(this.afterPatches)) after()
    for (const watcher of this.#watchers) watcher.clear()
    this.#busy = false
    const next = this.#waiting.shift()
    if (next !== undefined) this.turn(next)
    this.#throwErrors()
  }

  /** What a listener threw goes where the options say. */
  report(error: unknown): void {
    if (this.#onError === undefined) this.#errors.push(error)
    else this.#onError(error)
  }

  #throwErrors(): void {
    const errors = this.#errors
    this.#errors = []
    if (errors.length > 0) throw errors[0]
  }
}
