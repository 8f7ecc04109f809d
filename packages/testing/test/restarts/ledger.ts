// A server as users run it, told by its arguments: where it saves, and on which port it listens. It is stopped by signals, and started again.
import { Clock, FileStore, JuntoServer, Room, Store, type Member } from '@junto/server'
import { argv } from 'node:process'
import { Ledger, secretOf } from './contract.ts'

class LedgerRoom extends Room(Ledger) {
  readonly clock = this.inject(Clock)
  #blocks = 0

  onCreate() {
    return { joins: 0, leaves: 0, accounts: {} }
  }
  override onJoin({ id, join: { name } }: Member<typeof Ledger>) {
    this.state.joins++
    this.state.accounts.set(name, { of: id, entries: 0, sum: 0, noted: 0, secret: secretOf(name) })
  }
  override onLeave() {
    this.state.leaves++
  }
  override onDispose() {
    if (this.key === 'endless') return new Promise<void>(() => {})
    for (const until = this.clock.now() + this.#blocks; this.clock.now() < until;);
    return undefined
  }
  #add({ join: { name } }: Member<typeof Ledger>, n: number): number {
    const account = this.state.accounts.get(name)
    if (account === undefined) throw new Error(`no account ${name}`)
    account.entries++
    account.sum += n
    return n
  }
  readonly handlers = this.handle({
    add: ({ n }, { member }) => this.#add(member, n),
    addLater: async ({ n, ms }, { member }) => {
      member.send.waiting({})
      await new Promise<void>((resolve) => void this.clock.after(ms, resolve))
      return this.#add(member, n)
    },
    blockAtTheEnd: ({ ms }) => void (this.#blocks = ms),
    note: ({ n }, { member }) => {
      const account = this.state.accounts.get(member.join.name)
      if (account !== undefined) account.noted = n
    },
    save: () => this.save(),
  })
}

/** Saves rooms of some keys never: it does not answer. */
class SilentStore extends Store {
  override readonly incremental = true
  readonly #store: Store

  constructor(store: Store) {
    super()
    this.#store = store
  }
  override load(room: string, key: string) {
    return this.#store.load(room, key)
  }
  override save(room: string, key: string, bytes: Uint8Array) {
    return key.startsWith('unsaved') ? new Promise<void>(() => {}) : this.#store.save(room, key, bytes)
  }
  override append(room: string, key: string, base: number, bytes: Uint8Array) {
    return this.#store.append(room, key, base, bytes)
  }
  override delete(room: string, key: string) {
    return this.#store.delete(room, key)
  }
}

const [, , folder = '', port = '0', grace = '10000'] = argv
const server = new JuntoServer({
  port: Number(port),
  host: '127.0.0.1',
  store: new SilentStore(new FileStore(folder)),
  limits: { maxConnectionsPerAddress: 2_000 },
})
server.define(Ledger, LedgerRoom, { persist: true, maxMembers: 200 })
await server.listen()
server.closeOnSignals({ grace: Number(grace) })
process.on('SIGTERM', () => console.log('ready', server.ready))
console.log('listening', server.address?.port)
