import { expect, it, vi } from 'vitest'
import type { Options } from './benchmark.ts'
import type { Figures } from './figures.ts'
import { between, killWorkers, withWorkers } from './harness.ts'
import { choose, playRounds, prepare } from './rounds.ts'

const options: Options = { rounds: 2, peers: 'all', only: [], profile: undefined }
const module = new URL('./fixtures/peers.ts', import.meta.url)
const silent = { step: () => {}, say: () => {} }

async function measure(peer: string, _: Options, figures: Figures): Promise<void> {
  await withWorkers(async (start) => {
    const server = await start({ module, role: peer === 'load-fails' ? 'serve' : peer })
    const before = await server.sample()
    expect(await server.command('call')).toBe(1)
    if (peer === 'load-fails') await server.command('fail')
    const { counters } = between(before, await server.sample())
    figures.add({ id: 'calls', title: 'calls', unit: 'calls' }, peer, counters['calls'] ?? NaN)
  })
}

it('says of peers that fail why they do, and goes on with the others', { timeout: 60_000 }, async () => {
  const said: string[] = []
  const steps: string[] = []
  const progress = {
    step: (_: number, text: string) => void steps.push(text),
    say: (text: string) => void said.push(text),
  }
  const peers = ['doesNotStart', 'serve', 'endsAtStart', 'load-fails'].map((name) => ({ name }))
  const uninstallable = { name: 'uninstallable', packages: [{ folder: '../fixtures/uninstallable', libraries: [] }] }
  const { figures, unavailable } = await playRounds([...peers, uninstallable], options, progress, measure)
  expect(figures.rows()).toEqual([{ id: 'calls', title: 'calls', unit: 'calls', peers: { serve: { values: [1, 1] } } }])
  const where = 'of benchmarks/fixtures/peers.ts'
  expect(unavailable).toEqual({
    doesNotStart: `doesNotStart ${where} failed: the port is taken`,
    endsAtStart: `endsAtStart ${where} ended with 3`,
    'load-fails': `serve ${where} failed: no room left`,
    uninstallable: expect.stringMatching(
      /^the packages in .*uninstallable are not installed, and npm could not fetch them.*What npm said: code EUSAGE/,
    ),
  })
  expect(said).toContain(`doesNotStart cannot be measured: doesNotStart ${where} failed: the port is taken`)
  // Nobody who failed has a second round.
  expect(steps.filter((text) => text.startsWith('round 2'))).toEqual(['round 2 of 2: serve'])
})

it('ends the processes of a run that is stopped', async () => {
  const stopped = withWorkers(async (start) => {
    const server = await start({ module, role: 'serve' })
    const next = server.command('call').then(() => new Promise(() => {}))
    killWorkers()
    await Promise.race([next, server.command('call')])
  })
  await expect(stopped).rejects.toThrow(/ended with SIGKILL|is gone/)
})

it('does not wait for ever for a process that hangs, and ends it', async () => {
  const hung = withWorkers(async (start) => {
    const server = await start({ module, role: 'serve' })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answer = server.command('hang')
    vi.advanceTimersByTime(180_000)
    vi.useRealTimers()
    await answer
  })
  await expect(hung).rejects.toThrow("serve of benchmarks/fixtures/peers.ts did not answer 'hang' within 180 s")
})

it('measures our own peers, all of them, or those that are named', () => {
  const peers = [{ name: 'junto', ours: true } as const, { name: 'raw-ws' }]
  const names = (changed: Partial<Options>) => choose(peers, { ...options, ...changed }).map(({ name }) => name)
  expect(names({})).toEqual(['junto', 'raw-ws'])
  expect(names({ peers: 'ours' })).toEqual(['junto'])
  expect(names({ peers: 'ours', only: ['raw-ws'] })).toEqual(['raw-ws'])
  expect(() => names({ only: ['uws'] })).toThrow('none is to be measured: junto, raw-ws')
})

it('leaves out a peer whose binary does not load', async () => {
  const packages = [{ folder: '../fixtures/unloadable', libraries: [], loads: 'a binary' }]
  const { chosen, versions, availability } = await prepare(
    [{ name: 'own' }, { name: 'other', packages }],
    options,
    silent,
  )
  expect(chosen).toEqual([{ name: 'own' }])
  expect(versions).toEqual({})
  expect(availability.unavailable).toEqual({ other: 'no binary for this machine' })
})
