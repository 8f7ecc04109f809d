import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextPatch } from '../../state/patches.fixture.ts'
import {
  difference,
  Draws,
  drawValue,
  layoutOfSpec,
  modelOf,
  specs,
  type Spec,
} from '../../state/random-state.fixture.ts'
import { writeSomething } from '../../state/random-writes.fixture.ts'
import { StateTree } from '../../state/state-tree.ts'
import { MirrorTree } from '../mirror-tree.ts'
import { watchAll } from '../shadow.fixture.ts'
import { EditsAhead } from './edits-ahead.ts'
import { drifts, hasListsOfNodes, objectsIn, RandomEdit, rounded, writeAll } from './random-edits.fixture.ts'

const epoch = '00112233445566ff'
const all = 100_000

/** A server's state, a mirror of it with edits ahead, and one without. */
function open(spec: Spec & { kind: 'record' }, draws: Draws) {
  const layout = layoutOfSpec(spec)
  const first = drawValue(spec, draws)
  const tree = StateTree.create(layout, undefined, first, { epoch })
  const model: Record<string, unknown> = Object(modelOf(spec, first))
  const server = { spec, live: tree.root, model }
  const viewer = tree.viewer({ everything: true })
  const mirror = new MirrorTree(layout)
  const confirmed = new MirrorTree(layout)
  const corrected: unknown[] = []
  for (const each of [mirror, confirmed]) each.applySnapshot(tree.snapshot())
  const ahead = new EditsAhead(mirror, (edit) => corrected.push(edit))
  mirror.ahead = ahead
  return {
    tree,
    mirror,
    ahead,
    server,
    corrected,
    edit: (): RandomEdit => new RandomEdit(spec, mirror, draws.below(2 ** 31)),
    /** The server runs an edit, as one. */
    serve: (edit: RandomEdit): void => {
      const trial = StateTree.create(layout, undefined, structuredClone(server.model), { epoch })
      edit.outcome = 'confirmed'
      try {
        writeAll(spec, trial.root, structuredClone(server.model), edit.seed)
      } catch {
        // It is undone.
        return
      }

      writeAll(spec, tree.root, server.model, edit.seed)
    },
    patch: (): void => {
      const patch = nextPatch(tree)
      if (patch === undefined) return ahead.rebase()
      mirror.applyPatch(patch)
      confirmed.applyPatch(patch)
    },
    spoil: (by: Draws): void => {
      const patch = nextPatch(tree)
      if (patch === undefined) return
      confirmed.applyPatch(patch)
      const from = by.chance(0.2) ? 0 : 1 + by.below(patch.length)
      const spoilt = from === 0 ? Uint8Array.from([...patch, 0xff]) : patch.slice(0, from)
      try {
        mirror.applyPatch(spoilt)
      } catch {
        // As it should be.
      }
    },
    watch: (): (() => void) => watchAll(mirror, layout),
    check: (): void => {
      // What is shown is the confirmed state with the pending edits done to it, one after the other.
      let expected = structuredClone(server.model)
      for (const { seed } of ahead.edits.filter((edit): edit is RandomEdit => edit instanceof RandomEdit)) {
        const next = structuredClone(expected)
        const trial = StateTree.create(layout, undefined, next, { epoch })
        try {
          writeAll(spec, trial.root, next, seed)
          expected = next
        } catch {
          // It shows nothing.
        }
      }
      expect(difference(expected, rounded(spec, mirror.state))).toBe(undefined)
    },
    checkConfirmed: (): void => {
      expect(difference(server.model, confirmed.state)).toBe(undefined)
      expect(mirror.hash(0, all)).toBe(viewer.hash(0, all))
      expect(confirmed.hash(0, all)).toBe(viewer.hash(0, all))
    },
  }
}

describe('edits ahead of the server', () => {
  it('are the confirmed state with the pending edits done to it, and listeners hear one difference after the other', () => {
    fc.assert(
      fc.property(specs, fc.integer(), fc.integer({ min: 1, max: 10 }), (spec, seed, turns) => {
        const draws = new Draws(seed)
        const { tree, mirror, ahead, server, edit, serve, patch, spoil, watch, check, checkConfirmed } = open(
          spec,
          draws,
        )
        const heard = watch()
        for (let turn = 0; turn < turns; turn++) {
          const action = draws.below(11)
          if (action < 4) ahead.add(edit())
          else if (action < 7) {
            // The server has run some of them, and others' writes before, between and behind them.
            for (let count = draws.below(3); count > 0; count--) {
              if (draws.chance(0.5)) writeSomething(server, draws)
              const next = ahead.edits.find(
                (each): each is RandomEdit => each instanceof RandomEdit && each.outcome === 'pending',
              )
              if (next === undefined) break
              if (draws.chance(0.8)) serve(next)
              else next.outcome = 'given up'
            }
            if (draws.chance(0.5)) writeSomething(server, draws)
            patch()
          } else if (action < 8) {
            writeSomething(server, draws)
            patch()
          } else if (action < 9) {
            for (const each of ahead.edits) each.outcome = draws.chance(0.3) ? 'given up' : each.outcome
            ahead.rebase()
          } else if (action < 10) mirror.applySnapshot(tree.snapshot())
          else {
            // A patch is refused, halfway or as a whole, and a snapshot repairs what it did.
            for (let count = 1 + draws.below(3); count > 0; count--) writeSomething(server, draws)
            spoil(draws)
            if (draws.chance(0.5)) ahead.add(edit())
            mirror.applySnapshot(tree.snapshot())
          }
          check()
          heard()
          checkConfirmed()
          heard()
          check()
        }
        for (const each of ahead.edits) each.outcome = 'given up'
        ahead.rebase()
        heard()
        expect(difference(server.model, mirror.state)).toBe(undefined)
      }),
      runs(40),
    )
  })

  it('stay the same objects when they run again, and nobody is told of what is as before', () => {
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        const draws = new Draws(seed)
        const { mirror, ahead, edit } = open(spec, draws)
        for (let count = 1 + draws.below(4); count > 0; count--) ahead.add(edit())
        const before = objectsIn(mirror.state)
        const said: unknown[] = []
        mirror.watch((state) => state, { changed: (value) => said.push(value), after: (value) => said.push(value) })
        ahead.rebase()
        mirror.hash(0, all)
        expect(said).toEqual([])
        const after = objectsIn(mirror.state)
        expect(after.size).toBe(before.size)
        for (const [path, object] of before) expect([path, after.get(path) === object]).toEqual([path, true])
      }),
      runs(40),
    )
  })

  it('stay the same objects when the server confirms them, and nobody is told of what it has made the same', () => {
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        // Items of lists have no keys: those that the server has added are known by what they hold, and may be alike.
        fc.pre(!drifts(spec) && !hasListsOfNodes(spec))
        const draws = new Draws(seed)
        const { mirror, ahead, edit, serve, patch, check, corrected } = open(spec, draws)
        const edits = Array.from({ length: 1 + draws.below(4) }, edit)
        for (const each of edits) ahead.add(each)
        const said: unknown[] = []
        mirror.watch((state) => state, { changed: (value) => said.push(value), after: (value) => said.push(value) })
        const before = objectsIn(mirror.state)
        for (let count = 1 + draws.below(edits.length); count > 0; count--) serve(edits.shift() ?? edit())
        patch()
        check()
        expect(said).toEqual([])
        expect(corrected).toEqual([])
        const after = objectsIn(mirror.state)
        for (const [path, object] of before) expect([path, after.get(path) === object]).toEqual([path, true])
      }),
      runs(40),
    )
  })
})
