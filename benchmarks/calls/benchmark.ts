import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isWanted, type Benchmark, type Options, type Result } from '../benchmark.ts'
import { Figures, type Heading } from '../figures.ts'
import { between, withWorkers, type Worker } from '../harness.ts'
import { packages } from '../packages.ts'
import { prepare, type Peer } from '../rounds.ts'
import type { LoadSettings, LoadShape } from './load.ts'
import * as roundTrips from './round-trips/measure.ts'
import * as ticking from './ticking/measure.ts'

const throughputs = ['calls-8', 'calls-8-busy', 'calls-1'] as const
/** What a peer is measured in: the last two are folders. */
type Part = (typeof throughputs)[number] | 'round-trips' | 'ticking'
const all: readonly Part[] = [...throughputs, 'round-trips', 'ticking']

/** Each a module in peers/; those that are measured in rooms that tick have one in ticking/, too. */
const peers: readonly (Peer & { readonly parts: readonly Part[] })[] = [
  { name: 'raw-ws', parts: all },
  { name: 'hand-batched', parts: [...throughputs, 'round-trips'] },
  { name: 'junto', ours: true, parts: all },
  { name: 'junto-client', ours: true, parts: ['calls-8', 'round-trips', 'ticking'] },
  { name: 'socket.io', parts: all, packages: packages.socketIo },
  { name: 'uws', parts: all, packages: packages.uws },
  { name: 'colyseus', parts: all, packages: packages.colyseus },
  { name: 'colyseus-uws', parts: all, packages: packages.colyseusUws },
]

const unit = 'µs per call'

// A load generator that does nothing with an answer keeps the server's core full, and then the kernel gathers raw messages into fewer
// reads and writes. Clients that do something leave the server time, and it wakes for single messages: the more usual case.
const shapes: readonly { readonly row: Heading & { readonly id: Part }; readonly shape: LoadShape }[] = [
  {
    row: { id: 'calls-8', title: '50 connections × 8 in flight', unit, isLoadFull: true },
    shape: { connections: 50, inFlight: 8, work: 8 },
  },
  {
    row: { id: 'calls-8-busy', title: '… with the server saturated (no target)', unit },
    shape: { connections: 50, inFlight: 8, work: 0 },
  },
  {
    row: { id: 'calls-1', title: '50 connections × 1 in flight', unit },
    shape: { connections: 50, inFlight: 1, work: 0 },
  },
]

/** Warm-ups are counted in calls, so that code is compiled also where the machine has other things to do; times are in ms. */
const settings = {
  firstWarmUp: 80_000,
  warmUp: 20_000,
  longestWarmUp: 6000,
  measured: 800,
  roundTrips: roundTrips.settings,
  ticking: ticking.settings,
}

const notes = [
  'Server and load run in processes of their own. A call costs what the CPU time of the server process (user and system) grew by, divided by the calls that it handled in that time. "server CPU" and "load CPU" are shares of a core.',
  'At 8 in flight the client works 8 µs on each answer, so that the server has time to spare: there the load generator is full on purpose. "Server saturated" is without that work. There the kernel gathers the messages of raw-ws into fewer reads and writes, which makes it cheaper. That is shown for what it tells about the peers; no target is set for it.',
  'junto: contract validation, limits, and sessions with their acks are on, with a load generator that speaks the protocol as leanly as those of the others do. junto-client: the same server under @junto/client.',
  'raw-ws and hand-batched validate nothing and know no rooms; hand-batched sends one message per connection and turn.',
  'socket.io: an event that is acknowledged with the result; WebSockets only, bufferutil, its parser for JSON (that for msgpack is advised for binary data, and was slower), no validation. uws: raw-ws on uWebSockets.js, which sends in one write what answers messages that were read together. colyseus: room requests, answered by what the handler of a message returns, over its transport by default, on ws, without validation; colyseus-uws: the same over the one on uWebSockets.js, which its documentation recommends for production. The clients of all four are made by hand, as lean as that of raw-ws.',
  ...roundTrips.notes,
  ...ticking.notes,
]

