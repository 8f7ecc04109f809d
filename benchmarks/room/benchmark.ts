import { join } from 'node:path'
import type { Benchmark, Options, Result } from '../benchmark.ts'
import type { Figures } from '../figures.ts'
import { playRounds, type Peer } from '../rounds.ts'
import { percentile } from '../statistics.ts'
import type { Rules } from './contract.ts'
import { play } from './play.ts'

const rules: Rules = { game: 'field', tickRate: 30, patchRate: 20 }

/** Times are in ms. */
const settings = { ...rules, clients: 100, warmUp: 3_000, window: { alone: 6_000, beside: 10_000 } }

const colyseus = { folder: 'colyseus', libraries: ['@colyseus/core', '@colyseus/sdk', '@colyseus/schema'] }

/** Junto comes first: as many bytes as its patches have are sent by raw-ws. */
const peers: readonly Peer[] = [
  { name: 'junto', ours: true },
  { name: 'raw-ws' },
  { name: 'uws', packages: { folder: 'uws', libraries: [], loads: 'uWebSockets.js' } },
  { name: 'socket.io', packages: { folder: 'socket.io', libraries: ['socket.io'] } },
  { name: 'colyseus', packages: colyseus },
  { name: 'colyseus-quantized', packages: colyseus },
]

const rows = {
  cpu: { id: 'cpu', title: 'server CPU', unit: '% of a core' },
  bytes: { id: 'bytes', title: 'what a client gets', unit: 'B per second' },
  latency: [
    { id: 'latency-p50', title: "one's input until another sees it: half of them within", unit: 'ms', share: 0.5 },
    { id: 'latency-p99', title: '… 99 of 100 within', unit: 'ms', share: 0.99 },
  ],
  delay: [
    { id: 'delay-p50', title: "the server's event loop is late by: half of the time up to", unit: 'ms', of: 'p50' },
    { id: 'delay-p99', title: '… 99 of 100 times up to', unit: 'ms', of: 'p99' },
  ],
} as const

export const benchmark: Benchmark = {
  name: 'room',
  title: `A game room: ${settings.clients} players, inputs at ${rules.tickRate} Hz, patches at ${rules.patchRate} Hz`,
  libraries: ['ws', 'msgpackr', 'typebox'],
  peers,
  seconds: { alone: 38, round: 110 },
  async run(options, progress) {
    const { figures, versions, unavailable } = await playRounds(peers, options, progress, measure)
    return { rows: figures.rows(), notes: [], settings, versions, unavailable } satisfies Result
  },
}

/** Bytes of a message of Junto's, as last measured. */
let patchSize: number | undefined

async function measure(peer: string, options: Options, figures: Figures): Promise<void> {
  const { clients, warmUp, window } = settings
  const taken = await play({
    peer,
    rules,
    clients,
    paired: true,
    warmUp,
    window: options.peers === 'ours' ? window.alone : window.beside,
    patchSize,
    profile: options.profile && join(options.profile, `${peer}-room.cpuprofile`),
  })
  if (peer === 'junto') patchSize = taken.messageSize
  const { server, load, latencies, loopDelay } = taken
  figures.add(rows.cpu, peer, server * 100, { server, load })
  figures.add(rows.bytes, peer, taken.bytes)
  for (const { share, ...row } of rows.latency) figures.add(row, peer, percentile(latencies, share))
  for (const { of, ...row } of rows.delay) figures.add(row, peer, loopDelay[of])
}
