import { JuntoError } from '@junto/protocol'
import { defineRoom, mutation, t, type Mirror, type StateOf } from '@junto/schema'
import { describe, expect, test } from 'vitest'
import { EaselWorld, Painter, type EaselScript } from './easel.fixture.ts'
import type { Member } from './member.ts'
import type { ServerMutators } from './mutators.ts'
import { Room } from './room.ts'
import { World, type WorldOptions } from './rooms.fixture.ts'

async function easel(script: EaselScript = {}, options: WorldOptions = {}) {
  const world = new EaselWorld(script, options)
  const ann = await world.enter('ann')
  const bob = await world.enter('bob')
  const id = String(await world.settled(ann.mutate('draw', { x: 1 })))
  ann.ignoreAll()
  bob.ignoreAll()
  /** Where the stroke is, for all; `undefined`: it is not there. */
  const x = () => {
    const there = world.room.state.strokes.get(id)?.x
    for (const { state } of [ann, bob]) expect(state.strokes.get(id)?.x).toBe(there)
    return there
  }
  return { world, ann, bob, id, x }
}

describe('[U5] what a member has done by undoable mutations', () => {
  test('it can take back, and then that: as one patch, told like any mutation', async () => {
    const { world, ann, bob, id, x } = await easel()
    await world.settled(ann.mutate('move', { id, x: 5 }))
    ann.ignoreAll()
    bob.ignoreAll()
    expect(await world.settled(ann.undo([2]))).toEqual({ done: 1, skipped: 0, forgotten: 0 })
    expect(ann.heard()).toEqual(['stamp', 'patch', 'reply'])
    expect(bob.heard()).toEqual(['patch'])
    expect(x()).toBe(1)
    // Redo: the undoing is taken back; and that once more.
    expect(await world.settled(ann.undo([3]))).toMatchObject({ done: 1 })
    expect(x()).toBe(5)
    expect(await world.settled(ann.undo([4]))).toMatchObject({ done: 1 })
    expect(x()).toBe(1)
  })

  test('it takes back several at once, the newest first', async () => {
    const { world, ann, id, x } = await easel()
    for (const to of [2, 3, 4]) void ann.mutate('move', { id, x: to })
    await world.clock.settle()
    expect(await world.settled(ann.undo([4, 3, 2]))).toMatchObject({ skipped: 0, forgotten: 0 })
    expect(x()).toBe(1)
    expect(await world.settled(ann.undo([1]))).toMatchObject({ skipped: 0, forgotten: 0 })
    expect(x()).toBeUndefined()
    expect(world.room.state.order).toHaveLength(0)
  })

  test('stands where somebody else has changed it since, unless it says that it wants to', async () => {
    const { world, ann, bob, id, x } = await easel()
    await world.settled(ann.mutate('move', { id, x: 5 }))
    await world.settled(bob.mutate('move', { id, x: 9 }))
    expect(await world.settled(ann.undo([2]))).toEqual({ done: 0, skipped: 1, forgotten: 0 })
    expect(x()).toBe(9)
    expect(await world.settled(ann.undo([2], true))).toEqual({ done: 1, skipped: 0, forgotten: 0 })
    expect(x()).toBe(1)
  })

  test('is its own: a number of another one says nothing', async () => {
    const { world, bob, x } = await easel()
    expect(await world.settled(bob.undo([1]))).toEqual({ done: 0, skipped: 0, forgotten: 1 })
    expect(bob.told()).toEqual([[1]])
    expect(x()).toBe(1)
  })

  test('is forgotten where it was not undoable, did not come about, or never was', async () => {
    const { world, ann } = await easel()
    await world.settled(ann.mutate('count'))
    await world.settled(ann.mutate('draw', { x: -1 }))
    expect(await world.settled(ann.undo([77, 3, 2]))).toEqual({ done: 0, skipped: 0, forgotten: 3 })
    expect(world.room.state.total).toBe(1)
  })

  test('is forgotten beyond the limits of number and bytes', async () => {
    const { world, ann, id } = await easel({}, { limits: { undoSteps: 3, undoBytes: 1024 } })
    for (const to of [2, 3, 4]) await world.settled(ann.mutate('move', { id, x: to }))
    expect(await world.settled(ann.undo([1]))).toMatchObject({ forgotten: 1 })
    expect(await world.settled(ann.undo([4]))).toMatchObject({ done: 1, forgotten: 0 })
  })

  test('is not forgotten because it was tried in vain', async () => {
    const { world, ann, bob, id, x } = await easel({}, { limits: { undoSteps: 5 } })
    await world.settled(ann.mutate('move', { id, x: 5 }))
    await world.settled(bob.mutate('move', { id, x: 9 }))
    const vain: unknown[] = []
    for (let times = 0; times < 6; times++) vain.push(await world.settled(ann.undo([2])))
    expect(vain).toEqual(vain.map(() => ({ done: 0, skipped: 1, forgotten: 0 })))
    expect(await world.settled(ann.undo([2], true))).toEqual({ done: 1, skipped: 0, forgotten: 0 })
    expect(x()).toBe(1)
  })

  test('survives a lost connection', async () => {
    const { world, ann, id, x } = await easel()
    await world.settled(ann.mutate('move', { id, x: 5 }))
    ann.client.drop()
    await world.clock.advance('10s')
    ann.client.resume()
    expect(await world.settled(ann.undo([2]))).toMatchObject({ done: 1 })
    expect(x()).toBe(1)
  })
})

