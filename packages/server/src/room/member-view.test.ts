import { SeededRandom } from '@junto/testing'
import { FrameType } from '@junto/protocol/internal'
import type { Live, StateOf } from '@junto/schema'
import { beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import { Arena, ArenaWorld, mirrored, there, unit, visibleTo, type ArenaMember } from './arena.fixture.ts'
import { Desk, deskRooms } from './desk.fixture.ts'
import type { Member } from './member.ts'
import { World, type TestClient } from './rooms.fixture.ts'

let world: ArenaWorld
let ada: TestClient
let adas: ArenaMember
let bob: TestClient
let bobs: ArenaMember

beforeEach(async () => {
  world = new ArenaWorld()
  ;[ada, adas] = await world.enter()
  ;[bob, bobs] = await world.enter()
  ada.log.length = bob.log.length = 0
})

const settle = () => world.clock.settle()

/** What all that happened has led to is what each may see. */
function expectRight(): void {
  expect(mirrored(ada)).toEqual(visibleTo(adas, world.room))
  expect(mirrored(bob)).toEqual(visibleTo(bobs, world.room))
}

describe('entries of viewed maps', () => {
  test('[M2] come into view and go by hand, for one member, with the next patch', async () => {
    expectRight()
    expect(mirrored(ada).units.size).toBe(0)
    const ann = world.unit('ann')
    expect(adas.view.has(ann)).toBe(false)
    expect(adas.view.add(ann)).toBe(true)
    expect(adas.view.add(ann)).toBe(false)
    expect(adas.view.has(ann)).toBe(true)
    expect(ada.log).toEqual([])
    await settle()
    expect(ada.log).toEqual(['patch'])
    expect(bob.log).toEqual([])
    expect([...mirrored(ada).units.keys()]).toEqual(['ann'])
    expectRight()

    ann.x = 7
    world.unit('ben').x = 9
    await settle()
    expect([ada.log, bob.log]).toEqual([['patch', 'patch'], []])
    expectRight()
    expect(adas.view.remove(ann)).toBe(true)
    expect(adas.view.remove(ann)).toBe(false)
    await settle()
    expect(mirrored(ada).units.size).toBe(0)
    expectRight()
  })

  test('can be said in onJoin: the first state holds what is in view, and nothing else', async () => {
    world = new ArenaWorld({
      onJoin: (room, { view, id }) => {
        const own = room.state.units.set(id, unit(id, 'own'))
        view.add(own)
        view.grant('dealer')
      },
    })
    ;[ada, adas] = await world.enter()
    expect(ada.log).toEqual(['joined', 'snapshot'])
    expect([...mirrored(ada).units.values()].map(({ name, hp }) => [name, hp])).toEqual([['own', 100]])
    expect(mirrored(ada).deck).toEqual([3, 1, 2])
    expect(mirrored(ada)).toEqual(visibleTo(adas, world.room))
  })

  test('that were removed from the state are in no view any more, nor is what comes under their key', async () => {
    const ann = world.unit('ann')
    adas.view.add(ann)
    await settle()
    world.room.state.units.set('ann', unit('', 'another Ann'))
    await settle()
    expect(adas.view.has(ann)).toBe(false)
    expect(adas.view.remove(ann)).toBe(false)
    expect(mirrored(ada).units.size).toBe(0)
    expectRight()
  })

  test('may stand deep in the state', async () => {
    const { tents } = there(world.room.state.camps.get('north'))
    bobs.view.add(there(tents.get('blue')))
    await settle()
    expect([...there(mirrored(bob).camps.get('north')).tents]).toEqual([['blue', { beds: 3 }]])
    expectRight()
  })

  test('are taken into view with a message that says what cannot be', () => {
    const { state } = world.room
    const view: { add(entity: unknown): boolean; remove(entity: unknown): boolean } = adas.view
    expect(() => view.add(there(state.camps.get('north')))).toThrow(/camps\.north.*no map with \{ view: true \}/)
    expect(() => view.add(world.unit('ann').bag)).toThrow(/units\.ann\.bag.*no map with \{ view: true \}/)
    expect(() => view.remove(state)).toThrow(/no map with \{ view: true \}/)
    expect(() => view.add({ name: 'Ann' })).toThrow(/no entity/)
    expect(() => view.add(undefined)).toThrow(/no entity/)
    const ann = world.unit('ann')
    state.units.delete('ann')
    expect(() => adas.view.add(ann)).toThrow(/ann.*was removed/)
  })

  test('of another room are refused', async () => {
    const ann = world.unit('ann')
    const client = await world.join(Arena, { key: 'other' })
    const other = there(world.room.members.get(client.seat.joined.member))
    expect(() => other.view.add(ann)).toThrow(/another room/)
  })
})

describe('a predicate', () => {
  test('decides about all entries of a map, at once and at each update', async () => {
    const { units } = world.room.state
    adas.view.filter(units, ({ x }) => x < 100)
    await settle()
    expect([...mirrored(ada).units.keys()]).toEqual(['ann'])
    units.set('cy', unit('', 'Cy', 20))
    world.unit('ann').x = 800
    await settle()
    expect([...mirrored(ada).units.keys()]).toEqual(['ann'])
    adas.view.update()
    await settle()
    expect([...mirrored(ada).units.keys()]).toEqual(['cy'])
    expectRight()
  })

  test('is told the key, and decides over what was put into view by hand', async () => {
    const { units } = world.room.state
    adas.view.add(world.unit('ben'))
    adas.view.filter(units, (_, key) => key === 'ann')
    await settle()
    expect([...mirrored(ada).units.keys()]).toEqual(['ann'])
    adas.view.filter(units, undefined)
    adas.view.add(world.unit('ben'))
    adas.view.update()
    await settle()
    expect([...mirrored(ada).units.keys()].toSorted()).toEqual(['ann', 'ben'])
  })

  test('that throws leaves the view as it was', async () => {
    const { units } = world.room.state
    const { tents } = there(world.room.state.camps.get('north'))
    adas.view.filter(units, ({ name }) => name === 'Ann')
    let fails = false
    adas.view.filter(tents, () => {
      if (fails) throw new Error('cannot decide')
      return false
    })
    await settle()
    ada.log.length = 0
    world.unit('ann').name = 'Anna'
    fails = true
    expect(() => adas.view.update()).toThrow('cannot decide')
    expect(adas.view.has(world.unit('ann'))).toBe(true)
    fails = false
    adas.view.update()
    expect(adas.view.has(world.unit('ann'))).toBe(false)
    fails = true
    const undecided = (): boolean => {
      throw new RangeError('neither can this')
    }
    expect(() => adas.view.filter(tents, undecided)).toThrow(RangeError)
    // The one from before is still there.
    expect(() => adas.view.update()).toThrow('cannot decide')
  })

  test('may remove what it is asked about', async () => {
    const { units } = world.room.state
    adas.view.filter(units, (_, key) => {
      if (key === 'ann') units.delete('ann')
      return true
    })
    await settle()
    expect([...mirrored(ada).units.keys()]).toEqual(['ben'])
    expectRight()
  })

  test('ends with its map', async () => {
    const { camps } = world.room.state
    const { tents } = there(camps.get('north'))
    let asked = 0
    adas.view.filter(tents, () => ++asked > 0)
    await settle()
    expect(asked).toBe(2)
    camps.delete('north')
    adas.view.update()
    expect(asked).toBe(2)
    expect(() => adas.view.filter(tents, () => true)).toThrow(/must be a map of the state of this very room/)
  })
})

test.each<[string, unknown, RegExp]>([
  ['no function', true, /second argument must be a function/],
  ['an answer that is still to come', () => Promise.resolve(false), /must say at once .* returned a promise$/],
])('a filter refuses %s, and shows nothing', (_, keep, message) => {
  const view: { filter(map: unknown, keep: unknown): void } = Object(adas.view)
  expect(() => view.filter(world.room.state.units, keep)).toThrow(message)
  expect(() => view.filter(world.room.state.camps, keep)).toThrow(/^view\.filter: everybody sees all of this map/)
  expect([...world.room.state.units.values()].some((each) => adas.view.has(each))).toBe(false)
})

describe('fields that not everybody sees', () => {
  test('are shown by tag, and hidden again', async () => {
    adas.view.add(world.unit('ann'))
    adas.view.grant('referee')
    await settle()
    expect(mirrored(ada).units.get('ann')).toMatchObject({ orders: ['hold Ann'], hp: undefined })
    expect(mirrored(ada).units.get('ann')?.bag.get('key')?.charge).toBe(7)
    expect([...adas.view.tags]).toEqual(['referee'])
    adas.view.revoke('referee')
    await settle()
    expect(mirrored(ada).units.get('ann')?.orders).toBeUndefined()
    expectRight()
  })

  test('are shown to the owner: the member by its id, until the room says otherwise', async () => {
    const ann = world.unit('ann')
    adas.view.add(ann)
    bobs.view.add(ann)
    ann.by = adas.id
    await settle()
    expect([mirrored(ada), mirrored(bob)].map(({ units }) => units.get('ann')?.hp)).toEqual([100, undefined])
    expect(bobs.view.owner).toBe(bobs.id)
    bobs.view.owner = adas.id
    adas.view.owner = 'somebody else'
    await settle()
    expect([mirrored(ada), mirrored(bob)].map(({ units }) => units.get('ann')?.hp)).toEqual([undefined, 100])
    expectRight()
  })

  test('are shown to no owner that has no name', () => {
    const view: { owner: unknown } = adas.view
    const refused = (got: string) =>
      new TypeError(
        `member.view.owner must be a string, what t.Owner() fields hold: a member's id or a user's, not ${got}`,
      )
    expect(() => (view.owner = 5)).toThrow(refused('number'))
    expect(() => (view.owner = null)).toThrow(refused('null'))
    expect(() => (view.owner = undefined)).toThrow(refused('undefined'))
    expect(view.owner).toBe(adas.id)
  })

  test('are shown to no tag that the contract does not know', () => {
    const view: { grant(tag: string): void; revoke(tag: string): void } = adas.view
    expect(() => view.grant('judge')).toThrow(/"judge".*Its tags are .*"referee"/)
    expect(() => view.revoke('judge')).toThrow(/"judge"/)
    expect(() => view.grant('owner')).toThrow(TypeError)
  })
})

describe('a room where everybody sees everything', () => {
  test('says that nothing of it can come into view, and that it knows no tags', async () => {
    const plain = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    plain.registry.define(Desk, ScriptedRoom)
    await plain.join(Desk, { key: 'a' })
    const { state, members } = there(rooms[0])
    const [member] = members.values()
    const view: { add(entity: unknown): boolean; grant(tag: string): void } = there(member).view
    expect(() => view.add(state.notes)).toThrow(/notes.*no map with \{ view: true \}/)
    expect(() => view.grant('judge')).toThrow(/There are no tags in its contract: t\.Visible names them/)
  })
})

describe('when the member is gone', () => {
  test('nothing of it has an effect, or throws', async () => {
    const ann = world.unit('ann')
    const { view } = adas
    view.add(ann)
    view.filter(world.room.state.units, () => true)
    ada.leave()
    await settle()
    expect(view.has(ann)).toBe(false)
    expect([view.add(ann), view.remove(ann)]).toEqual([false, false])
    view.filter(world.room.state.units, () => true)
    view.update()
    view.grant('referee')
    view.owner = 'x'
    await settle()
    expect(view.has(ann)).toBe(false)
    expectTypeOf(view.owner).toBeString()
    expect(world.faults).toEqual([])
  })
})

describe('what a view changes', () => {
  test('waits for the patch rate, as writing does', async () => {
    world = new ArenaWorld({ patchRate: 10 })
    ;[ada, adas] = await world.enter()
    ada.log.length = 0
    world.room.state.round++
    await settle()
    adas.view.add(world.unit('ann'))
    await world.clock.advance(99)
    expect(ada.log).toEqual(['patch'])
    await world.clock.advance(1)
    expect(ada.log).toEqual(['patch', 'patch'])
  })

  test('is nothing to save', async () => {
    world = new ArenaWorld({ persist: true })
    ;[ada, adas] = await world.enter()
    const saved = () => world.metrics.read('rooms_saved', { room: 'arena' })
    await world.clock.advance('10s')
    expect(saved()).toBe(1)
    adas.view.add(world.unit('ann'))
    await world.clock.advance('10s')
    expect(mirrored(ada).units.size).toBe(1)
    expect(saved()).toBe(1)
    world.room.state.round++
    await world.clock.advance('10s')
    expect(saved()).toBe(2)
  })

  test('leaves what is saved whole: what nobody sees comes back with the rest', async () => {
    world = new ArenaWorld({ persist: true })
    ;[ada, adas] = await world.enter()
    const ann = world.unit('ann')
    ann.by = 'somebody'
    ann.hp = 42
    ann.orders.push('wait')
    world.room.state.deck.push(9)
    ada.leave()
    await world.clock.advance('1m')
    const { room } = world
    ;[ada, adas] = await world.enter()
    expect(world.room).not.toBe(room)
    const restored = world.unit('ann')
    expect([restored.hp, [...restored.orders], [...world.room.state.deck]]).toEqual([
      42,
      ['hold Ann', 'wait'],
      [3, 1, 2, 9],
    ])
    expect(mirrored(ada)).toEqual(visibleTo(adas, world.room))
    expect(mirrored(ada).deck).toBeUndefined()
    adas.view.owner = 'somebody'
    adas.view.add(restored)
    await settle()
    expect(mirrored(ada).units.get('ann')?.hp).toBe(42)
  })

  test('is a new object where an id was used again while its member was behind', async () => {
    const { units } = world.room.state
    adas.view.add(world.unit('ann'))
    await settle()
    const seen = mirrored(ada).units.get('ann')
    const happened: string[] = []
    ada.mirror.watch(() => mirrored(ada).units, {
      added: ({ name }, key) => happened.push(`+${key} ${name}`),
      changed: ({ name }, key) => happened.push(`~${key} ${name}`),
      removed: ({ name }, key) => happened.push(`-${key} ${name}`),
    })
    happened.length = 0
    ada.congested = true
    // It leaves the view, and then the state; its id is free, and the next that comes has it.
    adas.view.remove(world.unit('ann'))
    await settle()
    units.delete('ann')
    await settle()
    adas.view.add(units.set('dan', unit('', 'Dan')))
    await settle()
    adas.view.add(units.set('ann', unit('', 'Ann again')))
    await settle()
    expect(happened).toEqual([])
    ada.drain()
    await settle()
    expect(happened.toSorted()).toEqual(['+ann Ann again', '+dan Dan', '-ann Ann'])
    expect([...mirrored(ada).units.values()]).not.toContain(seen)
    expectRight()
  })

  test('goes into checks: each mirror is compared with what its member sees', async () => {
    world = new ArenaWorld({}, { limits: { checkInterval: 0 } })
    ;[ada, adas] = await world.enter()
    ;[bob, bobs] = await world.enter()
    adas.view.filter(world.room.state.units, () => true)
    adas.view.grant('referee')
    for (let n = 0; n < 5; n++) {
      world.room.state.round++
      world.unit('ann').x += 1
      world.unit('ben').hp -= 1
      await settle()
    }
    expect(ada.checks).toEqual([true, true, true, true, true])
    expect(bob.checks).toEqual([true, true, true, true, true])
    const hashes = [ada, bob].map(({ frames }) =>
      frames.flatMap((frame) => (frame.type === FrameType.check ? [frame.hash] : [])),
    )
    expect(hashes[0]).not.toEqual(hashes[1])
  })
})

test.each(Array.from({ length: 20 }, (_, seed) => seed + 1))(
  'under random writes, views, stalls, drops, joins and repairs everybody has what it may see, at any time (seed %d)',
  async (seed) => {
    const random = new SeededRandom(seed)
    world = new ArenaWorld({}, { limits: { checkInterval: 0, maxResyncs: 1000 } })
    const guests: { readonly client: TestClient; readonly member: ArenaMember }[] = []
    let names = 0
    const anyUnit = () => {
      const all = [...world.room.state.units.values()]
      return all[random.integer(0, Math.max(0, all.length - 1))]
    }
    const anybody = () => there(guests[random.integer(0, guests.length - 1)])
    const enter = async (): Promise<void> => {
      const [client, member] = await world.enter()
      guests.push({ client, member })
    }
    await enter()
    const steps: readonly (() => unknown)[] = [
      () => world.room.state.round++,
      () => world.room.state.units.set(`u${random.integer(0, 9)}`, unit('', `n${++names}`, random.integer(-500, 500))),
      () => world.room.state.units.delete(`u${random.integer(0, 9)}`),
      () => {
        const one = anyUnit()
        if (one) one.x = random.integer(-500, 500)
      },
      () => {
        const one = anyUnit()
        if (one) one.hp = random.integer(0, 255)
      },
      () => anyUnit()?.orders.push(`go ${++names}`),
      () => anyUnit()?.bag.set(`b${random.integer(0, 2)}`, { kind: `k${++names}`, charge: random.integer(0, 255) }),
      () => anyUnit()?.bag.clear(),
      () => {
        const one = anyUnit()
        if (one) one.by = random.chance(0.2) ? '' : anybody().member.id
      },
      () => world.room.state.deck.push(random.integer(0, 255)),
      () => {
        const one = anyUnit()
        if (one) anybody().member.view.add(one)
      },
      () => {
        const one = anyUnit()
        if (one) anybody().member.view.remove(one)
      },
      () => anybody().member.view.filter(world.room.state.units, ({ x }) => x > 0),
      () => anybody().member.view.filter(world.room.state.units, undefined),
      () => anybody().member.view.update(),
      () => anybody().member.view.grant(random.pick(['referee', 'dealer'])),
      () => anybody().member.view.revoke(random.pick(['referee', 'dealer'])),
      () => {
        const { view, id } = anybody().member
        view.owner = random.chance(0.5) ? id : anybody().member.id
      },
      () => (anybody().client.congested = true),
      () => anybody().client.drain(),
      () => anybody().client.raw({ type: FrameType.resync }),
      () => anybody().client.die(),
      () => anybody().client.drop(),
      () => {
        const { client } = anybody()
        if (client.hears) return
        client.drop()
        client.resume()
      },
    ]
    for (let step = 0; step < 300; step++) {
      for (let n = random.integer(1, 4); n > 0; n--) there(steps[random.integer(0, steps.length - 1)])()
      await world.clock.advance(random.pick([0, 1, 10]))
      if (random.chance(0.05) && guests.length < 6) await enter()
      if (random.chance(0.02) && guests.length > 1) guests.splice(0, 1)[0]?.client.leave()
      for (const { client, member } of guests) {
        if (client.congested || !client.hears) continue
        expect(mirrored(client), `step ${step}`).toEqual(visibleTo(member, world.room))
      }
    }
    for (const { client } of guests) {
      client.drop()
      client.resume()
      client.drain()
    }
    await settle()
    for (const { client, member } of guests) {
      expect(mirrored(client)).toEqual(visibleTo(member, world.room))
      expect(client.checks.every(Boolean)).toBe(true)
      expect(client.mirror.broken).toBe(false)
    }
    expect(world.faults).toEqual([])
  },
)

test('types: only what stands in viewed maps, and tags that the contract names', () => {
  type View = Member<typeof Arena>['view']
  type State = Live<StateOf<typeof Arena>>
  expectTypeOf<View['grant']>().parameter(0).toEqualTypeOf<'referee' | 'dealer'>()
  const wrong = (view: View, state: State): void => {
    // @ts-expect-error a camp stands in a map that is not viewed
    view.add(there(state.camps.get('north')))
    // @ts-expect-error nobody can be granted that
    view.grant('owner')
    // @ts-expect-error this map is not viewed
    view.filter(state.camps, () => true)
    // @ts-expect-error a unit has no such field
    view.filter(state.units, ({ weight }) => weight > 0)
    view.filter(state.units, ({ x }, key) => x > 0 && key !== '')
  }
  expectTypeOf(wrong).toBeFunction()
  expectTypeOf<Parameters<Member<typeof Desk>['view']['grant']>[0]>().toBeNever()
  expectTypeOf<Parameters<Member<typeof Desk>['view']['add']>[0]>().toBeNever()
})
