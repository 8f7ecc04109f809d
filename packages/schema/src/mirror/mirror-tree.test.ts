import { describe, expect, expectTypeOf, it } from 'vitest'
import { compileLayout } from '../compiled-layout.ts'
import { layoutOf } from '../contract-layout.ts'
import { defineRoom, type StateOf } from '../contract.ts'
import type { Live, Mirror, Plain } from '../model.ts'
import { live } from '../state/plain.ts'
import { StateTree } from '../state/state-tree.ts'
import * as t from '../types.ts'
import { MirrorTree } from './mirror-tree.ts'

const Player = t.Object({ name: t.String(), hp: t.Integer(), bag: t.Array(t.Object({ item: t.String() })) })
const Game = defineRoom('game', {
  version: 1,
  state: t.Object({
    phase: t.String(),
    winner: t.Union([t.Null(), t.String()]),
    map: t.Object({ name: t.String(), size: t.Tuple([t.Integer(), t.Integer()]) }),
    players: t.Map(Player),
    scores: t.Map(t.Integer()),
    queue: t.Array(Player),
    chat: t.Array(t.String()),
    boss: t.Optional(Player),
    notes: t.Value(t.Array(t.String())),
    extra: t.Json(),
  }),
  clientToServer: {},
  serverToClient: {},
})
type Model = StateOf<typeof Game>
const layout = compileLayout(layoutOf(Game))

const first: Plain<Model> = {
  phase: 'lobby',
  winner: null,
  map: { name: 'moor', size: [3, 4] },
  players: { ada: { name: 'Ada', hp: 10, bag: [{ item: 'map' }] }, bo: { name: 'Bo', hp: 9, bag: [] } },
  scores: { ada: 1 },
  queue: [{ name: 'Cy', hp: 1, bag: [] }],
  chat: ['hi'],
  notes: ['a'],
  extra: { deep: [1] },
}

function open(options: { onError?: (error: unknown) => void } = {}) {
  const tree = StateTree.create(layout, Game, first, { epoch: '0123456789abcdef' })
  const mirror = new MirrorTree<Mirror<Model>>(layout, options)
  mirror.applySnapshot(tree.snapshot())
  const said: unknown[] = []
  return {
    tree,
    // The layout is the contract's.
    state: tree.root as Live<Model>,
    mirror,
    said,
    flush: (): void => {
      const patch = tree.takePatch()
      if (patch !== undefined) mirror.applyPatch(patch)
    },
    /** What was said since this was asked last. */
    hear: (): unknown[] => said.splice(0),
    /** Listeners that note what they are told. */
    tell: {
      added: (value: unknown, key: unknown) => void said.push(['added', show(value), key]),
      changed: (value: unknown, key: unknown, before: unknown) => void said.push(['changed', show(value), key, before]),
      removed: (value: unknown, key: unknown) => void said.push(['removed', show(value), key]),
    },
  }
}

function show(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'name' in value ? value.name : value
}

