import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { compileLayout } from '../../compiled-layout.ts'
import { generated } from '../../generated.ts'
import type { TypeDef } from '../../layout.ts'
import { MirrorTree } from '../../mirror/mirror-tree.ts'
import { nextPatch } from '../patches.fixture.ts'
import { layoutOfSpec, specs, type Spec } from '../random-state.fixture.ts'
import { StateTree } from '../state-tree.ts'
import { bytesOfTurns } from '../turns.fixture.ts'

/** The same modules once more, which have found out that text cannot become code. */
async function withoutCode() {
  vi.resetModules()
  vi.stubGlobal('Function', function forbidden() {
    throw new EvalError('Code generation from strings disallowed for this context')
  })
  const modules = { ...(await import('../../generated.ts')), ...(await import('../turns.fixture.ts')) }
  expect(modules.generated([], 'return 1')).toBe(undefined)
  vi.unstubAllGlobals()
  // Whoever loads them next gets others, which have found out nothing yet.
  vi.resetModules()
  return modules
}

describe('records with generated code, and composed of closures', () => {
  it('send the same bytes', async () => {
    const composed = await withoutCode()
    expect(composed.generated([], 'return 1')).toBe(undefined)
    expect(generated([], 'return 1')?.()).toBe(1)
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        expect(bytesOfTurns(spec, seed, 4)).toEqual(composed.bytesOfTurns(spec, seed, 4))
      }),
      runs(120),
    )
  })

  it('send the same bytes from a process in which no text becomes code', () => {
    const program = fileURLToPath(new URL('./print-turns.fixture.ts', import.meta.url))
    const tsconfig = fileURLToPath(new URL('../../../../../tsconfig.base.json', import.meta.url))
    const print = (...flags: readonly string[]): string[] =>
      execFileSync(process.execPath, [...flags, '--import', 'tsx', '--conditions=@junto/source', program], {
        env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig },
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      }).split('\n')
    const [first, ...sent] = print('--disallow-code-generation-from-strings')
    expect(first).toBe('composed')
    expect(sent.length).toBeGreaterThan(400)
    expect(print()).toEqual(['generated', ...sent])
  })
})

describe('a record', () => {
  const kinds: readonly TypeDef[] = [
    { kind: 'quantized', min: 0, max: 0xffff_ffff, step: 1 },
    { kind: 'angle' },
    { kind: 'int' },
    { kind: 'float32' },
    { kind: 'uint32' },
    { kind: 'string' },
  ]

  it.each([29, 30, 31, 60, 61, 120, 500, 4096])('of %d fields', (count) => {
    const fields = Array.from({ length: count }, (_, index) => {
      const def = kinds[index % kinds.length] ?? { kind: 'int' as const }
      return { name: `f${index}`, optional: index % 7 === 6, spec: { kind: 'leaf' as const, def } }
    })
    const spec: Spec & { kind: 'record' } = { kind: 'record', fields }
    const layout = layoutOfSpec(spec)
    const values: Record<string, unknown> = {}
    for (const { name, optional, spec: field } of fields) {
      if (!optional) values[name] = field.def.kind === 'string' ? '' : 0
    }
    const tree = StateTree.create(layout, undefined, values, { epoch: '00112233445566ff' })
    const mirror = new MirrorTree(layout)
    mirror.applySnapshot(tree.snapshot())
    const state: Record<string, unknown> = Object(tree.root)
    // From the smallest to the largest and back, of counts that take 32 bits.
    const written: Record<string, readonly unknown[]> = { string: ['a'], angle: [3, -3], int: [-(2 ** 52), -0] }
    for (const { name, spec: field } of fields) {
      for (const value of written[field.def.kind] ?? [0xffff_ffff, 1, 0xff00_0000]) {
        state[name] = value
        mirror.applyPatch(nextPatch(tree) ?? new Uint8Array())
        values[name] =
          field.def.kind === 'angle'
            ? expect.closeTo(-3, 3)
            : field.def.kind === 'float32'
              ? Math.fround(Number(value))
              : value
        expect(state[name]).toBe(field.def.kind === 'float32' ? values[name] : value)
      }
    }
    expect(mirror.state).toEqual(values)
    const viewer = tree.viewer()
    viewer.take()
    expect(mirror.hash(0, 1)).toBe(viewer.hash(0, 1))
  })
})