describe('the room hears of it before anybody else', () => {
  test.each([[false], [true]])('what it throws refuses it, and nothing has changed (force: %s)', async (force) => {
    const heard: unknown[] = []
    let isOver = true
    const { world, ann, bob, id, x } = await easel({
      onUndo: (room, member, report) => {
        heard.push([member.user.id, report, room.state.strokes.get(id)?.x])
        if (isOver) throw new JuntoError('forbidden', 'not any more')
      },
    })
    await world.settled(ann.mutate('move', { id, x: 5 }))
    ann.ignoreAll()
    bob.ignoreAll()
    expect(await world.settled(ann.undo([2], force))).toBe('forbidden')
    const report = { force, done: 1, skipped: 0, forgotten: 0 }
    expect(heard).toEqual([['ann', report, 1]])
    expect(x()).toBe(5)
    expect(bob.heard()).toEqual([])
    expect(world.faults).toEqual([])
    // Nothing of it is forgotten: it can be asked for again, and the one that was refused is none.
    isOver = false
    expect(await world.settled(ann.undo([2], force))).toEqual({ done: 1, skipped: 0, forgotten: 0 })
    expect(x()).toBe(1)
    expect(await world.settled(ann.undo([3]))).toEqual({ done: 0, skipped: 0, forgotten: 1 })
  })

  test('a rule of the room holds, whatever comes back', async () => {
    const { world, ann, bob } = await easel({
      onUndo: ({ state }) => {
        if (state.strokes.size > 100) throw new JuntoError('forbidden', 'the board is full')
      },
    })
    for (let seed = 2; seed <= 50; seed++) void ann.mutate('draw', { x: 1 }, { seed })
    await world.clock.settle()
    const own = Array.from({ length: 50 }, (_, index) => 50 - index)
    expect(await world.settled(ann.undo(own))).toMatchObject({ skipped: 0, forgotten: 0 })
    const undo = ann.n
    for (let seed = 101; seed <= 200; seed++) void bob.mutate('draw', { x: 2 }, { seed })
    await world.clock.settle()
    expect(await world.settled(ann.undo([undo]))).toBe('forbidden')
    expect([world.room.state.strokes.size, world.room.state.order.length]).toEqual([100, 100])
    expect([ann.state.strokes.size, bob.state.strokes.size]).toEqual([100, 100])
    // Where there is room again, it can be.
    await world.settled(bob.undo(Array.from({ length: 50 }, (_, index) => 100 - index)))
    expect(await world.settled(ann.undo([undo]))).toMatchObject({ skipped: 0, forgotten: 0 })
    expect([world.room.state.strokes.size, world.room.state.order.length]).toEqual([100, 100])
  })

  test('what it writes leaves with the undo, and is its own: a redo takes back the undo alone', async () => {
    const { world, ann, bob, id, x } = await easel({ onUndo: ({ state }) => void state.total++ })
    await world.settled(ann.mutate('move', { id, x: 5 }))
    bob.ignoreAll()
    expect(await world.settled(ann.undo([2]))).toMatchObject({ done: 1 })
    expect(bob.heard()).toEqual(['patch'])
    expect([x(), bob.state.total]).toEqual([1, 1])
    expect(await world.settled(ann.undo([3]))).toEqual({ done: 1, skipped: 0, forgotten: 0 })
    expect([x(), bob.state.total]).toEqual([5, 2])
  })

  test('what it has written is put back, too, when it throws', async () => {
    const { world, ann, bob, x } = await easel({
      onUndo: ({ state }) => {
        state.total = 7
        state.strokes.clear()
        throw new JuntoError('forbidden', 'no')
      },
    })
    expect(await world.settled(ann.undo([1]))).toBe('forbidden')
    expect([x(), world.room.state.total, bob.state.total]).toEqual([1, 0, 0])
  })

  test('a fault of its own stays with it', async () => {
    const { world, ann, x } = await easel({
      onUndo: () => {
        throw new Error('broken')
      },
    })
    expect(await world.settled(ann.undo([1]))).toBe('internal')
    expect(world.faults).toEqual(['mutation undo of the room easel/a failed: broken'])
    expect(x()).toBe(1)
  })

  test('can put what came back into a view: it is another object than the one that was in it', async () => {
    const Fog = defineRoom('fog', {
      version: 1,
      state: t.Object({ units: t.Map(t.Object({ x: t.Number() }), { view: true }) }),
      mutations: { remove: mutation({ params: t.Object({ id: t.String() }), undoable: true }) },
      clientToServer: {},
      serverToClient: {},
    })
    let putsBack = false
    class FogRoom extends Room(Fog) {
      readonly mutators: ServerMutators<typeof Fog> = { remove: ({ units }, { id }) => void units.delete(id) }
      onCreate() {
        return { units: { scout: { x: 1 } } }
      }
      override onJoin(member: Member<typeof Fog>) {
        this.#show(member)
      }
      override onUndo(member: Member<typeof Fog>) {
        if (putsBack) this.#show(member)
      }
      #show(member: Member<typeof Fog>) {
        for (const unit of this.state.units.values()) member.view.add(unit)
      }
    }
    const world = new World()
    world.registry.define(Fog, FogRoom)
    const ann = new Painter(await world.join(Fog, { key: 'a' }))
    const units = () => [...(ann.client.mirror.state as Mirror<StateOf<typeof Fog>>).units.keys()]
    expect(units()).toEqual(['scout'])
    for (putsBack of [false, true]) {
      await world.settled(ann.mutate('remove', { id: 'scout' }))
      expect(units()).toEqual([])
      ann.ignoreAll()
      expect(await world.settled(ann.undo([ann.n]))).toMatchObject({ done: 1 })
      expect([units(), world.faults]).toEqual([putsBack ? ['scout'] : [], []])
    }
    // With the patch of the undo itself.
    expect(ann.heard()).toEqual(['stamp', 'patch', 'reply'])
  })

  test('and must answer at once', async () => {
    const { world, ann, x } = await easel({ onUndo: (async () => {}) as () => void })
    expect(await world.settled(ann.undo([1]))).toBe('internal')
    expect(world.faults).toEqual([expect.stringContaining('onUndo returned a promise')])
    expect(x()).toBe(1)
  })
})

