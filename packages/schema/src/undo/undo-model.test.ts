import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MirrorTree } from '../mirror/mirror-tree.ts'
import { Handle } from '../state/nodes/state-node.ts'
import { Draws, drawValue, layoutOfSpec, modelOf, specs, type Spec } from '../state/random-state.fixture.ts'
import { writeSomething } from '../state/random-writes.fixture.ts'
import { entriesOf } from '../state/recording/entries-of.ts'
import { runMutation } from '../state/recording/run-mutation.ts'
import { StateTree } from '../state/state-tree.ts'
import type { Viewer } from '../state/viewers/viewer.ts'
import {
  capture,
  differences,
  isCaptured,
  itemsOf,
  latestStep,
  plainOf,
  type Captured,
  type Difference,
} from './captured.fixture.ts'
import type { Entry, Item } from './entry.ts'
import { ExpectedUndo } from './expected-undo.fixture.ts'
import { textOf } from './same-plain.ts'
import { UndoLog } from './undo-log.ts'

/** A state that several write to, with the mirror of one who looks. */
class Board {
  readonly tree: StateTree
  readonly log = new UndoLog({ steps: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER })
  readonly #spec: Spec & { kind: 'record' }
  readonly #draws: Draws
  readonly #viewer: Viewer
  readonly #mirror: MirrorTree
  #n = 0

  constructor(spec: Spec & { kind: 'record' }, draws: Draws) {
    this.#spec = spec
    this.#draws = draws
    const first = drawValue(spec, draws)
    const layout = layoutOfSpec(spec)
    this.tree = StateTree.create(layout, undefined, first, { epoch: '00112233445566ff' })
    this.#viewer = this.tree.viewer()
    this.#mirror = new MirrorTree(layout)
  }

  capture(): Captured {
    if (!(this.tree.root instanceof Handle)) throw new TypeError('A state is a record')
    return capture(this.tree.root)
  }

  /** What a client sees. */
  shown(): unknown {
    this.tree.close()
    const update = this.#viewer.take()
    if (update?.kind === 'snapshot') this.#mirror.applySnapshot(update.bytes)
    else if (update !== undefined) this.#mirror.applyPatch(update.bytes)
    return this.#mirror.state
  }

  plain(): unknown {
    return plainOf(this.capture())
  }

  /** Somebody writes something; returns its number and what it changed. */
  write(): { n: number; entries: readonly Entry[] } {
    const model = Object(modelOf(this.#spec, this.tree.toPlain()))
    return this.#run(() => {
      const pair = { spec: this.#spec, live: this.tree.root, model }
      for (let writes = this.#draws.below(5); writes >= 0; writes--) writeSomething(pair, this.#draws)
    })
  }

  /** Somebody takes back. */
  undo(of: readonly number[], force = false) {
    let result = { done: 0, skipped: 0, forgotten: 0 }
    const { n, entries } = this.#run(() => {
      result = this.log.undo(this.tree.root, { of, force })
    })
    return { n, entries, result }
  }

  #run(code: () => void): { n: number; entries: readonly Entry[] } {
    const entries = entriesOf(runMutation(this.tree, code).record)
    this.log.keep(++this.#n, entries)
    return { n: this.#n, entries }
  }
}

describe('the entries of a mutation', () => {
  it('are what is different in the whole state', () => {
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        const board = new Board(spec, new Draws(seed))
        for (let count = 0; count < 5; count++) {
          const before = board.capture()
          const { entries } = board.write()
          const expected = differences(before, board.capture())
          expect(entries.map(pathOf).sort()).toEqual(expected.map(pathOf).sort())
          for (const entry of entries) {
            const difference = expected.find((each) => pathOf(each) === pathOf(entry))
            expect(difference).toBeDefined()
            if (difference !== undefined) checkEntry(entry, difference)
          }
        }
      }),
      runs(40),
    )
  })
})

