import { clientLimits } from '@junto/protocol'
import { defineRoom, t, type Live, type StateOf } from '@junto/schema'
import { FrameType } from '@junto/protocol/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { select } from '../room/select.ts'
import type { JoinedRoom, Recovery } from '../index.ts'
import { Whiteboard } from '../whiteboard.fixture.ts'
import { watch } from './outcome.fixture.ts'
import { emptyBoard, opening, ScriptedServer } from './scripted-server.fixture.ts'

type Board = Live<StateOf<typeof Whiteboard>>

let server: ScriptedServer
let room: JoinedRoom<typeof Whiteboard>
let recoveries: Recovery[]

/** The joins that came over the present connection. */
const joins = () => server.received(FrameType.join)

/** Lets the time pass that a client waits before it comes back, to a server that does not know its session. */
async function comeBack(): Promise<void> {
  await server.clock.advance('1s')
  await server.acceptAnew()
}

/** Drops the connection, and lets the client connect again. */
async function drop(): Promise<void> {
  server.socket.end()
  await server.clock.advance('1s')
}

beforeEach(async () => {
  server = new ScriptedServer()
  const opened = server.client.open(Whiteboard, opening)
  server.acceptAll()
  room = await opened
  recoveries = []
  room.onRecovery((recovery) => recoveries.push(recovery))
})

