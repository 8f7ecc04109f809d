import { FrameType, type Frame, type StampFrame } from '@junto/protocol/internal'
import { defineRoom, mutation, t, type Mirror, type StateOf } from '@junto/schema'
import { seeds, SeededRandom } from '@junto/testing'
import { expect, test } from 'vitest'
import { SessionSecret } from '../session/secret.ts'
import { MemoryStore } from '../store/memory-store.ts'
import type { ServerMutators } from './mutators.ts'
import { Room } from './room.ts'
import { World, type TestClient } from './rooms.fixture.ts'
import type { SessionInfo } from './seat.ts'

// Members whose lines die, who are slow, whose pages are loaded again; rooms that are restarted, and processes that are killed. Each member
// sends mutations that say what is to become of them, and looks at what stamps tell it. Each seed is one history.

const ways = ['written', 'thrown', 'refused', 'nothing'] as const

const Ledger = defineRoom('ledger', {
  version: 1,
  state: t.Object({ lines: t.Array(t.String()), writes: t.Uint32() }),
  clientToServer: {},
  serverToClient: {},
  mutations: {
    note: mutation({
      params: t.Object({ what: t.String(), way: t.Enum(ways) }),
      result: t.Uint32(),
      errors: { refused: t.Object({}) },
    }),
  },
})

const mutators: ServerMutators<typeof Ledger> = {
  note(state, { what, way }, { error }) {
    if (way === 'nothing') return 0
    state.writes++
    state.lines.push(what)
    if (way === 'thrown') throw new Error('as its client wanted')
    if (way === 'refused') throw error('refused', {})
    return state.lines.length
  },
}

class LedgerRoom extends Room(Ledger) {
  readonly handlers = this.handle({})
  readonly mutators = mutators
  onCreate() {
    return { lines: [], writes: 0 }
  }
}

/** What one client asked for once. */
interface Noted {
  readonly n: number
  readonly what: string
  readonly way: (typeof ways)[number]
  /** How its call ended; undefined: it has not. */
  outcome: string | undefined
  /** A crash has lost it, or the page that was to send it. */
  isLost: boolean
}

/** A client's memory, over seats and processes. */
class Writer {
  readonly name: string
  readonly notes: Noted[] = []
  client: TestClient | undefined
  /** What it could not send, its line being gone. */
  #unsent: (() => void)[] = []
  #stamp: StampFrame | undefined
  /** The number of which the last stamp has told. */
  told = 0
  /** The number of its last one. */
  n = 0
  readonly #settle: 'reply' | 'visible'

  constructor(name: string, settle: 'reply' | 'visible') {
    this.name = name
    this.#settle = settle
  }

  session(): SessionInfo {
    const proof = new SessionSecret(`secret of ${this.name}`)
    return {
      session: this.name,
      connection: { auth: this.name, remoteAddress: '10.0.0.1' },
      abandoned: { count: 0 },
      proof,
    }
  }

  /** It has a seat. `remembers`: its program went on, and knows what it has asked for. */
  seated(client: TestClient, remembers: boolean): void {
    this.client = client
    this.#unsent = []
    // The frames are looked at one by one, each behind what it does to the mirror.
    client.onFrame = (frame) => this.#saw(frame)
    for (const frame of client.frames) if (frame.type === FrameType.stamp) this.#stamp = frame
    const first = this.#stamp
    if (first === undefined) throw new Error('no stamp came before the first snapshot')
    this.told = first.mutation
    this.#check()
    this.n = Math.max(this.n, first.mutation)
    // Who has them no more does not send them again.
    if (!remembers) return
    for (const note of this.notes) {
      if (note.outcome === undefined && !note.isLost && note.n > this.told) this.#send(note)
    }
  }

  note(what: string, way: Noted['way']): void {
    const note: Noted = { n: ++this.n, what, way, outcome: undefined, isLost: false }
    this.notes.push(note)
    this.#send(note)
  }

