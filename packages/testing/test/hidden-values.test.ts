import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { clientLimits, JuntoClient, type JoinedRoom } from '@junto/client'
import { JuntoServer, MemoryMetrics, MemoryStore, SilentLogger } from '@junto/server'
import { afterEach, describe, expect, it } from 'vitest'
import { MemoryNetwork, SeededRandom, VirtualClock } from '../src/index.ts'
import { later, Vault, vaultRooms, type PlayedRoom, type Secrets } from './vault.fixture.ts'

// What a member may not see does not leave the server: shown on the bytes that do.

type Role = 'player' | 'staff' | 'guest'

const secrets: Secrets = {
  face: 'the queen of spades',
  gold: 8_137_442.734_375_12,
  key: Uint8Array.of(0xfa, 0x11, 0xde, 0xc0, 0xdd, 0x5e, 0xed, 0x77),
  file: 'three debts in Genoa',
  unitName: 'the thin man',
  unitX: -77_123.620_048_219,
  plan: 'through the cellar at nine',
  error: 'the combination is 17-4-33',
}

const errors = ['error', 'cause', 'value', 'internal', 'twice', 'wrong', 'view']

const authenticate = ({ token }: { readonly token: string | undefined }): { role: Role } => ({
  role: token === 'player' || token === 'staff' ? token : 'guest',
})

describe('on a real connection', () => {
  let stops: (() => unknown)[] = []

  afterEach(async () => {
    for (const stop of stops.toReversed()) await stop()
    stops = []
  })

  it('[M2] each member gets the bytes of what it may see, and nobody those of anything else', async () => {
    const { rooms, VaultRoom } = vaultRooms(secrets)
    const metrics = new MemoryMetrics()
    const server = new JuntoServer({
      port: 0,
      host: '127.0.0.1',
      store: new MemoryStore(),
      metrics,
      logger: new SilentLogger(),
      limits: { checkInterval: 0 },
    })
    server.define(Vault, VaultRoom, { authenticate })
    await server.listen()
    stops.push(() => server.close())
    const port = server.address?.port ?? 0

    // By its type only, so that the layout travels.
    const open = (client: JuntoClient) => client.open<typeof Vault>('vault', { version: 1, key: 'main' })
    const enter = async (role: Role) => {
      const tap = await Tap.to(port)
      stops.push(() => tap.close())
      const client = new JuntoClient({
        url: tap.url,
        auth: () => role,
        limits: clientLimits({ reconnectMin: 20, reconnectMax: 50 }),
        onWarning: () => {},
      })
      stops.push(() => client.close())
      const vault = await open(client)
      return { role, tap, client, vault }
    }
    const all = [await enter('player'), await enter('staff'), await enter('guest')] as const
    const [room] = rooms
    if (room === undefined) throw new Error('no room')
    const allAt = (turn: number) => Promise.all(all.map(({ vault }) => expect.poll(() => vault.state.turn).toBe(turn)))

    // In patches.
    for (let turn = 1; turn <= 3; turn++) {
      await all[2].vault.call.play({ to: turn })
      await allAt(turn)
    }
    // In errors: of calls, streams, events, and joins.
    for (const how of errors) {
      for (const { vault } of all) {
        expect(await vault.call.fail.try({ how })).toMatchObject({ code: 'internal' })
        vault.send.stumble({ how })
      }
    }
    for (const { vault } of all) {
      const items = vault.stream.failing()
      await items.next()
      await expect(items.next()).rejects.toMatchObject({ code: 'internal' })
      expect(await vault.call.play.try({ to: -1 })).toMatchObject({ code: 'invalid' })
    }
    // After the connection was lost, and after leaving.
    for (const { tap, vault } of all) {
      const back = new Promise((resolve) => vault.onRecovery(resolve))
      tap.cut()
      expect(await back).toMatchObject({ outcome: 'resumed' })
    }
    await all[2].vault.leave()
    const again = await open(all[2].client)
    // When its mirror came apart.
    for (const { vault } of [{ vault: again }, all[1]]) spoil(vault)
    await again.call.play({ to: 4 })
    await expect.poll(() => metrics.read('desyncs', { room: 'vault' })).toBe(2)
    await again.call.play({ to: 99 })
    await expect.poll(() => [again, all[0].vault, all[1].vault].map(({ state }) => state.turn)).toEqual([99, 99, 99])
    expect(again.state.target).toBe('ghost 99')
    await again.leave()
    await expect(open(all[2].client)).rejects.toMatchObject({ code: 'room_failed' })

    const sees: Readonly<Record<Role, readonly (keyof Secrets)[]>> = {
      player: ['face', 'gold', 'key'],
      staff: ['gold', 'file', 'unitName', 'unitX', 'plan'],
      guest: [],
    }
    for (const { role, tap } of all) {
      const bytes = tap.received
      for (const turn of [0, 1, 2, 3, 4, 99]) {
        const now = turn === 0 ? secrets : later(secrets, turn)
        for (const name of Object.keys(secrets) as (keyof Secrets)[]) {
          const found = bytes.includes(Buffer.from(bytesOf(now[name])))
          expect(found, `${name} of turn ${turn} on the connection of the ${role}`).toBe(sees[role].includes(name))
        }
      }
      // The layout has the names of fields, and not who sees them.
      expect(bytes.includes('gold')).toBe(true)
      for (const word of ['tag-of-the', 'owner', 'the bank', 'the staff']) expect(bytes.includes(word)).toBe(false)
    }
  })
})

