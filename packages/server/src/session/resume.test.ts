import { JuntoError } from '@junto/protocol'
import { encodeFrame, FrameType } from '@junto/protocol/internal'
import type { HelloFrame, ResumeRequest, WelcomeFrame } from '@junto/protocol/internal'
import { describe, expect, test } from 'vitest'
import { build, event, hello, ignore, join, nothing } from './session-world.fixture.ts'
import type { Peer, Sendable } from './session-world.fixture.ts'

const [first, second, third, fourth] = ['a', 'b', 'c', 'd'].map((sign) => sign.repeat(32)) as [
  string,
  string,
  string,
  string,
]

const secretHello: HelloFrame = { ...hello, secret: first }

/** The hello of a client that comes back. */
function back(resume: Partial<ResumeRequest> = {}, secret = first): HelloFrame {
  return { ...hello, secret, resume: { next: second, received: 0, from: 1, ...resume } }
}

/** The hello of a page that was loaded anew. */
function reloaded(secret = first, next = second): HelloFrame {
  return { ...hello, secret, resume: { next } }
}

const ack = (received: number): Sendable => ({ type: FrameType.ack, received })

function welcomeOf({ frames }: Peer): WelcomeFrame {
  for (const [, frame] of frames) if (frame.type === FrameType.welcome) return frame
  throw new Error('no welcome came')
}

/** A session with a secret that has joined so many rooms, as 1, 2, …; the client knows of that, and has said so. */
async function joined(rooms = 1, options: Parameters<typeof build>[0] = {}) {
  const world = build(options)
  const { first: peer, send, received } = world
  const joins = Array.from({ length: rooms }, (_, index) => join(index + 1))
  send(secretHello, ...joins)
  for (const pending of world.rooms.joins) pending.grant()
  await received()
  send(ack(rooms))
  return {
    ...world,
    peer,
    /** The seat of a room. */
    seat: (ref = 1) => {
      const seat = world.rooms.joins[ref - 1]
      if (!seat) throw new Error(`no seat ${ref}`)
      return seat
    },
    /** Says something numbered to the client. */
    say: (ref = 1, id = 3) => world.rooms.joins[ref - 1]?.link.send(encodeFrame({ ...event, id })),
    /** The client comes back on a new connection. */
    come: async (frame: Sendable) => {
      const peer = world.connect()
      peer.send(frame)
      const shown = await peer.received()
      return { peer, shown }
    },
  }
}

describe('a session that is resumed', () => {
  test('[K8] goes on where it was: the states first, then what was said meanwhile, in order, then an ack that says that this was all', async () => {
    const { peer, seat, say, come, sessions, metrics } = await joined()
    peer.cut()
    expect(metrics.read('sessions_away')).toBe(1)
    say(1, 3)
    say(1, 4)
    const { shown, peer: again } = await come(back({ received: 1, rooms: [[1, '0123456789abcdef', 7]] }))
    expect(shown).toEqual(['welcome', '1: snapshot', '1: event 3', '1: event 4', 'ack 1 complete'])
    expect(welcomeOf(again)).toMatchObject({ resumed: { received: 1 }, resumeWindow: 60_000, activeHeartbeat: 5_000 })
    expect(seat().log).toEqual(['start', 'drop', 'resume 7', 'resumed 0'])
    expect(sessions.resumable).toBe(1)
    expect(metrics.read('sessions_away')).toBe(0)
    expect(metrics.read('resumes', { outcome: 'resumed' })).toBe(1)
  })

  test('[K8] takes what the client sends again only once', async () => {
    const { peer, seat, come } = await joined()
    peer.send(1, event, event)
    peer.cut()
    const { peer: again } = await come(back({ received: 1, from: 3 }))
    expect(welcomeOf(again).resumed).toEqual({ received: 3, resynced: undefined })
    again.send(ack(1), 1, event)
    expect(seat().log.filter((entry) => entry === 'receive 16')).toHaveLength(3)
  })

  test('[K8] what was sent and lost with the connection is sent again, what was taken is not', async () => {
    const { peer, say, come, clock } = await joined()
    for (let id = 3; id < 9; id++) say(1, id)
    await clock.settle()
    peer.cut()
    const { shown } = await come(back({ received: 1 + 4 }))
    expect(shown.slice(-3)).toEqual(['1: event 7', '1: event 8', 'ack 1 complete'])
    expect(shown).toHaveLength(5)
  })

  test('[K4] comes back when the connection was lost before the welcome arrived, with the seat it had', async () => {
    const { first: peer, rooms, connect, metrics } = build()
    peer.send(secretHello, join(1))
    rooms.joins[0]?.grant()
    peer.cut()
    const again = connect()
    again.send(back())
    expect(await again.received()).toEqual(['welcome', 'joined 1', '1: snapshot', 'ack 1 complete'])
    expect(rooms.joins).toHaveLength(1)
    expect(rooms.joins[0]?.log).toEqual(['start', 'drop', 'resume nothing', 'resumed 0'])
    expect(metrics.read('resumes', { outcome: 'resumed' })).toBe(1)
  })

  test('[K7] [K10] that was never heard of begins anew, and both secrets count until the client has been heard', async () => {
    const { first: peer, connect, rooms, metrics } = build()
    peer.cut()
    const one = connect()
    one.send(back())
    expect(await one.received()).toEqual(['welcome'])
    expect(welcomeOf(one).resumed).toBeUndefined()
    expect(metrics.read('resumes', { outcome: 'lost' })).toBe(1)
    one.send(join(1))
    rooms.joins[0]?.grant()
    one.cut()
    // By then the first secret has retired: a join came over the line.
    const two = connect()
    two.send(back({}, first))
    expect(two.last).toBe('close 4007 session_lost')
    const three = connect()
    three.send(back({ next: third }, second))
    expect((await three.received())[0]).toBe('welcome')
    expect(welcomeOf(three).resumed).toEqual({ received: 1, resynced: undefined })
  })

  test('[P16] that was made for a client who came back to a lost one is made again, when its welcome was lost, too', async () => {
    const { first: peer, connect, leftovers } = build()
    // The connection is half open: the server believes it to live.
    peer.send(back({ received: 50, from: 40 }))
    const again = connect()
    again.send(back({ received: 50, from: 40, next: third }))
    expect(peer.last).toBe('close 4503 replaced')
    expect(await again.received()).toEqual(['welcome'])
    expect(welcomeOf(again).resumed).toBeUndefined()
    peer.cut()
    again.cut()
    expect(leftovers()).toEqual(nothing)
  })

  test('[K2] however often it drops: one onDrop and one onResume each time, one end', async () => {
    const { peer, seat, say, come, clock, leftovers } = await joined()
    let line = peer
    let secret = first
    for (let round = 0; round < 20; round++) {
      line.cut()
      say(1, round)
      const next = round.toString(16).padStart(32, '0')
      const { peer: again, shown } = await come(back({ received: 1 + round, next }, secret))
      expect(shown.slice(-2)).toEqual([`1: event ${round}`, 'ack 1 complete'])
      again.send(ack(2 + round))
      secret = next
      line = again
    }
    const expected = Array.from({ length: 20 }, () => ['drop', 'resume nothing', 'resumed 0']).flat()
    expect(seat().log).toEqual(['start', ...expected])
    line.cut()
    await clock.advance('60s')
    expect(seat().log.slice(-2)).toEqual(['drop', 'leave disconnected'])
    expect(leftovers()).toEqual(nothing)
  })

  test('[K4] nothing may follow a resume before its welcome; the session is as it was', async () => {
    const { peer, connect, come, seat } = await joined()
    peer.cut()
    const again = connect()
    again.send(back({ received: 1 }), 1, event)
    expect(again.last).toBe('close 4500 bad_message')
    expect(seat().log).toEqual(['start', 'drop'])
    expect((await come(back({ received: 1 }))).shown[0]).toBe('welcome')
  })

  test('[K9] several rooms: each has its state, its frames and its own count of what is missing', async () => {
    const { peer, seat, say, come } = await joined(3, { limits: { resumeBuffer: 2048 } })
    peer.cut()
    say(1, 3)
    for (let n = 0; n < 10; n++)
      seat(2).link.send(encodeFrame({ type: FrameType.event, id: 5, payload: 'x'.repeat(300) }))
    say(3, 4)
    const { shown, peer: again } = await come(
      back({
        received: 3,
        rooms: [
          [1, '0123456789abcdef', 5],
          [3, '0123456789abcdef', 6],
        ],
      }),
    )
    const lost = seat(2).log.find((entry) => entry.startsWith('resynced'))
    const missed = Number(lost?.split(' ')[1])
    const kept = shown.filter((frame) => frame === '2: event 5').length
    expect(missed + kept).toBe(10)
    expect(missed).toBeGreaterThan(0)
    expect(welcomeOf(again).resumed?.resynced).toEqual([[2, missed]])
    expect(seat(1).log).toEqual(['start', 'drop', 'resume 5', 'resumed 0'])
    expect(seat(3).log).toEqual(['start', 'drop', 'resume 6', 'resumed 0'])
    expect(shown.indexOf('1: event 3')).toBeGreaterThan(shown.indexOf('3: snapshot'))
  })

  test('[K9] what was given up is told to the seat at once, and not counted twice', async () => {
    const { peer, seat, come, metrics } = await joined(1, { limits: { resumeBuffer: 1024 } })
    peer.cut()
    for (let n = 0; n < 5; n++)
      seat().link.send(encodeFrame({ type: FrameType.event, id: 5, payload: 'x'.repeat(500) }))
    const gone = seat().log.filter((entry) => entry.startsWith('forfeited')).length
    expect(gone).toBeGreaterThan(0)
    const { peer: again } = await come(back({ received: 1 }))
    again.send(ack(welcomeOf(again).resumed?.received ?? 0))
    expect(metrics.read('resumes', { outcome: 'resynced' })).toBe(1)
    again.cut()
    const { peer: more } = await come(back({ received: 1, next: third }, second))
    expect(welcomeOf(more).resumed?.resynced).toBeUndefined()
  })

  test('an event of class latest waits while it is away, the newest of each key; a volatile one does not', async () => {
    const { peer, seat, come, metrics } = await joined()
    const loose = (id: number): Uint8Array => encodeFrame({ type: FrameType.loose, id, payload: null })
    peer.cut()
    expect(seat().link.congested).toBe(true)
    seat().link.sendLoose(loose(1), { key: 'a', priority: 0 })
    seat().link.sendLoose(loose(2), { key: 'b', priority: 5 })
    seat().link.sendLoose(loose(3), { key: 'a', priority: 0 })
    seat().link.sendLoose(loose(4), { priority: 9 })
    const { shown } = await come(back({ received: 1 }))
    expect(shown).toEqual(['welcome', '1: snapshot', 'ack 1 complete', '1: loose 2', '1: loose 3'])
    expect(seat().link.congested).toBe(false)
    expect(metrics.read('messages_dropped', { reason: 'replaced' })).toBe(1)
    expect(metrics.read('messages_dropped', { reason: 'volatile' })).toBe(1)
  })
})

