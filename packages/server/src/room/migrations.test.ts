import { defineRoom, t, toPlain, type AnyContract } from '@junto/schema'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../store/memory-store.ts'
import type { Migration, Migrations } from '../store/migrations.ts'
import { Room, type FirstState } from './room.ts'
import { World } from './rooms.fixture.ts'

const common = { clientToServer: {}, serverToClient: {} }

const Strokes = t.Map(t.Object({ color: t.String(), width: t.Integer() }))

/** As it was, with strokes that have a color each. */
const First = defineRoom('board', {
  ...common,
  version: 1,
  metadata: t.Object({ team: t.String() }),
  state: t.Object({ name: t.String(), strokes: Strokes }),
})
interface FirstBoard {
  readonly name: string
  readonly strokes: ReadonlyMap<string, { readonly color: string; readonly width: number }>
}

/** As it is: another name, layers, widths in halves, and numbers for colors. */
const Third = defineRoom('board', {
  ...common,
  version: 3,
  metadata: t.Object({ team: t.String(), size: t.Integer() }),
  state: t.Object({
    title: t.String({ maxLength: 10 }),
    layers: t.Array(
      t.Object({
        strokes: t.Map(t.Object({ color: t.Uint8(), width: t.Quantized({ min: 0, max: 10, step: 0.5 }) })),
        hidden: t.Array(t.String()),
      }),
    ),
    draft: t.Local<string>(),
    hint: t.Visible('staff', t.String()),
  }),
})

const colors: Readonly<Record<string, number>> = { red: 1, blue: 2 }
const first = { name: 'Plan', strokes: { 10: { color: 'red', width: 2 }, 9: { color: 'blue', width: 3 } } }

/** The steps as a user writes them. */
const steps = {
  2: ({ name, strokes }: FirstBoard) => ({ title: name, strokes }),
  3: ({ title, strokes }: { title: string; strokes: FirstBoard['strokes'] }, room: Migration) => {
    room.metadata = { ...(room.metadata as object), size: strokes.size }
    const painted = Array.from(strokes, ([id, { color, width }]) => [id, { color: colors[color], width }] as const)
    // One layer, without the list that is new: it begins empty.
    return { title, layers: [{ strokes: new Map(painted) }], hint: `was version ${room.from}` }
  },
}

/** A store with a room of the first version. */
async function saved(metadata = true): Promise<MemoryStore> {
  const store = new MemoryStore()
  const world = new World({ store })
  class FirstRoom extends Room(First) {
    onCreate(): FirstState<typeof First> {
      if (metadata) this.metadata = { team: 'red' }
      return first
    }
    readonly handlers = this.handle({})
  }
  world.registry.define(First, FirstRoom, { persist: true })
  await world.join(First, { key: 'a' })
  await world.registry.close()
  return store
}

/** What a server makes of it that runs another version. */
async function reopened(contract: AnyContract, migrations: Migrations, store: MemoryStore) {
  const before = await store.load('board', 'a')
  const world = new World({ store })
  const rooms: Room[] = []
  // The contract is only known at run time here.
  const Base = Room(contract) as unknown as ReturnType<typeof Room<typeof Third>>
  class Restored extends Base {
    onCreate(): FirstState<typeof Third> {
      throw new Error('created instead of restored')
    }
    override onRestore() {
      rooms.push(this)
    }
    readonly handlers = this.handle({})
  }
  type Room = Restored
  world.registry.define(contract as typeof Third, Restored, { persist: true, migrations })
  const refused: unknown = await world.join(contract, { key: 'a' }).then(
    () => undefined,
    (error: unknown) => error,
  )
  const [room] = rooms
  if (room === undefined) {
    expect(refused).toMatchObject({ code: 'store_failed' })
    expect(await store.load('board', 'a'), 'nothing is changed').toEqual(before)
  }
  const log = world.logger.lines.flatMap(({ fields }) => {
    const error = fields?.['error']
    return error instanceof Error ? [error] : []
  })
  return { world, room, fault: log[0] }
}

