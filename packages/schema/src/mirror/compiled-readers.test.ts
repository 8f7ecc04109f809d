import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CompiledLayout } from '../compiled-layout.ts'
import { compileLayout } from '../compiled-layout.ts'
import { SchemaError } from '../errors.ts'
import { spoil } from '../patch/spoil.fixture.ts'
import { nextPatch, patchSince } from '../state/patches.fixture.ts'
import { difference, Draws, drawValue, layoutOfSpec, modelOf, specs } from '../state/random-state.fixture.ts'
import { writeSomething } from '../state/random-writes.fixture.ts'
import { StateTree } from '../state/state-tree.ts'
import { recordReaders as compiledReaders } from './compiled-readers.ts'
import { MirrorTree } from './mirror-tree.ts'
import { recordReaders as plainReaders } from './plain-readers.ts'

const epoch = '00112233445566ff'
const all = 100_000

/** Two mirrors that are given the same bytes, one with compiled readers. */
class Twins {
  readonly plain: MirrorTree
  readonly compiled: MirrorTree

  constructor(layout: CompiledLayout) {
    this.plain = new MirrorTree(layout, { readers: plainReaders })
    this.compiled = new MirrorTree(layout, { readers: compiledReaders })
  }

  /** Does the same to both, and holds them against each other. */
  both(apply: (mirror: MirrorTree) => void): string {
    const [one, other] = [this.plain, this.compiled].map((mirror) => outcome(() => apply(mirror)))
    expect(other).toBe(one)
    expect(this.compiled.broken).toBe(this.plain.broken)
    expect(this.compiled.version).toBe(this.plain.version)
    expect(this.compiled.hash(0, all)).toBe(this.plain.hash(0, all))
    if (this.plain.ready) {
      expect(difference(this.compiled.state, this.plain.state)).toBe(undefined)
      expect(shape(this.compiled.state)).toEqual(shape(this.plain.state))
    }
    return one ?? ''
  }
}

function outcome(apply: () => void): string {
  try {
    apply()
    return 'applied'
  } catch (error) {
    if (error instanceof SchemaError) return error.message
    throw error
  }
}

/** The fields of all records, in their order. */
function shape(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined
  if (value instanceof Map) return Array.from(value.values(), shape)
  if (Array.isArray(value)) return value.map(shape)
  return Object.entries(value).map(([name, part]) => [name, shape(part)])
}

describe('compiled readers', () => {
  it('do the same as the plain ones, whatever the bytes', () => {
    const outcomes = new Set<string>()
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        const draws = new Draws(seed)
        const layout = layoutOfSpec(spec)
        const first = drawValue(spec, draws)
        const tree = StateTree.create(layout, undefined, first, { epoch })
        const pair = { spec, live: tree.root, model: Object(modelOf(spec, first)) }
        const twins = new Twins(layout)
        const spoilt = spoil(tree.snapshot(), draws)
        outcomes.add(twins.both((mirror) => mirror.applySnapshot(spoilt)))
        const good = tree.snapshot()
        expect(twins.both((mirror) => mirror.applySnapshot(good))).toBe('applied')
        for (let turn = 0; turn < 5; turn++) {
          const base = tree.version
          for (let writes = 1 + draws.below(5); writes > 0; writes--) writeSomething(pair, draws)
          const next = nextPatch(tree)
          if (next === undefined) continue
          const patch = draws.chance(0.2) ? (patchSince(tree, base) ?? next) : next
          const bytes = draws.chance(0.3) ? spoil(patch, draws) : patch
          outcomes.add(twins.both((mirror) => mirror.applyPatch(bytes)))
          if (bytes === patch && !twins.plain.broken) continue
          const repair = tree.snapshot()
          twins.both((mirror) => mirror.applySnapshot(repair))
          expect(difference(pair.model, twins.compiled.state)).toBe(undefined)
        }
      }),
      runs(150),
    )
    // The test saw what it is about: many ways to be refused.
    expect(outcomes.size).toBeGreaterThan(20)
  })

  it('have names as string literals only', () => {
    const names = [
      'it"s',
      "'",
      '`${x}`',
      '\\',
      '\\u0022',
      '"]=0;globalThis.stolen=1;v["',
      '\u2028\u2029\n\r\0',
      '*/}});globalThis.stolen=1;//',
      'hasOwnProperty',
      'f0',
      'o',
      '0',
      '7',
      'ключ',
      ' ',
    ]
    const fields = names.map((name) => ({ name, type: 0 }))
    const layout = compileLayout({
      name: 'x',
      version: 1,
      types: [{ kind: 'int' }, { kind: 'record', fields }],
      state: 1,
      presence: undefined,
      input: undefined,
      up: [],
      down: [],
    })
    const first = Object.fromEntries(names.map((name, index) => [name, index]))
    const tree = StateTree.create(layout, undefined, first, { epoch })
    const twins = new Twins(layout)
    const snapshot = tree.snapshot()
    twins.both((mirror) => mirror.applySnapshot(snapshot))
    expect(twins.compiled.state).toStrictEqual(first)
    for (const name of names) Object.assign(Object(tree.root), { [name]: 100 })
    const patch = nextPatch(tree) ?? new Uint8Array()
    twins.both((mirror) => mirror.applyPatch(patch))
    expect(new Set(Object.values(Object(twins.compiled.state)))).toEqual(new Set([100]))
    expect(Reflect.has(globalThis, 'stolen')).toBe(false)
  })

  it('are functions of their own, but for records of very many fields', () => {
    const { read, change } = { read: () => 1, change: () => 2 }
    const fields = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        name: `f${index}`,
        optional: false,
        read,
        change,
        holdsNodes: false,
      }))
    expect(String(compiledReaders(fields(2)).change)).toContain('v["f1"]')
    expect(String(compiledReaders(fields(64)).birth)).toContain('"f63"')
    expect(String(compiledReaders(fields(65)).change)).not.toContain('f1"]')
  })
})
