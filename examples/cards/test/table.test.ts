import { JuntoClient, type JoinedRoom } from '@junto/client'
import { JuntoServer, provide, SilentLogger } from '@junto/server'
import { createWorld, MemoryNetwork, SeededRandom, VirtualClock, type World } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { Eights } from '../contract.ts'
import { Dealer, EightsRoom, Pace } from '../room.ts'
import { cards, type Card } from '../rules.ts'

// The table's side of the game, in virtual time, with cards that lie as the test has stacked them.

type Table = JoinedRoom<typeof Eights>

/** Puts the pack in the order that it is told, and leaves what else it is given as it is. */
class StackedDealer extends Dealer {
  readonly #pack: readonly Card[]

  constructor(pack: readonly Card[]) {
    super()
    this.#pack = pack
  }

  override shuffle(from: readonly Card[]): Card[] {
    return from.length === cards.length ? [...this.#pack] : [...from]
  }
}

/** A pack from which these hands and this top are dealt, and these cards drawn, the first of them first. */
function packOf(hands: readonly Card[][], top: Card, draws: readonly Card[] = []): Card[] {
  const dealt = (hands[0] ?? []).flatMap((_card, index) => hands.map((hand) => hand[index] ?? 'AS'))
  const inFront = [...dealt, top, ...draws]
  const rest = cards.filter((card) => !inFront.includes(card))
  return [...inFront, ...rest].toReversed()
}

const adas: Card[] = ['KS', '2S', '3S', '4S', '5S', '6S', '8H']
const bos: Card[] = ['KH', '2H', '3H', '4H', '5H', '6H', '8S']
/** Bo deals to Ada and himself. The first two cards that are drawn are the queen and the jack of clubs. */
const simple = packOf([adas, bos], '7S', ['QC', 'JC'])

function worldWith(pack: readonly Card[], seed = 1): World {
  return createWorld({
    seed,
    rooms: [[Eights, EightsRoom, { maxMembers: 4 }]],
    server: { services: [provide(Dealer, new StackedDealer(pack)), provide(Pace, new Pace(30_000, 10_000))] },
  })
}

/** So many players at one table: the first has made it, the others come by its code. */
async function sit(world: World, ...names: string[]) {
  const clients = names.map(() => world.client({ page: true, keepSession: true }))
  const tables: Table[] = []
  for (const [index, client] of clients.entries()) {
    const join = { name: names[index] ?? '' }
    const code = tables[0]?.state.code
    tables.push(
      await world.until(
        code === undefined
          ? client.create(Eights, { options: { private: true }, join })
          : client.joinByCode(Eights, code, { join }),
      ),
    )
  }
  return { clients, tables }
}

/** Two who have begun: it is Ada's turn. */
async function begun(world: World) {
  const { clients, tables } = await sit(world, 'Ada', 'Bo')
  const [ada, bo] = tables
  const [adasClient, bosClient] = clients
  if (ada === undefined || bo === undefined || adasClient === undefined || bosClient === undefined)
    throw new Error('two have to sit there')
  await world.until(bo.call.deal())
  await world.settle()
  return { ada, bo, adasClient, bosClient }
}

const seatOf = (table: Table, who: Table = table) => table.state.seats.get(who.memberId)
const handOf = (table: Table): Card[] => [...(seatOf(table)?.hand ?? [])]

describe('finding a table', () => {
  it('a table for friends has a code, and is found by nothing else', async () => {
    const world = worldWith(simple)
    const { tables } = await sit(world, 'Ada', 'Bo')
    expect(tables[0]?.id).toBe(tables[1]?.id)
    expect(tables[1]?.state.code).toMatch(/^[0-9A-Z]{6}$/)
    const stranger = await world.until(
      world.client().joinOrCreate(Eights, {
        where: { playing: false },
        options: { private: false },
        join: { name: 'Cy' },
      }),
    )
    expect(stranger.id).not.toBe(tables[0]?.id)
    await world.end()
  })

  it('strangers meet at a table that waits, never at one that plays, and never more than four', async () => {
    const world = worldWith(simple)
    const come = (name: string) =>
      world.until(
        world.client().joinOrCreate(Eights, { where: { playing: false }, options: { private: false }, join: { name } }),
      )
    const first = await come('Ada')
    expect((await come('Bo')).id).toBe(first.id)
    await world.until(first.call.deal())
    const third = await come('Cy')
    expect(third.id).not.toBe(first.id)
    for (const name of ['Di', 'Ed', 'Flo']) expect((await come(name)).id).toBe(third.id)
    expect((await come('Gus')).id).not.toBe(third.id)
    await world.end()
  })

  it('a full table says so, and a wrong code too', async () => {
    const world = worldWith(simple)
    const { tables } = await sit(world, 'Ada', 'Bo', 'Cy', 'Di')
    const code = tables[0]?.state.code ?? ''
    const join = { name: 'Ed' }
    await expect(world.until(world.client().joinByCode(Eights, code, { join }))).rejects.toMatchObject({
      code: 'room_full',
    })
    await expect(world.until(world.client().joinByCode(Eights, '000000', { join }))).rejects.toMatchObject({
      code: 'room_not_found',
    })
    await world.end()
  })
})

describe('a round', () => {
  it('deals to all, and who has not dealt begins', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    expect(handOf(ada)).toEqual(adas)
    expect(handOf(bo)).toEqual(bos)
    expect(ada.state).toMatchObject({ phase: 'playing', turn: ada.memberId, top: '7S', suit: 'S', drawn: false })
    expect(ada.state.stock).toBe(52 - 14 - 1)
    await world.end()
  })

  it('needs two', async () => {
    const world = worldWith(simple)
    const { tables } = await sit(world, 'Ada')
    const outcome = await world.until(Promise.resolve(tables[0]?.call.deal.try()))
    expect(outcome).toMatchObject({ ok: false, code: 'too_few_players', data: { needed: 2 } })
    await world.end()
  })

  it('takes a card that fits, for all to see, and passes the turn on', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    const told: unknown[] = []
    bo.on('happened', (happening) => told.push(happening))
    await world.until(ada.call.play({ card: 'KS' }))
    expect(handOf(ada)).toEqual(adas.slice(1))
    expect(bo.state).toMatchObject({ turn: bo.memberId, top: 'KS', suit: 'S' })
    expect(seatOf(bo, ada)).toMatchObject({ held: 6, hand: undefined })
    expect(told.at(-1)).toEqual({ what: 'played', who: 'Ada', card: 'KS' })
    // By rank.
    await world.until(bo.call.play({ card: 'KH' }))
    expect(ada.state).toMatchObject({ turn: ada.memberId, top: 'KH', suit: 'H' })
    await world.end()
  })

