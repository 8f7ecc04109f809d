import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileLayout } from '../../compiled-layout.ts'
import type { TypeDef } from '../../layout.ts'
import { MirrorTree } from '../../mirror/mirror-tree.ts'
import type { StateMap } from '../../model.ts'
import { nextPatch } from '../patches.fixture.ts'
import { difference, Draws } from '../random-state.fixture.ts'
import { StateTree } from '../state-tree.ts'
import { toPlain } from '../values/plain.ts'

type Entity = Record<string, number>

/** A state of two maps of records, one with more fields than a word of a mask has bits. */
const types: readonly TypeDef[] = [
  { kind: 'quantized', min: 0, max: 1000, step: 0.5 },
  { kind: 'int' },
  {
    kind: 'record',
    fields: [
      { name: 'f0', type: 0 },
      { name: 'f1', type: 1 },
      { name: 'f2', type: 0 },
    ],
  },
  { kind: 'record', fields: Array.from({ length: 34 }, (_, index) => ({ name: `f${index}`, type: index % 2 })) },
  { kind: 'map', type: 2 },
  { kind: 'map', type: 3 },
  {
    kind: 'record',
    fields: [
      { name: 'few', type: 4 },
      { name: 'many', type: 5 },
    ],
  },
]
const layout = compileLayout({
  name: 'c',
  version: 1,
  types,
  state: 6,
  presence: undefined,
  input: undefined,
  up: [],
  down: [],
})

/** The fields that are written of each: the first two, and one in the second word of a mask. */
const written = { few: ['f0', 'f1', 'f2'], many: ['f0', 'f1', 'f32'] } as const

function entity(fields: number, draws: Draws): Entity {
  return Object.fromEntries(Array.from({ length: fields }, (_, index) => [`f${index}`, draws.below(1000)]))
}

describe('a turn in which a crowd is written to', () => {
  it('tells of each what was written to it, also of those that come and go meanwhile', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, size) => {
        const draws = new Draws(seed)
        const tree = StateTree.create(layout, undefined, { few: {}, many: {} }, { epoch: '0123456789abcdef' })
        // The layout is of this type.
        const state = tree.root as { few: StateMap<Entity>; many: StateMap<Entity> }
        const mirror = new MirrorTree(layout)
        mirror.applySnapshot(tree.snapshot())
        let spawned = 0
        for (let turn = 0; turn < 6; turn++) {
          for (const part of ['few', 'many'] as const) {
            const crowd = state[part]
            while (crowd.size < size) crowd.set(`e${spawned++}`, entity(part === 'few' ? 3 : 34, draws))
            // Mostly all are written to alike, one after the other.
            const usual = draws.one(written[part])
            for (const [key, each] of crowd) {
              each[draws.chance(0.8) ? usual : draws.one(written[part])] = draws.below(1000)
              if (draws.chance(0.1)) each[draws.one(written[part])] = draws.below(1000)
              if (draws.chance(0.1)) crowd.delete(key)
              if (draws.chance(0.1)) crowd.set(`e${spawned++}`, entity(part === 'few' ? 3 : 34, draws))
            }
          }
          const patch = nextPatch(tree)
          if (patch !== undefined) mirror.applyPatch(patch)
          const { few, many } = toPlain(state)
          const model = { few: new Map(Object.entries(few)), many: new Map(Object.entries(many)) }
          expect(difference(model, mirror.state)).toBe(undefined)
          expect(mirror.version).toBe(tree.version)
        }
      }),
      runs(200),
    )
  })
})
