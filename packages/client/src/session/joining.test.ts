import { defineRoom, t } from '@junto/schema'
import { FrameType } from '@junto/protocol/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { Whiteboard } from '../whiteboard.fixture.ts'
import { opening, ScriptedServer } from './scripted-server.fixture.ts'

let server: ScriptedServer

beforeEach(() => {
  server = new ScriptedServer()
})

/** The rejection of a promise; fails the test when it resolves. */
async function rejection(promise: Promise<unknown>): Promise<{ code: string; message: string; data: unknown }> {
  const error: unknown = await promise.then(
    () => {
      throw new Error('it resolved')
    },
    (reason: unknown) => reason,
  )
  return error as { code: string; message: string; data: unknown }
}

describe('a join', () => {
  it('leaves with the hello, in the first message', async () => {
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    expect(server.socket.messages).toHaveLength(1)
    expect(server.received(FrameType.join)).toMatchObject([
      { by: 'open', room: 'whiteboard', key: 'team-a', join: { name: 'Ada' }, options: { title: 'Team A' } },
    ])
    const room = await opened
    expect(room).toMatchObject({ name: 'whiteboard', id: 'r1', key: 'team-a', memberId: 'm1' })
    expect(room.state.title).toBe('Team A')
    expect(room.status.value).toEqual({ state: 'joined' })
    // Of the watchdog, and of the ack.
    expect(server.clock.pendingTimers).toBe(2)
  })

  it('leaves at the end of the turn where there is a connection, several together', async () => {
    const first = server.client.open(Whiteboard, opening)
    server.acceptAll()
    await first
    const second = server.client.open(Whiteboard, { ...opening, key: 'b' })
    const third = server.client.joinById(Whiteboard, 'r9', { join: { name: 'Ada' } })
    await server.clock.settle()
    expect(server.socket.messages).toHaveLength(2)
    const [, b, c] = server.received(FrameType.join)
    expect([b, c]).toMatchObject([{ key: 'b' }, { by: 'join', id: 'r9' }])
    if (b === undefined || c === undefined) throw new Error('no joins')
    server.admit(c)
    server.admit(b)
    expect((await second).memberId).toBe('m3')
    expect((await third).memberId).toBe('m2')
    expect(server.sockets.all).toHaveLength(1)
  })

  it('asks in each of the ways there are', async () => {
    const { join, options } = opening
    void server.client.create(Whiteboard, { join, options })
    void server.client.joinOrCreate(Whiteboard, { where: { team: 'a' }, join, options })
    server.acceptAll()
    expect(server.received(FrameType.join)).toMatchObject([
      { by: 'create' },
      { by: 'joinOrCreate', where: { team: 'a' } },
    ])
  })

  it('gives each room its own frames', async () => {
    const opened = Promise.all([
      server.client.open(Whiteboard, opening),
      server.client.open(Whiteboard, { ...opening, key: 'b' }),
    ])
    server.acceptAll()
    const [a, b] = await opened
    const heard: string[] = []
    a.on('cleared', ({ by }) => heard.push(`a:${by}`))
    b.on('cleared', ({ by }) => heard.push(`b:${by}`))
    await server.clock.settle()
    const id = server.layout.downByName.get('cleared')?.id ?? NaN
    server.socket.say(
      [2, { type: FrameType.event, id, payload: ['eve'] }],
      [1, { type: FrameType.event, id, payload: ['bob'] }],
    )
    expect(heard).toEqual(['b:eve', 'a:bob'])
  })
})

