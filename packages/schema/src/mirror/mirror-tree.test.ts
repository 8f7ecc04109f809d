import { describe, expect, it } from 'vitest'
import { compileLayout } from '../compiled-layout.ts'
import { layoutOf } from '../contract-layout.ts'
import { defineRoom } from '../contract.ts'
import type { Live } from '../model.ts'
import { nextPatch } from '../state/patches.fixture.ts'
import { StateTree } from '../state/state-tree.ts'
import * as t from '../types.ts'
import { recordReaders as compiledReaders } from './compiled-readers.ts'
import { open, Player } from './game.fixture.ts'
import { MirrorTree } from './mirror-tree.ts'
import { recordReaders as plainReaders } from './plain-readers.ts'

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

  it('goes on from the counts that the server sent, whatever stands in a record', () => {
    const contract = defineRoom('steps', {
      version: 1,
      state: t.Object({ x: t.Quantized({ min: 0, max: 10, step: 0.1 }), turn: t.Angle() }),
      clientToServer: {},
      serverToClient: {},
    })
    const steps = compileLayout(layoutOf(contract))
    for (const readers of [compiledReaders, plainReaders]) {
      const tree = StateTree.create(steps, contract, { x: 1, turn: 1 }, { epoch: '0123456789abcdef' })
      const mirror = new MirrorTree<{ x: number; turn: number }>(steps, { readers })
      mirror.applySnapshot(tree.snapshot())
      Object.assign(mirror.state, { x: 7.77, turn: Number.NaN })
      Object.assign(Object(tree.root), { x: 1.2, turn: 1.5 })
      mirror.applyPatch(nextPatch(tree) ?? new Uint8Array())
      expect(mirror.state.x).toBe(1.2)
      expect(mirror.state.turn).toBeCloseTo(1.5, 3)
    }
  })

  it('notices a patch for another version, and is broken until a snapshot has come', () => {
    const { tree, mirror, state, said, tell, hear } = open()
    mirror.watch((game) => game.phase, { changed: tell.changed })
    state.phase = 'a'
    nextPatch(tree)
    state.phase = 'b'
    const patch = nextPatch(tree) ?? new Uint8Array()
    expect(() => mirror.applyPatch(patch)).toThrow('S7 of ')
    expect(mirror.broken).toBe(true)
    expect(() => mirror.applyPatch(patch)).toThrow('S25 of ')
    mirror.applySnapshot(tree.snapshot())
    expect([mirror.broken, mirror.version, mirror.state.phase]).toEqual([false, 3, 'b'])
    expect(hear()).toEqual([['changed', 'b', undefined, 'lobby']])
    expect(said).toEqual([])
  })

  it('tells of what a patch had changed that was refused halfway, when a snapshot repairs it', () => {
    const { tree, mirror, state, tell, hear } = open()
    mirror.watch((game) => game.players.get('ada'), { changed: tell.changed })
    mirror.watch((game) => game.players, { changed: tell.changed })
    const ada = state.players.get('ada')
    if (ada === undefined) throw new Error('Ada is there')
    ada.hp = 3
    const patch = nextPatch(tree) ?? new Uint8Array()
    expect(() => mirror.applyPatch(Uint8Array.from([...patch, 0xff]))).toThrow('cannot be read')
    expect(hear()).toEqual([])
    mirror.applySnapshot(tree.snapshot())
    expect(hear()).toEqual([
      ['changed', 'Ada', undefined, undefined],
      ['changed', 'Ada', 'ada', undefined],
    ])
  })

  it('reads lists that are longer than a call may have arguments', () => {
    const { tree, mirror, state, flush } = open()
    const chat = Array.from({ length: 150_000 }, (_, index) => `${index}`)
    state.chat.replace(chat)
    flush()
    expect(mirror.state.chat.length).toBe(chat.length)
    state.players.set('eve', { name: 'Eve', hp: 1, bag: chat.map((item) => ({ item })) })
    flush()
    expect(mirror.state.players.get('eve')?.bag.length).toBe(chat.length)
    mirror.applySnapshot(tree.snapshot())
    expect(mirror.state.chat.at(-1)).toBe('149999')
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
    mirror.applyPatch(nextPatch(tree) ?? new Uint8Array())
    expect(mirror.state.phase).toBe('fight')
  })
})
