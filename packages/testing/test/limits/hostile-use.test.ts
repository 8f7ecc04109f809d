import type { JoinedRoom } from '@junto/client'
import { JuntoError, serverLimits } from '@junto/protocol'
import { encodeFrame, FrameType, MessageReader, MessageWriter, pack, parseFrame } from '@junto/protocol/internal'
import type { SentFrame } from '@junto/protocol/internal'
import { MemoryGauge, provide, type DefineOptions, type JuntoServerOptions } from '@junto/server'
import { afterEach, describe, expect, it } from 'vitest'
import { Arena, ArenaWorld, numbers } from './arena.fixture.ts'

let world: ArenaWorld

async function start(options: JuntoServerOptions = {}, define: Partial<DefineOptions<typeof Arena>> = {}) {
  world = new ArenaWorld(options, define)
  await world.server.listen()
}

afterEach(async () => {
  await world.end()
  expect(world.clock.pendingTimers).toBe(0)
})

/** How often each outcome came: a code, or `fine`. */
async function tally(promises: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const promise of promises) {
    const outcome = await promise.then(
      () => 'fine',
      (error: unknown) => (error instanceof JuntoError ? error.code : String(error)),
    )
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

/** Lets time pass until all of these are settled. */
async function outcomes(promises: readonly Promise<unknown>[], duration = '1s'): Promise<Record<string, number>> {
  for (const promise of promises) promise.catch(() => {})
  await world.clock.advance(duration)
  return tally(promises)
}

/** A peer without a client. */
class Raw {
  closed: string | undefined
  /** When its probes were answered. */
  readonly echoes: number[] = []
  readonly notices: string[] = []
  readonly #socket

  constructor(remoteAddress = '10.0.0.66') {
    const reader = new MessageReader({ ...serverLimits(), maxFrame: 2 ** 26 }, parseFrame)
    this.#socket = world.network.connect(
      world.network.url,
      {
        open: () => {},
        message: (data) => {
          if (typeof data === 'string') return
          reader.read(data, (_ref, frame) => {
            if (frame.type === FrameType.echo) this.echoes.push(world.clock.now())
            if (frame.type === FrameType.notice) this.notices.push(frame.message)
          })
        },
        close: (code, reason) => (this.closed = `${code} ${reason}`),
      },
      { remoteAddress },
    )
  }

  send(...frames: readonly SentFrame[]): void {
    const writer = new MessageWriter()
    for (const frame of frames) writer.add(0, encodeFrame(frame))
    const message = writer.take()
    if (message) this.message(message)
  }

  message(message: Uint8Array): void {
    this.#socket.send(message)
  }

  hello(no = 0): void {
    const session = (no + 1).toString(16).padStart(32, '6')
    this.send({ type: FrameType.hello, session, auth: `mallory ${no}` })
  }

  close(): void {
    this.#socket.close(1000, '')
  }

  ping(): void {
    this.#socket.ping()
  }
}

