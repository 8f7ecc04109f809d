import { compileLayout } from '../../compiled-layout.ts'
import { layoutOf } from '../../contract-layout.ts'
import { defineRoom, type StateOf } from '../../contract.ts'
import { MirrorTree } from '../../mirror/mirror-tree.ts'
import type { Live, Mirror } from '../../model.ts'
import * as t from '../../types.ts'
import { StateTree } from '../state-tree.ts'
import type { Update } from './update.ts'
import type { Viewer, ViewerOptions } from './viewer.ts'

const Item = t.Object({ what: t.String() })
const Crew = t.Object({ name: t.String(), role: t.Visible('blue', t.String()) })
const Ship = t.Object({
  by: t.Owner(),
  x: t.Quantized({ min: -1000, max: 1000, step: 0.01 }),
  name: t.Optional(t.String()),
  plan: t.Visible('owner', t.String()),
  hold: t.Visible(['owner', 'red'], t.Map(Item)),
  crew: t.Map(Crew, { view: true }),
})
const Card = t.Object({ face: t.String() })
const Hand = t.Object({
  by: t.Owner(),
  points: t.Uint8(),
  wager: t.Visible('owner', t.Uint32()),
  cards: t.Visible('owner', t.Array(Card)),
})

/** A contract in which much depends on who looks. */
export const Arena = defineRoom('arena', {
  version: 1,
  state: t.Object({
    title: t.String(),
    ships: t.Map(Ship, { view: true }),
    hands: t.Map(Hand),
    deck: t.Visible('red', t.Union([t.Null(), t.Object({ top: Card }), t.Array(Card)])),
    notes: t.Visible('blue', t.Map(t.Object({ text: t.String() }), { view: true })),
  }),
  clientToServer: {},
  serverToClient: {},
})
export type ArenaState = StateOf<typeof Arena>
export const arenaLayout = compileLayout(layoutOf(Arena))

/** A ship as it is put into the state. */
export function ship(by = '', name?: string) {
  return {
    by,
    x: 0,
    plan: `plan of ${name ?? 'a ship'}`,
    hold: { a: { what: `cargo of ${name ?? 'a ship'}` } },
    crew: {},
    ...(name !== undefined && { name }),
  }
}

/** A state, and viewers of it, each with the mirror of its client. */
export function openArena(version = 1) {
  const first = { title: 'first', ships: {}, hands: {}, deck: null, notes: {} }
  const tree = StateTree.create(arenaLayout, Arena, first, { epoch: '0123456789abcdef', version })
  // The layout is the contract's, so the state is of its model.
  const state = tree.root as Live<ArenaState>
  return { tree, state, join: (options?: ViewerOptions) => new Client(tree, tree.viewer(options)) }
}

/** One who looks, and the mirror of its client. */
export class Client {
  readonly viewer: Viewer
  readonly mirror = new MirrorTree<Mirror<ArenaState>>(arenaLayout)
  readonly #tree: StateTree

  constructor(tree: StateTree, viewer: Viewer) {
    this.#tree = tree
    this.viewer = viewer
  }

  get state(): Mirror<ArenaState> {
    return this.mirror.state
  }

  /** What is new for it, which its mirror takes in. */
  take(): Update | undefined {
    const update = this.viewer.take()
    if (update?.kind === 'snapshot') this.mirror.applySnapshot(update.bytes)
    else if (update !== undefined) this.mirror.applyPatch(update.bytes)
    return update
  }

  /** Closes the turn first. Tells how it was told, and how long that was. */
  next(): readonly [kind: 'patch' | 'snapshot', length: number] | undefined {
    this.#tree.close()
    const update = this.take()
    return update && [update.kind, update.bytes.length]
  }

  /** Whether a text is in the bytes that it is given now. */
  hears(text: string): boolean {
    this.#tree.close()
    const update = this.take()
    return update !== undefined && new TextDecoder().decode(update.bytes).includes(text)
  }

  /** Whether its mirror is what the server thinks it is. */
  get agrees(): boolean {
    const { idBound } = this.#tree
    return this.viewer.hash(0, idBound) === this.mirror.hash(0, idBound)
  }
}
