import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MirrorTree } from '../../mirror/mirror-tree.ts'
import { groupHeader, Mode } from '../../patch/body.ts'
import type { StateMap } from '../../model.ts'
import { nextPatch, patchSince } from '../patches.fixture.ts'
import { difference, Draws, layoutOfSpec, type Spec } from '../random-state.fixture.ts'
import { StateTree } from '../state-tree.ts'

const epoch = '0123456789abcdef'
const numbers: Spec & { kind: 'record' } = {
  kind: 'record',
  fields: [{ name: 'm', optional: false, spec: { kind: 'map', of: { kind: 'leaf', def: { kind: 'int' } } } }],
}
const records: Spec & { kind: 'record' } = {
  kind: 'record',
  fields: [
    {
      name: 'm',
      optional: false,
      spec: {
        kind: 'map',
        of: { ...numbers, fields: [{ name: 'n', optional: false, spec: { kind: 'leaf', def: { kind: 'int' } } }] },
      },
    },
  ],
}

function open(spec: Spec, m: Record<string, unknown>) {
  const layout = layoutOfSpec(spec)
  const tree = StateTree.create(layout, undefined, { m }, { epoch })
  // The layouts above have a map in the field m.
  const map = (tree.root as { m: StateMap<unknown> }).m
  const mirror = (): MirrorTree<{ m: Map<string, unknown> }> => {
    const made = new MirrorTree<{ m: Map<string, unknown> }>(layout)
    made.applySnapshot(tree.snapshot())
    return made
  }
  return { tree, map, mirror }
}

/** The mode of the first group of a patch. */
function modeOf(patch: Uint8Array = new Uint8Array()): number | undefined {
  // Behind the version, which is a varint.
  const at = patch.findIndex((byte) => byte < 0x80) + 1
  return groupHeader(patch[at] ?? 0)?.mode
}

describe('whoever is behind', () => {
  it('is told of the keys that were touched, in the order in which they stand', () => {
    fc.assert(
      fc.property(fc.constantFrom(numbers, records), fc.integer(), (spec, seed) => {
        const draws = new Draws(seed)
        const value = (): unknown => (spec === numbers ? draws.below(100) : { n: draws.below(100) })
        const { tree, map, mirror } = open(spec, { a: value(), b: value(), c: value(), d: value() })
        const behind = [mirror()]
        for (let turn = 0; turn < 12; turn++) {
          for (let writes = draws.below(4); writes > 0; writes--) {
            const key = draws.one(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
            if (draws.chance(0.4)) map.delete(key)
            else map.set(key, value())
            if (draws.chance(0.02)) map.clear()
          }
          tree.close()
          if (draws.chance(0.3)) behind.push(mirror())
          const late = draws.one(behind)
          const patch = patchSince(tree, late.version)
          if (patch !== undefined) late.applyPatch(patch)
          expect(difference(mirror().state, late.state)).toBe(undefined)
          expect(tree.bookkeeping).toBeLessThan(40)
        }
        for (const late of behind) {
          const patch = patchSince(tree, late.version)
          if (patch !== undefined) late.applyPatch(patch)
          expect(difference(mirror().state, late.state)).toBe(undefined)
        }
      }),
      runs(400),
    )
  })

  it('is told of one key of a thousand, and of the whole map when more was touched than it has entries', () => {
    const { tree, map } = open(numbers, Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, n])))
    for (let turn = 0; turn < 5; turn++) {
      map.set('k7', 1000 + turn)
      map.delete(`k${500 + turn}`)
      map.set(`new${turn}`, turn)
      tree.close()
    }
    const patch = patchSince(tree, 1)
    expect(modeOf(patch)).toBe(Mode.change)
    expect(patch?.length).toBeLessThan(100)
    for (let turn = 0; turn < 600; turn++) {
      map.set('k7', turn)
      map.set('k8', turn)
      tree.close()
    }
    expect(modeOf(patchSince(tree, 1))).toBe(Mode.whole)
    expect(modeOf(patchSince(tree, tree.version - 400))).toBe(Mode.change)
    const before = tree.version
    map.clear()
    map.set('a', 1)
    tree.close()
    // Nobody has followed: this is no patch of a turn.
    expect(modeOf(patchSince(tree, before))).toBe(Mode.whole)
    const { version } = tree
    map.set('a', 2)
    tree.close()
    expect(modeOf(patchSince(tree, version))).toBe(Mode.change)
  })

  it('leaves nothing behind in a state from which 300,000 have come and gone', () => {
    const { tree, map, mirror } = open(records, {})
    const follower = mirror()
    const lengths = new Set<number>()
    for (let spawned = 0; spawned < 300_000; spawned++) {
      map.set(`s${spawned}`, { n: 7 })
      if (spawned >= 20) map.delete(`s${spawned - 20}`)
      if (spawned % 10 !== 0) continue
      const patch = nextPatch(tree)
      if (spawned > 200_000) lengths.add(patch?.length ?? 0)
      // Ten ids at most are free between two patches, and no more keys are remembered than there are entries.
      expect(tree.bookkeeping).toBeLessThanOrEqual(map.size + 10)
    }
    expect(lengths.size).toBe(1)
    const { version } = tree
    for (const key of map.keys()) map.delete(key)
    tree.close()
    const freeIds = tree.idBound - 2
    expect(tree.bookkeeping).toBe(freeIds)
    expect(freeIds).toBeLessThanOrEqual(31)
    expect(modeOf(patchSince(tree, version - 1))).toBe(Mode.whole)
    follower.applySnapshot(tree.snapshot())
    expect(follower.state).toEqual({ m: new Map() })
  })
})