describe('a saved room of an older version', () => {
  test('is made what the contract says now, step by step, with what is new begun empty', async () => {
    const { room } = await reopened(Third, steps, await saved())
    expect(toPlain(room?.state)).toEqual({
      title: 'Plan',
      layers: [{ strokes: { 9: { color: 2, width: 3 }, 10: { color: 1, width: 2 } }, hidden: [] }],
      hint: 'was version 1',
    })
    // A Map keeps its order, also where keys look like numbers.
    expect([...(room?.state.layers.at(0)?.strokes.keys() ?? [])]).toEqual(['9', '10'])
    expect(room?.metadata).toEqual({ team: 'red', size: 2 })
  })

  test('is saved as what it has become: the steps run once', async () => {
    const store = await saved()
    let ran = 0
    const counted = { ...steps, 2: (board: FirstBoard) => (ran++, steps[2](board)) }
    const { world } = await reopened(Third, counted, store)
    await world.clock.advance('2s')
    const again = await reopened(Third, counted, store)
    expect(ran).toBe(1)
    expect(again.room?.state.title).toBe('Plan')
    expect(again.room?.state.hint).toBe('was version 1')
  })

  test('runs only the steps above the version it was saved with', async () => {
    const store = await saved()
    const Second = defineRoom('board', {
      ...common,
      version: 2,
      metadata: t.Object({ team: t.String() }),
      state: t.Object({ title: t.String(), strokes: Strokes }),
    })
    const { world } = await reopened(Second, { 2: steps[2] }, store)
    await world.clock.advance('2s')
    const wrong = () => Promise.reject(new Error('ran again'))
    const { room } = await reopened(Third, { ...steps, 2: wrong }, store)
    expect(room?.state.hint).toBe('was version 2')
  })

  test('may be migrated by a step that waits for something', async () => {
    const late = { ...steps, 2: async (board: FirstBoard) => await Promise.resolve(steps[2](board)) }
    expect((await reopened(Third, late, await saved())).room?.state.title).toBe('Plan')
  })

  test('with a step that never ends is given up by that name, counted, and may be opened again', async () => {
    const store = await saved()
    const world = new World({ store, limits: { joinTimeout: 1000 } })
    let hangs = true
    class BoardRoom extends Room(Third) {
      onCreate(): FirstState<typeof Third> {
        throw new Error('created instead of restored')
      }
      readonly handlers = this.handle({})
    }
    world.registry.define(Third, BoardRoom, {
      persist: true,
      migrations: {
        ...steps,
        3: (...step: Parameters<(typeof steps)[3]>) => (hangs ? new Promise(() => {}) : steps[3](...step)),
      },
    })
    const ada = world.client(Third)
    ada.join({ key: 'a' })
    await world.clock.advance(1)
    // Who comes later waits for the room alone.
    const bob = world.client(Third)
    bob.join({ key: 'a' })
    await world.clock.advance('1s')
    const why = 'the room board/a was not there within 1000 ms: its migration to version 3 has not ended'
    expect(bob.refused).toMatchObject({ code: 'timeout', message: why })
    expect(ada.refused).toMatchObject({
      code: 'timeout',
      message:
        'joining took longer than 1000 ms: the room is not there yet, since its migration to version 3 has not ended',
    })
    expect(world.faults).toEqual([why])
    expect(world.metrics.read('room_loads_failed', { room: 'board', reason: 'timeout' })).toBe(1)
    hangs = false
    await world.join(Third, { key: 'a' })
    expect(world.metrics.read('room_loads_failed', { room: 'board', reason: 'timeout' })).toBe(1)
  })

  test('of a version with additive changes needs no step', async () => {
    const More = defineRoom('board', {
      ...common,
      version: 5,
      metadata: t.Object({ team: t.String() }),
      state: t.Object({ name: t.String(), strokes: Strokes, log: t.Array(t.String()) }),
    })
    const { room } = await reopened(More, {}, await saved())
    expect(toPlain(room?.state)).toMatchObject({ name: 'Plan', log: [] })
  })

  test('of a version with neither is refused by the names of fields, with what to write', async () => {
    const { fault } = await reopened(Third, {}, await saved())
    expect(fault?.message).toContain('The room board was saved with another contract (version 1, now 3): state.title')
    expect(fault?.message).toContain('the contract no longer has state.name, state.strokes. Nothing was changed')
    expect(fault?.message).toContain('define(board, …, { migrations: { 3: (saved) => … } })')
  })
})

