import { optimistic, sampleInputs } from '@junto/client'
import { call, defineRoom, event, t, type Mutators } from '@junto/schema'
import { Room, type Member } from '@junto/server'
import { afterEach, describe, expect, it } from 'vitest'
import { createWorld, type World } from './world.ts'

const Unit = t.Object({
  by: t.Owner(),
  x: t.Quantized({ min: 0, max: 100, step: 0.5 }),
  plan: t.Visible('owner', t.String()),
})

const Arena = defineRoom('arena', {
  version: 1,
  join: t.Object({ name: t.String() }),
  state: t.Object({
    title: t.String(),
    log: t.Array(t.String()),
    units: t.Map(Unit),
    far: t.Map(Unit, { view: true }),
    boss: t.Union([t.Null(), t.Object({ hp: t.Uint8() })]),
    secret: t.Visible('referee', t.String()),
    place: t.Union([t.Object({ is: t.Literal('sea'), depth: t.Uint8() }), t.Object({ is: t.Literal('land') })]),
  }),
  clientToServer: {
    rename: event(t.Object({ title: t.String() })),
    sum: call({ params: t.Object({ n: t.Integer() }), result: t.Integer() }),
  },
  serverToClient: {},
})

class ArenaRoom extends Room(Arena) {
  #sum = 0

  onCreate() {
    return {
      title: 'here',
      log: ['born'],
      units: {},
      far: {},
      boss: { hp: 9 },
      secret: 'ssh',
      place: { is: 'sea' as const, depth: 3 },
    }
  }

  override onJoin(member: Member<typeof Arena>) {
    const unit = { by: member.id, x: 1.26, plan: 'hide' }
    this.state.units.set(member.id, unit)
    this.state.far.set(member.id, unit)
    const mine = this.state.far.get(member.id)
    if (mine !== undefined) member.view.add(mine)
    if (member.join.name === 'ref') member.view.grant('referee')
  }

  override onLeave(member: Member<typeof Arena>) {
    this.state.units.delete(member.id)
    this.state.far.delete(member.id)
  }

  readonly handlers = this.handle({
    rename: ({ title }) => {
      this.state.title = title
    },
    sum: ({ n }) => (this.#sum += n),
  })
}

const Lane = defineRoom('lane', {
  version: 1,
  state: t.Object({ x: t.Uint16(), spoilt: t.Uint8() }),
  input: t.Object({ dx: t.Uint8() }),
  clientToServer: {},
  serverToClient: {},
})

const laneMutators: Mutators<typeof Lane> = { input: (state, { dx }) => void (state.x += dx) }

class LaneRoom extends Room(Lane) {
  readonly mutators = laneMutators

