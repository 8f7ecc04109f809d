import { readdirSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { toPlain } from '@junto/schema'
import { compileLayout, layoutOf, StateTree } from '@junto/schema/internal'
import { JuntoServer, MemoryStore, Room, SilentLogger, type Creation, type Member } from '@junto/server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SeededRandom } from '../src/index.ts'
import { IndependentClient, type ClientOptions, type JoinOptions } from './independent-client/client.ts'
import { firstState, Kinds, Locked } from './independent-client/contract.fixture.ts'
import { readLayout, type Layout, type Type } from './independent-client/layout.ts'
import { Mirror } from './independent-client/mirror.ts'
import { change, keysOf, randomValue, withObjects } from './independent-client/random-state.fixture.ts'
import { RoomError, type IndependentRoom } from './independent-client/room.ts'
import { decode, encode } from './independent-client/values.ts'
import { pack } from './independent-client/wire.ts'

// A client that was written from docs/protocol.md and docs/protocol-state.md alone, in independent-client/, against a real
// server. It shows that the text is enough to write one; what the rules mean in every corner is tested elsewhere.

/** Rooms draw their changes by the layout, which the first client to come has. */
let stateType: Type | undefined
/** The rooms there are, by their id. */
const rooms = new Map<string, KindsRoom>()

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

let server: JuntoServer
let clients: IndependentClient[] = []
let sessions = 0

async function serve(limits: NonNullable<ConstructorParameters<typeof JuntoServer>[0]>['limits'] = {}): Promise<void> {
  server = new JuntoServer({ port: 0, host: '127.0.0.1', store: new MemoryStore(), logger: new SilentLogger(), limits })
  server.define(Kinds, KindsRoom)
  server.define(Locked, LockedRoom, {
    authenticate: ({ token }) => (token === undefined ? undefined : { id: token }),
  })
  await server.listen()
}

function connect(options: Partial<ClientOptions> = {}, layouts?: Map<string, Layout>): IndependentClient {
  const session = (++sessions).toString(16).padStart(32, '0')
  const client = new IndependentClient({ url: server.url ?? '', session, ...options }, layouts)
  clients.push(client)
  return client
}

const open: JoinOptions = { by: 'open', room: 'kinds', key: 'main', options: { team: 'red' }, join: { name: 'Ada' } }

async function enter(client = connect(), options: Partial<JoinOptions> = {}): Promise<IndependentRoom> {
  const room = await client.join({ ...open, ...options })
  if (room.layout.name === 'kinds') stateType = room.layout.state
  return room
}

function roomOf({ id }: IndependentRoom): KindsRoom {
  const room = rooms.get(id)
  if (room === undefined) throw new Error(`no room ${id}`)
  return room
}

/** Equal to the last bit. (What vitest thinks of a key `constructor` is another matter.) */
function expectEqual(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return
  expect(actual).toStrictEqual(expected)
  expect.fail('not equal')
}

/** The mirror is what the room has, in the order that it has. */
function expectSame(mirror: IndependentRoom): void {
  const room = roomOf(mirror)
  expectEqual(withObjects(mirror.state), room.plain())
  expect(keysOf(stateType, mirror.state)).toEqual(keysOf(stateType, room.state))
}

const failureOf = async (result: Promise<unknown>): Promise<RoomError> => {
  const error: unknown = await result.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  if (error instanceof RoomError) return error
  throw error
}

function paramsOf({ layout }: IndependentRoom, name: string): Type {
  const message = layout.up.find((one) => one.name === name)
  if (message?.kind !== 'call' || message.params === undefined) throw new Error(`no parameters of ${name}`)
  return message.params
}

/** All integers in 64 bits. */
function wide(wire: unknown): unknown {
  if (typeof wire === 'number') return Number.isSafeInteger(wire) ? BigInt(wire) : wire
  if (Array.isArray(wire)) return wire.map(wide)
  if (typeof wire !== 'object' || wire === null || wire instanceof Uint8Array) return wire
  return Object.fromEntries(Object.entries(wire).map(([key, value]) => [key, wide(value)]))
}

async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = []
  for await (const item of stream) items.push(item)
  return items
}

/** The kinds of a type and of all that it is made of. */
function kindsIn(type: Type | undefined, found = new Set<string>()): Set<string> {
  if (type === undefined) return found
  found.add(type.kind)
  if ('type' in type) kindsIn(type.type, found)
  if ('types' in type) for (const part of type.types) kindsIn(part, found)
  if ('fields' in type) for (const part of type.fields) kindsIn(part.type, found)
  return found
}

