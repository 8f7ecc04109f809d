import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../store/memory-store.ts'
import { Store } from '../store/store.ts'
import { Desk, deskRooms, type DeskScript } from './desk.fixture.ts'
import { World } from './rooms.fixture.ts'

/** A store that can be slow, silent, or broken. */
class MoodyStore extends Store {
  readonly #inner = new MemoryStore()
  readonly log: string[] = []
  broken = false
  /** While set, saves wait for it. */
  gate: Promise<void> | undefined
  /** Whether the next save breaks once it gets through the gate. */
  breaksLate = false

  override async load(room: string, key: string): Promise<readonly Uint8Array[] | undefined> {
    this.log.push('load')
    if (this.broken) throw new Error('disk on fire')
    return this.#inner.load(room, key)
  }
  override async save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    this.log.push('save')
    if (this.broken) throw new Error('disk full')
    await this.gate
    if (this.breaksLate) {
      this.breaksLate = false
      throw new Error('gone while saving')
    }
    await this.#inner.save(room, key, bytes)
    this.log.push('saved')
  }
  override async delete(room: string, key: string): Promise<void> {
    await this.#inner.delete(room, key)
  }
}

function desk(limits: Record<string, number> = {}, store = new MoodyStore()) {
  const world = new World({ store, limits })
  const { rooms, ScriptedRoom } = deskRooms()
  world.registry.define(Desk, ScriptedRoom, { persist: true })
  return { world, rooms, store }
}

describe('a persisted room', () => {
  test('is restored with its state and metadata, in a new epoch, without onCreate', async () => {
    const { world, rooms, store } = desk()
    const ada = await world.join(Desk, { key: 'a' })
    void ada.call('add', { by: 7 })
    if (rooms[0]) rooms[0].metadata = { team: 'red', size: 2 }
    rooms[0]?.state.notes.set('x', 'remember me')
    await world.clock.settle()
    ada.leave()
    await world.clock.advance('5s')
    expect(world.registry.size).toBe(0)

    const later = new World({ store, seed: 2 })
    const again = deskRooms()
    later.registry.define(Desk, again.ScriptedRoom, { persist: true })
    const bob = await later.join(Desk, { key: 'a' })
    const [room] = again.rooms
    expect(room?.happened).toEqual(['onRestore', 'onJoin'])
    expect(room?.state.n).toBe(7)
    expect(room?.state.notes.get('x')).toBe('remember me')
    expect(room?.metadata).toEqual({ team: 'red', size: 2 })
    expect(bob.bytes[0]).not.toEqual(ada.bytes[0])
  })

  test('is restored with its maps in their order, also where keys look like numbers', async () => {
    const keys = ['b', '10', '2', 'a', '-1']
    const { world, rooms, store } = desk()
    const ada = await world.join(Desk, { key: 'a' })
    for (const key of keys) rooms[0]?.state.notes.set(key, key)
    ada.leave()
    await world.clock.advance('5s')

    const later = new World({ store, seed: 2 })
    const again = deskRooms()
    later.registry.define(Desk, again.ScriptedRoom, { persist: true })
    await later.join(Desk, { key: 'a' })
    expect([...(again.rooms[0]?.state.notes.keys() ?? [])]).toEqual(keys)
  })

  test('is saved soon after it is created, a second after a change, and at the latest after five', async () => {
    const { world, rooms, store } = desk()
    await world.join(Desk, { key: 'a' })
    await world.clock.advance(999)
    expect(store.log).toEqual(['load'])
    await world.clock.advance(1)
    expect(store.log).toEqual(['load', 'save', 'saved'])
    store.log.length = 0
    await world.clock.advance('1h')
    expect(store.log).toEqual([])
    const [room] = rooms
    room?.every(300, () => void room.state.n++)
    await world.clock.advance(300 + 4999)
    expect(store.log).toEqual([])
    await world.clock.advance(1)
    expect(store.log).toEqual(['save', 'saved'])
    await world.clock.advance(20_000)
    // The next change after a save is up to 300 ms away.
    expect(store.log.filter((each) => each === 'save')).toHaveLength(4)
  })

  test('without a key is not saved: nobody could ask for it again', async () => {
    const { world, store } = desk()
    const ada = await world.join(Desk, { by: 'create' })
    void ada.call('add', { by: 1 })
    await world.clock.advance('1m')
    ada.leave()
    await world.clock.advance('1m')
    expect(store.log).toEqual([])
  })

  test('that is asked for while it is being saved comes back from that save: never two at once', async () => {
    const { world, rooms, store } = desk()
    const ada = await world.join(Desk, { key: 'a' })
    await world.clock.advance('2s')
    void ada.call('add', { by: 3 })
    await world.clock.settle()
    let open: () => void = () => {}
    store.gate = new Promise((resolve) => (open = resolve))
    rooms[0]?.close()
    await world.clock.settle()
    const clients = Array.from({ length: 10 }, () => world.client(Desk))
    for (const client of clients) client.join({ key: 'a' })
    await world.clock.advance('1s')
    expect(rooms).toHaveLength(1)
    open()
    await world.clock.settle()
    expect(clients.every((client) => client.isJoined)).toBe(true)
    expect(rooms).toHaveLength(2)
    expect(rooms[1]?.state.n).toBe(3)
    expect(store.log.slice(-3)).toEqual(['save', 'saved', 'load'])
  })

  test('what onDispose and onLeave change is saved, too', async () => {
    const store = new MoodyStore()
    const world = new World({ store })
    const { rooms, ScriptedRoom } = deskRooms({
      onLeave: (room) => void (room.state.n += 10),
      onDispose: (room) => void (room.state.n += 100),
    })
    world.registry.define(Desk, ScriptedRoom, { persist: true })
    await world.join(Desk, { key: 'a' })
    await world.registry.close()
    const later = new World({ store })
    later.registry.define(Desk, ScriptedRoom, { persist: true })
    await later.join(Desk, { key: 'a' })
    expect(rooms[1]?.state.n).toBe(110)
  })
})

