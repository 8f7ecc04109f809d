import { JuntoError } from '@junto/protocol'
import { FrameType, MutationChance } from '@junto/protocol/internal'
import { call, defineRoom, mutation, t } from '@junto/schema'
import { toPlain } from '@junto/schema/internal'
import { describe, expect, test, vi } from 'vitest'
import { SessionSecret } from '../session/secret.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { Easel, EaselWorld, easelMutators, Painter, type EaselScript } from './easel.fixture.ts'
import { Room } from './room.ts'
import { World, type WorldOptions } from './rooms.fixture.ts'
import type { SessionInfo } from './seat.ts'

async function easel(script: EaselScript = {}, options: WorldOptions = {}) {
  const world = new EaselWorld(script, options)
  const ann = await world.enter('ann')
  expect(ann.heard()).toEqual(['joined', 'stamp', 'snapshot'])
  expect(ann.told()).toEqual([0])
  return { world, ann }
}

/** All of the room's state, and that the member has the same. */
function stateOf(world: EaselWorld, ...painters: Painter[]): unknown {
  const { strokes, order, total } = world.room.state
  const state = { strokes: [...strokes].map(([id, { x }]) => [id, x]), order: [...order], total }
  for (const { state: seen } of painters) {
    const mirrored = {
      strokes: [...seen.strokes].map(([id, { x }]) => [id, x]),
      order: [...seen.order],
      total: seen.total,
    }
    expect(mirrored).toEqual(state)
  }
  return state
}

