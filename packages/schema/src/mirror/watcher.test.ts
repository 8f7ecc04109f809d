import { describe, expect, expectTypeOf, it } from 'vitest'
import { select } from './mirror-selection.ts'
import { compileLayout } from '../compiled-layout.ts'
import { layoutOf } from '../contract-layout.ts'
import { defineRoom, type StateOf } from '../contract.ts'
import type { Live, Mirror, Plain } from '../model.ts'
import { nextPatch } from '../state/patches.fixture.ts'
import { live } from '../state/values/plain.ts'
import { StateTree } from '../state/state-tree.ts'
import * as t from '../types.ts'
import { layout, open, type Model } from './game.fixture.ts'
import { MirrorTree } from './mirror-tree.ts'

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

  it('tells at any depth, wherever below the change was', () => {
    const Deep = defineRoom('deep', {
      version: 1,
      state: t.Object({
        maps: t.Map(
          t.Array(t.Map(t.Object({ at: t.Object({ x: t.Integer() }), grid: t.Array(t.Array(t.Integer())) }))),
        ),
      }),
      clientToServer: {},
      serverToClient: {},
    })
    type Deep = StateOf<typeof Deep>
    const deep = compileLayout(layoutOf(Deep))
    const first: Plain<Deep> = { maps: { a: [{}, { b: { at: { x: 1 }, grid: [[], [1]] } }], c: [] } }
    const tree = StateTree.create(deep, Deep, first, { epoch: '0123456789abcdef' })
    // The tree is of the contract.
    const state = tree.root as Live<Deep>
    const mirror = new MirrorTree<Mirror<Deep>>(deep)
    mirror.applySnapshot(tree.snapshot())
    const levels: ((state: Mirror<Deep>) => unknown)[] = [
      (all) => all,
      ({ maps }) => maps,
      ({ maps }) => maps.get('a'),
      ({ maps }) => maps.get('a')?.[1],
      ({ maps }) => maps.get('a')?.[1]?.get('b'),
      ({ maps }) => maps.get('a')?.[1]?.get('b')?.at,
      ({ maps }) => maps.get('a')?.[1]?.get('b')?.at.x,
      ({ maps }) => maps.get('a')?.[1]?.get('b')?.grid,
      ({ maps }) => maps.get('a')?.[1]?.get('b')?.grid[1],
      ({ maps }) => maps.get('c'),
    ]
    const told: [level: number, what: string, key: unknown][] = []
    for (const [level, select] of levels.entries()) {
      // What is selected here is of many types; what it is told of is not looked at.
      mirror.watch((all): unknown => select(all), {
        changed: (_, key) => told.push([level, 'changed', key]),
        after: () => told.push([level, 'after', undefined]),
      })
    }
    const b = state.maps.get('a')?.at(1)?.get('b')
    if (b === undefined) throw new Error('b is there')
    const flush = (): unknown[] => {
      mirror.applyPatch(nextPatch(tree) ?? new Uint8Array())
      return told.splice(0).filter(([, what]) => what === 'changed')
    }
    b.at.x = 2
    expect(flush()).toEqual([
      [0, 'changed', undefined],
      [1, 'changed', 'a'],
      [2, 'changed', 1],
      [3, 'changed', 'b'],
      [4, 'changed', undefined],
      [5, 'changed', undefined],
      [6, 'changed', undefined],
    ])
    b.grid.at(1)?.set(0, 5)
    expect(flush()).toEqual([
      [0, 'changed', undefined],
      [1, 'changed', 'a'],
      [2, 'changed', 1],
      [3, 'changed', 'b'],
      [4, 'changed', undefined],
      [7, 'changed', 1],
      [8, 'changed', 0],
    ])
  })

  it('tells of the items that changed at the index they have, in whatever order they stand', () => {
    const { mirror, state, hear, tell, flush } = open()
    state.queue.push(...Array.from({ length: 30 }, (_, index) => ({ name: `p${index}`, hp: 0, bag: [] })))
    flush()
    const order = new Map(state.queue.map((player, index) => [player, (index * 7) % 31]))
    state.queue.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
    flush()
    mirror.watch((game) => game.queue, { changed: (player, index) => tell.changed(player, index, undefined) })
    for (const [index, player] of state.queue.entries()) if (index % 3 === 0) player.hp++
    flush()
    const told = hear().map((one) => Array.from(Object(one)).slice(1, 3))
    expect(told).toHaveLength(11)
    for (const [name, index] of told) expect(state.queue.at(Number(index))?.name).toBe(name)
    expect(new Set(told.map(([, index]) => index)).size).toBe(11)
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
    expect(() => select(mirror, (game) => game.phase).value).toThrow('its snapshot has not arrived')
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
    const selection = select(mirror, (game) => game.scores)
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

  it('does not begin when a listener throws at once and nobody takes errors', () => {
    const { mirror, state, tell, hear, flush } = open()
    const added = (): void => {
      throw new Error('listener')
    }
    expect(() => mirror.watch((game) => game.phase, { ...tell, added })).toThrow('listener')
    state.phase = 'fight'
    flush()
    expect(hear()).toEqual([])
  })

  it('tells all of one patch before what a listener applies', () => {
    const { mirror, tree, state, tell, hear, flush } = open()
    mirror.watch((game) => game.phase, {
      changed: () => {
        state.winner = 'ada'
        tree.close()
        mirror.applySnapshot(tree.snapshot())
        expect(mirror.state.winner).toBe(null)
      },
    })
    mirror.watch((game) => game.winner, { changed: tell.changed, added: tell.added })
    mirror.watch((game) => game.phase, { changed: tell.changed })
    state.phase = 'fight'
    flush()
    expect(hear()).toEqual([
      ['changed', 'fight', undefined, 'lobby'],
      ['added', 'ada', undefined],
    ])
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
    expectTypeOf(select(mirror, (game) => game.scores.size).value).toEqualTypeOf<number>()
  })
})
