import type { MirrorNode } from '../mirror-node.ts'
import { compatible } from '../mirror-type.ts'
import type { Ahead, MirrorTree } from '../mirror-tree.ts'
import { alike } from './alike.ts'
import { effectsOf, isConfirmed, type Effect } from './effects.ts'
import { Editing } from './editing.ts'
import { Journal, type Placed } from './journal.ts'
import { leftBy, type Left } from './left-standing.ts'

/** An edit that is shown before the server has confirmed it. */
export class Edit {
  readonly run: (state: unknown) => void
  /** Whether what the server has made of it is compared with what was shown. */
  readonly isChecked: boolean
  /** What its latest run has done: nothing while it is taken back, or when it threw. */
  journal = new Journal()
  /** What its latest run threw. */
  failure: unknown
  /** Whether it has run at all. */
  hasRun = false
  /** Whether the next rebase leaves it out: the server has run it, or it never will. */
  outcome: 'pending' | 'confirmed' | 'given up' = 'pending'

  constructor(run: (state: unknown) => void, isChecked = true) {
    this.run = run
    this.isChecked = isChecked
  }

  /** Is about to be undone: the state is as it left it. What is returned is called when it has been undone. */
  look(_editing: Editing): (() => void) | undefined {
    return undefined
  }
}

/** What an edit had put somewhere that the server has confirmed meanwhile. */
interface Confirmed {
  readonly placed: Placed
  /** What stands there without it. */
  readonly without: ReadonlySet<unknown>
}

/**
 * The edits of a mirror that the server has not confirmed. They are written into the mirror itself; before anything is done to the confirmed
 * state they are taken back, and afterwards those that are still pending run again, on what stands there then.
 */
export class EditsAhead implements Ahead {
  /** In the order in which they were issued. */
  readonly edits: Edit[] = []
  readonly #mirror: MirrorTree
  readonly #editing: Editing
  readonly #corrected: (edit: Edit) => void
  /** Not before the first state, and not behind a patch that was refused halfway: the snapshot that repairs it shows them again. */
  #isShown: boolean
  #effects: readonly Effect<Edit>[] = []
  #confirmed: Confirmed[] = []

  /** @param corrected Told of an edit of which the server has made something else than was shown. It must not touch the mirror. */
  constructor(mirror: MirrorTree, corrected: (edit: Edit) => void) {
    this.#mirror = mirror
    this.#editing = new Editing(mirror)
    this.#corrected = corrected
    this.#isShown = mirror.ready
  }