describe('a mutation', () => {
  test('[U6] [U7] changes the state, and its caller is told behind that: stamp, patch, reply', async () => {
    const { world, ann } = await easel()
    const drawn = await world.settled(ann.mutate('draw', { x: 3 }))
    expect(drawn).toMatch(/^[0-9a-z]{16}$/)
    expect(ann.heard()).toEqual(['stamp', 'patch', 'reply'])
    expect(ann.told()).toEqual([1])
    expect(stateOf(world, ann)).toEqual({ strokes: [[drawn, 3]], order: [drawn], total: 0 })
  })

  test('several of a turn share a stamp and a patch; others get the patch alone', async () => {
    const { world, ann } = await easel()
    const bob = await world.enter('bob')
    bob.ignoreAll()
    const all = Promise.all([ann.mutate('count'), ann.mutate('count'), ann.mutate('count')])
    await world.settled(all)
    expect(ann.heard()).toEqual(['stamp', 'patch', 'reply', 'reply', 'reply'])
    expect(ann.told()).toEqual([3])
    expect(bob.heard()).toEqual(['patch'])
    expect(stateOf(world, ann, bob)).toMatchObject({ total: 3 })
  })

  test('[U6] [U7] that changes nothing is told by a stamp alone', async () => {
    const { world, ann } = await easel()
    await world.settled(ann.mutate('move', { id: 'nobody', x: 1 }))
    expect(ann.heard()).toEqual(['stamp', 'reply'])
    expect(ann.told()).toEqual([[1]])
  })

  test("of which the reply is to come at once (settle: 'reply') has its stamp with the patch all the same", async () => {
    const { world, ann } = await easel()
    const counted = ann.mutate('count', undefined, { settle: 'reply' })
    expect(ann.heard()).toEqual(['reply'])
    await world.settled(counted)
    expect(ann.heard()).toEqual(['stamp', 'patch'])
    await world.settled(ann.mutate('move', { id: 'nobody', x: 1 }, { settle: 'reply' }))
    expect(ann.heard()).toEqual(['reply', 'stamp'])
    expect(ann.told()).toEqual([1, [2]])
  })

  test('waits for its patch where these are further apart', async () => {
    const { world, ann } = await easel({ patchRate: 10 })
    await world.settled(ann.mutate('count'))
    await world.settled(ann.mutate('move', { id: 'nobody', x: 1 }))
    ann.ignoreAll()
    const all = Promise.all([ann.mutate('count'), ann.mutate('move', { id: 'nobody', x: 1 })])
    await world.clock.advance(99)
    expect(ann.heard()).toEqual([])
    await world.clock.advance(1)
    await all
    expect(ann.heard()).toEqual(['stamp', 'patch', 'reply', 'reply'])
    expect(ann.told()).toEqual([4])
  })

  test('is told by whom, when and with which chance, the same as its client', async () => {
    const told: unknown[] = []
    const { world, ann } = await easel({
      act: (_room, _state, { member, by, user, now, random, newId }) => {
        told.push([by, member.id, user, now, random(), newId(), random()])
      },
    })
    const at = world.clock.time() - 30
    await world.settled(ann.mutate('act', { what: '' }, { at, seed: 0xffff_ffff }))
    const { random, newId } = new MutationChance(0xffff_ffff, at)
    expect(told).toEqual([[ann.id, ann.id, { id: 'ann' }, at, random(), newId(), random()]])
  })

  test('has a context that can be copied and changed, for rooms that put a mutator into one of their own', async () => {
    const { world, ann } = await easel({
      mutators: (room) => ({
        draw: (state, params, context) => {
          const id = easelMutators.draw(state, params, { ...context, by: 'somebody' })
          room.broadcast.drawn({ id })
          return id
        },
      }),
    })
    const id = String(await world.settled(ann.mutate('draw', { x: 3 })))
    expect(ann.heard()).toEqual(['stamp', 'patch', 'event drawn', 'reply'])
    expect(ann.state.strokes.get(id)?.by).toBe('somebody')
  })

  test.each([
    ['now', 0, 0],
    ['a while ago', -59_999, -59_999],
    ['longer ago than may be', -60_001, -60_000],
    ['as far ahead as its estimate of the clock may be', 1_000, 1_000],
    ['in the future', 1_001, 0],
    ['between two milliseconds', -30.4, -30],
    ['before time began', -1e18, -60_000],
    ['when the sun is gone', 1e300, 0],
  ])('[U3] counts as issued when its client says, within bounds: %s', async (_when, at, expected) => {
    const times: number[] = []
    const { world, ann } = await easel({ act: (_room, _state, { now }) => void times.push(now) })
    const now = world.clock.time()
    expect(await world.settled(ann.mutate('act', { what: '' }, { at: now + at }))).toBe(0)
    expect(times).toEqual([now + expected])
  })

  test('stands in the log and in errors under its name, and may be limited by it', async () => {
    const { world, ann } = await easel({
      act: () => {
        throw new Error('no')
      },
    })
    expect(await world.settled(ann.mutate('act', { what: '' }))).toBe('internal')
    expect(world.faults).toEqual(['mutation act of the room easel/a failed: no'])
    const { id } = ann.client.codec('act')
    const allowance = ann.client.seat.allowance({
      type: FrameType.call,
      no: 1,
      id,
      params: null,
      timeout: 0,
      settle: 'visible',
    })
    expect(allowance?.limit).toMatchObject({ what: 'mutation act', rate: 5, burst: 5 })
  })

  test('is counted, by what came of it', async () => {
    const { world, ann } = await easel({
      act: () => {
        throw new Error('no')
      },
    })
    await world.settled(ann.mutate('count'))
    await world.settled(ann.mutate('draw', { x: -1 }))
    await world.settled(ann.mutate('draw', { x: 2000 }))
    await world.settled(ann.mutate('act', { what: '' }))
    await world.settled(ann.mutate('act', { what: 7 }).catch(() => {}))
    const counts = ['applied', 'rejected', 'failed'].map((outcome) =>
      world.metrics.read('mutations', { room: 'easel', outcome }),
    )
    expect(counts).toEqual([1, 1, 2])
  })
})

