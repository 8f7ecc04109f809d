import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Options } from '../../benchmark.ts'
import type { Figures } from '../../figures.ts'
import { between, withWorkers, type Worker } from '../../harness.ts'
import { median } from '../../statistics.ts'
import { patchRate, tickRate } from '../contract.ts'
import type { LoadSettings } from './load.ts'

/** Each a module beside this one. */
const peers = ['raw-ws', 'junto'] as const

/** Times are in ms. */
export const settings = { clients: 100, warmUp: 2_500, windows: 3, window: 1_500 }

const section = `A room of ${settings.clients} members: inputs and ticks at ${tickRate} Hz, patches at ${patchRate} Hz`
const tick = { id: 'tick', section, title: 'server CPU', unit: 'µs per tick' }
const bytes = { id: 'bytes', section, title: 'what a client gets', unit: 'B per second' }
const delays = [
  { id: 'delay-p50', share: 0.5, title: 'ticks come late by: half of them up to' },
  { id: 'delay-p99', share: 0.99, title: '… 99 of 100 up to' },
  { id: 'delay-max', share: 1, title: '… the latest' },
] as const

export const notes = [
  `A room of ${settings.clients}: each client sends an input in a message of its own ${tickRate} times a second, each in another phase, and all of them move. raw-ws unpacks an input, does the same step at the next tick, and sends each client, at the same rate, as many bytes as the other peer's patch has; it encodes, checks and bounds nothing. junto has limits, checks, sessions, stamps and acks on, looks back at x, y and aim of all (rewindable), and has a load generator as lean as the other's.`,
  'How late ticks come is the series tick_delay_seconds of the server itself; at raw-ws it is measured alike. Timers of Node are up to a millisecond late by themselves.',
]

interface Running {
  readonly peer: string
  readonly server: Worker
  readonly load: Worker
  readonly costs: number[]
  readonly bytes: number[]
  /** Bytes of a message. */
  readonly sizes: number[]
  readonly late: number[]
  readonly servers: number[]
  readonly loads: number[]
}

/** Servers of all peers are up at once and take turns: what the machine does meanwhile hits all of them. */
export async function measureRoom(
  chosen: readonly string[],
  round: number,
  options: Options,
  figures: Figures,
): Promise<void> {
  await withWorkers(async (start) => {
    const running = await Promise.all(
      peers
        .filter((peer) => chosen.includes(peer))
        .map(async (peer): Promise<Running> => {
          const server = await start({ module: new URL(`./${peer}.ts`, import.meta.url), role: 'serve' })
          const load = await start({
            module: new URL('./load.ts', import.meta.url),
            role: 'load',
            settings: { peer, port: Number(server.ready), clients: settings.clients } satisfies LoadSettings,
          })
          return { peer, server, load, costs: [], bytes: [], sizes: [], late: [], servers: [], loads: [] }
        }),
    )
    for (const each of running) await warmUp(each)
    // Others come besides patches, but few.
    const size = running.find(({ peer }) => peer === 'junto')?.sizes.at(-1)
    for (const { peer, server } of running) {
      if (peer === 'raw-ws' && size !== undefined) await server.command('size', Math.round(size))
    }
    for (const each of running) clear(each)
    for (let n = 0; n < settings.windows; n++) {
      for (let i = 0; i < running.length; i++) {
        const each = running[(i + n + round) % running.length]!
        const profile = options.profile && n === 0 ? join(options.profile, `${each.peer}-motion.cpuprofile`) : undefined
        await each.server.profiled(profile, () => window(each, settings.window))
      }
    }
    for (const { peer, late, servers, loads, ...each } of running) {
      figures.add(tick, peer, median(each.costs), { server: median(servers), load: median(loads) })
      figures.add(bytes, peer, median(each.bytes))
      const sorted = late.toSorted((one, other) => one - other)
      for (const { id, share, title } of delays) {
        const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share))
        figures.add({ id, section, title, unit: 'ms' }, peer, sorted[at] ?? NaN)
      }
    }
  })
}

/** The second half is measured: connections have been made by then, and code compiled. */
async function warmUp(each: Running): Promise<void> {
  await window(each, settings.warmUp / 2, false)
  clear(each)
  await window(each, settings.warmUp / 2, false)
}

function clear({ costs, bytes, late, servers, loads }: Running): void {
  for (const values of [costs, bytes, late, servers, loads]) values.length = 0
}

async function window(each: Running, length: number, isMeasured = true): Promise<void> {
  const { server, load } = each
  await load.command('begin')
  // Until inputs come evenly.
  await sleep(100)
  await server.command('delays')
  const before = { server: await server.sample(), load: await load.sample() }
  await sleep(length)
  const after = { server: await server.sample(), load: await load.sample() }
  const late = (await server.command('delays')) as number[] // of Delays.take
  await load.command('end')
  const served = between(before.server, after.server)
  const loaded = between(before.load, after.load)
  const { ticks = 0, applied = 0 } = served.counters
  const { received = 0, bytes = 0, sent = 0 } = loaded.counters
  const seconds = (after.load.time - before.load.time) / 1000
  if (ticks === 0) throw new Error(`${each.peer} did not tick`)
  // Where the machine is busy, ticks are dropped with what was to be applied in them, and a patch holds what two were to hold.
  if (isMeasured && applied < sent * 0.5) throw new Error(`${each.peer} applied ${applied} inputs of ${sent}`)
  const due = settings.clients * patchRate * seconds
  if (isMeasured && received < due * 0.5)
    throw new Error(`${each.peer} sent ${received} messages of ${Math.round(due)}`)
  each.costs.push(served.cpu / ticks)
  each.bytes.push(bytes / settings.clients / seconds)
  each.sizes.push(bytes / received)
  each.late.push(...late)
  each.servers.push(served.share)
  each.loads.push(loaded.share)
}