/** What a value looks like on the wire. */
function bytesOf(value: string | number | Uint8Array): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value)
  if (typeof value !== 'number') return value
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

/** Changes a mirror by hand. */
function spoil({ state }: JoinedRoom<typeof Vault>): void {
  const wrong: { name: string } | undefined = state.units.get('scout')
  if (wrong === undefined) throw new Error('no scout')
  wrong.name = 'spoilt'
}

/** Passes TCP connections on to a port, and keeps what comes from there. */
class Tap {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #received: Buffer[] = []

  private constructor(port: number) {
    this.#server = createServer((down) => {
      const up = createConnection(port, '127.0.0.1')
      for (const [socket, other] of [
        [down, up],
        [up, down],
      ] as const) {
        this.#sockets.add(socket)
        socket.on('error', () => socket.destroy())
        socket.on('close', () => {
          this.#sockets.delete(socket)
          other.destroy()
        })
      }
      up.on('data', (data) => void this.#received.push(data))
      up.pipe(down)
      down.pipe(up)
    })
  }

  static async to(port: number): Promise<Tap> {
    const tap = new Tap(port)
    await new Promise<void>((resolve) => tap.#server.listen(0, '127.0.0.1', resolve))
    return tap
  }

  get url(): string {
    // Listening on a port, so that it is no path.
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Everything that the server sent, in one piece: what it sends is neither masked nor compressed. */
  get received(): Buffer {
    return Buffer.concat(this.#received)
  }

  /** Breaks the connections that are there. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): Promise<void> {
    this.cut()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

describe('whatever is hidden from a member', () => {
  /** Each message that each role gets in one game with these secrets. */
  async function play(first: Secrets): Promise<Readonly<Record<Role, readonly string[]>>> {
    const clock = new VirtualClock()
    const network = new MemoryNetwork(clock, { capacity: 0 })
    const { rooms, VaultRoom } = vaultRooms(first)
    const metrics = new MemoryMetrics()
    const server = new JuntoServer({
      transports: [network.transport()],
      clock,
      random: new SeededRandom(1),
      store: new MemoryStore(),
      metrics,
      logger: new SilentLogger(),
      limits: { checkInterval: 0, roomFaults: 1000, softOutbox: 1024 },
    })
    server.define(Vault, VaultRoom, { authenticate })
    await server.listen()
    const received: Record<Role, string[]> = { player: [], staff: [], guest: [] }
    const clients: JuntoClient[] = []
    const enter = async (role: Role): Promise<JoinedRoom<typeof Vault>> => {
      const client = new JuntoClient({
        url: network.url,
        socket: (url, _subprotocol, events) =>
          network.connect(url, {
            open: () => events.open(),
            close: (code, reason) => events.close(code, reason),
            message: (data) => {
              received[role].push(Buffer.from(data).toString('hex'))
              events.message(data)
            },
          }),
        clock,
        random: new SeededRandom(clients.length + 2),
        auth: () => role,
        onWarning: () => {},
      })
      clients.push(client)
      const opening = client.open(Vault, { key: 'main' })
      await clock.settle()
      return opening
    }
    const player = await enter('player')
    await enter('staff')
    const guest = await enter('guest')
    const room: PlayedRoom | undefined = rooms[0]
    if (room === undefined) throw new Error('no room')
    const linkOf = (index: number) => {
      const link = network.links[index]
      if (link === undefined) throw new Error('no connection')
      return link
    }

    for (let turn = 1; turn <= 5; turn++) {
      room.play(turn)
      await clock.advance('1s')
    }
    for (const how of errors) {
      void guest.call.fail.try({ how })
      guest.send.stumble({ how })
      await clock.settle()
    }
    // It stalls, and misses what it would not have seen.
    linkOf(2).down.pause()
    for (let turn = 6; turn <= 40; turn++) {
      room.play(turn)
      await clock.advance(100)
    }
    linkOf(2).down.resume()
    await clock.settle()
    expect(metrics.read('catch_ups', { room: 'vault' })).toBeGreaterThan(0)
    linkOf(2).cut()
    await clock.advance('5s')
    expect(guest.status.value.state).toBe('joined')
    spoil(guest)
    for (let turn = 41; turn <= 45; turn++) {
      room.play(turn)
      await clock.advance('1s')
    }
    expect([guest.state.turn, player.state.turn]).toEqual([45, 45])
    expect(metrics.read('desyncs', { room: 'vault' })).toBe(1)
    for (const client of clients) await client.close()
    const closing = server.close()
    await clock.advance('20s')
    await closing
    return received
  }

  it('[M2] makes no difference to any byte that it gets: at join, in patches and checks, in errors, behind and after coming back', async () => {
    const one = await play(secrets)
    const two = await play({
      face: '7',
      gold: 0,
      key: new Uint8Array(100).fill(1),
      file: 'nothing against him, for once, in spite of all that was said',
      unitName: 'x',
      unitX: 1,
      plan: '',
      error: 'e',
    })
    expect(one.guest.length).toBeGreaterThan(20)
    expect(two.guest).toEqual(one.guest)
    // To those who see some of it, it does.
    expect(two.player).not.toEqual(one.player)
    expect(two.staff).not.toEqual(one.staff)
  })
})