test('what a client that came back does not accept any more is not sent to it', async () => {
  const { peer, seat, come } = await joined()
  const loose = (id: number, bytes: number): Uint8Array =>
    encodeFrame({ type: FrameType.loose, id, payload: new Uint8Array(bytes) })
  peer.cut()
  seat().link.sendLoose(loose(1, 5000), { key: 'a', priority: 0 })
  seat().link.sendLoose(loose(2, 50), { key: 'b', priority: 0 })
  const { shown, peer: again } = await come({ ...back({ received: 1 }), maxFrame: 2000 })
  expect(shown).toEqual(['welcome', '1: snapshot', 'ack 1 complete', '1: loose 2'])
  seat().link.sendLoose(loose(3, 5000), { key: 'a', priority: 0 })
  seat().link.sendLoose(loose(4, 5000), { priority: 0 })
  seat().link.sendLoose(loose(5, 50), { priority: 0 })
  expect(await again.received()).toEqual(['1: loose 5'])
})

describe('a line that is replaced', () => {
  test('[K11] is told so at once, and the seat drops and resumes once', async () => {
    const { peer, seat, say, come, leftovers, clock } = await joined()
    say(1, 3)
    const { shown, peer: again } = await come(back({ received: 1 }))
    expect(peer.last).toBe('close 4503 replaced')
    expect(shown).toEqual(['welcome', '1: snapshot', '1: event 3', 'ack 1 complete'])
    expect(seat().log).toEqual(['start', 'drop', 'resume nothing', 'resumed 0'])
    peer.send(1, event)
    peer.cut()
    expect(seat().log).not.toContain('receive 16')
    again.send(ack(2), 1, event)
    expect(seat().log.at(-1)).toBe('receive 16')
    again.line.closed({ code: 1000, reason: '' })
    expect(seat().log.at(-1)).toBe('leave left')
    await clock.settle()
    expect(leftovers()).toEqual(nothing)
  })

  test('[K11] may be one whose resume is under way', async () => {
    const { peer, seat, rooms, come, connect } = await joined()
    peer.cut()
    rooms.readmit = () => new Promise(() => {})
    const stuck = connect()
    stuck.send(back({ received: 1 }))
    expect(await stuck.received()).toEqual([])
    rooms.readmit = async () => ignore
    const { shown } = await come(back({ received: 1, next: third }))
    expect(stuck.last).toBe('close 4503 replaced')
    expect(shown[0]).toBe('welcome')
    expect(seat().log).toEqual(['start', 'drop', 'resume nothing', 'resumed 0'])
  })

  test('[K11] what an overtaken resume is answered has no effect', async () => {
    const { peer, seat, rooms, come, connect } = await joined()
    peer.cut()
    const answers: (() => void)[] = []
    rooms.readmit = () => new Promise((resolve) => answers.push(() => resolve(ignore)))
    const stuck = connect()
    stuck.send(back({ received: 1 }))
    const { peer: again, shown } = await come(back({ received: 1, next: third }))
    expect(shown).toEqual([])
    answers[1]?.()
    expect((await again.received())[0]).toBe('welcome')
    expect(stuck.last).toBe('close 4503 replaced')
    answers[0]?.()
    expect(await again.received()).toEqual([])
    expect(seat().log).toEqual(['start', 'drop', 'resume nothing', 'resumed 0'])
  })

  test('[K11] the later of two resumes has the session, whoever is answered first', async () => {
    const { peer, seat, rooms, come, connect } = await joined()
    peer.cut()
    const answers: (() => void)[] = []
    rooms.readmit = () => new Promise((resolve) => answers.push(() => resolve(ignore)))
    const early = connect()
    early.send(back({ received: 1 }))
    const { peer: again } = await come(back({ received: 1, next: third }))
    answers[0]?.()
    expect((await early.received())[0]).toBe('welcome')
    answers[1]?.()
    expect((await again.received())[0]).toBe('welcome')
    expect(early.last).toBe('close 4503 replaced')
    expect(seat().log.slice(1)).toEqual([...Array(2)].flatMap(() => ['drop', 'resume nothing', 'resumed 0']))
  })
})