describe('a lost session', () => {
  it('[K7] is shown, and the room joined afresh: the same object, with a new member', async () => {
    const states: string[] = []
    room.status.subscribe(() => states.push(room.status.value.state))
    server.socket.end()
    expect(room.status.value).toMatchObject({ state: 'reconnecting', error: { code: 'disconnected' } })
    expect(server.client.connection.state).toBe('waiting')
    await comeBack()
    expect(states).toEqual(['reconnecting', 'joined'])
    expect(room.memberId).toBe('m2')
    expect(recoveries).toEqual([{ outcome: 'resynced', downtime: 1000, rejoined: true, missed: undefined, unsent: 0 }])
    expect(joins()).toMatchObject([
      { by: 'open', key: 'team-a', join: { name: 'Ada' }, options: { title: 'Team A' }, layouts: [server.layout.hash] },
    ])
  })

  it.each([
    [1006, ['room reconnecting, waiting', 'connection waiting']],
    [4501, ['room left, closed', 'connection closed']],
  ])('with code %d shows what is, to rooms and to whoever looks at the connection meanwhile', (code, shown) => {
    const seen: string[] = []
    const { connection } = server.client
    connection.subscribe(() => seen.push(`connection ${connection.state}`))
    room.status.subscribe(() => seen.push(`room ${room.status.value.state}, ${connection.state}`))
    server.socket.end(code)
    expect(seen).toEqual(shown)
  })

  it('keeps the mirror, and brings it up to date as one difference', async () => {
    server = new ScriptedServer({}, Whiteboard, {
      title: 'A',
      strokes: { a: stroke('ada'), b: stroke('bob') },
      order: ['a'],
    })
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    room = await opened
    const told: string[] = []
    room.watch((state) => state.strokes, {
      added: (_value, key) => told.push(`+${key}`),
      changed: (_value, key) => told.push(`~${key}`),
      removed: (_value, key) => told.push(`-${key}`),
    })
    const { state } = room
    const a = state.strokes.get('a')
    expect(told).toEqual(['+a', '+b'])

    server.socket.end()
    expect(room.state.strokes.size).toBe(2)
    server.restart({ title: 'B', strokes: { a: stroke('ada'), c: stroke('eve') }, order: [] })
    await comeBack()
    expect(room.state).toBe(state)
    expect(room.state.strokes.get('a')).toBe(a)
    expect(room.state.title).toBe('B')
    expect(told.slice(2).sort()).toEqual(['+c', '-b'])
  })

  it('follows a server that comes back with more in its contract', async () => {
    const titles: string[] = []
    const title = select(room, (state) => state.title)
    title.subscribe(() => titles.push(title.value))
    const newer = defineRoom('whiteboard', {
      ...Whiteboard.shape,
      state: t.Object({ ...fields(), author: t.String() }),
      clientToServer: { ...Whiteboard.shape.clientToServer },
    })
    server.socket.end()
    server.restart({ ...emptyBoard, title: 'New', author: 'ada' }, newer)
    await comeBack()
    expect(titles).toEqual(['New'])
    ;(server.state as Board).title = 'Newer'
    server.socket.say(server.patch(2))
    expect(room.state.title).toBe('Newer')
  })

  it('[K7] in a room whose server kept the seat over a restart goes on as the same member', async () => {
    server.socket.end()
    await server.clock.advance('1s')
    server.accept()
    await server.clock.settle()
    const join = server.lastJoin
    const [, joined] = server.joined(join)
    server.socket.say([0, { ...joined, member: 'm1', kept: true } as typeof joined], server.snapshot(join.ref))
    expect(room.memberId).toBe('m1')
    expect(room.kept).toBe(true)
    expect(recoveries).toEqual([{ outcome: 'resynced', downtime: 1000, rejoined: false, missed: undefined, unsent: 0 }])
    // Lost once more, to a server that did not.
    server.socket.end()
    await comeBack()
    expect(recoveries.slice(1)).toMatchObject([{ outcome: 'resynced', rejoined: true }])
  })

  it('ends what was sent as unknown, and takes what was not to the new seat, in order', async () => {
    const sent = watch(room.call.clear.try())
    const lost = room.stream.history({ since: 0 })
    const item = watch(lost.next())
    room.send.rename({ title: 'lost' })
    await server.clock.settle()
    server.socket.end()
    const unsent = watch(room.call.clear.try())
    const kept = watch(room.stream.history({ since: 7 }).next())
    expect(room.send.rename({ title: 'kept' })).toBe('queued')
    await server.clock.settle()
    await server.clock.advance('1s')
    server.accept()
    await server.clock.settle()
    expect(sent.outcome).toMatchObject({ ok: false, code: 'outcome_unknown' })
    expect(item.outcome).toMatchObject({ name: 'JuntoError', code: 'outcome_unknown' })
    // While it is being joined again, too.
    expect(room.send.rename({ title: 'later' })).toBe('queued')
    server.admit(server.lastJoin)
    await server.clock.settle()
    expect(server.socket.frames.filter(([ref]) => ref > 0)).toMatchObject([
      [2, { type: FrameType.call, no: 3, params: null }],
      [2, { type: FrameType.stream, no: 4, params: [7] }],
      [2, { type: FrameType.event, payload: ['kept'] }],
      [2, { type: FrameType.event, payload: ['later'] }],
    ])
    server.socket.say(
      [2, { type: FrameType.reply, no: 3, result: null }],
      [2, { type: FrameType.item, no: 4, item: ['ada', 1, []] }],
    )
    await server.clock.settle()
    expect(unsent.outcome).toMatchObject({ ok: true })
    expect(kept.outcome).toMatchObject({ done: false, value: { by: 'ada' } })
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true, unsent: 1 }])
  })

  it('that a server with another contract follows sends calls by that, and says which events it did not', async () => {
    server.socket.end()
    const unsent = watch(room.call.clear.try())
    room.send.rename({ title: 'B' })
    const { shape } = Whiteboard
    server.restart(
      { ...emptyBoard, author: '' },
      defineRoom('whiteboard', { ...shape, state: t.Object({ ...fields(), author: t.String() }) }),
    )
    await comeBack()
    await server.clock.settle()
    expect(server.received(FrameType.event)).toEqual([])
    expect(server.received(FrameType.call)).toMatchObject([{ no: 1, params: null }])
    server.socket.say([2, { type: FrameType.reply, no: 1, result: null }])
    await server.clock.settle()
    expect(unsent.outcome).toMatchObject({ ok: true })
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true, unsent: 1 }])
    expect(room.send.rename({ title: 'C' })).toBe('sent')
  })

  it('may be lost again before the room is joined: what never left waits on', async () => {
    server.socket.end()
    const unsent = watch(room.call.clear.try(undefined, { timeout: Infinity }))
    const items = watch(room.stream.history({ since: 7 }).next())
    room.send.rename({ title: 'B' })
    await server.clock.settle()
    for (let loss = 0; loss < 3; loss++) {
      server.client.connection.retry()
      server.accept()
      await server.clock.settle()
      server.socket.end()
    }
    await server.clock.settle()
    expect([unsent.outcome, items.outcome]).toEqual(['pending', 'pending'])
    server.client.connection.retry()
    await server.acceptAnew()
    await server.clock.settle()
    expect(server.socket.frames.filter(([ref]) => ref > 0).map(([, { type }]) => type)).toEqual([
      FrameType.call,
      FrameType.stream,
      FrameType.event,
    ])
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true, unsent: 0 }])
  })

  it('[K10] is lost by its close code, too: the client says hello as another session, and joins with it', async () => {
    const { session, secret } = server.hello
    const sent = watch(room.call.clear.try())
    await server.clock.settle()
    server.socket.end(4007, 'session_lost')
    await server.clock.settle()
    expect(sent.outcome).toMatchObject({ code: 'outcome_unknown' })
    expect(room.send.rename({ title: 'B' })).toBe('queued')
    await server.clock.advance('1s')
    server.acceptAll()
    expect(server.hello.session).not.toBe(session)
    expect(server.hello.secret).not.toBe(secret)
    expect(server.hello.resume).toBeUndefined()
    await server.clock.settle()
    expect(server.received(FrameType.event)).toMatchObject([{ payload: ['B'] }])
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true }])
  })

  it('[P18] sends what waited in doses, which the server takes, in order and before anything newer', async () => {
    server.socket.end()
    for (let n = 0; n < 900; n++) expect(room.send.rename({ title: String(n) })).toBe('queued')
    const drained = watch(room.drained())
    await comeBack()
    await server.clock.settle()
    const titles = () => server.received(FrameType.event).map(({ payload }) => Number((payload as string[])[0]))
    expect(titles().length).toBeLessThan(50)
    expect(room.send.rename({ title: '900' })).toBe('queued')
    const before = titles().length
    await server.clock.advance('1s')
    // Of the 500 that the welcome speaks of, some are for what is said meanwhile.
    expect(titles().length - before).toBeGreaterThan(300)
    expect(titles().length - before).toBeLessThan(400)
    expect(drained.outcome).toBe('pending')
    await server.clock.advance('2s')
    expect(drained.outcome).toBeUndefined()
    expect(titles()).toEqual(Array.from({ length: 901 }, (_, n) => n))
    expect(recoveries).toMatchObject([{ outcome: 'resynced', unsent: 0 }])
    expect(room.send.rename({ title: '901' })).toBe('sent')
  })

  it('and left with something still waiting, sends that before it leaves', async () => {
    server.socket.end()
    for (let n = 0; n < 200; n++) room.send.rename({ title: String(n) })
    await comeBack()
    void room.leave()
    await server.clock.settle()
    expect(server.received(FrameType.event)).toHaveLength(200)
    expect(server.socket.frames.at(-1)).toMatchObject([0, { type: FrameType.leave }])
  })

  it.each([
    ['bytes', { resumeBuffer: 10_000 }, 107],
    ['frames', { resumeFrames: 100 }, 75],
  ])('lets wait for its rooms no more %s than without a loss', async (_what, limits, most) => {
    server = new ScriptedServer({ limits: clientLimits(limits) })
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    room = await opened
    server.socket.say([0, { type: FrameType.ack, received: 1 }])
    const fill = (): number => {
      let taken = 0
      while (room.send.rename({ title: 'B' }) === 'queued') taken++
      return taken
    }
    server.socket.end()
    const taken = fill()
    expect(taken).toBeLessThanOrEqual(most)
    expect(taken).toBeGreaterThan(0.9 * most)
    await server.clock.advance('1s')
    server.accept()
    await server.clock.settle()
    // They wait for the room now, and count as before.
    expect(fill()).toBe(0)
    server.socket.end()
    await server.clock.advance('1s')
    await server.acceptAnew()
    await server.clock.advance('1s')
    expect(server.received(FrameType.event)).toHaveLength(taken)
    server.socket.say([0, { type: FrameType.ack, received: server.taken }])
    server.socket.end()
    expect(fill()).toBe(taken)
  })

  it('whose room is left before its state has come tells nothing of what came before that', async () => {
    const heard: string[] = []
    room.on('cleared', ({ by }) => heard.push(by))
    await drop()
    server.accept()
    await server.clock.settle()
    const join = server.lastJoin
    const id = server.layout.downByName.get('cleared')?.id ?? NaN
    server.socket.say(
      server.joined(join),
      [2, { type: FrameType.event, id, payload: ['eve'] }],
      server.left(2, 'refused'),
    )
    expect(heard).toEqual([])
    expect(room.status.value).toMatchObject({ state: 'left', reason: 'refused' })
  })

  it('delivers what comes before the state of a room behind it', async () => {
    const heard: string[] = []
    room.on('cleared', ({ by }) => heard.push(`${by}, ${room.state.title}`))
    await drop()
    server.restart({ ...emptyBoard, title: 'B' })
    server.accept()
    await server.clock.settle()
    const join = server.lastJoin
    const id = server.layout.downByName.get('cleared')?.id ?? NaN
    server.socket.say(server.joined(join), [2, { type: FrameType.event, id, payload: ['eve'] }], server.snapshot(2))
    expect(heard).toEqual(['eve, B'])
  })

  it('that was lost is not mixed up with what comes late of the former', async () => {
    await drop()
    await server.acceptAnew()
    const heard: string[] = []
    room.on('cleared', ({ by }) => heard.push(by))
    const id = server.layout.downByName.get('cleared')?.id ?? NaN
    server.socket.say(
      [1, { type: FrameType.event, id, payload: ['old'] }],
      [2, { type: FrameType.event, id, payload: ['new'] }],
    )
    await server.clock.settle()
    expect(heard).toEqual(['new'])
  })

  it('keeps listeners and answers', async () => {
    const heard: string[] = []
    room.on('cleared', ({ by }) => heard.push(by))
    room.answer('confirmClear', () => true)
    server.socket.end()
    await comeBack()
    const event = server.layout.downByName.get('cleared')?.id ?? NaN
    const call = server.layout.downByName.get('confirmClear')?.id ?? NaN
    server.socket.say(
      [2, { type: FrameType.event, id: event, payload: ['eve'] }],
      [2, { type: FrameType.call, no: 1, id: call, params: ['eve'], timeout: 0, settle: 'visible' }],
    )
    await server.clock.settle()
    expect(heard).toEqual(['eve'])
    expect(server.received(FrameType.reply)).toMatchObject([{ no: 1, result: true }])
  })

  it('asks for the join data again', async () => {
    let name = 'Ada'
    const opened = server.client.open(Whiteboard, { ...opening, key: 'b', join: () => ({ name }) })
    await server.clock.settle()
    for (const join of joins().slice(1)) server.admit(join)
    await opened
    name = 'Ada L.'
    server.socket.end()
    await comeBack()
    expect(joins()).toMatchObject([{ join: { name: 'Ada' } }, { join: { name: 'Ada L.' } }])
  })

  it('asks for the very room where that has no key', async () => {
    server = new ScriptedServer()
    const { join, options } = opening
    const opened = server.client.joinOrCreate(Whiteboard, { where: { team: 'a' }, join, options })
    server.acceptAll()
    room = await opened
    server.socket.end()
    await comeBack()
    expect(joins()).toMatchObject([{ by: 'join', id: 'r1', where: undefined }])
  })

  it('lasts: every attempt that fails is followed by another', async () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      server.socket.end()
      while (server.client.connection.state === 'waiting') await server.clock.advance('100ms')
    }
    await server.acceptAnew()
    expect(room.status.value.state).toBe('joined')
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true }])
    expect(recoveries[0]?.downtime).toBeGreaterThan(60_000)
  })

  it('may come again before the room is joined: that is one loss', async () => {
    server.socket.end()
    await server.clock.advance('1s')
    server.accept()
    await server.clock.settle()
    const join = server.lastJoin
    server.socket.say(server.joined(join))
    server.socket.end()
    await server.clock.advance('2s')
    await server.acceptAnew()
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true, downtime: 3000 }])
  })
})

