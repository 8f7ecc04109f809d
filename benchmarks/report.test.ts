import { expect, it } from 'vitest'
import type { Result } from './benchmark.ts'
import type { Circumstances } from './recorded.ts'
import { bottlenecks, format } from './report.ts'
import { judge, type Target } from './targets.ts'

const where: Circumstances = {
  date: '2026-01-01T00:00:00.000Z',
  machine: { cpu: 'a processor', cores: 2, memory: '8 GiB', kernel: '6' },
  versions: { node: '20' },
  commit: 'abc',
  loadBefore: 0,
  changed: false,
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
  notes: ['A note.'],
  settings: {},
  versions: { other: '5.0.0' },
}
const targets: readonly Target[] = [
  { row: 'size', peer: 'own', target: 5, bound: 6, missed: 'it is large' },
  { row: 'time', peer: 'own', against: 'other', target: 0.6 },
  { row: 'time', peer: 'third', target: 1 },
]

const text = (changed: Partial<Result> = {}, circumstances = where): string => {
  const whole = { ...result, ...changed }
  const report = { title: 'Some figures', result: whole, verdicts: judge(targets, whole), where: circumstances }
  return format(report).replaceAll(/ {2,}/g, ' | ')
}

it('puts two peers beside each other, with the targets in the same line', () => {
  expect(text().split('\n').slice(0, 8)).toEqual([
    'Some figures',
    '',
    ' | Bytes | unit | own | other | own ÷ other | target',
    ' | a patch | B | 6 | 12 | 0.50 | ≤ 5 | MISSED (bound 6 holds)',
    '',
    ' | CPU | unit | own | other | own ÷ other | target',
    ' | a write | µs | 0.300 (0.200 – 0.400) | 0.500 (0.400 – 0.500) | 0.60 | ≤ 0.60 × other | met',
    '',
  ])
  expect(text()).toContain('1 of 2 targets met, 1 MISSED, 1 not judged: not all of their peers were measured')
  expect(text()).toContain('node 20, other 5.0.0')
})

it('puts more peers below each other, by sections, and the targets into a table of their own', () => {
  const peers = { own: { values: [7] }, other: { values: [2] }, third: { values: [3] } }
  const rows = [{ id: 'size', section: 'Bytes', title: 'a patch', unit: 'B', peers }]
  expect(text({ rows })).toContain('\n | Bytes\n | a patch | own | 7 | 7 – 7 | B')
  expect(text({ rows })).toContain(' | third | 3 | 3 – 3 | B')
  expect(text({ rows })).toContain(' | a patch | own | 5 | 7 | 7 – 7 | BOUND BROKEN')
})

it('names a peer that could not be measured, and says why', () => {
  const unavailable = { third: 'its binary does not load', other: 'its server ended' }
  expect(text({ unavailable })).toContain('- third COULD NOT BE MEASURED: its binary does not load')
  expect(text({ unavailable })).toContain('- other COULD NOT BE MEASURED in all rounds: its server ended')
  expect(text({ rows: [], unavailable: { own: 'no' } })).toContain('nothing was measured')
})

it('says when the machine was busy', () => {
  expect(text({}, { ...where, loadBefore: 1.1 })).toContain('The machine was busy before (load average 1.1)')
})

it('says where the load generator was full and the server was not', () => {
  const row = (server: number, load: number) => ({
    id: 'calls',
    title: 'calls',
    unit: 'µs',
    peers: { own: { values: [1], serverShare: [server], loadShare: [load] } },
  })
  expect(bottlenecks([row(0.5, 0.9)])).toEqual([
    expect.stringContaining('own, calls: THE LOAD GENERATOR WAS FULL (90 % of a core)'),
  ])
  expect(bottlenecks([row(0.95, 0.9), row(0.5, 0.5), ...result.rows])).toEqual([])
  expect(bottlenecks([{ ...row(0.5, 0.9), isLoadFull: true }])).toEqual([])
})