describe('a store that fails', () => {
  test('while saving: tried again with growing waits, logged, nothing lost', async () => {
    const { world, rooms, store } = desk()
    const ada = await world.join(Desk, { key: 'a' })
    store.broken = true
    void ada.call('add', { by: 1 })
    await world.clock.advance('30s')
    // After 1, 2, 4, 8, 16 seconds…
    expect(store.log.filter((each) => each === 'save')).toHaveLength(5)
    expect(world.faults).toHaveLength(5)
    expect(world.faults[0]).toBe('The room desk/a could not be saved; it is tried again: disk full')
    expect(world.metrics.read('room_saves_failed', { room: 'desk', reason: 'other' })).toBe(5)
    expect(ada.endings).toEqual([])
    store.broken = false
    await world.clock.advance('30s')
    expect(store.log.at(-1)).toBe('saved')
    ada.leave()
    await world.clock.advance('10s')
    await world.join(Desk, { key: 'a' })
    expect(rooms[1]?.state.n).toBe(1)
  })

  test('while the room is disposed: it waits until the deadline, then says what is lost', async () => {
    const { world, rooms, store } = desk({ saveDeadline: 10_000 })
    await world.join(Desk, { key: 'a' })
    store.broken = true
    rooms[0]?.close()
    await world.clock.advance('5s')
    expect(world.registry.size).toBe(1)
    await world.clock.advance('20s')
    expect(world.registry.size).toBe(0)
    expect(world.faults).toContain(
      'The room desk/a could not be saved before it was disposed: its last changes are lost',
    )
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('and recovers before the deadline: saved, then disposed', async () => {
    const { world, rooms, store } = desk()
    await world.join(Desk, { key: 'a' })
    store.broken = true
    rooms[0]?.close()
    await world.clock.advance('5s')
    store.broken = false
    await world.clock.advance('10s')
    expect(store.log.at(-1)).toBe('saved')
    expect(world.registry.size).toBe(0)
  })

  test('by never answering does not keep the room for ever', async () => {
    const { world, rooms, store } = desk({ saveDeadline: 10_000 })
    store.gate = new Promise(() => {})
    await world.join(Desk, { key: 'a' })
    rooms[0]?.close()
    await world.clock.advance('1m')
    expect(world.registry.size).toBe(0)
    expect(world.faults[0]).toContain('The room desk/a could not be saved before it was disposed')
  })

  test('that has lost something on its disk is told of in the log and counted, and the room opens with what is left', async () => {
    class DamagedStore extends MemoryStore {
      override load(room: string, key: string, damaged?: (what: string) => void) {
        damaged?.('what was saved before that is used. 12 bytes are lost')
        return super.load(room, key)
      }
    }
    const world = new World({ store: new DamagedStore() })
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, { persist: true })
    await world.join(Desk, { key: 'a' })
    expect(rooms[0]?.happened).toContain('onJoin')
    expect(world.logger.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: 'The saved room desk/a is damaged: what was saved before that is used. 12 bytes are lost',
      }),
    )
    expect(world.metrics.read('rooms_damaged', { room: 'desk' })).toBe(1)
  })

  test('while loading: refused, nothing is created over what is there, and the next one tries again', async () => {
    const { world, rooms, store } = desk()
    store.broken = true
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({
      code: 'store_failed',
      message: "the saved room desk/a could not be loaded; the server's log says why",
    })
    expect(rooms[0]?.happened).toEqual([])
    expect(world.faults).toEqual(['The saved room desk/a could not be loaded: disk on fire'])
    expect(world.metrics.read('room_loads_failed', { room: 'desk', reason: 'other' })).toBe(1)
    expect(world.registry.size).toBe(0)
    store.broken = false
    await world.join(Desk, { key: 'a' })
  })

  test.each<[string, 'answers late' | 'fails late']>([
    ['answers', 'answers late'],
    ['fails', 'fails late'],
  ])('while loading, so slowly that nobody waits any more: counted once, also when it %s at last', async (_, how) => {
    let answer: () => void = () => {}
    const late = new Promise<void>((resolve) => (answer = resolve))
    class SlowStore extends MemoryStore {
      override async load() {
        await late
        if (how === 'fails late') throw new Error('the disk is gone')
        return undefined
      }
    }
    const world = new World({ store: new SlowStore(), limits: { joinTimeout: 1000 } })
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, { persist: true })
    const ada = world.client(Desk)
    ada.join({ key: 'a' })
    await world.clock.advance('1s')
    expect(ada.refused).toMatchObject({
      code: 'timeout',
      message: 'joining took longer than 1000 ms: the room is not there yet, since the store has not answered',
    })
    const why = 'the room desk/a was not there within 1000 ms: the store has not answered'
    expect(world.faults).toEqual([why])
    expect(world.metrics.read('room_loads_failed', { room: 'desk', reason: 'timeout' })).toBe(1)
    answer()
    await world.clock.settle()
    expect(world.faults).toEqual(
      how === 'fails late' ? [why, 'The saved room desk/a could not be loaded: the disk is gone'] : [why],
    )
    expect(world.metrics.read('room_loads_failed', { room: 'desk', reason: 'other' })).toBe(0)
    expect(rooms[0]?.happened).toEqual([])
  })

  test('with an onRestore that never ends: a fault of the room, and what was saved is still there', async () => {
    const { world, store } = desk()
    const ada = await world.join(Desk, { key: 'a' })
    ada.leave()
    await world.clock.advance('6s')
    const later = new World({ store, limits: { joinTimeout: 1000 } })
    let hangs = true
    const { rooms, ScriptedRoom } = deskRooms({ onRestore: () => (hangs ? new Promise(() => {}) : undefined) })
    later.registry.define(Desk, ScriptedRoom, { persist: true })
    const bob = later.client(Desk)
    bob.join({ key: 'a' })
    await later.clock.advance('1s')
    expect(bob.refused?.message).toBe(
      'joining took longer than 1000 ms: the room is not there yet, since its onRestore has not ended',
    )
    expect(rooms[0]?.happened.at(-1)).toBe(
      'onError onRestore: the room desk/a was not there within 1000 ms: its onRestore has not ended',
    )
    hangs = false
    await later.join(Desk, { key: 'a' })
    expect(rooms[1]?.happened).toEqual(['onRestore', 'onJoin'])
  })
})

