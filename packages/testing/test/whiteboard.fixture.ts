import { JuntoClient, type JuntoClientOptions, type Warning } from '@junto/client'
import { call, defineRoom, event, stream, t } from '@junto/schema'
import {
  JuntoServer,
  MemoryStore,
  Room,
  SilentLogger,
  type Creation,
  type JuntoServerOptions,
  type LeaveReason,
  type Member,
  type Resumption,
} from '@junto/server'
import { MemoryNetwork, SeededRandom, VirtualClock } from '../src/index.ts'

const Point = t.Object({ x: t.Number(), y: t.Number() })
const Stroke = t.Object({ by: t.String(), color: t.Uint8(), points: t.Array(Point) })

/** What {@link Whiteboard} is made from, for contracts that differ from it. */
export const shape = {
  version: 1 as const,
  options: t.Object({ title: t.String() }),
  join: t.Object({ name: t.String({ maxLength: 40 }) }),
  metadata: t.Object({ team: t.String() }),
  state: t.Object({ title: t.String(), strokes: t.Map(Stroke), order: t.Array(t.String()) }),
  clientToServer: {
    addStroke: call({
      params: Stroke,
      result: t.Object({ id: t.String() }),
      errors: { full: t.Object({ limit: t.Integer() }) },
    }),
    clear: call({ result: t.Boolean() }),
    fail: call(),
    wait: call(),
    point: event(Point, { delivery: 'volatile' }),
    rename: event(t.Object({ title: t.String() })),
    history: stream({ params: t.Object({ since: t.Integer() }), item: Stroke }),
  },
  serverToClient: {
    cleared: event(t.Object({ by: t.String() })),
    confirmClear: call({ params: t.Object({ by: t.String() }), result: t.Boolean() }),
  },
}

/** A contract with one of everything. */
export const Whiteboard = defineRoom('whiteboard', shape)

/** The most strokes on a board. */
export const limit = 3

/** What happened on the server, for tests to look at. */
export const log: string[] = []

/** The room of the contract. */
export class WhiteboardRoom extends Room(Whiteboard) {
  #lastId = 0

  onCreate({ options }: Creation<typeof Whiteboard>) {
    return { title: options.title, strokes: {}, order: [] }
  }

  override onRestore() {
    this.#lastId = this.state.strokes.size
  }

  override onJoin(member: Member<typeof Whiteboard>, { name }: { name: string }) {
    log.push(`join ${name}`)
    if (name === 'Eve') this.broadcast.cleared({ by: 'the join of Eve' })
    if (name === 'Mallory') throw new Error('not today')
    void member
  }

  override onDrop(member: Member<typeof Whiteboard>) {
    log.push(`drop ${member.join.name}`)
  }

  override onResume(member: Member<typeof Whiteboard>, { outcome }: Resumption) {
    log.push(`resume ${member.join.name} ${outcome}`)
  }

  override onLeave(member: Member<typeof Whiteboard>, reason: LeaveReason) {
    log.push(`leave ${member.join.name} ${reason}`)
  }

  readonly handlers = this.handle({
    addStroke: (stroke, { error }) => {
      if (this.state.strokes.size >= limit) throw error('full', { limit })
      const id = `s${++this.#lastId}`
      this.state.strokes.set(id, stroke)
      this.state.order.push(id)
      return { id }
    },
    clear: async (_params, { member, signal }) => {
      const asked = [...this.members.values()].filter((other) => other !== member)
      const by = member.join.name
      const answers = await Promise.all(asked.map((other) => other.call.confirmClear({ by }, { signal })))
      if (answers.includes(false)) return false
      this.state.strokes.clear()
      this.state.order.clear()
      this.broadcast.cleared({ by })
      return true
    },
    fail: () => {
      throw new Error('a secret of the server')
    },
    wait: (_params, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          log.push('wait was aborted')
          reject(new Error('aborted'))
        })
      }),
    point: ({ x, y }) => void log.push(`point ${x} ${y}`),
    rename: ({ title }) => {
      this.state.title = title
    },
    history: async function* ({ since }, { signal }) {
      try {
        for (let n = since; !signal.aborted; n++) {
          if (n === 1000) return
          if (n === 2000) throw new Error('there is no more')
          yield { by: String(n), color: 0, points: [] }
        }
      } finally {
        log.push('history ended')
      }
    },
  })
}

/** What a test opens a board with. */
export const opening = { key: 'team-a', join: { name: 'Ada' }, options: { title: 'Team A' } }

/** A server and any number of clients in memory and virtual time. */
export class World {
  readonly clock = new VirtualClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly store = new MemoryStore()
  readonly warnings: Warning[] = []
  server: JuntoServer
  readonly #clients: JuntoClient[] = []
  #seed = 1

  constructor(options: JuntoServerOptions = {}) {
    log.length = 0
    this.server = this.#serve(options)
  }

  /** Begins to serve; also again, after the server was closed. */
  async serve(options: JuntoServerOptions = {}): Promise<void> {
    if (this.server.url === undefined && this.#clients.length > 0) this.server = this.#serve(options)
    await this.server.listen()
  }

  /** A client of the server. */
  client(options: Partial<JuntoClientOptions> = {}): JuntoClient {
    const { clock, network } = this
    const client = new JuntoClient({
      url: network.url,
      socket: network.socket,
      clock,
      random: new SeededRandom(this.#seed++),
      onWarning: (warning) => this.warnings.push(warning),
      ...options,
    })
    this.#clients.push(client)
    return client
  }

  /** What a promise comes to, once everything that can happen without time passing has. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    // Never unhandled, even when the clock is what fails.
    promise.catch(() => {})
    await this.clock.settle()
    return promise
  }

  /** Ends everything, and expects that nothing is left behind. */
  async end(): Promise<void> {
    for (const client of this.#clients) await client.close()
    await this.clock.settle()
    const closing = this.server.close()
    await this.clock.advance('1m')
    await closing
  }

  #serve(options: JuntoServerOptions): JuntoServer {
    const { clock, store, network } = this
    const random = new SeededRandom(this.#seed++)
    const logger = new SilentLogger()
    const server = new JuntoServer({ transports: [network.transport()], clock, random, store, logger, ...options })
    return server.define(Whiteboard, WhiteboardRoom, { persist: true, maxMembers: 4 })
  }
}