  it('refuses what the rules do not allow, by name, and changes nothing', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    const before = JSON.stringify(ada.state)
    const refused = async (call: Promise<{ ok: boolean }>) => await world.until(call)
    expect(await refused(bo.call.play.try({ card: '8S', suit: 'H' }))).toMatchObject({
      code: 'not_your_turn',
      data: { whose: 'Ada' },
    })
    expect(await refused(bo.call.draw.try())).toMatchObject({ code: 'not_your_turn' })
    expect(await refused(bo.call.pass.try())).toMatchObject({ code: 'not_your_turn' })
    expect(await refused(ada.call.play.try({ card: 'KH' }))).toMatchObject({ code: 'card_not_held' })
    expect(await refused(ada.call.play.try({ card: '8H' }))).toMatchObject({ code: 'suit_missing' })
    expect(await refused(ada.call.pass.try())).toMatchObject({ code: 'draw_first' })
    expect(JSON.stringify(ada.state)).toBe(before)
    await world.until(ada.call.play({ card: '8H', suit: 'D' }))
    expect(ada.state).toMatchObject({ top: '8H', suit: 'D', turn: bo.memberId })
    expect(await refused(bo.call.play.try({ card: 'KH' }))).toMatchObject({
      code: 'card_not_playable',
      data: { card: 'KH', top: '8H', suit: 'D' },
    })
    await world.end()
  })

  it('lets a player draw once, and then play or pass', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    expect(await world.until(ada.call.draw())).toEqual({ drawn: true })
    expect(handOf(ada)).toEqual([...adas, 'QC'])
    expect(bo.state).toMatchObject({ drawn: true, stock: 36, turn: ada.memberId })
    expect(await world.until(ada.call.draw.try())).toMatchObject({ code: 'already_drawn' })
    await world.until(ada.call.pass())
    expect(bo.state).toMatchObject({ turn: bo.memberId, drawn: false })
    await world.until(bo.call.draw())
    await world.until(bo.call.play({ card: '8S', suit: 'H' }))
    expect(handOf(bo)).toEqual([...bos.slice(0, -1), 'JC'])
    await world.end()
  })

  it('is won by who is rid of the cards, and pays what the others hold', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    for (const card of ['KS', '2S', '3S', '4S', '5S', '6S'] as const) {
      await world.until(ada.call.play({ card }))
      await world.until(bo.call.draw())
      await world.until(bo.call.pass())
    }
    await world.until(ada.call.play({ card: '8H', suit: 'C' }))
    const left = handOf(bo)
    expect(left).toHaveLength(13)
    const points = seatOf(bo, ada)?.points ?? 0
    // His own seven, and the queen and the jack that he drew.
    expect(points).toBeGreaterThanOrEqual(10 + 2 + 3 + 4 + 5 + 6 + 50 + 10 + 10)
    expect(bo.state).toMatchObject({
      phase: 'over',
      turn: '',
      result: { how: 'won', winner: 'Ada', points, game: points >= 100 },
    })
    // The next one.
    await world.until(ada.call.deal())
    await world.settle()
    expect(bo.state).toMatchObject({ phase: 'playing', result: undefined, turn: bo.memberId })
    expect(seatOf(bo, ada)?.points).toBe(points >= 100 ? 0 : points)
    await world.end()
  })

  it('begins anew when all who are here ask for that', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    await world.until(ada.call.play({ card: 'KS' }))
    expect(await world.until(bo.call.deal())).toEqual({ dealt: false })
    expect(seatOf(ada, bo)?.again).toBe(true)
    expect(ada.state.top).toBe('KS')
    expect(await world.until(ada.call.deal())).toEqual({ dealt: true })
    await world.settle()
    expect(bo.state.top).toBe('7S')
    expect(handOf(ada)).toEqual(adas)
    expect(seatOf(ada, bo)?.again).toBe(false)
    await world.end()
  })

  it('who comes later watches, and is dealt in with the next one', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    const cy = await world.until(world.client().joinByCode(Eights, ada.state.code, { join: { name: 'Cy' } }))
    expect(cy.state).toMatchObject({ top: '7S', turn: ada.memberId })
    expect(seatOf(cy)).toMatchObject({ playing: false, held: 0 })
    await world.until(ada.call.play({ card: 'KS' }))
    await world.until(bo.call.play({ card: 'KH' }))
    expect(cy.state.turn).toBe(ada.memberId)
    await world.until(Promise.all([ada.call.deal(), bo.call.deal()]))
    expect(handOf(cy)).toHaveLength(5)
    await world.end()
  })

  it('shuffles what was played when the deck is used up, and ends when nobody can do anything any more', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    // Nobody plays: they draw all there is.
    for (let drawn = 0; drawn < 37; drawn++) {
      const now = drawn % 2 === 0 ? ada : bo
      expect(await world.until(now.call.draw())).toEqual({ drawn: true })
      if (drawn < 36) await world.until(now.call.pass())
    }
    expect(ada.state.stock).toBe(0)
    // Ada's: the top goes below the king, and is what Bo draws.
    await world.until(ada.call.play({ card: 'KS' }))
    expect(bo.state.stock).toBe(1)
    await world.until(bo.call.draw())
    expect(handOf(bo)).toContain('7S')
    await world.until(bo.call.pass())
    for (const now of [ada, bo]) {
      expect(await world.until(now.call.draw())).toEqual({ drawn: false })
      await world.until(now.call.pass())
    }
    expect(bo.state).toMatchObject({ phase: 'over', result: { how: 'blocked', points: 0 } })
    expect(bo.state.result?.winner).toBeUndefined()
    await world.end()
  })
})

