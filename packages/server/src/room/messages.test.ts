import { JuntoError } from '@junto/protocol'
import { DeclaredError, FrameType, type Frame } from '@junto/protocol/internal'
import { describe, expect, test } from 'vitest'
import { Desk, deskRooms } from './desk.fixture.ts'
import { World } from './rooms.fixture.ts'

async function desk(script: Parameters<typeof deskRooms>[0] = {}, limits?: Record<string, number>) {
  const world = new World(limits ? { limits } : {})
  const { rooms, ScriptedRoom } = deskRooms(script)
  world.registry.define(Desk, ScriptedRoom)
  const ada = await world.join(Desk, { key: 'a' })
  const room = rooms[0]
  if (!room) throw new Error('no room')
  ada.log.length = 0
  return { world, room, ada }
}

describe('calls of a client', () => {
  test('return the result, or a declared error with its data', async () => {
    const { world, ada, room } = await desk()
    const calls = [ada.call('add', { by: 3 }), ada.call('add', { by: 101 }).catch((error: unknown) => error)]
    const [result, failure] = await world.settled(Promise.all(calls))
    expect(result).toBe(3)
    expect(failure).toBeInstanceOf(DeclaredError)
    expect(failure).toMatchObject({ index: 0, data: [100], message: 'add failed: tooMuch' })
    expect(room.happened).not.toContainEqual(expect.stringContaining('onError'))
  })

  test('with bad parameters get an invalid that names the path, and the handler never runs', async () => {
    let ran = 0
    const { world, ada, room } = await desk({ handlers: () => ({ add: () => ++ran }) })
    for (const params of [null, 5, [], ['x'], [1.5], [NaN], [1001], { by: 1 }, [[1]]]) {
      expect(await world.settled(ada.rawCall(0, params))).toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(/^add\.params/),
      })
    }
    expect(await world.settled(ada.rawCall(0, [1001]))).toMatchObject({ data: { path: 'add.params.by' } })
    expect(ran).toBe(0)
    expect(room.happened).not.toContainEqual(expect.stringContaining('onError'))
    expect(await world.settled(ada.rawCall(0, [1]))).toBe(1)
  })

  test('that the room does not know are unsupported; so are events and streams called, and calls of other kinds', async () => {
    const { world, ada } = await desk()
    for (const id of [6, 99, 4, 5]) {
      expect(await world.settled(ada.rawCall(id, null))).toMatchObject({ code: 'unsupported' })
    }
    expect(ada.notices).toEqual([])
  })

  test('whose result is wrong fail with internal, and the log names the path', async () => {
    const wrong = { n: 'not a number' } as unknown as number
    const { world, ada } = await desk({ handlers: () => ({ look: () => wrong, add: () => Promise.resolve(wrong) }) })
    const outcomes = [ada.outcome('look'), ada.outcome('add', { by: 1 })]
    await world.clock.settle()
    expect(await Promise.all(outcomes)).toEqual(['internal', 'internal'])
    expect(world.faults).toEqual([
      expect.stringMatching(/^call look of the room desk\/a failed: look\.result/),
      expect.stringMatching(/^call add of the room desk\/a failed: add\.result/),
    ])
  })

  test('raise only what is declared: an undeclared code is the fault of the room', async () => {
    const { world, ada } = await desk({
      handlers: () => ({
        add: (_, { error }) => {
          const raise = error as (code: string, data: unknown) => Error
          throw raise('nonsense', {})
        },
        look: (_, { error }) => {
          const raise = error as unknown as (code: string, data: unknown) => Error
          throw raise('tooMuch', { most: 1 })
        },
      }),
    })
    const outcomes = [ada.outcome('add', { by: 1 }), ada.outcome('look')]
    await world.clock.settle()
    expect(await Promise.all(outcomes)).toEqual(['internal', 'internal'])
    expect(world.faults[0]).toContain(
      "error('nonsense') was raised by the handler of add, but the contract declares only tooMuch",
    )
    expect(world.faults[1]).toContain('the contract declares no errors for it')
  })

  test('may be told forbidden and rate_limited by a thrown JuntoError; what other calls failed with is not passed on', async () => {
    let thrown: JuntoError = new JuntoError('forbidden', 'spectators only look')
    const { world, ada } = await desk({
      handlers: () => ({
        act: () => {
          throw thrown
        },
      }),
    })
    expect(await world.settled(ada.outcome('act'))).toBe('forbidden')
    thrown = new JuntoError('rate_limited', 'slowly', { retryAfter: 100 })
    expect(await world.settled(ada.call('act').catch((error: unknown) => error))).toMatchObject({
      code: 'rate_limited',
      retryAfter: 100,
    })
    expect(world.faults).toEqual([])
    thrown = new JuntoError('timeout', 'somebody else did not answer')
    expect(await world.settled(ada.outcome('act'))).toBe('internal')
    expect(world.faults).toHaveLength(1)
  })

  test('that are cancelled or late see their signal aborted, and heeding it is no fault', async () => {
    const reasons: unknown[] = []
    const { world, ada } = await desk({
      handlers: () => ({
        act: async (_, { signal }) => {
          await new Promise<void>((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reasons.push(signal.reason)
              reject(signal.reason as Error)
            })
          })
        },
      }),
    })
    const stop = new AbortController()
    const cancelled = ada.call('act', undefined, { signal: stop.signal }).catch((error: JuntoError) => error.code)
    const late = ada.call('act', undefined, { timeout: 50 }).catch((error: JuntoError) => error.code)
    stop.abort()
    await world.clock.advance(60)
    expect(await Promise.all([cancelled, late])).toEqual(['cancelled', 'timeout'])
    const gone = ada.outcome('act')
    ada.leave()
    await world.clock.settle()
    expect(await gone).toBe('disconnected')
    expect(reasons).toHaveLength(3)
    expect(world.faults).toEqual([])
  })
})