beforeEach(() => serve())

afterEach(async () => {
  await server.close()
  const faults = clients.map(({ fault }) => fault).filter((fault) => fault !== undefined)
  clients = []
  rooms.clear()
  expect(faults).toEqual([])
})

it('shares no code with ours', () => {
  const folder = new URL('./independent-client/', import.meta.url)
  const files = readdirSync(folder).filter((name) => !name.endsWith('.fixture.ts'))
  const imported = files.flatMap((name) => {
    const source = readFileSync(new URL(name, folder), 'utf8')
    return [...source.matchAll(/from '(.*?)'|import\('(.*?)'\)/g)].map(([, from]) => from)
  })
  const outside = imported.filter((from) => !/^\.\/[\w-]+\.ts$/.test(from ?? ''))
  expect(new Set(outside)).toEqual(new Set(['@msgpack/msgpack', 'ws']))
})

describe('joining', () => {
  it('[P1] [P2] [P4] [P5] [P7] [F10] [F11] [F12] [F13] [F30] [V1] [V2] says hello and joins in one message', async () => {
    const client = connect()
    const room = await enter(client)
    expect(client.sent).toBe(1)
    expect(client.welcome).toMatchObject({ maxMessage: 65_536, maxFrame: 262_144, heartbeat: 15_000 })
    expect(room).toMatchObject({ ref: 1, key: 'main', layout: { name: 'kinds', version: 3 } })
    expect([...roomOf(room).members.keys()]).toEqual([room.member])
    expectSame(room)
  })

  it('[V4] has a layout with something of every kind, in the state and in messages', async () => {
    const room = await enter()
    // Of the table in V4.
    const table = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8')
    const listed = [...table.matchAll(/^\| [\d, ]+ +\| ([a-z]\S*(?:, 16, 32)?) +\|/gm)].flatMap(([, kind = '']) =>
      kind.split(', ').map((one) => (/^\d/.test(one) ? kind.replace(/\d.*/, one) : one)),
    )
    expect(listed).toHaveLength(28)
    expect([...kindsIn(room.layout.state)].sort()).toEqual(listed.sort())
    expect([...kindsIn(paramsOf(room, 'echo'))].sort()).toEqual(listed)
  })

  it('[P7] [V3] keeps layouts, and sends back their hashes', async () => {
    const layouts = new Map<string, Layout>()
    const before = connect({}, layouts)
    await enter(before)
    const client = connect({}, layouts)
    const room = await enter(client)
    expect([before.definitions, client.definitions]).toEqual([1, 0])
    expectSame(room)
  })

  it('[P6] [P9] [F15] [F16] comes back to a room by its id, under the ref that it left', async () => {
    const client = connect()
    const room = await enter(client)
    const left = room.leave()
    const again = await client.join({ ...open, by: 'join', id: room.id }, room.ref)
    expect(await left).toMatchObject({ reason: 'left' })
    expect(again.member).not.toBe(room.member)
    await again.leave()
  })

  it('[P6] finds a room without a key by its metadata, or makes one', async () => {
    const find = (team: string) => {
      const { room, join } = open
      return connect().join({ by: 'joinOrCreate', room, join, where: { team }, options: { team } })
    }
    const [red, blue, another] = [await find('red'), await find('blue'), await find('red')]
    expect(red.key).toBeUndefined()
    expect(another.id).toBe(red.id)
    expect(blue.id).not.toBe(red.id)
  })

  it('[P6] [P19] [P20] looks through a live list of rooms, and enters one by its code', async () => {
    const { room, join } = open
    const make = (team: string) => connect().join({ by: 'create', room, join, options: { team } })
    const [ant, bee] = [await make('list-ant'), await make('list-bee')]
    const client = connect()
    const where = { team: { in: ['list-bee', 'list-ant', 'list-cat'] } }
    const list = await client.join({ by: 'list', room, where, order: { team: 'desc' }, limit: 2 })
    const listed = (id: string, team: string) => [
      id,
      { id, members: 1, maxMembers: 100, locked: false, metadata: { team } },
    ]
    const shown = () => [...(list.state as { readonly rooms: ReadonlyMap<string, unknown> }).rooms]
    expect(shown()).toEqual([listed(bee.id, 'list-bee'), listed(ant.id, 'list-ant')])
    const cat = await make('list-cat')
    await expect.poll(shown).toEqual([listed(bee.id, 'list-bee'), listed(cat.id, 'list-cat')])
    const code = rooms.get(ant.id)?.code ?? ''
    const friend = await connect().join({ by: 'code', room, join, id: ` ${code.toLowerCase()}` })
    expect(friend.id).toBe(ant.id)
    expect(await failureOf(client.join({ by: 'list', room, where: { tame: 'x' } }))).toMatchObject({ code: 'invalid' })
  })

  it('[P9] gives up a join under way', async () => {
    const client = connect()
    const joining = failureOf(client.join(open))
    client.leave(1)
    const again = await client.join(open, 1)
    expect(await joining).toMatchObject({ code: 'cancelled' })
    expect(client.lefts).toEqual(['left'])
    await again.call('nothing')
    expectSame(again)
  })

  it('[P4] [P9] gives up a join that was refused in the meantime', async () => {
    const client = connect()
    await enter(client, { key: 'another' })
    client.pause()
    const joining = failureOf(client.join({ ...open, room: 'unheard-of' }, 7))
    await enter()
    client.leave(7)
    const again = client.join(open, 7)
    client.resume()
    expect(await joining).toMatchObject({ code: 'cancelled' })
    expectSame(await again)
    expect(client.lefts).toEqual(['refused'])
  })

  it('[P3] [P4] [P8] [F14] is refused with a code, and the ref is free', async () => {
    const client = connect()
    const refusals = [
      client.join({ by: 'open', room: 'locked', key: 'main' }, 1),
      client.join({ ...open, version: 2 }, 2),
      client.join({ ...open, join: { name: 7 } }, 3),
      client.join({ ...open, by: 'join', id: 'nowhere' }, 4),
      client.join({ ...open, room: 'unheard-of' }, 5),
    ]
    const codes = (await Promise.all(refusals.map(failureOf))).map(({ code }) => code)
    expect(codes).toEqual(['unauthorized', 'incompatible', 'invalid', 'room_not_found', 'unknown_room'])
    const room = await client.join(open, 1)
    expect(room.ref).toBe(1)
  })

  it('[V9] says values by name: numbers, enums and unions as they are', async () => {
    const first = await enter()
    const random = new SeededRandom(9)
    const type = paramsOf(first, 'echo')
    for (let i = 0; i < 10; i++) {
      const everything = randomValue(type, random)
      const room = await enter(connect(), { join: { name: 'Bo', everything } })
      // Quantized numbers and angles are rounded by the server.
      const rounded = withObjects(decode(type, encode(type, everything)))
      expectEqual(roomOf(room).members.get(room.member)?.join, { name: 'Bo', everything: rounded })
    }
  })
})

