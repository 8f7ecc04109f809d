import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import type { Row } from './benchmark.ts'
import { check } from './check.ts'
import { judge, readTargets, type Target } from './targets.ts'

const row = (id: string, peers: Record<string, number[]>): Row => ({
  id,
  title: `the ${id}`,
  unit: 'µs',
  peers: Object.fromEntries(Object.entries(peers).map(([name, values]) => [name, { values }])),
})
const rows = [row('size', { own: [6] }), row('time', { own: [0.2, 0.4, 0.3], other: [0.5, 0.5, 0.4] })]
const time: Target = { row: 'time', peer: 'own', against: 'other', target: 0.6 }

it('judges a median by itself, or divided by that of another peer of the same run', () => {
  expect(judge([{ row: 'size', peer: 'own', target: 6 }, time], { rows })).toEqual([
    { row: 'size', peer: 'own', target: 6, measured: 6, best: 6, worst: 6, verdict: 'met' },
    { ...time, measured: 0.6, best: 0.4, worst: 0.8, verdict: 'met' },
  ])
})

it('a target that is missed may have a bound that holds', () => {
  const missed: Target = { row: 'size', peer: 'own', target: 5, bound: 6, missed: 'it is large' }
  expect(judge([missed], { rows })).toMatchObject([{ verdict: 'missed' }])
  expect(judge([{ ...missed, bound: 5.9 }], { rows })).toMatchObject([{ verdict: 'broken' }])
  expect(judge([{ row: 'size', peer: 'own', target: 5 }], { rows })).toMatchObject([{ verdict: 'broken' }])
})

it('says why a target is not judged', () => {
  const reasons = (target: Target, unavailable?: Record<string, string>): unknown =>
    judge([target], { rows, unavailable })
  expect(reasons({ ...time, row: 'absent' })).toMatchObject([
    { verdict: 'unknown', reason: "no row 'absent' was measured" },
  ])
  expect(reasons({ ...time, against: 'third' })).toMatchObject([
    { verdict: 'unknown', reason: "third has no figure in 'time'" },
  ])
  // It has figures of some rounds.
  expect(reasons(time, { other: 'its server ended' })).toMatchObject([
    { verdict: 'unknown', reason: 'other could not be measured' },
  ])
})

const missed: Target = { row: 'size', peer: 'own', target: 5, bound: 6, missed: 'it is large' }
const broken: Target = { row: 'size', peer: 'own', target: 5 }
const unknown: Target = { row: 'absent', peer: 'own', target: 5 }

it.each([
  { targets: [time], code: 0, count: '1 of 1 targets met, 0 missed within their bounds, 0 bounds broken' },
  { targets: [time, missed], code: 0, count: '1 of 2 targets met, 1 missed within their bounds, 0 bounds broken' },
  {
    targets: [time, broken, unknown],
    code: 1,
    count: '1 of 3 targets met, 0 missed within their bounds, 1 bounds broken, 1 not judged',
  },
  {
    targets: [missed, unknown],
    code: 3,
    count: '0 of 2 targets met, 1 missed within their bounds, 0 bounds broken, 1 not judged',
  },
])('a check exits with $code: $count', ({ targets, code, count }) => {
  const report = check([{ name: 'some', rows, verdicts: judge(targets, { rows }) }])
  expect(report.code).toBe(code)
  expect(report.lines.at(-1)).toBe(count)
})

it('a check says of each target what came out, and why those are missed that are', () => {
  const met = { ...time, bound: 0.9, missed: 'it is slow' }
  const verdicts = judge([missed, broken, unknown, met], { rows })
  const lines = check([{ name: 'some', rows, verdicts }]).lines.map((line) => line.replaceAll(/ {2,}/g, ' | '))
  expect(lines.slice(1, 5)).toEqual([
    ' | some: the size | own | 5 | 6 | 6 | 6 – 6 | MISSED (bound 6 holds)',
    ' | some: the size | own | 5 | 6 | 6 – 6 | BOUND BROKEN',
    " | some: absent | own | 5 | – | – | NOT JUDGED: no row 'absent' was measured",
    ' | some: the time | own ÷ other | 0.600 | 0.900 | 0.600 | 0.400 – 0.800 | met',
  ])
  expect(lines.slice(6, 8)).toEqual([
    '- some: the size, own: missed, it is large.',
    '- some: the time, own ÷ other: met this time, worst round 0.800. When that lasts, take its bound out.',
  ])
})

it.each([
  ['[]', 'an object with a list of targets for each benchmark is expected'],
  ['{"calls":{}}', 'targets.json, calls: a list of targets is expected'],
  ['{"calls":[1]}', 'targets.json, calls[0]: an object is expected'],
  ['{"calls":[{"peer":"junto","target":1}]}', 'targets.json, calls[0]: row must be a text'],
  ['{"calls":[{"row":"a","peer":"b","target":"1"}]}', 'targets.json, calls[0]: target must be a number'],
  ['{"calls":[{"row":"a","peer":"b","target":1,"atMost":2}]}', "targets.json, calls[0]: 'atMost' means nothing here"],
  ['{"calls":[{"row":"a","peer":"b","target":1,"bound":2}]}', "calls[0]: a bound needs 'missed'"],
  ['{"calls":[{"row":"a","peer":"b","target":1,"missed":"so"}]}', "calls[0]: a bound needs 'missed'"],
  ['{"calls":[{"row":"a","peer":"b","target":2,"bound":1,"missed":"so"}]}', 'the bound 1 must be above the target 2'],
])('targets that are wrong: %s', (text, message) => {
  const folder = mkdtempSync(join(tmpdir(), 'targets-'))
  try {
    writeFileSync(join(folder, 'targets.json'), text)
    expect(() => readTargets(pathToFileURL(join(folder, 'targets.json')))).toThrow(message)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('the targets of this repository are right', () => {
  expect(Object.values(readTargets()).flat().length).toBeGreaterThan(40)
})
