import type { Figures } from '../../figures.ts'
import { withWorkers, type Worker } from '../../harness.ts'
import type { Availability } from '../../rounds.ts'
import type { Callee, Trips } from './load.ts'

interface Served {
  readonly name: string
  readonly module: URL
}

/** The first is what the others are compared with. */
const peers: readonly Served[] = [
  'raw-ws',
  'hand-batched',
  'junto',
  'junto-client',
  'socket.io',
  'uws',
  'colyseus',
].map((name) => ({ name, module: new URL(`../peers/${name}.ts`, import.meta.url) }))
/** Calls that write, in a room that ticks. It belongs to junto-client. */
const writer: Served = { name: 'writer', module: new URL('../ticking/junto-client.ts', import.meta.url) }

export const settings = { warmUp: { calls: 12_000, cycles: 500 }, cycles: 2_400 }

const idle = { id: 'idle', title: 'idle round trip', unit: 'µs' }
const idleRatio = { id: 'idle-ratio', title: 'idle round trip, beside raw-ws', unit: '× raw-ws' }
const writing = { id: 'writing', title: "… of a call that writes, settle: 'reply'", unit: 'µs' }
const writingRatio = { id: 'writing-ratio', title: '… of a call that writes, beside raw-ws', unit: '× raw-ws' }

export const notes = [
  `Round trips: the clients of all peers are in one process, which makes one call at a time: one to each peer in turn, in an order that changes, ${settings.cycles.toLocaleString('en')} times. Each peer's server has a process of its own; where the machine allows it, all servers are kept on one core and the clients on another. How long it takes to wake a sleeping process changes from one second to the next by more than peers differ: so what is judged is the median of how many times as long a round trip took as that of raw-ws in the same cycle.`,
  "The call that writes is one in a room that ticks 20 times a second, which with settle: 'reply' does not wait for the patch.",
]

/** What is said to be unavailable when clients that take turns fail, and nobody knows whose fault that is. */
const all = 'round trips'

/** One round of round trips. A peer that does not start or answer is lost, and the others go on. */
export async function measureRoundTrips(
  chosen: readonly string[],
  availability: Availability,
  figures: Figures,
): Promise<void> {
  const asked = peers.filter(({ name }) => chosen.includes(name) && availability.has(name))
  if (asked.length === 0 || !availability.has(all)) return
  await availability.attempt(all, () => measure(asked, availability, figures))
}

async function measure(asked: readonly Served[], availability: Availability, figures: Figures): Promise<void> {
  await withWorkers(async (start) => {
    const served: { readonly callee: Callee; readonly server: Worker }[] = []
    const writes = asked.some(({ name }) => name === 'junto-client')
    for (const { name, module } of writes ? [...asked, writer] : asked) {
      await availability.attempt(peerOf(name), async () => {
        const server = await start({ module, role: 'serve' })
        served.push({ server, callee: { name, module: module.href, port: Number(server.ready) } })
      })
    }
    // The last to be started is the first to be closed: no server is to leave it behind.
    const load = await start({ module: new URL('./load.ts', import.meta.url), role: 'alternate' })
    const called: string[] = []
    for (const { callee } of served) {
      const { name } = callee
      await availability.attempt(peerOf(name), async () => {
        await load.command('open', callee)
        called.push(name)
      })
    }
    // Otherwise it is left to chance which of the servers share a core with the clients, where they are woken sooner.
    for (const { server } of served) server.keepOn(1)
    load.keepOn(0)
    await load.command('warm', settings.warmUp.calls)
    await load.command('trips', settings.warmUp.cycles)
    // The load is load.ts, of the same source.
    const { times, ratios } = (await load.command('trips', settings.cycles)) as Trips
    for (const name of called)
      figures.add(name === writer.name ? writing : idle, peerOf(name), (times[name] ?? NaN) * 1000)
    if (called[0] !== 'raw-ws') return
    for (const name of called.slice(1))
      figures.add(name === writer.name ? writingRatio : idleRatio, peerOf(name), ratios[name] ?? NaN)
  })
}

const peerOf = (name: string): string => (name === writer.name ? 'junto-client' : name)