describe('the quick way of a setter', () => {
  it('keeps numbers as the careful way does: -0, the largest, what is no whole number, what is no number', () => {
    const types: readonly TypeDef[] = [
      { kind: 'int8' },
      { kind: 'float32' },
      { kind: 'optional', type: 1 },
      { kind: 'boolean' },
      { kind: 'string' },
      { kind: 'optional', type: 4 },
      { kind: 'quantized', min: 0, max: 10, step: 0.5 },
      { kind: 'optional', type: 6 },
      {
        kind: 'record',
        fields: [
          { name: 'whole', type: 0 },
          { name: 'float', type: 1 },
          { name: 'maybe', type: 2 },
          { name: 'flag', type: 3 },
          { name: 'text', type: 4 },
          { name: 'note', type: 5 },
          { name: 'some', type: 7 },
        ],
      },
    ]
    const layout = compileLayout({
      name: 'q',
      version: 1,
      types,
      state: 8,
      presence: undefined,
      input: undefined,
      up: [],
      down: [],
    })
    const first = { whole: 0, float: 0, flag: false, text: '' }
    const tree = StateTree.create(layout, undefined, first, { epoch: '00112233445566ff' })
    const state: Record<string, unknown> = Object(tree.root)
    const mirror = new MirrorTree(layout)
    mirror.applySnapshot(tree.snapshot())
    const sees = (name: string, value: unknown, kept = value): void => {
      state[name] = value
      expect(state[name]).toBe(kept)
      mirror.applyPatch(nextPatch(tree) ?? new Uint8Array())
      expect(Object(mirror.state)[name]).toBe(kept)
      // Once more: nothing is different.
      state[name] = value
      expect(tree.dirty).toBe(false)
    }
    for (const value of [-0, 0, -128, 127, -0]) sees('whole', value)
    for (const value of [-0, 0, 0.1, 1e-45, -3.4e38]) sees('float', value, Math.fround(value))
    for (const value of [0, -0, undefined, 0.1]) sees('maybe', value, value && Math.fround(value))
    for (const value of [true, false]) sees('flag', value)
    for (const value of ['a', 'ä', '']) sees('text', value)
    for (const value of ['a', undefined, '']) sees('note', value)
    for (const value of [0, 9.5, undefined, 10]) sees('some', value)
    state['some'] = 9.9
    expect(tree.dirty).toBe(false)
    expect(state['some']).toBe(9.9)
    let asked = 0
    const object = { valueOf: () => asked++ }
    const wrongs = [0.5, 1e39, Number.NaN, Infinity, '1', '\ud800', 1n, null, object, Symbol('1'), []]
    for (const name of ['whole', 'float', 'maybe', 'flag', 'text', 'note', 'some']) {
      for (const wrong of wrongs) {
        if (wrong === 0.5 && ['float', 'maybe', 'some'].includes(name)) continue
        if (wrong === '1' && ['text', 'note'].includes(name)) continue
        expect(() => (state[name] = wrong)).toThrow(new RegExp(`^${name}: `))
      }
    }
    expect(asked).toBe(0)
    expect(tree.dirty).toBe(false)
  })

  it('sends an angle the shorter way round', () => {
    const spec: Spec = { kind: 'leaf', def: { kind: 'angle' } }
    const layout = layoutOfSpec({ kind: 'record', fields: [{ name: 'angle', optional: false, spec }] })
    const tree = StateTree.create(layout, undefined, { angle: 3 }, { epoch: '00112233445566ff' })
    const state: Record<string, unknown> = Object(tree.root)
    state['angle'] = -3
    // Version, group, fields, id, and 2,954 steps, which the long way would be 62,582.
    expect(nextPatch(tree)?.length).toBe(1 + 1 + 1 + 1 + 2)
  })
})
