import { join } from 'node:path'
import type { Benchmark, Options, Result } from '../benchmark.ts'
import { mediansOf, type Figures, type Taken } from '../figures.ts'
import { between, withWorkers, type Worker } from '../harness.ts'
import { playRounds, type Peer } from '../rounds.ts'
import type { Making, Matching } from './load.ts'

const peers: readonly Peer[] = [{ name: 'junto', ours: true }]

const settings = {
  /** How many rooms there are when players are matched. */
  counts: [10, 1_000, 10_000],
  /** Players of one batch; the first batch of each is not measured, nor are those before it. */
  players: 3_000,
  batches: 3,
  /** The same in a run that shall be short. */
  alone: { players: 1_500, batches: 2 },
  /** Players on their way at a time. */
  lanes: 32,
  /** Rooms that are there before memory is looked at for the first time. */
  first: 2_000,
  idle: 10_000,
}

const match = (count: number) => ({
  id: `match-${count}`,
  title: `find a room among ${count.toLocaleString('en')}, join and leave: server CPU`,
  unit: 'µs',
})
const growth = { id: 'growth', title: 'the same among 10,000 rooms, in times of that among 10', unit: '×' }
const rate = { id: 'rate', title: 'joins a second on one core, as that makes them', unit: 'joins/s' }
const make = { id: 'make', title: 'make a room, join and leave: server CPU', unit: 'µs' }
const memory = { id: 'memory', title: 'memory per idle room (RSS)', unit: 'KB' }

const notes = [
  'Server and load run in processes of their own. Players are on connections that stand: a join is a frame, a match by a value, a set of two, a range and an order over three fields of metadata, a seat, the first state, and leaving again.',
  `Memory is what the resident set of the server's process grew by from ${settings.first.toLocaleString('en')} to ${settings.idle.toLocaleString('en')} rooms in which nobody is, divided by their number, each time after a collection of garbage. The rooms have a state of one field, metadata and no key.`,
  'With the rooms that there are at first, every wish is met by one: nothing is made while players are matched.',
]

export const benchmark: Benchmark = {
  name: 'rooms',
  title: 'Rooms: what it costs to find one, and to have ten thousand',
  libraries: ['ws', 'msgpackr', 'typebox'],
  peers,
  roundsAlone: 2,
  seconds: { alone: 17, round: 16 },
  async run(options, progress) {
    const { figures, unavailable } = await playRounds(peers, options, progress, measure)
    return { rows: figures.rows(), notes, settings, unavailable } satisfies Result
  },
}

/** One round, in fresh processes. */
async function measure(peer: string, options: Options, figures: Figures): Promise<void> {
  await withLoad(async (server, load) => {
    const grow = async (first: number, until: number): Promise<number> => {
      const before = await server.sample()
      await load.command('make', { first, count: until - first } satisfies Making)
      const { cpu, counters } = between(before, await server.sample())
      if (counters['rooms'] !== until - first)
        throw new Error(`${counters['rooms']} rooms were made, not ${until - first}`)
      return cpu / (until - first)
    }
    let rooms = 0
    const costs: number[] = []
    const makes: number[] = []
    for (const count of settings.counts) {
      const made = await grow(rooms, count)
      rooms = count
      makes.push(made)
      const profile = options.profile && join(options.profile, `${peer}-match-${count}.cpuprofile`)
      const { cost, ...shares } = await server.profiled(profile, () => matched(server, load, options))
      figures.add(match(count), peer, cost, shares)
      costs.push(cost)
    }
    figures.add(make, peer, makes.at(-1) ?? NaN)
    const [few = NaN, ...more] = costs
    figures.add(growth, peer, (more.at(-1) ?? NaN) / few)
    figures.add(rate, peer, 1_000_000 / (more.at(-1) ?? NaN))
  })
  await withLoad(async (server, load) => {
    const { first, idle } = settings
    await load.command('make', { first: 0, count: first } satisfies Making)
    await server.command('collect')
    const few = await server.sample()
    await load.command('make', { first, count: idle - first } satisfies Making)
    await server.command('collect')
    const many = await server.sample()
    figures.add(memory, peer, (many.memory - few.memory) / (idle - first) / 1000)
  })
}

/** A server and its load, in fresh processes. */
async function withLoad(work: (server: Worker, load: Worker) => Promise<void>): Promise<void> {
  await withWorkers(async (start) => {
    const server = await start({ module: new URL('./server.ts', import.meta.url), role: 'serve' })
    const settings = { port: Number(server.ready) }
    await work(server, await start({ module: new URL('./load.ts', import.meta.url), role: 'load', settings }))
  })
}

/** What it costs to match one player, in µs, and shares of a core meanwhile. */
async function matched(server: Worker, load: Worker, options: Options): Promise<Taken> {
  const { lanes } = settings
  const { players: count, batches } = options.peers === 'ours' ? settings.alone : settings
  const batch = async (): Promise<Taken> => {
    const before = { server: await server.sample(), load: await load.sample() }
    await load.command('match', { count, lanes } satisfies Matching)
    const { cpu, share, counters } = between(before.server, await server.sample())
    if (counters['joins'] !== count) throw new Error(`${counters['joins']} players of ${count} were matched`)
    if (counters['rooms'] !== 0) throw new Error(`${counters['rooms']} rooms were made: there was none for some wish`)
    return { cost: cpu / count, server: share, load: between(before.load, await load.sample()).share }
  }
  await batch()
  const taken: Taken[] = []
  for (let n = 0; n < batches; n++) taken.push(await batch())
  return mediansOf(taken)
}