describe('time', () => {
  it('draws a card for who lets it pass, and goes on with the next', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    expect(ada.state.deadline - world.clock.time()).toBe(30_000)
    await world.advance(29_999)
    expect(ada.state.turn).toBe(ada.memberId)
    await world.advance(1)
    expect(ada.state.turn).toBe(bo.memberId)
    expect(handOf(ada)).toEqual([...adas, 'QC'])
    // Who has drawn already only loses the turn.
    await world.until(bo.call.draw())
    await world.advance('30s')
    expect(handOf(bo)).toHaveLength(8)
    expect(bo.state.turn).toBe(ada.memberId)
    await world.end()
  })

  it('begins anew with each turn', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    await world.advance('29s')
    await world.until(ada.call.play({ card: 'KS' }))
    await world.advance('29s')
    expect(bo.state.turn).toBe(bo.memberId)
    await world.advance('1s')
    expect(bo.state.turn).toBe(ada.memberId)
    await world.end()
  })

  it('stands still while nobody is here', async () => {
    const world = worldWith(simple)
    const { ada, adasClient, bosClient } = await begun(world)
    for (const client of [adasClient, bosClient]) {
      world.cut(client)
      world.offline(client)
    }
    await world.advance('50s')
    world.online(adasClient)
    await world.advance('5s')
    expect(handOf(ada)).toEqual(adas)
    expect(ada.state.turn).toBe(ada.memberId)
    expect(ada.state.deadline - world.clock.time()).toBeGreaterThan(24_000)
    world.online(bosClient)
    await world.advance('30s')
    expect(handOf(ada)).toEqual([...adas, 'QC'])
    await world.end()
  })
})

