import { expect, it } from 'vitest'
import type { Benchmark } from './benchmark.ts'
import { plan, type Measuring } from './plan.ts'

const some = (name: string, peers: Benchmark['peers'], more: Partial<Benchmark> = {}): Benchmark => ({
  name,
  title: name,
  libraries: [],
  peers,
  seconds: { alone: 30, round: 40 },
  run: () => Promise.reject(new Error('is not run')),
  ...more,
})
const junto = { name: 'junto', ours: true } as const
const calls = some('calls', [junto, { name: 'raw-ws' }, { name: 'uws' }, { name: 'colyseus' }])
const rooms = some('rooms', [junto], { roundsAlone: 2 })
const targets = { calls: [{ row: 'calls', peer: 'junto', against: 'raw-ws', target: 1 }] }
const usual: Measuring = {
  kind: 'measure',
  names: [],
  peers: 'ours',
  only: [],
  rounds: undefined,
  profile: false,
  check: false,
}
const planned = (command: Partial<Measuring>) =>
  plan({ ...usual, ...command }, [calls, rooms], targets, '/profiles').map(({ benchmark, options, seconds }) => ({
    name: benchmark.name,
    ...options,
    seconds,
  }))

it('measures our own peers shortly when nothing is said', () => {
  expect(planned({})).toEqual([
    { name: 'calls', rounds: 3, peers: 'ours', only: [], profile: undefined, seconds: 30 },
    { name: 'rooms', rounds: 2, peers: 'ours', only: [], profile: undefined, seconds: 30 },
  ])
  expect(planned({ rounds: 4, profile: true })).toMatchObject([
    { rounds: 4, seconds: 40, profile: '/profiles' },
    { rounds: 4, seconds: 60 },
  ])
})

it('measures all peers', () => {
  expect(planned({ peers: 'all' })).toMatchObject([
    { name: 'calls', rounds: 3, peers: 'all', only: [], seconds: 120 },
    { name: 'rooms', rounds: 3, peers: 'all', only: [] },
  ])
})

it('measures those who are named, where they are', () => {
  expect(planned({ only: ['uws'] })).toMatchObject([{ name: 'calls', peers: 'all', only: ['uws'], seconds: 30 }])
  expect(() => planned({ only: ['junto', 'usw'] })).toThrow(
    '--only usw: there is no such peer in calls, rooms. There are junto, raw-ws, uws, colyseus',
  )
})

it('measures for a check whom bounds are about, at full length', () => {
  expect(planned({ check: true })).toMatchObject([
    { name: 'calls', rounds: 3, peers: 'all', only: ['junto', 'raw-ws'], rows: ['calls'], seconds: 60 },
  ])
  const [beside] = planned({ check: true, peers: 'all' })
  expect(beside).toMatchObject({ name: 'calls', peers: 'all', only: [] })
  expect(beside).not.toHaveProperty('rows')
})
