import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { select } from './mirror-selection.ts'
import type { CompiledLayout } from '../compiled-layout.ts'
import { difference, Draws, drawValue, layoutOfSpec, modelOf, specs } from '../state/random-state.fixture.ts'
import { writeSomething } from '../state/random-writes.fixture.ts'
import { nextPatch, patchSince } from '../state/patches.fixture.ts'
import { StateTree } from '../state/state-tree.ts'
import { MirrorTree } from './mirror-tree.ts'

const epoch = '00112233445566ff'
const later = 'ffeeddccbbaa9988'

/** Keeps what listeners say of a selection, and checks that they say it coherently. */
class Shadow {
  readonly entries = new Map<unknown, unknown>()
  /** Entries that were said to have changed since the last patch. */
  #changed = new Set<unknown>()

  constructor(mirror: MirrorTree, select: (state: unknown) => unknown, byKey: boolean) {
    // Items of a list move without being told of, so they are known by themselves.
    const name = (value: unknown, key: unknown): unknown => (byKey ? key : value)
    mirror.watch<ReadonlyMap<unknown, unknown> | undefined>((state) => Object(select(state)), {
      added: (value, key) => {
        expect(this.entries.has(name(value, key))).toBe(false)
        this.entries.set(name(value, key), value)
      },
      changed: (value, key) => {
        expect(this.#changed.has(name(value, key))).toBe(false)
        this.#changed.add(name(value, key))
        expect(this.entries.has(name(value, key))).toBe(true)
        this.entries.set(name(value, key), value)
      },
      removed: (value, key) => {
        expect(difference(this.entries.get(name(value, key)), value)).toBe(undefined)
        this.entries.delete(name(value, key))
      },
    })
  }

  get changed(): boolean {
    return this.#changed.size > 0
  }

  patched(): void {
    this.#changed = new Set()
  }
}

/** Watches every map and list that is directly in the root, and checks all of it after each patch. */
function watchAll(mirror: MirrorTree, layout: CompiledLayout): () => void {
  const root = layout.layout.types[layout.layout.state]
  if (root?.kind !== 'record') throw new TypeError('Not a record')
  const checks: (() => void)[] = []
  for (const { name, type } of root.fields) {
    const def = layout.layout.types[type]
    const kind = def?.kind
    // Items that are not tracked are known by their place, which is another test.
    const itemKind = def?.kind === 'list' ? layout.layout.types[def.type]?.kind : 'record'
    const tracked = itemKind === 'record' || itemKind === 'map' || itemKind === 'list'
    const read = (state: unknown): unknown => Object(state)[name]
    const selection = select(mirror, read)
    let frozen: unknown = undefined
    let copy: unknown = undefined
    if ((kind === 'map' || kind === 'list') && tracked) {
      const shadow = new Shadow(mirror, read, kind === 'map')
      checks.push(() => {
        const now: unknown = read(mirror.state)
        if (now instanceof Map) {
          expect(new Set(shadow.entries.keys())).toEqual(new Set(now.keys()))
          for (const [key, value] of now) expect(difference(shadow.entries.get(key), value)).toBe(undefined)
        } else if (Array.isArray(now)) {
          expect(new Set(shadow.entries.keys())).toEqual(new Set(now))
        }
        if (shadow.changed) expect(selection.value).not.toBe(frozen)
        shadow.patched()
      })
    }
    checks.push(() => {
      // A copy that was selected stays as it was.
      if (frozen !== undefined) expect(difference(copy, frozen)).toBe(undefined)
      const next = selection.value
      expect(difference(read(mirror.state), next)).toBe(undefined)
      expect(selection.value).toBe(next)
      frozen = next
      copy = structuredClone(read(mirror.state))
    })
  }
  return () => {
    for (const check of checks) check()
  }
}

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
      runs(200),
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
      runs(300),
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
      runs(100),
    )
  })
})
