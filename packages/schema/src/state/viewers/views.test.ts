import { afterEach, describe, expect, it, vi } from 'vitest'
import { SchemaError } from '../../errors.ts'
import { Arena, arenaLayout, openArena, ship } from './arena.fixture.ts'
import { BodyWriter } from '../encode/body-writer.ts'
import { MapNode } from '../nodes/map-node.ts'
import { live } from '../values/plain.ts'
import { StateTree } from '../state-tree.ts'
import { TurnTable } from './turn-table.ts'

describe('an entity', () => {
  it('enters with everything visible in it, is told of while it is in view, and leaves', () => {
    const { state, join } = openArena()
    const one = state.ships.set('one', ship('ann', 'one'))
    state.ships.set('two', ship('', 'two'))
    const ann = join({ owner: 'ann' })
    const bob = join()
    expect(ann.next()?.[0]).toBe('snapshot')
    bob.take()
    expect(ann.state.ships.size).toBe(0)
    expect(ann.viewer.see(one)).toBe(true)
    expect(ann.viewer.see(one)).toBe(false)
    expect(ann.viewer.sees(one)).toBe(true)
    expect(ann.state.ships.size).toBe(0)
    ann.next()
    expect(bob.take()).toBe(undefined)
    expect(ann.state.ships.get('one')).toMatchObject({ name: 'one', plan: 'plan of one' })
    expect(ann.state.ships.get('one')?.hold?.get('a')).toEqual({ what: 'cargo of one' })
    one.x = 5
    ann.next()
    expect(bob.take()).toBe(undefined)
    expect(ann.state.ships.get('one')?.x).toBe(5)
    expect(ann.viewer.unsee(one)).toBe(true)
    expect(ann.viewer.unsee(one)).toBe(false)
    expect(ann.viewer.sees(one)).toBe(false)
    ann.next()
    expect(ann.state.ships.size).toBe(0)
    one.x = 7
    expect(ann.next()).toBe(undefined)
    expect([ann.agrees, bob.agrees]).toEqual([true, true])
  })

  it('can come into view in the turn that brings it', () => {
    const { state, join } = openArena()
    const ann = join()
    ann.next()
    ann.viewer.see(state.ships.set('one', ship()))
    ann.next()
    expect([...ann.state.ships.keys()]).toEqual(['one'])
    expect(ann.agrees).toBe(true)
  })

  it('that comes and goes within a turn, or goes and comes, is not told of', () => {
    const { tree, state, join } = openArena()
    const one = state.ships.set('one', ship())
    const two = state.ships.set('two', ship())
    const ann = join()
    ann.viewer.see(one)
    ann.viewer.see(two)
    ann.next()
    const { version } = tree
    ann.viewer.unsee(one)
    ann.viewer.see(one)
    const three = state.ships.set('three', ship())
    tree.close()
    expect(ann.take()).toBe(undefined)
    ann.viewer.see(three)
    ann.viewer.unsee(three)
    expect(tree.dirty).toBe(true)
    expect(tree.close()).toBe(false)
    expect(tree.version).toBe(version + 1)
    expect([...ann.state.ships.keys()]).toEqual(['one', 'two'])
    expect(ann.take()).toBe(undefined)
  })

  it('that was removed has left all views, and what stands under its key is another', () => {
    const { state, join } = openArena()
    const one = state.ships.set('one', ship('', 'old'))
    const ann = join()
    ann.viewer.see(one)
    ann.next()
    const seen = ann.state.ships.get('one')
    const again = state.ships.set('one', ship('', 'new'))
    expect(ann.viewer.sees(one)).toBe(false)
    expect(ann.viewer.sees(again)).toBe(false)
    expect(ann.hears('new')).toBe(false)
    expect(ann.state.ships.size).toBe(0)
    ann.viewer.see(again)
    state.ships.delete('one')
    expect(ann.next()).toBe(undefined)
    const last = state.ships.set('one', ship('', 'last'))
    ann.viewer.see(last)
    ann.next()
    expect(ann.state.ships.get('one')?.name).toBe('last')
    expect(ann.state.ships.get('one')).not.toBe(seen)
    expect(ann.agrees).toBe(true)
  })

  it('that is replaced and seen at once is another object', () => {
    const { state, join } = openArena()
    const ann = join()
    ann.viewer.see(state.ships.set('one', ship('', 'old')))
    ann.next()
    const seen = ann.state.ships.get('one')
    ann.viewer.see(state.ships.set('one', ship('', 'new')))
    ann.next()
    expect(ann.state.ships.get('one')).not.toBe(seen)
    expect(ann.state.ships.get('one')?.name).toBe('new')
  })

  it('whose id is used again while somebody is behind is not taken for the other', () => {
    const { tree, state, join } = openArena()
    const ann = join()
    const one = state.ships.set('one', ship('', 'one'))
    ann.viewer.see(one)
    ann.next()
    ann.viewer.unsee(one)
    tree.close()
    state.ships.delete('one')
    tree.close()
    const { idBound } = tree
    // Of the same type, so with the same ids.
    const two = state.ships.set('two', ship('', 'two'))
    tree.close()
    expect(tree.idBound).toBe(idBound)
    ann.viewer.see(two)
    ann.next()
    expect([...ann.state.ships.keys()]).toEqual(['two'])
    expect(ann.state.ships.get('two')?.name).toBe('two')
    expect(ann.agrees).toBe(true)
  })

  it('that enters in the turn in which it changes is new to one, and changed to another', () => {
    const { state, join } = openArena()
    const one = state.ships.set('one', ship('', 'one'))
    const crew = one.crew.set('c', { name: 'Cy', role: 'cook' })
    const [ann, bob] = [join(), join()]
    for (const client of [ann, bob]) client.viewer.see(crew)
    bob.viewer.see(one)
    ann.next()
    bob.take()
    ann.viewer.see(one)
    // All that those see who do not see the role: a change of it looks like the whole of it.
    crew.name = 'Cyd'
    ann.next()
    bob.take()
    expect(ann.state.ships.get('one')?.crew.get('c')).toEqual({ name: 'Cyd', role: undefined })
    expect(bob.state.ships.get('one')?.crew.get('c')).toEqual({ name: 'Cyd', role: undefined })
  })

  it('within another is seen while that is: it keeps its place in the view meanwhile', () => {
    const { state, join } = openArena()
    const one = state.ships.set('one', ship())
    const cy = one.crew.set('cy', { name: 'Cy', role: 'cook' })
    const di = one.crew.set('di', { name: 'Di', role: 'diver' })
    const ann = join()
    ann.viewer.grant('blue')
    expect(ann.viewer.see(cy)).toBe(true)
    ann.next()
    expect(ann.state.ships.size).toBe(0)
    ann.viewer.see(one)
    ann.next()
    expect([...(ann.state.ships.get('one')?.crew.keys() ?? [])]).toEqual(['cy'])
    ann.viewer.unsee(one)
    ann.next()
    ann.viewer.see(di)
    di.name = 'Dia'
    expect(ann.next()).toBe(undefined)
    expect(ann.viewer.sees(cy)).toBe(true)
    ann.viewer.see(one)
    ann.next()
    expect([...(ann.state.ships.get('one')?.crew.keys() ?? [])]).toEqual(['cy', 'di'])
    expect(ann.state.ships.get('one')?.crew.get('di')).toEqual({ name: 'Dia', role: 'diver' })
    ann.viewer.unsee(cy)
    ann.next()
    expect([...(ann.state.ships.get('one')?.crew.keys() ?? [])]).toEqual(['di'])
    expect(ann.agrees).toBe(true)
  })

  it('within a hidden field is seen with it', () => {
    const { state, join } = openArena()
    const note = state.notes.set('n', { text: 'a secret' })
    const ann = join()
    ann.next()
    ann.viewer.see(note)
    expect(ann.next()).toBe(undefined)
    note.text = 'another secret'
    expect(ann.next()).toBe(undefined)
    expect(ann.state.notes).toBe(undefined)
    ann.viewer.grant('blue')
    ann.next()
    expect(ann.state.notes?.get('n')).toEqual({ text: 'another secret' })
    ann.viewer.revoke('blue')
    ann.next()
    expect(ann.state.notes).toBe(undefined)
    expect(ann.agrees).toBe(true)
  })

  it('keeps the order in which it came, also for one who was behind or comes anew', () => {
    const { tree, state, join } = openArena()
    const ships = Array.from('abcdef', (key) => state.ships.set(key, ship()))
    const [a, b, c, d, e, f] = ships
    const ann = join()
    for (const each of [c, a, f]) ann.viewer.see(each)
    ann.next()
    expect([...ann.state.ships.keys()].join('')).toBe('caf')
    ann.viewer.unsee(a)
    ann.viewer.see(e)
    tree.close()
    ann.viewer.see(b)
    ann.viewer.see(a)
    ann.next()
    expect([...ann.state.ships.keys()].join('')).toBe('cfeba')
    ann.viewer.unsee(e)
    ann.viewer.see(d)
    ann.viewer.see(e)
    ann.next()
    expect([...ann.state.ships.keys()].join('')).toBe('cfebad')
    ann.viewer.reset()
    expect(ann.next()?.[0]).toBe('snapshot')
    expect([...ann.state.ships.keys()].join('')).toBe('cfebad')
  })
})

