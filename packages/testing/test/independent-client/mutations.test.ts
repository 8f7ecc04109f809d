import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chance, idOf, numberOf } from './chance.ts'
import { connect, end, enter, failureOf, serve } from './kinds-server.fixture.ts'
import { tick } from './motion-rooms.fixture.ts'
import type { IndependentRoom, Stamp } from './room.ts'

beforeEach(() => serve())
afterEach(end)

const secret = '8899aabbccddeeff0011223344556677'
const sketch = { by: 'open', room: 'sketch', key: 'main' } as const
const road = { by: 'open', room: 'road', key: 'main' } as const
const rail = { by: 'open', room: 'rail', key: 'main' } as const

interface Mark {
  readonly by: string
  readonly x: number
  readonly at: number
  readonly chance: number
}
const marksOf = (room: IndependentRoom) => (room.state as { marks: Map<string, Mark> }).marks

interface Car {
  readonly x: number
  readonly honks: number
  readonly chance: number
  readonly at: number
  readonly seq: number
}
const carOf = (room: IndependentRoom) => (room.state as { cars: Map<string, Car> }).cars.get(room.member)

/** What came since it was asked last. */
const news = ({ course }: IndependentRoom): string[] => course.splice(0)

describe('mutations', () => {
  it('[U1] [U6] [U7] [F40] are calls with a number, told of by a stamp, a patch and the reply, in this order', async () => {
    const room = await enter(connect(), sketch)
    expect(news(room)).toEqual(['stamp 0', 'snapshot'])
    const id = await room.mutate('add', { x: 7 })
    expect(marksOf(room).get(String(id))).toMatchObject({ by: room.member, x: 7 })
    expect(news(room)).toEqual(['stamp 1', 'patch', 'reply 1'])
    await Promise.all([room.mutate('move', { id, x: 8 }), room.mutate('move', { id, x: 9 })])
    expect(news(room)).toEqual(['stamp 3', 'patch', 'reply 2', 'reply 3'])
    await room.mutate('rest')
    expect(news(room)).toEqual(['alone 4', 'reply 4'])
    expect(room.stamps.every((stamp) => stamp.tick === 0 && stamp.input === 0 && stamp.waiting === 0)).toBe(true)
  })

  it('[U7] tell others nothing but what has changed', async () => {
    const [room, other] = [await enter(connect(), sketch), await enter(connect(), sketch)]
    news(other)
    const id = await room.mutate('add', { x: 7 })
    await room.mutate('rest')
    await expect.poll(() => marksOf(other).get(String(id))?.x).toBe(7)
    expect(news(other)).toEqual(['patch'])
  })

  it('[U2] have numbers that grow, with gaps or not', async () => {
    const room = await enter(connect(), sketch)
    const id = await room.mutate('add', { x: 1 }, { n: 5 })
    for (const n of [5, 4, 0]) {
      expect(await failureOf(room.mutate('move', { id, x: 2 }, { n }))).toMatchObject({ code: 'invalid' })
    }
    expect(marksOf(room).get(String(id))?.x).toBe(1)
    await room.mutate('move', { id, x: 3 })
    expect(marksOf(room).get(String(id))?.x).toBe(3)
    expect(room.stamps.map(({ mutation }) => mutation)).toEqual([0, 5, 6])
  })

  it('[U3] change nothing where they fail, and are handled', async () => {
    const room = await enter(connect(), sketch)
    for (const x of [1, 2, 3]) await room.mutate('add', { x })
    news(room)
    const full = await failureOf(room.mutate('add', { x: 4 }))
    expect(full).toMatchObject({ isDeclared: true, code: 'full', data: { limit: 3 } })
    expect(await failureOf(room.mutate('add', { x: 101 }))).toMatchObject({ isDeclared: false, code: 'invalid' })
    expect(news(room)).toEqual(['alone 4', 'failed 4', 'alone 5', 'failed 5'])
    expect(marksOf(room).size).toBe(3)
  })

  it('[U3] take the time at which they were issued for the present, within bounds', async () => {
    const room = await enter(connect(), sketch)
    const minute = 60_000
    const from = Date.now()
    const issued = [from - 5000, from - 2 * minute, from + minute]
    const [recent, old, future] = await Promise.all(issued.map((at) => room.mutate('add', { x: 1 }, { at })))
    const to = Date.now()
    const timeOf = (id: unknown) => marksOf(room).get(String(id))?.at ?? NaN
    expect(timeOf(recent)).toBe(from - 5000)
    expect(timeOf(old)).toBeGreaterThanOrEqual(Math.floor(from) - minute)
    expect(timeOf(old)).toBeLessThanOrEqual(to - minute)
    expect(timeOf(future)).toBeGreaterThanOrEqual(Math.floor(from))
    expect(timeOf(future)).toBeLessThanOrEqual(to)
  })

  it('[U4] come to the same by chance on both sides', async () => {
    const room = await enter(connect(), sketch)
    const at = Date.now() - 0.3
    for (const seed of [0, 1, 0xffff_ffff]) {
      const values = chance(seed, at)
      const id = idOf(values)
      expect(await room.mutate('add', { x: 1 }, { seed, at })).toBe(id)
      expect(marksOf(room).get(id)?.chance).toBe(numberOf(values))
    }
  })

  it('[U5] are taken back, and what was taken back is done again', async () => {
    const [room, other] = [await enter(connect(), sketch), await enter(connect(), sketch)]
    const id = await room.mutate('add', { x: 1 })
    await room.mutate('move', { id, x: 2 })
    const x = () => marksOf(room).get(String(id))?.x
    expect(await room.mutate('undo', { of: [2], force: false })).toEqual({ done: 1, skipped: 0, forgotten: 0 })
    expect(x()).toBe(1)
    expect(await room.mutate('undo', { of: [3], force: false })).toEqual({ done: 1, skipped: 0, forgotten: 0 })
    expect(x()).toBe(2)
    await other.mutate('move', { id, x: 9 })
    expect(await room.mutate('undo', { of: [2], force: true })).toEqual({ done: 0, skipped: 0, forgotten: 1 })
    expect(await room.mutate('undo', { of: [4], force: false })).toEqual({ done: 0, skipped: 1, forgotten: 0 })
    expect(x()).toBe(9)
    expect(await room.mutate('undo', { of: [4], force: true })).toMatchObject({ done: 1, skipped: 0 })
    expect(x()).toBe(1)
    expect(await room.mutate('undo', { of: [77], force: false })).toEqual({ done: 0, skipped: 0, forgotten: 1 })
    const tooMany = { of: Array.from({ length: 1001 }, (_, n) => n), force: false }
    expect(await failureOf(room.mutate('undo', tooMany))).toMatchObject({ code: 'invalid' })
  })

  it('[U8] [K8] are told of before what a resume brings', async () => {
    const client = connect({ session: 'a1'.repeat(16), secret })
    const [room, other] = [await enter(client, sketch), await enter(connect(), sketch)]
    const id = await room.mutate('add', { x: 1 })
    await client.cut()
    await other.mutate('move', { id, x: 2 })
    news(room)
    client.comeBack()
    await room.mutate('move', { id, x: 3 })
    expect(news(room)).toEqual(['stamp 1', 'patch', 'stamp 2', 'patch', 'reply 2'])
    expect(marksOf(room).get(String(id))?.x).toBe(3)
  })

  it('[U2] [U8] [K7] are told of before the snapshot of a seat that was kept, whose numbers go on', async () => {
    const first = connect({ session: 'a2'.repeat(16), secret })
    const room = await enter(first, sketch)
    const id = await room.mutate('add', { x: 1 })
    await first.cut()
    const again = await enter(connect({ session: 'a2'.repeat(16), secret, forgotten: true }), sketch)
    expect([again.kept, again.member]).toEqual([true, room.member])
    expect(news(again)).toEqual(['stamp 1', 'snapshot'])
    expect(await failureOf(again.mutate('rest', undefined, { n: 1 }))).toMatchObject({ code: 'invalid' })
    await again.mutate('move', { id, x: 2 })
    expect(again.stamps.at(-1)?.mutation).toBe(2)
  })

  it('[U7] are nothing that a room without any tells of', async () => {
    const room = await enter()
    await room.call('change', { seed: 1, times: 3 })
    expect(room.stamps).toEqual([])
  })
})