describe('the secret', () => {
  test('[K10] a lost welcome is repeated with the secret that the client has', async () => {
    const { peer, come, seat } = await joined()
    peer.cut()
    const one = await come(back({ received: 1 }))
    expect(one.shown[0]).toBe('welcome')
    one.peer.cut()
    const two = await come(back({ received: 1, next: third }))
    expect(two.shown[0]).toBe('welcome')
    two.peer.cut()
    // This one arrived, and only the ack behind it was lost.
    const three = await come(back({ received: 1, next: fourth }, third))
    expect(three.shown[0]).toBe('welcome')
    expect(seat().log.filter((entry) => entry === 'resumed 0')).toHaveLength(3)
  })

  test('[K10] that has retired is refused, and logged; the holder notices nothing', async () => {
    const { peer, come, seat, lines, metrics, connect } = await joined()
    peer.cut()
    const { peer: owner } = await come(back({ received: 1 }))
    owner.send(ack(1))
    const thief = connect()
    thief.send(back({ received: 1, next: third }))
    expect(await thief.received()).toEqual(['notice unauthorized'])
    expect(thief.last).toBe('close 4007 session_lost')
    expect(lines.join('\n')).toContain('Security')
    expect(lines.join('\n')).not.toContain(first)
    expect(metrics.read('resumes_refused', { reason: 'retired_secret' })).toBe(1)
    const before = seat().log.length
    owner.send(1, event)
    expect(seat().log.slice(before)).toEqual(['receive 16'])
  })

  test('[K10] a wrong or missing one, a thousand times: nothing changes, the owner can resume', async () => {
    const { peer, come, seat, metrics, connect, clock, told } = await joined()
    peer.cut()
    const wrong: Sendable[] = [back({ received: 1 }, third), { ...hello, secret: third }, hello, back({}, second)]
    for (let n = 0; n < 1000; n++) {
      const stranger = connect()
      stranger.send(wrong[n % wrong.length] ?? hello)
      expect(stranger.last).toBe('close 4007 session_lost')
      stranger.line.closed({ code: 4007, reason: '' })
    }
    expect(metrics.read('resumes_refused', { reason: 'wrong_secret' })).toBe(1000)
    expect(told.filter((entry) => entry === 'known')).toHaveLength(1)
    expect(seat().log).toEqual(['start', 'drop'])
    await clock.advance('59s')
    const { shown } = await come(back({ received: 1 }))
    expect(shown).toEqual(['welcome', '1: snapshot', 'ack 1 complete'])
  })

  test('[K10] wrong ones do not keep a session: its time ends when it would have', async () => {
    const { peer, seat, connect, clock, leftovers } = await joined()
    peer.cut()
    for (let second = 0; second < 59; second++) {
      await clock.advance('1s')
      const stranger = connect()
      stranger.send(back({}, third))
      stranger.cut()
    }
    expect(seat().log).toEqual(['start', 'drop'])
    await clock.advance('1s')
    expect(seat().log).toEqual(['start', 'drop', 'leave disconnected'])
    expect(leftovers()).toEqual(nothing)
  })

  test('[K10] a wrong one does not disturb a client that is there', async () => {
    const { peer, seat, connect } = await joined()
    const stranger = connect()
    stranger.send(back({}, third))
    expect(stranger.last).toBe('close 4007 session_lost')
    expect(peer.last).toMatch(/^send/)
    peer.send(1, event)
    expect(seat().log).toEqual(['start', 'receive 16'])
  })
})

describe('authentication at a resume', () => {
  test('[K12] a user that is let in no more leaves, and is told; the other rooms go on', async () => {
    const { peer, seat, rooms, come } = await joined(2)
    peer.cut()
    rooms.readmit = async (asked) => {
      if (asked === seat(1)) throw new JuntoError('forbidden', 'banned')
      return ignore
    }
    const { shown, peer: again } = await come(back({ received: 2 }))
    expect(shown).toEqual(['welcome', '2: snapshot', 'left 1 refused', 'ack 2 complete'])
    expect(again.frames.at(-2)?.[1]).toMatchObject({ reason: 'refused', message: 'banned' })
    expect(seat(1).log).toEqual(['start', 'drop', 'leave refused'])
    expect(seat(2).log).toEqual(['start', 'drop', 'resume nothing', 'resumed 0'])
  })

  test('[K12] is with the credentials of the new hello', async () => {
    const { peer, rooms, come } = await joined()
    peer.cut()
    const shown: unknown[] = []
    rooms.readmit = async (_seat, _session, { auth }) => {
      shown.push(auth)
      return ignore
    }
    await come({ ...back({ received: 1 }), auth: { token: 'fresh' } })
    expect(shown).toEqual([{ token: 'fresh' }])
  })

  test('[K12] when it cannot be told, the session stays away, and the next attempt may succeed', async () => {
    const { peer, seat, rooms, come } = await joined()
    peer.cut()
    for (const thrown of [new JuntoError('timeout', 'late'), new JuntoError('internal', 'x'), new Error('broken')]) {
      rooms.readmit = () => Promise.reject(thrown)
      const { peer: again } = await come(back({ received: 1 }))
      expect(again.last).toBe('close 4004 auth_timeout')
      again.cut()
    }
    expect(seat().log).toEqual(['start', 'drop'])
    expect(seat().request.session.connection.auth).toEqual({ token: 'x' })
    rooms.readmit = async () => ignore
    const { shown } = await come(back({ received: 1 }))
    expect(shown).toEqual(['welcome', '1: snapshot', 'ack 1 complete'])
  })

  test('[P4] [K12] nothing is heard before the welcome, however long it takes: also no beat', async () => {
    const { peer, rooms, connect, clock } = await joined()
    peer.cut()
    let admit = (): void => {}
    rooms.readmit = () => new Promise((resolve) => (admit = () => resolve(ignore)))
    const again = connect()
    again.send(back({ received: 1 }))
    await clock.advance('40s')
    expect(again.connection.log).toEqual([])
    admit()
    expect(await again.received()).toEqual(['welcome', '1: snapshot', 'ack 1 complete'])
    await clock.advance('15s')
    expect(await again.received()).toEqual(['beat'])
  })

  test('[K11] [K12] the line that is there lives until the new one is let in, and is not cut for one that is not', async () => {
    const { peer, seat, rooms, connect, metrics } = await joined()
    await peer.received()
    const verdicts: [thrown: unknown, last: string][] = [
      [new JuntoError('unauthorized', 'no'), 'close 4007 session_lost'],
      [new Error('the database is away'), 'close 4004 auth_timeout'],
    ]
    for (const [thrown, last] of verdicts) {
      let answer = (): void => {}
      rooms.readmit = () => new Promise((_, reject) => (answer = () => reject(thrown)))
      const thief = connect()
      thief.send(back({ received: 1 }))
      peer.send(1, event)
      answer()
      await thief.received()
      expect(thief.last).toBe(last)
      expect(thief.frames.some(([, { type }]) => type === FrameType.welcome)).toBe(false)
    }
    expect(metrics.read('resumes_refused', { reason: 'credentials' })).toBe(1)
    expect(peer.connection.log.filter((entry) => entry.startsWith('close'))).toEqual([])
    expect(seat().log).toEqual(['start', 'receive 16', 'receive 16'])
    expect(seat().request.session.connection.auth).toEqual({ token: 'x' })
  })

  test('[K12] who is refused hears nothing of what waited, and a join that it has not heard of is refused', async () => {
    const { peer, send, rooms, say, seat, come, clock } = await joined()
    send(join(2))
    await clock.settle()
    peer.cut()
    rooms.joins[1]?.grant()
    await clock.settle()
    say(1, 3)
    say(2, 4)
    seat(1).link.sendLoose(encodeFrame({ type: FrameType.loose, id: 1, payload: null }), { key: 'a', priority: 0 })
    rooms.readmit = async () => {
      throw new JuntoError('unauthorized', 'the token has expired')
    }
    const { shown } = await come(back({ received: 1, rooms: [[1, '0123456789abcdef', 7]] }))
    expect(shown).toEqual(['welcome', 'left 1 refused', 'refused 2 unauthorized', 'ack 2 complete'])
    expect(seat(1).log).toEqual(['start', 'drop', 'leave refused'])
    expect(seat(2).log).toEqual(['start', 'drop', 'leave refused'])
  })

  test('[K12] a seat that is taken meanwhile is asked about as well', async () => {
    const { peer, send, rooms, come, clock } = await joined()
    send(join(2))
    await clock.settle()
    peer.cut()
    const asked: unknown[] = []
    let answer = (): void => {}
    rooms.readmit = (seat) => {
      asked.push(seat)
      return asked.length > 1
        ? Promise.reject(new JuntoError('forbidden', 'no'))
        : new Promise((resolve) => (answer = () => resolve(ignore)))
    }
    const { peer: again } = await come(back({ received: 1 }))
    rooms.joins[1]?.grant()
    await clock.settle()
    answer()
    expect(await again.received()).toEqual(['welcome', '1: snapshot', 'refused 2 forbidden', 'ack 2 complete'])
    expect(asked).toEqual(rooms.joins)
  })

  test('[K3] a goodbye before the welcome counts once it is known who says it', async () => {
    const { peer, seat, rooms, connect, clock, leftovers } = await joined()
    peer.cut()
    let admit = (): void => {}
    rooms.readmit = () => new Promise((resolve) => (admit = () => resolve(ignore)))
    const again = connect()
    again.send(back({ received: 1 }))
    again.line.closed({ code: 1000, reason: '' })
    expect(seat().log).toEqual(['start', 'drop'])
    admit()
    await clock.settle()
    expect(seat().log).toEqual(['start', 'drop', 'leave left'])
    expect(leftovers()).toEqual(nothing)
  })

  test('[K12] that never answers holds nothing: the line may go, and the session ends in its time', async () => {
    const { peer, seat, rooms, connect, clock, leftovers } = await joined()
    peer.cut()
    rooms.readmit = () => new Promise(() => {})
    await clock.advance('55s')
    const again = connect()
    again.send(back({ received: 1 }))
    await clock.advance('4s')
    again.line.pong()
    await clock.advance('2s')
    // Its time was over while it was being asked about: it is given the end of that.
    expect(seat().log).toEqual(['start', 'drop'])
    again.cut()
    expect(seat().log).toEqual(['start', 'drop', 'leave disconnected'])
    expect(leftovers()).toEqual(nothing)
  })

  test('[K12] a line that goes meanwhile leaves the session away', async () => {
    const { peer, seat, rooms, come, connect } = await joined()
    peer.cut()
    let admit = (): void => {}
    rooms.readmit = () => new Promise((resolve) => (admit = () => resolve(ignore)))
    const gone = connect()
    gone.send(back({ received: 1 }))
    gone.cut()
    admit()
    rooms.readmit = async () => ignore
    const { shown } = await come(back({ received: 1 }))
    expect(shown).toEqual(['welcome', '1: snapshot', 'ack 1 complete'])
    expect(seat().log).toEqual(['start', 'drop', 'resume nothing', 'resumed 0'])
  })
})