function checkEntry(entry: Entry, difference: Difference): void {
  if (entry.kind === 'place' || !('items' in difference)) {
    expect('items' in difference).toBe(false)
    expect(entry.after).toEqual(difference.after)
    return
  }
  const [was, is] = [itemsOf(difference.before), itemsOf(difference.after)]
  const end = entry.at + entry.after.length
  expect(entry.after.map(nameOf)).toEqual(is.slice(entry.at, end).map(nameOfCaptured))
  expect([
    ...is.slice(0, entry.at).map(nameOfCaptured),
    ...entry.before.map(nameOf),
    ...is.slice(end).map(nameOfCaptured),
  ]).toEqual(was.map(nameOfCaptured))
}

describe('undo of one alone', () => {
  it('leads back through all states there were, and redo forth again, as often as wanted', () => {
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        const draws = new Draws(seed)
        const board = new Board(spec, draws)
        // Each state there was, and what leads on from it, and back to it.
        const states = [board.plain()]
        const done: number[] = []
        const undone: number[] = []
        for (let count = 0; count < 30; count++) {
          if (draws.chance(0.3) && done.length < 8) {
            states.length = done.length + 1
            undone.length = 0
            done.push(board.write().n)
            states.push(board.plain())
          } else if (draws.chance(0.5)) {
            const last = done.pop()
            if (last !== undefined) undone.push(complete(board.undo([last])))
          } else {
            const last = undone.pop()
            if (last !== undefined) done.push(complete(board.undo([last])))
          }
          expect(board.plain()).toEqual(states[done.length])
        }
        // A step of several is undone at once.
        if (done.length > 1) {
          complete(board.undo(done.toReversed()))
          expect(board.plain()).toEqual(states[0])
        }
      }),
      runs(40),
    )
  })
})

function complete({ n, result }: ReturnType<Board['undo']>): number {
  expect([result.skipped, result.forgotten]).toEqual([0, 0])
  return n
}

describe('undo and redo of several, in any order', () => {
  it('puts back exactly the places that are as the mutation left them, and touches nothing else', () => {
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        const draws = new Draws(seed)
        const board = new Board(spec, draws)
        const known: { readonly n: number; readonly changed: readonly Difference[] }[] = []
        for (let count = 0; count < 25; count++) {
          const before = board.capture()
          const step = draws.chance(0.5) ? known.splice(draws.below(known.length), 1)[0] : undefined
          if (step === undefined) {
            const { n } = board.write()
            known.push({ n, changed: differences(before, board.capture()) })
          } else {
            const force = draws.chance(0.2)
            const changed = step.changed.map((each) => ({ ...each, path: each.path.map(latestStep) }))
            const { n, result } = board.undo([step.n], force)
            const after = board.capture()
            const expected = new ExpectedUndo(before, after, force)
            expected.take(changed)
            expect(plainOf(after)).toEqual(expected.plain)
            expected.checkCounts(result)
            known.push({ n, changed: differences(before, after) })
          }
          if (draws.chance(0.3)) {
            expect(textOf(asObjects(board.shown()))).toBe(textOf(board.plain()))
          }
        }
      }),
      runs(40),
    )
  })
})

/** A path as a text. */
function pathOf(entry: Entry | Difference): string {
  const steps = 'place' in entry ? [...entry.path, entry.place] : entry.path
  return steps.map((step) => (typeof step === 'string' ? JSON.stringify(step) : numberOf(step))).join()
}

const numbers = new WeakMap<Handle, number>()
let numbered = 0

function numberOf(handle: Handle): string {
  const known = numbers.get(handle)
  if (known === undefined) numbers.set(handle, ++numbered)
  return `#${known ?? numbered}`
}

function nameOf({ item, value }: Item): string {
  return item === undefined ? textOf(value) : numberOf(item)
}

function nameOfCaptured(item: unknown): string {
  return isCaptured(item) ? numberOf(item.handle) : textOf(item)
}

/** Maps as objects, and fields that are absent not there at all. */
function asObjects(shown: unknown): unknown {
  if (typeof shown !== 'object' || shown === null || shown instanceof Uint8Array) return shown
  if (Array.isArray(shown)) return shown.map(asObjects)
  const entries: Iterable<readonly [string, unknown]> = shown instanceof Map ? shown : Object.entries(shown)
  return Object.fromEntries(
    [...entries].filter(([, value]) => value !== undefined).map(([key, value]) => [key, asObjects(value)]),
  )
}