describe('events of a client', () => {
  test('reach the handler; unknown or invalid ones become a notice, and never the handler', async () => {
    const { world, ada, room } = await desk()
    ada.event('say', { text: 'hi' })
    await world.clock.settle()
    expect(ada.events).toEqual([['said', { text: 'hi' }]])
    ada.raw({ type: FrameType.event, id: 4, payload: ['far too long a text'] })
    ada.raw({ type: FrameType.event, id: 4, payload: 7 })
    ada.raw({ type: FrameType.event, id: 0, payload: [1] })
    ada.raw({ type: FrameType.event, id: 77, payload: null })
    expect(ada.notices).toEqual([
      expect.stringMatching(/^invalid: say\.payload\.text/),
      expect.stringMatching(/^invalid: say\.payload/),
      'unsupported: this room takes no event of number 0',
      'unsupported: this room takes no event of number 77',
    ])
    expect(ada.events).toHaveLength(1)
    expect(room.happened).not.toContainEqual(expect.stringContaining('onError'))
  })

  test('frames that only a server sends, and answers to nothing, become notices', async () => {
    const { ada } = await desk()
    ada.raw({ type: FrameType.patch, bytes: new Uint8Array() })
    ada.raw({ type: FrameType.unknown, wireType: 99 })
    expect(ada.notices).toEqual([
      'unknown_frame: a room takes no frame of this type from a client',
      'unknown_frame: a room takes no frame of this type from a client',
    ])
  })

  test("an event's signal is the membership's", async () => {
    let signal: AbortSignal | undefined
    const { ada } = await desk({ handlers: () => ({ say: (_, context) => void (signal = context.signal) }) })
    ada.event('say', { text: '' })
    expect(signal?.aborted).toBe(false)
    ada.leave()
    expect(signal?.aborted).toBe(true)
  })
})

