import { FrameType } from '@junto/protocol/internal'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { JuntoClientOptions } from '../client-options.ts'
import { ScriptedPage } from '../connection/scripted-page.fixture.ts'
import type { JoinedRoom, Recovery } from '../index.ts'
import { Whiteboard } from '../whiteboard.fixture.ts'
import type { SessionStore } from './session-store.ts'
import { opening, ScriptedServer } from './scripted-server.fixture.ts'

// What becomes of a session when its page goes away, is put aside, or comes back.

/** A store in memory. */
class Place implements SessionStore {
  text: string | undefined

  take(): string | undefined {
    const { text } = this
    this.text = undefined
    return text
  }

  put(text: string): void {
    this.text = text
  }
}

/** A tab's storage. */
class FakeStorage {
  readonly items = new Map<string, string>()
  getItem = (key: string): string | null => this.items.get(key) ?? null
  setItem = (key: string, value: string): void => void this.items.set(key, value)
  removeItem = (key: string): void => void this.items.delete(key)
}

let page: ScriptedPage
let place: Place

async function load(
  options: Partial<JuntoClientOptions> = {},
): Promise<[ScriptedServer, JoinedRoom<typeof Whiteboard>]> {
  const server = new ScriptedServer({ page, keepSession: place, ...options })
  const opened = server.client.open(Whiteboard, opening)
  server.acceptAll()
  return [server, await opened]
}

beforeEach(() => {
  page = new ScriptedPage()
  place = new Place()
})

afterEach(() => vi.unstubAllGlobals())

describe('a page that goes away', () => {
  it('leaves its session where the next page finds it, and closes the line without a goodbye', async () => {
    const [server] = await load()
    expect(place.text).toBeUndefined()
    page.tell('unloading')
    const { session, secret } = server.hello
    expect(place.text).toBe(`${session}:${secret}`)
    expect(server.socket.closed).toBe(4009)
  })

  it('leaves the secret that is in force: the one before it while a resume is not answered', async () => {
    const [server] = await load()
    server.socket.end()
    await server.clock.advance('1s')
    server.socket.accept()
    const { secret, resume } = server.hello
    page.tell('unloading')
    expect(place.text).toBe(`${server.hello.session}:${secret}`)
    page.tell('resumed')
    server.resume()
    page.tell('unloading')
    expect(place.text).toBe(`${server.hello.session}:${resume?.next}`)
  })

  it('[K3] says goodbye when there is nothing to keep it in, and begins another session should it come back after all', async () => {
    const [server, room] = await load({ keepSession: false })
    const recoveries: Recovery[] = []
    room.onRecovery((recovery) => recoveries.push(recovery))
    const { session } = server.hello
    room.send.rename({ title: 'last words' })
    page.tell('unloading')
    expect(server.received(FrameType.event)).toMatchObject([{ payload: ['last words'] }])
    expect(server.socket.closed).toBe(1000)
    await server.clock.advance('1h')
    expect(server.sockets.all).toHaveLength(1)
    page.tell('visible')
    server.acceptAll()
    expect(server.hello.session).not.toBe(session)
    expect(server.hello.resume).toBeUndefined()
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true, unsent: 1 }])
  })
})

