import { inspect } from 'node:util'
import type { Live, StateOf } from '@junto/schema'
import { errorCodes } from '@junto/protocol'
import { endsCalls, FrameType } from '@junto/protocol/internal'
import { isFrameworkCode } from '@junto/schema/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import type { JoinedRoom } from '../index.ts'
import { opening, ScriptedServer } from '../session/scripted-server.fixture.ts'
import { Whiteboard } from '../whiteboard.fixture.ts'

type Board = Live<StateOf<typeof Whiteboard>>

const stroke = { by: 'ada', color: 1, points: [{ x: 1, y: 2 }] }

let server: ScriptedServer
let room: JoinedRoom<typeof Whiteboard>

const idOf = (name: string): number => server.layout.upByName.get(name)?.id ?? NaN

async function join(options: ConstructorParameters<typeof ScriptedServer>[0] = {}): Promise<void> {
  server = new ScriptedServer(options)
  const opened = server.client.open(Whiteboard, opening)
  server.acceptAll()
  room = await opened
}

/** The newest call that came, once this turn is over. */
async function called() {
  await server.clock.settle()
  const call = server.received(FrameType.call).at(-1)
  if (call === undefined) throw new Error('no call came')
  return call
}

beforeEach(() => join())

describe('a call', () => {
  it("travels by the server's layout, and resolves with the decoded result", async () => {
    const result = room.call.addStroke(stroke)
    const { no, id, params, timeout, settle } = await called()
    expect({ id, params, timeout, settle }).toEqual({
      id: idOf('addStroke'),
      params: ['ada', 1, [[1, 2]]],
      timeout: 15_000,
      settle: 'visible',
    })
    server.socket.say([1, { type: FrameType.reply, no, result: ['s1'] }])
    expect(await result).toEqual({ id: 's1' })
  })

  it('without parameters or result has neither', async () => {
    const result = room.call.clear()
    const { no, params } = await called()
    expect(params).toBeNull()
    server.socket.say([1, { type: FrameType.reply, no, result: null }])
    expect(await result).toBeUndefined()
  })

  it('settles after its effects are visible and listeners were told', async () => {
    const order: string[] = []
    room.watch((state) => state.strokes, { added: (_value, key) => order.push(`added ${key}`) })
    const result = room.call.addStroke(stroke).then(() => order.push(`settled with ${room.state.strokes.size}`))
    const { no } = await called()
    ;(server.state as Board).strokes.set('s1', stroke)
    server.socket.say(server.patch(1), [1, { type: FrameType.reply, no, result: ['s1'] }])
    await result
    expect(order).toEqual(['added s1', 'settled with 1'])
  })

  it('has the deadline of its caller, its contract, or the client', async () => {
    const outcomes = Promise.all([
      room.call.slow.try({ ms: 1 }, { timeout: 100 }),
      room.call.slow.try({ ms: 2 }),
      room.call.addStroke.try(stroke),
    ])
    void room.call.slow({ ms: 3 }, { timeout: Infinity })
    await server.clock.settle()
    expect(server.received(FrameType.call).map(({ timeout }) => timeout)).toEqual([100, 300, 15_000, 0])
    await server.clock.advance('16s')
    expect(await outcomes).toMatchObject([{ code: 'timeout' }, { code: 'timeout' }, { code: 'timeout' }])

    await join({ callTimeout: 50 })
    void room.call.addStroke.try(stroke)
    expect((await called()).timeout).toBe(50)
    await expect(room.call.clear(undefined, { timeout: 0 })).rejects.toMatchObject({ code: 'misuse' })
    expect(() => new ScriptedServer({ callTimeout: NaN })).toThrow(/callTimeout must be above 0/)
  })

  it('says when it makes sense to try again, where the server does', async () => {
    const outcome = room.call.addStroke.try(stroke)
    const { no } = await called()
    const failure = { code: 'rate_limited', message: 'too many', data: { retryAfter: 5000 } }
    server.socket.say([1, { type: FrameType.failed, no, ...failure }])
    const failed = await outcome
    expect(failed).toEqual({ ok: false, code: 'rate_limited', message: 'too many', retryAfter: 5000 })
    // It is in the type, too.
    if (!failed.ok && failed.code === 'rate_limited') expect(failed.retryAfter).toBe(5000)
  })

  it('is cancelled by its signal, here and there', async () => {
    const stop = new AbortController()
    const outcome = room.call.addStroke.try(stroke, { signal: stop.signal })
    const { no } = await called()
    stop.abort()
    expect(await outcome).toMatchObject({ ok: false, code: 'cancelled' })
    await server.clock.settle()
    expect(server.received(FrameType.cancel)).toMatchObject([{ no }])
  })

  it('asks for the reply without its effects when told to', async () => {
    void room.call.addStroke(stroke, { settle: 'reply' })
    expect((await called()).settle).toBe('reply')
  })

  it('fails with a declared error, which only its own call recognises', async () => {
    const failing = room.call.addStroke(stroke).catch((error: unknown) => error)
    const { no } = await called()
    server.socket.say([1, { type: FrameType.failed, no, code: 0, message: 'full', data: [5000] }])
    const error = await failing
    expect(room.call.addStroke.failed(error, 'full')).toBe(true)
    if (room.call.addStroke.failed(error, 'full')) expect(error.data).toEqual({ limit: 5000 })
    expect(error).toMatchObject({ name: 'CallError', code: 'full', message: 'full' })
    // The compiler allows no undeclared code; at run time it is none either.
    const { failed } = room.call.addStroke as unknown as { failed: (error: unknown, code: string) => boolean }
    expect(failed(error, 'timeout')).toBe(false)
    expect(failed(new Error('full'), 'full')).toBe(false)
  })

  it('tried, resolves with one union', async () => {
    const outcomes = [room.call.addStroke.try(stroke), room.call.addStroke.try(stroke), room.call.addStroke.try(stroke)]
    await server.clock.settle()
    server.socket.say(
      [1, { type: FrameType.reply, no: 1, result: ['s1'] }],
      [1, { type: FrameType.failed, no: 2, code: 0, message: 'full', data: [5000] }],
      [1, { type: FrameType.failed, no: 3, code: 'forbidden', message: 'guests may not draw' }],
    )
    expect(await Promise.all(outcomes)).toEqual([
      { ok: true, value: { id: 's1' } },
      { ok: false, code: 'full', data: { limit: 5000 }, message: 'full' },
      { ok: false, code: 'forbidden', message: 'guests may not draw' },
    ])
  })

  it('with parameters that do not satisfy the contract is invalid, and never leaves', async () => {
    const wrong = { ...stroke, points: [{ x: 1, y: 'two' as unknown as number }] }
    const outcome = await room.call.addStroke.try(wrong)
    expect(outcome).toMatchObject({ ok: false, code: 'invalid' })
    expect(outcome.ok ? '' : outcome.message).toContain('addStroke.params.points[0].y')
    await server.clock.settle()
    expect(server.received(FrameType.call)).toEqual([])
  })

  it('whose result does not satisfy the contract is invalid too', async () => {
    const outcome = room.call.addStroke.try(stroke)
    const { no } = await called()
    server.socket.say([1, { type: FrameType.reply, no, result: [7] }])
    expect(await outcome).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('addStroke.result.id') as string,
    })
  })

  it("that the server's contract lacks is unsupported, with a sentence", async () => {
    const { call } = room as unknown as { call: { [name: string]: () => Promise<unknown> } }
    await expect(call['undo']?.()).rejects.toMatchObject({
      code: 'unsupported',
      message:
        "the server's contract of room 'whiteboard' (version 1) has no call 'undo': deploy the server, or check the name",
    })
    await expect(call['point']?.()).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('is not made by whoever shows, logs or copies a room', async () => {
    const { call } = room
    const looks: readonly ((value: object) => unknown)[] = [
      JSON.stringify,
      inspect,
      String,
      Object.keys,
      Object.entries,
    ]
    for (const look of looks) {
      look(call)
      look(room)
    }
    expect(JSON.stringify({ call })).toBe('{"call":{}}')
    await server.clock.settle()
    expect(server.received(FrameType.call)).toEqual([])
    expect(server.warnings).toEqual([])
  })

  it('does not make its room look like a promise', async () => {
    expect(await Promise.resolve(room.call)).toBe(room.call)
  })
})