describe('a room that is gone writes nothing more:', () => {
  const stored = async (store: Store): Promise<number> => {
    const world = new World({ store })
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, { persist: true })
    await world.join(Desk, { key: 'a' })
    return rooms[0]?.state.n ?? NaN
  }

  /** A world in which `desk/a` was saved with this number and closed. */
  async function saved(n: number, script: DeskScript = {}, limits: Record<string, number> = {}) {
    const store = new MoodyStore()
    const world = new World({ store, limits })
    const { rooms, ScriptedRoom } = deskRooms(script)
    world.registry.define(Desk, ScriptedRoom, { persist: true })
    const ada = await world.join(Desk, { key: 'a' })
    void ada.call('add', { by: n })
    await world.clock.settle()
    rooms[0]?.close()
    await world.clock.settle()
    expect(world.registry.size).toBe(0)
    store.log.length = 0
    return { world, rooms, store }
  }

  test.each([
    ['failed', () => Promise.reject(new Error('migration failed'))],
    ['took too long', () => new Promise<void>(() => {})],
  ])('one whose onRestore wrote and then %s, also while it ran', async (_how, outcome) => {
    let fails = true
    const { world, store } = await saved(7, {
      onRestore: async (room) => {
        if (!fails) return
        room.state.n = 666
        room.metadata = { team: 'half', size: 1 }
        // Long enough for a save to become due.
        await new Promise<void>((resolve) => void world.clock.after(10_000, resolve))
        await outcome()
      },
    })
    world.client(Desk).join({ key: 'a' })
    await world.clock.advance('1m')
    expect(world.registry.size).toBe(0)
    expect(store.log).toEqual(['load'])
    expect(world.clock.pendingTimers).toBe(0)
    fails = false
    expect(await stored(store)).toBe(7)
  })

  test('one whose onRestore did its work is saved with that', async () => {
    const { world, store } = await saved(7, { onRestore: (room) => void (room.state.n += 100) })
    await world.join(Desk, { key: 'a' })
    await world.clock.advance('2s')
    expect(store.log).toEqual(['load', 'save', 'saved'])
    expect(await stored(store)).toBe(107)
  })

  test('one whose code goes on after it was disposed', async () => {
    const { world, rooms, store } = await saved(7)
    const [gone] = rooms
    const bob = await world.join(Desk, { key: 'a' })
    void bob.call('add', { by: 1 })
    await world.clock.advance('2s')
    if (gone) {
      gone.state.n = 666
      gone.metadata = { team: 'undead', size: 1 }
    }
    await world.clock.advance('1m')
    expect(store.log).toEqual(['load', 'save', 'saved'])
    expect(await stored(store)).toBe(8)
  })

  test.each([
    ['fails at last', true],
    ['comes through at last', false],
  ])('one whose save was not answered before it was given up, and %s', async (_how, breaks) => {
    const { world, rooms, store } = await saved(7, {}, { saveDeadline: 10_000, joinTimeout: 600_000 })
    const ada = await world.join(Desk, { key: 'a' })
    void ada.call('add', { by: 1 })
    let answer: () => void = () => {}
    store.gate = new Promise((resolve) => (answer = resolve))
    rooms[1]?.close()
    // One deadline for all of its last saves: the key is not held for longer.
    await world.clock.advance(10_000)
    expect(world.registry.size).toBe(0)
    expect(world.faults.at(-1)).toBe(
      'The room desk/a could not be saved before it was disposed: its last changes are lost. ' +
        'The store has not answered: the room cannot be opened again until it does',
    )
    store.gate = undefined
    // Another room is not concerned; this one waits for what becomes of the save.
    await world.join(Desk, { key: 'b' })
    const bob = world.client(Desk)
    bob.join({ key: 'a' })
    await world.clock.advance('1m')
    expect(bob.isJoined).toBe(false)
    store.log.length = 0
    store.breaksLate = breaks
    answer()
    await world.clock.settle()
    expect(bob.isJoined).toBe(true)
    expect(rooms.at(-1)?.state.n).toBe(breaks ? 7 : 8)
    void bob.call('add', { by: 20 })
    await world.clock.advance('1m')
    expect(store.log).toEqual([...(breaks ? [] : ['saved']), 'load', 'save', 'saved'])
    expect(await stored(store)).toBe(breaks ? 27 : 28)
  })
})

test('one save at a time, also where a save itself closes the pending changes into a patch', async () => {
  const store = new MoodyStore()
  const world = new World({ store })
  const { rooms, ScriptedRoom } = deskRooms()
  world.registry.define(Desk, ScriptedRoom, { persist: true, patchRate: 1 / 60 })
  await world.join(Desk, { key: 'a' })
  await world.clock.advance('2s')
  let answer: () => void = () => {}
  store.gate = new Promise((resolve) => (answer = resolve))
  store.log.length = 0
  const [room] = rooms
  if (room) {
    room.metadata = { team: 'red', size: 1 }
    room.state.n = 1
    await world.clock.settle()
    room.state.n = 2
  }
  await world.clock.advance('10s')
  expect(store.log).toEqual(['save'])
  answer()
  await world.clock.advance('1m')
  expect(store.log).toEqual(['save', 'saved'])
})
