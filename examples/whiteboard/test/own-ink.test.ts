import { describe, expect, test } from 'vitest'
import type { Point } from '../board.ts'
import { OwnInk, type KnownStroke, type Piece } from '../page/board/own-ink.ts'

/** A board as the server keeps it: applies pieces as the room does. */
class Board {
  readonly strokes = new Map<string, { points: (readonly [number, number])[]; done: boolean }>()

  draw({ id, from, points, done }: Piece): void {
    if (from === 0 && !this.strokes.has(id)) this.strokes.set(id, { points: [], done: false })
    const stroke = this.strokes.get(id)
    if (stroke === undefined || from > stroke.points.length) return
    stroke.points.push(...points.slice(stroke.points.length - from))
    if (done) stroke.done = true
  }
}

function setUp(): { own: OwnInk; board: Board } {
  let id = 0
  return { own: new OwnInk(() => `stroke-${(id += 1)}`), board: new Board() }
}

const line = (from: number, to: number): Point[] => Array.from({ length: to - from }, (_, i) => [from + i, 0])

describe('own strokes on their way to the board', () => {
  test('arrive in pieces that say where they start', () => {
    const { own } = setUp()
    const id = own.begin(2, 7, [0, 0])
    for (const point of line(1, 3)) own.extend(id, point)
    expect(own.take(9)).toEqual([{ id, color: 2, width: 7, from: 0, points: line(0, 3), done: false }])
    own.extend(id, [3, 0])
    own.finish(id)
    expect(own.take(9)).toEqual([{ id, color: 2, width: 7, from: 3, points: line(3, 4), done: true }])
    expect(own.take(9)).toEqual([])
  })

  test('are bounded in size and number of pieces; the last piece alone is done', () => {
    const { own } = setUp()
    const id = own.begin(0, 3, [0, 0])
    for (const point of line(1, 900)) own.extend(id, point)
    own.finish(id)
    const first = own.take(1)
    const rest = own.take(9)
    expect([...first, ...rest].map(({ from, points, done }) => [from, points.length, done])).toEqual([
      [0, 500, false],
      [500, 400, true],
    ])
  })

  test('are settled when the state holds them in full, and only then', () => {
    const { own } = setUp()
    const id = own.begin(0, 3, [0, 0])
    own.extend(id, [1, 0])
    own.finish(id)
    expect(own.heard(id, known(1, false), 0)).toBe(false)
    expect(own.heard(id, known(2, false), 0)).toBe(false)
    expect(own.waiting).toBe(1)
    expect(own.heard(id, known(2, true), 0)).toBe(true)
    expect(own.waiting).toBe(0)
  })

  test('go on where the state ends after a reconnect, whatever got lost', () => {
    for (let arrived = 0; arrived <= 4; arrived += 1) {
      const { own, board } = setUp()
      const id = own.begin(0, 3, [0, 0])
      const sent: Piece[] = own.take(9)
      for (const point of line(1, 4)) {
        own.extend(id, point)
        sent.push(...own.take(9))
      }
      for (const piece of sent.slice(0, arrived)) board.draw(piece)
      // Away: the pen goes on.
      own.extend(id, [4, 0])
      own.finish(id)
      own.rejoined(board.strokes, undefined)
      for (const piece of own.take(9)) board.draw(piece)
      expect(board.strokes.get(id)).toEqual({ points: line(0, 5), done: true })
    }
  })

  test('may be sent twice: the board is the same', () => {
    const { own, board } = setUp()
    const id = own.begin(0, 3, [0, 0])
    own.extend(id, [1, 0])
    own.finish(id)
    const pieces = own.take(9)
    for (const piece of [...pieces, ...pieces]) board.draw(piece)
    expect(board.strokes.get(id)?.points).toEqual(line(0, 2))
  })

  test('are given up when somebody erased them meanwhile', () => {
    const { own } = setUp()
    const id = own.begin(0, 3, [0, 0])
    own.take(9)
    own.heard(id, known(1, false), 0)
    own.rejoined(new Map(), undefined)
    expect(own.waiting).toBe(0)
    expect(own.extend(id, [1, 0])).toBe(false)
  })

  test('are sent again when the server may have died before it saved them', () => {
    const { own, board } = setUp()
    const settle = (at: number): string => {
      const id = own.begin(0, 3, [0, 0])
      own.finish(id)
      own.take(9)
      own.heard(id, known(1, true), at)
      return id
    }
    settle(1_000)
    const late = settle(15_000)
    own.rejoined(board.strokes, 16_000)
    for (const piece of own.take(9)) board.draw(piece)
    // The first was settled long enough before: when it is missing, it was erased.
    expect([...board.strokes.keys()]).toEqual([late])
  })
})

function known(points: number, done: boolean): KnownStroke {
  return { points: { length: points }, done }
}
