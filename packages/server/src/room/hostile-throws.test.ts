import { JuntoError } from '@junto/protocol'
import { FrameType } from '@junto/protocol/internal'
import { call, defineRoom, event, t } from '@junto/schema'
import { describe, expect, test } from 'vitest'
import { hostileErrors } from '../observe/hostile.fixture.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { Store } from '../store/store.ts'
import { Desk, deskRooms, type DeskScript } from './desk.fixture.ts'
import { Room } from './room.ts'
import { World } from './rooms.fixture.ts'

const refuse = (): never => {
  throw new Error('not to be looked at')
}

/** What resists being looked at; the log has further tests of such. */
const hostile: [string, () => unknown][] = [
  ['a proxy that refuses everything', hostileErrors['a proxy that refuses everything'] ?? refuse],
  ['a proxy that was revoked', hostileErrors['a proxy that was revoked'] ?? refuse],
  ['a message that throws', hostileErrors['a message that throws'] ?? refuse],
  ['a symbol', hostileErrors['a symbol'] ?? refuse],
  ['a refusal behind a proxy', () => new Proxy(new JuntoError('forbidden', 'no'), { get: refuse })],
]

/** A world whose rooms note what their `onError` is told. */
function desk(script: DeskScript, store: Store = new MemoryStore()) {
  const world = new World({ store })
  const told: string[] = []
  const { rooms, ScriptedRoom } = deskRooms({ ...script, onError: (_room, _error, where) => void told.push(where) })
  world.registry.define(Desk, ScriptedRoom, { persist: true })
  return { world, rooms, told }
}

describe.each(hostile)('%s', (_name, make) => {
  const fail = (): never => {
    throw make()
  }

  test('out of onCreate: the room fails, and onError is told', async () => {
    const { world, told } = desk({ onCreate: fail })
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_failed' })
    expect(told).toEqual(['onCreate'])
    expect(world.registry.size).toBe(0)
  })

  test('out of onJoin: that join fails, onError is told, and the seat is free again', async () => {
    const { world, rooms, told } = desk({ onJoin: fail })
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_failed' })
    expect(told).toEqual(['onJoin'])
    expect(rooms[0]?.members.size).toBe(0)
  })

  test('out of a promise of onJoin: the same', async () => {
    const { world, rooms, told } = desk({ onJoin: async () => fail() })
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_failed' })
    expect(told).toEqual(['onJoin'])
    expect(rooms[0]?.members.size).toBe(0)
  })

  test('out of onRestore: the room fails, onError is told, and what was saved is still there', async () => {
    const store = new MemoryStore()
    const first = desk({}, store)
    const ada = await first.world.join(Desk, { key: 'a' })
    ada.leave()
    await first.world.clock.advance('6s')
    const { world, told } = desk({ onRestore: fail }, store)
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_failed' })
    expect(told).toEqual(['onRestore'])
    const again = desk({}, store)
    await again.world.join(Desk, { key: 'a' })
    expect(again.rooms[0]?.happened[0]).toBe('onRestore')
  })

  test('out of hooks that nobody waits for, and handlers: onError is told, and the member stays', async () => {
    const { world, rooms, told } = desk({
      onDrop: fail,
      onResume: fail,
      onLeave: fail,
      onDispose: fail,
      handlers: () => ({
        act: fail,
        add: async () => fail(),
        say: fail,
        // oxlint-disable-next-line require-yield -- it never gets there
        count: async function* () {
          fail()
        },
      }),
    })
    const ada = await world.join(Desk, { key: 'a' })
    rooms[0]?.after(1, fail)
    const act = ada.outcome('act')
    const add = ada.outcome('add', { by: 1 })
    ada.event('say', { text: '' })
    const counted = ada
      .stream('count', { to: 1 })
      .next()
      .catch((error: unknown) => error)
    await world.clock.advance(1)
    expect([await act, await add]).toEqual(['internal', 'internal'])
    expect(await counted).toMatchObject({ code: 'internal' })
    ada.drop()
    ada.resume()
    ada.leave('left')
    await world.clock.advance('10s')
    expect(told.toSorted()).toEqual(
      [
        'call act',
        'call add',
        'event say',
        'stream count',
        'timer',
        'onDrop',
        'onResume',
        'onLeave',
        'onDispose',
      ].toSorted(),
    )
    expect(world.registry.size).toBe(0)
  })

  test('out of authenticate: that join fails, and the log has it', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, { authenticate: fail })
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'internal' })
    expect(rooms).toHaveLength(0)
    expect(world.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  test('out of a store that loads: the room is refused, and counted', async () => {
    class HostileStore extends MemoryStore {
      override load() {
        return Promise.reject(make() as Error)
      }
    }
    const { world } = desk({}, new HostileStore())
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'store_failed' })
    expect(world.metrics.read('room_loads_failed', { room: 'desk', reason: 'other' })).toBe(1)
  })

  test('out of a store that saves: counted, and tried again', async () => {
    let broken = true
    class HostileStore extends MemoryStore {
      override save(room: string, key: string, bytes: Uint8Array) {
        return broken ? Promise.reject(make() as Error) : super.save(room, key, bytes)
      }
    }
    const { world } = desk({}, new HostileStore())
    await world.join(Desk, { key: 'a' })
    await world.clock.advance('1s')
    expect(world.metrics.read('room_saves_failed', { room: 'desk', reason: 'other' })).toBe(1)
    broken = false
    await world.clock.advance('10s')
    expect(world.metrics.read('rooms_saved', { room: 'desk' })).toBe(1)
  })

  test('out of a check of the contract: the caller hears of an error, and the room and its log of the fault', async () => {
    const Checked = defineRoom('checked', {
      version: 1,
      state: t.Object({}),
      presence: t.Object({ n: t.Refine(t.Integer(), fail) }),
      clientToServer: { act: call({ params: t.Refine(t.Integer(), fail) }), say: event(t.Refine(t.Integer(), fail)) },
      serverToClient: {},
    })
    const told: string[] = []
    class CheckedRoom extends Room(Checked) {
      onCreate() {
        return {}
      }
      override onError(_error: unknown, where: string) {
        told.push(where)
      }
      readonly handlers = this.handle({ act: refuse, say: refuse })
    }
    const world = new World()
    world.registry.define(Checked, CheckedRoom)
    const ada = await world.join(Checked, { key: 'a' })
    const act = ada.outcome('act', 1)
    ada.event('say', 1)
    ada.raw({ type: FrameType.presence, value: [1], expires: undefined })
    await world.clock.advance('1s')
    expect(await act).toBe('internal')
    expect(told.toSorted()).toEqual(['event say', 'message'])
    expect(ada.notices).toEqual(['invalid: [N3] it is not what the contract says'])
  })
})