describe('a flood', () => {
  it('[P18] of ten times the allowed rate gets errors with the time to come back, then the door, and others notice nothing', async () => {
    await start()
    const flooder = await world.join('mallory', 'main', '10.0.0.66')
    const bystander = await world.join('ada')
    const began = world.clock.now()
    const errors: JuntoError[] = []
    let away = 0
    flooder.status.subscribe(() => {
      if (flooder.status.value.state === 'reconnecting') away++
    })
    const answers: Promise<number>[] = []
    await world.atRate(100, 5, (n) => {
      for (const m of numbers(50)) {
        if (m % 10 === 0) {
          flooder.call.look({ n: 50 * n + m }).catch((error: unknown) => {
            if (error instanceof JuntoError) errors.push(error)
          })
        } else flooder.send.moved({ n: 50 * n + m, x: 0, y: 0 })
      }
      if (n % 5 === 0) answers.push(bystander.call.look({ n: 1e6 + n }))
    })
    expect(world.metrics.read('connections_closed', { reason: 'flooding' })).toBeGreaterThan(0)
    expect(world.metrics.read('floods', { of: 'messages' })).toBeGreaterThan(0)
    expect(away).toBeGreaterThan(0)
    const limited = errors.filter(({ code, message }) => code === 'rate_limited' && message.startsWith('more messages'))
    expect(limited.length).toBeGreaterThan(20)
    for (const { retryAfter } of limited) expect(retryAfter).toBeGreaterThan(0)
    const handled = world.handled.moved.length + world.handled.looked.filter((n) => n < 1e6).length
    const seconds = (world.clock.now() - began) / 1000
    expect(handled).toBeLessThanOrEqual(2000 + 500 * seconds + 1)
    expect(await outcomes(answers)).toEqual({ fine: 100 })
  })

  it('of pings ends the connection, and a ping now and then does not', async () => {
    await start()
    const raw = new Raw()
    await world.clock.advance('1s')
    raw.hello()
    await world.atRate(1, 60, () => raw.ping())
    expect(raw.closed).toBeUndefined()
    for (const _ of numbers(100)) raw.ping()
    await world.clock.advance('1s')
    expect(raw.closed).toBe('4008 flooding')
    expect(world.punished).toMatchObject({ 'floods{of=control}': 1, 'connections_closed{reason=flooding}': 1 })
  })

  it.each(['pings', 'parts'] as const)('before the hello ends the connection at once: %s', async (kind) => {
    await start()
    const raw = new Raw()
    await world.clock.advance('1s')
    for (const _ of numbers(100)) {
      if (kind === 'pings') raw.ping()
      else raw.send({ type: FrameType.part, more: true, bytes: Uint8Array.of(1) })
    }
    await world.clock.advance('100ms')
    expect(raw.closed).toBe('4008 flooding')
    expect(world.punished).toEqual({ 'floods{of=control}': 1, 'connections_closed{reason=flooding}': 1 })
  })

  it('of frames that ask for nothing ends the connection', async () => {
    await start()
    const raw = new Raw()
    await world.clock.advance('1s')
    raw.hello()
    const probes = numbers(500).map((): SentFrame => ({ type: FrameType.probe, time: 0 }))
    await world.atRate(100, 2, () => raw.send(...probes))
    expect(raw.closed).toBe('4008 flooding')
    expect(world.punished).toMatchObject({ 'floods{of=frames}': 1 })
  })

  it('of bytes is read as fast as allowed, and no faster', async () => {
    await start()
    const raw = new Raw()
    await world.clock.advance('1s')
    raw.hello()
    // Three megabytes of a frame whose meaning is small: what stands behind its number is ignored.
    for (const _ of numbers(50)) raw.message(pack([FrameType.ack, 0, new Uint8Array(60_000)]))
    raw.send({ type: FrameType.probe, time: 7 })
    const sentAt = world.clock.now()
    await world.clock.advance('20s')
    expect(raw.notices).toEqual([])
    expect(raw.closed).toBeUndefined()
    expect(world.metrics.read('reading_paused', { limit: 'session' })).toBeGreaterThan(5)
    const seconds = ((raw.echoes[0] ?? Infinity) - sentAt) / 1000
    expect(seconds).toBeGreaterThan((3_000_000 - 2 ** 20) / 2 ** 18 - 1)
    expect(seconds).toBeLessThan(3_000_000 / 2 ** 18 + 1)
  })

  it.each(['pointed', 'waved'] as const)(
    '[P18] of events that may be dropped is thinned out, and the last one counts: %s',
    async (name) => {
      await start({ limits: { messageRate: 50, messageBurst: 100 } })
      const room = await world.join('ada')
      await world.atRate(120, 10, (n) => {
        if (name === 'pointed') room.send.pointed({ n, x: 0, y: 0 })
        else room.send.waved({ n })
      })
      await world.clock.advance('6s')
      const handled = world.handled[name]
      expect(handled.at(-1)).toBe(1199)
      expect(handled.length).toBeLessThanOrEqual(100 + 50 * 16)
      expect(handled).toEqual(handled.toSorted((a, b) => a - b))
      expect(Object.keys(world.punished)).toEqual([
        'frames_refused{reason=rate_limited}',
        'messages_refused{limit=session}',
      ])
    },
  )
})