  onCreate() {
    return { x: 0, spoilt: 0 }
  }
}

const rooms = [[Arena, ArenaRoom, { persist: true }]] as const

let world: World

afterEach(async () => {
  // Where a test has not ended it.
  for (const client of world.clients) await client.close()
})

function enter(name: string) {
  const client = world.client()
  return { client, opened: world.until(client.open(Arena, { key: 'main', join: { name } })) }
}

describe('a world', () => {
  it('has a server, clients, and time that passes only when it is told to', async () => {
    world = createWorld({ seed: 1, rooms, network: { latency: 20 } })
    const { opened } = enter('ada')
    const room = await opened
    const before = world.clock.now()
    expect(await world.until(room.call.sum({ n: 5 }))).toBe(5)
    // There, and back, and no longer.
    expect(world.clock.now()).toBe(before + 40)
    room.send.rename({ title: 'there' })
    await world.advance('1s')
    expect(room.state.title).toBe('there')
    expect(world.room(Arena, 'main').state.title).toBe('there')
    world.check()
    await world.end()
    expect(world.clock.pendingTimers).toBe(0)
  })

  it('has the same history again with the same seed', async () => {
    const run = async (seed: number): Promise<unknown> => {
      world = createWorld({ seed, rooms, network: { latency: 5, jitter: 30 } })
      const [ada, bob] = [enter('ada'), enter('bob')]
      await bob.opened
      const room = await ada.opened
      world.cut(ada.client)
      await world.advance('3s')
      const result = [room.memberId, world.clock.now(), world.random.number(), world.room(Arena, 'main').id]
      await world.end()
      return result
    }
    expect(await run(7)).toEqual(await run(7))
    expect(await run(7)).not.toEqual(await run(8))
  })

  it('brings a client back over a cut, a stall, a half-open line, a time without network, and a new server', async () => {
    world = createWorld({ seed: 3, rooms })
    const { client, opened } = enter('ada')
    const other = await enter('bob').opened
    const room = await opened
    const faults: (() => void | Promise<void>)[] = [
      () => world.cut(client),
      () => world.stall(client),
      () => world.halfOpen(client, 'client'),
      () => world.halfOpen(client),
      () => world.offline(client),
      () => world.restart(),
      () => world.kill(),
    ]
    for (const [index, fault] of faults.entries()) {
      await fault()
      other.send.rename({ title: `title ${index}` })
      await world.advance('2s')
      world.flow(client)
      world.online(client)
      if (fault === faults.at(-1)) world.serve()
      await world.advance('40s')
      expect(room.status.value.state).toBe('joined')
      world.check()
    }
    await world.end()
  })

  it('plays pages: one that is loaded again takes its seat, one that is offline knows, one that crashes is gone', async () => {
    world = createWorld({ seed: 4, rooms })
    const options = { key: 'main', join: { name: 'ada' } }
    let ada = world.client({ page: true, keepSession: true })
    const { memberId } = await world.until(ada.open(Arena, options))
    ada = world.reload(ada)
    const again = await world.until(ada.open(Arena, options))
    expect([again.kept, again.memberId]).toEqual([true, memberId])

    world.offline(ada)
    await world.advance('1s')
    expect(ada.connection.value).toMatchObject({ state: 'waiting', offline: true })
    const before = world.clock.now()
    world.online(ada)
    await world.until(again.call.sum({ n: 1 }))
    // Told that the network is back, it does not wait for its next attempt.
    expect(world.clock.now()).toBe(before)

    world.page(ada, 'suspended')
    // So long the server waits for the other half of a closing, from her former connection.
    await world.advance('3s')
    expect(world.server.connections).toBe(0)
    world.page(ada, 'resumed')
    await world.advance('1s')
    expect(again.status.value.state).toBe('joined')

    world.crash(ada)
    await world.settle()
    expect(world.server.connections).toBe(0)
    expect(world.room(Arena, 'main').members.get(memberId)?.connected).toBe(false)
    await world.advance('2m')
    // Nobody came back, and the room is gone.
    expect(() => world.room(Arena, 'main')).toThrow('no room')
    await world.end()
  })

  it('tells where a mirror is not what its member may see', async () => {
    world = createWorld({ rooms })
    const [ada, ref] = [await enter('ada').opened, await enter('ref').opened]
    world.check()
    expect(ref.state.secret).toBe('ssh')
    expect(ada.state.secret).toBeUndefined()
    expect([...ada.state.far.keys()]).toEqual([ada.memberId])
    const spoil = (change: () => void, undo: () => void, message: RegExp): void => {
      change()
      expect(() => world.check()).toThrow(message)
      undo()
      world.check()
    }
    const state = Object(ada.state)
    spoil(
      () => (state.title = 'x'),
      () => (state.title = 'here'),
      /client 1, room arena 'main': state.title is "x" at the client, and should be "here"/,
    )
    spoil(
      () => state.log.push('y'),
      () => state.log.pop(),
      /state.log has 2 items at the client, and should have 1/,
    )
    spoil(
      () => (state.secret = 'y'),
      () => (state.secret = undefined),
      /state.secret is "y" at a client that must not see it/,
    )
    const unit = state.units.get(ada.memberId)
    expect(unit.x).toBe(1.5)
    spoil(
      () => (unit.x = 1.26),
      () => (unit.x = 1.5),
      /state.units.get\("\w+"\).x is 1.26 at the client, and should be 1.5/,
    )
    spoil(
      () => (unit.plan = undefined),
      () => (unit.plan = 'hide'),
      /plan is absent at the client/,
    )
    spoil(
      () => state.far.delete(ada.memberId),
      () => state.far.set(ada.memberId, unit),
      /state.far.get\("\w+"\) is missing/,
    )
    spoil(
      () => state.far.set('z', unit),
      () => state.far.delete('z'),
      /state.far.get\("z"\) should not be at the client/,
    )
    spoil(
      () => (state.place.depth = 4),
      () => (state.place.depth = 3),
      /state.place.depth is 4/,
    )
    spoil(
      () => (state.boss.hp = 4),
      () => (state.boss.hp = 9),
      /state.boss.hp is 4/,
    )
    await world.end()
  })

  it('ends when inputs have arrived that clients show already, and tells what is wrong behind them', async () => {
    const begin = async () => {
      world = createWorld({ rooms: [[Lane, LaneRoom, { tickRate: 20, patchRate: 10 }]], network: { latency: 30 } })
      const room = await world.until(world.client().open(Lane, { key: 'a', mutators: optimistic(laneMutators) }))
      const inputs = sampleInputs(room, () => ({ dx: 1 }))
      for (let frame = 0; frame < 60; frame++) {
        inputs.frame()
        await world.advance(50)
      }
      inputs.frame()
      inputs.close()
      const { state } = world.room(LaneRoom, 'a')
      // It is shown here, and the server does not know of it yet.
      expect(room.state.x).toBeGreaterThan(state.x)
      return { mirror: Object(room.state), state }
    }
    const { mirror, state } = await begin()
    await world.end()
    expect(mirror.x).toBe(state.x)
    const other = await begin()
    other.mirror.spoilt = 1
    await expect(world.end()).rejects.toThrow(/state.spoilt is 1 at the client, and should be 0/)
  })

  it('runs bots, and tells of those that fail', async () => {
    world = createWorld({ seed: 5, rooms })
    let sums = 0
    const bot = world.bot('adder', async ({ client, random, sleep }) => {
      const room = await client.open(Arena, { key: 'main', join: { name: 'bot' } })
      while (await sleep(random.integer(50, 150))) {
        await room.call.sum({ n: 1 })
        sums++
      }
    })
    await world.advance('10s')
    expect(sums).toBeGreaterThan(60)
    bot.stop()
    const before = sums
    await world.advance('10s')
    expect(sums).toBeLessThanOrEqual(before + 1)
    world.check()
    world.bot('breaker', () => {
      throw new Error('it broke')
    })
    await world.settle()
    expect(() => world.check()).toThrow(
      /^In the world of seed 5, at 20000 ms:\n- bot 'breaker' failed: Error: it broke[^]*\n\nOnce more: JUNTO_SEED=5 npx vitest run packages\/testing\/src\/world\.test\.ts$/,
    )
    await expect(world.end()).rejects.toThrow(/breaker/)
  })

  it('names the line that waited, and the seed, when what it waited for does not happen', async () => {
    world = createWorld({ seed: 6, rooms })
    const never = new Promise<never>(() => {})
    const late = await world.until(never, '5s').catch((error: unknown) => error)
    expect(late).toMatchObject({
      code: 'timeout',
      message:
        'In the world of seed 6, at 5000 ms: what is waited for did not happen: nothing that it could wait for is under way\n\n' +
        'Once more: JUNTO_SEED=6 npx vitest run packages/testing/src/world.test.ts',
      stack: expect.stringContaining('world.test.ts'),
    })
    const refused = await world
      .until(world.client().joinById(Arena, 'nowhere', { join: { name: 'ada' } }))
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'room_not_found', stack: expect.stringContaining('world.test.ts') })
    await world.end()
  })