describe('what somebody takes into view', () => {
  it.each<[string, (opened: ReturnType<typeof openArena>) => unknown]>([
    ['entity: is a string, and no entity', () => 'one'],
    ['entity: is nothing, and no entity', () => undefined],
    [
      'hands.ann: cannot come into view by itself: it stands in no map with { view: true }',
      ({ state }) => state.hands.set('ann', { by: 'ann', points: 1, wager: 0, cards: [] }),
    ],
    ['the state: cannot come into view by itself', ({ state }) => state],
    ['hands: cannot come into view', ({ state }) => state.hands],
    ['ships.one.hold: cannot come into view', ({ state }) => state.ships.set('one', ship()).hold],
    ['ships.one: stands in the state of another room', () => openArena().state.ships.set('one', ship())],
  ])('is refused when it is no entity: %s', (message, value) => {
    const opened = openArena()
    const { viewer } = opened.join()
    const given = value(opened)
    for (const act of [() => viewer.see(given), () => viewer.unsee(given)]) {
      expect(act).toThrow(SchemaError)
      expect(act).toThrow(message)
    }
    expect(viewer.sees(given)).toBe(false)
    const open = opened.join({ everything: true }).viewer
    expect(() => open.see(given)).toThrow(SchemaError)
    expect(open.sees(given)).toBe(false)
  })

  it('is refused when it was removed; it cannot be in view any more', () => {
    const { state, join } = openArena()
    const one = state.ships.set('one', ship())
    const { viewer } = join()
    viewer.see(one)
    state.ships.delete('one')
    expect(() => viewer.see(one)).toThrow('ships.one: cannot come into view: it was removed from the state')
    expect(viewer.unsee(one)).toBe(false)
    expect(viewer.sees(one)).toBe(false)
  })
})

