import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sheet, type Point } from '../board.ts'
import { snap, touches } from '../page/drawing/geometry.ts'
import { fit, moved, toSheet } from '../page/drawing/view.ts'
import { initials } from '../../stage/page/names.ts'
import { boardKey, boardTitle } from '../page/names.ts'

const area = { left: 20, top: 70, width: 1000, height: 500 }

describe('the view', () => {
  test('shows the whole sheet in the middle of the area', () => {
    const view = fit(area)
    expect(view).toEqual({ left: 120, top: 70, scale: 0.5 })
    expect(toSheet(view, 120, 70)).toEqual([0, 0])
    expect(toSheet(view, 920, 570)).toEqual([sheet.width, sheet.height])
  })

  test('keeps the place under the fingers while it grows, and comes back to the whole sheet', () => {
    const at: Point = [500, 300]
    const grown = moved(fit(area), area, at, at, 3)
    expect(grown.scale).toBeCloseTo(1.5)
    expect(toSheet(grown, ...at)).toEqual(toSheet(fit(area), ...at))
    expect(moved(grown, area, at, [9_000, -9_000], 0.01)).toEqual(fit(area))
  })

  test('never loses the sheet', () => {
    const view = moved(moved(fit(area), area, [500, 300], [500, 300], 4), area, [0, 0], [99_999, 99_999], 1)
    expect([view.left, view.top]).toEqual([area.left, area.top])
  })
})

describe('places', () => {
  test('are the nearest that the contract can hold', () => {
    fc.assert(
      fc.property(fc.double({ min: -100, max: 2_000, noNaN: true }), (value) => {
        const [x] = snap(value, 0)
        expect(Number.isInteger(x / sheet.step)).toBe(true)
        expect(Math.abs(x - Math.min(sheet.width, Math.max(0, value)))).toBeLessThanOrEqual(sheet.step / 2)
      }),
    )
  })
})

describe('the eraser', () => {
  const line: Point[] = [
    [100, 100],
    [200, 100],
    [200, 300],
  ]

  test.each<[string, Point, Point, boolean]>([
    ['crossing it', [150, 50], [150, 150], true],
    ['crossing it between two reports', [150, 0], [160, 900], true],
    ['beside it, within reach', [150, 108], [150, 108], true],
    ['beside it, out of reach', [150, 112], [150, 112], false],
    ['along its end', [95, 100], [95, 100], true],
    ['around its corner', [100, 200], [180, 200], false],
  ])('%s', (_how, from, to, hit) => {
    expect(touches(line, from, to, 10)).toBe(hit)
  })

  test('touches a dot', () => {
    expect(touches([[50, 50]], [40, 50], [44, 50], 10)).toBe(true)
  })
})

describe('names', () => {
  test('of boards make addresses and come back as titles', () => {
    expect(boardKey('  Trip to Rome! ')).toBe('trip-to-rome')
    expect(boardKey('Ünïcode 北京')).toBe('ünïcode-北京')
    expect(boardKey('!?')).toBe('')
    expect(boardTitle('trip-to-rome')).toBe('Trip to rome')
  })

  test('of people have initials', () => {
    expect(initials('Ada King Lovelace')).toBe('AL')
    expect(initials('ada')).toBe('A')
    expect(initials('👩‍🚀 Sally')).toBe('👩‍🚀S')
    expect(initials('')).toBe('?')
  })
})