describe('what a client says at a resume', () => {
  test('[K10] a gap in its frames is refused by the number that is expected, before anything is done', async () => {
    const { peer, seat, connect, metrics } = await joined()
    peer.send(1, event)
    peer.cut()
    const again = connect()
    again.send(back({ received: 1, from: 4 }))
    await again.received()
    const message = expect.stringContaining('number 3 is expected')
    expect(again.frames).toEqual([[0, expect.objectContaining({ type: FrameType.notice, message })]])
    expect(again.last).toBe('close 4007 session_lost')
    expect(metrics.read('resumes_refused', { reason: 'gap' })).toBe(1)
    expect(seat().log).toEqual(['start', 'receive 16', 'drop'])
  })

  test('[K5] that it has taken more than was sent is a bad message, and costs the session nothing', async () => {
    const { peer, seat, connect, come } = await joined()
    peer.cut()
    const again = connect()
    again.send(back({ received: 9 }))
    expect(again.last).toBe('close 4500 bad_message')
    again.cut()
    expect(seat().log).toEqual(['start', 'drop'])
    expect((await come(back({ received: 1 }))).shown[0]).toBe('welcome')
  })

  test('[K5] that it has taken less than it had said is a bad message, and costs the line that is there nothing', async () => {
    const { peer, seat, connect } = await joined()
    const again = connect()
    again.send(back({ received: 0 }))
    expect(again.last).toBe('close 4500 bad_message')
    peer.send(1, event)
    expect(seat().log).toEqual(['start', 'receive 16'])
  })

  test('[K8] that it accepts less than what waits for it is a bad message, and costs the session nothing', async () => {
    const { peer, seat, come, lines } = await joined()
    peer.cut()
    seat().link.send(encodeFrame({ type: FrameType.event, id: 3, payload: 'x'.repeat(5000) }))
    const { peer: small } = await come({ ...back({ received: 1 }), maxFrame: 1024 })
    expect(small.last).toBe('close 4500 bad_message')
    expect(lines).toEqual([])
    expect((await come(back({ received: 1 }))).shown.at(-2)).toBe('1: event 3')
  })

  test('resumes one after the other come to an end, until some time has passed', async () => {
    const { peer, come, clock, limits } = await joined()
    let line = peer
    const answers: (string | undefined)[] = []
    for (let n = 0; n <= limits.resumeBurst; n++) {
      line.cut()
      line = (await come(back({ received: 1, next: first }))).peer
      answers.push(line.last)
    }
    expect(answers.filter((last) => last?.startsWith('close'))).toEqual(['close 4008 flooding'])
    expect(answers.at(-1)).toBe('close 4008 flooding')
    await clock.advance(60_000 / limits.resumesPerMinute)
    expect((await come(back({ received: 1, next: first }))).shown[0]).toBe('welcome')
  })

  test('[K5] an ack that cannot be is a bad message, and ends the session', async () => {
    for (const acks of [[ack(2)], [ack(1), ack(0)]]) {
      const { peer, seat } = await joined()
      peer.send(...acks)
      expect(peer.last).toBe('close 4500 bad_message')
      expect(seat().log).toEqual(['start', 'leave disconnected'])
    }
  })
})

