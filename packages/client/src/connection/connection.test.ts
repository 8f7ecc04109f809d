import { clientLimits, JuntoError } from '@junto/protocol'
import { encodeFrame, FrameType, type Frame, type SentFrame } from '@junto/protocol/internal'
import { SeededRandom, VirtualClock } from '@junto/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { welcomeTo } from '../session/scripted-server.fixture.ts'
import { ScriptedSockets } from '../sockets/scripted-socket.fixture.ts'
import { ScriptedPage } from './scripted-page.fixture.ts'
import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection.ts'

const session = '0123456789abcdef0123456789abcdef'
const welcome = welcomeTo({ session })
const leave = (ref: number): Uint8Array => encodeFrame({ type: FrameType.leave, ref })

let clock: VirtualClock
let sockets: ScriptedSockets
let page: ScriptedPage
let owner: ConnectionOwner & {
  interest: boolean
  losses: { error: JuntoError; final: boolean }[]
  got: Frame[]
  told: string[]
}
let connection: Connection

function make(options: Partial<ConnectionOptions> = {}): Connection {
  return new Connection(
    {
      url: 'ws://junto.test',
      auth: undefined,
      program: undefined,
      openSocket: sockets.open,
      clock,
      random: new SeededRandom(1),
      limits: clientLimits(),
      page,
      report: () => {},
      ...options,
    },
    owner,
  )
}

/** Connects, up to the server's welcome. */
function connect(): void {
  connection.want()
  sockets.last.accept()
  sockets.last.say([0, welcome])
}

beforeEach(() => {
  clock = new VirtualClock()
  sockets = new ScriptedSockets()
  page = new ScriptedPage()
  owner = {
    interest: true,
    losses: [],
    got: [],
    told: [],
    wanted: () => owner.interest,
    trying: () => {},
    hello: () => ({ session }),
    greeted: () => connection.send(0, leave(7)),
    welcomed: () => void owner.told.push(`welcomed, ${connection.status.state}`),
    heard: (bytes) => void owner.told.push(`heard ${bytes > 0}`),
    leaving: () => {},
    parting: () => true,
    rested: () => void owner.told.push('rested'),
    receive: (_room, frame) => void owner.got.push(frame),
    lost: (error, final) => void owner.losses.push({ error, final }),
  }
  connection = make()
})

describe('connecting', () => {
  it('opens nothing before it is wanted', () => {
    expect(sockets.all).toEqual([])
    expect(connection.status.state).toBe('idle')
  })

  it('sends the hello, and what its owner adds, as one message as soon as the socket is open', () => {
    connection.want()
    expect(connection.status.value).toEqual({ state: 'connecting', attempt: 1 })
    sockets.last.accept()
    expect(sockets.last.messages.map((frames) => frames.map(([, { type }]) => type))).toEqual([
      [FrameType.hello, FrameType.leave],
    ])
    expect(sockets.last.frames[0]?.[1]).toMatchObject({ session, maxMessage: 65_536, maxFrame: 64 * 1024 * 1024 })
    sockets.last.say([0, welcome])
    expect(connection.status.value).toEqual({ state: 'open' })
  })

  it('asks for credentials before each attempt, and opens the socket when it has them', async () => {
    let asked = 0
    connection = make({ auth: async () => ({ token: `t${++asked}` }) })
    connection.want()
    expect(sockets.all).toHaveLength(0)
    await clock.settle()
    sockets.last.accept()
    expect(sockets.last.frames[0]?.[1]).toMatchObject({ auth: { token: 't1' } })
    sockets.last.end()
    await clock.advance('1s')
    sockets.last.accept()
    expect(sockets.last.frames[0]?.[1]).toMatchObject({ auth: { token: 't2' } })
  })

  it('fails as unauthorized when the credentials cannot be had, and tries again', async () => {
    connection = make({ auth: () => Promise.reject(new Error('signed out')) })
    connection.want()
    await clock.settle()
    const failure = { error: { code: 'unauthorized', message: expect.stringContaining('signed out') as string } }
    expect(owner.losses).toMatchObject([{ ...failure, final: false }])
    expect(connection.status.state).toBe('waiting')
  })

  it('gives up an attempt that is not welcomed in time, wherever it hangs', async () => {
    connection.want()
    sockets.last.accept()
    await clock.advance('10s')
    expect(sockets.last.closed).toBeDefined()
    expect(owner.losses).toMatchObject([{ error: { code: 'unreachable' }, final: false }])

    const asking = make({ auth: () => new Promise(() => {}) })
    asking.want()
    await clock.advance('10s')
    expect(owner.losses).toHaveLength(2)
  })

  it('does not try again what cannot work, such as a malformed URL', () => {
    sockets.failure = new SyntaxError('Invalid URL: whiteboard')
    connection.want()
    expect(owner.losses).toMatchObject([{ error: { code: 'unreachable' }, final: true }])
    expect(owner.losses[0]?.error.message).toContain('Invalid URL')
    expect(connection.status.value).toMatchObject({ state: 'closed', error: { code: 'unreachable' } })
  })
})

