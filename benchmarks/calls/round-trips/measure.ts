import type { Figures } from '../../figures.ts'
import { withWorkers } from '../../harness.ts'
import type { Availability } from '../../rounds.ts'
import { median } from '../../statistics.ts'
import type { Callee, Trips } from './load.ts'

export const settings = { warmUp: { calls: 12_000, cycles: 200 }, cycles: 1_500 }

const idle = {
  time: { id: 'idle', title: 'idle round trip', unit: 'µs' },
  ratio: { id: 'idle-ratio', title: 'idle round trip, beside raw-ws', unit: '× raw-ws' },
}
/** Calls that write, in a room that ticks. */
const writing = {
  time: { id: 'writing', title: "… of a call that writes, settle: 'reply'", unit: 'µs' },
  ratio: { id: 'writing-ratio', title: '… of a call that writes, beside raw-ws', unit: '× raw-ws' },
}

const callee = (name: string) => ({ name, module: new URL(`../peers/${name}.ts`, import.meta.url), rows: idle })
/** What the others are compared with. */
const reference = callee('raw-ws')
const writer = { name: 'junto-client', module: new URL('../ticking/junto-client.ts', import.meta.url), rows: writing }

export const notes = [
  `Round trips: each peer is measured beside raw-ws and nobody else, so that all find the processor's caches filled by the same one. A client of each of the two is in one process, which makes one call at a time: one to each in turn, in an order that changes, ${settings.cycles.toLocaleString('en')} times. Both servers have a process of their own; where the machine allows it, they are kept on one core and the clients on another. How long it takes to wake a sleeping process changes from one second to the next by more than peers differ: so what is judged is the median of how many times as long a round trip took as that of raw-ws in the same cycle.`,
  "The call that writes is one in a room that ticks 20 times a second, which with settle: 'reply' does not wait for the patch.",
]

/** One round of round trips, which begins with another peer each time. One that does not start or answer is lost, and the others go on. */
export async function measureRoundTrips(
  chosen: readonly string[],
  round: number,
  availability: Availability,
  figures: Figures,
): Promise<void> {
  const isBeside = chosen.includes(reference.name)
  const others = chosen.filter((name) => name !== reference.name).map(callee)
  if (chosen.includes(writer.name)) others.push(writer)
  const references: number[] = []
  for (let i = 0; i < others.length; i++) {
    const { name, module, rows } = others[(i + round) % others.length]!
    if (!availability.has(name)) continue
    const withReference = isBeside && availability.has(reference.name)
    await availability.attempt(name, async () => {
      const [times = [], beside] = await tripsTo(withReference ? [module, reference.module] : [module])
      figures.add(rows.time, name, median(times) * 1000)
      if (beside === undefined) return
      references.push(...beside)
      const ratios = times.map((time, cycle) => time / (beside[cycle] ?? NaN))
      figures.add(rows.ratio, name, median(ratios))
    })
  }
  if (isBeside && others.length === 0) references.push(...((await tripsTo([reference.module]))[0] ?? []))
  if (references.length > 0) figures.add(idle.time, reference.name, median(references) * 1000)
}

/** In fresh processes, with as many calls before as let both sides' code be compiled. */
async function tripsTo(modules: readonly URL[]): Promise<Trips> {
  return await withWorkers(async (start) => {
    const servers = await Promise.all(modules.map((module) => start({ module, role: 'serve' })))
    // The last to be started is the first to be closed: no server is to leave it behind.
    const load = await start({ module: new URL('./load.ts', import.meta.url), role: 'alternate' })
    for (const [index, { href }] of modules.entries()) {
      await load.command('open', { module: href, port: Number(servers[index]?.ready) } satisfies Callee)
    }
    // Otherwise it is left to chance which of the servers share a core with the clients, where they are woken sooner.
    for (const server of servers) server.keepOn(1)
    load.keepOn(0)
    await load.command('warm', settings.warmUp.calls)
    await load.command('trips', settings.warmUp.cycles)
    // The load is load.ts, of the same source.
    return (await load.command('trips', settings.cycles)) as Trips
  })
}
