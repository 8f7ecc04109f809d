import { compileLayout } from '../compiled-layout.ts'
import { layoutOf } from '../contract-layout.ts'
import { defineRoom, type StateOf } from '../contract.ts'
import type { Live, Mirror, Plain } from '../model.ts'
import { nextPatch } from '../state/patches.fixture.ts'
import { StateTree } from '../state/state-tree.ts'
import * as t from '../types.ts'
import { MirrorTree } from './mirror-tree.ts'

/** A player, as a schema. */
export const Player = t.Object({ name: t.String(), hp: t.Integer(), bag: t.Array(t.Object({ item: t.String() })) })
/** A contract whose state has a bit of everything. */
export const Game = defineRoom('game', {
  version: 1,
  state: t.Object({
    phase: t.String(),
    winner: t.Union([t.Null(), t.String()]),
    map: t.Object({ name: t.String(), size: t.Tuple([t.Integer(), t.Integer()]) }),
    players: t.Map(Player),
    scores: t.Map(t.Integer()),
    queue: t.Array(Player),
    chat: t.Array(t.String()),
    boss: t.Optional(Player),
    notes: t.Value(t.Array(t.String())),
    extra: t.Json(),
  }),
  clientToServer: {},
  serverToClient: {},
})
export type Model = StateOf<typeof Game>
export const layout = compileLayout(layoutOf(Game))

const first: Plain<Model> = {
  phase: 'lobby',
  winner: null,
  map: { name: 'moor', size: [3, 4] },
  players: { ada: { name: 'Ada', hp: 10, bag: [{ item: 'map' }] }, bo: { name: 'Bo', hp: 9, bag: [] } },
  scores: { ada: 1 },
  queue: [{ name: 'Cy', hp: 1, bag: [] }],
  chat: ['hi'],
  notes: ['a'],
  extra: { deep: [1] },
}

/** A state, a mirror of it, and listeners that note what they are told. */
export function open(options: { onError?: (error: unknown) => void } = {}) {
  const tree = StateTree.create(layout, Game, first, { epoch: '0123456789abcdef' })
  const mirror = new MirrorTree<Mirror<Model>>(layout, options)
  mirror.applySnapshot(tree.snapshot())
  const said: unknown[] = []
  return {
    tree,
    // The layout is the contract's.
    state: tree.root as Live<Model>,
    mirror,
    said,
    flush: (): void => {
      const patch = nextPatch(tree)
      if (patch !== undefined) mirror.applyPatch(patch)
    },
    /** What was said since this was asked last. */
    hear: (): unknown[] => said.splice(0),
    /** Listeners that note what they are told. */
    tell: {
      added: (value: unknown, key: unknown) => void said.push(['added', show(value), key]),
      changed: (value: unknown, key: unknown, before: unknown) => void said.push(['changed', show(value), key, before]),
      removed: (value: unknown, key: unknown) => void said.push(['removed', show(value), key]),
    },
  }
}

function show(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'name' in value ? value.name : value
}