  resume(): void {
    this.client?.resume()
    for (const send of this.#unsent.splice(0)) send()
  }

  #send(note: Noted): void {
    const { client } = this
    if (client === undefined) return
    const send = (): void => {
      const { n, what, way } = note
      void client
        .outcome('note', { n, at: 0, seed: n, params: { what, way } }, { settle: this.#settle })
        .then((outcome) => {
          // It was cut off with its seat.
          if (outcome === 'disconnected' || outcome === 'cancelled' || outcome === 'outcome_unknown') return
          // An answer stands behind what it speaks of, unless it was not to wait.
          if (this.#settle === 'visible') expect(this.told).toBeGreaterThanOrEqual(n)
          note.outcome = String(outcome)
        })
    }
    if (client.hears) send()
    else this.#unsent.push(send)
  }

  #saw(frame: Frame): void {
    switch (frame.type) {
      case FrameType.stamp:
        expect(frame.mutation, 'a stamp goes back').toBeGreaterThanOrEqual(this.told)
        expect(this.#stamp, 'two stamps, one state').toBeUndefined()
        if (frame.alone === true) {
          this.told = frame.mutation
          this.#check()
        } else this.#stamp = frame
        return
      case FrameType.patch:
      case FrameType.snapshot:
        this.told = this.#stamp?.mutation ?? this.told
        this.#check()
        return
      default:
        // Nothing stands between a stamp and what it speaks of.
        expect(this.#stamp).toBeUndefined()
    }
  }

  /** What is told is so: of its own, the state has those up to the number told, and no other. */
  #check(): void {
    this.#stamp = undefined
    const { lines, writes } = mirrored(this.client)
    const own = lines.filter((line) => line.startsWith(`${this.name}:`))
    const due = this.notes.filter(({ n, way, isLost }) => n <= this.told && way === 'written' && !isLost)
    expect(own).toEqual(due.map(({ what }) => what))
    expect(writes).toBe(lines.length)
  }
}

/** What a client's mirror has. */
function mirrored(client: TestClient | undefined): Mirror<StateOf<typeof Ledger>> {
  if (client === undefined) throw new Error('it has no seat')
  // The mirror was made from the layout of this contract.
  return client.mirror.state as Mirror<StateOf<typeof Ledger>>
}

class History {
  readonly random: SeededRandom
  readonly #store = new MemoryStore()
  readonly #patchRate: number | undefined
  readonly writers: Writer[]
  #world: World
  #processes = 0

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    this.#patchRate = this.random.chance(0.5) ? this.random.pick([5, 20]) : undefined
    this.writers = ['ann', 'bob', 'cid'].map((name) => new Writer(name, this.random.chance(0.7) ? 'visible' : 'reply'))
    this.#world = this.#process()
  }

  #process(): World {
    const world = new World({ store: this.#store, seed: ++this.#processes })
    world.registry.define(Ledger, LedgerRoom, {
      persist: { delay: 300 },
      ...(this.#patchRate !== undefined && { patchRate: this.#patchRate }),
    })
    return world
  }

  async #enter(writer: Writer, remembers: boolean, session = writer.session()): Promise<void> {
    const client = this.#world.client(Ledger, session)
    client.join({ key: 'a' })
    await this.#world.clock.settle()
    if (client.refused) throw client.refused
    writer.seated(client, remembers)
  }

  async run(): Promise<void> {
    const { random } = this
    for (const writer of this.writers) await this.#enter(writer, true)
    let noted = 0
    for (let step = 0; step < 60; step++) {
      const writer = random.pick(this.writers)
      const { client } = writer
      if (client === undefined) throw new Error('it has a seat all the time')
      const what = random.integer(0, 99)
      if (what < 55) writer.note(`${writer.name}:${++noted}`, random.pick(ways))
      else if (what < 63) client.die()
      else if (what < 68) {
        client.die()
        client.drop()
      } else if (what < 80) {
        if (!client.hears) {
          client.drop()
          writer.resume()
        }
      } else if (what < 86) {
        if (client.hears) client.congested = true
      } else if (what < 92) {
        if (client.hears) client.drain()
      } else if (what < 95) await this.#reload(writer)
      else if (what < 97) await this.#restart(random.chance(0.5))
      await this.#world.clock.advance(random.pick([0, 0, 1, 30, 400]))
    }
    for (const writer of this.writers) {
      if (writer.client?.hears === false) {
        writer.client.drop()
        writer.resume()
      }
      writer.client?.drain()
    }
    await this.#world.clock.advance('1s')
  }

  /** Its page is loaded again: another program, which knows nothing of the former's. */
  async #reload(writer: Writer): Promise<void> {
    const { client } = writer
    if (client === undefined) return
    client.die()
    client.seat.unseat()
    await this.#world.clock.settle()
    await this.#enter(writer, false, client.session)
    for (const note of writer.notes) if (note.n > writer.told && note.outcome === undefined) note.isLost = true
  }

  async #restart(isKilled: boolean): Promise<void> {
    // Whoever is away when the process ends does not hear of it.
    for (const { client } of this.writers) client?.die()
    if (!isKilled) await this.#world.settled(this.#world.registry.close())
    const before = new Map(this.writers.map((writer) => [writer, writer.told]))
    for (const writer of this.writers) if (writer.client) writer.client.onFrame = undefined
    // What the store was given, it has.
    await this.#world.clock.settle()
    this.#world = this.#process()
    const saved = await this.#savedLines()
    for (const writer of this.writers) {
      // What the killed process had not saved is gone, whatever it had said of it.
      if (isKilled)
        for (const note of writer.notes) if (note.outcome !== undefined && !saved.has(note.what)) note.isLost = true
      await this.#enter(writer, true)
      if (!isKilled) expect(writer.told).toBeGreaterThanOrEqual(before.get(writer) ?? 0)
    }
  }

  /** What the next process will begin with. */
  async #savedLines(): Promise<ReadonlySet<string>> {
    const onlooker = new World({ store: this.#store, seed: 999 })
    onlooker.registry.define(Ledger, LedgerRoom, { persist: { delay: 1e6 } })
    const client = await onlooker.join(Ledger, { key: 'a' })
    const { lines } = mirrored(client)
    return new Set(lines)
  }

  check(): void {
    const [first] = this.writers
    const { lines } = mirrored(first?.client)
    expect(new Set(lines).size, 'something ran twice').toBe(lines.length)
    for (const { name, notes, client } of this.writers) {
      expect(mirrored(client).lines).toEqual(lines)
      const own = lines.filter((line) => line.startsWith(`${name}:`))
      const wanted = notes.filter(({ way, isLost }) => way === 'written' && !isLost)
      expect(own).toEqual(wanted.map(({ what }) => what))
    }
  }
}

test.each(seeds(25))('[U2] [U6] [U8] mutations come about once, and stamps tell what is so: seed %i', async (seed) => {
  const history = new History(seed)
  await history.run()
  history.check()
})
