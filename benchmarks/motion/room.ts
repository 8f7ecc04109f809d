import { join } from 'node:path'
import type { Options } from '../benchmark.ts'
import type { Figures } from '../figures.ts'
import { play } from '../room/play.ts'
import { percentile } from '../statistics.ts'
import { rules } from './contract.ts'

/** Times are in ms. */
export const settings = { ...rules, clients: 100, warmUp: 1_200, window: { alone: 1_500, beside: 4_500 } }

const { tickRate, patchRate } = rules
const section = `A room of ${settings.clients} members: inputs and ticks at ${tickRate} Hz, patches at ${patchRate} Hz`
const tick = { id: 'tick', section, title: 'server CPU', unit: 'µs per tick' }
const bytes = { id: 'bytes', section, title: 'what a client gets', unit: 'B per second' }
const delays = [
  { id: 'delay-p50', share: 0.5, title: 'ticks come late by: half of them up to' },
  { id: 'delay-p99', share: 0.99, title: '… 99 of 100 up to' },
  { id: 'delay-max', share: 1, title: '… the latest' },
] as const

export const notes = [
  `A room of ${settings.clients}: each client sends an input in a message of its own ${tickRate} times a second, each in another phase, and all of them move. raw-ws unpacks an input, does the same step at the next tick, and sends each client, at the same rate, as many bytes as the other peer's messages have; it encodes, checks and bounds nothing. junto has limits, checks, sessions, stamps and acks on, looks back at x, y and aim of all (rewindable), and has a load generator as lean as the other's.`,
  'How late ticks come is the series tick_delay_seconds of the server itself; at raw-ws it is measured alike. Timers of Node are up to a millisecond late by themselves.',
]

/** Bytes of a message of Junto's, as last measured. */
let patchSize: number | undefined

/** One round of one peer, in fresh processes. */
export async function measureRoom(peer: string, options: Options, figures: Figures): Promise<void> {
  const { clients, warmUp, window } = settings
  const taken = await play({
    peer,
    rules,
    clients,
    paired: false,
    warmUp,
    window: options.peers === 'ours' ? window.alone : window.beside,
    patchSize,
    profile: options.profile && join(options.profile, `${peer}-motion.cpuprofile`),
  })
  if (peer === 'junto') patchSize = taken.messageSize
  const { server, load, late } = taken
  figures.add(tick, peer, taken.perTick, { server, load })
  figures.add(bytes, peer, taken.bytes)
  for (const { id, share, title } of delays) {
    figures.add({ id, section, title, unit: 'ms' }, peer, percentile(late, share))
  }
}
