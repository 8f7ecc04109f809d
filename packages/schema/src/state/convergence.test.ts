import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MirrorTree } from '../mirror/mirror-tree.ts'
import { difference, Draws, drawValue, layoutOfSpec, modelOf, specs } from './random-state.fixture.ts'
import { writeSomething } from './random-writes.fixture.ts'
import { nextPatch, patchSince } from './patches.fixture.ts'
import { StateTree } from './state-tree.ts'

const epoch = '00112233445566ff'

describe('mirrors of random states under random writes', () => {
  it('equal the state after every patch, whenever they joined and however far behind they were', () => {
    fc.assert(
      fc.property(specs, fc.integer(), fc.integer({ min: 1, max: 8 }), (spec, seed, turns) => {
        const draws = new Draws(seed)
        const layout = layoutOfSpec(spec)
        const first = drawValue(spec, draws)
        const tree = StateTree.create(layout, undefined, first, { epoch })
        const model = Object(modelOf(spec, first))
        const pair = { spec, live: tree.root, model }
        const always = new MirrorTree(layout)
        always.applySnapshot(tree.snapshot())
        const behind = new MirrorTree(layout)
        behind.applySnapshot(tree.snapshot())
        const joined = [always]
        for (let turn = 0; turn < turns; turn++) {
          for (let writes = draws.below(6); writes > 0; writes--) writeSomething(pair, draws)
          const version = tree.version
          const patch = nextPatch(tree)
          expect(tree.dirty).toBe(false)
          expect(tree.version).toBe(patch === undefined ? version : version + 1)
          for (const mirror of joined) {
            if (patch !== undefined) mirror.applyPatch(patch)
            expect(difference(model, mirror.state)).toBe(undefined)
            expect(mirror.version).toBe(tree.version)
          }
          if (draws.chance(0.3)) {
            const late = new MirrorTree(layout)
            late.applySnapshot(tree.snapshot())
            expect(difference(model, late.state)).toBe(undefined)
            joined.push(late)
          }
          if (!joined.includes(behind) && draws.chance(0.3)) {
            const missed = patchSince(tree, behind.version)
            if (missed !== undefined) behind.applyPatch(missed)
            expect(difference(model, behind.state)).toBe(undefined)
            expect(behind.version).toBe(tree.version)
            if (draws.chance(0.5)) joined.push(behind)
          }
        }
        // What is saved makes the same state again, in the same order.
        const saved = new MirrorTree(layout)
        saved.applySnapshot(tree.snapshot())
        const restored = StateTree.create(layout, undefined, saved.state, { epoch })
        always.applySnapshot(restored.snapshot())
        expect(difference(model, always.state)).toBe(undefined)
      }),
      runs(250),
    )
  })
})
