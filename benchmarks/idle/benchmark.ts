import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Options, Result } from '../benchmark.ts'
import type { Figures } from '../figures.ts'
import { between, openFiles, withWorkers, type Window } from '../harness.ts'
import type { Arrivals, LoadSettings } from '../joins/load.ts'
import { peers, type ServeSettings } from '../joins/peer.ts'
import { playRounds } from '../rounds.ts'

/** Times are in ms. */
const settings = {
  clients: 10_000,
  /** Those that are there before memory is looked at for the first time: what a server needs anyway is not counted. */
  first: 2_000,
  /** Processes that hold the clients, and how many of each are on their way at a time. */
  loads: 4,
  atOnce: 8,
  heartbeat: 15_000,
  /** Junto: until what follows the joins has been acknowledged; and until the last of it, a ping that asks whether they have come. */
  settleFirst: 3_000,
  settle: 7_000,
  /** The others: nothing follows their joins. */
  settleOthers: 1_500,
  /** How long the heartbeat is watched: whole intervals. */
  watched: 15_000,
}

const memory = { id: 'memory', title: 'memory per joined client (RSS)', unit: 'KB' }
const heartbeat = { id: 'heartbeat', title: '10,000 idle clients: server CPU', unit: '% of a core' }
const beats = { id: 'ping', title: 'the same, for a ping and its pong', unit: 'µs' }

const notes = [
  `Memory is what the resident set of the server's process grew by from ${settings.first.toLocaleString('en')} joined clients to ${settings.clients.toLocaleString('en')}, divided by their number, each time after a collection of garbage. What the kernel keeps for a socket is not in it. Rooms have 50 clients and a state of 20 players each.`,
  `Each client gets a ping every ${settings.heartbeat / 1000} s, and Junto's a beat with the time as well. The server's CPU time was taken over ${settings.watched / 1000} s in which nothing else happened.`,
  'raw-ws pings its clients in the same way, and keeps a name and an id of each; junto: with sessions that can be resumed.',
  'socket.io and uws: without resumption. uws pings by itself, in steps of four seconds: every 16 s where the others do every 15, so that its figures lack a sixteenth.',
  'colyseus: pings of all clients at once (colyseus-uws: by uWebSockets.js itself), and patches at its default rate: each of its rooms looks for changes every 50 ms, which is in its CPU time. A room of Junto without a tick does nothing until something happens.',
]

export const benchmark: Benchmark = {
  name: 'idle',
  title: 'Idle clients: memory, and what keeping them alive costs',
  libraries: ['ws', 'msgpackr', 'typebox'],
  peers,
  roundsAlone: 1,
  seconds: { alone: 44, round: 178 },
  async run(options, progress) {
    const files = openFiles()
    if (files < settings.clients + 200) {
      throw new Error(
        `this needs ${settings.clients + 200} open files in a process, and ${files} are allowed: raise it with 'ulimit -n'`,
      )
    }
    // The clients are those of the benchmark of joins.
    const { figures, versions, unavailable } = await playRounds(peers, options, progress, measure)
    return { rows: figures.rows(), notes, settings, versions, unavailable } satisfies Result
  },
}

/** One round of one peer, in fresh processes. */
async function measure(peer: string, options: Options, figures: Figures): Promise<void> {
  const { clients, first, loads, atOnce } = settings
  await withWorkers(async (start) => {
    const given: ServeSettings = { heartbeat: settings.heartbeat }
    const module = new URL(`../joins/peers/${peer}.ts`, import.meta.url)
    const server = await start({ module, role: 'serve', settings: given })
    // An address each: the connections from one address to a port are limited by the ports that it has.
    const from = (n: number): LoadSettings => ({ peer, port: Number(server.ready), from: `127.0.0.${n + 2}` })
    const crowd = await Promise.all(
      Array.from({ length: loads }, (_, n) =>
        start({ module: new URL('../joins/load.ts', import.meta.url), role: 'load', settings: from(n) }),
      ),
    )
    /** All processes together bring the clients from one number up to another. */
    const grow = async (since: number, until: number, settle: number): Promise<void> => {
      const count = (until - since) / loads
      await Promise.all(
        crowd.map((load, n) =>
          load.command('arrive', { first: since + n * count, count, pace: { atOnce } } satisfies Arrivals),
        ),
      )
      await sleep(settle)
      await server.command('collect')
    }
    const isOurs = peer === 'junto'
    await grow(0, first, isOurs ? settings.settleFirst : settings.settleOthers)
    const few = await server.sample()
    await grow(first, clients, isOurs ? settings.settle : settings.settleOthers)
    const many = await server.sample()
    figures.add(memory, peer, (many.memory - few.memory) / (clients - first) / 1000)

    const profile = options.profile && join(options.profile, `${peer}-idle.cpuprofile`)
    const { cpu, share, load, counters } = await server.profiled(profile, async () => {
      const sample = () => Promise.all([server, ...crowd].map((worker) => worker.sample()))
      const before = await sample()
      await sleep(settings.watched)
      const windows = (await sample()).map((after, index) => between(before[index]!, after))
      const [served, ...loaded] = windows as [Window, ...Window[]]
      return { ...served, load: Math.max(...loaded.map(({ share }) => share)) }
    })
    if (counters['open'] !== 0) throw new Error(`${-(counters['open'] ?? 0)} clients were lost meanwhile`)
    // Of its processes the one that did most.
    figures.add(heartbeat, peer, share * 100, { server: share, load })
    figures.add(beats, peer, cpu / ((clients * settings.watched) / settings.heartbeat))
  })
}
