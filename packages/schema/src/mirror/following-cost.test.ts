import { describe, expect, it } from 'vitest'
import { select } from './mirror-selection.ts'
import { compileLayout } from '../compiled-layout.ts'
import { layoutOf } from '../contract-layout.ts'
import { defineRoom, type StateOf } from '../contract.ts'
import type { Live, Mirror } from '../model.ts'
import { nextPatch } from '../state/patches.fixture.ts'
import { StateTree } from '../state/state-tree.ts'
import * as t from '../types.ts'
import { MirrorTree } from './mirror-tree.ts'

const Player = t.Object({ name: t.String(), hp: t.Integer() })
const Crowd = defineRoom('crowd', {
  version: 1,
  state: t.Object({ phase: t.String(), players: t.Map(Player), queue: t.Array(Player) }),
  clientToServer: {},
  serverToClient: {},
})
type Crowd = StateOf<typeof Crowd>
const layout = compileLayout(layoutOf(Crowd))

/** Milliseconds to apply a patch in which one player changed, and one in the queue; the least of many. */
function cost(size: number, follow: (mirror: MirrorTree<Mirror<Crowd>>, heard: () => void) => void): number {
  const player = { name: 'p', hp: 0 }
  const players = Object.fromEntries(Array.from({ length: size }, (_, index) => [`p${index}`, player]))
  const first = { phase: 'a', players, queue: Object.values(players) }
  const tree = StateTree.create(layout, Crowd, first, { epoch: '0123456789abcdef' })
  // The tree is of the contract.
  const state = tree.root as Live<Crowd>
  const mirror = new MirrorTree<Mirror<Crowd>>(layout)
  mirror.applySnapshot(tree.snapshot())
  let heard = 0
  follow(mirror, () => heard++)
  let least = Infinity
  for (let turn = 0; turn < 300; turn++) {
    const [one, queued] = [state.players.get('p1'), state.queue.at(1)]
    if (one !== undefined) one.hp++
    if (queued !== undefined) queued.hp++
    const patch = nextPatch(tree) ?? new Uint8Array()
    const before = performance.now()
    mirror.applyPatch(patch)
    least = Math.min(least, performance.now() - before)
  }
  expect(heard).toBe(300)
  return least
}

describe('what following costs per patch', () => {
  // Of a hundred times as many it would be a hundred times as much, if it were not by what changed.
  it.each<[string, Parameters<typeof cost>[1]]>([
    ['watching a map', (mirror, changed) => mirror.watch((game) => game.players, { changed })],
    ['watching a list', (mirror, changed) => mirror.watch((game) => game.queue, { changed })],
    ['watching the state', (mirror, changed) => mirror.watch((game) => game, { changed })],
    ['watching one', (mirror, changed) => mirror.watch((game) => game.players.get('p1'), { changed })],
    ['selecting one', (mirror, heard) => select(mirror, (game) => game.players.get('p1')).subscribe(heard)],
    ['selecting a field', (mirror, heard) => select(mirror, (game) => game.queue[1]?.hp).subscribe(heard)],
  ])('is by what changed: %s', (_, follow) => {
    expect(cost(20_000, follow)).toBeLessThan(10 * cost(200, follow) + 0.05)
  })
})