describe('layouts', () => {
  it('never travel where both sides hold the same contract', async () => {
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    await opened
    expect(server.received(FrameType.join)).toMatchObject([{ layouts: [server.layout.hash], version: undefined }])
  })

  it('are sent to a client that holds the contract as a type, once', async () => {
    const opened = server.client.open<typeof Whiteboard>('whiteboard', { version: 1, ...opening })
    server.acceptAll()
    expect((await opened).state.title).toBe('Team A')
    void server.client.open<typeof Whiteboard>('whiteboard', { version: 1, ...opening, key: 'b' })
    await server.clock.settle()
    expect(server.received(FrameType.join)).toMatchObject([
      { version: 1, layouts: [] },
      { version: 1, layouts: [server.layout.hash] },
    ])
  })

  it('of a server that has more than the contract do', async () => {
    const { shape } = Whiteboard
    const newer = defineRoom('whiteboard', {
      ...shape,
      state: t.Object({
        author: t.String(),
        title: t.String(),
        strokes: t.Map(
          t.Object({ by: t.String(), color: t.Uint8(), points: t.Array(t.Object({ x: t.Number(), y: t.Number() })) }),
        ),
        order: t.Array(t.String()),
      }),
    })
    server = new ScriptedServer({}, newer, { author: 'ada', title: 'Team A', strokes: {}, order: ['x'] })
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    const room = await opened
    expect(room.state.title).toBe('Team A')
    expect(room.state.order).toEqual(['x'])
  })

  it('that do not fit are refused by the name of the field, and the room is left', async () => {
    const { shape } = Whiteboard
    const other = defineRoom('whiteboard', { ...shape, state: t.Object({ title: t.Boolean() }) })
    server = new ScriptedServer({}, other, { title: true })
    const opened = rejection(server.client.open(Whiteboard, opening))
    server.acceptAll()
    const error = await opened
    expect(error.code).toBe('incompatible')
    expect(error.message).toContain('state.title')
    expect(error.message).toContain('state.strokes')
    await server.clock.settle()
    expect(server.received(FrameType.leave)).toMatchObject([{ ref: 1 }])
    expect(server.client.connection.state).toBe('open')
  })

  it.each([
    ['no layout', { definition: ['x'] }],
    ['hostile names', { definition: [1, 'whiteboard', 1, [['record', [['__proto__', 0]]]], 0, null, [], []] }],
    ['a layout that was never sent', { layout: '0000000000000000', definition: undefined }],
  ])('that are damaged are refused: %s', async (_name, damage) => {
    const opened = rejection(server.client.open<typeof Whiteboard>('whiteboard', { version: 1, ...opening }))
    server.accept()
    const join = server.lastJoin
    const [, frame] = server.joined(join)
    server.socket.say([0, { ...frame, ...damage } as typeof frame])
    expect((await opened).code).toBe('bad_message')
  })

  it('[V3] go by the name that the server gives them', async () => {
    server.layout = { ...server.layout, hash: '0123456789abcdef' }
    for (const layouts of [[], [server.layout.hash]]) {
      const opened = server.client.open<typeof Whiteboard>('whiteboard', { version: 1, ...opening })
      if (layouts.length === 0) server.accept()
      await server.clock.settle()
      const join = server.received(FrameType.join).at(-1)
      expect(join).toMatchObject({ layouts })
      if (join !== undefined) server.admit(join)
      expect((await opened).state.title).toBe('Team A')
    }
  })
})