describe('a room that cannot be joined again', () => {
  it('is lost, with the reason', async () => {
    server.socket.end()
    await server.clock.advance('1s')
    server.accept()
    server.socket.say([0, { type: FrameType.refused, ref: 2, code: 'forbidden', message: 'you were banned' }])
    expect(room.status.value).toMatchObject({ state: 'left', reason: 'lost', error: { code: 'forbidden' } })
    expect(recoveries).toMatchObject([{ outcome: 'lost', error: { code: 'forbidden' } }])
    expect(await room.call.clear.try()).toMatchObject({ code: 'cancelled' })
    expect(server.client.connection.state).toBe('open')
  })

  it.each([
    ['a full room may be full of our former seat', 'room_full'],
    ['what failed at the server may work again', 'internal'],
  ])('is asked again while the reason may pass: %s', async (_name, code) => {
    server.socket.end()
    await server.clock.advance('1s')
    server.accept()
    for (let ref = 2; ref <= 4; ref++) {
      server.socket.say([0, { type: FrameType.refused, ref, code, message: 'full' }])
      expect(room.status.value.state).toBe('reconnecting')
      await server.clock.advance('3s')
    }
    server.admit(server.lastJoin)
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true }])
  })

  it('is not asked again before the time that the server says', async () => {
    server.socket.end()
    await server.clock.advance('1s')
    server.accept()
    await server.clock.settle()
    const refusal = { code: 'rate_limited', message: 'too many joins', data: { retryAfter: 20_000 } }
    server.socket.say([0, { type: FrameType.refused, ref: 2, ...refusal }])
    for (let second = 1; second < 20; second++) {
      server.socket.say([0, { type: FrameType.beat, time: 0 }])
      await server.clock.advance('1s')
    }
    expect(joins()).toHaveLength(1)
    server.socket.say([0, { type: FrameType.beat, time: 0 }])
    await server.clock.advance('1s')
    expect(joins()).toHaveLength(2)
  })

  it('is lost when the reason does not pass within a minute', async () => {
    server.socket.end()
    await server.clock.advance('1s')
    server.accept()
    let answered = 0
    while (recoveries.length === 0) {
      for (const { ref } of joins().slice(answered)) {
        answered++
        server.socket.say([0, { type: FrameType.refused, ref, code: 'room_full', message: 'full' }])
      }
      server.socket.say([0, { type: FrameType.beat, time: 0 }])
      await server.clock.advance('1s')
    }
    expect(recoveries).toMatchObject([{ outcome: 'lost', error: { code: 'room_full' } }])
    expect(recoveries[0]?.downtime).toBeGreaterThan(60_000)
    expect(recoveries[0]?.downtime).toBeLessThan(90_000)
  })

  it('is lost when the server does not want this client back', async () => {
    server.socket.end(4503, 'replaced')
    expect(room.status.value).toMatchObject({ state: 'left', reason: 'lost', error: { data: { closeCode: 4503 } } })
    expect(recoveries).toMatchObject([{ outcome: 'lost' }])
    await server.clock.advance('1m')
    expect(server.sockets.all).toHaveLength(1)
    expect(server.clock.pendingTimers).toBe(0)
  })
})

function stroke(by: string) {
  return { by, color: 1, points: [] }
}

function fields() {
  const point = t.Object({ x: t.Number(), y: t.Number() })
  const strokes = t.Map(t.Object({ by: t.String(), color: t.Uint8(), points: t.Array(point) }))
  return { title: t.String(), strokes, order: t.Array(t.String()) }
}