describe('a page that is loaded', () => {
  const kept = `${'a'.repeat(32)}:${'b'.repeat(32)}`

  it('[K4] goes on with the session that it finds, of which it knows nothing, and joins with it', async () => {
    place.text = kept
    const server = new ScriptedServer({ page, keepSession: place })
    expect(place.text).toBeUndefined()
    const opened = server.client.open(Whiteboard, opening)
    server.resume({ received: 0 })
    expect(server.hello).toEqual({
      ...server.hello,
      session: 'a'.repeat(32),
      secret: 'b'.repeat(32),
      resume: { next: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    })
    await server.clock.settle()
    const join = server.lastJoin
    const [at, joined] = server.joined(join)
    server.socket.say([at, { ...joined, kept: true } as typeof joined], server.snapshot(1))
    expect((await opened).kept).toBe(true)
    // Numbers begin anew, in both directions.
    server.socket.end()
    await server.clock.advance('1s')
    server.resume()
    expect(server.hello.resume).toMatchObject({ received: 1, from: 1 })
  })

  it('says the same again when the answer is lost', async () => {
    place.text = kept
    const server = new ScriptedServer({ page, keepSession: place })
    const opened = server.client.open(Whiteboard, { ...opening, patience: Infinity })
    server.socket.accept()
    const { resume } = server.hello
    server.socket.end()
    await server.clock.advance('1s')
    server.socket.accept()
    expect(server.hello).toMatchObject({ session: 'a'.repeat(32), secret: 'b'.repeat(32), resume })
    expect(server.hello.resume).toEqual(resume)
    server.socket.end()
    await server.clock.advance('2s')
    await server.acceptAnew()
    expect((await opened).kept).toBe(false)
  })

  it('begins another session when that one is refused', async () => {
    place.text = kept
    const server = new ScriptedServer({ page, keepSession: place })
    const opened = server.client.open(Whiteboard, { ...opening, patience: Infinity })
    server.socket.accept()
    server.socket.end(4007, 'session_lost')
    await server.clock.advance('1s')
    server.acceptAll()
    expect(server.hello.session).not.toBe('a'.repeat(32))
    expect((await opened).memberId).toBe('m1')
  })

  it.each(['', 'nonsense', kept.toUpperCase(), `${kept}0`])(
    'takes no notice of what is no session: %j',
    async (text) => {
      place.text = text
      const [server] = await load()
      expect(server.hello.resume).toBeUndefined()
      expect(server.hello.session).toMatch(/^[0-9a-f]{32}$/)
    },
  )
})

describe('a page that comes back', () => {
  it('takes its session out again, and resumes it', async () => {
    const [server, room] = await load()
    page.tell('suspended')
    expect(place.text).toBeDefined()
    page.tell('resumed')
    server.resume()
    expect(place.text).toBeUndefined()
    expect(room.status.value.state).toBe('joined')
    expect(room.memberId).toBe('m1')
  })

  it.each(['resumed', 'visible'] as const)(
    'has its session again as soon as it is %s, with a network or without',
    async (event) => {
      const [server] = await load()
      const { session } = server.hello
      page.tell('suspended')
      expect(place.text).toBeDefined()
      page.tell(event)
      // The line is not even open; a tab that is duplicated now finds nothing.
      expect(place.text).toBeUndefined()
      await server.clock.advance('30s')
      expect(place.text).toBeUndefined()
      server.resume()
      expect(server.hello.session).toBe(session)
    },
  )

  it('does not leave a session that is over', async () => {
    const [server, room] = await load()
    page.tell('suspended')
    void room.leave()
    await server.clock.advance('1m')
    expect(place.text).toBeUndefined()
  })

  it('begins another session when a page has taken it meanwhile', async () => {
    const [server, room] = await load()
    const { session } = server.hello
    page.tell('suspended')
    place.take()
    page.tell('resumed')
    server.acceptAll()
    expect(server.hello.session).not.toBe(session)
    expect(server.hello.resume).toBeUndefined()
    expect(room.memberId).toBe('m2')
  })
})

describe('the storage of a tab', () => {
  it('has a place for each server, which is empty while a page has the session', async () => {
    const storage = new FakeStorage()
    vi.stubGlobal('sessionStorage', storage)
    await load({ keepSession: true })
    expect(storage.items.size).toBe(0)
    page.tell('unloading')
    const [[key, text]] = storage.items as unknown as [[string, string]]
    expect(key).toBe('junto:ws://junto.test')
    expect(text).toMatch(/^[0-9a-f]{32}:[0-9a-f]{32}$/)
    // The next page loads everything anew.
    vi.resetModules()
    const { ScriptedServer: NextPage } = await import('./scripted-server.fixture.ts')
    const next = new NextPage({ page, keepSession: true })
    expect(storage.items.size).toBe(0)
    void next.client.open(Whiteboard, opening)
    next.socket.accept()
    expect(`${next.hello.session}:${next.hello.secret}`).toBe(text)
  })

  it('that may not be used is reported, and costs nothing else', async () => {
    vi.stubGlobal('sessionStorage', undefined)
    const [server, room] = await load({ keepSession: true })
    expect(room.status.value.state).toBe('joined')
    expect(server.warnings).toMatchObject([
      { code: 'fault', message: expect.stringContaining('keepSession') as string },
    ])
  })

  it('has a place for each client of a page, the first again once the first client is closed', async () => {
    const storage = new FakeStorage()
    vi.stubGlobal('sessionStorage', storage)
    const url = 'ws://two.test'
    const [one, ours] = await load({ keepSession: true, url })
    const [two, theirs] = await load({ keepSession: true, url })
    const [{ session }, other] = [one.hello, two.hello.session]
    page.tell('suspended')
    expect([...storage.items]).toEqual([
      [`junto:${url}`, expect.stringContaining(session) as string],
      [`junto:${url}#2`, expect.stringContaining(other) as string],
    ])
    page.tell('resumed')
    one.resume()
    two.resume()
    expect([one.hello.session, two.hello.session]).toEqual([session, other])
    expect([ours.memberId, theirs.memberId]).toEqual(['m1', 'm1'])
    await one.client.close()
    await load({ keepSession: true, url })
    page.tell('unloading')
    expect([...storage.items.keys()].sort()).toEqual([`junto:${url}`, `junto:${url}#2`])
  })

  it('that throws when the page goes away costs the session only: the line is closed with a goodbye', async () => {
    const broken: SessionStore = {
      take: () => undefined,
      put: () => {
        throw new Error('full')
      },
    }
    const [server, room] = await load({ keepSession: broken })
    room.send.rename({ title: 'last words' })
    page.tell('unloading')
    expect(server.received(FrameType.event)).toHaveLength(1)
    expect(server.socket.closed).toBe(1000)
    expect(server.warnings).toMatchObject([{ code: 'fault' }])
  })
})

describe('a room that ended while its client was away', () => {
  it.each([
    ['kicked', 'room_closed'],
    ['closed', 'room_closed'],
    ['failed', 'room_failed'],
    ['refused', 'unauthorized'],
  ] as const)('is told its end, and not first that it goes on: %s', async (reason, code) => {
    const [server, room] = await load()
    const told: string[] = []
    room.status.subscribe(() => told.push(room.status.value.state))
    room.onRecovery(({ outcome }) => told.push(outcome))
    server.socket.end()
    await server.clock.advance('1s')
    server.resume({ replayed: [server.left(1, reason)] })
    await server.clock.settle()
    expect(told).toEqual(['reconnecting', 'left'])
    expect(room.status.value).toMatchObject({ state: 'left', reason, error: { code } })
  })
})
