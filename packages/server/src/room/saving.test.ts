import { JuntoError } from '@junto/protocol'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../store/memory-store.ts'
import { StoreError } from '../store/store-error.ts'
import type { Store } from '../store/store.ts'
import type { PersistOptions } from './define-options.ts'
import { Desk, deskRooms, type DeskRoom, type DeskScript } from './desk.fixture.ts'
import { World } from './rooms.fixture.ts'

/** A store that keeps increments, tells what it was asked, and fails or waits when it is told to. */
class WatchedStore extends MemoryStore {
  readonly log: string[] = []
  failure: Error | undefined
  /** While set, writing waits for it. */
  gate: Promise<void> | undefined

  override async save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    await this.#enter('save')
    await super.save(room, key, bytes)
    this.log.push('saved')
  }
  override async append(room: string, key: string, base: number, bytes: Uint8Array): Promise<void> {
    await this.#enter(`append to ${base}`)
    await super.append(room, key, base, bytes)
    this.log.push('saved')
  }
  async #enter(what: string): Promise<void> {
    this.log.push(what)
    await this.gate
    if (this.failure) throw this.failure
  }
}

/** A world with a room `desk/a` in it, saved as it began. */
async function opened(script: DeskScript = {}, persist: boolean | PersistOptions = true) {
  const store = new WatchedStore()
  const world = new World({ store })
  const { rooms, ScriptedRoom } = deskRooms(script)
  world.registry.define(Desk, ScriptedRoom, { persist })
  const ada = await world.join(Desk, { key: 'a' })
  await world.clock.advance('2s')
  store.log.length = 0
  const [room] = rooms
  if (!room) throw new Error('No room')
  return { world, store, room, rooms, ada }
}

/** The number in the room that would be restored. */
async function stored(store: Store): Promise<number | undefined> {
  const world = new World({ store })
  const { rooms, ScriptedRoom } = deskRooms()
  world.registry.define(Desk, ScriptedRoom, { persist: true })
  await world.join(Desk, { key: 'a' })
  return rooms[0]?.state.n
}

/** A store in which these are the pieces of `desk/a`. */
function storeOf([whole = new Uint8Array(), ...increments]: readonly Uint8Array[] = []): Store {
  const store = new MemoryStore()
  void store.save('desk', 'a', whole)
  for (const [index, increment] of increments.entries()) void store.append('desk', 'a', index + 1, increment)
  return store
}

/** What has become of a promise so far. */
function watch(promise: Promise<unknown>): { readonly outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: 'pending' }
  promise.then(
    () => (seen.outcome = 'done'),
    (error: unknown) => (seen.outcome = error instanceof JuntoError ? error.code : error),
  )
  return seen
}