describe('sending', () => {
  it('tells what becomes of it', async () => {
    expect(room.send.point({ x: 1, y: 2 })).toBe('sent')
    expect(room.send.rename({ title: 'B' })).toBe('sent')
    await server.clock.settle()
    expect(server.socket.messages).toHaveLength(2)
    expect(server.socket.messages[1]?.map(([, frame]) => frame)).toMatchObject([
      { type: FrameType.loose, id: idOf('point'), payload: [1, 2] },
      { type: FrameType.event, id: idOf('rename'), payload: ['B'] },
    ])
    server.socket.bufferedAmount = 1_000_000
    expect(room.send.point({ x: 1, y: 2 })).toBe('dropped')
    expect(room.send.rename({ title: 'C' })).toBe('queued')
    server.socket.end()
    expect(room.send.point({ x: 1, y: 2 })).toBe('dropped')
    expect(room.send.rename({ title: 'D' })).toBe('queued')
  })

  it('throws what can never be sent', () => {
    expect(() => room.send.point({ x: NaN, y: 1 })).toThrow(expect.objectContaining({ code: 'invalid' }))
    expect(() => room.send.rename({ title: 'x'.repeat(300_000) })).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    )
    expect(server.client.connection.state).toBe('open')
  })

  it("drops what the server's contract lacks, and reports it once", () => {
    const { send } = room as unknown as { send: { [name: string]: () => string } }
    expect([send['wave']?.(), send['wave']?.(), send['clear']?.()]).toEqual(['dropped', 'dropped', 'dropped'])
    expect(server.warnings.map(({ code }) => code)).toEqual(['unsupported', 'unsupported'])
  })
})

