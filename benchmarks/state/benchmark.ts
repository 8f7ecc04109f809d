import { join } from 'node:path'
import { isWanted, type Benchmark, type Options, type Result } from '../benchmark.ts'
import { Figures } from '../figures.ts'
import { withWorkers, type Worker } from '../harness.ts'
import { hottest } from '../profile.ts'
import type { Progress } from '../progress.ts'
import { prepare, type Availability, type Peer } from '../rounds.ts'
import { median } from '../statistics.ts'
import type { Applied, Batch, MirrorSettings, MovingSettings } from './processes.ts'
import { churn, sizeRows, type Sizes } from './sizes.ts'
import type { Scene, SceneSettings } from './views.ts'
import { reach, step, type Kind } from './workload.ts'

/** Each a module in sides/. */
const own = 'junto'
const peers: readonly Peer[] = [
  { name: own, ours: true },
  { name: 'colyseus', packages: [{ folder: 'colyseus-schema', libraries: ['@colyseus/schema'] }] },
]

const settings = {
  entities: 1_000,
  /** The longest step of a coordinate in the figures of CPU time. */
  stride: 0.6,
  /** Ticks: so many batches, in which the sides take turns. */
  moving: { warmUp: 300, batches: 9, ticks: 60 },
  views: { warmUp: 150, batches: 9, ticks: 30 },
  /** The batches of a run of our own side alone. */
  batchesAlone: 3,
} as const

const bytes = 'Bytes of patches and snapshots'
const cpu = 'CPU per moved entity'
const views = 'Views: 200 clients, each of which sees 60 entities'

const kinds: readonly { readonly kind: Kind; readonly id: string; readonly title: string }[] = [
  { kind: 'quantized', id: 'steps', title: 'in steps' },
  { kind: 'float32', id: 'float32', title: 'float32' },
]

const timeRows = [
  { id: 'write', title: 'server: look it up, write x and y' },
  { id: 'encode', title: 'server: encode' },
  { id: 'both', title: 'server: write and encode' },
  { id: 'decode', title: 'client in Node: decode, apply, read x and y' },
  { id: 'decode-page', title: 'client in a page: the same' },
] as const

const scene: Scene = { clients: 200, entities: 1_000, seen: 60, moving: 100, turnover: 0 }
const scenes: readonly {
  readonly id: string
  readonly title: string
  readonly scene: Scene
}[] = [
  { id: 'views', title: '100 of 1,000 move', scene },
  { id: 'views-many', title: '400 of 4,000 move', scene: { ...scene, entities: 4_000, moving: 400 } },
  { id: 'views-turnover', title: '100 of 1,000 move, 1 enters and 1 leaves', scene: { ...scene, turnover: 1 } },
]

const inference = { id: 'inference', section: 'Types', title: 'checking a client of 300 calls', unit: 'instantiations' }

const notes = [
  `Entities have a name, x, y, vx, vy and hp. x and y lie within ±${reach} and move by a uniform step. "In steps" is t.Quantized with steps of ${step}; Colyseus's are its 16-bit quantized ones, of 0.03. Else x and y are float32. vx, vy are float32 and hp is one byte.`,
  'Bytes are those of whole patches and snapshots, with the version, which Colyseus has none of. Not counted is what frames them: in Junto 5 to 7 bytes (room, type, length), in Colyseus 1.',
  'CPU times are of processes of their own, which take turns in short batches: user and system time of all their threads, garbage collection included. A client reads x and y of every entity after every patch. In Node, Junto compiles its readers; "in a page" is what pages get unless they choose compiledReaders. Colyseus has one decoder.',
  `Spawns: ${churn.many.toLocaleString('en')} entities, of which ${churn.perTick} live at a time, each for a tick; compared with ${churn.few.toLocaleString('en')}.`,
  'Published: the comparison in the README of @colyseus/schema. 100 players with keys of 9 characters, names "Player 0" to "Player 99", and x and y whole from 0 to 199: number there, t.Uint8() here, and t.Integer() in the last of them. The texts and coordinates alone are 1,990 bytes.',
  'A tick of views: the moving entities are written, and a patch is made for each client. Colyseus: StateView. Each client has been shown to hold what it sees, and nothing else.',
  'Types: what the compiler instantiates for a program that makes each call of a contract with 300 of them, checked against emitted declarations.',
]