describe('what steps make is refused', () => {
  const title = { title: 'Plan', layers: [], hint: '' }
  test.each<[string, () => unknown, string]>([
    ['where something is missing', () => ({ layers: [], hint: '' }), 'title: '],
    ['where it has another type', () => ({ ...title, layers: 5 }), 'layers: '],
    [
      'where it has another type, deep within',
      () => ({ ...title, layers: [{ strokes: { s: { color: 'red', width: 1 } } }] }),
      'layers[0].strokes.s.color: ',
    ],
    [
      'where it is out of range',
      () => ({ ...title, layers: [{ strokes: new Map([['s', { color: 300, width: 1 }]]) }] }),
      'layers[0].strokes.s.color: ',
    ],
    ['where it breaks another rule of the contract', () => ({ ...title, title: 'far too long' }), 'title: '],
    ['where something would be lost', () => ({ ...title, name: 'Plan' }), 'name: is not in the contract'],
    [
      'where something would be lost, deep within',
      () => ({ ...title, layers: [{ strokes: {}, depth: 1 }] }),
      'layers[0].depth: is not in the contract',
    ],
  ])('%s, naming the path', async (_what, make, named) => {
    const { fault } = await reopened(Third, { 2: make }, await saved(false))
    expect(fault?.message).toContain(
      `What the migrations have made of the room board (version 1, now 3) does not satisfy the contract: ${named}`,
    )
    expect(fault?.message).toContain('Nothing was changed.')
  })

  test('but not what is server-only, and stays on the server', async () => {
    const { room } = await reopened(Third, { 2: () => ({ ...title, draft: 'x' }) }, await saved(false))
    expect(room?.state.draft).toBe('x')
  })

  test.each<[string, () => unknown, string]>([
    ['nothing', () => undefined, 'The step of board to version 2 returned no state. Nothing was changed.'],
    [
      'a list',
      () => [],
      "The step of board to version 2 returned what is no state but of the kind Array: it returns an object with the contract's fields. Nothing was changed.",
    ],
    [
      'a date',
      () => new Date(0),
      "The step of board to version 2 returned what is no state but of the kind Date: it returns an object with the contract's fields. Nothing was changed.",
    ],
    ['an error', () => Promise.reject(new Error('odd')), 'The step of board to version 2 failed. Nothing was changed.'],
  ])('where it is %s, naming the step', async (_what, make, named) => {
    const { fault } = await reopened(Third, { 2: make, 3: (saved) => saved }, await saved(false))
    expect(fault?.message).toBe(named)
  })

  test('where the metadata do not fit, saying how a step assigns others', async () => {
    const { fault } = await reopened(Third, { 3: () => title }, await saved())
    expect(fault?.message).toMatch(/^The metadata that was saved does not satisfy the contract: metadata\.size: /)
    expect(fault?.message).toContain('room.metadata = …')
  })
})

describe('define refuses steps that could never run', () => {
  class ThirdRoom extends Room(Third) {
    onCreate(): FirstState<typeof Third> {
      return { title: '', layers: [], hint: '' }
    }
    readonly handlers = this.handle({})
  }
  const define = (options: object) => () => new World().registry.define(Third, ThirdRoom, options)

  test('above the version of the contract', () => {
    expect(define({ persist: true, migrations: { 4: () => ({}) } })).toThrow(
      'migrations of define(board, …): there is a step to version 4, and the contract is of version 3',
    )
    expect(define({ persist: true, migrations: { x: () => ({}) } })).toThrow('a step to version x')
  })

  test('of rooms that are not saved', () => {
    expect(define({ migrations: steps })).toThrow('nothing is saved of these rooms; say persist: true')
  })

  test('that are no functions', () => {
    const server = new World().registry
    const unused = () => {
      server.define(Third, ThirdRoom, { persist: true, migrations: steps })
      // @ts-expect-error a step is a function
      server.define(Third, ThirdRoom, { persist: true, migrations: { 2: 'rename' } })
      // @ts-expect-error the steps stand by their versions
      server.define(Third, ThirdRoom, { persist: true, migrations: { two: steps[2] } })
      // @ts-expect-error there is no such option
      server.define(Third, ThirdRoom, { persist: { dely: 5 } })
    }
    expect(unused).toBeTypeOf('function')
    expect(define({ persist: true, migrations: { 2: 'rename' } })).toThrow('what leads to version 2 is no function')
  })
})