describe('[U3] a mutation that fails has changed nothing', () => {
  const failing = async (act: EaselScript['act'], script: EaselScript = {}) => {
    const { world, ann } = await easel({ ...script, act })
    const drawn = await world.settled(ann.mutate('draw', { x: 3 }))
    ann.ignoreAll()
    const before = toPlain(world.room.state)
    const { version } = ann.client.mirror
    const outcome = await world.settled(ann.mutate('act', { what: '' }))
    expect(toPlain(world.room.state)).toEqual(before)
    expect(ann.client.mirror.version).toBe(version)
    expect(ann.heard()).toEqual(['stamp', 'failed'])
    expect(ann.told()).toEqual([[2]])
    // It goes on as before.
    await world.settled(ann.mutate('move', { id: drawn, x: 4 }))
    expect(stateOf(world, ann)).toEqual({ strokes: [[drawn, 4]], order: [drawn], total: 0 })
    return { world, outcome }
  }

  const spoil = (state: Parameters<NonNullable<EaselScript['act']>>[1]): void => {
    state.total = 99
    state.strokes.clear()
    state.order.push('x')
    state.strokes.set('x', { by: '', x: 1, at: 0 })
  }

  test('when its mutator throws', async () => {
    const { world, outcome } = await failing((_room, state) => {
      spoil(state)
      throw new Error('no')
    })
    expect(outcome).toBe('internal')
    expect(world.faults).toEqual(['mutation act of the room easel/a failed: no'])
  })

  test.each([
    ['nothing', undefined],
    ['a text', 'no'],
    [
      'something that does not let itself be looked at',
      new Proxy(new Error('no'), {
        getPrototypeOf: () => {
          throw new Error('do not look')
        },
      }),
    ],
  ])('whatever it throws: %s', async (_what, thrown) => {
    const { outcome } = await failing((_room, state) => {
      spoil(state)
      throw thrown as Error
    })
    expect(outcome).toBe('internal')
  })

  test('when it is refused by the room, which is no fault', async () => {
    const { world, outcome } = await failing((_room, state) => {
      spoil(state)
      throw new JuntoError('forbidden', 'not you')
    })
    expect(outcome).toBe('forbidden')
    expect(world.faults).toEqual([])
  })

  test('when it writes what the state cannot hold', async () => {
    const { outcome } = await failing((_room, state) => {
      spoil(state)
      state.strokes.set('y', { by: '', x: 5000, at: 0 })
    })
    expect(outcome).toBe('internal')
  })

  test('when its result is none', async () => {
    const { world, outcome } = await failing((_room, state) => {
      spoil(state)
      return 1000
    })
    expect(outcome).toBe('internal')
    expect(world.faults).toEqual([expect.stringContaining('act.result')])
  })

  test('when its mutator is asynchronous, and nobody else is told of what that throws', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    // One that is `async` itself is refused beforehand; this one wraps such a function.
    const later = async () => {
      await Promise.resolve()
      throw new Error('later')
    }
    const { world, outcome } = await failing((_room, state) => {
      spoil(state)
      return later()
    })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
    expect(outcome).toBe('internal')
    expect(world.faults).toEqual([
      'mutation act of the room easel/a failed: mutation act returned a promise: what changes the state with a client ' +
        'does so at once; what has to be waited for belongs into a call',
    ])
  })

  test('and a declared error comes with its data', async () => {
    const { world, ann } = await easel()
    for (let i = 0; i < 100; i++) void ann.mutate('draw', { x: i }, { seed: i })
    await world.clock.settle()
    expect(await world.settled(ann.mutate('draw', { x: 1 }, { seed: 100 }))).toBe(0)
    expect(stateOf(world, ann)).toMatchObject({ strokes: { length: 100 } })
    expect(world.faults).toEqual([])
  })
})