describe('a stream', () => {
  it('opens with the first next, yields decoded items, and ends', async () => {
    const items: string[] = []
    const stream = room.stream.history({ since: 3 })
    await server.clock.settle()
    expect(server.received(FrameType.stream)).toEqual([])
    const reading = (async () => {
      for await (const { by } of stream) items.push(by)
    })()
    await server.clock.settle()
    const [opened] = server.received(FrameType.stream)
    expect(opened).toMatchObject({ id: idOf('history'), params: [3], credit: 16 })
    const no = opened?.no ?? NaN
    server.socket.say(
      [1, { type: FrameType.item, no, item: ['ada', 1, []] }],
      [1, { type: FrameType.item, no, item: ['bob', 1, []] }],
      [1, { type: FrameType.end, no }],
    )
    await reading
    expect(items).toEqual(['ada', 'bob'])
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  it('is cancelled on the server when the loop is left', async () => {
    const reading = (async () => {
      for await (const item of room.stream.history({ since: 0 })) return item
      return undefined
    })()
    await server.clock.settle()
    server.socket.say([1, { type: FrameType.item, no: 1, item: ['ada', 1, []] }])
    expect(await reading).toMatchObject({ by: 'ada' })
    await server.clock.settle()
    expect(server.received(FrameType.cancel)).toMatchObject([{ no: 1 }])
  })

  it('fails with what the server says, or with what cannot be read', async () => {
    const failing = room.stream.history({ since: 0 }).next()
    const unreadable = room.stream.history({ since: 0 }).next()
    await server.clock.settle()
    server.socket.say(
      [1, { type: FrameType.failed, no: 1, code: 'internal', message: 'oops' }],
      [1, { type: FrameType.item, no: 2, item: 7 }],
    )
    await expect(failing).rejects.toMatchObject({ code: 'internal', message: 'oops' })
    await expect(unreadable).rejects.toMatchObject({ code: 'invalid' })
    await server.clock.settle()
    expect(server.received(FrameType.cancel)).toMatchObject([{ no: 2 }])
  })

  it('refuses wrong parameters at its first next', async () => {
    const stream = room.stream.history({ since: 'x' as unknown as number })
    await expect(stream.next()).rejects.toMatchObject({ code: 'invalid' })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  it('heeds its signal, and its disposal before the first next', async () => {
    const stop = new AbortController()
    const item = room.stream.history({ since: 0 }, { signal: stop.signal }).next()
    await server.clock.settle()
    stop.abort()
    await expect(item).rejects.toMatchObject({ code: 'cancelled' })
    {
      await using unused = room.stream.history({ since: 0 })
      void unused
    }
    await server.clock.settle()
    expect(server.received(FrameType.stream)).toHaveLength(1)
  })
})

it('the codes that any call may end with are those that no contract can declare', () => {
  for (const code of errorCodes) expect(endsCalls(code), code).toBe(isFrameworkCode(code))
})