describe('an address', () => {
  const message = 60_000

  /** Made once: hundreds of megabytes of it are sent. */
  const ballast = Buffer.concat([pack([FrameType.ack, 0, new Uint8Array(message - 100)]), pack(1)])

  /** A message that is dear to read, and a move behind it that says that it was read. */
  function dear(n: number): Uint8Array {
    return Buffer.concat([ballast, encodeFrame({ type: FrameType.event, id: 0, payload: [n, 0, 0] })])
  }

  it('that opens a hundred sessions a second, each with a burst of its own, has one budget for all; others notice nothing', async () => {
    await start()
    const bystander = await world.join('ada')
    const late: number[] = []
    const began = world.clock.now()
    const raws: Raw[] = []
    await world.atRate(100, 8, (no) => {
      const raw = new Raw()
      raws.push(raw)
      // In two steps: a socket is open a moment later.
      world.clock.after(100, () => {
        raw.hello(no)
        raw.send({ type: FrameType.join, ref: 1, by: 'open', room: 'arena', key: `m${no % 10}` })
      })
      world.clock.after(300, () => {
        for (let n = 0; n < 17; n++) raw.message(dear(n))
      })
      const asked = world.clock.now()
      bystander.call.look({ n: no }).then(
        () => late.push(world.clock.now() - asked),
        () => {},
      )
    })
    const seconds = (world.clock.now() - began) / 1000
    // What came before its join was answered was read just the same.
    const early = world.metrics.read('frames_refused', { reason: 'not_joined' })
    const read = (world.handled.moved.length + early) * message
    // Eight hundred megabytes were sent.
    expect(read).toBeGreaterThan(16 * 2 ** 20)
    expect(read).toBeLessThanOrEqual((16 + 2 * seconds + 1) * 2 ** 20)
    expect(world.metrics.read('reading_paused', { limit: 'address' })).toBeGreaterThan(100)
    expect(late.length).toBeGreaterThan(790)
    expect(Math.max(...late)).toBe(50)
    // Its turn comes for each, and who comes from elsewhere is let in as ever.
    expect((await world.join('bo', 'main', '10.0.0.67')).status.value.state).toBe('joined')
    for (const raw of raws) raw.close()
  })

  it('that begins sessions over and over may begin so many, and is told why', async () => {
    await start()
    const raws: Raw[] = []
    await world.atRate(60, 40, (no) => {
      const raw = new Raw()
      raws.push(raw)
      world.clock.after(60, () => raw.hello(no))
      world.clock.after(150, () => raw.close())
    })
    await world.clock.advance('1s')
    const refused = raws.filter(({ closed }) => closed === '4008 flooding')
    expect(refused.length).toBeGreaterThanOrEqual(2400 - 1000 - 20 * 41)
    expect(refused.length).toBeLessThanOrEqual(2400 - 1000 - 20 * 30)
    for (const { notices } of refused) expect(notices).toEqual([expect.stringContaining('limit sessionRatePerAddress')])
    // Of the same network: of IPv4 that is each address for itself.
    const room = await world.join('ada', 'main', '10.0.0.67')
    expect(room.status.value.state).toBe('joined')
  })
})

describe('mistakes', () => {
  it('twenty at once end the connection', async () => {
    await start()
    const raw = new Raw()
    await world.clock.advance('1s')
    raw.hello()
    raw.send(...numbers(19).map(() => ({ type: FrameType.leave, ref: 5 }) as const))
    await world.clock.advance('1s')
    expect(raw.closed).toBeUndefined()
    raw.send({ type: FrameType.leave, ref: 5 })
    await world.clock.advance('1s')
    expect(raw.closed).toBe('4502 abuse')
  })

  it('one in half a minute is forgiven, for an hour', async () => {
    await start()
    const raw = new Raw()
    await world.clock.advance('1s')
    raw.hello()
    await world.atRate(1 / 30, 3600, () => raw.send({ type: FrameType.leave, ref: 5 }))
    expect(raw.closed).toBeUndefined()
    expect(world.metrics.read('frames_refused', { reason: 'not_joined' })).toBe(120)
  })
})

