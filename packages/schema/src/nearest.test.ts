import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

const names = ['title', 'call', 'p99', 'tickRate', 'mutators']

test.each([
  ['titel', 'title'],
  ['tickrate', 'tickRate'],
  ['mutator', 'mutators'],
  ['mutatros', 'mutators'],
  ['cal', 'call'],
])('%s was to be %s', (typed, meant) => {
  expect(nearest(typed, names)).toBe(meant)
})

test.each(['load', 'p5', 'options', ''])('%j is another name, and no slip of the pen', (typed) => {
  expect(nearest(typed, names)).toBeUndefined()
})
