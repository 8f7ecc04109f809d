import { expect, it } from 'vitest'
import { readTargets } from '../targets.ts'
import * as junto from './sides/junto.ts'
import { measureSizes, sizeRows } from './sizes.ts'

// Bytes are the same on every machine, so that a test can hold them to what the benchmark says of them.

const sizes = measureSizes(junto, 10_000)

const targets = (readTargets()['state'] ?? []).flatMap(({ row, against, target, bound = target }) => {
  const title = sizeRows.find(({ id }) => id === row)?.title
  return title === undefined || against !== undefined ? [] : [{ row, title, bound }]
})

it.each(targets)('$title: within the bound of the benchmark', ({ row, bound }) => {
  expect(sizes[row]).toBeLessThanOrEqual(bound)
})

it('bounds of sizes are there', () => {
  expect(targets.length).toBeGreaterThan(10)
})

it('joining 1,000: within three quarters of what @colyseus/schema 5.0 sends', () => {
  expect(sizes['snapshot-float32']).toBeLessThanOrEqual(0.75 * 46_640)
  expect(sizes['snapshot-steps']).toBeLessThanOrEqual(0.75 * 42_640)
})