describe('a limit on one message', () => {
  async function renders(room: JoinedRoom<typeof Arena>, count: number) {
    return outcomes(
      numbers(count).map(() => room.call.render()),
      '100ms',
    )
  }

  it('holds for that one, and the cheap ones beside it go on', async () => {
    await start()
    const room = await world.join('ada')
    expect(await renders(room, 10)).toEqual({ fine: 4, rate_limited: 6 })
    expect(await outcomes(numbers(200).map((n) => room.call.look({ n })))).toEqual({ fine: 200 })
    expect(world.handled.rendered).toBe(4)
  })

  it('says when to come back, and means it', async () => {
    await start()
    const room = await world.join('ada')
    await renders(room, 4)
    const failing = room.call.render().catch((error: unknown) => error)
    await world.clock.advance('100ms')
    const error = await failing
    if (!(error instanceof JuntoError)) throw new Error('not refused')
    expect(error).toMatchObject({ code: 'rate_limited', message: expect.stringContaining('call render') })
    await world.clock.advance(error.retryAfter ?? 0)
    expect(await renders(room, 1)).toEqual({ fine: 1 })
  })

  it('is of the user, not of the tab; and of nobody else', async () => {
    await start()
    const [tab, other, bo] = [await world.join('ada'), await world.join('ada'), await world.join('bo')]
    expect(await renders(tab, 4)).toEqual({ fine: 4 })
    expect(await renders(other, 1)).toEqual({ rate_limited: 1 })
    expect(await renders(bo, 4)).toEqual({ fine: 4 })
  })

  it('outlasts leaving and joining again', async () => {
    await start()
    const client = world.client('ada')
    const opening = client.open(Arena, { key: 'main' })
    await world.clock.advance('1s')
    const room = await opening
    expect(await renders(room, 5)).toEqual({ fine: 4, rate_limited: 1 })
    const leaving = room.leave()
    const again = client.open(Arena, { key: 'main' })
    await world.clock.advance('100ms')
    await leaving
    // A tenth of a second each: not half a token.
    expect(await renders(await again, 1)).toEqual({ rate_limited: 1 })
  })

  it('of an event drops it, which is no mistake of the client', async () => {
    await start()
    const room = await world.join('ada')
    await world.atRate(50, 2, (n) => room.send.shout({ n }))
    await world.clock.advance('1s')
    expect(world.handled.shouted[0]).toBe(0)
    expect(world.handled.shouted.length).toBeLessThanOrEqual(3)
    expect(room.status.value.state).toBe('joined')
    expect(world.metrics.read('connections_closed', { reason: 'abuse' })).toBe(0)
    expect(world.warnings.map(({ message }) => message).join()).toContain('event shout')
  })

  it('of a latest event thins it out: the newest of each key comes, when it may', async () => {
    await start()
    const room = await world.join('ada')
    await world.atRate(60, 4, (n) => {
      for (const id of ['a', 'b']) room.send.placed({ id, n })
      if (n === 100) room.send.placed({ id: 'c', n })
    })
    await world.clock.advance('1s')
    const { placed } = world.handled
    expect(placed).toContain('c100')
    expect(placed.slice(-2).toSorted()).toEqual(['a239', 'b239'])
    // Five at once, and five a second.
    expect(placed.length).toBeGreaterThan(20)
    expect(placed.length).toBeLessThanOrEqual(5 + 5 * 5)
    expect(world.punished).toEqual({})
    expect(world.warnings).toEqual([])
  })

  it('of a stream refuses to open it', async () => {
    await start()
    const room = await world.join('ada')
    const read = async () => {
      for await (const _ of room.stream.log()) break
    }
    expect(await outcomes([read(), read(), read()])).toEqual({ fine: 2, rate_limited: 1 })
    expect(world.handled.logs).toBe(2)
  })

  it('is what the server says rather than the contract, where it says something', async () => {
    await start({}, { messageLimits: { render: { rate: 10, burst: 1 }, look: { rate: 1 } } })
    const room = await world.join('ada')
    expect(await renders(room, 3)).toEqual({ fine: 1, rate_limited: 2 })
    expect(await outcomes([room.call.look({ n: 1 }), room.call.look({ n: 2 })])).toEqual({ fine: 1, rate_limited: 1 })
  })

  it('that cannot be is refused when the room is defined', async () => {
    expect(() => new ArenaWorld({}, { messageLimits: { look: { rate: 0 } } })).toThrow(
      'the limit of arena.look must have a rate above 0 a second and a burst from 1, not 0 and 1',
    )
    expect(() => new ArenaWorld({}, { messageLimits: { loook: { rate: 1 } } as object })).toThrow("there is no 'loook'")
    await start()
  })
})

