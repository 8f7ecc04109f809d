// A server that writes without end, says what is safe, and is killed. After a restart it says what it has found.
import { JuntoClient } from '@junto/client'
import { defineRoom, t, toPlain, type Live, type StateOf } from '@junto/schema'
import { FileStore, JuntoServer, Room, SilentLogger, Store, type FirstState } from '@junto/server'
import { deepStrictEqual } from 'node:assert'
import { writeSync } from 'node:fs'
import { argv } from 'node:process'

const shape = {
  version: 1,
  state: t.Object({
    count: t.Integer(),
    sum: t.Integer(),
    entries: t.Map(t.Object({ n: t.Integer(), text: t.String() })),
    recent: t.Array(t.Integer()),
  }),
  clientToServer: {},
  serverToClient: {},
}
/** Asks for each of its saves. */
const Ledger = defineRoom('ledger', shape)
/** Is saved by itself. */
const Diary = defineRoom('diary', shape)
type State = Live<StateOf<typeof Ledger>>
type PlainState = FirstState<typeof Ledger>

/** What each step does, so that the state of any count is known: small changes, large ones, and removals. */
function change(n: number) {
  const text = 'x'.repeat((n * 131) % (n % 50 === 0 ? 40_000 : 300))
  return { key: `e${(n * 7) % 60}`, entry: { n, text }, removed: n % 3 === 0 ? `e${(n * 11) % 60}` : undefined }
}

function step(state: State): void {
  const n = ++state.count
  const { key, entry, removed } = change(n)
  state.sum += n
  state.entries.set(key, entry)
  if (removed !== undefined) state.entries.delete(removed)
  state.recent.push(n)
  if (state.recent.length > 20) state.recent.splice(0, 1)
}

/** The state after so many steps. */
function stateAt(count: number): PlainState {
  const entries: Record<string, { n: number; text: string }> = {}
  const recent: number[] = []
  let sum = 0
  for (let n = 1; n <= count; n++) {
    const { key, entry, removed } = change(n)
    sum += n
    entries[key] = entry
    if (removed !== undefined) delete entries[removed]
    recent.push(n)
    if (recent.length > 20) recent.shift()
  }
  return { count, sum, entries, recent }
}

/** At once, so that nothing that was said is lost with the process. */
function say(...words: readonly (string | number)[]): void {
  writeSync(1, `${words.join(' ')}\n`)
}

function found(room: string, state: State): void {
  deepStrictEqual(toPlain(state), stateAt(state.count))
  say('found', room, state.count)
}

class LedgerRoom extends Room(Ledger) {
  onCreate() {
    void this.#work()
    return stateAt(0)
  }
  override onRestore() {
    found('ledger', this.state)
    void this.#work()
  }
  async #work(): Promise<void> {
    // Once it is open.
    await new Promise<void>((resolve) => void this.after(0, resolve))
    for (;;) {
      for (let steps = 1 + (this.state.count % 3); steps > 0; steps--) step(this.state)
      const { count } = this.state
      await this.save()
      say('safe', 'ledger', count)
    }
  }
  readonly handlers = this.handle({})
}

class DiaryRoom extends Room(Diary) {
  onCreate() {
    this.#begin()
    return stateAt(0)
  }
  override onRestore() {
    found('diary', this.state)
    this.#begin()
  }
  #begin(): void {
    current = () => this.state.count
    this.every(1, () => step(this.state))
  }
  readonly handlers = this.handle({})
}
let current: (() => number) | undefined

/** Says when what stood in the diary at the moment of a save is safe. */
class TellingStore extends Store {
  override readonly incremental = true
  readonly #store = new FileStore(argv[2] ?? '')

  override load(room: string, key: string) {
    return this.#store.load(room, key)
  }
  override save(room: string, key: string, bytes: Uint8Array) {
    return this.#telling(room, () => this.#store.save(room, key, bytes))
  }
  override append(room: string, key: string, base: number, bytes: Uint8Array) {
    return this.#telling(room, () => this.#store.append(room, key, base, bytes))
  }
  override delete(room: string, key: string) {
    return this.#store.delete(room, key)
  }
  async #telling(room: string, write: () => Promise<void>): Promise<void> {
    const count = current?.()
    await write()
    if (room === 'diary' && count !== undefined) say('safe', 'diary', count)
  }
}

const server = new JuntoServer({ port: 0, host: '127.0.0.1', store: new TellingStore(), logger: new SilentLogger() })
server.define(Ledger, LedgerRoom, { persist: true })
server.define(Diary, DiaryRoom, { persist: { delay: 2, interval: 5 } })
await server.listen()
const client = new JuntoClient({ url: server.url ?? '' })
await Promise.all([client.open(Ledger, { key: 'a' }), client.open(Diary, { key: 'a' })])
