import { describe, expect, it } from 'vitest'
import { openArena, ship } from './arena.fixture.ts'
import { live } from '../values/plain.ts'

describe('a field that only the owner sees', () => {
  it('is in no byte for others, and when nothing else changes they are told nothing', () => {
    const { tree, state, join } = openArena()
    const one = state.ships.set('one', ship('ann', 'one'))
    const [ann, bob] = [join({ owner: 'ann' }), join({ owner: 'bob' })]
    for (const { viewer } of [ann, bob]) viewer.see(one)
    expect(ann.hears('plan of one')).toBe(true)
    expect(bob.hears('plan of one')).toBe(false)
    one.plan = 'another'
    expect(ann.hears('another')).toBe(true)
    expect(bob.take()).toBe(undefined)
    one.plan = 'third'
    one.x = 1
    expect(ann.hears('third')).toBe(true)
    expect(bob.hears('third')).toBe(false)
    expect(bob.state.ships.get('one')).toMatchObject({ x: 1, plan: undefined, hold: undefined })
    // Nor is one who was behind.
    one.plan = 'fourth'
    tree.close()
    one.plan = 'fifth'
    expect(bob.next()).toBe(undefined)
    ann.take()
    expect(ann.state.ships.get('one')?.plan).toBe('fifth')
    expect([ann.agrees, bob.agrees]).toEqual([true, true])
  })

  it('is shown and hidden as the record changes hands, along with what else changes', () => {
    const { state, join } = openArena()
    const one = state.ships.set('one', ship('ann', 'one'))
    const [ann, bob, cy] = [join({ owner: 'ann' }), join({ owner: 'bob' }), join({ owner: 'cy' })]
    for (const { viewer } of [ann, bob, cy]) viewer.see(one)
    ann.next()
    for (const client of [bob, cy]) client.take()
    const cargo = ann.state.ships.get('one')?.hold
    one.by = 'bob'
    one.x = 2
    one.plan = 'bobs plan'
    expect(ann.hears('bobs plan')).toBe(false)
    expect(bob.hears('bobs plan')).toBe(true)
    cy.take()
    expect(ann.state.ships.get('one')).toMatchObject({ by: 'bob', x: 2, plan: undefined, hold: undefined })
    expect(bob.state.ships.get('one')).toMatchObject({ by: 'bob', x: 2, plan: 'bobs plan' })
    expect(bob.state.ships.get('one')?.hold?.get('a')).toEqual({ what: 'cargo of one' })
    expect(cy.state.ships.get('one')).toMatchObject({ by: 'bob', x: 2, plan: undefined })
    one.by = ''
    expect(bob.next()?.[0]).toBe('patch')
    one.by = 'ann'
    ann.next()
    for (const client of [bob, cy]) client.take()
    expect(ann.state.ships.get('one')?.plan).toBe('bobs plan')
    expect(ann.state.ships.get('one')?.hold).not.toBe(cargo)
    expect(bob.state.ships.get('one')?.plan).toBe(undefined)
    for (const client of [ann, bob, cy]) expect(client.agrees).toBe(true)
  })

  it('is shown when a viewer gets the name', () => {
    const { state, join } = openArena()
    const hand = state.hands.set('h', { by: 'ann', points: 1, wager: 0, cards: [{ face: 'ace' }] })
    const guest = join()
    expect(guest.hears('ace')).toBe(false)
    guest.viewer.owner = 'ann'
    expect(guest.hears('ace')).toBe(true)
    expect(guest.state.hands.get('h')?.cards).toEqual([{ face: 'ace' }])
    hand.cards.push({ face: 'king' })
    expect(guest.hears('king')).toBe(true)
    guest.viewer.owner = ''
    guest.next()
    expect(guest.state.hands.get('h')).toEqual({ by: 'ann', points: 1, wager: undefined, cards: undefined })
    hand.cards.push({ face: 'queen' })
    expect(guest.next()).toBe(undefined)
    // A name that comes and goes within a turn.
    guest.viewer.owner = 'ann'
    guest.viewer.owner = ''
    expect(guest.next()).toBe(undefined)
    expect(guest.agrees).toBe(true)
  })

  it('is told to nobody when the record is nobody’s', () => {
    const { state, join } = openArena()
    state.hands.set('h', { by: '', points: 1, wager: 0, cards: [{ face: 'ace' }] })
    expect(join({ owner: '' }).hears('ace')).toBe(false)
  })

  it('of one among many goes to the owner alone; the others share what they get', () => {
    const { tree, state, join } = openArena()
    const names = ['ann', 'bob', 'cy', 'di']
    for (const by of names) state.hands.set(by, { by, points: 1, wager: 0, cards: [{ face: `${by}-0` }] })
    const clients = names.map((owner) => join({ owner }))
    tree.close()
    for (const client of clients) client.take()
    for (const by of names) {
      const hand = state.hands.get(by)
      if (hand === undefined) continue
      hand.points += 1
      hand.cards.push({ face: `${by}-1` })
    }
    tree.close()
    clients.forEach((client, index) => {
      const bytes = new TextDecoder().decode(client.take()?.bytes)
      for (const by of names) expect(bytes.includes(`${by}-1`)).toBe(by === names[index])
      expect(Array.from(client.state.hands.values(), ({ points }) => points)).toEqual([2, 2, 2, 2])
      expect(client.state.hands.get(names[index] ?? '')?.cards?.length).toBe(2)
      expect(client.agrees).toBe(true)
    })
    state.hands.get('ann')?.cards.push({ face: 'ann-2' })
    tree.close()
    expect(clients.map((client) => client.take()?.kind)).toEqual(['patch', undefined, undefined, undefined])
  })
})