describe('streams', () => {
  test('bring their items and end', async () => {
    const { world, ada } = await desk()
    const items: unknown[] = []
    const read = (async () => {
      for await (const item of ada.stream('count', { to: 40 })) items.push(item)
    })()
    await world.clock.settle()
    await read
    expect(items).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
  })

  test('wait for their reader, and end on the server when it leaves the loop', async () => {
    let produced = 0
    let ended = ''
    const { world, ada } = await desk({
      handlers: () => ({
        count: async function* () {
          try {
            for (;;) yield await Promise.resolve(++produced)
          } finally {
            ended = 'in finally'
          }
        },
      }),
    })
    const stream = ada.stream('count', { to: 0 })
    expect(await world.settled(stream.next())).toEqual({ done: false, value: 1 })
    await world.clock.settle()
    expect(produced).toBeLessThanOrEqual(18)
    await world.settled(Promise.resolve(stream.return?.()))
    expect(ended).toBe('in finally')
  })

  test('end with the membership', async () => {
    let ended = false
    const { world, ada } = await desk({
      handlers: () => ({
        count: async function* () {
          try {
            for (;;) yield await Promise.resolve(1)
          } finally {
            ended = true
          }
        },
      }),
    })
    const stream = ada.stream('count', { to: 0 })
    await world.settled(stream.next())
    ada.leave()
    await world.clock.settle()
    expect(ended).toBe(true)
  })

  test('fail with invalid, unsupported, forbidden, or internal when the item is wrong or the handler throws', async () => {
    const { world, ada } = await desk({
      handlers: () => ({
        count: async function* ({ to }) {
          await Promise.resolve()
          if (to === 1) throw new JuntoError('forbidden', 'no')
          if (to === 2) throw new Error('broken')
          yield 'not a number' as unknown as number
        },
      }),
    })
    const codes: unknown[] = []
    for (const to of [1, 2, 3]) {
      const read = ada
        .stream('count', { to })
        .next()
        .catch((error: JuntoError) => codes.push(error.code))
      await world.clock.settle()
      await read
    }
    expect(codes).toEqual(['forbidden', 'internal', 'internal'])
    expect(world.faults).toEqual([
      expect.stringMatching(/^stream count .* failed: broken$/),
      expect.stringMatching(/^stream count .* failed: count\.item/),
    ])
  })
})

test('handlers that a session has left behind count against it in all of its rooms, however often it joins again', async () => {
  const world = new World({ limits: { maxCallsInFlight: 2 } })
  let running = 0
  const finish: (() => void)[] = []
  const { ScriptedRoom } = deskRooms({
    handlers: () => ({
      act: () => {
        running++
        return new Promise<void>((resolve) => void finish.push(resolve))
      },
    }),
  })
  world.registry.define(Desk, ScriptedRoom)
  const session = { session: 's', connection: { auth: 'a', remoteAddress: '10.0.0.1' }, abandoned: { count: 0 } }
  const codes: unknown[] = []
  const visit = async (key: string): Promise<void> => {
    const client = world.client(Desk, session)
    client.join({ key })
    await world.clock.settle()
    const calls = [client.outcome('act'), client.outcome('act')]
    await world.clock.settle()
    client.leave('left')
    codes.push(...(await Promise.all(calls)))
  }
  for (const key of ['a', 'b', 'a', 'b', 'c', 'a']) await visit(key)
  expect(running).toBe(8)
  expect(codes.slice(8)).toEqual(['rate_limited', 'rate_limited', 'rate_limited', 'rate_limited'])
  for (const each of finish.splice(0)) each()
  await world.clock.settle()
  expect(session.abandoned.count).toBe(0)
  await visit('a')
  expect(running).toBe(10)
})