describe('watch', () => {
  it('tells of the entries of a map: those there, new, changed below, removed', () => {
    const { mirror, state, tell, hear, flush } = open()
    mirror.watch((game) => game.players, tell)
    expect(hear()).toEqual([
      ['added', 'Ada', 'ada'],
      ['added', 'Bo', 'bo'],
    ])
    state.players.set('cy', { name: 'Cy', hp: 1, bag: [] })
    const item = state.players.get('ada')?.bag.at(0)
    if (item !== undefined) item.item = 'rope'
    state.players.delete('bo')
    state.phase = 'fight'
    flush()
    expect(hear()).toEqual([
      ['removed', 'Bo', 'bo'],
      ['added', 'Cy', 'cy'],
      ['changed', 'Ada', 'ada', undefined],
    ])
    // Another one under the same key is another one.
    state.players.set('cy', { name: 'Cyd', hp: 2, bag: [] })
    flush()
    expect(hear()).toEqual([
      ['removed', 'Cy', 'cy'],
      ['added', 'Cyd', 'cy'],
    ])
  })

  it('tells of values by key, with the value before', () => {
    const { mirror, state, tell, hear, flush } = open()
    mirror.watch((game) => game.scores, tell)
    hear()
    state.scores.set('ada', 2)
    state.scores.set('bo', 5)
    state.scores.set('gone', 5)
    state.scores.delete('gone')
    flush()
    expect(hear()).toEqual([
      ['added', 5, 'bo'],
      ['changed', 2, 'ada', 1],
    ])
    state.scores.delete('ada')
    state.scores.set('ada', 3)
    flush()
    expect(hear()).toEqual([['changed', 3, 'ada', 2]])
    state.scores.clear()
    flush()
    expect(hear()).toEqual([
      ['removed', 5, 'bo'],
      ['removed', 3, 'ada'],
    ])
  })

  it('tells of the items of a list by themselves', () => {
    const { mirror, state, tell, hear, flush } = open()
    const after: unknown[] = []
    mirror.watch((game) => game.queue, { ...tell, after: (queue) => after.push(queue.map(({ name }) => name).join()) })
    expect(hear()).toEqual([['added', 'Cy', 0]])
    state.queue.push({ name: 'Di', hp: 1, bag: [] }, { name: 'Ed', hp: 1, bag: [] })
    flush()
    expect(hear()).toEqual([
      ['added', 'Di', 1],
      ['added', 'Ed', 2],
    ])
    const cy = state.queue.at(0)
    if (cy !== undefined) cy.hp = 5
    state.queue.splice(1, 1)
    state.queue.move(0, 1)
    flush()
    expect(hear()).toEqual([
      ['removed', 'Di', 1],
      ['changed', 'Cy', 1, undefined],
    ])
    state.queue.move(0, 1)
    flush()
    // A move alone is no change of any item.
    expect(hear()).toEqual([])
    expect(after).toEqual(['Cy,Di,Ed', 'Ed,Cy', 'Cy,Ed'])
  })

  it('tells of the values of a list by their place', () => {
    const { mirror, state, tell, hear, flush } = open()
    mirror.watch((game) => game.chat, tell)
    expect(hear()).toEqual([['added', 'hi', 0]])
    state.chat.push('a', 'b', 'c')
    flush()
    expect(hear()).toEqual([
      ['added', 'a', 1],
      ['added', 'b', 2],
      ['added', 'c', 3],
    ])
    state.chat.set(1, 'A')
    state.chat.pop()
    flush()
    expect(hear()).toEqual([
      ['removed', 'c', 3],
      ['changed', 'A', 1, 'a'],
    ])
    state.chat.shift()
    flush()
    expect(hear()).toEqual([['removed', 'hi', 0]])
  })

  it('tells of a record, and of a single value', () => {
    const { mirror, state, tell, hear, flush } = open()
    mirror.watch((game) => game.map, tell)
    mirror.watch((game) => game.phase, tell)
    mirror.watch((game) => game.players.get('ada')?.hp, tell)
    mirror.watch((game) => game.map.size, tell)
    expect(hear()).toEqual([
      ['added', 'moor', undefined],
      ['added', 'lobby', undefined],
      ['added', 10, undefined],
      ['added', 3, 0],
      ['added', 4, 1],
    ])
    state.map.name = 'hill'
    state.phase = 'fight'
    flush()
    expect(hear()).toEqual([
      ['changed', 'hill', undefined, undefined],
      ['changed', 'fight', undefined, 'lobby'],
    ])
    state.map = { name: 'lake', size: [3, 5] }
    state.players.delete('ada')
    flush()
    expect(hear()).toEqual([
      ['changed', 'lake', undefined, undefined],
      ['removed', 10, undefined],
      ['changed', 5, 1, 4],
    ])
  })

  it('counts null and undefined as nothing', () => {
    const { mirror, state, tell, hear, flush } = open()
    mirror.watch((game) => game.winner, tell)
    mirror.watch((game) => game.boss, tell)
    expect(hear()).toEqual([])
    state.winner = 'ada'
    state.boss = live({ name: 'Boss', hp: 99, bag: [] })
    flush()
    expect(hear()).toEqual([
      ['added', 'ada', undefined],
      ['added', 'Boss', undefined],
    ])
    if (state.boss !== undefined) state.boss.hp = 98
    flush()
    expect(hear()).toEqual([['changed', 'Boss', undefined, undefined]])
    state.winner = null
    state.boss = undefined
    flush()
    expect(hear()).toEqual([
      ['removed', 'ada', undefined],
      ['removed', 'Boss', undefined],
    ])
  })

  it('follows a selection to another map or list', () => {
    const { mirror, state, tell, hear, flush } = open()
    mirror.watch((game) => game.players.get('ada')?.bag, tell)
    expect(hear()).toEqual([['added', { item: 'map' }, 0]])
    state.players.set('ada', { name: 'Ada', hp: 1, bag: [{ item: 'rope' }] })
    flush()
    expect(hear()).toEqual([
      ['removed', { item: 'map' }, 0],
      ['added', { item: 'rope' }, 0],
    ])
    state.players.get('ada')?.bag.push({ item: 'lamp' })
    flush()
    expect(hear()).toEqual([['added', { item: 'lamp' }, 1]])
    state.players.delete('ada')
    flush()
    expect(hear()).toEqual([
      ['removed', { item: 'rope' }, 0],
      ['removed', { item: 'lamp' }, 1],
    ])
  })

  it('compares lists and values that are replaced as a whole', () => {
    const { mirror, state, tell, hear, flush } = open()
    mirror.watch((game) => game.notes, tell)
    mirror.watch((game) => game.extra, tell)
    hear()
    state.notes = ['a', 'b']
    state.extra = { deep: [2] }
    flush()
    expect(hear()).toEqual([
      ['added', 'b', 1],
      ['changed', { deep: [2] }, undefined, { deep: [1] }],
    ])
  })

  it('runs listeners when all of a patch is applied, once per entry', () => {
    const { mirror, state, flush } = open()
    const seen: unknown[] = []
    mirror.watch((game) => game.players, {
      changed: (player, key) => seen.push([key, player.hp, mirror.state.phase, mirror.version]),
    })
    for (const [, player] of state.players) {
      player.hp += 1
      player.name += '!'
      player.bag.push({ item: 'x' })
    }
    state.phase = 'fight'
    flush()
    expect(seen).toEqual([
      ['ada', 11, 'fight', 2],
      ['bo', 10, 'fight', 2],
    ])
  })

  it('ends when asked, and after the first call with `once`', () => {
    const { mirror, state, tell, hear, flush } = open()
    const watching = mirror.watch((game) => game.scores, tell)
    mirror.watch((game) => game.phase, { changed: tell.changed, once: true })
    mirror.watch((game) => game.players, { ...tell, once: true })
    expect(hear()).toEqual([
      ['added', 1, 'ada'],
      ['added', 'Ada', 'ada'],
    ])
    watching[Symbol.dispose]()
    watching[Symbol.dispose]()
    state.scores.set('ada', 2)
    state.phase = 'a'
    flush()
    state.phase = 'b'
    flush()
    expect(hear()).toEqual([['changed', 'a', undefined, 'lobby']])
  })

  it('lets listeners end and begin watching', () => {
    const { mirror, state, tell, hear, flush } = open()
    const late = (): void => void mirror.watch((game) => game.scores, tell)
    const second = { end: (): void => {} }
    mirror.watch((game) => game.scores, {
      changed: () => {
        second.end()
        late()
      },
    })
    const watching = mirror.watch((game) => game.scores, { changed: tell.changed })
    second.end = () => watching[Symbol.dispose]()
    state.scores.set('ada', 2)
    flush()
    expect(hear()).toEqual([['added', 2, 'ada']])
    state.scores.set('ada', 3)
    flush()
    expect(hear()).toEqual([
      ['added', 3, 'ada'],
      ['changed', 3, 'ada', 2],
    ])
  })

  it('may begin before there is a state', () => {
    const { tree, tell, hear } = open()
    const mirror = new MirrorTree<Mirror<Model>>(layout)
    mirror.watch((game) => game.scores, tell)
    expect(mirror.ready).toBe(false)
    expect(() => mirror.state).toThrow('its snapshot has not arrived')
    expect(() => mirror.select((game) => game.phase).value).toThrow('its snapshot has not arrived')
    expect(hear()).toEqual([])
    mirror.applySnapshot(tree.snapshot())
    expect(hear()).toEqual([['added', 1, 'ada']])
  })

  it('reports what a listener or selector throws, and goes on', () => {
    const errors: unknown[] = []
    const { mirror, state, tell, hear, flush } = open({ onError: (error) => errors.push(error) })
    mirror.watch((game) => game.scores, {
      changed: () => {
        throw new Error('listener')
      },
    })
    mirror.watch((game) => {
      if (game.phase === 'fight') throw new Error('selector')
      return game.phase
    }, tell)
    mirror.watch((game) => game.scores, { changed: tell.changed })
    const selection = mirror.select((game) => game.scores)
    selection.subscribe(() => {
      throw new Error('subscriber')
    })
    hear()
    state.scores.set('ada', 2)
    state.phase = 'fight'
    flush()
    expect(errors.map(String)).toEqual(['Error: listener', 'Error: selector', 'Error: subscriber'])
    expect(hear()).toEqual([
      ['removed', 'lobby', undefined],
      ['changed', 2, 'ada', 1],
    ])
    expect(() => mirror.watch((game) => game.players.get('none')!.hp, tell)).toThrow(TypeError)
  })

  it('throws the first error when nobody takes errors, after all have run', () => {
    const { mirror, state, tell, hear, flush } = open()
    mirror.watch((game) => game.phase, {
      changed: () => {
        throw new Error('listener')
      },
    })
    mirror.watch((game) => game.phase, { changed: tell.changed })
    state.phase = 'fight'
    expect(flush).toThrow('listener')
    expect(hear()).toEqual([['changed', 'fight', undefined, 'lobby']])
    expect(mirror.broken).toBe(false)
    state.phase = 'over'
    expect(flush).toThrow('listener')
    expect(mirror.version).toBe(3)
  })

  it('lets no listener apply another patch', () => {
    const { mirror, tree, state, flush } = open()
    mirror.watch((game) => game.phase, { changed: () => mirror.applySnapshot(tree.snapshot()) })
    state.phase = 'fight'
    expect(flush).toThrow('must not apply another patch')
  })
})