export const benchmark: Benchmark = {
  name: 'state',
  title: 'State: bytes and CPU time of patches, beside @colyseus/schema',
  libraries: ['typebox'],
  peers,
  roundsAlone: 2,
  seconds: { alone: 19, round: 38 },
  async run(options, progress) {
    const { chosen, versions, availability } = await prepare(peers, options, progress, ['schema'])
    const sides = chosen.map(({ name }) => name)
    const run = new Run(sides, availability, options, progress)
    await run.sizes()
    for (let round = 0; round < options.rounds; round++) {
      for (const { kind, id, title } of kinds) await run.moving(round, kind, id, title)
      for (const { id, title, scene } of scenes) {
        if (isWanted(options, id)) await run.views(round, scene, id, title)
      }
    }
    if (sides.includes(own)) await run.inference()
    return {
      rows: run.figures.rows(),
      notes: [...notes, ...run.profiles],
      settings: { ...settings, scenes: Object.fromEntries(scenes.map(({ id, scene }) => [id, scene])) },
      versions,
      unavailable: availability.unavailable,
    } satisfies Result
  },
}

class Run {
  readonly figures = new Figures()
  /** Where the time went, when profiles were asked for. */
  readonly profiles: string[] = []
  private done = 0

  constructor(
    private readonly chosen: readonly string[],
    private readonly availability: Availability,
    private readonly options: Options,
    private readonly progress: Progress,
  ) {}

  /** Those that have not failed. */
  private get sides(): readonly string[] {
    return this.chosen.filter((side) => this.availability.has(side))
  }

  /** Sizes are the same each time: measured once. */
  async sizes(): Promise<void> {
    this.announce('bytes')
    const found = new Map<string, Sizes>()
    await withWorkers(async (start) => {
      for (const side of this.sides) {
        await this.availability.attempt(side, async () => {
          const worker = await start({ module: new URL('./sizes.ts', import.meta.url), role: 'sizes', settings: side })
          // The worker is sizes.ts, of the same source.
          found.set(side, worker.ready as Sizes)
        })
      }
    })
    for (const { id, title, unit } of sizeRows) {
      for (const [side, sizes] of found) this.figures.add({ id, section: bytes, title, unit }, side, sizes[id] ?? NaN)
    }
  }

  /** A server all of whose entities move, and a client of it. */
  async moving(round: number, kind: Kind, id: string, title: string): Promise<void> {
    this.announce(`round ${round + 1} of ${this.options.rounds}: all move, ${title}`)
    const module = new URL('./processes.ts', import.meta.url)
    const { entities, stride } = settings
    await withWorkers(async (start) => {
      const pairs: Pair[] = []
      for (const side of this.sides) {
        await this.availability.attempt(side, async () => {
          const asServer: MovingSettings = { side, kind, entities, stride }
          const server = await start({ module, role: 'moving', settings: asServer })
          // What moving() is ready with.
          const asClient: MirrorSettings = { side, kind, entities, snapshot: server.ready as Uint8Array }
          const client = await start({ module, role: 'mirror', settings: asClient })
          const page = await start({ module, role: 'mirror', settings: asClient, conditions: ['browser'] })
          pairs.push({ side, kind, server, client, page })
        })
      }
      for (const pair of pairs) await tick(pair, settings.moving.warmUp)
      const times = new Map(pairs.map(({ side }) => [side, emptyTimes()]))
      const watched = pairs.flatMap(({ side, server, client, page }) => [
        { worker: server, name: `state-${id}-${side}-server` },
        { worker: client, name: `state-${id}-${side}-client` },
        { worker: page, name: `state-${id}-${side}-page` },
      ])
      await this.profiled(round, watched, async () => {
        for (let batch = 0; batch < this.batches(settings.moving.batches); batch++) {
          for (const pair of inTurn(pairs, batch + round)) {
            const taken = await tick(pair, settings.moving.ticks)
            for (const { id } of timeRows) times.get(pair.side)?.[id].push(taken[id])
          }
        }
      })
      for (const row of timeRows) {
        const heading = { id: `${row.id}-${id}`, section: cpu, title: `${row.title}, ${title}`, unit: 'µs each' }
        for (const [side, taken] of times) this.figures.add(heading, side, median(taken[row.id]))
      }
    })
  }