describe('coming back', () => {
  it('waits a random, doubling time between attempts, and says when it tries again', async () => {
    connection.want()
    const waits: number[] = []
    for (let attempt = 1; attempt <= 12; attempt++) {
      sockets.last.end()
      const { value } = connection.status
      if (value.state !== 'waiting') throw new Error(value.state)
      expect(value.error.message).toMatch(/could not connect to ws:\/\/junto\.test.*is the server running/)
      const wait = value.retryAt - clock.time()
      waits.push(wait)
      await clock.advance(wait)
    }
    expect(sockets.all).toHaveLength(13)
    for (const [index, wait] of waits.entries())
      expect(wait).toBeLessThanOrEqual(Math.min(20_000, 500 * 2 ** (index + 1)))
    expect(Math.max(...waits)).toBeGreaterThan(5_000)
  })

  it('begins again with the shortest wait only when the connection had been good', async () => {
    connect()
    await clock.advance('6s')
    sockets.last.end()
    expect(connection.status.value).toMatchObject({ state: 'waiting', attempt: 1 })
    for (let attempt = 2; attempt <= 4; attempt++) {
      connection.status.retry()
      sockets.last.accept()
      sockets.last.say([0, welcome])
      sockets.last.end(4000, 'shutting_down')
      expect(connection.status.value).toMatchObject({ state: 'waiting', attempt, error: { code: 'shutting_down' } })
    }
  })

  it.each<[string, SentFrame]>([
    ['was resumed', { ...welcome, resumed: { received: 0 } }],
    ['joined a room', { type: FrameType.joined, ref: 1, room: 'a', id: 'a', member: 'm', layout: '0123456789abcdef' }],
  ])('begins again with the shortest wait after a connection that %s, however short it was', (_name, frame) => {
    const attempts: unknown[] = []
    const loss = (code?: number, reason?: string): void => {
      connection.want()
      connection.status.retry()
      sockets.last.accept()
      if (frame.type !== FrameType.welcome) sockets.last.say([0, welcome])
      sockets.last.say([0, frame])
      sockets.last.end(code, reason)
      const { value } = connection.status
      attempts.push(value.state === 'waiting' ? value.attempt : value.state)
    }
    connection.want()
    sockets.last.end()
    for (let time = 0; time < 3; time++) loss()
    loss(4000, 'shutting_down')
    // Whom the server throws out at once, it is slow with.
    for (let time = 0; time < 3; time++) loss(4008, 'flooding')
    expect(attempts).toEqual([1, 1, 1, 1, 2, 3, 4])
  })

  it.each(['online', 'visible', 'resumed', 'a button'] as const)(
    'tries anew when an attempt hangs: %s',
    async (event) => {
      connect()
      sockets.last.end()
      const tell = (): void => (event === 'a button' ? connection.status.retry() : page.tell(event))
      tell()
      expect(sockets.all).toHaveLength(2)
      // What has only just begun goes on.
      tell()
      expect(sockets.all).toHaveLength(2)
      await clock.advance('1s')
      const hanging = sockets.last
      tell()
      expect(sockets.all).toHaveLength(3)
      expect(hanging.closed).toBe(4002)
      expect(connection.status.value).toEqual({ state: 'connecting', attempt: 2 })
      expect(owner.losses).toHaveLength(1)
      // The server has the hello: it is at work.
      sockets.last.accept()
      await clock.advance('1s')
      tell()
      expect(sockets.all).toHaveLength(3)
      sockets.last.say([0, welcome])
      expect(connection.status.state).toBe('open')
    },
  )

  it('tries at once when the network comes back, or a button asks', () => {
    connect()
    sockets.last.end()
    page.tell('online')
    expect(sockets.all).toHaveLength(2)
    sockets.last.end()
    connection.status.retry()
    expect(sockets.all).toHaveLength(3)
  })

  it.each([4500, 4501, 4503, 4505, 1000, 1009])(
    'does not come back after %i until it is wanted again',
    async (code) => {
      connect()
      sockets.last.end(code)
      expect(owner.losses).toMatchObject([{ final: true, error: { data: { closeCode: code } } }])
      expect(connection.status.value).toMatchObject({ state: 'closed' })
      await clock.advance('1m')
      expect(sockets.all).toHaveLength(1)
      expect(clock.pendingTimers).toBe(0)
      connection.want()
      expect(sockets.all).toHaveLength(2)
    },
  )

  it('[C1] names the close code', () => {
    connect()
    sockets.last.end(4501, 'unauthorized')
    expect(owner.losses[0]?.error).toMatchObject({
      code: 'unauthorized',
      message: 'the connection to ws://junto.test was closed: 4501 unauthorized',
    })
  })

  it.each([
    [4000, 'shutting_down', 'shutting_down'],
    [4003, 'too_slow', 'disconnected'],
    [4006, 'internal', 'disconnected'],
    [4500, 'bad_message', 'bad_message'],
    [4501, 'unauthorized', 'unauthorized'],
    [4504, 'incompatible', 'incompatible'],
    [4505, 'forbidden', 'forbidden'],
    [4501, '', 'disconnected'],
    [1006, '', 'disconnected'],
    [1009, '', 'disconnected'],
    [1008, 'forbidden', 'disconnected'],
    [3000, '', 'disconnected'],
  ])('is known to the program by a code, after %d %s by %s', (code, reason, errorCode) => {
    connect()
    sockets.last.end(code, reason)
    expect(owner.losses[0]?.error).toMatchObject({ code: errorCode, data: { closeCode: code } })
  })

  it('rests when nobody wants it, and gives up waiting when that changes', async () => {
    connect()
    owner.interest = false
    sockets.last.end()
    expect(connection.status.value).toEqual({ state: 'idle' })
    owner.interest = true
    connection.want()
    sockets.last.end()
    expect(connection.status.state).toBe('waiting')
    owner.interest = false
    connection.reconsider()
    expect(connection.status.value).toEqual({ state: 'idle' })
    await clock.advance('1m')
    expect(sockets.all).toHaveLength(2)
    expect(clock.pendingTimers).toBe(0)
  })

  it('does not let a wish that comes with the loss bypass the wait', () => {
    owner.lost = () => connection.want()
    connect()
    sockets.last.end()
    expect(sockets.all).toHaveLength(1)
    expect(connection.status.state).toBe('waiting')
  })
})