describe('[U2] numbers of mutations', () => {
  test('ascend; those between may be missing', async () => {
    const { world, ann } = await easel()
    for (const n of [1, 2, 7, 0xffff_ffff]) await world.settled(ann.mutate('count', undefined, { n }))
    expect(ann.told()).toEqual([1, 2, 7, 0xffff_ffff])
    expect(stateOf(world, ann)).toMatchObject({ total: 4 })
  })

  test.each([
    ['again', 5],
    ['of an earlier one', 4],
    ['that is none', 0],
  ])('that come %s are invalid: it is not run, and what was told stands', async (_what, n) => {
    const { world, ann } = await easel()
    await world.settled(ann.mutate('count', undefined, { n: 5 }))
    ann.ignoreAll()
    expect(await world.settled(ann.mutate('count', undefined, { n }))).toBe('invalid')
    expect(ann.told()).toEqual([])
    expect(stateOf(world, ann)).toMatchObject({ total: 1 })
  })

  test('count those as handled that do not satisfy the contract', async () => {
    const { world, ann } = await easel()
    expect(await world.settled(ann.mutate('draw', { x: -1 }))).toBe('invalid')
    expect(ann.told()).toEqual([[1]])
    expect(ann.heard()).toEqual(['stamp', 'failed'])
  })

  test('[U8] survive a lost connection: the stamp comes before the catch-up', async () => {
    const { world, ann } = await easel()
    const bob = await world.enter('bob')
    await world.settled(ann.mutate('count'))
    ann.client.die()
    // It runs, and nobody hears of it.
    void ann.mutate('count')
    await world.clock.settle()
    ann.client.drop()
    ann.ignoreAll()
    await world.settled(bob.mutate('count'))
    ann.client.resume()
    expect(ann.heard().slice(0, 2)).toEqual(['stamp', 'patch'])
    expect(ann.told()).toEqual([2])
    expect(stateOf(world, ann, bob)).toMatchObject({ total: 3 })
    expect(await world.settled(ann.mutate('count', undefined, { n: 2 }))).toBe('invalid')
  })

  test('are told after a lost connection also where nothing has changed', async () => {
    const { world, ann } = await easel()
    await world.settled(ann.mutate('count'))
    ann.client.die()
    void ann.mutate('move', { id: 'nobody', x: 1 })
    await world.clock.settle()
    ann.client.drop()
    ann.ignoreAll()
    ann.client.resume()
    expect(ann.heard()[0]).toBe('stamp')
    expect(ann.told()).toEqual([[2]])
  })

  test('[U8] go on where a page was loaded again and has its seat back; a new seat begins with none', async () => {
    const { world, ann } = await easel()
    await world.settled(ann.mutate('count'))
    await world.settled(ann.mutate('count'))
    ann.client.seat.unseat()
    const again = world.client(Easel, ann.client.session)
    again.join({ key: 'a' })
    await world.clock.settle()
    expect(again.seat.joined).toMatchObject({ member: ann.id, kept: true })
    expect(again.log).toEqual(['joined', 'stamp', 'snapshot'])
    expect(again.stamps.map(({ mutation }) => mutation)).toEqual([2])
    const bob = await world.enter('bob')
    expect(bob.told()).toEqual([0])
  })

  test('of one who is behind are told with the patch that catches up, and its replies behind it', async () => {
    const { world, ann } = await easel()
    const bob = await world.enter('bob')
    ann.client.congested = true
    const counted = ann.mutate('count')
    await world.clock.settle()
    await world.settled(bob.mutate('count'))
    ann.ignoreAll()
    const moved = ann.mutate('move', { id: 'nobody', x: 1 })
    await world.clock.settle()
    expect(ann.heard()).toEqual([])
    ann.client.drain()
    await world.settled(Promise.all([counted, moved]))
    expect(ann.heard()).toEqual(['stamp', 'patch', 'reply', 'reply'])
    expect(ann.told()).toEqual([2])
  })
})

