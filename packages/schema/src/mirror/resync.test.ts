import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { select } from './mirror-selection.ts'
import { difference, Draws, drawValue, layoutOfSpec, modelOf, specs } from '../state/random-state.fixture.ts'
import { writeSomething } from '../state/random-writes.fixture.ts'
import { nextPatch, patchSince } from '../state/patches.fixture.ts'
import { StateTree } from '../state/state-tree.ts'
import { MirrorTree } from './mirror-tree.ts'
import { watchAll } from './shadow.fixture.ts'

const epoch = '00112233445566ff'
const later = 'ffeeddccbbaa9988'

describe('what listeners and selections are told', () => {
  it('adds up to the state after every patch', () => {
    fc.assert(
      fc.property(specs, fc.integer(), fc.integer({ min: 1, max: 6 }), (spec, seed, turns) => {
        const draws = new Draws(seed)
        const layout = layoutOfSpec(spec)
        const first = drawValue(spec, draws)
        const tree = StateTree.create(layout, undefined, first, { epoch })
        const pair = { spec, live: tree.root, model: Object(modelOf(spec, first)) }
        const mirror = new MirrorTree(layout)
        mirror.applySnapshot(tree.snapshot())
        const check = watchAll(mirror, layout)
        check()
        for (let turn = 0; turn < turns; turn++) {
          for (let writes = 1 + draws.below(5); writes > 0; writes--) writeSomething(pair, draws)
          const base = mirror.version
          const patch = nextPatch(tree)
          // Now as a patch, now as what a slow client gets.
          const catchUp = draws.chance(0.3) && patch !== undefined ? patchSince(tree, base) : patch
          if (catchUp !== undefined) mirror.applyPatch(catchUp)
          check()
        }
      }),
      runs(100),
    )
  })

  it('adds up to another state after a snapshot, and what stays in its place stays the same object', () => {
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        const draws = new Draws(seed)
        const layout = layoutOfSpec(spec)
        const first = drawValue(spec, draws)
        const tree = StateTree.create(layout, undefined, first, { epoch })
        const pair = { spec, live: tree.root, model: Object(modelOf(spec, first)) }
        const mirror = new MirrorTree(layout)
        mirror.applySnapshot(tree.snapshot())
        const check = watchAll(mirror, layout)
        check()
        const before = mirror.state
        const next = draws.chance(0.5) ? drawValue(spec, draws) : tree.toPlain()
        const restored = StateTree.create(layout, undefined, next, { epoch: later, version: 77 })
        mirror.applySnapshot(restored.snapshot())
        expect(difference(modelOf(spec, next), mirror.state)).toBe(undefined)
        expect(mirror.state).toBe(before)
        expect(mirror.epoch).toBe(later)
        check()
        // And patches of the new epoch fit.
        const again = { ...pair, live: restored.root, model: Object(modelOf(spec, next)) }
        for (let turn = 0; turn < 3; turn++) {
          for (let writes = 1 + draws.below(5); writes > 0; writes--) writeSomething(again, draws)
          const patch = nextPatch(restored)
          if (patch !== undefined) mirror.applyPatch(patch)
          expect(difference(again.model, mirror.state)).toBe(undefined)
          check()
        }
      }),
      runs(150),
    )
  })

  it('says nothing when a snapshot brings nothing new', () => {
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        const layout = layoutOfSpec(spec)
        const tree = StateTree.create(layout, undefined, drawValue(spec, new Draws(seed)), { epoch })
        const mirror = new MirrorTree(layout)
        mirror.applySnapshot(tree.snapshot())
        const said: unknown[] = []
        mirror.watch((state) => state, { changed: (value) => said.push(value), after: (value) => said.push(value) })
        const selected = select(mirror, (state) => state)
        const value = selected.value
        mirror.applySnapshot(tree.snapshot())
        expect(said).toEqual([])
        expect(selected.value).toBe(value)
      }),
      runs(60),
    )
  })
})
