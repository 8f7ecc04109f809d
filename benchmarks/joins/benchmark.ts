import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isWanted, type Benchmark, type Options, type Result } from '../benchmark.ts'
import { mediansOf, type Figures, type Taken } from '../figures.ts'
import { between, withWorkers, type Worker } from '../harness.ts'
import { playRounds } from '../rounds.ts'
import type { Arrivals, LoadSettings } from './load.ts'
import { peers, type ServeSettings } from './peer.ts'

const paces: readonly {
  readonly id: string
  readonly title: string
  readonly pace: Arrivals['pace']
  readonly count: number
  readonly batches: number
}[] = [
  { id: 'join', title: 'join, 16 clients at a time', pace: { atOnce: 16 }, count: 1_500, batches: 3 },
  { id: 'join-single', title: 'join, one client every 3 ms', pace: { rate: 333 }, count: 900, batches: 1 },
]

/** What a join leads to within `after` ms, such as its acknowledgement, belongs to it; pings come later. */
const settings = {
  // A server that has seen fewer is not compiled yet: it shows at once in the figure.
  warmUp: 4_000,
  alone: { warmUp: 3_000, mostBatches: 1 },
  paces,
  after: 1_200,
  heartbeat: 15_000,
}

const notes = [
  'Server and load run in processes of their own. A join is a connection, the verification of a signed token, a seat in a room of 50, and the first state of 20 players at the client. It costs what the CPU time of the server process (user and system) grew by while clients came, divided by their number.',
  'Clients stay until the figure is taken: what closing costs is not in it. One every 3 ms finds a server that sleeps, and to be woken costs processor time too.',
  'raw-ws: a message to join, answered by one with the state. junto: @junto/client, with the session, the layout of the contract, and the acknowledgement of what came.',
  'socket.io: WebSockets only, its parser for JSON, bufferutil, and without the first request of each client, as its pages on performance and memory advise; token and room come with its handshake, and its first message is the state. uws: as raw-ws, on uWebSockets.js. The clients of both are made by hand.',
  'colyseus: its server and its client as they come, but for the interval of pings; colyseus-uws: the same on its transport on uWebSockets.js, which its documentation recommends for production. The token is verified in the static onAuth, clients of a room meet by filterBy, and both sides share the classes of the state. A seat is reserved by an HTTP request before the WebSocket is opened.',
]

export const benchmark: Benchmark = {
  name: 'joins',
  title: 'Joins: server CPU from the connection to the first state',
  libraries: ['ws', 'msgpackr', 'typebox'],
  peers,
  roundsAlone: 2,
  seconds: { alone: 18, round: 90 },
  async run(options, progress) {
    const { figures, versions, unavailable } = await playRounds(peers, options, progress, measure)
    return { rows: figures.rows(), notes, settings, versions, unavailable } satisfies Result
  },
}

/** One round of one peer, in fresh processes. */
async function measure(peer: string, options: Options, figures: Figures): Promise<void> {
  const { warmUp, mostBatches } =
    options.peers === 'ours' ? settings.alone : { warmUp: settings.warmUp, mostBatches: Infinity }
  await withWorkers(async (start) => {
    const given: ServeSettings = { heartbeat: settings.heartbeat }
    const module = new URL(`./peers/${peer}.ts`, import.meta.url)
    const server = await start({ module, role: 'serve', settings: given })
    const load = await start({
      module: new URL('./load.ts', import.meta.url),
      role: 'load',
      settings: { peer, port: Number(server.ready), from: '127.0.0.2' } satisfies LoadSettings,
    })
    let first = 0
    const batch = async (count: number, pace: Arrivals['pace'], after = settings.after) => {
      const before = { server: await server.sample(), load: await load.sample() }
      await load.command('arrive', { first, count, pace } satisfies Arrivals)
      const serverShare = between(before.server, await server.sample()).share
      const loadShare = between(before.load, await load.sample()).share
      await sleep(after)
      const served = between(before.server, await server.sample())
      first += count
      await load.command('leave')
      await emptied(server)
      const { joins = 0 } = served.counters
      if (joins !== count) throw new Error(`${joins} clients of ${count} joined`)
      return { cost: served.cpu / joins, server: serverShare, load: loadShare }
    }
    for (let n = 0; n < warmUp; n += 1_000) await batch(1_000, { atOnce: 16 }, 0)
    for (const { id, title, pace, count, batches } of paces.filter(({ id }) => isWanted(options, id))) {
      const profile = options.profile && join(options.profile, `${peer}-${id}.cpuprofile`)
      const measured = await server.profiled(profile, async () => {
        const taken: Taken[] = []
        for (let n = 0; n < Math.min(batches, mostBatches); n++) taken.push(await batch(count, pace))
        return taken
      })
      const { cost, ...shares } = mediansOf(measured)
      figures.add({ id, title, unit: 'µs each' }, peer, cost, shares)
    }
  })
}

/** Waits until all connections are closed. */
async function emptied(server: Worker): Promise<void> {
  const longest = 20_000
  const began = performance.now()
  while ((await server.sample()).counters['open'] !== 0) {
    if (performance.now() - began > longest) throw new Error('clients are still connected')
    await sleep(20)
  }
}