describe('a viewer', () => {
  it('that has never been given anything, or says that it has what it was not given, begins anew', () => {
    const { tree, state, join } = openArena(5)
    const ann = join()
    ann.viewer.resume(tree.epoch, 5)
    expect(ann.next()?.[0]).toBe('snapshot')
    state.title = 'second'
    expect(ann.next()?.[0]).toBe('patch')
    for (const [epoch, version] of [
      ['fedcba9876543210', 6],
      [tree.epoch, 4],
      [tree.epoch, 7],
      [tree.epoch, 5.5],
      [tree.epoch, Number.NaN],
    ] as const) {
      ann.viewer.resume(epoch, version)
      expect(ann.viewer.version).toBe(0)
      expect(ann.next()?.[0]).toBe('snapshot')
    }
    ann.viewer.resume(tree.epoch, 6)
    expect(ann.next()).toBe(undefined)
  })

  it('goes on from what it says that it has', () => {
    const { tree, state, join } = openArena()
    const ships = Array.from('abc', (key) => state.ships.set(key, ship('', key)))
    const [a, b, c] = ships
    const ann = join()
    ann.viewer.see(a)
    ann.viewer.see(b)
    ann.next()
    const { version } = ann.viewer
    // What follows is lost on the way.
    for (const act of [
      () => ann.viewer.unsee(a),
      () => ann.viewer.see(c),
      () => (state.title = 'second'),
      () => ann.viewer.unsee(c),
      () => ann.viewer.see(a),
      () => (state.ships.get('b')!.x = 3),
    ]) {
      act()
      tree.close()
      ann.viewer.take()
    }
    ann.viewer.resume(tree.epoch, version)
    expect(ann.take()?.kind).toBe('patch')
    expect([...ann.state.ships.keys()]).toEqual(['b', 'a'])
    expect([ann.state.title, ann.state.ships.get('b')?.x]).toEqual(['second', 3])
    expect(ann.agrees).toBe(true)
  })

  it('that missed more than is remembered gets a snapshot', () => {
    const { tree, state, join } = openArena()
    const one = state.ships.set('one', ship())
    const ann = join()
    ann.next()
    const before = tree.bookkeeping
    for (let turn = 0; turn < 2000; turn++) {
      ann.viewer.see(one)
      tree.close()
      ann.viewer.unsee(one)
      tree.close()
    }
    expect(tree.bookkeeping - before).toBe(512)
    expect(ann.next()?.[0]).toBe('snapshot')
    for (let turn = 0; turn < 100; turn++) {
      ann.viewer.see(one)
      tree.close()
      ann.viewer.unsee(one)
      tree.close()
    }
    expect(ann.next()).toBe(undefined)
    ann.viewer.see(one)
    for (let turn = 0; turn < 100; turn++) {
      ann.viewer.unsee(one)
      tree.close()
      ann.viewer.see(one)
      tree.close()
    }
    expect(ann.next()?.[0]).toBe('patch')
    expect([...ann.state.ships.keys()]).toEqual(['one'])
    expect(ann.agrees).toBe(true)
  })

  it('that was closed is told nothing, and nothing is kept for it', () => {
    const { tree, state, join } = openArena()
    const one = state.ships.set('one', ship())
    const cy = one.crew.set('cy', { name: 'Cy', role: 'cook' })
    tree.close()
    const before = tree.bookkeeping
    const ann = join({ owner: 'ann' })
    const bob = join()
    ann.viewer.grant('red')
    for (const each of [one, cy]) ann.viewer.see(each)
    bob.viewer.see(one)
    ann.next()
    bob.take()
    ann.viewer.unsee(cy)
    tree.close()
    ann.viewer.unsee(one)
    ann.viewer.revoke('red')
    ann.viewer.close()
    ann.viewer.close()
    one.x = 1
    expect(tree.close()).toBe(true)
    expect(tree.bookkeeping).toBe(before)
    expect(ann.take()).toBe(undefined)
    expect(ann.viewer.see(one)).toBe(false)
    expect(ann.viewer.unsee(one)).toBe(false)
    expect(ann.viewer.sees(cy)).toBe(false)
    ann.viewer.grant('red')
    ann.viewer.owner = 'bob'
    expect(tree.dirty).toBe(false)
    bob.take()
    expect(bob.state.ships.get('one')?.x).toBe(1)
  })

  it('of a crowd that comes and goes leaves nothing behind', () => {
    const { tree, state, join } = openArena()
    const one = state.ships.set('one', ship())
    tree.close()
    const before = tree.bookkeeping
    for (let round = 0; round < 1000; round++) {
      const guest = join({ owner: `guest ${round}` })
      guest.viewer.grant('red')
      guest.viewer.see(one)
      guest.next()
      guest.viewer.unsee(one)
      tree.close()
      guest.viewer.close()
    }
    expect(tree.bookkeeping).toBe(before)
  })

  it('shares its patch with all who see the same', () => {
    const { tree, state, join } = openArena()
    const [ann, bob, cy, di] = [join({ owner: 'ann' }), join(), join(), join({ everything: true })]
    cy.viewer.grant('red')
    state.ships.set('one', ship())
    ann.next()
    for (const client of [bob, cy, di]) client.take()
    state.title = 'second'
    state.deck = live([{ face: 'ace' }])
    tree.close()
    const patch = ann.take()
    expect(bob.take()).toBe(patch)
    expect(cy.take()).not.toBe(patch)
    di.take()
    expect([cy, di].map(({ state: { deck } }) => deck)).toEqual([[{ face: 'ace' }], [{ face: 'ace' }]])
    expect(bob.state.deck).toBe(undefined)
    bob.viewer.see(state.ships.get('one'))
    state.title = 'third'
    tree.close()
    expect(ann.take()).not.toBe(bob.take())
    expect([ann.state.title, bob.state.title]).toEqual(['third', 'third'])
  })

  it('that sees everything has all entries in view, and cannot look away', () => {
    const { state, join } = openArena()
    const one = state.ships.set('one', ship('', 'one'))
    const di = join({ everything: true })
    di.next()
    expect(di.state.ships.get('one')?.plan).toBe('plan of one')
    expect([di.viewer.sees(one), di.viewer.see(one), di.viewer.unsee(one), di.viewer.sees(one)]).toEqual([
      true,
      false,
      false,
      true,
    ])
    const ann = join()
    ann.viewer.see(one)
    ann.next()
    // Only who sees what is another: nothing is new for one who sees everything.
    expect(di.take()).toBe(undefined)
    one.name = 'two'
    ann.next()
    expect(di.take()?.kind).toBe('patch')
    expect(di.state.ships.get('one')?.name).toBe('two')
    di.viewer.close()
    expect(di.viewer.sees(one)).toBe(false)
  })

  it('counts what it does from the next version on, and asks for that once', () => {
    const { tree, state, join } = openArena()
    const one = state.ships.set('one', ship())
    const ann = join()
    ann.next()
    let calls = 0
    tree.onDirty = () => calls++
    const { written } = tree
    ann.viewer.see(one)
    ann.viewer.grant('red')
    ann.viewer.owner = 'ann'
    expect([calls, tree.dirty]).toEqual([1, true])
    state.title = 'second'
    expect(calls).toBe(1)
    expect(() => ann.take()).toThrow('call close first')
    tree.close()
    state.title = 'third'
    ann.viewer.unsee(one)
    expect(calls).toBe(2)
    tree.close()
    expect(tree.written).toBe(tree.version)
    ann.viewer.see(one)
    tree.close()
    expect(tree.written).toBe(tree.version - 1)
    expect(written).toBe(tree.version - 3)
  })

  it('of a state of which everybody sees everything has nothing to look at', () => {
    const layout = arenaLayout
    const first = { title: 'first', ships: { one: ship() }, hands: {}, deck: null, notes: {} }
    const tree = StateTree.create(layout, undefined, first, { epoch: '0123456789abcdef' })
    const viewer = tree.viewer()
    expect(() => viewer.grant('red')).toThrow('There are no tags in its contract')
    expect(new TextDecoder().decode(viewer.take()?.bytes)).toContain('plan of a ship')
    expect(Arena.name).toBe('arena')
  })
})

