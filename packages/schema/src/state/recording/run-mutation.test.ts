import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MirrorTree } from '../../mirror/mirror-tree.ts'
import { compileSpec, difference, Draws, drawValue, modelOf, specs, type Spec } from '../random-state.fixture.ts'
import { writeSomething, type Pair } from '../random-writes.fixture.ts'
import { StateTree } from '../state-tree.ts'
import { openArena, ship } from '../viewers/arena.fixture.ts'
import { drawOwner, entitiesOf, visibleSpecs, world } from '../viewers/random-visibility.fixture.ts'
import type { Update } from '../viewers/update.ts'
import type { Viewer } from '../viewers/viewer.ts'
import { asWritten, eachHandle } from './handles.fixture.ts'
import { runMutation } from './run-mutation.ts'

const failed = new Error('No')

describe('a mutation that throws', () => {
  it('leaves no trace: the same objects in the same order, and mirrors are told what they had been told without it', () => {
    fc.assert(
      fc.property(specs, fc.integer(), fc.integer({ min: 1, max: 6 }), (spec, seed, turns) => {
        compareTwins(spec, seed, turns)
      }),
      runs(25),
    )
  })

  it('leaves no trace in who sees what', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(world), visibleSpecs), fc.integer(), (spec, seed) => {
        compareTwins(spec, seed, 8)
      }),
      runs(12),
    )
  })

  it('has its error go on, and what it removed is what stood there, to be written to and seen as before', () => {
    const { tree, state, join } = openArena()
    const one = state.ships.set('one', ship('ann', 'one'))
    state.ships.set('two', ship())
    const ann = join({ owner: 'ann' })
    ann.viewer.see(one)
    ann.next()
    expect(() =>
      runMutation(tree, () => {
        one.x = 99
        state.ships.delete('one')
        state.ships.set('one', ship('bob', 'another'))
        throw failed
      }),
    ).toThrow(failed)
    expect([...state.ships.keys()]).toEqual(['one', 'two'])
    expect(state.ships.get('one')).toBe(one)
    expect(one.x).toBe(0)
    expect(ann.viewer.sees(one)).toBe(true)
    expect(ann.next()).toBe(undefined)
    one.x = 5
    ann.next()
    expect(ann.state.ships.get('one')?.x).toBe(5)
    expect(ann.agrees).toBe(true)
  })

  it('takes back what ran within it; one that fails within another takes back only its own', () => {
    const { tree, state } = openArena()
    const ran = runMutation(tree, () => {
      state.title = 'outer'
      expect(() =>
        runMutation(tree, () => {
          state.title = 'inner'
          throw failed
        }),
      ).toThrow(failed)
      return state.title
    })
    expect([ran.value, state.title]).toEqual(['outer', 'outer'])
    expect(() =>
      runMutation(tree, () => {
        runMutation(tree, () => (state.title = 'inner'))
        throw failed
      }),
    ).toThrow(failed)
    expect(state.title).toBe('outer')
  })

  it('does not touch what is written to other states meanwhile', () => {
    const [one, other] = [openArena(), openArena()]
    expect(() =>
      runMutation(one.tree, () => {
        other.state.title = 'kept'
        throw failed
      }),
    ).toThrow(failed)
    expect([one.state.title, other.state.title]).toEqual(['first', 'kept'])
  })
})

describe('while a mutation runs', () => {
  it('no version can be closed', () => {
    const { tree, state } = openArena()
    const { version } = tree
    runMutation(tree, () => {
      state.title = 'next'
      expect(() => tree.close()).toThrow('A version cannot be closed while a mutation runs')
    })
    expect(tree.version).toBe(version)
    expect(tree.close()).toBe(true)
  })
})

/** A state with some who look at it. */
interface Twin {
  readonly tree: StateTree
  readonly pair: Pair
  readonly viewers: readonly Viewer[]
  readonly mirrors: readonly MirrorTree[]
  readonly tags: ReadonlySet<string>
}

