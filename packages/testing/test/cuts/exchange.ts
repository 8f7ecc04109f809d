import { clientLimits, JuntoClient, type JoinedRoom } from '@junto/client'
import { call, defineRoom, event, t } from '@junto/schema'
import { JuntoServer, MemoryStore, Room, SilentLogger, type Member } from '@junto/server'
import { FaultProxy, mirrorDifference, type Direction } from '../../src/index.ts'

/** Calls and events of one run. */
export const operations = 1000

/** So many are begun before their answers are waited for. */
const wave = 100

/** One of five operations is an event instead of a call; the room answers each with an event of its own. The last is a call. */
const isEvent = (n: number): boolean => n % 5 === 2

const Ledger = defineRoom('ledger', {
  version: 1,
  state: t.Object({ sum: t.Uint32(), last: t.Uint32(), marks: t.Map(t.Uint32()) }),
  clientToServer: {
    add: call({ params: t.Object({ n: t.Uint32() }), result: t.Uint32() }),
    note: event(t.Object({ n: t.Uint32() })),
  },
  serverToClient: { noted: event(t.Object({ n: t.Uint32() })) },
})

/** What a room saw, in order. */
const applied = new Map<string, number[]>()

class LedgerRoom extends Room(Ledger) {
  onCreate() {
    applied.set(this.key ?? '', [])
    return { sum: 0, last: 0, marks: {} }
  }

  #apply(n: number): void {
    applied.get(this.key ?? '')?.push(n)
    this.state.sum += n
    this.state.last = n
    if (n % 50 === 0) this.state.marks.set(`m${n}`, n)
  }

  readonly handlers = this.handle({
    add: ({ n }) => {
      this.#apply(n)
      return this.state.sum
    },
    note: ({ n }, { member }: { readonly member: Member<typeof Ledger> }) => {
      this.#apply(n)
      member.send.noted({ n })
    },
  })

  override onDispose() {
    rooms.delete(this.key ?? '')
  }

  override onJoin(member: Member<typeof Ledger>) {
    rooms.set(this.key ?? '', { room: this, member })
  }
}

const rooms = new Map<string, { readonly room: LedgerRoom; readonly member: Member<typeof Ledger> }>()

/** Where a connection is cut: behind so many bytes of a direction, the upgrade included. */
export interface Cut {
  readonly direction: Direction
  readonly bytes: number
  /** `reset`: the machines on both sides also forget what has passed and was not read yet. */
  readonly how: 'cut' | 'reset'
}

/** A server behind a proxy that cuts, and an exchange over it. */
export class CutExchange {
  readonly #server: JuntoServer
  #proxy: FaultProxy | undefined
  readonly #slice: number
  #runs = 0

  /** @param slice Bytes that the proxy passes on at a time. */
  constructor({ slice = Infinity }: { readonly slice?: number } = {}) {
    this.#slice = slice
    const often = 1_000_000_000
    this.#server = new JuntoServer({
      port: 0,
      host: '127.0.0.1',
      store: new MemoryStore(),
      logger: new SilentLogger(),
      // One machine is all of the clients here.
      limits: {
        messageRate: often,
        messageBurst: often,
        userMessageRate: often,
        userMessageBurst: often,
        frameRate: often,
        frameBurst: often,
        byteRate: often,
        byteBurst: often,
        acceptRate: often,
        acceptBurst: often,
        acceptRatePerAddress: often,
        acceptBurstPerAddress: often,
        resumesPerMinute: often,
        resumeBurst: often,
        joinRatePerUser: often,
        joinBurstPerUser: often,
        joinRatePerAddress: often,
        joinBurstPerAddress: often,
        createRatePerUser: often,
        createBurstPerUser: often,
        createRatePerAddress: often,
        createBurstPerAddress: often,
      },
    })
    this.#server.define(Ledger, LedgerRoom, { disposeAfter: 0 })
  }

  async begin(): Promise<void> {
    await this.#server.listen()
    this.#proxy = await FaultProxy.listen({ port: this.#server.address?.port ?? 0, slice: this.#slice })
  }

  async end(): Promise<void> {
    await this.#proxy?.close()
    await this.#server.close()
  }

  /** Connections, sessions and rooms that the server has. */
  get leftovers(): readonly number[] {
    return [this.#server.connections, rooms.size]
  }

  /**
   * All operations, once through, with the first connection cut.
   *
   * @returns bytes that passed in each direction, and connections that it took.
   * @throws Error that says what is not as it should be.
   */
  async run(cut?: Cut): Promise<{ readonly up: number; readonly down: number; readonly connections: number }> {
    const proxy = this.#proxy
    if (proxy === undefined) throw new Error('begin() first')
    const key = `run ${++this.#runs}`
    const where = cut === undefined ? 'not cut' : `${cut.how} after ${cut.bytes} bytes ${cut.direction}`
    const connections: { passed(direction: Direction): number }[] = []
    proxy.onConnection = (connection) => {
      if (connections.push(connection) === 1 && cut !== undefined) {
        connection.cutAfter(cut.direction, cut.bytes, cut.how)
      }
    }
    const client = new JuntoClient({ url: proxy.url, limits: clientLimits({ reconnectMin: 1, reconnectMax: 2 }) })
    try {
      const room = await client.open(Ledger, { key, patience: Infinity })
      const noted: number[] = []
      room.on('noted', ({ n }) => noted.push(n))
      await operate(room)
      this.#expect(key, room, noted, where)
    } catch (error) {
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    } finally {
      await client.close()
      applied.delete(key)
    }
    const passed = (direction: Direction): number => connections.reduce((sum, each) => sum + each.passed(direction), 0)
    return { up: passed('up'), down: passed('down'), connections: connections.length }
  }

  #expect(key: string, room: JoinedRoom<typeof Ledger>, noted: readonly number[], where: string): void {
    const all = Array.from({ length: operations }, (_, index) => index + 1)
    const faults: string[] = []
    const same = (what: string, actual: readonly number[], expected: readonly number[]): void => {
      const at = expected.findIndex((n, index) => actual[index] !== n)
      if (at >= 0 || actual.length !== expected.length) {
        const first = at < 0 ? expected.length : at
        faults.push(
          `${what} ${actual[first] ?? 'nothing'} in place ${first}, where ${expected[first] ?? 'nothing'} belongs`,
        )
      }
    }
    same('the room applied', applied.get(key) ?? [], all)
    const events = all.filter(isEvent)
    same('the client got', noted, events)
    const server = rooms.get(key)
    const found =
      server === undefined ? 'the room is gone' : mirrorDifference(Ledger, server.room.state, server.member, room.state)
    if (found !== undefined) faults.push(found)
    if (faults.length > 0) throw new Error(`${where}: ${faults.join('; ')}`)
  }
}

/** @throws what any of the calls ends with. */
async function operate(room: JoinedRoom<typeof Ledger>): Promise<void> {
  for (let first = 1; first <= operations; first += wave) {
    const answers: Promise<void>[] = []
    for (let n = first; n < first + wave; n++) {
      if (isEvent(n)) {
        const outcome = room.send.note({ n })
        if (outcome === 'dropped') throw new Error(`event ${n} was dropped`)
      } else answers.push(add(room, n))
    }
    // The last of a wave is a call: its answer comes behind all that was said before it.
    await Promise.all(answers)
  }
}

async function add(room: JoinedRoom<typeof Ledger>, n: number): Promise<void> {
  const sum = await room.call.add({ n })
  if (sum !== (n * (n + 1)) / 2) throw new Error(`call ${n} was answered with the sum ${sum}`)
}