describe('[U5] who asks for too much', () => {
  test('is refused, naming the limit', async () => {
    const { world, ann, x } = await easel({}, { limits: { undoSteps: 10 } })
    const of = Array.from({ length: 11 }, () => 1)
    expect(await world.settled(ann.undo(of))).toBe('invalid')
    expect(x()).toBe(1)
    expect(await world.settled(ann.undo(of.slice(1)))).toMatchObject({ forgotten: 0 })
    expect(x()).toBeUndefined()
  })

  test('waits: so much a second, however few words it takes, and whatever comes of it', async () => {
    const { world, ann, bob, id, x } = await easel({}, { limits: { undoSteps: 200 } })
    for (let to = 2; to < 102; to++) void ann.mutate('move', { id, x: to })
    await world.clock.settle()
    await world.settled(bob.mutate('move', { id, x: 500 }))
    // Nothing of it can be taken back, and all of it could be asked for again and again.
    const of = Array.from({ length: 100 }, (_, index) => 101 - index)
    const outcomes = new Map<unknown, number>()
    for (let times = 0; times < 100; times++) {
      const outcome = await world.settled(ann.undo(of))
      const kind = typeof outcome === 'string' ? outcome : 'looked at'
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1)
    }
    expect([...outcomes.keys()]).toEqual(['looked at', 'rate_limited'])
    expect(outcomes.get('looked at')).toBeLessThanOrEqual(20)
    expect(world.faults).toEqual([])
    await world.settled(bob.mutate('move', { id, x: 101 }))
    await world.clock.advance('10s')
    expect(await world.settled(ann.undo(of))).toMatchObject({ done: 100, skipped: 0 })
    expect(x()).toBe(1)
  })

  test('in one piece gets all of it at once', async () => {
    const world = new EaselWorld(
      {
        mutators: () => ({
          draw: (state, _params, { by }) => {
            for (let index = 0; index < 1000; index++) state.strokes.set(String(index), { by, x: 1, at: index })
            return ''
          },
        }),
      },
      { limits: { undoSteps: 100 } },
    )
    const ann = await world.enter('ann')
    await world.settled(ann.mutate('draw', { x: 1 }))
    expect(await world.settled(ann.undo([1]))).toMatchObject({ done: 1000 })
    expect(world.room.state.strokes.size).toBe(0)
  })

  test('has each of its mutations taken back once, however often it names it', async () => {
    const { world, ann, id, x } = await easel()
    await world.settled(ann.mutate('move', { id, x: 5 }))
    const of = Array.from({ length: 1000 }, () => 2)
    expect(await world.settled(ann.undo(of, true))).toEqual({ done: 1, skipped: 0, forgotten: 0 })
    expect(x()).toBe(1)
  })
})