describe('a join that fails', () => {
  it('says so with the reason of the room', async () => {
    const opened = rejection(server.client.open(Whiteboard, opening))
    server.accept()
    server.socket.say([
      0,
      { type: FrameType.refused, ref: 1, code: 'room_full', message: 'it has 50 members', data: { max: 50 } },
    ])
    expect(await opened).toMatchObject({
      code: 'room_full',
      message: "joining room 'whiteboard' was refused: it has 50 members",
      data: { max: 50 },
    })
    expect(server.client.connection.state).toBe('open')
  })

  it('says when it makes sense to try again, where the server does', async () => {
    const opened = rejection(server.client.open(Whiteboard, opening))
    server.accept()
    const refusal = { code: 'rate_limited', message: 'too many joins', data: { retryAfter: 5000 } }
    server.socket.say([0, { type: FrameType.refused, ref: 1, ...refusal }])
    expect(await opened).toMatchObject({ code: 'rate_limited', retryAfter: 5000 })
  })

  // Asked for anew where that may help.
  describe('for its credentials', () => {
    const refuse = (ref: number): void =>
      server.socket.say([0, { type: FrameType.refused, ref, code: 'unauthorized', message: 'sign in' }])
    let token: string
    let asked: number

    beforeEach(() => {
      token = 'stale'
      asked = 0
      const auth = (): unknown => {
        asked++
        return token
      }
      server = new ScriptedServer({ auth })
    })

    it('is not repeated with credentials that are new', async () => {
      const opened = rejection(server.client.open(Whiteboard, opening))
      await server.clock.settle()
      server.accept()
      refuse(1)
      expect(await opened).toMatchObject({ code: 'unauthorized' })
      expect(asked).toBe(1)
      expect(server.client.connection.state).toBe('open')
    })

    it('is repeated over a new line, with what auth says now, where they are older than the wish', async () => {
      const refused = rejection(server.client.open(Whiteboard, opening))
      await server.clock.settle()
      server.accept()
      refuse(1)
      await refused
      token = 'fresh'
      const opened = server.client.open(Whiteboard, opening)
      await server.clock.settle()
      refuse(2)
      await server.clock.settle()
      expect(asked).toBe(2)
      await server.acceptAnew()
      expect(server.hello.auth).toBe('fresh')
      expect((await opened).state.title).toBe('Team A')
    })

    it('is refused for good when the new ones are no better; the other rooms go on', async () => {
      const first = server.client.open(Whiteboard, opening)
      await server.clock.settle()
      server.acceptAll()
      const room = await first
      const recoveries: unknown[] = []
      room.onRecovery((recovery) => recoveries.push(recovery))
      const opened = rejection(server.client.open(Whiteboard, { ...opening, key: 'team-b' }))
      await server.clock.settle()
      refuse(2)
      await server.clock.settle()
      server.resume()
      await server.clock.settle()
      expect(server.received(FrameType.join)).toMatchObject([{ key: 'team-b' }])
      refuse(3)
      expect(await opened).toMatchObject({ code: 'unauthorized' })
      expect(asked).toBe(2)
      expect(room.status.value.state).toBe('joined')
      expect(recoveries).toMatchObject([{ outcome: 'resumed' }])
    })
  })

  it('rejects at the first failed attempt, and rests', async () => {
    const opened = rejection(server.client.open(Whiteboard, opening))
    server.socket.end(1006, 'connect ECONNREFUSED 127.0.0.1:1727')
    const { code, message } = await opened
    expect(code).toBe('unreachable')
    expect(message).toBe(
      'could not connect to ws://junto.test (connect ECONNREFUSED 127.0.0.1:1727): is the server running, ' +
        "is this its address and 'path', and do its 'origins' let this page in?",
    )
    expect(server.client.connection.state).toBe('idle')
    expect(server.clock.pendingTimers).toBe(0)
  })

  it('is asked for again by a patient program, where the server is stopping', async () => {
    const stopping = { code: 'shutting_down', message: 'the server is shutting down', data: { retryAfter: 2000 } }
    const patient = server.client.open(Whiteboard, { ...opening, patience: Infinity })
    const impatient = rejection(server.client.open(Whiteboard, { ...opening, key: 'b' }))
    server.accept()
    await server.clock.settle()
    for (const { ref } of server.received(FrameType.join)) {
      server.socket.say([0, { type: FrameType.refused, ref, ...stopping }])
    }
    expect(await impatient).toMatchObject({ code: 'shutting_down' })
    await server.clock.advance('2s')
    expect(server.received(FrameType.join)).toHaveLength(3)
    server.admit(server.lastJoin)
    expect((await patient).key).toBe('team-a')
  })

  it('keeps trying while patience lasts', async () => {
    const patient = server.client.open(Whiteboard, { ...opening, patience: Infinity })
    const limited = rejection(server.client.open(Whiteboard, { ...opening, key: 'b', patience: 3000 }))
    while (server.clock.now() < 3000) {
      if (server.client.connection.state === 'connecting') server.socket.end()
      await server.clock.advance(50)
    }
    expect((await limited).code).toBe('unreachable')
    server.client.connection.retry()
    server.acceptAll()
    expect((await patient).key).toBe('team-a')
    expect(server.received(FrameType.join)).toHaveLength(1)
  })

  it('does not repeat a creation whose outcome it does not know', async () => {
    const { join, options } = opening
    const created = rejection(server.client.create(Whiteboard, { join, options, patience: Infinity }))
    server.accept()
    server.socket.end()
    await server.clock.advance('1s')
    server.accept()
    expect((await created).code).toBe('outcome_unknown')
    await server.clock.settle()
    expect(server.received(FrameType.join)).toEqual([])
  })

  it('says that a creation may have happened when it does not wait for the connection', async () => {
    const { join, options } = opening
    const created = rejection(server.client.create(Whiteboard, { join, options }))
    server.accept()
    server.socket.end()
    expect((await created).code).toBe('outcome_unknown')
  })

  it('is unauthorized when the server closes with that code', async () => {
    const opened = rejection(server.client.open(Whiteboard, opening))
    server.accept()
    server.socket.end(4501, 'unauthorized')
    expect((await opened).code).toBe('unauthorized')
    expect(server.client.connection.value).toMatchObject({ state: 'closed', error: { code: 'unauthorized' } })
  })

  it('says which part of the credentials cannot be sent', async () => {
    server = new ScriptedServer({ auth: () => ({ token: 'x', since: new Date(0) }) })
    const opened = rejection(server.client.open(Whiteboard, opening))
    await server.clock.settle()
    server.socket.accept()
    expect(await opened).toMatchObject({ code: 'misuse', message: expect.stringContaining('auth.since') as string })
  })

  it('is invalid when its data cannot be sent', async () => {
    const opened = rejection(server.client.open(Whiteboard, { ...opening, join: { name: NaN as unknown as string } }))
    server.accept()
    expect(await opened).toMatchObject({ code: 'invalid', message: expect.stringContaining('join.name') as string })
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['a key that is too long', { key: 'x'.repeat(257) }, 'key must be a string of 1 to 256 characters'],
    ['an empty key', { key: '' }, 'key must be a string of 1 to 256 characters'],
    ['half a surrogate pair in the key', { key: '\ud800' }, 'without half surrogate pairs'],
    ['a key that is no text', { key: 5 }, 'key must be a string of 1 to 256 characters'],
    ['no key', { key: undefined }, 'key must be a string'],
    ['a version that is no number', { version: '1' }, 'version must be an integer from 0 up'],
  ])('is invalid for %s, before anything is sent or connected to', async (_name, odd, message) => {
    // A program without types, or a key out of a URL.
    const options = { ...opening, ...odd } as unknown as typeof opening
    expect(await rejection(server.client.open(Whiteboard, options))).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining(message) as string,
    })
    expect(server.sockets.all).toHaveLength(0)
  })

  it('is invalid for what is no contract, and without an id', async () => {
    const none = {} as typeof Whiteboard
    expect(await rejection(server.client.open(none, opening))).toMatchObject({ code: 'invalid' })
    const id = undefined as unknown as string
    expect(await rejection(server.client.joinById(Whiteboard, id, opening))).toMatchObject({ code: 'invalid' })
    expect(server.sockets.all).toHaveLength(0)
  })

  it('times out when the server never answers, and lets go', async () => {
    const opened = rejection(server.client.open(Whiteboard, opening))
    server.accept()
    for (let n = 0; n < 15; n++) {
      await server.clock.advance('2s')
      server.socket.say([0, { type: FrameType.beat, time: 1 }])
    }
    expect((await opened).code).toBe('timeout')
    expect(server.received(FrameType.leave)).toHaveLength(1)
  })
})

