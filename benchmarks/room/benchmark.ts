import { join } from 'node:path'
import type { Benchmark, Options, Result } from '../benchmark.ts'
import type { Figures } from '../figures.ts'
import { packages } from '../packages.ts'
import { playRounds, type Peer } from '../rounds.ts'
import { percentile } from '../statistics.ts'
import type { Rules } from './contract.ts'
import { play } from './play.ts'

const rules: Rules = { game: 'field', tickRate: 30, patchRate: 20 }

/** Times are in ms. */
const settings = { ...rules, clients: 100, warmUp: 2_500, window: { alone: 4_500, beside: 10_000 } }

/** Junto comes first: as many bytes as its patches have are sent by raw-ws. */
const peers: readonly Peer[] = [
  { name: 'junto', ours: true },
  { name: 'raw-ws' },
  { name: 'uws', packages: packages.uws },
  { name: 'socket.io', packages: packages.socketIo },
  { name: 'colyseus', packages: packages.colyseus },
  { name: 'colyseus-uws', packages: packages.colyseusUws },
  { name: 'colyseus-quantized', packages: packages.colyseus },
]

const notes = [
  `${settings.clients} players in one room, all of whom move all the time, and each of whom sends an input in a message of its own ${rules.tickRate} times a second, in a phase of its own. Each peer takes them in ticks of ${rules.tickRate} a second and sends what has changed ${rules.patchRate} times a second. Ticks come as often as inputs because a game that is to be fair takes one input of each player in each step: that is what sampleInputs of @junto/client sends, and what Colyseus's page on inputs and fixed steps shows, at this very rate. The three servers by hand and Junto send patches at ticks: 33 and 67 ms apart, by turns.`,
  'Server, load and the two programs that are looked at run in processes of their own. Bytes are those of messages, as a client of the load gets them. The latency is from the moment in which one program makes an input to the one in which the copy of the state of the other has its mark, which travels with every peer as a number of the state. The programs of Junto are @junto/client, with inputs in step with ticks, sent so that each is there a few milliseconds before its tick; others send when their own clock says so, at all distances from the ticks.',
  'How late the event loop is is measured by perf_hooks (monitorEventLoopDelay, each 10 ms) in the server.',
  'junto: validation, limits, sessions, stamps and acks are on; coordinates in steps of a centimetre. People run 6 metres a second: what changes between two patches takes a byte. The load is as lean as that of raw-ws.',
  "raw-ws: ws and msgpackr, no more than receiving, the same step, and sending as many bytes as Junto's messages have; nothing is encoded. uws: uWebSockets.js and msgpackr, a patch is packed once and published. socket.io: an event to all in the room, with bufferutil and the parser for JSON, which takes less time here than the one for msgpack; with that one its bytes would be about those of uws. Both send whole places in centimetres, of all.",
  'colyseus: defineInput, setFixedTimestep and patches each 50 ms; all clients are its SDK, which does not decode the state in those that only load the server. float32, or its quantized types of 16 bits: steps of 3 cm. Its transport is the one by default, on ws; colyseus-uws is the same on uWebSockets.js, which its documentation recommends for production.',
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
  roundsAlone: 2,
  seconds: { alone: 22, round: 105 },
  async run(options, progress) {
    const { figures, versions, unavailable } = await playRounds(peers, options, progress, measure)
    return { rows: figures.rows(), notes, settings, versions, unavailable } satisfies Result
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