describe('a room in a store that keeps increments', () => {
  test('is saved as a whole first, then by what changed; what is restored is saved as a whole once', async () => {
    const { world, store, room, rooms } = await opened()
    for (let n = 1; n <= 3; n++) {
      room.state.n = n
      await world.clock.advance('2s')
    }
    expect(store.log.filter((line) => line !== 'saved')).toEqual(['append to 1', 'append to 2', 'append to 3'])
    expect(await stored(store)).toBe(3)
    room.metadata = { team: 'red', size: 7 }
    room.close()
    await world.clock.advance('2s')
    expect(store.log.filter((line) => line !== 'saved')).toHaveLength(4)
    store.log.length = 0
    await world.join(Desk, { key: 'a' })
    await world.clock.advance('1h')
    // It is as it was saved.
    expect(store.log).toEqual([])
    const again = rooms.at(-1)
    expect(again?.metadata).toEqual({ team: 'red', size: 7 })
    for (let n = 0; n < 2; n++) {
      again?.state.notes.set('a', `${n}`)
      await world.clock.advance('2s')
    }
    expect(store.log).toEqual(['save', 'saved', 'append to 1', 'saved'])
  })

  test('writes few bytes where little changes', async () => {
    const { world, store, room } = await opened()
    for (let n = 0; n < 1000; n++) room.state.notes.set(`note ${n}`, `this is what stands in note ${n}`)
    await world.clock.advance('2s')
    const before = world.metrics.read('room_bytes_saved', { room: 'desk' })
    expect(before).toBeGreaterThan(30_000)
    for (let n = 0; n < 10; n++) {
      room.state.notes.set(`note ${n}`, 'other')
      await world.clock.advance('2s')
    }
    expect(world.metrics.read('rooms_saved', { room: 'desk' })).toBe(12)
    expect(world.metrics.read('room_bytes_saved', { room: 'desk' }) - before).toBeLessThan(10 * 40)
    expect(store.log.filter((line) => line.startsWith('append'))).toHaveLength(10)
  })

  test('is saved as a whole after a failure, whose outcome nobody knows', async () => {
    const { world, store, room } = await opened()
    store.failure = new StoreError('full', 'The disk is full: /rooms/a could not be written')
    room.state.n = 1
    await world.clock.advance(1000)
    expect(store.log).toEqual(['append to 1'])
    expect(world.faults).toEqual([
      'The room desk/a could not be saved; it is tried again: The disk is full: /rooms/a could not be written',
    ])
    expect(world.metrics.read('room_saves_failed', { room: 'desk', reason: 'full' })).toBe(1)
    store.failure = undefined
    await world.clock.advance('2s')
    expect(store.log).toEqual(['append to 1', 'save', 'saved'])
    room.state.n = 2
    await world.clock.advance('2s')
    expect(store.log.at(-2)).toBe('append to 1')
    expect(await stored(store)).toBe(2)
  })

  test('that somebody else wrote meanwhile: said, and saved as a whole', async () => {
    const { world, store, room } = await opened()
    room.state.n = 1
    await world.clock.advance('2s')
    await store.append('desk', 'a', 2, new Uint8Array(3))
    room.state.n = 2
    await world.clock.advance('5s')
    expect(world.faults[0]).toContain('builds upon 2 pieces, but 3 are kept: does another server write it, too?')
    expect(world.metrics.read('room_saves_failed', { room: 'desk', reason: 'conflict' })).toBe(1)
    expect(await stored(store)).toBe(2)
  })

  test('is saved as a whole each time where it says so, and as soon as it says', async () => {
    const { world, store, room } = await opened({}, { incremental: false, delay: 50, interval: 100 })
    room.state.n = 1
    await world.clock.advance(49)
    expect(store.log).toEqual([])
    await world.clock.advance(1)
    expect(store.log).toEqual(['save', 'saved'])
    store.log.length = 0
    room.every(20, () => void room.state.n++)
    await world.clock.advance(1_020)
    expect(store.log.filter((line) => line === 'save').length).toBeGreaterThanOrEqual(8)
  })
})

