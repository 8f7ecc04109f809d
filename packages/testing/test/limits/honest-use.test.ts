import type { OpenSocket } from '@junto/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Arena, ArenaWorld, numbers } from './arena.fixture.ts'

// With the defaults: whoever changes one of them sees here whom it hits.

let world: ArenaWorld

beforeEach(async () => {
  world = new ArenaWorld()
  await world.server.listen()
})

afterEach(async () => {
  await world.end()
  console.log(
    world.lines
      .filter((l) => l.includes('rror'))
      .slice(0, 2)
      .join('\n'),
  )
  expect(world.clock.pendingTimers).toBe(0)
})

describe('honest use at the defaults', () => {
  it('a pointer of 120 Hz as reliable events, with calls beside it, for two minutes', async () => {
    const room = await world.join('ada')
    const outcomes = new Set<string>()
    const answers: Promise<number>[] = []
    await world.atRate(120, 120, (n) => {
      outcomes.add(room.send.moved({ n, x: n, y: n }))
      if (n % 3 === 0) answers.push(room.call.look({ n }))
    })
    await world.clock.advance('1s')
    expect(world.punished).toEqual({})
    expect(world.handled.moved).toEqual(numbers(120 * 120))
    expect(await Promise.all(answers)).toHaveLength(40 * 120)
    expect([...outcomes]).toEqual(['sent'])
  })

  it('a game of 60 Hz with inputs, a look around and a pointer, for a minute, in two tabs of one user', async () => {
    const [one, two] = [await world.join('ada'), await world.join('ada')]
    await world.atRate(60, 60, (n) => {
      for (const room of [one, two]) {
        room.send.moved({ n, x: n, y: n })
        room.send.pointed({ n, x: n, y: n })
        room.send.waved({ n })
        if (n % 10 === 0) void room.call.look({ n })
      }
    })
    await world.clock.advance('1s')
    expect(world.punished).toEqual({})
    expect(world.handled.moved).toHaveLength(2 * 60 * 60)
    expect(world.handled.looked).toHaveLength(2 * 6 * 60)
  })

  it.each([144, 240])('a mouse of %i Hz, each move a reliable event and a call', async (hertz) => {
    const room = await world.join('ada')
    await world.atRate(hertz, 20, (n) => {
      room.send.moved({ n, x: n, y: n })
      void room.call.look({ n })
    })
    await world.clock.advance('1s')
    expect(world.punished).toEqual({})
    expect(world.handled.moved).toEqual(numbers(hertz * 20))
    expect(world.handled.looked).toEqual(numbers(hertz * 20))
  })

  it.each([
    ['a 60 Hz game', 60],
    ['a 120 Hz pointer', 120],
  ])('the replay of %s after 30 s offline: accepted, paced, not punished', async (_name, hertz) => {
    const room = await world.join('ada')
    await world.atRate(hertz, 2, (n) => room.send.moved({ n, x: n, y: n }))
    const queued: number[] = []
    world.network.reach = 'refused'
    world.network.links[0]?.cut()
    await world.atRate(hertz, 30, (offset) => {
      const n = hertz * 2 + offset
      if (room.send.moved({ n, x: n, y: n }) !== 'dropped') queued.push(n)
    })
    expect(queued.length).toBeGreaterThan(1700)
    world.network.reach = 'open'
    const before = world.handled.moved.length
    // The client tries again, and goes on to play meanwhile.
    let back: number | undefined
    let sent = hertz * 32
    const late: number[] = []
    for (let turn = 0; turn < hertz * 40; turn++) {
      if (room.send.moved({ n: sent, x: 0, y: 0 }) !== 'dropped') late.push(sent)
      sent++
      await world.clock.advance(1000 / hertz)
      if (back === undefined && room.status.value.state === 'joined') back = world.clock.now()
    }
    await world.clock.advance('1s')
    expect(back).toBeDefined()
    expect(world.handled.moved).toEqual([...numbers(hertz * 2), ...queued, ...late])
    expect(world.handled.moved.length).toBeGreaterThan(before + 1700)
    const { 'connections_closed{reason=lost}': lost, ...rest } = world.punished
    expect(lost).toBe(1)
    expect(rest).toEqual({})
  })

  it('the replay of messages with limits of their own, after 30 s offline: each, in order, at its own pace', async () => {
    const room = await world.join('ada')
    world.network.reach = 'refused'
    world.network.links[0]?.cut()
    const rendering: Promise<boolean>[] = []
    await world.atRate(20, 30, (n) => {
      room.send.moved({ n, x: n, y: n })
      // Both as often as they may be sent.
      if (n % 20 === 10) room.send.shout({ n })
      if (n % 100 === 10) rendering.push(room.call.render(undefined, { timeout: 60_000 }))
    })
    world.network.reach = 'open'
    await world.clock.advance('55s')
    expect(await Promise.all(rendering)).toEqual(rendering.map(() => true))
    expect(world.handled.shouted).toEqual(numbers(30).map((n) => 20 * n + 10))
    expect(world.handled.moved).toEqual(numbers(600))
    expect(room.status.value.state).toBe('joined')
    expect(world.punished).toEqual({ 'connections_closed{reason=lost}': 1 })
    expect(world.warnings).toEqual([])
    // As ever, once it is over.
    room.send.moved({ n: 600, x: 0, y: 0 })
    await world.clock.advance('1s')
    expect(world.handled.moved.at(-1)).toBe(600)
  })

  it('the same where the session is lost, and its client joins again', async () => {
    const room = await world.join('ada')
    world.network.reach = 'refused'
    world.network.links[0]?.cut()
    await world.atRate(1, 90, (n) => {
      if (n >= 60) room.send.shout({ n })
    })
    world.network.reach = 'open'
    await world.clock.advance('60s')
    expect(room.status.value.state).toBe('joined')
    expect(world.handled.shouted).toEqual(numbers(30).map((n) => 60 + n))
    expect(world.warnings).toEqual([])
  })

  it('a school class behind one address: 60 clients in a game of 60 Hz, who all come back after an outage', async () => {
    const opening = numbers(60).map((n) => world.client(`pupil ${n}`).open(Arena, { key: 'class' }))
    await world.clock.advance('2s')
    const rooms = await Promise.all(opening)
    const play = (n: number) => {
      for (const room of rooms) {
        room.send.moved({ n, x: n, y: n })
        room.send.pointed({ n, x: n, y: n })
        if (n % 10 === 0) void room.call.look({ n })
      }
    }
    await world.atRate(60, 10, play)
    world.network.reach = 'refused'
    for (const link of world.network.links) link.cut()
    await world.atRate(60, 20, (n) => {
      for (const room of rooms) room.send.moved({ n: 600 + n, x: n, y: n })
    })
    world.network.reach = 'open'
    await world.clock.advance('60s')
    expect(rooms.filter((room) => room.status.value.state !== 'joined')).toEqual([])
    expect(world.handled.moved).toHaveLength(60 * 60 * 30)
    expect(world.punished).toEqual({ 'connections_closed{reason=lost}': 60 })
  })

  it('an office of 600 behind one address, half of whom reload within a minute', async () => {
    const people = numbers(600).map((n) => world.client(`clerk ${n}`))
    const opening: Promise<unknown>[] = []
    await world.atRate(20, 30, (n) => {
      const person = people[n]
      if (person !== undefined) opening.push(person.open(Arena, { key: `desk ${n % 50}` }))
    })
    await world.clock.advance('2s')
    await Promise.all(opening)
    const again: Promise<unknown>[] = []
    await world.atRate(5, 60, (n) => {
      void people[n]?.close()
      again.push(world.client(`clerk ${n}`).open(Arena, { key: `desk ${n % 50}` }))
    })
    await world.clock.advance('2s')
    await Promise.all(again)
    expect(world.punished).toEqual({ 'connections_closed{reason=left}': 300 })
  })

  it('a hundred guests, whom authenticate calls by one name: nobody in particular', async () => {
    const guests = new ArenaWorld({}, { authenticate: ({ token }) => ({ id: token ?? 'guest' }) })
    await guests.server.listen()
    const page = (remoteAddress: string): OpenSocket => {
      return (url, _subprotocol, events) =>
        guests.network.connect(url, events, { remoteAddress, origin: 'http://junto.test' })
    }
    const opening = numbers(100).map((n) =>
      guests.client('', '', { auth: () => undefined, socket: page(`10.0.1.${n}`) }).open(Arena, { key: 'main' }),
    )
    await guests.clock.advance('2s')
    const rooms = await Promise.all(opening)
    await guests.atRate(20, 5, (n) => {
      for (const room of rooms) room.send.moved({ n, x: 0, y: 0 })
    })
    for (const link of guests.network.links) link.cut()
    await guests.clock.advance('10s')
    expect(rooms.filter((room) => room.status.value.state !== 'joined')).toEqual([])
    expect(guests.handled.moved).toHaveLength(100 * 20 * 5)
    expect(guests.punished).toEqual({ 'connections_closed{reason=lost}': 100 })
    await guests.end()
  })

  it('a document of 2,000 shapes, put in one by one by a script', async () => {
    const room = await world.join('ada')
    const failures: unknown[] = []
    for (let begin = 0; begin < 1900; begin += 100) {
      const batch = numbers(100).map((n) => room.call.look({ n: begin + n }))
      for (const call of batch) call.catch((error: unknown) => failures.push(error))
      await world.clock.advance(60)
    }
    await world.clock.advance('1s')
    expect(failures).toEqual([])
    expect(world.punished).toEqual({})
    expect(world.handled.looked).toEqual(numbers(1900))
  })

  it('a school of 300 behind one address that comes at once, and comes back at once', async () => {
    const opening = numbers(300).map((n) => world.client(`pupil ${n}`).open(Arena, { key: `group ${n % 20}` }))
    await world.clock.advance('2s')
    const rooms = await Promise.all(opening)
    for (const link of world.network.links) link.cut()
    await world.clock.advance('30s')
    expect(rooms.filter((room) => room.status.value.state !== 'joined')).toEqual([])
    expect(world.punished).toEqual({ 'connections_closed{reason=lost}': 300 })
  })
})
