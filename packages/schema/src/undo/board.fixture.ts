import { compileLayout } from '../compiled-layout.ts'
import { layoutOf } from '../contract-layout.ts'
import { defineRoom, type StateOf } from '../contract.ts'
import type { Live } from '../model.ts'
import { entriesOf } from '../state/recording/entries-of.ts'
import { runMutation } from '../state/recording/run-mutation.ts'
import { StateTree } from '../state/state-tree.ts'
import * as t from '../types.ts'
import type { Entry } from './entry.ts'
import { UndoLog, type UndoBounds } from './undo-log.ts'

const Card = t.Object({ text: t.String(), votes: t.Uint8(), draft: t.Local<string>() })
const Board = defineRoom('board', {
  version: 1,
  state: t.Object({
    title: t.String(),
    x: t.Quantized({ min: 0, max: 100, step: 0.1 }),
    cards: t.Map(Card),
    order: t.Array(t.String()),
    columns: t.Array(t.Object({ name: t.String(), tags: t.Array(t.Object({ name: t.String() })) })),
    focus: t.Union([
      t.Null(),
      t.Object({ kind: t.Literal('card'), key: t.Optional(t.String()) }),
      t.Object({ kind: t.Literal('cell'), key: t.Optional(t.Number()) }),
    ]),
  }),
  clientToServer: {},
  serverToClient: {},
})
type BoardState = Live<StateOf<typeof Board>>

/** A board that several write to; what is written is kept under numbers. */
export class TestBoard {
  readonly tree = StateTree.create(
    compileLayout(layoutOf(Board)),
    Board,
    { title: 'first', x: 1.234, cards: {}, order: ['a', 'b', 'c', 'd'], columns: [], focus: null },
    { epoch: '00112233445566ff' },
  )
  // The layout is the contract's, so the state is of its model.
  readonly state = this.tree.root as BoardState
  readonly log: UndoLog
  #n = 0

  constructor(bounds: UndoBounds = { steps: 1000, bytes: 1_000_000 }) {
    this.log = new UndoLog(bounds)
  }

  /** Somebody changes something; returns its number. */
  write(code: (state: BoardState) => unknown): number {
    const { record } = runMutation(this.tree, () => code(this.state))
    this.log.keep(++this.#n, entriesOf(record))
    return this.#n
  }

  /** What a change comes to. */
  entries(code: (state: BoardState) => unknown): readonly Entry[] {
    return entriesOf(runMutation(this.tree, () => code(this.state)).record)
  }

  /** Somebody takes back; returns its number with the result. */
  undo(of: number | readonly number[], force = false) {
    let result = { done: 0, skipped: 0, forgotten: 0 }
    const n = this.write((state) => {
      result = this.log.undo(state, { of: typeof of === 'number' ? [of] : of, force })
    })
    return { n, ...result }
  }
}
