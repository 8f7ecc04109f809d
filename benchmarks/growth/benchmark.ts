import { join } from 'node:path'
import type { Benchmark, Options, Result } from '../benchmark.ts'
import type { Figures } from '../figures.ts'
import { withWorkers } from '../harness.ts'
import { packages } from '../packages.ts'
import { Table, type Taken } from '../room/play.ts'
import type { Rules } from '../room/contract.ts'
import { playRounds, type Peer } from '../rounds.ts'

const rules: Rules = { game: 'field', tickRate: 20, patchRate: 20 }

/** Times are in ms. Each step is ten times the one before. */
const settings = {
  ...rules,
  /** Inputs of each client in a second: fewer than ticks, so that a thousand clients do not fill the load generator. */
  inputRate: 10,
  warmUp: 700,
  window: 1_300,
  counts: { clients: [10, 100, 1_000], rooms: [1, 10, 100, 1_000], entities: [100, 1_000, 10_000] },
  /** Who looks at the entities. */
  viewers: 10,
} as const

/** Junto comes first: as many bytes as its patches have are sent by raw-ws. Rooms and entities raw-ws has none of. */
const peers: readonly Peer[] = [
  { name: 'junto', ours: true },
  { name: 'raw-ws' },
  { name: 'colyseus', packages: packages.colyseus },
]

const notes = [
  `The game of the benchmark room at ${rules.tickRate} ticks and patches a second, each client with ${settings.inputRate} inputs a second. The exponent says how the server's CPU time grew with the last step: with 1 ten times as many cost ten times as much, with 0 the same.`,
  'Clients: all are in one room, all move and all see all. The state is encoded once for all of them, and a delivery is one message to one client: there are as many deliveries as clients. What is delivered grows with the clients as well, so bytes grow with their square, by nature; it is copied into as many sockets. What a delivery costs is the honest unit.',
  'colyseus: on its transport by default, on ws.',
  'Rooms: with one player each. A room has a clock, a patch and a message of its own, and none of it is shared: the process itself (its timers, its event loop) is what a few rooms divide among them.',
  `Entities: moved by the room, all of them in each tick, seen by ${settings.viewers} clients. Patches of more than 16 KiB travel in parts.`,
]

export const benchmark: Benchmark = {
  name: 'growth',
  title: 'Growth: clients of a room, rooms of a process, entities of a room, each tenfold',
  libraries: ['ws', 'msgpackr', 'typebox'],
  peers,
  roundsAlone: 1,
  seconds: { alone: 38, round: 72 },
  async run(options, progress) {
    const { figures, versions, unavailable } = await playRounds(peers, options, progress, measure)
    return { rows: figures.rows(), notes, settings, versions, unavailable } satisfies Result
  },
}

/** Bytes of a message of Junto's, by its number of clients. */
const sizes = new Map<number, number>()

/** Measures each dimension, also where another one failed. */
async function measure(peer: string, options: Options, figures: Figures): Promise<void> {
  const growth = new Growth(peer, options, figures)
  const dimensions = peer === 'junto' ? [clients, rooms, entities] : peer === 'raw-ws' ? [clients] : [clients, rooms]
  const failures: string[] = []
  for (const dimension of dimensions) {
    await dimension(growth).catch((error) => failures.push(error instanceof Error ? error.message : String(error)))
  }
  if (failures.length > 0) throw new Error(failures.join('; '))
}

async function clients(growth: Growth): Promise<void> {
  const { peer, options } = growth
  await withWorkers(async (start) => {
    const table = await Table.open(start, { peer, rules, inputRate: settings.inputRate })
    await table.server.profiled(profileOf(options, peer, 'clients'), async () => {
      for (const count of settings.counts.clients) {
        await table.seat(count, Infinity)
        await table.resize(sizes.get(count) ?? count * 3.4)
        const taken = await look(table, 'clients', count)
        if (peer === 'junto') sizes.set(count, taken.messageSize)
        growth.add('clients', count, taken, { cost: taken.cpu / taken.messages, unit: 'µs per delivery' })
      }
    })
  })
}

async function rooms(growth: Growth): Promise<void> {
  const { peer, options } = growth
  await withWorkers(async (start) => {
    const table = await Table.open(start, { peer, rules, inputRate: settings.inputRate })
    await table.server.profiled(profileOf(options, peer, 'rooms'), async () => {
      for (const count of settings.counts.rooms) {
        await table.seat(count, 1)
        const taken = await look(table, 'rooms', count)
        growth.add('rooms', count, taken, { cost: taken.perTick, unit: 'µs per room and tick' })
      }
    })
  })
}

async function entities(growth: Growth): Promise<void> {
  const { peer, options } = growth
  for (const count of settings.counts.entities) {
    await withWorkers(async (start) => {
      const table = await Table.open(start, { peer, rules: { ...rules, others: count }, inputRate: settings.inputRate })
      await table.seat(settings.viewers, Infinity)
      const file = profileOf(options, peer, `entities-${count}`)
      const taken = await table.server.profiled(file, () => look(table, 'entities', count))
      growth.add('entities', count, taken, { cost: taken.perTick / count, unit: 'µs per entity and tick' })
    })
  }
}

async function look(table: Table, what: Dimension, count: number): Promise<Taken> {
  try {
    await table.warmUp(settings.warmUp)
    return await table.take(settings.window)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`with ${count.toLocaleString('en')} ${what}: ${reason}`, { cause: error })
  }
}

function profileOf({ profile }: Options, peer: string, what: string): string | undefined {
  return profile && join(profile, `${peer}-growth-${what}.cpuprofile`)
}

type Dimension = keyof typeof settings.counts

/** The figures of one peer, in which each step is compared with the one before. */
class Growth {
  readonly #before = new Map<Dimension, { readonly count: number; readonly cpu: number }>()

  constructor(
    readonly peer: string,
    readonly options: Options,
    private readonly figures: Figures,
  ) {}

  add(what: Dimension, count: number, taken: Taken, { cost, unit }: { cost: number; unit: string }): void {
    const { figures, peer } = this
    const { server, load, cpu, bytes } = taken
    const section = what === 'clients' ? 'Clients of a room' : what === 'rooms' ? 'Rooms' : 'Entities of a room'
    const many = `${count.toLocaleString('en')} ${count === 1 ? what.slice(0, -1) : what}`
    const row = (kind: string, title: string, unit: string) => ({
      id: kind === '' ? `${what}-${count}` : `${kind}-${what}-${count}`,
      section,
      title: `${many}: ${title}`,
      unit,
    })
    figures.add(row('', 'server CPU', '% of a core'), peer, server * 100, { server, load })
    figures.add(row('each', 'server CPU', unit), peer, cost)
    figures.add(row('bytes', 'what a client gets', 'B per second'), peer, bytes)
    const before = this.#before.get(what)
    this.#before.set(what, { count, cpu })
    if (before === undefined) return
    const exponent = Math.log(cpu / before.cpu) / Math.log(count / before.count)
    figures.add(row('exponent', `exponent of CPU since ${before.count.toLocaleString('en')}`, ''), peer, exponent)
  }
}