describe('the state', () => {
  it('[S1] [S6] [S7] [S11] [R13] is mirrored after each of many changes', async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const key = `seed ${seed}`
      const random = new SeededRandom(seed)
      const mirrors = [await enter(connect(), { key })]
      for (let step = 0; step < 50; step++) {
        const mirror = random.pick(mirrors as [IndependentRoom, ...IndependentRoom[]])
        const result = await mirror.call('change', { seed: seed * 1000 + step, times: random.integer(1, 6) })
        expectSame(mirror)
        expectEqual(withObjects(mirror.state), withObjects(result))
        // Who comes later begins with a snapshot of all of it.
        if (step % 20 === 0) mirrors.push(await enter(connect(), { key }))
      }
      for (const mirror of mirrors) {
        await mirror.call('read')
        expectSame(mirror)
        expect(mirror.version).toBe(mirrors[0]?.version)
      }
    }
  })
})

describe('checks', () => {
  it('[M3] [F31] [S27] [S28] fit a mirror of everything that a state can hold, whatever changes', async () => {
    await server.close()
    await serve({ checkInterval: 0 })
    const room = await enter()
    for (let seed = 1; seed <= 60; seed++) await room.call('change', { seed, times: 5 })
    expect(room.checks.length).toBeGreaterThan(50)
    expect(room.checks).not.toContain(false)
  })

  it('[M4] [M5] [F32] [R13] are answered by a resync where they do not fit: the snapshot comes, and then what waited', async () => {
    const room = await enter()
    await room.call('change', { seed: 1, times: 5 })
    const before = room.version
    room.resync()
    room.send('ping')
    const answered = room.call('change', { seed: 2, times: 5 })
    expect(room.events).toEqual([])
    expectEqual(await answered, room.state)
    expect(room.version).toBeGreaterThan(before)
    expect(room.events).toEqual([['ponged', undefined]])
  })
})