describe('somebody whose connection is lost', () => {
  it('is shown as away, keeps the hand, gets less time, and plays on when back', async () => {
    const world = worldWith(simple)
    const { ada, bo, bosClient } = await begun(world)
    world.cut(bosClient)
    world.offline(bosClient)
    await world.settle()
    expect(seatOf(ada, bo)).toMatchObject({ here: false, held: 7 })
    await world.until(ada.call.play({ card: 'KS' }))
    expect(ada.state.deadline - world.clock.time()).toBe(10_000)
    await world.advance('10s')
    expect(ada.state.turn).toBe(ada.memberId)
    world.online(bosClient)
    await world.advance('5s')
    expect(seatOf(ada, bo)?.here).toBe(true)
    expect(handOf(bo)).toEqual([...bos, 'QC'])
    await world.end()
  })

  it('a page that is loaded again in its own turn finds seat and hand as they were', async () => {
    const world = worldWith(simple)
    const { ada, bo, adasClient } = await begun(world)
    const { deadline, code } = ada.state
    const again = world.reload(adasClient)
    const back = await world.until(again.joinByCode(Eights, code, { join: { name: 'Ada' } }))
    expect(back.kept).toBe(true)
    expect(back.memberId).toBe(ada.memberId)
    expect(handOf(back)).toEqual(adas)
    expect(back.state).toMatchObject({ turn: back.memberId, deadline })
    expect(seatOf(bo, back)).toMatchObject({ here: true, name: 'Ada' })
    await world.until(back.call.play({ card: 'KS' }))
    expect(bo.state.top).toBe('KS')
    await world.end()
  })

  it('who does not come back has left: the cards go under the deck, and the others play on', async () => {
    const world = worldWith(simple)
    const { clients, tables } = await sit(world, 'Ada', 'Bo', 'Cy')
    const [ada, bo, cy] = tables
    const [adasClient] = clients
    if (ada === undefined || bo === undefined || cy === undefined || adasClient === undefined)
      throw new Error('three have to sit there')
    await world.until(cy.call.deal())
    await world.settle()
    const left = ada.memberId
    expect(bo.state).toMatchObject({ turn: left, stock: 52 - 15 - 1 })
    world.crash(adasClient)
    await world.advance('2m')
    expect(bo.state.seats.has(left)).toBe(false)
    const held = [...bo.state.seats.values()].reduce((sum, seat) => sum + seat.held, 0)
    expect(bo.state.stock + held + 1).toBe(52)
    expect([bo.memberId, cy.memberId]).toContain(bo.state.turn)
    await world.end()
  })

  it('who leaves in their own turn passes it on; the last two end the round', async () => {
    const world = worldWith(simple)
    const { tables } = await sit(world, 'Ada', 'Bo', 'Cy')
    const [ada, bo, cy] = tables
    if (ada === undefined || bo === undefined || cy === undefined) throw new Error('three have to sit there')
    await world.until(cy.call.deal())
    await world.settle()
    expect(bo.state.turn).toBe(ada.memberId)
    await world.until(ada.leave())
    expect(bo.state).toMatchObject({ phase: 'playing', turn: bo.memberId })
    await world.until(bo.leave())
    await world.settle()
    expect(cy.state).toMatchObject({ phase: 'over', turn: '', result: { how: 'left', points: 0 } })
    // Its clock has stopped with it.
    await world.advance('1m')
    expect(cy.state.phase).toBe('over')
    await world.end()
  })
})