describe('inputs', () => {
  /** The first stamp that says so. */
  const stamped = async (room: IndependentRoom, is: (stamp: Stamp) => boolean): Promise<Stamp> => {
    const found = () => room.stamps.find(is)
    await expect.poll(found).toBeDefined()
    return found() ?? expect.fail('it was there')
  }

  it('[F13] [F39] [U9] [U10] are applied tick by tick, and told of by stamps before patches', async () => {
    const room = await enter(connect(), road)
    expect([room.tick, room.patch, room.repeats]).toEqual([tick, tick, false])
    const at = Date.now() - 1000.3
    const inputs = Array.from({ length: 8 }, (_, index) => ({ dx: 1 + (index % 2), honk: index % 4 === 0 }))
    expect(room.play(inputs, { at, behind: 100 })).toBe(1)
    await stamped(room, ({ input, waiting }) => input === 8 && waiting === 0)
    // What the last stamp speaks of is here when this is.
    await room.mutate('park')
    expect(carOf(room)).toMatchObject({ x: 0, honks: 2, seq: 8, at: Math.round(at + 7 * tick) })
    expect(carOf(room)?.chance).toBe(numberOf(chance(8, at + 7 * tick)))
    for (const [index, came] of room.course.entries()) {
      if (came === 'patch' || came === 'snapshot') expect(room.course[index - 1]).toMatch(/^stamp /)
    }
    const applied = room.stamps.map(({ input }) => input)
    expect(applied).toEqual(applied.toSorted((a, b) => a - b))
    const ticks = room.stamps.map((stamp) => stamp.tick)
    expect(ticks).toEqual(ticks.toSorted((a, b) => a - b))
    expect(room.play([{ dx: 1 }])).toBe(9)
    await stamped(room, ({ input }) => input === 9)
  })

  it('[F13] [U10] that are missing are made up for, or the last one takes their place, as joined says', async () => {
    const room = await enter(connect(), rail)
    expect(room.repeats).toBe(true)
    expect(room.play([{ dx: 1 }])).toBe(1)
    // As often as the buffer holds, and no more.
    await stamped(room, ({ input }) => input === 1 + 32)
    await expect.poll(() => carOf(room)?.x).toBe(1 + 32)
    const at = Date.now()
    // Their places are taken; the one behind them is the next.
    room.playRaw(2, at, undefined, [[5], [5]])
    room.playRaw(34, at, undefined, [[0]])
    await stamped(room, ({ input }) => input === 34 + 32)
    expect(carOf(room)?.x).toBe(1 + 32)
  })

  it('[U10] are taken once, however often they come, and dropped without a word when there are too many', async () => {
    const client = connect()
    const room = await enter(client, road)
    const at = Date.now()
    const wire = [[1], [1], [1]]
    for (let times = 0; times < 3; times++) room.playRaw(1, at, undefined, wire)
    await stamped(room, ({ input, waiting }) => input === 3 && waiting === 0)
    await expect.poll(() => carOf(room)?.x).toBe(3)
    const many = Array.from({ length: 32 }, () => [0, true])
    for (let first = 10; first < 10 + 32 * 2; first += 32) room.playRaw(first, at, undefined, many)
    await stamped(room, ({ input }) => input === 9 + 32 * 2)
    await expect.poll(() => carOf(room)?.honks).toBe(32)
    expect(client.notices).toEqual([])
  })

  it('[U10] that do not fit are told so, and so is who sends them to a room without any', async () => {
    const client = connect()
    const room = await enter(client, road)
    room.playRaw(1, Date.now(), undefined, [[1], ['fast'], [100], [2]])
    await stamped(room, ({ input }) => input === 4)
    await expect.poll(() => carOf(room)?.x).toBe(3)
    expect(client.notices).toEqual(['invalid'])
    const other = await enter(client, sketch)
    other.playRaw(1, Date.now(), undefined, [[1]])
    await other.mutate('rest')
    expect(client.notices).toEqual(['invalid', 'unsupported'])
  })
})
