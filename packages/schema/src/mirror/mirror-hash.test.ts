import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextPatch } from '../state/patches.fixture.ts'
import { Draws, drawValue, layoutOfSpec, modelOf, specs } from '../state/random-state.fixture.ts'
import { writeSomething } from '../state/random-writes.fixture.ts'
import { StateTree } from '../state/state-tree.ts'
import { layout, open } from './game.fixture.ts'
import { MirrorTree } from './mirror-tree.ts'

const epoch = '00112233445566ff'
const all = 100_000

describe("[S27] [S28] a mirror's hash", () => {
  it('is that of the state, after every patch and for any part of the ids', () => {
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        const draws = new Draws(seed)
        const layout = layoutOfSpec(spec)
        const first = drawValue(spec, draws)
        const tree = StateTree.create(layout, undefined, first, { epoch })
        const pair = { spec, live: tree.root, model: Object(modelOf(spec, first)) }
        const viewer = tree.viewer({ everything: true })
        const mirror = new MirrorTree(layout)
        mirror.applySnapshot(tree.snapshot())
        for (let turn = 0; turn < 4; turn++) {
          expect(mirror.hash(0, all)).toBe(viewer.hash(0, all))
          const from = draws.below(6)
          expect(mirror.hash(from, 3)).toBe(viewer.hash(from, 3))
          expect((mirror.hash(0, from) + mirror.hash(from, all)) % 2 ** 32).toBe(mirror.hash(0, all))
          for (let writes = 1 + draws.below(5); writes > 0; writes--) writeSomething(pair, draws)
          const patch = nextPatch(tree)
          if (patch !== undefined) mirror.applyPatch(patch)
        }
      }),
      runs(300),
    )
  })

  it('does not depend on how the mirror came to its state', () => {
    const { tree, state, mirror, flush } = open()
    const ada = state.players.get('ada')
    if (ada === undefined) throw new Error('Ada is there')
    ada.hp = 3
    state.players.delete('bo')
    flush()
    const late = new MirrorTree(layout)
    late.applySnapshot(tree.snapshot())
    expect(late.hash(0, all)).toBe(mirror.hash(0, all))
  })

  it('finds what was written to the mirror by mistake, and a snapshot repairs that', () => {
    const { tree, mirror } = open()
    const right = mirror.hash(0, all)
    const wrong: ((state: Record<string, unknown>) => void)[] = [
      (state) => (state['phase'] = 'over'),
      (state) => (state['boss'] = null),
      (state) => Reflect.deleteProperty(state, 'winner'),
      (state) => map(state['scores']).delete('ada'),
      (state) => map(state['scores']).set('ada', 2),
      (state) => map(state['scores']).set('eve', 2),
      (state) => map(state['players']).delete('ada'),
      (state) => map(state['players']).set('bo', map(state['players']).get('ada')),
      (state) => (Object(map(state['players']).get('ada')).hp = -0),
      (state) => Object(state['chat']).push('x'),
      (state) => (Object(state['queue']).length = 0),
      (state) => (state['players'] = new Map()),
    ]
    for (const write of wrong) {
      write(Object(mirror.state))
      expect(mirror.hash(0, all)).not.toBe(right)
      mirror.applySnapshot(tree.snapshot())
      expect(mirror.hash(0, all)).toBe(right)
    }
  })
})

function map(value: unknown): Map<unknown, unknown> {
  if (value instanceof Map) return value
  throw new TypeError('Not a map')
}