/** Two states that are written to and looked at alike; but in one of them mutations fail in between. */
function compareTwins(spec: Spec & { kind: 'record' }, seed: number, turns: number): void {
  const failing = new Draws(seed + 1)
  const alike = [new Draws(seed), new Draws(seed)] as const
  const [one, other] = [open(spec, alike[0]), open(spec, alike[1])]
  for (let turn = 0; turn < turns; turn++) {
    act(one, alike[0], () => failIn(one, failing))
    act(other, alike[1], () => {})
    expect(one.tree.close()).toBe(other.tree.close())
    for (const [index, viewer] of one.viewers.entries()) {
      const [late, alsoLate] = alike.map((draws) => draws.chance(0.3))
      expect(late).toBe(alsoLate)
      if (late === true) continue
      const update = viewer.take()
      const same = other.viewers[index]?.take()
      // They may be told in another order.
      expect([update?.kind, update?.bytes.length]).toEqual([same?.kind, same?.bytes.length])
      const [mirror, sameMirror] = [apply(one, index, update), apply(other, index, same)]
      expect(viewer.hash(0, 1000)).toBe(other.viewers[index]?.hash(0, 1000))
      expect(difference(mirror.state, sameMirror.state)).toBe(undefined)
      expect(mirror.hash(0, 1000)).toBe(viewer.hash(0, 1000))
    }
    expect(one.tree.snapshot()).toEqual(other.tree.snapshot())
  }
}

function open(spec: Spec & { kind: 'record' }, draws: Draws): Twin {
  const { layout, visibility } = compileSpec(spec)
  const first = drawValue(spec, draws)
  const tree = StateTree.create(layout, undefined, first, { epoch: '00112233445566ff', visibility })
  const pair = { spec, live: tree.root, model: Object(modelOf(spec, first)) }
  const viewers = ['ann', 'bob', ''].map((owner) => tree.viewer({ owner }))
  viewers.push(tree.viewer({ everything: true }))
  return { tree, pair, viewers, mirrors: viewers.map(() => new MirrorTree(layout)), tags: visibility.tags }
}

function apply({ mirrors }: Twin, index: number, update: Update | undefined): MirrorTree {
  const mirror = mirrors[index]
  if (mirror === undefined) throw new RangeError('There is a mirror for each')
  if (update?.kind === 'snapshot') mirror.applySnapshot(update.bytes)
  else if (update !== undefined) mirror.applyPatch(update.bytes)
  return mirror
}

function act({ pair, viewers, tags }: Twin, draws: Draws, inBetween: () => void): void {
  for (let steps = draws.below(4); steps >= 0; steps--) {
    for (let writes = draws.below(4); writes > 0; writes--) writeSomething(pair, draws)
    inBetween()
    for (const viewer of viewers) look(pair, viewer, tags, draws)
    inBetween()
  }
}

function look({ spec, live }: Pair, viewer: Viewer, tags: ReadonlySet<string>, draws: Draws): void {
  const entities = entitiesOf(spec, live)
  for (let count = draws.below(6); count > 0 && entities.length > 0; count--) {
    if (draws.chance(0.6)) viewer.see(draws.one(entities))
    else viewer.unsee(draws.one(entities))
  }
  if (draws.chance(0.1)) viewer.owner = drawOwner(draws)
  if (tags.size > 0 && draws.chance(0.1)) viewer.grant(draws.one([...tags]))
}

/** Something is written that is put back. */
function failIn({ tree, pair }: Twin, draws: Draws): void {
  const before = [...eachHandle(tree.root)]
  const written = asWritten(tree.root)
  const model = structuredClone(pair.model)
  expect(() =>
    runMutation(tree, () => {
      for (let writes = draws.below(8); writes > 0; writes--) {
        writeSomething({ ...pair, model }, draws)
        if (draws.chance(0.3)) runMutation(tree, () => writeSomething({ ...pair, model }, draws))
      }
      throw failed
    }),
  ).toThrow(failed)
  const after = [...eachHandle(tree.root)]
  expect(after.length).toBe(before.length)
  expect(after.every((handle, index) => handle === before[index])).toBe(true)
  expect(difference(written, asWritten(tree.root))).toBe(undefined)
}
