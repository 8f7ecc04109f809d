import { expect, test } from 'vitest'
import type { Line } from '../page/board/line.ts'
import { Unsaved } from '../page/board/unsaved.ts'

const line = (id: string): Line => ({ id, color: 0, width: 3, points: [[0, 0]] })

test('strokes are added again that the server confirmed shortly before it died, and did not save', () => {
  const unsaved = new Unsaved(10_000)
  unsaved.keep(line('old'), 1_000)
  unsaved.keep(line('erased'), 9_000)
  unsaved.keep(line('saved'), 9_500)
  unsaved.keep(line('late'), 10_000)
  unsaved.forget('erased')
  // The first was confirmed long enough before: when it is missing, it was erased.
  expect(unsaved.missing(new Set(['saved']), 11_500)).toEqual([line('late')])
})
