import { expect, it } from 'vitest'
import type { Benchmark, Result } from './benchmark.ts'
import { format, judge, type Circumstances } from './report.ts'

const where: Circumstances = {
  date: '2026-01-01T00:00:00.000Z',
  machine: { cpu: 'a processor', cores: 2, memory: '8 GiB', kernel: '6' },
  versions: { node: '20' },
  commit: 'abc',
  loadBefore: 0,
  changed: false,
}
const benchmark: Benchmark = {
  name: 'some',
  title: 'Some figures',
  libraries: [],
  run: () => Promise.reject(new Error('is not run')),
}
const result: Result = {
  rows: [
    {
      id: 'size',
      section: 'Bytes',
      title: 'a patch',
      unit: 'B',
      peers: { own: { values: [6] }, other: { values: [12] } },
    },
    {
      id: 'time',
      section: 'CPU',
      title: 'a write',
      unit: 'µs',
      peers: { own: { values: [0.2, 0.4, 0.3] }, other: { values: [0.5, 0.5, 0.4] } },
    },
  ],
  targets: [
    { row: 'size', peer: 'own', atMost: 5 },
    { row: 'time', peer: 'own', against: 'other', atMost: 0.6 },
    { row: 'absent', peer: 'own', atMost: 1 },
  ],
  notes: ['A note.'],
  settings: {},
  versions: { other: '5.0.0' },
}

it('judges a median by itself or against another one, and leaves out what was not measured', () => {
  expect(judge(result)).toEqual([
    { row: 'size', peer: 'own', atMost: 5, measured: 6, best: 6, worst: 6, met: false },
    { row: 'time', peer: 'own', against: 'other', atMost: 0.6, measured: 0.6, best: 0.4, worst: 0.8, met: true },
  ])
})

it('puts two peers beside each other, with the targets in the same line', () => {
  const text = format(benchmark, result, where).replaceAll(/ {2,}/g, ' | ')
  expect(text.split('\n').slice(0, 8)).toEqual([
    'Some figures',
    '',
    ' | Bytes | unit | own | other | own ÷ other | target',
    ' | a patch | B | 6 | 12 | 0.50 | ≤ 5 | MISSED',
    '',
    ' | CPU | unit | own | other | own ÷ other | target',
    ' | a write | µs | 0.300 (0.200 – 0.400) | 0.500 (0.400 – 0.500) | 0.60 | ≤ 0.60 × other | met',
    '',
  ])
  expect(text).toContain('1 of 2 targets met, 1 MISSED')
  expect(text).toContain('node 20, other 5.0.0')
})

it('puts more peers below each other, and the targets into a table of their own', () => {
  const peers = { own: { values: [1] }, other: { values: [2] }, third: { values: [3] } }
  const rows = [{ id: 'size', title: 'a patch', unit: 'B', peers }]
  const text = format(benchmark, { ...result, rows }, where).replaceAll(/ {2,}/g, ' | ')
  expect(text).toContain(' | third | 3 | 3 – 3 | B')
  expect(text).toContain(' | a patch | own | 5 | 1 | 1 – 1 | met')
})
