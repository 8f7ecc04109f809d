import type { Figures } from '../../figures.ts'
import { withWorkers, type Worker } from '../../harness.ts'
import type { Callee, Trips } from './load.ts'

/** The first is what the others are compared with. */
const peers: readonly { readonly name: string; readonly module: URL }[] = [
  'raw-ws',
  'hand-batched',
  'junto',
  'junto-client',
  'socket.io',
  'uws',
  'colyseus',
].map((name) => ({ name, module: new URL(`../peers/${name}.ts`, import.meta.url) }))
/** Calls that write, in a room that ticks. It belongs to junto-client. */
const writer = { name: 'writer', module: new URL('../ticking/junto-client.ts', import.meta.url) }

export const settings = { warmUp: { calls: 20_000, cycles: 500 }, cycles: 3_000 }

const idle = { id: 'idle', title: 'idle round trip', unit: 'µs' }
const idleRatio = { id: 'idle-ratio', title: 'idle round trip, beside raw-ws', unit: '× raw-ws' }
const writing = { id: 'writing', title: "… of a call that writes, settle: 'reply'", unit: 'µs' }
const writingRatio = { id: 'writing-ratio', title: '… of a call that writes, beside raw-ws', unit: '× raw-ws' }

export const notes = [
  `Round trips: the clients of all peers are in one process, which makes one call at a time: one to each peer in turn, in an order that changes, ${settings.cycles.toLocaleString('en')} times. Each peer's server has a process of its own; where the machine allows it, all servers are kept on one core and the clients on another. How long it takes to wake a sleeping process changes from one second to the next by more than peers differ: so what is judged is the median of how many times as long a round trip took as that of raw-ws in the same cycle.`,
  "The call that writes is one in a room that ticks 20 times a second, which with settle: 'reply' does not wait for the patch.",
]

/** One round of round trips. */
export async function measureRoundTrips(chosen: readonly string[], figures: Figures): Promise<void> {
  await withWorkers(async (start) => {
    const servers: Worker[] = []
    const callees: Callee[] = []
    for (const { name, module } of chosen.includes('junto-client') ? [...peers, writer] : peers) {
      if (name !== writer.name && !chosen.includes(name)) continue
      const server = await start({ module, role: 'serve' })
      servers.push(server)
      callees.push({ name, module: module.href, port: Number(server.ready) })
    }
    const load = await start({
      module: new URL('./load.ts', import.meta.url),
      role: 'alternate',
      settings: callees,
    })
    // Otherwise it is left to chance which of the servers share a core with the clients, where they are woken sooner.
    for (const server of servers) server.keepOn(1)
    load.keepOn(0)
    await load.command('warm', settings.warmUp.calls)
    await load.command('trips', settings.warmUp.cycles)
    // The load is load.ts, of the same source.
    const { times, ratios } = (await load.command('trips', settings.cycles)) as Trips
    const writes = (name: string): boolean => name === writer.name
    const peerOf = (name: string): string => (writes(name) ? 'junto-client' : name)
    for (const { name } of callees)
      figures.add(writes(name) ? writing : idle, peerOf(name), (times[name] ?? NaN) * 1000)
    if (!chosen.includes('raw-ws')) return
    for (const { name } of callees) {
      if (name !== 'raw-ws') figures.add(writes(name) ? writingRatio : idleRatio, peerOf(name), ratios[name] ?? NaN)
    }
  })
}