  /** Shows an edit, and tells listeners; when one of them issues it, as soon as all of them have been told of what was before. */
  add(edit: Edit): void {
    this.edits.push(edit)
    if (!this.#isShown) return
    this.#mirror.turn(() => {
      // Where that had to wait, it may have run with the others by now.
      if (edit.outcome === 'pending' && !edit.hasRun) this.#run(edit)
      this.#finish()
    })
  }

  /** It was issued anew: those that were issued meanwhile come before it, when they run again. */
  putLast(edit: Edit): void {
    const index = this.edits.indexOf(edit)
    // What was never added, or is left out by now, does not show because of it.
    if (index !== -1) this.edits.push(...this.edits.splice(index, 1))
  }

  /** Leaves out those that are no longer pending, and runs the others again. */
  rebase(): void {
    if (this.#isShown) this.#mirror.rebase(() => {})
  }

  /** Runs something on top of all, has it looked at, and takes it back. Nobody is told. */
  preview(run: (state: unknown) => void, look: () => void): void {
    const edit = new Edit(run)
    if (this.#isShown) this.#run(edit)
    try {
      look()
    } finally {
      this.#undo(edit)
      for (const edited of this.#editing.held.splice(0)) {
        edited.letGo()
        // It holds nothing new. One that was there is of what watchers have not been told yet.
        if (!edited.hadLog) edited.node.log = undefined
      }
    }
  }

  takeBack(): void {
    const editing = this.#editing
    this.#isShown = false
    if (this.edits.length === 0) return
    const shown = this.edits.filter(({ journal }) => journal.steps.length > 0)
    const placed = shown.flatMap(({ journal }) => journal.placed)
    for (const { node } of placed) editing.holdAll(node)
    const confirmed = shown.filter(({ outcome }) => outcome === 'confirmed')
    const last = confirmed.at(-1)
    let left: readonly Left[] = []
    for (const edit of shown.reverse()) {
      if (edit === last) {
        // Where one wrote last that is not checked, nothing of the others shows.
        this.#effects = effectsOf(editing.space, confirmed).filter((effect) => effect.edit.isChecked)
        left = leftBy(editing, confirmed)
      }
      const looked = edit.look(editing)
      edit.journal.undo()
      looked?.()
    }
    // Also what later edits had removed.
    for (const { node } of placed) editing.holdAll(node)
    editing.takeOut(placed, editing.gone)
    // The server's is compared with what all of them have made of it, and not with what each had put there.
    for (const { restore } of left) restore()
    for (const edited of editing.held) edited.restored()
    for (const { placed: each } of left) {
      // What was put into something that was put somewhere itself stands where nothing is without it.
      const isThere = editing.space.of(each.parent.value) === each.parent
      this.#confirmed.push({ placed: each, without: new Set(isThere ? standing(each) : []) })
    }
    editing.pass++
  }

  runAgain(): void {
    this.#editing.pass++
    this.#isShown = true
    if (this.edits.length + this.#editing.held.length === 0) return
    for (const each of this.#confirmed.splice(0)) this.#goOn(each)
    const { layout } = this.#mirror.types
    const corrected = new Set<Edit>()
    for (const effect of this.#effects) {
      if (!isConfirmed(effect, this.#editing.space, layout.types)) corrected.add(effect.edit)
    }
    this.#effects = []
    const edits = this.edits.splice(0)
    for (const edit of edits) {
      if (edit.outcome !== 'pending') continue
      this.edits.push(edit)
      this.#run(edit)
    }
    this.#finish()
    for (const edit of edits) if (corrected.has(edit)) this.#corrected(edit)
  }

  #run(edit: Edit): void {
    const editing = this.#editing
    edit.journal = editing.begin(edit.journal.placed)
    edit.hasRun = true
    edit.failure = undefined
    try {
      edit.run(editing.state)
    } catch (error) {
      edit.failure = error
      this.#undo(edit)
    } finally {
      editing.journal = undefined
    }
  }

  #undo(edit: Edit): void {
    edit.journal.undo()
    this.#editing.takeOut(edit.journal.placed)
    edit.journal = new Journal()
    this.#editing.pass++
  }

  /** What an edit had put somewhere goes on as what the server has put there. */
  #goOn({ placed, without }: Confirmed): void {
    const { parent, key, node } = placed
    const { space, gone } = this.#editing
    if (space.of(parent.value) !== parent || gone.of(node.value) !== node) return
    // It has gone on with what it stands in.
    if (space.of(node.value) === node) return
    const isLike = (value: unknown): boolean =>
      alike(this.#mirror.types.layout.types, node.type.index, node.value, value)
    for (const value of standing(placed)) {
      // Nor what has gone on there already, and may be alike.
      const fresh = without.has(value) || gone.of(value) !== undefined ? undefined : space.of(value)
      if (fresh === undefined || !compatible(fresh.type, node.type) || (parent.kind === 'list' && !isLike(value)))
        continue
      this.#editing.takeOut([{ parent, key, node: fresh }], this.#editing.apart)
      put(parent, key, value, this.#editing.goOn(node.value, fresh, parent, key).value)
      return
    }
  }

  /** All is as it is to be shown. */
  #finish(): void {
    const { space, held, gone, apart } = this.#editing
    const last = held.splice(0)
    const changed = last.filter((edited) => edited.changed)
    for (const edited of last) edited.letGo()
    for (const edited of changed) {
      if (edited.stands) space.touch(edited.node)
      else dropCopies(edited.node)
    }
    gone.clear()
    apart.clear()
  }
}

/** Something changed in what edits have taken out, and may come back. */
function dropCopies(node: MirrorNode): void {
  node.copy = undefined
  if (node.edited?.removed !== true && node.parent !== undefined) dropCopies(node.parent)
}

/** What stands where something was put: in a list, all of it. */
function standing({ parent, key }: Placed): readonly unknown[] {
  if (parent.kind === 'list') return parent.value
  return [parent.kind === 'map' ? parent.value.get(key) : parent.value[key]]
}

/** Of a value that stands somewhere, the same one by another object. What stood there before has been noted. */
function put(parent: MirrorNode, key: string, value: unknown, next: unknown): void {
  if (parent.kind === 'record') parent.value[key] = next
  else if (parent.kind === 'map') parent.value.set(key, next)
  else parent.value[parent.value.indexOf(value)] = next
}