describe('save()', () => {
  test('resolves when what is there now is safe, without the usual delay', async () => {
    const { world, store, room } = await opened()
    let open = () => {}
    store.gate = new Promise((resolve) => (open = resolve))
    room.state.n = 5
    const saving = watch(room.save())
    await world.clock.settle()
    expect(store.log).toEqual(['append to 1'])
    expect(saving.outcome).toBe('pending')
    open()
    await world.clock.settle()
    expect(saving.outcome).toBe('done')
    expect(await stored(store)).toBe(5)
    await world.clock.advance('1m')
    expect(store.log).toEqual(['append to 1', 'saved'])
  })

  test('writes nothing when everything is safe already', async () => {
    const { world, store, room } = await opened()
    const saving = watch(room.save())
    await world.clock.settle()
    expect(saving.outcome).toBe('done')
    expect(store.log).toEqual([])
  })

  test('of many in one turn is one save, with what the rest of the turn does; none of a save that began before', async () => {
    const { world, store, room } = await opened()
    const first = Array.from({ length: 10 }, () => {
      room.state.n++
      return watch(room.save())
    })
    let open = () => {}
    store.gate = new Promise((resolve) => (open = resolve))
    await world.clock.settle()
    expect(store.log).toEqual(['append to 1'])
    room.state.n = 100
    const second = watch(room.save())
    await world.clock.settle()
    store.gate = undefined
    open()
    await world.clock.settle()
    expect(store.log).toEqual(['append to 1', 'saved', 'append to 2', 'saved'])
    expect([...first, second].map(({ outcome }) => outcome)).toEqual(Array.from({ length: 11 }, () => 'done'))
    expect(await stored(store)).toBe(100)
  })

  test('in a room whose patches are far apart saves what no patch has yet', async () => {
    const store = new WatchedStore()
    const world = new World({ store })
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, { persist: true, patchRate: 1 / 60 })
    await world.join(Desk, { key: 'a' })
    const [room] = rooms
    if (!room) throw new Error('No room')
    await world.clock.advance('2s')
    room.state.n = 9
    const saving = watch(room.save())
    await world.clock.settle()
    expect(saving.outcome).toBe('done')
    expect(await stored(store)).toBe(9)
  })

  test('rejects when the store fails, at once while it goes on failing, and the room is saved once it works', async () => {
    const { world, store, room } = await opened()
    store.failure = new Error('no such disk')
    room.state.n = 5
    await expect(world.settled(room.save())).rejects.toMatchObject({
      code: 'store_failed',
      // A client may be told of it, and needs to know no path of this machine.
      message: "the room desk/a could not be saved; the server's log says why",
      cause: store.failure,
    })
    for (let n = 0; n < 100; n++) {
      room.state.n++
      await expect(world.settled(room.save())).rejects.toMatchObject({ code: 'store_failed' })
    }
    expect(store.log).toEqual(['append to 1'])
    store.failure = undefined
    await world.clock.advance('5s')
    expect(await stored(store)).toBe(105)
    room.state.n = 1
    await world.settled(room.save())
    expect(await stored(store)).toBe(1)
  })

  test('that waits for one that began before it is not failed by that', async () => {
    const { world, store, room } = await opened()
    let open = () => {}
    store.gate = new Promise((resolve) => (open = resolve))
    room.state.n = 1
    const first = watch(room.save())
    await world.clock.settle()
    room.state.n = 2
    const second = watch(room.save())
    await world.clock.settle()
    store.failure = new Error('once')
    open()
    store.gate = undefined
    await world.clock.settle()
    expect(first.outcome).toBe('store_failed')
    // The store is given the usual time first.
    expect(second.outcome).toBe('store_failed')
    store.failure = undefined
    await world.clock.advance('5s')
    expect(await stored(store)).toBe(2)
  })

  test('of a store that does not answer rejects after a while', async () => {
    const { world, store, room } = await opened()
    store.gate = new Promise(() => {})
    room.state.n = 1
    const saving = watch(room.save())
    await world.clock.advance('29s')
    expect(saving.outcome).toBe('pending')
    await world.clock.advance('2s')
    expect(saving.outcome).toBe('store_failed')
  })

  test('in onDispose and onLeave saves; afterwards there is no room any more', async () => {
    // What is in the store when it is said to be.
    const saved: (readonly Uint8Array[] | undefined)[] = []
    const save = (n: number) => async (room: DeskRoom) => {
      room.state.n = n
      await room.save()
      saved.push(await all.store.load('desk', 'a'))
    }
    const all = await opened({ onLeave: save(10), onDispose: save(20) })
    all.room.close()
    await all.world.clock.advance('5s')
    expect(await Promise.all(saved.map((pieces) => stored(storeOf(pieces))))).toEqual([10, 20])
    all.room.state.n = 30
    await expect(all.world.settled(all.room.save())).rejects.toMatchObject({ code: 'room_closed' })
    expect(await stored(all.store)).toBe(20)
  })

  test('of a room that is given up rejects', async () => {
    const { world, store, room } = await opened()
    store.failure = new Error('gone for good')
    room.state.n = 1
    room.close()
    const saving = watch(room.save())
    await world.clock.advance('2m')
    expect(saving.outcome).toBe('store_failed')
    expect(world.registry.size).toBe(0)
  })

  test('where nothing can be saved says why', async () => {
    const misuses: unknown[] = []
    const attempt = (room: DeskRoom) => room.save().catch((error: unknown) => void misuses.push(error))
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms({ onCreate: attempt })
    world.registry.define(Desk, ScriptedRoom, { persist: true })
    await world.join(Desk, { by: 'create' })
    await world.join(Desk, { key: 'a' })
    expect(misuses).toMatchObject([
      { code: 'misuse', message: expect.stringContaining('only rooms with a key are') },
      { code: 'misuse', message: 'save() of the room desk/a: there is no state before onCreate has returned it' },
    ])
    await expect(rooms[0]?.save()).rejects.toMatchObject({ code: 'misuse' })

    const other = new World()
    const { rooms: others, ScriptedRoom: Other } = deskRooms()
    other.registry.define(Desk, Other)
    await other.join(Desk, { key: 'a' })
    await expect(others[0]?.save()).rejects.toMatchObject({
      code: 'misuse',
      message: 'save() of the room desk/a, which is not saved: define(desk, …, { persist: true }) has its rooms saved',
    })
  })

  test('in onRestore says that it is too early: what it makes of the room may still be refused', async () => {
    const { world, room, rooms } = await opened({
      onRestore: (restored) => restored.save().catch((error: unknown) => void refused.push(error)),
    })
    const refused: unknown[] = []
    room.close()
    await world.clock.advance('1s')
    await world.join(Desk, { key: 'a' })
    expect(rooms).toHaveLength(2)
    expect(refused).toMatchObject([{ code: 'misuse', message: expect.stringContaining('after onRestore') }])
  })
})

test.each([
  ['delay', { delay: -1 }],
  ['interval', { interval: NaN }],
])('the option persist.%s out of range is refused', (name, persist) => {
  const { ScriptedRoom } = deskRooms()
  expect(() => new World().registry.define(Desk, ScriptedRoom, { persist })).toThrow(
    `the option persist.${name} of define must be a number of milliseconds from 0`,
  )
})