describe('in a room that is saved', () => {
  const sessionOf = (name: string): SessionInfo => ({
    session: name,
    connection: { auth: name, remoteAddress: '10.0.0.1' },
    abandoned: { count: 0 },
    proof: new SessionSecret(`secret of ${name}`),
  })
  /** A process, and who comes to it. */
  const processOn = (store: MemoryStore) => {
    const world = new EaselWorld({ persist: true }, { store })
    const enter = async (name: string): Promise<Painter> => {
      const client = world.client(Easel, sessionOf(name))
      client.join({ key: 'a' })
      await world.clock.settle()
      return new Painter(client)
    }
    return { world, enter }
  }

  test('[U2] [U8] numbers go on behind a restart of the server: who is back knows what has come about', async () => {
    const store = new MemoryStore()
    const first = processOn(store)
    const ann = await first.enter('ann')
    const bob = await first.enter('bob')
    await first.world.settled(Promise.all([ann.mutate('count'), ann.mutate('count'), ann.mutate('count')]))
    expect(bob.state.total).toBe(3)
    await first.world.settled(first.world.registry.close())

    const second = processOn(store)
    const again = await second.enter('ann')
    expect(again.client.seat.joined).toMatchObject({ member: ann.id, kept: true })
    expect(again.heard()).toEqual(['joined', 'stamp', 'snapshot'])
    expect(again.told()).toEqual([3])
    expect(again.state.total).toBe(3)
    // What it does not know to have come about it sends again.
    expect(await second.world.settled(again.mutate('count', undefined, { n: 3 }))).toBe('invalid')
    await second.world.settled(again.mutate('count', undefined, { n: 4 }))
    expect(again.state.total).toBe(4)
    expect((await second.enter('bob')).told()).toEqual([0])
  })

  test('a number is saved with the state that its mutation has made, and never without', async () => {
    const store = new MemoryStore()
    const first = processOn(store)
    const ann = await first.enter('ann')
    await first.world.settled(ann.mutate('count'))
    await first.world.clock.advance('1s')
    await first.world.settled(ann.mutate('count'))
    // The process is killed here: of the second one nothing is saved.
    const second = processOn(store)
    const again = await second.enter('ann')
    expect(again.told()).toEqual([1])
    expect(again.state.total).toBe(1)
  })
})

