import { describe, expect, it } from 'vitest'
import { compileLayout } from '../../compiled-layout.ts'
import { layoutOf } from '../../contract-layout.ts'
import { defineRoom, type StateOf } from '../../contract.ts'
import type { Live } from '../../model.ts'
import * as t from '../../types.ts'
import { RestrictedViewer } from './restricted-viewer.ts'
import { StateTree } from '../state-tree.ts'

const Item = t.Object({ n: t.Uint8() })
const Unit = t.Object({ x: t.Uint32(), bag: t.Map(Item, { view: true }) })
const World = defineRoom('world', {
  version: 1,
  state: t.Object({ units: t.Map(Unit, { view: true }) }),
  clientToServer: {},
  serverToClient: {},
})

const layout = compileLayout(layoutOf(World))

function open() {
  const tree = StateTree.create(layout, World, { units: {} }, { epoch: '0123456789abcdef' })
  // The layout is made of the contract.
  return { tree, state: tree.root as Live<StateOf<typeof World>> }
}

function viewerOf(tree: StateTree, owner: string): RestrictedViewer {
  const viewer = tree.viewer({ owner })
  if (!(viewer instanceof RestrictedViewer)) throw new Error('it sees everything')
  viewer.take()
  return viewer
}

describe('what is kept for a viewer', () => {
  it('does not grow while it is behind and others follow', () => {
    const { tree, state } = open()
    const [stalled, follower] = [viewerOf(tree, 'ann'), viewerOf(tree, 'bob')]
    for (let n = 0; n < 10; n++) {
      const unit = state.units.set(`${n}`, { x: 0, bag: {} })
      stalled.see(unit)
      follower.see(unit)
    }
    tree.close()
    for (const viewer of [stalled, follower]) viewer.take()
    for (let turn = 0; turn < 100; turn++) {
      for (const unit of state.units.values()) unit.x++
      tree.close()
      follower.take()
    }
    expect(stalled.places.count).toBeLessThanOrEqual(10)
    expect(stalled.take()?.kind).toBe('patch')
  })

  it('is nothing of what came into view and was gone again within a turn', () => {
    const { tree, state } = open()
    const viewer = viewerOf(tree, 'ann')
    const kept = state.units.set('kept', { x: 0, bag: { coin: { n: 1 } } })
    for (let turn = 0; turn < 10; turn++) {
      const unit = state.units.set('brief', { x: 0, bag: { coin: { n: 1 } } })
      const coin = unit.bag.get('coin')
      viewer.see(unit)
      viewer.see(coin)
      state.units.delete('brief')
      viewer.see(kept.bag.get('coin'))
      viewer.unsee(kept.bag.get('coin'))
      tree.close()
      viewer.take()
    }
    expect(viewer.views.size).toBe(0)
  })
})