describe('joins and ends at a drop', () => {
  test('[K2] a join under way goes on, and its answer waits', async () => {
    const { first: peer, rooms, connect, clock } = build()
    peer.send(secretHello, join(1), join(2))
    await clock.settle()
    peer.cut()
    rooms.joins[0]?.grant()
    rooms.joins[1]?.refuse(new JuntoError('room_full', 'full'))
    await clock.settle()
    expect(rooms.joins[0]?.log).toEqual(['start', 'drop'])
    const again = connect()
    again.send(back())
    expect(await again.received()).toEqual([
      'welcome',
      'joined 1',
      '1: snapshot',
      'refused 2 room_full',
      'ack 2 complete',
    ])
    expect(rooms.joins[0]?.log).toEqual(['start', 'drop', 'resume nothing', 'resumed 0'])
  })

  test('[K2] a join may be granted after the session is back', async () => {
    const { first: peer, rooms, connect } = build()
    peer.send(secretHello, join(1))
    peer.cut()
    const again = connect()
    again.send(back())
    expect(await again.received()).toEqual(['welcome', 'ack 1 complete'])
    rooms.joins[0]?.grant()
    expect(await again.received()).toEqual(['joined 1', '1: snapshot'])
    expect(rooms.joins[0]?.log).toEqual(['start'])
  })

  test('a join that waited for a full outbox is answered at the resume', async () => {
    const { first: peer, rooms, connect, clock } = build()
    peer.send(secretHello, join(1), join(2))
    rooms.joins[0]?.grant()
    await peer.received()
    peer.send(ack(1))
    peer.connection.takes = 0
    for (let n = 0; n < 30; n++)
      rooms.joins[0]?.link.send(encodeFrame({ type: FrameType.event, id: 3, payload: 'x'.repeat(10_000) }))
    rooms.joins[1]?.grant()
    await clock.settle()
    expect(rooms.joins[1]?.log).toEqual([])
    peer.cut()
    expect(rooms.joins[1]?.log).toEqual(['start', 'drop'])
    const again = connect()
    again.send(back({ received: 1 }))
    const shown = await again.received()
    expect(shown.slice(-3)).toEqual(['joined 2', '2: snapshot', 'ack 2 complete'])
  })

  test('[K2] who is kicked while away is told, and the session is there to say so', async () => {
    const { peer, seat, say, come } = await joined()
    peer.cut()
    say(1, 3)
    seat().end('kicked', 'bye')
    const { shown } = await come(back({ received: 1 }))
    expect(shown).toEqual(['welcome', '1: event 3', 'left 1 kicked', 'ack 1 complete'])
    expect(seat().log).toEqual(['start', 'drop'])
  })

  test('[P16] who was kicked just before the drop is told as well', async () => {
    const { peer, seat, come, clock } = await joined()
    seat().end('kicked', 'bye')
    await clock.settle()
    peer.cut()
    const { shown } = await come(back({ received: 1 }))
    expect(shown).toEqual(['welcome', 'left 1 kicked', 'ack 1 complete'])
  })

  test('[K8] a leave that was answered into the void is answered again', async () => {
    const { peer, come, clock, seat } = await joined()
    peer.send({ type: FrameType.leave, ref: 1 })
    await clock.settle()
    peer.cut()
    const { shown } = await come(back({ received: 1 }))
    expect(shown).toEqual(['welcome', 'left 1 left', 'ack 2 complete'])
    expect(seat().log).toEqual(['start', 'leave left'])
  })

  test('[P10] what a client sent to a room that ended meanwhile is nobody’s fault', async () => {
    const { peer, seat, come } = await joined()
    peer.cut()
    seat().end('closed')
    const { peer: again } = await come(back({ received: 1 }))
    again.send(ack(2), 1, event)
    expect(await again.received()).toEqual([])
  })
})

describe('the end of a session', () => {
  test('[K3] a goodbye ends it at once', async () => {
    const { peer, seat, leftovers, come } = await joined()
    peer.line.closed({ code: 1000, reason: '' })
    expect(seat().log).toEqual(['start', 'leave left'])
    expect(leftovers()).toEqual(nothing)
    const { peer: again } = await come(back({ received: 1 }))
    expect(welcomeOf(again).resumed).toBeUndefined()
  })

  test.each([
    ['left the page', 1001, 'drop'],
    ['no code', 1005, 'drop'],
    ['lost', 1006, 'drop'],
    ['a client that found its server silent', 4002, 'drop'],
    ['a client that does not understand the server', 4500, 'leave disconnected'],
    ['a broken frame', 1002, 'leave disconnected'],
  ])('[K3] the client closed (%s, %d): %s', async (_name, code, outcome) => {
    const { peer, seat } = await joined()
    peer.line.closed({ code, reason: '' })
    expect(seat().log.at(-1)).toBe(outcome)
  })

  test('[K2] the window: it ends when its time is over, to the millisecond, and one that is resumed in time does not', async () => {
    const { peer, seat, come, clock, leftovers, metrics } = await joined()
    peer.cut()
    await clock.advance(59_999)
    const { peer: again } = await come(back({ received: 1 }))
    await clock.advance(10)
    expect(seat().log).not.toContain('leave disconnected')
    again.cut()
    await clock.advance(59_999)
    expect(seat().log.at(-1)).toBe('drop')
    await clock.advance(1)
    expect(seat().log.at(-1)).toBe('leave disconnected')
    expect(metrics.read('sessions_expired', { reason: 'window' })).toBe(1)
    expect(leftovers()).toEqual(nothing)
  })

  test('[P16] without a secret it ends with its connection', async () => {
    const { first: peer, rooms, leftovers } = build()
    peer.send(hello, join(1))
    rooms.joins[0]?.grant()
    expect(await peer.received()).toEqual(['welcome', 'joined 1', '1: snapshot'])
    expect(welcomeOf(peer).resumeWindow).toBe(0)
    peer.cut()
    expect(rooms.joins[0]?.log).toEqual(['start', 'leave disconnected'])
    expect(leftovers()).toEqual(nothing)
  })

  test('[P16] with no room and nothing to tell, it ends with its connection', async () => {
    const { first: peer, leftovers } = build()
    peer.send(secretHello)
    peer.cut()
    expect(leftovers()).toEqual(nothing)
  })

  test('[K3] a server that closes ends those that are away at once', async () => {
    const { peer, seat, sessions, leftovers, clock } = await joined()
    peer.cut()
    void sessions.sendAway(0)
    expect(seat().log).toEqual(['start', 'drop', 'leave shutdown'])
    await clock.settle()
    expect(leftovers()).toEqual(nothing)
  })

  test('[K3] a server that closes ends one whose resume is under way', async () => {
    const { peer, seat, sessions, leftovers, clock, connect, rooms } = await joined()
    peer.cut()
    rooms.readmit = () => new Promise(() => {})
    const again = connect()
    again.send(back({ received: 1 }))
    void sessions.sendAway(0)
    expect(again.last).toBe('close 4000 shutting_down')
    expect(seat().log).toEqual(['start', 'drop', 'leave shutdown'])
    again.cut()
    await clock.settle()
    expect(leftovers()).toEqual(nothing)
  })
})