  it('finds a room by its class, as that class', async () => {
    world = createWorld({ rooms })
    await enter('ada').opened
    const room: ArenaRoom = world.room(ArenaRoom, 'main')
    expect(room).toBe(world.room(Arena, 'main'))
    expect(() => world.room(ArenaRoom, 'other')).toThrow("no room ArenaRoom 'other' runs now; there are arena 'main'")
    await world.end()
  })

  it("has a server that knows the rooms by the test's class, from outside of them", async () => {
    world = createWorld({ rooms })
    const { server } = world
    const handle = await world.until(server.rooms.open(ArenaRoom, 'main'))
    expect(await world.until(handle.run(({ state }) => state.title))).toBe('here')
    expect(server.rooms.get(ArenaRoom, { key: 'main' })?.id).toBe(handle.id)
    expect(server.rooms.list(ArenaRoom)).toMatchObject([{ key: 'main', members: 0 }])
    await world.end()
  })

  it('says how rooms are given, and which clients can be loaded again', async () => {
    // @ts-expect-error -- as JavaScript lets anybody write it
    expect(() => createWorld({ rooms: [Arena, ArenaRoom] })).toThrow(
      'rooms[0] of the world is no list of a contract and the class of its rooms: write rooms: [[Contract, RoomClass]]',
    )
    world = createWorld({ rooms })
    expect(() => world.reload(world.client({ keepSession: true }))).toThrow(
      'only a page can be loaded again: make the client with world.client({ page: true })',
    )
    await world.end()
  })

