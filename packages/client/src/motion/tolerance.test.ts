import { compileLayout, layoutOf, type CompiledLayout, type TypeIndex } from '@junto/schema/internal'
import { defineRoom, t } from '@junto/schema'
import { describe, expect, it } from 'vitest'
import { Tolerances } from './tolerance.ts'

const names = ['x', 'y', 'z', 'aim', 'w']

function laidOut(step: number): { readonly layout: CompiledLayout; readonly type: TypeIndex } {
  const Game = defineRoom('game', {
    version: 1,
    state: t.Object({
      player: t.Object({
        name: t.String(),
        x: t.Quantized({ min: -100, max: 100, step }),
        y: t.Optional(t.Quantized({ min: 0, max: 10, step: 0.5 })),
        z: t.Float32(),
        aim: t.Angle(),
        w: t.Float64(),
      }),
    }),
    clientToServer: {},
    serverToClient: {},
  })
  const layout = compileLayout(layoutOf(Game))
  const type = layout.layout.types.findIndex(
    (def) => def.kind === 'record' && def.fields.some(({ name }) => name === 'aim'),
  )
  return { layout, type }
}

describe('what rounding does to a number that travels', () => {
  const { layout, type } = laidOut(0.1)
  const tolerances = new Tolerances(names)
  const from = [1, 2, 1_000, 1, 5]
  it.each([
    ['a step of a quantized number', [1.1, 2, 1_000, 1, 5], true],
    ['more than a step', [1.11, 2, 1_000, 1, 5], false],
    ['a step of one that is optional', [1, 2.5, 1_000, 1, 5], true],
    ['two steps of one that is optional', [1, 3, 1_000, 1, 5], false],
    ['the last bits of 32', [1, 2, 1_000.0001, 1, 5], true],
    ['more than these', [1, 2, 1_000.001, 1, 5], false],
    ['a step of an angle', [1, 2, 1_000, 1.00009, 5], true],
    ['more of an angle', [1, 2, 1_000, 1.0002, 5], false],
    ['any of a number that is not rounded', [1, 2, 1_000, 1, 5.000001], false],
    ['nothing', from, true],
    ['a number that came', [1, 2, 1_000, 1, NaN], true],
  ])('covers %s: %j, %s', (_what, to, isCovered) => {
    expect(tolerances.covers(layout, type, from, to)).toBe(isCovered)
  })

  it('is another one where the server comes back with another layout', () => {
    const other = laidOut(1)
    expect(tolerances.covers(other.layout, other.type, from, [2, 2, 1_000, 1, 5])).toBe(true)
    expect(tolerances.covers(layout, type, from, [2, 2, 1_000, 1, 5])).toBe(false)
  })

  it('covers nothing of what is not known yet', () => {
    expect(tolerances.covers(layout, undefined, from, [1.05, 2, 1_000, 1, 5])).toBe(false)
    expect(tolerances.covers(undefined, type, from, [1.05, 2, 1_000, 1, 5])).toBe(false)
  })
})
