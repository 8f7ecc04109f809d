import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MirrorTree } from '../../mirror/mirror-tree.ts'
import type { CompiledLayout } from '../../compiled-layout.ts'
import { compileSpec, difference, drawValue, modelOf, type Draws, type Spec } from '../random-state.fixture.ts'
import {
  drawOwner,
  entitiesOf,
  fractionsIn,
  MarkedDraws,
  Sight,
  tagNames,
  textsIn,
  visibleSpecs,
  world,
} from './random-visibility.fixture.ts'
import { writeSomething, type Pair } from '../random-writes.fixture.ts'
import { StateTree } from '../state-tree.ts'
import type { Update } from './update.ts'
import type { Viewer } from './viewer.ts'

const epoch = '00112233445566ff'

/** One who looks, with the mirror of its client, and what it may see. */
class Looker {
  readonly viewer: Viewer
  readonly sight: Sight
  readonly #mirror: MirrorTree
  readonly #tree: StateTree
  readonly #pair: Pair
  #has = false
  /** All keys it was ever given. */
  readonly #keys = new Set<string>()
  /** What it is given does not arrive. */
  #losing = false

  constructor(tree: StateTree, layout: CompiledLayout, pair: Pair, owner: string) {
    this.viewer = tree.viewer({ owner })
    this.sight = new Sight(owner)
    this.#mirror = new MirrorTree(layout)
    this.#tree = tree
    this.#pair = pair
  }

  /** Something changes in who sees what. */
  look(draws: Draws, glances: number): void {
    const { viewer, sight } = this
    const choice = draws.below(20)
    const tag = draws.one(tagNames)
    if (choice === 0) viewer.owner = sight.owner = drawOwner(draws)
    else if (choice < 3 && this.#knows(tag)) {
      if (draws.chance(0.5)) {
        viewer.grant(tag)
        sight.tags.add(tag)
      } else {
        viewer.revoke(tag)
        sight.tags.delete(tag)
      }
    } else {
      const entities = entitiesOf(this.#pair.spec, this.#pair.live)
      for (let count = draws.below(glances); count > 0 && entities.length > 0; count--) {
        const entity = draws.one(entities)
        expect(viewer.sees(entity)).toBe(sight.seen.has(entity))
        if (draws.chance(0.6)) {
          expect(viewer.see(entity)).toBe(!sight.seen.has(entity))
          sight.seen.add(entity)
        } else {
          expect(viewer.unsee(entity)).toBe(sight.seen.delete(entity))
        }
      }
    }
  }

  #knows(tag: string): boolean {
    return JSON.stringify(this.#pair.spec).includes(`"${tag}"`)
  }

  /** What is new is taken. For a while it may not arrive, until the client comes back with what it has. */
  take(draws: Draws): void {
    if (draws.chance(0.15)) {
      if (this.#losing && this.#has) this.viewer.resume(epoch, this.#mirror.version)
      else if (this.#losing) this.viewer.reset()
      this.#losing = !this.#losing
    }
    const update = this.viewer.take()
    const shown = this.sight.shown(this.#pair.spec, this.#pair.live, this.#pair.model)
    if (update !== undefined) {
      this.#checkBytes(update.bytes, shown)
      if (!this.#losing) this.#apply(update)
    }
    if (this.#losing) return
    expect(difference(shown, this.#mirror.state)).toBe(undefined)
    expect(this.#mirror.version).toBe(this.viewer.version)
    const { idBound } = this.#tree
    for (const [first, count] of [
      [0, idBound],
      [1, 3],
      [5, 2],
    ] as const) {
      expect(this.viewer.hash(first, count)).toBe(this.#mirror.hash(first, count))
    }
    expect(this.viewer.take()).toBe(undefined)
  }

  #apply({ kind, bytes }: Update): void {
    if (kind === 'snapshot') this.#mirror.applySnapshot(bytes)
    else this.#mirror.applyPatch(bytes)
    this.#has = true
  }

  /** All that is told is to be seen now, or is told to be gone. */
  #checkBytes(bytes: Uint8Array, shown: unknown): void {
    const told = new TextDecoder('utf-8').decode(bytes).match(/§\d+§|¶\d+¶/g) ?? []
    const texts = new Set(textsIn(shown))
    expect(told.filter((text) => !texts.has(text) && !this.#keys.has(text))).toEqual([])
    for (const text of texts) if (text.startsWith('¶')) this.#keys.add(text)
    const seen = new Set(fractionsIn(shown))
    const hidden = fractionsIn(this.#pair.model).filter((value) => !seen.has(value))
    expect(hidden.filter((value) => holds(bytes, value))).toEqual([])
  }
}

/** Whether bytes hold a number as it is written in full. */
function holds(bytes: Uint8Array, value: number): boolean {
  const wanted = new Uint8Array(Float64Array.of(value).buffer)
  return bytes.some((_, at) => wanted.every((byte, index) => bytes[at + index] === byte))
}

/** How much happens in a turn. */
interface Pace {
  readonly turns: number
  readonly writes: number
  /** How many entities each looks at or away from. */
  readonly glances: number
}

function run(spec: Spec & { kind: 'record' }, draws: Draws, { turns, writes, glances }: Pace): void {
  const { layout, visibility } = compileSpec(spec)
  const first = drawValue(spec, draws)
  const tree = StateTree.create(layout, undefined, first, { epoch, visibility })
  const pair: Pair = { spec, live: tree.root, model: Object(modelOf(spec, first)) }
  const lookers = ['ann', 'bob', '', 'ann'].map((owner) => new Looker(tree, layout, pair, owner))
  const everything = tree.viewer({ everything: true })
  const whole = new MirrorTree(layout)
  for (let turn = 0; turn < turns; turn++) {
    for (let count = draws.below(writes); count > 0; count--) writeSomething(pair, draws)
    for (const looker of lookers) if (draws.chance(0.6)) looker.look(draws, glances)
    if (draws.chance(0.3)) writeSomething(pair, draws)
    tree.close()
    for (const looker of lookers) {
      looker.sight.close()
      if (draws.chance(0.05)) looker.viewer.reset()
      if (draws.chance(0.8)) looker.take(draws)
    }
    const update = everything.take()
    if (update?.kind === 'snapshot') whole.applySnapshot(update.bytes)
    else if (update !== undefined) whole.applyPatch(update.bytes)
    expect(difference(pair.model, whole.state)).toBe(undefined)
    expect(everything.hash(0, tree.idBound)).toBe(whole.hash(0, tree.idBound))
    if (draws.chance(0.05)) {
      lookers.shift()?.viewer.close()
      lookers.push(new Looker(tree, layout, pair, drawOwner(draws)))
    }
  }
}

describe('mirrors of states of which not everybody sees everything', () => {
  it('show what their viewer may see, and nothing else is in any byte that it is given: of random states', () => {
    fc.assert(
      fc.property(visibleSpecs, fc.integer(), fc.integer({ min: 1, max: 12 }), (spec, seed, turns) => {
        run(spec, new MarkedDraws(seed), { turns, writes: 5, glances: 4 })
      }),
      runs(200),
    )
  })

  it('show it, and nothing else, of a world in which entities come and go', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 40 }), (seed, turns) => {
        run(world, new MarkedDraws(seed), { turns, writes: 12, glances: 8 })
      }),
      runs(80),
    )
  })
})