  /** A server whose clients each see some of its entities. */
  async views(round: number, scene: Scene, id: string, title: string): Promise<void> {
    this.announce(`round ${round + 1} of ${this.options.rounds}: views, ${title}`)
    const module = new URL('./views.ts', import.meta.url)
    await withWorkers(async (start) => {
      const servers: { side: string; worker: Worker; name: string; times: number[] }[] = []
      for (const side of this.sides) {
        await this.availability.attempt(side, async () => {
          const given: SceneSettings = { side, scene }
          if (round === 0) {
            const sizes = await start({ module, role: 'viewSizes', settings: given })
            const heading = { id: `${id}-bytes`, section: views, title: `${title}: a client gets`, unit: 'B per tick' }
            this.figures.add(heading, side, Number(sizes.ready))
          }
          const worker = await start({ module, role: 'viewing', settings: given })
          servers.push({ side, worker, name: `state-${id}-${side}`, times: [] })
        })
      }
      const { warmUp, batches, ticks } = settings.views
      for (const { worker } of servers) await worker.command('tick', warmUp)
      await this.profiled(round, servers, async () => {
        for (let batch = 0; batch < this.batches(batches); batch++) {
          for (const { worker, times } of inTurn(servers, batch + round)) {
            times.push(Number(await worker.command('tick', ticks)))
          }
        }
      })
      for (const { side, times } of servers)
        this.figures.add(
          { id, section: views, title: `${title}: server CPU`, unit: 'µs per tick' },
          side,
          median(times),
        )
    })
  }

  /** What a large contract costs the type checker of its clients. The same each time: measured once. */
  async inference(): Promise<void> {
    this.announce('types')
    const file = new URL('../../packages/testing/test/instantiations.fixture.ts', import.meta.url).href
    const { LargeContract }: { LargeContract: { emitted(): Promise<LargeContract> } } = await import(file)
    const contract = await LargeContract.emitted()
    try {
      this.figures.add(inference, own, await contract.clientCost())
    } finally {
      await contract[Symbol.asyncDispose]()
    }
  }

  /** In the first round, takes profiles of all meanwhile when they are wanted. */
  private async profiled(
    round: number,
    watched: readonly { worker: Worker; name: string }[],
    work: () => Promise<void>,
  ): Promise<void> {
    const folder = this.options.profile
    if (folder === undefined || round > 0) return work()
    const nested = watched.reduce((inner, { worker, name }) => {
      return () => worker.profiled(join(folder, `${name}.cpuprofile`), inner)
    }, work)
    await nested()
    for (const { name } of watched) {
      const lines = hottest(join(folder, `${name}.cpuprofile`), '/state/sides/', 8)
      this.profiles.push(`${name}.cpuprofile:\n      ${lines.join('\n      ')}`)
    }
  }

  private batches(usual: number): number {
    return this.options.peers === 'ours' ? settings.batchesAlone : usual
  }

  private announce(text: string): void {
    const steps = 2 + this.options.rounds * (kinds.length + scenes.length)
    this.progress.step(this.done++ / steps, text)
  }
}

/** What a test of packages/testing counts too. Not imported by name: it belongs to another project of the compiler. */
interface LargeContract extends AsyncDisposable {
  clientCost(): Promise<number>
}

interface Pair {
  readonly side: string
  readonly kind: Kind
  readonly server: Worker
  readonly client: Worker
  /** A client that loads what a page would. */
  readonly page: Worker
}

type Time = (typeof timeRows)[number]['id']
/** µs per entity, batch by batch. */
type Times = Record<Time, number[]>

const emptyTimes = (): Times => ({ write: [], encode: [], both: [], decode: [], 'decode-page': [] })

/** So many ticks of a server, and its clients behind it. Throws when a client has not what the server has. */
async function tick(pair: Pair, ticks: number): Promise<Record<Time, number>> {
  // This and the clients are processes.ts, of the same source.
  const batch = (await pair.server.command('tick', ticks)) as Batch
  const entities = ticks * settings.entities
  return {
    write: batch.write / entities,
    encode: batch.encode / entities,
    both: (batch.write + batch.encode) / entities,
    decode: (await apply(pair, pair.client, batch)) / entities,
    'decode-page': (await apply(pair, pair.page, batch)) / entities,
  }
}

async function apply({ side, kind }: Pair, client: Worker, { patches, xs, ys }: Batch): Promise<number> {
  const applied = (await client.command('apply', patches)) as Applied
  const exact = kind === 'float32' ? 0.0001 : 0.016
  const differs = (here: number, there: number): boolean => !(Math.abs(here - there) < exact)
  const wrong = xs.findIndex((x, i) => differs(x, applied.xs[i]!) || differs(ys[i]!, applied.ys[i]!))
  if (wrong >= 0) throw new Error(`${side}, ${kind}: a client has entity ${wrong} at another place than the server`)
  return applied.decode
}

/** The same, beginning with another one each time. */
function inTurn<T>(all: readonly T[], turn: number): readonly T[] {
  const first = turn % Math.max(1, all.length)
  return [...all.slice(first), ...all.slice(0, first)]
}