describe('in the middle of a mutation', () => {
  /** What a bystander is told, and what came of the mutation, which writes before and behind that. */
  const inTheMiddle = async (
    act: (...args: Parameters<NonNullable<EaselScript['act']>>) => unknown,
    script: EaselScript = {},
  ) => {
    const seen: unknown[] = []
    const { world, ann } = await easel({
      ...script,
      act: (room, state, context) => {
        state.total = 1
        const result = act(room, state, context)
        state.total = 2
        return result
      },
      onLeave: (room, member, reason) => {
        seen.push([reason, room.state.total])
        room.state.order.push(`${member.user.id} has left`)
      },
    })
    const bob = await world.enter('bob')
    bob.ignoreAll()
    const outcome = ann.mutate('act', { what: '' })
    await world.clock.settle()
    return { world, ann, bob, outcome, seen }
  }

  test('nobody goes: who kicks its own caller has changed all before that one leaves', async () => {
    const { world, ann, bob, seen } = await inTheMiddle((_room, _state, { member }) => member.kick('out'))
    expect(seen).toEqual([['kicked', 2]])
    expect(ann.client.endings).toEqual([{ reason: 'kicked', message: 'out' }])
    expect(ann.heard().slice(-3)).toEqual(['stamp', 'patch', 'ended kicked'])
    expect(ann.told()).toEqual([1])
    expect(stateOf(world, bob)).toEqual({ strokes: [], order: ['ann has left'], total: 2 })
  })

  test('nobody goes: one that is kicked by what then fails has left, and what its leaving has changed stands', async () => {
    const { world, ann, bob, seen, outcome } = await inTheMiddle((room) => {
      for (const member of room.members.values()) if (member.user.id === 'bob') member.kick()
      throw new Error('no')
    })
    expect(await outcome).toBe('internal')
    expect(seen).toEqual([['kicked', 0]])
    expect(bob.client.endings).toHaveLength(1)
    expect(stateOf(world, ann)).toEqual({ strokes: [], order: ['bob has left'], total: 0 })
  })

  test('nothing is closed: a room that closes itself does so behind it', async () => {
    const { ann, bob, seen } = await inTheMiddle((room) => room.close('over'))
    expect(seen).toEqual([
      ['closed', 2],
      ['closed', 2],
    ])
    expect(ann.state.total).toBe(2)
    expect(bob.state.total).toBe(2)
  })

  test('no version is closed: what is said to somebody who can bear no more leaves behind it', async () => {
    const { world, bob, ann, outcome } = await inTheMiddle((room) => {
      for (let i = 0; i < 300; i++) room.broadcast.drawn({ id: 'x'.repeat(10_000) })
    }, {})
    expect(await outcome).toBe(0)
    expect(bob.client.events).toHaveLength(300)
    expect(bob.heard().map((each) => each.split(' ')[0])).toEqual([
      'patch',
      ...Array.from({ length: 300 }, () => 'event'),
    ])
    expect(stateOf(world, ann, bob)).toMatchObject({ total: 2 })
  })

  test('another one of the room may run as a part of it', async () => {
    const { world, ann, outcome } = await inTheMiddle((_room, state, context) => {
      for (let i = 0; i < 10; i++) easelMutators.count(state, undefined, context)
    })
    expect(await outcome).toBe(0)
    expect(stateOf(world, ann)).toMatchObject({ total: 2 })
  })

  test('a promise to save resolves behind it', async () => {
    const saves: Promise<void>[] = []
    const { world } = await inTheMiddle((room) => void saves.push(room.save()), { persist: true })
    await world.settled(Promise.all(saves))
    const next = new EaselWorld({ persist: true }, { store: world.store })
    const cid = await next.enter('cid')
    expect(cid.state.total).toBe(2)
  })
})

describe('who sends whatever comes to its mind', () => {
  test.each([
    ['no record', 7],
    ['nothing', null],
    ['too few fields', [1]],
    ['a number below 0', [-1, 0, 1, [1]]],
    ['half a number', [1.5, 0, 1, [1]]],
    ['a text for a time', [1, '0', 1, [1]]],
    ['the beginning of time', [1, -Infinity, 1, [1]]],
    ['no time', [1, NaN, 1, [1]]],
    ['a seed that is too large', [1, 0, 2 ** 32, [1]]],
    ['no parameters', [1, 0, 1]],
    ['other parameters', [1, 0, 1, ['x']]],
    ['a map', { n: 1, at: 0, seed: 1, params: { x: 1 } }],
  ])('hears that it is invalid: %s', async (_what, wire) => {
    const { world, ann } = await easel()
    const { id } = ann.client.codec('draw')
    const error = await world.settled(ann.client.rawCall(id, wire))
    expect(error).toMatchObject({ code: 'invalid' })
    expect(world.faults).toEqual([])
    expect(stateOf(world, ann)).toEqual({ strokes: [], order: [], total: 0 })
    expect(await world.settled(ann.mutate('count'))).toBeUndefined()
  })

  test('does not have its own undo where nothing can be undone', async () => {
    const { world, ann } = await easel()
    expect(await world.settled(ann.client.rawCall(99, [1, 0, 1]))).toMatchObject({ code: 'unsupported' })
  })
})

