import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/index.ts'
import { collect, end, enter, expectEqual, failureOf, paramsOf, roomOf, serve, wide } from './kinds-server.fixture.ts'
import { randomValue, withObjects } from './random-state.fixture.ts'
import { RoomError } from './room.ts'
import { decode, encode } from './values.ts'

beforeEach(() => serve())
afterEach(end)

describe('messages', () => {
  it('[V4] [V5] [V6] [V7] [V8] carry every kind of value both ways, in any width of integer', async () => {
    const room = await enter()
    const message = room.layout.up.find(({ name }) => name === 'echo')
    if (message?.kind !== 'call') throw new Error('no echo')
    const random = new SeededRandom(4)
    const type = paramsOf(room, 'echo')
    for (let i = 0; i < 30; i++) {
      const wire = encode(type, randomValue(type, random))
      const sent = decode(type, wire)
      const echo = room.startRaw(message, i % 2 === 0 ? wire : wide(wire))
      expectEqual(await echo.result, sent)
      expectEqual(roomOf(room).received, withObjects(sent))
    }
    expect(await room.call('lookup', { a: 1, 7: 255 })).toEqual(new Map([['7', 255]]).set('a', 1))
  })

  it('[R4] [R5] [F21] [F22] [F23] [V4] are answered by results, declared errors, and codes', async () => {
    const room = await enter()
    expect(await room.call('divide', { a: 1, b: 4 })).toBe(0.25)
    expect(await room.call('nothing')).toBeUndefined()
    const failures = [
      { a: 3, b: 0 },
      { a: 2e9, b: 1 },
      { a: 13, b: 1 },
      { a: -1, b: 1 },
    ].map((params) => failureOf(room.call('divide', params)))
    expect(await Promise.all(failures)).toMatchObject([
      { isDeclared: true, code: 'byZero', data: { a: 3 }, message: 'nobody can' },
      { isDeclared: true, code: 'huge', data: { limit: 1_000_000_000n } },
      { isDeclared: false, code: 'internal' },
      { isDeclared: false, code: 'invalid' },
    ])
    const divide = room.layout.up.find(({ name }) => name === 'divide')
    if (divide?.kind !== 'call') throw new Error('no divide')
    const badly = [
      room.startRaw(divide, ['one', 2]),
      room.startRaw(divide, [1]),
      room.startRaw(divide, [1, 2, 3]),
      room.startRaw({ ...divide, id: 99 }, [1, 2]),
    ]
    const codes = (await Promise.all(badly.map(({ result }) => failureOf(result)))).map(({ code }) => code)
    expect(codes).toEqual(['invalid', 'invalid', 'invalid', 'unsupported'])
    expect(await room.call('divide', { a: 1, b: 2 })).toBe(0.5)
  })

  it('[R6] [R7] [R15] [F24] end by their time, by cancel, and by leaving', async () => {
    const room = await enter()
    const { aborted } = roomOf(room)
    expect(await failureOf(room.call('hang', {}, { timeout: 10 }))).toMatchObject({ code: 'timeout' })
    expect(aborted).toHaveLength(1)
    const call = room.start('hang', { until: 'cancelled' })
    await room.call('nothing')
    call.cancel()
    expect(await failureOf(call.result)).toMatchObject({ code: 'cancelled' })
    await room.call('nothing')
    expect(aborted).toHaveLength(2)
    const last = failureOf(room.call('hang', {}, { timeout: 0 }))
    await room.leave()
    expect(await last).toMatchObject({ code: 'outcome_unknown' })
    expect(aborted).toHaveLength(3)
  })

  it('[F20] [V7] are events, which may have no payload', async () => {
    const [room, other] = [await enter(), await enter()]
    room.send('wave', { to: 'you', hand: 'left' })
    room.send('wave', { hand: 'right' })
    room.send('ping')
    await room.call('nothing')
    await other.call('nothing')
    const waves = [
      ['waved', { by: 'you', hand: 'left' }],
      ['waved', { by: room.member, hand: 'right' }],
    ]
    expect(roomOf(room).waves).toStrictEqual([{ to: 'you', hand: 'left' }, { hand: 'right' }])
    expect(room.events).toStrictEqual([...waves, ['ponged', undefined]])
    expect(other.events).toStrictEqual(waves)
  })

  it('[F33] [V2] are loose where only the latest counts', async () => {
    const room = await enter()
    room.send('point', { who: 'ann', x: 1 })
    await room.call('nothing')
    await expect.poll(() => room.events).toStrictEqual([['pointed', { who: 'ann', x: 2 }]])
  })

  it('[R9] [R10] [R11] [R12] [F25] [F26] [F27] [F28] come in streams, as far as the credit goes', async () => {
    const room = await enter()
    const stream = room.stream('count', { to: 20 }, 4)
    await room.call('nothing')
    await room.call('nothing')
    expect(stream.unread).toBe(4)
    const items = await collect(stream)
    expect(items).toStrictEqual(Array.from({ length: 20 }, (_, i) => [i, `#${i}`]))
    const failing = room.stream('count', { to: 3 }, 2)
    expect(await failureOf(collect(failing))).toMatchObject({ code: 'internal' })
    expect(failing.read).toBe(3)
    const endless = room.stream('count', { to: Number.MAX_SAFE_INTEGER })
    for await (const item of endless) if (String(item).startsWith('40,')) break
    expect(await collect(room.stream('count', { to: 0 }))).toEqual([])
  })

  it('[R1] [R5] [F21] [F22] [F23] are calls of the server, which a client answers', async () => {
    const room = await enter()
    const asked: unknown[] = []
    room.handlers.set('confirm', async (params) => {
      asked.push(params)
      const { question } = params as { question: string }
      if (question === 'when?') throw new RoomError('later', 'not now', { at: 1_767_225_600_000 })
      if (question === 'throw!') throw new Error('a secret')
      return question === 'sure?'
    })
    expect(await room.call('ask')).toEqual(['true', 'later: 1767225600000', 'internal', 'unsupported'])
    expect(asked).toStrictEqual([{ question: 'sure?' }, { question: 'when?' }, { question: 'throw!' }])
  })
})
