import { expect, it } from 'vitest'
import { ArgumentError, readArguments, usage } from './arguments.ts'

const available = ['calls', 'state']
const read = (line: string) => readArguments(line === '' ? [] : line.split(' '), available)

it('measures our own peers in all benchmarks when nothing is said', () => {
  expect(read('')).toEqual({
    kind: 'measure',
    names: available,
    peers: 'ours',
    only: [],
    rounds: undefined,
    profile: false,
    check: false,
  })
})

it('reads what is asked for', () => {
  expect(read('state --peers --rounds 5 --profile')).toMatchObject({
    names: ['state'],
    peers: 'all',
    rounds: 5,
    profile: true,
  })
  expect(read('state state --only junto --only raw-ws')).toMatchObject({ names: ['state'], only: ['junto', 'raw-ws'] })
  expect(read('--check')).toMatchObject({ kind: 'measure', check: true })
  expect(read('calls --check --recorded')).toEqual({ kind: 'check-recorded', names: ['calls'] })
  expect(read('--draw')).toEqual({ kind: 'draw' })
  expect(read('-h')).toEqual({ kind: 'help' })
})

it.each([
  ['call', "there is no benchmark 'call', only calls, state"],
  ['--rounds 0', '--rounds 0: a whole number from 1 up is expected'],
  ['--rounds 1.5', '--rounds 1.5: a whole number from 1 up is expected'],
  ['--rounds many', '--rounds many: a whole number from 1 up is expected'],
  ['--round 3', "Unknown option '--round'"],
  ['--only', "Option '--only <value>' argument missing"],
  ['--recorded', '--recorded belongs to --check: use --check --recorded'],
  ['--check --recorded --peers', '--recorded and --peers do not go together: it measures nothing'],
  ['--check --only junto', '--check and --only do not go together: it measures whom the bounds are about'],
  ['--check --profile', '--check and --profile do not go together'],
  ['--peers --only junto', '--peers and --only do not go together: one means all peers, the other some'],
  ['--draw --rounds 3', '--draw and --rounds do not go together: it draws all that is recorded'],
  ['--draw calls', '--draw and calls do not go together'],
])('%s: says what is wrong', (line, message) => {
  expect(() => read(line)).toThrow(ArgumentError)
  expect(() => read(line)).toThrow(message)
})

it('names the benchmarks, and each option, in its help', () => {
  const text = usage(available)
  for (const part of ['calls, state', '--peers', '--only', '--rounds', '--profile', '--check', '--recorded', '--draw'])
    expect(text).toContain(part)
})