describe('calls of the room to a client', () => {
  test('return its typed answer, its declared errors, and the framework’s', async () => {
    const { world, ada, room } = await desk()
    const [member] = [...room.members.values()]
    if (!member) throw new Error('no member')
    ada.answers = {
      confirm: (params) => {
        const { question } = params as { question: string }
        return question === 'late?' ? new Promise(() => {}) : question === 'yes?'
      },
    }
    const yes = member.call.confirm({ question: 'yes?' })
    const no = member.call.confirm.try({ question: 'no?' })
    const late = member.call.confirm.try({ question: 'late?' }, { timeout: 20 })
    await world.clock.advance(20)
    expect(await yes).toBe(true)
    expect(await no).toEqual({ ok: true, value: false })
    expect(await late).toMatchObject({ ok: false, code: 'timeout' })
  })

  test('that are answered with nonsense are invalid, and no fault', async () => {
    const { world, ada, room } = await desk()
    const [member] = [...room.members.values()]
    if (!member) throw new Error('no member')
    const asked = member.call.confirm.try({ question: '?' })
    const declared = member.call.confirm.try({ question: '?' })
    const undeclared = member.call.confirm.try({ question: '?' })
    const good = member.call.confirm({ question: '?' }).catch((error: unknown) => error)
    ada.raw({ type: FrameType.reply, no: 1, result: 'perhaps' })
    ada.raw({ type: FrameType.failed, no: 2, code: 0, message: '', data: ['x'] })
    ada.raw({ type: FrameType.failed, no: 3, code: 9, message: '', data: null })
    ada.raw({ type: FrameType.failed, no: 4, code: 0, message: 'in a minute', data: [60] })
    await world.clock.settle()
    expect(await asked).toMatchObject({ ok: false, code: 'invalid' })
    expect(await declared).toMatchObject({ ok: false, code: 'invalid' })
    expect(await undeclared).toMatchObject({ ok: false, code: 'internal' })
    const failure = await good
    if (!member.call.confirm.failed(failure, 'busy')) throw new Error('not narrowed')
    expect(failure.data.until).toBe(60)
    expect(member.call.confirm.failed(new Error('other'), 'busy')).toBe(false)
    expect(world.faults).toEqual([])
  })

  test('of which nobody waits for the answer cost nothing when the client goes', async () => {
    const unheard: unknown[] = []
    const listen = (error: unknown): void => void unheard.push(error)
    process.on('unhandledRejection', listen)
    const { world, ada, room } = await desk()
    const [member] = [...room.members.values()]
    void member?.call.confirm({ question: '?' })
    ada.leave()
    void member?.call.confirm({ question: 'still there?' })
    await world.clock.settle()
    process.off('unhandledRejection', listen)
    expect(unheard).toEqual([])
    expect(world.faults).toEqual([])
  })

  test('that were under way when the connection was lost have an unknown outcome, later ones were never sent', async () => {
    const { world, ada, room } = await desk()
    const [member] = [...room.members.values()]
    if (!member) throw new Error('no member')
    const asked = member.call.confirm.try({ question: '?' })
    await world.clock.settle()
    ada.leave()
    expect(await asked).toMatchObject({ ok: false, code: 'outcome_unknown' })
    expect(await member.call.confirm.try({ question: '?' })).toMatchObject({ ok: false, code: 'disconnected' })
  })

  test('with wrong parameters fail where they were made', async () => {
    const { room, ada } = await desk()
    const [member] = [...room.members.values()]
    if (!member) throw new Error('no member')
    const wrong = { question: 5 } as unknown as { question: string }
    await expect(member.call.confirm(wrong)).rejects.toThrow(/confirm\.params\.question/)
    await expect(member.call.confirm.try(wrong)).rejects.toThrow(/confirm\.params\.question/)
    expect(() => room.broadcast.said({ text: 5 } as unknown as { text: string })).toThrow(/said\.payload\.text/)
    expect(ada.log).toEqual([])
  })
})

describe('how often a message may be sent', () => {
  test('is limited for each message, user and room: others go on', async () => {
    const world = new World()
    const { ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, {
      messageLimits: { add: { rate: 1, burst: 2 }, say: { rate: 1 }, count: { rate: 0.1 } },
    })
    const ada = await world.join(Desk, { key: 'a' })
    const bob = await world.join(Desk, { key: 'a' })
    const elsewhere = world.client(Desk, ada.session)
    elsewhere.join({ key: 'b' })
    await world.clock.settle()
    const call = (name: string): Frame => {
      const id = Object.keys(Desk.shape.clientToServer).indexOf(name)
      return { type: FrameType.call, no: 1, id, params: null, timeout: 0, settle: 'visible' }
    }
    /** Whether it may be called now; if so, it is. */
    const calls = (client: typeof ada, name: string) => {
      const allowance = client.seat.allowance(call(name))
      const now = world.clock.now()
      if (allowance === undefined) return 'unlimited'
      const wait = allowance.wait(now)
      if (wait === 0) allowance.take(now)
      return wait
    }
    expect(['add', 'add', 'add', 'look', 'add'].map((name) => calls(ada, name))).toEqual([
      0,
      0,
      1000,
      'unlimited',
      1000,
    ])
    expect([calls(bob, 'add'), calls(elsewhere, 'add')]).toEqual([0, 0])
    expect([calls(ada, 'count'), calls(ada, 'count')]).toEqual([0, 10_000])
    expect(ada.seat.allowance(call('count'))?.limit.what).toBe('stream count')
    expect(ada.seat.allowance({ type: FrameType.cancel, no: 1 })).toBeUndefined()
    await world.clock.advance('1s')
    expect(calls(ada, 'add')).toBe(0)
  })
})