describe('what is hidden', () => {
  it('nobody has anything of another hand or of the deck, whatever is played', async () => {
    const world = worldWith(simple)
    const { ada, bo } = await begun(world)
    const cy = await world.until(world.client().joinByCode(Eights, ada.state.code, { join: { name: 'Cy' } }))
    for (const card of ['KS', '2S', '3S'] as const) {
      await world.until(ada.call.play({ card }))
      await world.until(bo.call.draw())
      await world.until(bo.call.pass())
      for (const [table, others] of [
        [ada, [bo]],
        [bo, [ada]],
        [cy, [ada, bo]],
      ] as const) {
        for (const other of others) expect(seatOf(table, other)?.hand).toBeUndefined()
        // And that is all of the mirror that could hold cards, but for the top.
        const known = handOf(table)
        const seen = JSON.stringify(toPlainState(table))
        for (const other of cards.filter((each) => !known.includes(each) && each !== table.state.top))
          expect(seen).not.toContain(`"${other}"`)
      }
    }
    await world.end()
  })

  it('the bytes to a page are the same, whichever cards the others hold and draw', async () => {
    const other = packOf([['KS', '2C', '3C', '4C', '5C', '6C', '8D'], bos], '7S', ['QD', 'JC'])
    const [one, two] = [await bytesToBo(simple), await bytesToBo(other)]
    expect(one.length).toBeGreaterThan(500)
    expect(two).toEqual(one)
    // His own cards are in them: where these differ, so do the bytes.
    const his = packOf([adas, ['KH', '2H', '3H', '4H', '5H', '9H', '8S']], '7S', ['QC', 'JC'])
    expect(await bytesToBo(his)).not.toEqual(one)
  })
})

/** Everything in a mirror, hidden fields left out. */
function toPlainState({ state }: Table): unknown {
  return { ...state, seats: [...state.seats.values()].map((seat) => ({ ...seat, hand: [...(seat.hand ?? [])] })) }
}

/** All bytes that come to Bo in a round in which Ada draws and plays the king of spades, from this pack. */
async function bytesToBo(pack: readonly Card[]): Promise<number[]> {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const server = new JuntoServer({
    transports: [network.transport()],
    clock,
    random: new SeededRandom(7),
    logger: new SilentLogger(),
    services: [provide(Dealer, new StackedDealer(pack)), provide(Pace, new Pace())],
  })
  server.define(Eights, EightsRoom)
  await server.listen()
  const heard: number[] = []
  const client = (seed: number, hear: (data: Uint8Array) => void): JuntoClient =>
    new JuntoClient({
      url: network.url,
      clock,
      random: new SeededRandom(seed),
      socket: (url, _subprotocol, events) =>
        network.connect(url, {
          ...events,
          open: () => events.open(),
          close: (code, reason) => events.close(code, reason),
          message: (data) => {
            if (typeof data !== 'string') hear(data)
            events.message(data)
          },
        }),
    })
  const until = async <V>(promise: Promise<V>): Promise<V> => {
    const done = promise.finally(() => {})
    await clock.advance(1000)
    return done
  }
  const [adasClient, bosClient] = [client(1, () => {}), client(2, (data) => heard.push(...data))]
  const ada = await until(adasClient.create(Eights, { options: { private: false }, join: { name: 'Ada' } }))
  const bo = await until(bosClient.joinById(Eights, ada.id, { join: { name: 'Bo' } }))
  for (const table of [ada, bo]) table.on('happened', () => {})
  await until(bo.call.deal())
  await until(ada.call.draw())
  await until(ada.call.play({ card: 'KS' }))
  await until(bo.call.draw())
  // Time for the server's checks of the mirrors, too.
  await clock.advance(20_000)
  expect(bo.state.top).toBe('KS')
  await until(Promise.all([adasClient.close(), bosClient.close()]))
  await until(server.close())
  return heard
}