describe('a client that has forgotten everything', () => {
  test('[K7] takes its seat again by joining, and both directions begin anew', async () => {
    const { peer, seat, say, rooms, connect, leftovers, clock } = await joined()
    peer.send(1, event)
    peer.cut()
    say(1, 3)
    const page = connect()
    page.send(reloaded())
    expect(await page.received()).toEqual(['welcome'])
    expect(welcomeOf(page).resumed).toEqual({ received: 0, resynced: undefined })
    // What waited for it is lost to whoever comes now.
    expect(seat().log).toEqual(['start', 'receive 16', 'drop', 'unseat', 'forfeited 1'])
    page.send(join(5))
    expect(await page.received()).toEqual(['joined 5', '5: snapshot'])
    expect(page.frames.at(-2)?.[1]).toMatchObject({ kept: true })
    expect(rooms.joins).toHaveLength(1)
    page.send(ack(1), 5, event)
    expect(seat().log.slice(-2)).toEqual(['start', 'receive 16'])
    await clock.advance('30s')
    expect(seat().log.at(-1)).toBe('drop')
    await clock.advance('60s')
    expect(seat().log.at(-1)).toBe('leave disconnected')
    page.cut()
    expect(leftovers()).toEqual(nothing)
  })

  test('[K4] says so: a hello without resume that shows the secret of a session is turned away, and nothing happens to that', async () => {
    const { peer, seat, connect, metrics } = await joined()
    const page = connect()
    page.send(secretHello, join(1))
    expect(await page.received()).toEqual(['notice invalid'])
    expect(page.frames[0]?.[1]).toMatchObject({ message: expect.stringContaining('says so by resume') })
    expect(page.last).toBe('close 4007 session_lost')
    expect(metrics.read('resumes_refused', { reason: 'no_resume' })).toBe(1)
    peer.send(1, event)
    expect(seat().log).toEqual(['start', 'receive 16'])
  })

  test('[K11] takes over from a connection that still lives', async () => {
    const { peer, seat, come } = await joined()
    const { peer: page, shown } = await come(reloaded())
    expect(peer.last).toBe('close 4503 replaced')
    expect(shown).toEqual(['welcome'])
    page.send(join(1))
    expect(await page.received()).toEqual(['joined 1', '1: snapshot'])
    expect(seat().log).toEqual(['start', 'drop', 'unseat', 'start'])
  })

  test('[K7] seats that it does not take again are given back when the window is over', async () => {
    const { peer, seat, come, clock, leftovers } = await joined(2)
    const { peer: page } = await come(reloaded())
    peer.cut()
    page.send({ ...join(1), room: 'other' })
    for (let second = 0; second < 60; second++) {
      expect(seat(1).log).toEqual(['start', 'drop', 'unseat'])
      await clock.advance('1s')
      page.line.pong()
    }
    expect(seat(1).log).toEqual(['start', 'drop', 'unseat', 'leave disconnected'])
    expect(seat(2).log).toEqual(['start', 'drop', 'unseat', 'leave disconnected'])
    page.line.closed({ code: 1000, reason: '' })
    await clock.settle()
    expect(leftovers()).toEqual(nothing)
  })

  test('a goodbye gives them back at once', async () => {
    const { come, seat, leftovers, peer, clock } = await joined()
    const { peer: page } = await come(reloaded())
    peer.cut()
    page.line.closed({ code: 1000, reason: '' })
    expect(seat().log).toEqual(['start', 'drop', 'unseat', 'leave left'])
    await clock.settle()
    expect(leftovers()).toEqual(nothing)
  })

  test('is told nothing of a seat that ends meanwhile', async () => {
    const { come, seat, leftovers, peer } = await joined()
    const { peer: page } = await come(reloaded())
    peer.cut()
    seat().end('kicked')
    expect(await page.received()).toEqual([])
    page.line.closed({ code: 1000, reason: '' })
    expect(leftovers()).toEqual(nothing)
  })

  test('has refs of its own: a forgotten seat that ends takes nothing from another room', async () => {
    const { seat, come, rooms } = await joined()
    const { peer: page } = await come(reloaded())
    page.send(join(1, 'other'))
    rooms.joins[1]?.grant()
    expect(await page.received()).toEqual(['joined 1', '1: snapshot'])
    page.connection.takes = 0
    for (let n = 0; n < 5; n++) {
      seat(2).link.send(encodeFrame({ type: FrameType.event, id: 3, payload: new Uint8Array(40_000) }))
    }
    seat(2).link.sendLoose(encodeFrame({ type: FrameType.loose, id: 1, payload: null }), { key: 'a', priority: 0 })
    await page.received()
    seat(1).end('kicked')
    page.connection.takes = Infinity
    for (let n = 0; n < 10; n++) {
      page.connection.take()
      page.line.drain()
    }
    expect((await page.received()).at(-1)).toBe('1: loose 1')
  })

  test('[K7] joins under way are given up first, new ones wait for that', async () => {
    const { first: peer, rooms, connect, clock } = build()
    peer.send(secretHello, join(1))
    const page = connect()
    page.send(reloaded())
    expect(await page.received()).toEqual(['welcome'])
    page.send(join(1))
    expect(rooms.joins).toHaveLength(1)
    expect(rooms.joins[0]?.signal.aborted).toBe(true)
    rooms.joins[0]?.refuse(new JuntoError('cancelled', 'given up'))
    await clock.settle()
    expect(rooms.joins).toHaveLength(2)
    rooms.joins[1]?.grant()
    expect(await page.received()).toEqual(['joined 1', '1: snapshot'])
  })

  test('[K7] may drop again before it joins: the seat waits on, and goes with the session', async () => {
    const { come, seat, leftovers, peer, clock } = await joined()
    const { peer: page } = await come(reloaded())
    peer.cut()
    page.cut()
    const { peer: more } = await come(reloaded(first, third))
    more.send(join(1))
    expect(await more.received()).toEqual(['joined 1', '1: snapshot'])
    more.cut()
    await clock.advance('60s')
    expect(seat().log).toEqual(['start', 'drop', 'unseat', 'start', 'drop', 'leave disconnected'])
    expect(leftovers()).toEqual(nothing)
  })
})