  it('has the same time of day as production: whole milliseconds, under any jitter', async () => {
    world = createWorld({ rooms, network: { latency: 30, jitter: 30 } })
    await enter('ada').opened
    expect(Number.isInteger(world.clock.now())).toBe(false)
    expect(Number.isInteger(world.clock.time())).toBe(true)
    await world.end()
  })

  it('tells what history says is wrong', async () => {
    world = createWorld({ rooms })
    world.history.channel('moves').sent(1)
    expect(() => world.check()).toThrow('moves: 1 never arrived, and nobody was told')
    await expect(world.end()).rejects.toThrow(/moves/)
  })

  it('tells what is left at its end', async () => {
    world = createWorld({ rooms })
    world.clock.after(3_600_000_000, () => {})
    await expect(world.end()).rejects.toThrow(/1 timer is left of the test or the network/)
  })

  it('says what cannot be', async () => {
    world = createWorld({ rooms })
    expect(() => world.room(Arena, 'nowhere')).toThrow("no room arena 'nowhere' runs now; there is none")
    expect(() => world.serve()).toThrow('a server is running already')
    expect(() => createWorld({ seed: 0.5, rooms })).toThrow('whole number, not 0.5')
    expect(() => createWorld({ rooms: [] })).toThrow('a world needs rooms')
    const client = world.client()
    expect(() => world.slow(client, 0)).toThrow('above 0, not 0')
    expect(() => createWorld({ rooms }).cut(client)).toThrow('not of this world')
    await expect(world.until(new Promise(() => {}), '5s')).rejects.toMatchObject({ code: 'timeout' })
    await world.end()
  })

  it('takes the classes that fit their contracts only', () => {
    const Other = defineRoom('other', {
      version: 1,
      state: t.Object({ n: t.Uint8() }),
      clientToServer: {},
      serverToClient: {},
    })
    // @ts-expect-error the class is of another contract
    const make = () => createWorld({ rooms: [[Other, ArenaRoom]] })
    expect(make).toThrow()
    // @ts-expect-error there is no such option
    const wrong = (): unknown => createWorld({ rooms: [[Arena, ArenaRoom, { presist: true }]] })
    expect(wrong).toBeTypeOf('function')
  })
})
