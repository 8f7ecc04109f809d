import { defineRoom, t, toPlain, type AnyContract } from '@junto/schema'
import { compileLayout, layoutOf, StateTree, visibilityOf } from '@junto/schema/internal'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../store/memory-store.ts'
import { decodeSavedRoom, encodeSavedRoom } from '../store/saved-room.ts'
import { Store } from '../store/store.ts'
import { Desk, deskRooms, type DeskScript } from './desk.fixture.ts'
import { Room, type FirstState } from './room.ts'
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

  override async load(room: string, key: string): Promise<Uint8Array | undefined> {
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
    expect(world.metrics.read('room_saves_failed', { room: 'desk' })).toBe(5)
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

  test('while loading: refused, nothing is created over what is there, and the next one tries again', async () => {
    const { world, rooms, store } = desk()
    store.broken = true
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({
      code: 'store_failed',
      message: "the saved room desk/a could not be loaded; the server's log says why",
    })
    expect(rooms[0]?.happened).toEqual([])
    expect(world.faults).toEqual(['The saved room desk/a could not be loaded: disk on fire'])
    expect(world.registry.size).toBe(0)
    store.broken = false
    await world.join(Desk, { key: 'a' })
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

describe('a contract that changed since', () => {
  const common = { clientToServer: {}, serverToClient: {} }
  const Item = t.Object({ name: t.String(), size: t.Optional(t.Integer()) })
  const before = defineRoom('shelf', {
    ...common,
    version: 1,
    state: t.Object({ title: t.String(), items: t.Map(Item), big: t.BigInt() }),
  })
  const first = { title: 'T', items: { a: { name: 'A' } }, big: 12345678901234567890n }

  async function reopen(contract: AnyContract): Promise<unknown> {
    const store = new MemoryStore()
    const world = new World({ store })
    class Before extends Room(before) {
      onCreate(): FirstState<typeof before> {
        return first
      }
      readonly handlers = this.handle({})
    }
    world.registry.define(before, Before, { persist: true })
    await world.join(before, { key: 'a' })
    await world.registry.close()
    const saved = await store.load('shelf', 'a')

    const later = new World({ store })
    let state: unknown
    // The contract is only known at run time here.
    const Base = Room(contract) as unknown as ReturnType<typeof Room<typeof before>>
    class After extends Base {
      onCreate(): FirstState<typeof before> {
        throw new Error('created instead of restored')
      }
      override onRestore() {
        state = later.registry && this.state
      }
      readonly handlers = this.handle({})
    }
    later.registry.define(contract as typeof before, After, { persist: true })
    const refused = await later.join(contract, { key: 'a' }).catch((error: unknown) => error)
    if (state !== undefined) return state
    expect(refused).toMatchObject({ code: 'store_failed' })
    await later.registry.close()
    expect(await store.load('shelf', 'a'), 'nothing is changed').toEqual(saved)
    return later.faults[0]
  }

  const shelf = (state: Parameters<typeof defineRoom>[1]['state']) =>
    defineRoom('shelf', { ...common, version: 2, state })

  test('by new optional fields, other messages and wider types: restored', async () => {
    const changed = defineRoom('shelf', {
      version: 9,
      clientToServer: {},
      serverToClient: {},
      state: t.Object({
        note: t.Optional(t.String()),
        big: t.BigInt(),
        title: t.Union([t.String(), t.Null()]),
        items: t.Map(t.Object({ color: t.Optional(t.String()), name: t.String(), size: t.Optional(t.Number()) })),
      }),
    })
    expect(await reopen(changed)).toMatchObject({ title: 'T', big: 12345678901234567890n })
  })

  test('by new maps and lists: restored, and these are empty', async () => {
    const Grown = t.Object({ ...Item.properties, tags: t.Array(t.String()), by: t.Map(t.Uint8()) })
    const state = t.Object({
      title: t.String(),
      items: t.Map(Grown),
      big: t.BigInt(),
      log: t.Array(Grown),
      extra: t.Optional(t.Map(t.String())),
    })
    const restored = await reopen(shelf(state))
    expect(toPlain(restored)).toEqual({
      title: 'T',
      big: first.big,
      items: { a: { name: 'A', tags: [], by: {} } },
      log: [],
    })
  })

  test('by a new list of a variant: refused, for nobody knows which variant it is', async () => {
    const variants = (fields: object) =>
      t.Object({ it: t.Union([t.Object({ kind: t.Literal('a'), n: t.Integer(), ...fields }), t.Null()]) })
    const saved = compileLayout(layoutOf(shelf(variants({}))))
    const tree = StateTree.create(saved, undefined, { it: { kind: 'a', n: 1 } }, { epoch: '0123456789abcdef' })
    const bytes = encodeSavedRoom(saved, { snapshot: tree.snapshot(), metadata: undefined })
    const now = compileLayout(layoutOf(shelf(variants({ tags: t.Array(t.String()) }))))
    expect(() => decodeSavedRoom(now, new Map(), 'a', bytes)).toThrow(/state\.it: .*Nothing was changed/)
  })

  describe('in who sees what', () => {
    const Seen = t.Object({ name: t.Visible('staff', t.String()), size: t.Visible('staff', t.Optional(t.Integer())) })
    const state = t.Object({
      title: t.Visible('staff', t.String()),
      items: t.Map(Seen, { view: true }),
      big: t.BigInt(),
    })

    test('by hiding what there was from some: restored', async () => {
      expect(toPlain(await reopen(shelf(state)))).toEqual(first)
    })

    test('by showing it to others, or to all again: restored', async () => {
      const saved = compileLayout(layoutOf(shelf(state)))
      const tree = StateTree.create(saved, shelf(state), first, { epoch: '0123456789abcdef' })
      const bytes = encodeSavedRoom(saved, { snapshot: tree.snapshot(), metadata: undefined })
      const shown = { ...first, items: new Map(Object.entries(first.items)) }
      const Other = t.Object({ ...Item.properties, name: t.Visible(['staff', 'clerk'], t.String()) })
      for (const items of [t.Map(Other), t.Map(Other, { view: true })]) {
        const now = shelf(t.Object({ ...state.properties, items }))
        expect(read(now, bytes).state).toEqual(shown)
      }
      expect(read(before, bytes).state).toEqual(shown)
    })

    test('by a new list that some see: restored, and it is empty', async () => {
      const tags = t.Visible('staff', t.Array(t.String()))
      const Grown = t.Object({ ...Item.properties, tags, by: t.Optional(t.Owner()) })
      const now = shelf(t.Object({ title: t.String(), items: t.Map(Grown), big: t.BigInt() }))
      expect(toPlain(await reopen(now))).toEqual({ ...first, items: { a: { name: 'A', tags: [] } } })
    })

    test('by another new field that some see and the server always has: refused where something lacks it', async () => {
      const Grown = t.Object({ ...Item.properties, code: t.Visible('staff', t.Integer()) })
      const now = shelf(t.Object({ title: t.String(), items: t.Map(Grown), big: t.BigInt(), drafts: t.Map(Grown) }))
      expect(await reopen(now)).toContain(
        'state.items.a.code: the contract needs it, nothing was saved for it. Nothing was changed.',
      )
      const Optional = t.Object({ ...Item.properties, code: t.Visible('staff', t.Optional(t.Integer())) })
      const optional = shelf(t.Object({ title: t.String(), items: t.Map(Optional), big: t.BigInt() }))
      expect(toPlain(await reopen(optional))).toEqual(first)
    })

    test('by a field that the server always has from now on, of the same layout: refused where something lacks it', () => {
      const shape = (hint: Parameters<typeof t.Visible>[1]) => shelf(t.Object({ hint: t.Visible('staff', hint) }))
      const saved = compileLayout(layoutOf(shape(t.Optional(t.String()))))
      const now = shape(t.String())
      const record = (value: object) => {
        const tree = StateTree.create(saved, undefined, value, { epoch: '0123456789abcdef' })
        return encodeSavedRoom(saved, { snapshot: tree.snapshot(), metadata: undefined })
      }
      expect(() => read(now, record({}))).toThrow('state.hint: the contract needs it, nothing was saved for it')
      expect(read(now, record({ hint: 'x' })).state).toEqual({ hint: 'x' })
    })

    test('by showing to all what some saw and may be absent: refused where it is', () => {
      const shape = (it: Parameters<typeof t.Object>[0]) => shelf(t.Object({ list: t.Array(t.Object(it)) }))
      const old = shape({ a: t.Visible('staff', t.Optional(t.Null())), b: t.Integer() })
      const saved = compileLayout(layoutOf(old))
      const record = (list: object[]) => {
        const tree = StateTree.create(saved, old, { list }, { epoch: '0123456789abcdef' })
        return encodeSavedRoom(saved, { snapshot: tree.snapshot(), metadata: undefined })
      }
      const now = shape({ a: t.Null(), b: t.Integer() })
      const whole = [{ a: null, b: 1 }]
      expect(read(now, record(whole)).state).toEqual({ list: whole })
      expect(() => read(now, record([...whole, { b: 1 }]))).toThrow(
        'state.list[1].a: the contract needs it, nothing was',
      )
      expect(() => read(shape({ a: t.String(), b: t.Integer() }), record([]))).toThrow(
        'state.list[].a: null was saved, the contract says a string',
      )
    })

    function read(contract: AnyContract, bytes: Uint8Array) {
      const required = visibilityOf(contract)?.required ?? new Map<number, ReadonlySet<string>>()
      return decodeSavedRoom(compileLayout(layoutOf(contract)), required, 'a', bytes)
    }
  })

  test('not at all: restored with every value', async () => {
    expect(await reopen(before)).toMatchObject({ title: 'T', big: 12345678901234567890n })
  })

  test('by a required field, a changed type, or a field that is gone: refused by name', async () => {
    const big = t.BigInt()
    expect(await reopen(shelf(t.Object({ title: t.String(), items: t.Map(Item), big, owner: t.String() })))).toMatch(
      /was saved with another contract \(version 1, now 2\): state\.owner: the contract needs it, nothing was saved for it\. Nothing was changed/,
    )
    expect(await reopen(shelf(t.Object({ title: t.Integer(), items: t.Map(Item), big })))).toContain(
      'state.title: a string was saved, the contract says a number. Nothing was changed. Make new fields optional, keep ' +
        'old ones (as optional ones), or delete the saved room with its store: await store.delete("shelf", "a")',
    )
    const Smaller = t.Object({ name: t.String() })
    expect(await reopen(shelf(t.Object({ title: t.String(), items: t.Map(Smaller), big })))).toContain(
      'the contract no longer has state.items.*.size',
    )
    expect(await reopen(shelf(t.Object({ title: t.String(), big })))).toContain('no longer has state.items')
  })
})