describe('a turn', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('writes each node once for all who see the same of it', () => {
    const { tree, state, join } = openArena()
    const one = state.ships.set('one', ship('ann', 'one'))
    const clients = Array.from({ length: 50 }, (_, index) => join({ owner: index === 0 ? 'ann' : `m${index}` }))
    for (const { viewer } of clients) viewer.see(one)
    for (const { viewer } of clients.slice(0, 20)) viewer.grant('red')
    tree.close()
    for (const client of clients) client.take()
    const writes = vi.spyOn(MapNode.prototype, 'pack')
    one.hold.set('b', { what: 'gold' })
    tree.close()
    for (const client of clients) client.take()
    expect(writes).toHaveBeenCalledTimes(1)
    expect(clients.filter(({ state: { ships } }) => ships.get('one')?.hold?.has('b') === true).length).toBe(20)
  })

  it('is caught up with once for all who get the same: newcomers, those who missed it, and those who get a tag', () => {
    const { tree, state, join } = openArena()
    const one = state.ships.set('one', ship('ann', 'one'))
    state.hands.set('h', { by: 'ann', points: 1, wager: 5, cards: [{ face: 'ace' }] })
    state.deck = { top: { face: 'king' } }
    tree.close()
    const clients = Array.from({ length: 50 }, (_, index) => join({ owner: `m${index}` }))
    const ann = join({ owner: 'ann' })
    const looking = join()
    looking.viewer.see(one)
    tree.close()
    const body = vi.spyOn(BodyWriter.prototype, 'write')
    const written = (): number => {
      for (const client of [...clients, ann, looking]) client.take()
      for (const client of clients) expect(client.state).toEqual(clients[0]?.state)
      for (const client of [clients[0], ann, looking]) expect(client?.agrees).toBe(true)
      const { length } = body.mock.calls
      body.mockClear()
      return length
    }
    // One for all, one for whom a record belongs to, and one with a view.
    expect(written()).toBe(3)
    expect(ann.state.hands.get('h')?.wager).toBe(5)
    state.title = 'second'
    tree.close()
    one.x = 2
    tree.close()
    // Those who do not see the ship are told of the title alone, whoever they are.
    expect(written()).toBe(3)
    expect(looking.state.ships.get('one')?.x).toBe(2)
    for (const { viewer } of [...clients, ann, looking]) viewer.grant('red')
    tree.close()
    expect(written()).toBe(3)
    expect(clients[0]?.state.deck).toEqual({ top: { face: 'king' } })
    // What one has been given when it was behind is not for those who were not, or not as much.
    state.title = 'third'
    tree.close()
    for (const client of clients.slice(0, 20)) client.take()
    state.title = 'fourth'
    tree.close()
    for (const client of clients.slice(20, 30)) client.viewer.reset()
    // 20 are told by the turn.
    expect(written()).toBe(4)
  })

  it('writes nothing for those who have stalled', () => {
    const { tree, state, join } = openArena()
    const one = state.ships.set('one', ship('', 'one'))
    const clients = [join({ everything: true }), join(), join()]
    for (const { viewer } of clients) viewer.see(one)
    tree.close()
    for (const client of clients) client.take()
    state.title = 'second'
    tree.close()
    const body = vi.spyOn(BodyWriter.prototype, 'write')
    const table = vi.spyOn(TurnTable.prototype, 'seal')
    for (let turn = 0; turn < 10; turn++) {
      one.x = turn
      state.title = `turn ${turn}`
      tree.close()
    }
    expect([body, table].map((spy) => spy.mock.calls.length)).toEqual([0, 0])
    for (const client of clients) expect(client.take()?.kind).toBe('patch')
    for (const client of clients) expect(client.state.ships.get('one')?.x).toBe(9)
  })
})