describe('select', () => {
  it('is fit for useSyncExternalStore: the same value until it changes, and a call for each change', () => {
    const { mirror, state, flush } = open()
    const players = mirror.select((game) => game.players)
    const names = mirror.select((game) => [...game.players.values()].map(({ name }) => name))
    // As React does: the value is read at each render, compared, and read again when told.
    let rendered = { players: players.value, names: names.value }
    let renders = 0
    const render = (): void => {
      const next = { players: players.value, names: names.value }
      expect(players.value).toBe(next.players)
      expect(names.value).toBe(next.names)
      if (next.players !== rendered.players || next.names !== rendered.names) renders++
      rendered = next
    }
    const ends = [players.subscribe(render), names.subscribe(render)]
    const before = rendered
    state.phase = 'fight'
    flush()
    expect(renders).toBe(0)
    const ada = state.players.get('ada')
    if (ada !== undefined) ada.hp = 3
    flush()
    expect(renders).toBe(1)
    expect(rendered.names).toBe(before.names)
    expect(rendered.players).not.toBe(before.players)
    // What did not change is shared.
    expect(rendered.players.get('bo')).toBe(before.players.get('bo'))
    expect(rendered.players.get('ada')?.bag).toBe(before.players.get('ada')?.bag)
    expect([before.players.get('ada')?.hp, rendered.players.get('ada')?.hp]).toEqual([10, 3])
    for (const end of ends) end()
    if (ada !== undefined) ada.hp = 4
    flush()
    expect(renders).toBe(1)
    expect(players.value.get('ada')?.hp).toBe(4)
  })

  it('gives copies that cannot be changed', () => {
    const { mirror } = open()
    const { value } = mirror.select((game) => game)
    expect(value).not.toBe(mirror.state)
    expect(Object.isFrozen(value)).toBe(true)
    expect(Object.isFrozen(value.players.get('ada'))).toBe(true)
    expect(Object.isFrozen(value.chat)).toBe(true)
    expect(value.players instanceof Map && value.players.size).toBe(2)
    for (const write of ['set', 'delete', 'clear']) {
      expect(() => Reflect.apply(Reflect.get(value.players, write), value.players, ['ada', 1])).toThrow(
        'cannot be changed',
      )
    }
    expect(new Map(value.players).size).toBe(2)
  })
})