describe('authentication of a page that was loaded anew', () => {
  const refusing = async (): Promise<never> => {
    throw new JuntoError('unauthorized', 'no')
  }

  test('[K12] as long as it is asked, and where it is not let in, nothing happens to the session nor to its connection', async () => {
    const verdicts: [thrown: unknown, last: string][] = [
      [new JuntoError('unauthorized', 'no'), 'close 4007 session_lost'],
      [new Error('the database is away'), 'close 4004 auth_timeout'],
    ]
    for (const [thrown, last] of verdicts) {
      const { peer, seat, say, rooms, connect, clock } = await joined()
      let answer = (): void => {}
      rooms.readmit = () => new Promise((_, reject) => (answer = () => reject(thrown)))
      const thief = connect()
      thief.send({ ...reloaded(), auth: { token: 'stolen' } })
      await clock.settle()
      peer.send(1, event)
      say(1, 7)
      expect(await peer.received()).toEqual(['1: event 7'])
      answer()
      await thief.received()
      expect(thief.last).toBe(last)
      expect(thief.frames.some(([, { type }]) => type === FrameType.welcome)).toBe(false)
      peer.send(ack(2), 1, event)
      expect(seat().log).toEqual(['start', 'receive 16', 'receive 16'])
      expect(seat().request.session.connection.auth).toEqual({ token: 'x' })
      // What was kept for the client is there still.
      peer.cut()
      rooms.readmit = async () => ignore
      say(1, 8)
      const again = connect()
      again.send(back({ received: 2 }))
      expect(await again.received()).toEqual(['welcome', '1: snapshot', '1: event 8', 'ack 3 complete'])
    }
  })

  test('[K12] where it cannot be told, a session that is away waits on, with all that is kept', async () => {
    const { peer, seat, say, rooms, come } = await joined()
    peer.cut()
    say(1, 7)
    rooms.readmit = () => Promise.reject(new JuntoError('timeout', 'late'))
    const { peer: page } = await come(reloaded())
    expect(page.last).toBe('close 4004 auth_timeout')
    expect(seat().log).toEqual(['start', 'drop'])
    rooms.readmit = async () => ignore
    expect((await come(back({ received: 1 }))).shown).toEqual([
      'welcome',
      '1: snapshot',
      '1: event 7',
      'ack 1 complete',
    ])
  })

  test('[K12] of a session that is away, the seats for which it is not good enough end; it hears nothing of them', async () => {
    const { peer, seat, say, rooms, come, leftovers, clock } = await joined(2)
    peer.cut()
    say(1, 7)
    rooms.readmit = async (asked) => (asked === seat(1) ? refusing() : ignore)
    const { peer: page, shown } = await come(reloaded())
    expect(shown).toEqual(['welcome'])
    expect(seat(1).log).toEqual(['start', 'drop', 'leave refused'])
    expect(seat(2).log).toEqual(['start', 'drop', 'unseat'])
    page.send(join(1), join(2))
    expect(await page.received()).toEqual(['joined 1', '1: snapshot'])
    page.line.closed({ code: 1000, reason: '' })
    await clock.settle()
    expect(leftovers()).toMatchObject({ sessions: 0, away: 0, timers: 0 })
  })

  test('[K12] asks about the seats that the page before it has not taken again, too', async () => {
    const { seat, rooms, come, leftovers } = await joined()
    const { peer: page } = await come(reloaded())
    rooms.readmit = refusing
    const { peer: thief } = await come(reloaded(first, third))
    expect(thief.last).toBe('close 4007 session_lost')
    expect(seat().log).toEqual(['start', 'drop', 'unseat'])
    page.cut()
    const { peer: banned, shown } = await come(reloaded(first, fourth))
    expect(shown).toEqual(['welcome'])
    expect(seat().log).toEqual(['start', 'drop', 'unseat', 'leave refused'])
    banned.cut()
    expect(leftovers()).toMatchObject({ sessions: 0, seats: 0, away: 0, timers: 0 })
  })

  test('[K12] what a connection has shown takes effect in no room before it is let in to all', async () => {
    const { peer, seat, rooms, come } = await joined(2)
    const effects: unknown[] = []
    rooms.readmit = async (asked) => (asked === seat(2) ? refusing() : () => effects.push(asked))
    for (const frame of [reloaded(), back({ received: 2 })]) {
      const { peer: thief } = await come(frame)
      expect(thief.last).toBe('close 4007 session_lost')
      expect(effects).toEqual([])
    }
    peer.cut()
    await come(back({ received: 2 }))
    expect(effects).toEqual([seat(1)])
  })

  test('[K11] ends resumes that came before it, and those behind it whose counts mean nothing any more', async () => {
    const { peer, seat, rooms, connect, clock } = await joined()
    peer.cut()
    const answers: (() => void)[] = []
    rooms.readmit = () => new Promise((resolve) => answers.push(() => resolve(ignore)))
    const come = (frame: Sendable): Peer => {
      const other = connect()
      other.send(frame)
      return other
    }
    const [before, page, behind, last] = [
      come(back({ received: 1 })),
      come(reloaded(first, third)),
      come(back({ received: 1 })),
      come(reloaded(first, fourth)),
    ]
    await clock.settle()
    answers[1]?.()
    expect(await page.received()).toEqual(['welcome'])
    expect([before.last, behind.last, last.last]).toEqual(['close 4503 replaced', 'close 4503 replaced', undefined])
    answers[3]?.()
    expect(await last.received()).toEqual(['welcome'])
    expect(page.last).toBe('close 4503 replaced')
    expect(seat().log).toEqual(['start', 'drop', 'unseat'])
  })

  test('[K3] a goodbye of one that is let in ends the session', async () => {
    const { peer, seat, rooms, connect, clock, leftovers } = await joined()
    peer.cut()
    let admit = (): void => {}
    rooms.readmit = () => new Promise((resolve) => (admit = () => resolve(ignore)))
    const page = connect()
    page.send(reloaded())
    page.line.closed({ code: 1000, reason: '' })
    expect(seat().log).toEqual(['start', 'drop'])
    admit()
    await clock.settle()
    expect(seat().log).toEqual(['start', 'drop', 'leave left'])
    expect(leftovers()).toEqual(nothing)
  })
})

describe('acks', () => {
  test('[K6] go alone within the delay, and not for each message', async () => {
    const { peer, clock } = await joined()
    await peer.received()
    peer.send(1, event)
    await clock.advance(499)
    expect(await peer.received()).toEqual([])
    await clock.advance(501)
    expect(await peer.received()).toEqual(['ack 2'])
    await clock.advance(3000)
    expect((await peer.received()).filter((frame) => frame.startsWith('ack'))).toEqual([])
  })

  test('[K6] ride on what leaves anyway once there are eight', async () => {
    const { peer, say } = await joined()
    await peer.received()
    for (let n = 0; n < 6; n++) peer.send(1, event)
    say(1, 3)
    expect(await peer.received()).toEqual(['1: event 3'])
    peer.send(1, event)
    say(1, 4)
    expect(await peer.received()).toEqual(['ack 8', '1: event 4'])
  })

  test('[K6] go at once when much has come', async () => {
    const { peer, clock } = await joined(1, { limits: { resumeBuffer: 4096 } })
    await peer.received()
    peer.send(1, { type: FrameType.event, id: 3, payload: 'x'.repeat(600) })
    expect(await peer.received()).toEqual([])
    peer.send(1, { type: FrameType.event, id: 3, payload: 'x'.repeat(600) })
    expect(await peer.received()).toEqual(['ack 3'])
    await clock.advance(1500)
    expect(await peer.received()).toEqual([])
  })

  test('[K6] of the client free what is kept for it', async () => {
    const { peer, say, metrics, clock } = await joined()
    for (let n = 0; n < 300; n++) say(1, n)
    await clock.settle()
    expect(metrics.read('resume_bytes')).toBeGreaterThan(300 * 64)
    peer.send(ack(301))
    expect(metrics.read('resume_bytes')).toBe(0)
  })

  test('are not sent to a client that gave no secret, and cost it nothing', async () => {
    const { first: peer, clock, rooms } = build()
    peer.send(hello, join(1))
    rooms.joins[0]?.grant()
    await peer.received()
    peer.send(ack(7), 1, event, event)
    await clock.advance('3s')
    expect((await peer.received()).filter((frame) => frame !== 'beat')).toEqual([])
  })
})