describe('rooms', () => {
  it('made as fast as possible by one user are so many, and their places come back', async () => {
    await start({ limits: { maxRoomsPerUser: 10, createRatePerUser: 1, createBurstPerUser: 30 } })
    const client = world.client('mallory')
    const created = numbers(40).map((n) => client.open(Arena, { key: `m${n}` }))
    expect(await outcomes(created)).toEqual({ fine: 10, too_many_rooms: 30 })
    const ada = world.client('ada')
    expect(await outcomes([ada.open(Arena, { key: 'a' })])).toEqual({ fine: 1 })
    await client.close()
    await world.clock.advance('1m')
    const again = world.client('mallory')
    expect(await outcomes(numbers(11).map((n) => again.open(Arena, { key: `m${n}` })))).toEqual({
      fine: 10,
      too_many_rooms: 1,
    })
  })

  it('made over and over are so many a minute', async () => {
    await start({ limits: { createRatePerUser: 1, createBurstPerUser: 5 } })
    const client = world.client('mallory')
    expect(await outcomes(numbers(20).map((n) => client.open(Arena, { key: `m${n}` })))).toEqual({
      fine: 5,
      rate_limited: 15,
    })
    await world.clock.advance('2200ms')
    expect(await outcomes(numbers(5).map((n) => client.open(Arena, { key: `n${n}` })))).toEqual({
      fine: 3,
      rate_limited: 2,
    })
  })

  it('made by a hundred addresses are so many for each, and so many in all', async () => {
    await start({ limits: { maxRooms: 150, maxRoomsPerAddress: 2, maxRoomsPerUser: 3 } })
    const clients = numbers(100).map((n) => world.client(`mallory ${n}`, `10.1.0.${n}`))
    const opened = clients.flatMap((client, n) => numbers(3).map((m) => client.open(Arena, { key: `${n} ${m}` })))
    expect(await outcomes(opened)).toEqual({ fine: 150, too_many_rooms: 150 })
    await Promise.all(clients.map((client) => client.close()))
    await world.clock.advance('1m')
    const ada = world.client('ada', '10.2.0.1')
    expect(await outcomes(numbers(3).map((n) => ada.open(Arena, { key: `a${n}` })))).toEqual({
      fine: 2,
      too_many_rooms: 1,
    })
  })

  it('joined by the thousand by one client are refused with a reason', async () => {
    await start()
    const client = world.client('mallory')
    const bystander = await world.join('ada', 'other', '10.0.0.9')
    const opened = numbers(1000).map((n) => client.open(Arena, { key: `m${n}` }))
    const counts = await outcomes(opened, '5s')
    expect(counts['fine']).toBeLessThanOrEqual(64)
    expect((counts['fine'] ?? 0) + (counts['too_many_rooms'] ?? 0) + (counts['rate_limited'] ?? 0)).toBe(1000)
    expect(await outcomes([bystander.call.look({ n: 1 })])).toEqual({ fine: 1 })
  })
})

describe('a user', () => {
  it('has so many connections, and others come in', async () => {
    await start({ limits: { maxConnectionsPerUser: 2 } })
    const [one, two, three] = numbers(3).map(() => world.client('ada'))
    if (!one || !two || !three) throw new Error('three clients')
    const open = (client: typeof one) => outcomes([client.open(Arena, { key: 'main' })])
    expect(await open(one)).toEqual({ fine: 1 })
    expect(await open(two)).toEqual({ fine: 1 })
    expect(await open(three)).toEqual({ too_many_connections: 1 })
    expect(await open(world.client('bo'))).toEqual({ fine: 1 })
    await one.close()
    await world.clock.advance('1s')
    expect(await open(three)).toEqual({ fine: 1 })
  })

  it('may be nobody in particular, as define says', async () => {
    await start({ limits: { maxConnectionsPerUser: 1 } }, { userKey: ({ id }) => (id === 'guest' ? undefined : id) })
    const open = (user: string) => outcomes([world.client(user).open(Arena, { key: 'main' })])
    expect(await open('guest')).toEqual({ fine: 1 })
    expect(await open('guest')).toEqual({ fine: 1 })
    expect(await open('ada')).toEqual({ fine: 1 })
    expect(await open('ada')).toEqual({ too_many_connections: 1 })
  })

  it('is told from others as define says', async () => {
    await start({ limits: { maxConnectionsPerUser: 1 } }, { userKey: ({ id }) => id.split('/')[0] ?? id })
    const open = (user: string) => outcomes([world.client(user).open(Arena, { key: 'main' })])
    expect(await open('ada/phone')).toEqual({ fine: 1 })
    expect(await open('ada/desk')).toEqual({ too_many_connections: 1 })
    expect(await open('bo/phone')).toEqual({ fine: 1 })
  })
})

describe('memory that runs short', () => {
  it('keeps new rooms and joins out, and lets those live that are there', async () => {
    let used = 0.5
    await start({ services: [provide(MemoryGauge, { used: () => used })] })
    const room = await world.join('ada')
    expect(world.server.ready).toBe(true)
    used = 0.86
    await world.clock.advance('1s')
    expect(world.server.ready).toBe(false)
    const refused = world.client('bo').open(Arena, { key: 'main' })
    expect(await outcomes([refused])).toEqual({ overloaded: 1 })
    expect(await outcomes([room.call.look({ n: 1 })])).toEqual({ fine: 1 })
    expect(world.metrics.read('joins_refused', { code: 'overloaded' })).toBeGreaterThan(0)
    // Also over a drop.
    world.network.links[0]?.cut()
    await world.clock.advance('5s')
    expect(await outcomes([room.call.look({ n: 2 })])).toEqual({ fine: 1 })
    used = 0.5
    await world.clock.advance('1s')
    expect(world.server.ready).toBe(true)
    expect(await outcomes([world.client('cy').open(Arena, { key: 'main' })])).toEqual({ fine: 1 })
  })
})