describe('patches', () => {
  it('[S7] [S11] lead over many versions at once', async () => {
    // Servers send each patch so far: these are made by the state itself.
    const { layout } = await enter()
    for (let seed = 1; seed <= 2; seed++) {
      const random = new SeededRandom(seed)
      const tree = StateTree.create(compileLayout(layoutOf(Kinds)), undefined, firstState(), {
        epoch: '0011223344556677',
      })
      const viewer = tree.viewer()
      const mirror = new Mirror(layout, viewer.take()?.bytes ?? new Uint8Array())
      for (let step = 0; step < 30; step++) {
        for (let versions = random.integer(1, 40); versions > 0; versions--) {
          change(layout.state, tree.root, random)
          tree.close()
        }
        const missed = viewer.take()
        if (missed?.kind === 'patch') mirror.apply(missed.bytes)
        else mirror.restart(tree.snapshot())
        expect(mirror.version).toBe(tree.version)
        expectEqual(withObjects(mirror.state), toPlain(tree.root))
        expect(keysOf(layout.state, mirror.state)).toEqual(keysOf(layout.state, tree.root))
      }
    }
  })

  it('[S6] [S7] [S25] do to the state what the examples of the text say', () => {
    const text = readFileSync(new URL('../../../docs/protocol-state.md', import.meta.url), 'utf8')
    const example = (name: string) => {
      const [, block = ''] = new RegExp(`^\`\`\`bytes ${name}\\n(.*?)^\`\`\``, 'ms').exec(text) ?? []
      return Buffer.from(block.replaceAll(/#.*$/gm, '').replaceAll(/\s/g, ''), 'hex')
    }
    const types = [2, [32, 0, 100, 0.5], [36, 'name', 0, 'x', 1], [37, 2], [38, 0], [36, 'players', 3, 'log', 4]]
    const layout = readLayout(['example', 1, types, 5, null, [], []])
    const mirror = new Mirror(layout, example('snapshot'))
    expect(withObjects(mirror.state)).toEqual({ players: { ada: { name: 'Ada', x: 10 } }, log: ['hi'] })
    mirror.apply(example('change'))
    expect(withObjects(mirror.state)).toEqual({ players: { ada: { name: 'Ada', x: 12.5 } }, log: ['hi'] })
    expect(() => mirror.apply(example('change'))).toThrow('another version')
    mirror.apply(example('birth'))
    mirror.apply(example('reuse'))
    const players = { bo: { name: 'Bo', x: 0 }, cy: { name: 'Cy', x: 100 } }
    expect(withObjects(mirror.state)).toEqual({ players, log: ['ada left', 'bye'] })
    const other = new Mirror(layout, example('snapshot'))
    other.apply(example('change'))
    other.apply(example('since'))
    expect([other.version, other.state]).toEqual([mirror.version, mirror.state])
  })
})

describe('messages', () => {
  it('[V4] [V5] [V6] [V7] [V8] carry every kind of value both ways, in any width of integer', async () => {
    const room = await enter()
    const message = room.layout.up.find(({ name }) => name === 'echo')
    if (message?.kind !== 'call') throw new Error('no echo')
    const random = new SeededRandom(4)
    const type = paramsOf(room, 'echo')
    for (let i = 0; i < 30; i++) {
      const wire = encode(type, randomValue(type, random))
      const sent = decode(type, wire)
      const echo = room.startRaw(message, i % 2 === 0 ? wire : wide(wire))
      expectEqual(await echo.result, sent)
      expectEqual(roomOf(room).received, withObjects(sent))
    }
    expect(await room.call('lookup', { a: 1, 7: 255 })).toEqual(new Map([['7', 255]]).set('a', 1))
  })

  it('[R4] [R5] [F21] [F22] [F23] [V4] are answered by results, declared errors, and codes', async () => {
    const room = await enter()
    expect(await room.call('divide', { a: 1, b: 4 })).toBe(0.25)
    expect(await room.call('nothing')).toBeUndefined()
    const failures = [
      { a: 3, b: 0 },
      { a: 2e9, b: 1 },
      { a: 13, b: 1 },
      { a: -1, b: 1 },
    ].map((params) => failureOf(room.call('divide', params)))
    expect(await Promise.all(failures)).toMatchObject([
      { isDeclared: true, code: 'byZero', data: { a: 3 }, message: 'nobody can' },
      { isDeclared: true, code: 'huge', data: { limit: 1_000_000_000n } },
      { isDeclared: false, code: 'internal' },
      { isDeclared: false, code: 'invalid' },
    ])
    const divide = room.layout.up.find(({ name }) => name === 'divide')
    if (divide?.kind !== 'call') throw new Error('no divide')
    const badly = [
      room.startRaw(divide, ['one', 2]),
      room.startRaw(divide, [1]),
      room.startRaw(divide, [1, 2, 3]),
      room.startRaw({ ...divide, id: 99 }, [1, 2]),
    ]
    const codes = (await Promise.all(badly.map(({ result }) => failureOf(result)))).map(({ code }) => code)
    expect(codes).toEqual(['invalid', 'invalid', 'invalid', 'unsupported'])
    expect(await room.call('divide', { a: 1, b: 2 })).toBe(0.5)
  })

  it('[R6] [R7] [R15] [F24] end by their time, by cancel, and by leaving', async () => {
    const room = await enter()
    const { aborted } = roomOf(room)
    expect(await failureOf(room.call('hang', {}, { timeout: 10 }))).toMatchObject({ code: 'timeout' })
    expect(aborted).toHaveLength(1)
    const call = room.start('hang', { until: 'cancelled' })
    await room.call('nothing')
    call.cancel()
    expect(await failureOf(call.result)).toMatchObject({ code: 'cancelled' })
    await room.call('nothing')
    expect(aborted).toHaveLength(2)
    const last = failureOf(room.call('hang', {}, { timeout: 0 }))
    await room.leave()
    expect(await last).toMatchObject({ code: 'outcome_unknown' })
    expect(aborted).toHaveLength(3)
  })

  it('[F20] [V7] are events, which may have no payload', async () => {
    const [room, other] = [await enter(), await enter()]
    room.send('wave', { to: 'you', hand: 'left' })
    room.send('wave', { hand: 'right' })
    room.send('ping')
    await room.call('nothing')
    await other.call('nothing')
    const waves = [
      ['waved', { by: 'you', hand: 'left' }],
      ['waved', { by: room.member, hand: 'right' }],
    ]
    expect(roomOf(room).waves).toStrictEqual([{ to: 'you', hand: 'left' }, { hand: 'right' }])
    expect(room.events).toStrictEqual([...waves, ['ponged', undefined]])
    expect(other.events).toStrictEqual(waves)
  })

  it('[F33] [V2] are loose where only the latest counts', async () => {
    const room = await enter()
    room.send('point', { who: 'ann', x: 1 })
    await room.call('nothing')
    await expect.poll(() => room.events).toStrictEqual([['pointed', { who: 'ann', x: 2 }]])
  })

  it('[R9] [R10] [R11] [R12] [F25] [F26] [F27] [F28] come in streams, as far as the credit goes', async () => {
    const room = await enter()
    const stream = room.stream('count', { to: 20 }, 4)
    await room.call('nothing')
    await room.call('nothing')
    expect(stream.unread).toBe(4)
    const items = await collect(stream)
    expect(items).toStrictEqual(Array.from({ length: 20 }, (_, i) => [i, `#${i}`]))
    const failing = room.stream('count', { to: 3 }, 2)
    expect(await failureOf(collect(failing))).toMatchObject({ code: 'internal' })
    expect(failing.read).toBe(3)
    const endless = room.stream('count', { to: Number.MAX_SAFE_INTEGER })
    for await (const item of endless) if (String(item).startsWith('40,')) break
    expect(await collect(room.stream('count', { to: 0 }))).toEqual([])
  })

  it('[R1] [R5] [F21] [F22] [F23] are calls of the server, which a client answers', async () => {
    const room = await enter()
    const asked: unknown[] = []
    room.handlers.set('confirm', async (params) => {
      asked.push(params)
      const { question } = params as { question: string }
      if (question === 'when?') throw new RoomError('later', 'not now', { at: 1_767_225_600_000 })
      if (question === 'throw!') throw new Error('a secret')
      return question === 'sure?'
    })
    expect(await room.call('ask')).toEqual(['true', 'later: 1767225600000', 'internal', 'unsupported'])
    expect(asked).toStrictEqual([{ question: 'sure?' }, { question: 'when?' }, { question: 'throw!' }])
  })
})

describe('a connection', () => {
  it('[F1] [P4] [R1] [R14] has several rooms, each with numbers of its own', async () => {
    const client = connect({ auth: 'token-of-bo' })
    const joins = [enter(client), enter(client, { key: 'second' }), enter(client, { room: 'locked' })] as const
    const [one, two, locked] = await Promise.all(joins)
    expect(client.sent).toBe(1)
    expect(locked.state).toEqual({ names: ['first', 'token-of-bo'] })
    const results = await Promise.all([
      one.call('change', { seed: 1, times: 20 }),
      two.call('change', { seed: 2, times: 20 }),
      locked.call('whoAmI'),
      two.call('divide', { a: 1, b: 8 }),
      one.call('divide', { a: 1, b: 16 }),
    ])
    expect(results.slice(2)).toEqual(['token-of-bo', 0.125, 0.0625])
    expectSame(one)
    expectSame(two)
    await two.leave()
    await one.call('change', { seed: 3, times: 20 })
    expectSame(one)
  })

  it('[F7] [F8] [F18] [P2] carries frames above 16 KiB in parts, both ways', async () => {
    const client = connect()
    const room = await enter(client)
    const bytes = new SeededRandom(1).bytes(200_000)
    const [inverted, quotient] = await Promise.all([room.call('blob', bytes), room.call('divide', { a: 1, b: 2 })])
    expectEqual(
      inverted,
      bytes.map((byte) => 255 - byte),
    )
    expect(quotient).toBe(0.5)
    // 200,000 bytes are 13 parts.
    expect(client.parts).toBe(13)
    expect(client.sent).toBeGreaterThan(4)
  })

  it('[F2] [F7] gets no message above what it accepts, snapshot and patches included', async () => {
    const small = connect({ maxMessage: 1024 })
    const room = await enter(small)
    for (let seed = 0; seed < 20; seed++) {
      await room.call('change', { seed, times: 20 })
      expectSame(room)
    }
    expect(small.parts).toBeGreaterThan(20)
    expect(Math.max(...small.sizes)).toBeLessThanOrEqual(1024)
  })

  it('[P12] [F17] is sent beats, and answers pings', async () => {
    await server.close()
    await serve({ heartbeat: 100 })
    const client = connect()
    const room = await enter(client)
    await expect.poll(() => client.beats.length, { interval: 5 }).toBeGreaterThan(0)
    expect(Math.abs((client.beats[0] ?? 0) - Date.now())).toBeLessThan(60_000)
    await room.call('nothing')
  })

  it('[P10] [P9] is told when it is removed from a room, even where it leaves at the same time', async () => {
    const client = connect()
    const room = await enter(client)
    const call = failureOf(room.call('hang', {}))
    room.send('kickMe')
    expect(await room.left).toEqual({ reason: 'kicked', message: 'be nice' })
    expect(await call).toMatchObject({ code: 'outcome_unknown' })
    const again = await enter(client)
    again.send('kickMe')
    again.send('ping')
    const left = again.leave()
    expect(await left).toMatchObject({ reason: 'kicked' })
    const third = await client.join(open, again.ref)
    await third.call('nothing')
    // It left when it was out already: left comes once.
    expect(client.lefts).toEqual(['kicked', 'kicked'])
    expect(client.notices).toEqual([])
  })

  it('[P11] [P14] [F5] [F19] [F20] [R3] is told of its errors, and goes on', async () => {
    const client = connect()
    const room = await enter(client)
    client.send(room.ref, [16, 99, null])
    client.send(room.ref, [16, 0, null])
    client.send(room.ref, [111, 'of times to come'])
    client.send(0, [14])
    client.send(77, [16, 0, null])
    client.send(room.ref, [20, 500])
    client.send(room.ref, [18, 500, null])
    await room.call('nothing')
    expect(client.notices).toEqual(['unsupported', 'unsupported', 'unknown_frame', 'unknown_frame', 'not_joined'])
  })

  it('[P15] [F1] [F6] [F9] [G1] [G2] [G6] [G8] [R2] [C1] is closed by a bad message, nothing of which has an effect', async () => {
    const { layout } = await enter()
    const id = (name: string) => layout.up.findIndex((message) => message.name === name)
    const [hang, ping] = [pack([17, 1, id('hang'), [], 0, 0]), pack([16, id('ping'), null])]
    const bad: (string | Uint8Array)[] = [
      'text',
      new Uint8Array(0),
      pack('neither ref nor frame'),
      pack([17, 1, 0, null]),
      Buffer.concat([pack(1), pack([8, 1])]),
      Buffer.concat([pack(1), hang, hang]),
      Buffer.concat([pack(1), ping, Uint8Array.of(0xc1)]),
      Buffer.concat([pack(1), ping, Uint8Array.of(0x93, 16, 0, 0xd4, 1, 1)]),
      Buffer.concat([pack(1), Uint8Array.of(0x93, 16, 0, 0x81, 0xa9), Buffer.from('__proto__'), Uint8Array.of(1)]),
      pack([9, false, pack([9, false, pack([6, 1])])]),
      pack([3, 1, { by: 'open', room: 'kinds', key: 'main' }]),
    ]
    const codes = bad.map(async (message) => {
      const client = connect()
      const room = await enter(client)
      client.sendRaw(message)
      return [await client.closed, (await room.left).reason]
    })
    expect(await Promise.all(codes)).toEqual(bad.map(() => [4500, 'disconnected']))
    const witness = await enter()
    await witness.call('nothing')
    expect(roomOf(witness).pings).toBe(0)
  })

  it('[P16] comes again with the same session', async () => {
    const session = 'f'.repeat(32)
    const first = connect({ session })
    const room = await enter(first)
    await room.call('change', { seed: 5, times: 30 })
    await first.close()
    expect(await room.left).toMatchObject({ reason: 'disconnected' })
    const again = await enter(connect({ session }, first.layouts))
    expect(again.id).toBe(room.id)
    expectSame(again)
  })
})

describe('a session that outlives its connections', () => {
  const secret = 'abcdef'.repeat(5) + '00'

  it('[K1] [K2] [K4] [K7] [K8] has every call done once, every answer and the state, wherever it is cut', async () => {
    const client = connect({ secret })
    const room = await enter(client)
    const random = new SeededRandom(11)
    let answered = 0
    let last = 0
    const calls: Promise<void>[] = []
    for (let i = 1; i <= 300; i++) {
      const call = room.call('change', { seed: i, times: 2 }).then(() => {
        answered++
        // In order: all of them go through one room.
        expect(last).toBe(i - 1)
        last = i
      })
      calls.push(call)
      if (i % 10 === 0) await new Promise(setImmediate)
      if (i % 30 !== 0) continue
      // Whatever was under way at that moment is lost, and sometimes the server does not know of it yet.
      if (random.chance(0.5)) await client.cut()
      client.comeBack()
      if (random.chance(0.5)) await expect.poll(() => answered, { interval: 1 }).toBeGreaterThan(i - 30)
    }
    await Promise.all(calls)
    expect(roomOf(room).state.secret).toBe(42 + 300)
    expectSame(room)
    expect(roomOf(room).members.size).toBe(1)
    await expect.poll(() => client.kept, { interval: 5 }).toBe(0)
    expect(client.acks).toBeGreaterThan(0)
  })

  it('[K5] [K6] [F34] acknowledges, and is acknowledged, before much is kept', async () => {
    const client = connect({ secret })
    const room = await enter(client)
    for (let i = 0; i < 100; i++) await room.call('nothing')
    expect(client.kept).toBeLessThan(20)
    await expect.poll(() => client.kept).toBe(0)
  })

  it('[K4] [K8] joins, calls and opens streams while it is away', async () => {
    const client = connect({ secret })
    const room = await enter(client)
    await client.cut()
    const joining = client.join({ ...open, key: 'another' })
    const call = room.call('change', { seed: 1, times: 5 })
    const stream = collect(room.stream('count', { to: 20 }, 4))
    client.comeBack()
    await call
    await (await joining).call('nothing')
    expect(await stream).toHaveLength(20)
    expectSame(room)
  })

  it('[K9] is told how many frames are gone, and goes on behind them', async () => {
    await server.close()
    await serve({ resumeBuffer: 2048 })
    const client = connect({ secret })
    const [room, other] = [await enter(client), await enter()]
    await client.cut()
    for (let i = 0; i < 190; i++) other.send('wave', { to: String(i), hand: 'left' })
    await other.call('nothing')
    client.comeBack()
    await room.call('nothing')
    expect(room.missed).toBeGreaterThan(100)
    expect(room.missed + room.events.length).toBe(190)
    other.send('wave', { to: 'after', hand: 'right' })
    await expect.poll(() => room.events.at(-1)).toEqual(['waved', { by: 'after', hand: 'right' }])
    await client.cut()
    client.comeBack()
    await room.call('change', { seed: 1, times: 5 })
    expectSame(room)
  })

  it('[K7] [F13] has its seat again after it has forgotten everything else', async () => {
    const first = connect({ secret, session: 'e'.repeat(32) })
    const room = await enter(first)
    await room.call('change', { seed: 3, times: 20 })
    await first.cut()
    const second = connect({ secret, session: 'e'.repeat(32), forgotten: true })
    const again = await enter(second)
    expect([again.member, again.kept]).toEqual([room.member, true])
    expect(roomOf(again).members.size).toBe(1)
    expectSame(again)
    await second.cut()
    second.comeBack()
    await again.call('change', { seed: 4, times: 20 })
    expectSame(again)
    first.close().catch(() => undefined)
  })

  it('[K7] knows when its session is gone: it joins again', async () => {
    const client = connect({ secret })
    const room = await enter(client)
    const call = failureOf(room.call('hang', {}))
    await client.cut()
    await server.close()
    await serve()
    client.moveTo(server.url ?? '')
    client.comeBack()
    expect(await call).toMatchObject({ code: 'outcome_unknown' })
    expect(await room.left).toMatchObject({ reason: 'lost' })
    await (await enter(client)).call('nothing')
  })

  const spot = (n: number) => ({ n, at: [n / 4, 0], shape: { kind: 'path', points: [[n, -n]] } })

  it('[F37] [F38] [N1] [N2] [N4] shows what it is told to show, and sees what the others show', async () => {
    const [ada, bob] = [await enter(), await enter()]
    const type = ada.layout.presence
    if (type === undefined) throw new Error('the layout has no presence')
    const random = new SeededRandom(5)
    for (let n = 0; n < 50; n++) {
      const given = { ...(randomValue(type, random) as object), n }
      ada.show(given)
      // What is rounded is rounded by the one who shows it.
      const shown = decode(type, encode(type, given))
      await expect.poll(() => bob.others.get(ada.member), { interval: 1 }).toEqual(shown)
    }
    bob.show(spot(7))
    const cyd = await enter()
    await expect.poll(() => cyd.others.get(bob.member)).toEqual(spot(7))
    expect([cyd.wholes[0], cyd.others.size, bob.others.size]).toEqual([true, 2, 1])
    bob.show(undefined)
    await expect.poll(() => cyd.others.has(bob.member)).toBe(false)
    bob.show(spot(8), 50)
    await expect.poll(() => cyd.others.get(bob.member), { interval: 1 }).toEqual(spot(8))
    await expect.poll(() => cyd.others.has(bob.member)).toBe(false)
    const members = roomOf(ada).members
    expect([members.get(ada.member)?.presence?.n, members.get(bob.member)?.presence]).toEqual([49, undefined])
  })

  it('[N4] [N5] [N7] shows it again after a resume, and learns what the others show by then', async () => {
    const client = connect({ secret })
    const [ada, bob] = [await enter(client), await enter()]
    ada.show(spot(1))
    bob.show(spot(1))
    await expect.poll(() => [ada.others.get(bob.member), bob.others.get(ada.member)]).toEqual([spot(1), spot(1)])
    await client.cut()
    // Nobody keeps it for the connection.
    ada.show(spot(2))
    bob.show(spot(2))
    await bob.call('nothing')
    expect(bob.others.get(ada.member)).toEqual(spot(1))
    const before = ada.wholes.length
    client.comeBack()
    await expect.poll(() => [ada.others.get(bob.member), bob.others.get(ada.member)]).toEqual([spot(2), spot(2)])
    expect(ada.wholes[before]).toBe(true)
    expect(roomOf(ada).members.size).toBe(2)
  })

  it('[K10] [K11] is closed for good by who knows its secret, and not by who does not', async () => {
    const client = connect({ secret, session: 'd'.repeat(32) })
    const room = await enter(client)
    const stranger = connect({ secret: '1'.repeat(32), session: 'd'.repeat(32), forgotten: true })
    await expect.poll(() => stranger.lastCode).toBe(4007)
    await room.call('nothing')
    const other = connect({ secret, session: 'd'.repeat(32), forgotten: true })
    expect(await client.closed).toBe(4503)
    await (await enter(other)).call('nothing')
  })

  it('[P17] [F35] [F36] asks for the time', async () => {
    const client = connect({ secret })
    await enter(client)
    client.probe(12.5)
    await expect.poll(() => client.echoes.length).toBe(2)
    expect(client.echoes[0]).toBe(12.5)
    expect(Math.abs((client.echoes[1] ?? 0) - Date.now())).toBeLessThan(60_000)
  })
})