describe('a room class', () => {
  const Counter = defineRoom('counter', {
    version: 1,
    state: t.Object({ n: t.Uint32() }),
    clientToServer: { look: call() },
    serverToClient: {},
    mutations: { add: mutation({ params: t.Object({ by: t.Uint8() }) }), reset: mutation() },
  })

  /** What is reported of a room class with these mutators, whose room does not come about. */
  async function faultsWith(mutators: unknown): Promise<readonly unknown[]> {
    const world = new World()
    class CounterRoom extends Room(Counter) {
      readonly handlers = this.handle({ look() {} })
      // The compiler would not let it pass.
      readonly mutators = mutators as never
      onCreate() {
        return { n: 0 }
      }
    }
    world.registry.define(Counter, CounterRoom)
    const client = world.client(Counter)
    client.join({ key: 'a' })
    await world.clock.settle()
    expect(client.refused?.code).toBe('room_failed')
    return world.faults
  }

  test.each([
    ['none', {}],
    ['one', { add() {} }],
    ['something else', { add() {}, reset: 7 }],
    ['an inherited one', Object.create({ add() {}, reset() {} }) as object],
  ])('without all mutators does not come about, and says which is missing: %s', async (_what, mutators) => {
    const faults = await faultsWith(mutators)
    const missing = Object.hasOwn(mutators, 'add') ? 'reset' : 'add'
    expect(faults).toEqual([
      `constructor of the room counter/a failed: CounterRoom.mutators has no function for the mutation ${missing} of the contract: ` +
        'write readonly mutators = … with what clients are given, too',
    ])
  })

  test.each([[5], [null], ['add']])('does not come about with mutators that are no object: %j', async (mutators) => {
    const faults = await faultsWith(mutators)
    expect(faults).toEqual([
      'constructor of the room counter/a failed: CounterRoom.mutators must be an object with a function for each mutation ' +
        `of the contract, not ${mutators === null ? 'null' : typeof mutators}`,
    ])
  })

  test.each(['add', 'input'])('does not come about with an async mutator, and says which: %s', async (name) => {
    const Driven = defineRoom('driven', {
      version: 1,
      state: t.Object({ n: t.Uint32() }),
      input: t.Object({ dx: t.Int8() }),
      clientToServer: {},
      serverToClient: {},
      mutations: { add: mutation() },
    })
    const world = new World()
    const mutators: object = { add() {}, input() {}, [name]: async () => Promise.resolve() }
    class DrivenRoom extends Room(Driven) {
      // The compiler would not let it pass.
      readonly mutators = mutators as never
      onCreate() {
        return { n: 0 }
      }
    }
    world.registry.define(Driven, DrivenRoom, { tickRate: 20 })
    const client = world.client(Driven)
    client.join({ key: 'a' })
    await world.clock.settle()
    expect(client.refused?.code).toBe('room_failed')
    expect(world.faults).toEqual([
      expect.stringContaining(
        `DrivenRoom.mutators.${name} is async: what changes the state with a client does so at once`,
      ),
    ])
  })

  test('may limit mutations by their names, and nothing that is not there', () => {
    class CounterRoom extends Room(Counter) {
      readonly handlers = this.handle({ look() {} })
      readonly mutators = { add() {}, reset() {} }
      onCreate() {
        return { n: 0 }
      }
    }
    const world = new World()
    world.registry.define(Counter, CounterRoom, { messageLimits: { add: { rate: 1 } } })
    const wrong = { messageLimits: { undo: { rate: 1 } } }
    expect(() => new World().registry.define(Counter, CounterRoom, wrong as never)).toThrow(
      "messageLimits of define(counter, …): there is no 'undo'; clients send look, add, reset",
    )
  })

  test('of a contract without mutations sends no stamps', async () => {
    const Plain = defineRoom('plain', {
      version: 1,
      state: t.Object({ n: t.Uint32() }),
      clientToServer: {},
      serverToClient: {},
    })
    class PlainRoom extends Room(Plain) {
      readonly handlers = this.handle({})
      onCreate() {
        this.after(10, () => void this.state.n++)
        return { n: 0 }
      }
    }
    const world = new World()
    world.registry.define(Plain, PlainRoom)
    const client = await world.join(Plain, { key: 'a' })
    await world.clock.advance(10)
    expect(client.log).toEqual(['joined', 'snapshot', 'patch'])
  })
})