export const benchmark: Benchmark = {
  name: 'calls',
  title: 'Messages: server CPU per call and event, and how long calls take',
  libraries: ['ws', 'msgpackr', 'typebox'],
  peers,
  roundsAlone: 2,
  seconds: { alone: 80, round: 125 },
  async run(options, progress) {
    const ready = await prepare(peers, options, progress)
    const chosen = peers.filter(({ name }) => ready.chosen.some((each) => each.name === name))
    const figures = new Figures()
    const throughputsOf = ({ parts }: (typeof peers)[number]) =>
      shapes.filter(({ row }) => parts.includes(row.id) && isWanted(options, row.id))
    const namesIn = (part: Part): string[] => chosen.flatMap(({ name, parts }) => (parts.includes(part) ? [name] : []))
    const steps = options.rounds * (2 + chosen.reduce((sum, peer) => sum + throughputsOf(peer).length, 0))
    let step = 0

    // Interleaved, and each round begins with another peer: what the machine does meanwhile hits all of them.
    for (let round = 0; round < options.rounds; round++) {
      for (let i = 0; i < chosen.length; i++) {
        const peer = chosen[(i + round) % chosen.length]!
        const { name } = peer
        const announce = (title: string): void =>
          progress.step(step++ / steps, `round ${round + 1} of ${options.rounds}: ${name}, ${title}`)
        if (!ready.availability.has(name)) continue
        await ready.availability.attempt(name, () => measure(name, throughputsOf(peer), options, figures, announce))
      }
      progress.step(step++ / steps, `round ${round + 1} of ${options.rounds}: round trips`)
      await roundTrips.measureRoundTrips(namesIn('round-trips'), round, ready.availability, figures)
      progress.step(step++ / steps, `round ${round + 1} of ${options.rounds}: rooms that tick`)
      await ticking.measureTicking(namesIn('ticking'), round, options, ready.availability, figures)
    }
    const { versions, availability } = ready
    return {
      rows: figures.rows(),
      notes,
      settings,
      versions,
      unavailable: availability.unavailable,
    } satisfies Result
  },
}

/** One round of one peer, in fresh processes. */
async function measure(
  peer: string,
  throughputs: typeof shapes,
  options: Options,
  figures: Figures,
  announce: (title: string) => void,
): Promise<void> {
  await withWorkers(async (start) => {
    const server = await start({ module: new URL(`./peers/${peer}.ts`, import.meta.url), role: 'serve' })
    const load = await start({
      module: new URL('./load.ts', import.meta.url),
      role: 'load',
      settings: { peer, port: Number(server.ready) } satisfies LoadSettings,
    })
    let warmUp = settings.firstWarmUp
    for (const { row, shape } of throughputs) {
      announce(row.title)
      const profile = options.profile && join(options.profile, `${peer}-${row.id}.cpuprofile`)
      const { cost, shares } = await throughput(server, load, shape, warmUp, profile)
      figures.add(row, peer, cost, shares)
      warmUp = settings.warmUp
    }
  })
}

async function throughput(server: Worker, load: Worker, shape: LoadShape, warmUp: number, profile: string | undefined) {
  await load.command('begin', shape)
  await warmed(server, warmUp)
  const { before, after } = await server.profiled(profile, async () => {
    const before = { server: await server.sample(), load: await load.sample() }
    await sleep(settings.measured)
    return { before, after: { server: await server.sample(), load: await load.sample() } }
  })
  await load.command('end')
  const served = between(before.server, after.server)
  const calls = served.counters['calls'] ?? 0
  if (calls === 0) throw new Error('the server handled no calls')
  return { cost: served.cpu / calls, shares: { server: served.share, load: between(before.load, after.load).share } }
}

/** Waits until the server has handled so many calls more, within reason. */
async function warmed(server: Worker, calls: number): Promise<void> {
  const before = await server.sample()
  let now = before
  do {
    await sleep(100)
    now = await server.sample()
  } while ((between(before, now).counters['calls'] ?? 0) < calls && now.time - before.time < settings.longestWarmUp)
}