describe('records of which each belongs to somebody else', () => {
  it('change for all at once, and each owner is told of its own otherwise', () => {
    const { tree, state, join } = openArena()
    const owners = ['ann', 'bob', 'ann', '', 'cy', 'ann', 'bob']
    for (const [index, by] of owners.entries()) {
      state.hands.set(`h${index}`, { by, points: 0, wager: 0, cards: [] })
      // So that ids are far apart, and take more bytes when others are left out between them.
      for (let gap = 0; gap < 100; gap++)
        state.hands.set(`gap ${index}.${gap}`, { by: '', points: 0, wager: 0, cards: [] })
    }
    const clients = ['ann', 'bob', 'cy', 'di'].map((owner) => [owner, join({ owner })] as const)
    tree.close()
    for (const [, client] of clients) client.take()
    for (const changed of [[0, 1, 2, 3, 4, 5, 6], [5, 2, 0], [1, 6], [4], [3]]) {
      for (const index of changed) {
        const hand = state.hands.get(`h${index}`)
        if (hand === undefined) continue
        hand.points++
        hand.wager += 70_000
      }
      tree.close()
      for (const [name, client] of clients) {
        client.take()
        for (const [index, by] of owners.entries()) {
          const { points, wager } = state.hands.get(`h${index}`) ?? {}
          expect(client.state.hands.get(`h${index}`)).toMatchObject({ points, wager: by === name ? wager : undefined })
        }
        expect(client.agrees).toBe(true)
      }
    }
  })
})

describe('a field that a tag shows', () => {
  it('is shown with all in it when the tag is granted, and gone when it is revoked', () => {
    const { state, join } = openArena()
    state.deck = { top: { face: 'ace' } }
    const ann = join()
    expect(ann.hears('ace')).toBe(false)
    expect(ann.state.deck).toBe(undefined)
    ann.viewer.grant('red')
    expect(ann.viewer.tags).toEqual(new Set(['red']))
    expect(ann.hears('ace')).toBe(true)
    expect(ann.state.deck).toEqual({ top: { face: 'ace' } })
    ann.viewer.revoke('red')
    ann.viewer.grant('red')
    expect(ann.next()).toBe(undefined)
    ann.viewer.revoke('red')
    ann.next()
    expect(ann.state.deck).toBe(undefined)
    state.deck = { top: { face: 'king' } }
    expect(ann.next()).toBe(undefined)
    expect(ann.agrees).toBe(true)
  })

  it('can hold something else each time, whatever it held while it was hidden', () => {
    const { tree, state, join } = openArena()
    const [ann, bob] = [join(), join()]
    bob.viewer.grant('red')
    ann.next()
    bob.take()
    for (const deck of [{ top: { face: 'a' } }, [{ face: 'b' }, { face: 'c' }], null, { top: { face: 'd' } }]) {
      // Hidden while it is replaced, and shown again.
      ann.viewer.grant('red')
      ann.next()
      bob.take()
      expect(ann.state.deck).toEqual(bob.state.deck)
      ann.viewer.revoke('red')
      ann.next()
      bob.take()
      state.deck = live<typeof state.deck>(deck)
      tree.close()
      expect(ann.take()).toBe(undefined)
      bob.take()
      expect(bob.state.deck).toEqual(deck)
      expect([ann.agrees, bob.agrees]).toEqual([true, true])
    }
  })

  it('is granted and revoked by those words alone that the contract has', () => {
    const { viewer } = openArena().join()
    expect(() => viewer.grant('green')).toThrow(
      new TypeError('No field of this state is visible to the tag "green". Its tags are "blue", "red".'),
    )
    expect(() => viewer.revoke('green')).toThrow(TypeError)
    expect(() => viewer.grant('owner')).toThrow("'owner' is no tag")
    const open = openArena().join({ everything: true }).viewer
    expect(() => open.grant('green')).toThrow(TypeError)
  })

  it('is shown once to one who has the tag and owns the record', () => {
    const { state, join } = openArena()
    const one = state.ships.set('one', ship('ann', 'one'))
    const ann = join({ owner: 'ann' })
    ann.viewer.grant('red')
    ann.viewer.see(one)
    ann.next()
    const item = one.hold.get('a')
    if (item !== undefined) item.what = 'gold'
    ann.next()
    expect(ann.state.ships.get('one')?.hold?.get('a')).toEqual({ what: 'gold' })
    one.by = 'bob'
    ann.next()
    expect(ann.state.ships.get('one')?.hold?.get('a')).toEqual({ what: 'gold' })
    expect(ann.state.ships.get('one')?.plan).toBe(undefined)
  })
})