describe('bounds', () => {
  const KiB = 1024
  const large = (bytes: number): Uint8Array =>
    encodeFrame({ type: FrameType.event, id: 3, payload: new Uint8Array(bytes) })

  /** Several sessions with a seat each. */
  async function crowd(size: number, limits: Record<string, number>, addressOf?: (n: number) => string) {
    const world = build({ limits })
    const peers: Peer[] = []
    for (let n = 0; n < size; n++) {
      const peer = world.connect(addressOf?.(n))
      peer.send({ ...secretHello, session: n.toString(16).padStart(32, '0') }, join(1))
      world.rooms.joins[n]?.grant()
      await peer.received()
      peer.send(ack(1))
      peers.push(peer)
    }
    world.first.cut()
    return { ...world, peers }
  }

  test('[K2] maxAwaySessions: those that went first end', async () => {
    const { peers, rooms, metrics, leftovers, clock } = await crowd(5, { maxAwaySessions: 3 })
    for (const peer of peers) peer.cut()
    const ended = rooms.joins.map(({ log }) => log.at(-1))
    expect(ended).toEqual(['leave disconnected', 'leave disconnected', 'drop', 'drop', 'drop'])
    expect(metrics.read('sessions_away')).toBe(3)
    expect(metrics.read('sessions_expired', { reason: 'max_away' })).toBe(2)
    await clock.advance('60s')
    expect(leftovers()).toEqual(nothing)
  })

  test('none may be away: a drop is the end, a replaced line is not', async () => {
    const { peer, come, seat } = await joined(1, { limits: { maxAwaySessions: 0 } })
    const { peer: again, shown } = await come(back({ received: 1 }))
    expect(shown[0]).toBe('welcome')
    expect(peer.last).toBe('close 4503 replaced')
    again.cut()
    expect(seat().log.at(-1)).toBe('leave disconnected')
  })

  test('[K9] maxResumeTotal: those that went first give up what is kept for them, and are resynced', async () => {
    const { peers, rooms, metrics, connect, clock } = await crowd(5, { maxResumeTotal: 110 * KiB })
    for (const peer of peers) peer.cut()
    for (const { link } of rooms.joins) link.send(large(30 * KiB))
    await clock.settle()
    expect(metrics.read('resume_bytes')).toBeLessThanOrEqual(110 * KiB)
    expect(rooms.joins.map(({ log }) => log.at(-1))).toEqual(['forfeited 1', 'forfeited 1', 'drop', 'drop', 'drop'])
    expect(metrics.read('resume_buffers_dropped')).toBe(2)
    const shown: (readonly (readonly number[])[] | undefined)[] = []
    for (let n = 0; n < 5; n++) {
      const peer = connect()
      const session = n.toString(16).padStart(32, '0')
      peer.send({ ...back({ received: 1 }), session })
      await peer.received()
      shown.push(welcomeOf(peer).resumed?.resynced)
    }
    expect(shown).toEqual([[[1, 1]], [[1, 1]], undefined, undefined, undefined])
  })

  test('maxResumeTotal: of those that are there, only who does not acknowledge gives something up', async () => {
    const { peers, rooms, metrics, clock } = await crowd(3, { maxResumeTotal: 100 * KiB })
    for (let n = 0; n < 20; n++) {
      for (const { link } of rooms.joins) link.send(large(5 * KiB))
      await clock.advance('1s')
      for (const peer of peers) peer.line.pong()
      peers[0]?.send(ack(2 + n))
      peers[2]?.send(ack(2 + n))
    }
    expect(peers.map(({ last }) => last === 'terminate')).toEqual([false, true, false])
    expect(rooms.joins.map(({ log }) => log.includes('drop'))).toEqual([false, true, false])
    expect(metrics.read('resume_bytes')).toBeLessThanOrEqual(100 * KiB)
  })

  test('maxResumeTotal: a burst to clients that are well costs nobody anything', async () => {
    const { peers, rooms, clock } = await crowd(3, { maxResumeTotal: 100 * KiB })
    for (let n = 0; n < 10; n++) for (const { link } of rooms.joins) link.send(large(20 * KiB))
    await clock.settle()
    await clock.advance('4s')
    expect(peers.some(({ last }) => last === 'terminate')).toBe(false)
  })

  test('maxOutboxTotal: those for whom most waits are closed, to come back', async () => {
    const { peers, rooms, metrics, clock } = await crowd(3, { maxOutboxTotal: 800 * KiB })
    for (const { connection } of peers) connection.takes = 0
    for (let n = 0; n < 10; n++) {
      rooms.joins[0]?.link.send(large(20 * KiB))
      rooms.joins[1]?.link.send(large(50 * KiB))
      rooms.joins[2]?.link.send(large(20 * KiB))
      await clock.settle()
    }
    expect(peers.map(({ last }) => last === 'terminate')).toEqual([false, true, false])
    expect(metrics.read('outbox_bytes')).toBeGreaterThan(300 * KiB)
    expect(metrics.read('outbox_bytes')).toBeLessThanOrEqual(800 * KiB)
    expect(metrics.read('connections_closed', { reason: 'too_slow' })).toBe(1)
    for (const { connection, line } of peers) {
      connection.takes = Infinity
      for (let n = 0; n < 20; n++) {
        connection.take()
        line.drain()
      }
    }
    expect(metrics.read('outbox_bytes')).toBe(0)
  })

  test('[K2] maxAwaySessions: who comes from another address is not pushed out', async () => {
    const { peers, rooms } = await crowd(4, { maxAwaySessions: 2 }, (n) => (n === 0 ? '10.0.0.2' : '10.0.0.1'))
    for (const peer of peers) peer.cut()
    const ended = rooms.joins.map(({ log }) => log.at(-1))
    expect(ended).toEqual(['drop', 'leave disconnected', 'leave disconnected', 'drop'])
  })

  test('[P16] who never got into a room does not stay away', async () => {
    const { first: peer, rooms, clock, leftovers } = build()
    peer.send(secretHello, join(1), join(2))
    rooms.joins[0]?.refuse(new JuntoError('unauthorized', 'no'))
    await peer.received()
    peer.cut()
    rooms.joins[1]?.refuse(new JuntoError('unauthorized', 'no'))
    await clock.settle()
    expect(leftovers()).toMatchObject({ sessions: 0, away: 0, kept: 0, timers: 0 })
  })

  test('maxResumeTotal: what waits of class latest counts, is given up, and said to be missing', async () => {
    const { peers, rooms, metrics, connect, clock } = await crowd(3, { maxResumeTotal: 100 * KiB })
    for (const peer of peers) peer.cut()
    for (const { link } of rooms.joins) {
      for (const key of ['a', 'b']) {
        const frame = encodeFrame({ type: FrameType.loose, id: 1, payload: new Uint8Array(20 * KiB) })
        link.sendLoose(frame, { key, priority: 0 })
      }
    }
    expect(metrics.read('resume_bytes')).toBeGreaterThan(119 * KiB)
    await clock.settle()
    expect(metrics.read('resume_bytes')).toBeLessThanOrEqual(100 * KiB)
    const peer = connect()
    peer.send({ ...back({ received: 1 }), session: '0'.repeat(32) })
    await peer.received()
    expect(welcomeOf(peer).resumed?.resynced).toEqual([[1, 2]])
  })

  test.each(['say nothing new', 'creep on by one'])(
    'a client whose acks %s does not make the server keep for ever',
    async (how) => {
      const { peer, seat, clock, metrics } = await joined()
      let seconds = 0
      while (peer.last !== 'terminate' && seconds < 60) {
        for (let n = 0; n < 10; n++) seat().link.send(large(20 * KiB))
        await clock.advance('1s')
        seconds++
        if (peer.last !== 'terminate') peer.send(ack(how === 'creep on by one' ? 1 + seconds : 1))
      }
      expect(metrics.read('connections_closed', { reason: 'too_slow' })).toBe(1)
      expect(seconds).toBeLessThan(45)
    },
  )

  test('a client that reads and talks but never acknowledges does not make the server keep for ever', async () => {
    const { peer, seat, clock, metrics } = await joined()
    let seconds = 0
    while (peer.last !== 'terminate' && seconds < 60) {
      for (let n = 0; n < 10; n++) seat().link.send(large(20 * KiB))
      await clock.advance('1s')
      peer.line.pong()
      seconds++
    }
    expect(metrics.read('connections_closed', { reason: 'too_slow' })).toBe(1)
    expect(seconds).toBeLessThan(45)
    expect(metrics.read('resume_bytes')).toBeLessThan(256 * KiB)
  })

  test('a client that talks but does not read is closed, although too little waits to be too much', async () => {
    const { peer, seat, clock, metrics } = await joined()
    peer.connection.takes = 0
    for (let n = 0; n < 10; n++) seat().link.send(large(20 * KiB))
    let seconds = 0
    while (peer.last !== 'terminate' && seconds < 60) {
      await clock.advance('1s')
      peer.send(1, event)
      seconds++
    }
    expect(metrics.read('connections_closed', { reason: 'too_slow' })).toBe(1)
    expect(seconds).toBeGreaterThanOrEqual(15)
    expect(seconds).toBeLessThanOrEqual(21)
    expect(seat().log.at(-1)).toBe('drop')
  })

  test('one that reads slowly, but reads, is not', async () => {
    const { peer, seat, clock } = await joined()
    peer.connection.takes = 0
    for (let n = 0; n < 10; n++) seat().link.send(large(20 * KiB))
    for (let second = 0; second < 120; second++) {
      await clock.advance('1s')
      peer.line.pong()
      peer.connection.bufferedAmount = Math.max(1, peer.connection.bufferedAmount - 100)
    }
    expect(peer.last).not.toBe('terminate')
  })
})
