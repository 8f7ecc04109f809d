import { expect, test } from 'vitest'
import { whyGone, whyOver } from '../page/words.ts'

test('a table that is not found was never there for who comes, and is over for who sat at it', () => {
  expect(whyGone('room_not_found')).toMatch(/^There is no table of this code/)
  expect(whyOver('room_not_found')).toMatch(/^This table is over/)
  expect(whyOver('idle')).toBe(whyGone('idle'))
})
