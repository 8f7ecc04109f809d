import { isDeepStrictEqual } from 'node:util'
import { toPlain } from '@junto/schema'
import { JuntoServer, MemoryStore, Room, SilentLogger, type Creation, type Member } from '@junto/server'
import { expect } from 'vitest'
import { SeededRandom } from '../../src/index.ts'
import { IndependentClient, type ClientOptions, type JoinOptions } from './client.ts'
import { firstState, Kinds, Locked } from './contract.fixture.ts'
import { defineMotion } from './motion-rooms.fixture.ts'
import type { Layout, Type } from './layout.ts'
import { change, keysOf, withObjects } from './random-state.fixture.ts'
import { RoomError, type IndependentRoom } from './room.ts'

/** Rooms draw their changes by the layout, which the first client to come has. */
let stateType: Type | undefined
/** The rooms there are, by their id. */
export const rooms = new Map<string, KindsRoom>()

class KindsRoom extends Room(Kinds) {
  received: unknown
  readonly aborted: string[] = []
  readonly waves: unknown[] = []
  pings = 0

  onCreate({ options }: Creation<typeof Kinds>) {
    rooms.set(this.id, this)
    this.metadata = { team: options.team }
    return firstState()
  }

  readonly handlers = this.handle({
    change: ({ seed, times }) => {
      const random = new SeededRandom(seed)
      for (let i = 0; i < times; i++) if (stateType) change(stateType, this.state, random)
      this.state.secret = (this.state.secret ?? 0) + 1
      return this.plain()
    },
    read: () => this.plain(),
    echo: (everything) => {
      this.received = everything
      return everything
    },
    lookup: (record) => record,
    divide: ({ a, b }, { error }) => {
      if (b === 0) throw error('byZero', { a }, 'nobody can')
      if (a > 1e9) throw error('huge', { limit: 10n ** 9n })
      if (a === 13) throw new Error('a secret')
      return a / b
    },
    nothing: () => undefined,
    hang: (_, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          this.aborted.push(String((signal.reason as Error | undefined)?.name))
          resolve(undefined)
        })
      }),
    blob: (bytes) => bytes.map((byte) => 255 - byte),
    ask: async (_, { member }) => {
      const ask = async (question: string) => {
        const outcome = await member.call.confirm.try({ question })
        if (outcome.ok) return String(outcome.value)
        return outcome.code === 'later' ? `later: ${outcome.data.at}` : outcome.code
      }
      const unheard = await member.call.unheard.try()
      return [await ask('sure?'), await ask('when?'), await ask('throw!'), unheard.ok ? 'ok' : unheard.code]
    },
    wave: (wave, { member }) => {
      this.waves.push(wave)
      this.broadcast.waved({ by: wave.to === undefined ? member.id : wave.to, hand: wave.hand })
    },
    point: ({ who, x }) => this.broadcast.pointed({ who, x: x + 1 }),
    ping: (_, { member }) => {
      this.pings++
      member.send.ponged()
    },
    kickMe: (_, { member }) => member.kick('be nice'),
    count: async function* ({ to }) {
      for (let i = 0; i < to; i++) yield [i, `#${i}`] as [number, string]
      if (to === 3) throw new Error('no more')
    },
  })

  plain() {
    return toPlain(this.state)
  }
}

class LockedRoom extends Room(Locked) {
  onCreate() {
    return { names: ['first'] }
  }
  override onJoin(member: Member<typeof Locked>) {
    this.state.names.push(member.user.id)
  }
  readonly handlers = this.handle({ whoAmI: (_, { member }) => member.user.id })
}

let server: JuntoServer | undefined
let clients: IndependentClient[] = []
let sessions = 0

/** Starts the server anew. */
export async function serve(
  limits: NonNullable<ConstructorParameters<typeof JuntoServer>[0]>['limits'] = {},
): Promise<void> {
  await server?.close()
  server = new JuntoServer({ port: 0, host: '127.0.0.1', store: new MemoryStore(), logger: new SilentLogger(), limits })
  server.define(Kinds, KindsRoom)
  server.define(Locked, LockedRoom, {
    authenticate: ({ token }) => (token === undefined ? undefined : { id: token }),
  })
  defineMotion(server)
  await server.listen()
}

/** The server's address. */
export function url(): string {
  return server?.url ?? ''
}

/** Ends the server; no client has complained. */
export async function end(): Promise<void> {
  await server?.close()
  server = undefined
  const faults = clients.map(({ fault }) => fault).filter((fault) => fault !== undefined)
  clients = []
  rooms.clear()
  expect(faults).toEqual([])
}

/** A client of it, with a session of its own. */
export function connect(options: Partial<ClientOptions> = {}, layouts?: Map<string, Layout>): IndependentClient {
  const session = (++sessions).toString(16).padStart(32, '0')
  const client = new IndependentClient({ url: url(), session, ...options }, layouts)
  clients.push(client)
  return client
}

/** How most clients join. */
export const open: JoinOptions = {
  by: 'open',
  room: 'kinds',
  key: 'main',
  options: { team: 'red' },
  join: { name: 'Ada' },
}

/** Joins a room. */
export async function enter(client = connect(), options: Partial<JoinOptions> = {}): Promise<IndependentRoom> {
  const room = await client.join({ ...open, ...options })
  if (room.layout.name === 'kinds') stateType = room.layout.state
  return room
}

/** The room, as the server has it. */
export function roomOf({ id }: IndependentRoom): KindsRoom {
  const room = rooms.get(id)
  if (room === undefined) throw new Error(`no room ${id}`)
  return room
}

/** Equal to the last bit. (What vitest thinks of a key `constructor` is another matter.) */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return
  expect(actual).toStrictEqual(expected)
  expect.fail('not equal')
}

/** The mirror is what the room has, in the order that it has. */
export function expectSame(mirror: IndependentRoom): void {
  const room = roomOf(mirror)
  expectEqual(withObjects(mirror.state), room.plain())
  expect(keysOf(stateType, mirror.state)).toEqual(keysOf(stateType, room.state))
}

/** What a promise rejects with, as the server said it. */
export const failureOf = async (result: Promise<unknown>): Promise<RoomError> => {
  const error: unknown = await result.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  if (error instanceof RoomError) return error
  throw error
}

/** The type of the parameters of a call. */
export function paramsOf({ layout }: IndependentRoom, name: string): Type {
  const message = layout.up.find((one) => one.name === name)
  if (message?.kind !== 'call' || message.params === undefined) throw new Error(`no parameters of ${name}`)
  return message.params
}

/** All integers in 64 bits. */
export function wide(wire: unknown): unknown {
  if (typeof wire === 'number') return Number.isSafeInteger(wire) ? BigInt(wire) : wire
  if (Array.isArray(wire)) return wire.map(wide)
  if (typeof wire !== 'object' || wire === null || wire instanceof Uint8Array) return wire
  return Object.fromEntries(Object.entries(wire).map(([key, value]) => [key, wide(value)]))
}

/** All items of a stream. */
export async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = []
  for await (const item of stream) items.push(item)
  return items
}

/** The kinds of a type and of all that it is made of. */
export function kindsIn(type: Type | undefined, found = new Set<string>()): Set<string> {
  if (type === undefined) return found
  found.add(type.kind)
  if ('type' in type) kindsIn(type.type, found)
  if ('types' in type) for (const part of type.types) kindsIn(part, found)
  if ('fields' in type) for (const part of type.fields) kindsIn(part.type, found)
  return found
}
