import { expect, it } from 'vitest'
import type { Benchmark, Options, Result } from './benchmark.ts'
import { measureAll } from './measuring.ts'
import { RunProgress } from './progress.ts'
import type { Recorded, Shelf } from './recorded.ts'
import type { Target } from './targets.ts'

const where = {
  date: '2026-01-01T00:00:00.000Z',
  machine: { cpu: 'a processor', cores: 2, memory: '8 GiB', kernel: '6' },
  versions: { node: '20' },
  commit: 'abc',
  loadBefore: 0,
  changed: false,
}
const all: Options = { rounds: 3, peers: 'all', only: [], profile: undefined }
const result: Result = {
  rows: [{ id: 'size', title: 'a patch', unit: 'B', peers: { own: { values: [6, 7, 8] } } }],
  notes: [],
  settings: {},
}
const met: Target = { row: 'size', peer: 'own', target: 7 }

async function measured(
  run: () => Promise<Result>,
  {
    options = all,
    target = met,
    isChecked = false,
    isFull = false,
  }: { options?: Options; target?: Target; isChecked?: boolean; isFull?: boolean } = {},
) {
  const benchmark: Benchmark = {
    name: 'some',
    title: 'Some figures',
    libraries: [],
    peers: [{ name: 'own', ours: true }, { name: 'other' }],
    seconds: { alone: 1, round: 1 },
    run,
  }
  const after: Benchmark = { ...benchmark, name: 'after', run: () => Promise.resolve(result) }
  const kept: { shelf: Shelf; record: Recorded }[] = []
  let printed = ''
  const planned = [benchmark, after].map((each) => ({ benchmark: each, options, seconds: 1 }))
  const stages = planned.map(({ seconds }) => ({ name: 'some', seconds }))
  const code = await measureAll(planned, { some: [target] }, isChecked, {
    progress: new RunProgress(stages, { write: () => {} }),
    print: (text) => (printed += `${text}\n`),
    keep: (record, shelf) => {
      if (isFull && record.benchmark === 'some') throw new Error('ENOSPC: no space left on device')
      kept.push({ shelf, record })
      return shelf
    },
    circumstances: () => where,
  })
  return { code, printed, kept: kept.filter(({ record }) => record.benchmark === 'some'), last: kept.at(-1) }
}

it('keeps a run of all peers as the latest and as the recorded one, with what was judged', async () => {
  const { code, kept, printed } = await measured(() => Promise.resolve(result))
  expect(code).toBe(0)
  expect(kept.map(({ shelf }) => shelf)).toEqual(['latest', 'recorded'])
  expect(kept[0]?.record).toMatchObject({
    benchmark: 'some',
    commit: 'abc',
    rounds: 3,
    rows: [{ id: 'size', peers: { own: { median: 7, values: [6, 7, 8] } } }],
    targets: [{ ...met, measured: 7, best: 6, worst: 8, verdict: 'met' }],
    unavailable: {},
  })
  expect(printed).toContain('some: 1 of 1 targets met')
})

it.each([{ rounds: 2 }, { peers: 'ours' as const }, { only: ['own'] }, { rows: ['size'] }, { profile: '/profiles' }])(
  'does not record %o',
  async (options) => {
    const { kept } = await measured(() => Promise.resolve(result), { options: { ...all, ...options } })
    expect(kept.map(({ shelf }) => shelf)).toEqual(['latest'])
  },
)

it('names a peer that could not be measured in the table, in what is kept, and at the end', async () => {
  const unavailable = { other: 'its binary does not load' }
  const { code, printed, kept } = await measured(() => Promise.resolve({ ...result, unavailable }))
  expect(code).toBe(0)
  expect(printed.match(/other COULD NOT BE MEASURED: its binary does not load/g)).toHaveLength(2)
  expect(kept.map(({ shelf, record }) => [shelf, record.unavailable])).toEqual([
    ['latest', unavailable],
    ['recorded', unavailable],
  ])
})

it('fails when a peer of our own could not be measured, and records nothing', async () => {
  const { code, kept } = await measured(() => Promise.resolve({ ...result, unavailable: { own: 'it failed' } }))
  expect(code).toBe(1)
  expect(kept.map(({ shelf }) => shelf)).toEqual(['latest'])
})

it('fails when nothing was measured', async () => {
  const nothing = { ...result, rows: [], unavailable: { other: 'no network' } }
  expect((await measured(() => Promise.resolve(nothing), { options: { ...all, only: ['other'] } })).code).toBe(1)
})

it('goes on after a benchmark that fails, and fails at the end', async () => {
  const { code, printed, kept, last } = await measured(() => Promise.reject(new Error('too few open files')))
  expect(code).toBe(1)
  expect(kept).toEqual([])
  expect(last?.record.benchmark).toBe('after')
  expect(printed).toContain('some: FAILED: too few open files')
})

it('says what could not be written, goes on, and fails at the end', async () => {
  const { code, printed, last } = await measured(() => Promise.resolve(result), { isFull: true })
  expect(code).toBe(1)
  expect(printed).toMatch(/a patch +B +7 \(6 – 8\)/)
  expect(printed).toContain('some: THE RESULT COULD NOT BE WRITTEN, and stands above only: ENOSPC')
  expect(last?.record.benchmark).toBe('after')
})

it('holds figures to their bounds when that is asked for', async () => {
  const run = () => Promise.resolve(result)
  const broken: Target = { ...met, target: 6 }
  expect((await measured(run, { target: broken })).code).toBe(0)
  expect((await measured(run, { target: broken, isChecked: true })).code).toBe(1)
  expect((await measured(run, { target: { ...met, peer: 'other' }, isChecked: true })).code).toBe(3)
  expect((await measured(run, { isChecked: true })).code).toBe(0)
})