describe('a mirror', () => {
  it('keeps its objects, with all fields of a record in the order of the layout', () => {
    const { mirror, state, flush } = open()
    const { players, map, queue } = mirror.state
    const ada = players.get('ada')
    const live = state.players.get('ada')
    if (live !== undefined) live.hp = 1
    state.queue.push({ name: 'x', hp: 1, bag: [] })
    state.map.name = 'hill'
    flush()
    expect(mirror.state).toMatchObject({ players, map, queue })
    expect(mirror.state.players).toBe(players)
    expect(mirror.state.queue).toBe(queue)
    expect(mirror.state.players.get('ada')).toBe(ada)
    expect(Object.keys(mirror.state)).toEqual([
      'phase',
      'winner',
      'map',
      'players',
      'scores',
      'queue',
      'chat',
      'boss',
      'notes',
      'extra',
    ])
    expect(mirror.state.boss).toBe(undefined)
  })

  it('notices a patch for another version, and is broken until a snapshot has come', () => {
    const { tree, mirror, state, said, tell, hear } = open()
    mirror.watch((game) => game.phase, { changed: tell.changed })
    state.phase = 'a'
    tree.takePatch()
    state.phase = 'b'
    const patch = tree.takePatch() ?? new Uint8Array()
    expect(() => mirror.applyPatch(patch)).toThrow('it is not for version 1, the present one')
    expect(mirror.broken).toBe(true)
    expect(() => mirror.applyPatch(patch)).toThrow('no snapshot has come since')
    mirror.applySnapshot(tree.snapshot())
    expect([mirror.broken, mirror.version, mirror.state.phase]).toEqual([false, 3, 'b'])
    expect(hear()).toEqual([['changed', 'b', undefined, 'lobby']])
    expect(said).toEqual([])
  })

  it('takes a snapshot of another layout, and keeps what is of the same form', () => {
    const { mirror, tell, hear } = open()
    const Newer = defineRoom('game', {
      version: 1,
      state: t.Object({
        more: t.Boolean(),
        phase: t.String(),
        players: t.Map(Player),
        scores: t.Map(t.Float64()),
      }),
      clientToServer: {},
      serverToClient: {},
    })
    mirror.watch((game) => game.players, tell)
    mirror.watch((game) => game.scores, tell)
    hear()
    const { players } = mirror.state
    const newer = compileLayout(layoutOf(Newer))
    const tree = StateTree.create(
      newer,
      Newer,
      {
        more: true,
        phase: 'lobby',
        players: { bo: { name: 'Bo', hp: 8, bag: [] }, di: { name: 'Di', hp: 1, bag: [] } },
        scores: { ada: 1.5 },
      },
      { epoch: 'ffffffffffffffff' },
    )
    mirror.applySnapshot(tree.snapshot(), newer)
    expect(mirror.state).toMatchObject({ more: true, phase: 'lobby' })
    // The root is of another form, and another object; what is in it goes on.
    expect(mirror.state.players).toBe(players)
    expect(hear()).toEqual([
      ['removed', 'Ada', 'ada'],
      ['added', 'Di', 'di'],
      ['changed', 'Bo', 'bo', undefined],
      ['changed', 1.5, 'ada', 1],
    ])
    const live = tree.root as Live<{ phase: string }>
    live.phase = 'fight'
    mirror.applyPatch(tree.takePatch() ?? new Uint8Array())
    expect(mirror.state.phase).toBe('fight')
  })
})