describe('[P13] noticing a dead link', () => {
  it('drops it when nothing came for a heartbeat and the wait for a pong', async () => {
    connect()
    sockets.last.say([0, { type: FrameType.beat, time: clock.time() }])
    await clock.advance('24s')
    expect(connection.status.state).toBe('open')
    await clock.advance('1s')
    expect(sockets.last.closed).toBe(4002)
    expect(owner.losses).toMatchObject([{ error: { code: 'disconnected' }, final: false }])
  })

  it('drops it when nothing follows the welcome, behind which the server says something soon', async () => {
    connect()
    await clock.advance('9s')
    expect(connection.status.state).toBe('open')
    await clock.advance('1s')
    expect(sockets.last.closed).toBe(4002)
  })

  it('takes any message as a sign of life', async () => {
    connect()
    sockets.last.say([0, { type: FrameType.beat, time: clock.time() }])
    for (let beat = 0; beat < 10; beat++) {
      await clock.advance('15s')
      sockets.last.say([0, { type: FrameType.beat, time: clock.time() }])
    }
    expect(connection.status.state).toBe('open')
    await clock.advance('25s')
    expect(connection.status.state).toBe('waiting')
  })

  it('hears nothing of a socket it has given up', async () => {
    connect()
    const old = sockets.last
    await clock.advance('10s')
    old.say([3, { type: FrameType.event, id: 0, payload: null }])
    old.end()
    expect(owner.got).toEqual([])
    expect(owner.losses).toHaveLength(1)
  })
})