describe('giving up a join', () => {
  it('costs nothing before anything was sent', async () => {
    const stop = new AbortController()
    const opened = rejection(server.client.open(Whiteboard, { ...opening, signal: stop.signal }))
    stop.abort(new Error('never mind'))
    expect((await opened).code).toBe('cancelled')
    expect(server.socket.closed).toBeDefined()
    expect(server.client.connection.state).toBe('idle')
    expect(server.clock.pendingTimers).toBe(0)

    const aborted = rejection(server.client.open(Whiteboard, { ...opening, signal: stop.signal }))
    expect((await aborted).code).toBe('cancelled')
    expect(server.sockets.all).toHaveLength(1)
  })

  it('leaves when the join was sent, also when it succeeds meanwhile', async () => {
    const stop = new AbortController()
    const opened = rejection(server.client.open(Whiteboard, { ...opening, signal: stop.signal }))
    server.accept()
    stop.abort()
    expect((await opened).code).toBe('cancelled')
    const join = server.lastJoin
    server.admit(join)
    await server.clock.settle()
    expect(server.received(FrameType.leave)).toMatchObject([{ ref: 1 }])
  })

  it('has no effect on a room that is joined', async () => {
    const stop = new AbortController()
    const opened = server.client.open(Whiteboard, { ...opening, signal: stop.signal })
    server.acceptAll()
    const room = await opened
    stop.abort()
    expect(room.status.value.state).toBe('joined')
  })
})

describe('leaving', () => {
  it('resolves once the server knows; what was sent in this turn still leaves before', async () => {
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    const room = await opened
    expect(room.send.ping()).toBe('sent')
    let left = false
    const leaving = room.leave().then(() => (left = true))
    await server.clock.settle()
    expect(server.socket.messages[1]?.map(([ref, { type }]) => [ref, type])).toEqual([
      [1, FrameType.event],
      [0, FrameType.leave],
    ])
    expect(left).toBe(false)
    server.socket.say(server.left(1))
    await leaving
    expect(room.status.value).toMatchObject({ state: 'left', reason: 'left' })
    expect((await rejection(room.call.clear())).code).toBe('cancelled')
    expect(room.send.ping()).toBe('dropped')
    await room.leave()
    expect(server.client.connection.state).toBe('open')
  })

  it('happens at the end of an `await using` block', async () => {
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    let status
    {
      await using room = await opened
      status = room.status
      void server.clock.settle().then(() => server.socket.say(server.left(1)))
    }
    expect(status.value.state).toBe('left')
  })

  it('ends calls that are under way as cancelled', async () => {
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    const room = await opened
    const call = rejection(room.call.clear())
    void room.leave()
    expect((await call).code).toBe('cancelled')
  })
})

describe('closing the client', () => {
  it('leaves every room, and ends what is under way', async () => {
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    const room = await opened
    const pending = rejection(server.client.open(Whiteboard, { ...opening, key: 'b' }))
    await server.clock.settle()
    await server.client.close()
    expect(room.status.value).toMatchObject({ state: 'left', reason: 'client_closed' })
    expect((await pending).code).toBe('cancelled')
    expect(server.received(FrameType.leave)).toHaveLength(2)
    expect(server.socket.closed).toBe(1000)
    expect(server.client.connection.value).toEqual({ state: 'closed' })
    expect(server.clock.pendingTimers).toBe(0)
    expect((await rejection(server.client.open(Whiteboard, opening))).code).toBe('misuse')
  })
})