describe('types', () => {
  it('of listeners follow from what is selected', () => {
    const { mirror } = open()
    type PlayerView = Mirror<Model>['players'] extends ReadonlyMap<string, infer V> ? V : never
    mirror.watch((game) => game.players, {
      added: (player, key) => {
        expectTypeOf(player).toEqualTypeOf<PlayerView>()
        expectTypeOf(key).toEqualTypeOf<string>()
      },
      after: (players) => expectTypeOf(players).toEqualTypeOf<ReadonlyMap<string, PlayerView>>(),
    })
    mirror.watch((game) => game.queue, {
      removed: (player, index) => {
        expectTypeOf(player).toEqualTypeOf<PlayerView>()
        expectTypeOf(index).toEqualTypeOf<number>()
      },
    })
    mirror.watch((game) => game.boss, {
      changed: (boss, key) => {
        expectTypeOf(boss).toEqualTypeOf<PlayerView>()
        expectTypeOf(key).toEqualTypeOf<undefined>()
      },
    })
    mirror.watch((game) => game.winner, {
      changed: (winner, _, before) => {
        expectTypeOf(winner).toEqualTypeOf<string>()
        expectTypeOf(before).toEqualTypeOf<string | undefined>()
      },
    })
    const wrong = (state: Live<Model>): void => {
      // @ts-expect-error a field is missing
      state.boss = live({ name: 'Boss', bag: [] })
      // @ts-expect-error a mirror is read-only
      mirror.state.phase = 'x'
    }
    expect(wrong).toBeTypeOf('function')
    expectTypeOf(mirror.select((game) => game.scores.size).value).toEqualTypeOf<number>()
  })
})