describe('sending', () => {
  it('collects a turn into one message', async () => {
    connect()
    connection.send(0, leave(1))
    connection.send(0, leave(2))
    expect(sockets.last.messages).toHaveLength(1)
    await clock.settle()
    expect(sockets.last.messages).toHaveLength(2)
    expect(sockets.last.messages[1]).toHaveLength(2)
  })

  it('sends at once when the page goes away', () => {
    connect()
    connection.send(0, leave(1))
    page.tell('hidden')
    expect(sockets.last.messages).toHaveLength(2)
  })

  it('lets what has no line go nowhere', async () => {
    connection.send(0, leave(1))
    await clock.settle()
    connect()
    await clock.settle()
    expect(sockets.last.messages).toHaveLength(1)
  })

  it('lets its owner add what rides along', async () => {
    connect()
    owner.leaving = () => {
      if (connection.line?.writer.size) connection.send(0, leave(9))
    }
    connection.send(0, leave(1))
    await clock.settle()
    expect(sockets.last.messages.slice(1).map((frames) => frames.map(([, frame]) => frame))).toMatchObject([
      [{ ref: 1 }, { ref: 9 }],
    ])
  })

  it('is congested when the socket does not take what it is given', () => {
    connect()
    expect(connection.congested).toBe(false)
    sockets.last.bufferedAmount = 300_000
    expect(connection.congested).toBe(true)
  })
})

describe('a page', () => {
  it('that is looked at again, or has a network again, asks whether the line is alive', async () => {
    connect()
    page.tell('visible')
    expect(sockets.last.frames.at(-1)?.[1]).toEqual({ type: FrameType.probe, time: 0 })
    await clock.advance(clientLimits().probeTimeout)
    expect(sockets.last.closed).toBe(4002)
    page.tell('online')
    expect(sockets.all).toHaveLength(2)
  })

  it('that is put aside closes the line, resumably, and has no timers until it is shown', async () => {
    connect()
    connection.send(0, leave(1))
    page.tell('suspended')
    expect(sockets.last.messages).toHaveLength(2)
    expect(sockets.last.closed).toBe(4009)
    expect(owner.losses).toMatchObject([{ final: false }])
    expect(connection.status.value).toMatchObject({ state: 'waiting', retryAt: Infinity })
    await clock.advance('1h')
    expect(sockets.all).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
    page.tell('resumed')
    expect(sockets.all).toHaveLength(2)
  })

  it('that goes away says goodbye, when its session is not to be kept', () => {
    const asked: boolean[] = []
    owner.parting = (forGood) => {
      asked.push(forGood)
      return !forGood
    }
    connect()
    connection.send(0, leave(1))
    page.tell('unloading')
    expect(sockets.last.messages).toHaveLength(2)
    expect(sockets.last.closed).toBe(1000)
    expect(asked).toEqual([true])
  })

  it('says that it is offline', () => {
    connect()
    page.offline = true
    sockets.last.end()
    expect(connection.status.value).toMatchObject({ state: 'waiting', offline: true })
    page.offline = false
    connection.status.retry()
    sockets.last.end()
    expect(connection.status.value).toMatchObject({ offline: false })
    page.tell('offline')
    expect(connection.status.value).toMatchObject({ state: 'waiting', offline: true })
  })

  it('is told to nobody while nothing is wanted', () => {
    expect(page.listeners).toBe(0)
    connect()
    expect(page.listeners).toBe(1)
    owner.interest = false
    sockets.last.end()
    expect(page.listeners).toBe(0)
    expect(owner.told.at(-1)).toBe('rested')
  })
})

describe('a server that breaks the rules', () => {
  it.each([
    ['text', 'hello'],
    ['no msgpack', new Uint8Array([0xc1])],
    ['a frame without a type', new Uint8Array([0x90])],
  ])('is left for good: %s', (_name, data) => {
    connect()
    sockets.last.sayRaw(data)
    expect(sockets.last.closed).toBe(4500)
    expect(owner.losses).toMatchObject([{ error: { code: 'bad_message' }, final: true }])
  })

  it('is left when its owner cannot go on', () => {
    connect()
    owner.receive = () => {
      throw new Error('nonsense')
    }
    sockets.last.say([1, { type: FrameType.event, id: 0, payload: null }])
    expect(owner.losses[0]?.error.message).toContain('nonsense')
  })
})

describe('closing', () => {
  it('lets leave what waits, closes the socket, and leaves nothing behind', async () => {
    connect()
    connection.send(0, leave(1))
    connection.close()
    expect(sockets.last.messages).toHaveLength(2)
    expect(sockets.last.closed).toBe(1000)
    expect(connection.status.value).toEqual({ state: 'closed' })
    expect(owner.losses).toEqual([])
    connection.want()
    await clock.settle()
    expect(sockets.all).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
    expect(page.listeners).toBe(0)
  })

  it('ends a wait', () => {
    connect()
    sockets.last.end()
    connection.close()
    expect(clock.pendingTimers).toBe(0)
  })
})
