import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Options } from '../../benchmark.ts'
import type { Figures, Taken } from '../../figures.ts'
import { between, withWorkers, type Worker } from '../../harness.ts'
import type { Availability } from '../../rounds.ts'
import { median } from '../../statistics.ts'
import { tickRate } from './peer.ts'
import type { Settling, WatchSettings } from './load.ts'

/** Times are in ms. */
export const settings = {
  clients: 500,
  /** All at once. A server goes on getting faster for some seconds, as what it runs again and again is compiled. */
  warmUp: 4_000,
  window: 4_000,
  /** Junto: until what came has been acknowledged: that belongs to it. */
  after: 1_300,
  /** The others: until what was sent has come. */
  afterOthers: 400,
  settled: { rooms: 6, calls: 50 },
  crowd: { warmUp: 10, calls: 30, events: 10 },
}

const delivery = {
  id: 'delivery',
  title: `event to ${settings.clients} clients, ${tickRate} a second`,
  unit: 'µs per delivery',
}
const settled = { id: 'settled', title: `a call that writes in a room at ${tickRate} Hz settles after`, unit: 'ms' }
const writes = {
  id: 'writes',
  title: `${settings.crowd.events} events, a patch and a reply in one tick`,
  unit: 'writes',
}

export const notes = [
  `Event to ${settings.clients} clients: raw-ws packs once and sends to each. junto: a room that ticks, whose clients acknowledge what came and are otherwise as lean as those of raw-ws. junto-client: the same server under @junto/client. socket.io: emit to a room; uws: publish to a topic; colyseus: broadcast in a room.`,
  `Calls in a room that ticks are made by @junto/client. One that writes settles when its effects can be seen at the caller, which in a room that ticks is after the next patch. ${settings.settled.rooms * settings.settled.calls} calls were made at every phase of the interval, in ${settings.settled.rooms} rooms at once. Writes are system calls, as the kernel counts them.`,
]

/**
 * One round of what is about rooms that tick. A peer that fails is lost, and the others go on.
 *
 * @param chosen Each a module beside this one.
 */
export async function measureTicking(
  chosen: readonly string[],
  round: number,
  options: Options,
  availability: Availability,
  figures: Figures,
): Promise<void> {
  await deliveries(
    chosen.filter((peer) => availability.has(peer)),
    round,
    options,
    availability,
    figures,
  )
  if (chosen.includes('junto') && availability.has('junto')) await availability.attempt('junto', () => calls(figures))
}

/** All servers are up at once and take turns: what the machine does meanwhile hits all of them. */
async function deliveries(
  peers: readonly string[],
  round: number,
  options: Options,
  availability: Availability,
  figures: Figures,
): Promise<void> {
  await withWorkers(async (start) => {
    const running: { readonly peer: string; readonly server: Worker; readonly load: Worker }[] = []
    for (const peer of peers) {
      await availability.attempt(peer, async () => {
        const server = await start({ module: new URL(`./${peer}.ts`, import.meta.url), role: 'serve' })
        const load = await start({
          module: new URL('./load.ts', import.meta.url),
          role: 'watch',
          settings: { peer, port: Number(server.ready), clients: settings.clients } satisfies WatchSettings,
        })
        running.push({ peer, server, load })
      })
    }
    const window = async ({ peer, server, load }: (typeof running)[number], length: number): Promise<Taken> => {
      const before = { server: await server.sample(), load: await load.sample() }
      await server.command('begin')
      await sleep(length)
      await server.command('end')
      await sleep(peer.startsWith('junto') ? settings.after : settings.afterOthers)
      const [served, loaded] = [
        between(before.server, await server.sample()),
        between(before.load, await load.sample()),
      ]
      const { deliveries = 0 } = served.counters
      if (deliveries === 0) throw new Error('nothing was delivered')
      const { received } = loaded.counters
      if (received !== deliveries) throw new Error(`${deliveries} events were sent, ${received} came`)
      return { cost: served.cpu / deliveries, server: served.cpu / 1000 / length, load: loaded.cpu / 1000 / length }
    }
    await Promise.all(running.map((each) => availability.attempt(each.peer, () => window(each, settings.warmUp))))
    for (let i = 0; i < running.length; i++) {
      const each = running[(i + round) % running.length]!
      const { peer, server } = each
      if (!availability.has(peer)) continue
      const profile = options.profile && join(options.profile, `${peer}-delivery.cpuprofile`)
      await availability.attempt(peer, async () => {
        const { cost, ...shares } = await server.profiled(profile, () => window(each, settings.window))
        figures.add(delivery, peer, cost, shares)
      })
    }
  })
}

async function calls(figures: Figures): Promise<void> {
  await withWorkers(async (start) => {
    const server = await start({ module: new URL('./junto.ts', import.meta.url), role: 'serve' })
    const load = await start({ module: new URL('./load.ts', import.meta.url), role: 'call', settings: server.ready })
    // The loads are load.ts, of the same source.
    const times = (await load.command('settle', settings.settled satisfies Settling)) as number[]
    figures.add(settled, 'junto', median(times))

    const { warmUp, calls, events } = settings.crowd
    await load.command('crowd', { calls: warmUp, events })
    const before = await server.sample()
    await load.command('crowd', { calls, events })
    const { systemWrites = NaN } = between(before, await server.sample()).counters
    figures.add(writes, 'junto', systemWrites / calls)
  })
}
