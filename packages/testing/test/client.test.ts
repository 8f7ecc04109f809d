import {
  select,
  type JoinedRoom,
  type PageEvent,
  type PageEvents,
  type Recovery,
  type SessionStore,
} from '@junto/client'
import { call, defineRoom, t } from '@junto/schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { limit, log, opening, shape, Whiteboard, World } from './whiteboard.fixture.ts'

// A whole server and whole clients, over a network in memory, in virtual time.

type Board = JoinedRoom<typeof Whiteboard>

/** A page that a test moves. */
class ScriptedPage implements PageEvents {
  readonly offline = false
  #listeners = new Set<(event: PageEvent) => void>()

  listen(listener: (event: PageEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(event: PageEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}

const stroke = { by: 'ada', color: 7, points: [{ x: 1, y: 2.5 }] }

let world: World

const begin = (name: string, key = 'team-a', client = world.client()): Promise<Board> =>
  client.open(Whiteboard, { ...opening, key, join: { name } })

const open = (...args: Parameters<typeof begin>): Promise<Board> => world.settled(begin(...args))

beforeEach(async () => {
  world = new World()
  await world.serve()
})

afterEach(async () => {
  await world.end()
  expect(world.clock.pendingTimers).toBe(0)
})

describe('rooms', () => {
  it('of one key are one room, however many open it at once', async () => {
    const boards = await world.settled(Promise.all(Array.from({ length: 4 }, (_, n) => begin(`visitor ${n}`, 'same'))))
    expect(new Set(boards.map(({ id }) => id)).size).toBe(1)
    expect(new Set(boards.map(({ memberId }) => memberId)).size).toBe(4)
  })

  it('share the connection of a client, and are told apart', async () => {
    const client = world.client()
    const [a, b] = await world.settled(Promise.all([begin('Ada', 'a', client), begin('Ada', 'b', client)]))
    expect(world.network.links).toHaveLength(1)
    await world.settled(a.call.addStroke(stroke))
    expect([a.state.strokes.size, b.state.strokes.size]).toEqual([1, 0])
    await world.settled(a.leave())
    expect(await world.settled(b.call.addStroke(stroke))).toEqual({ id: 's1' })
    expect(log).toContain('leave Ada left')
  })

  it('are found by id, and by metadata, or created', async () => {
    const { join, options } = opening
    const created = await world.settled(world.client().create(Whiteboard, { join, options }))
    expect(created.key).toBeUndefined()
    const joined = await world.settled(world.client().joinById(Whiteboard, created.id, { join }))
    expect(joined.id).toBe(created.id)
    const other = await world.settled(world.client().joinOrCreate(Whiteboard, { join, options }))
    expect(other.state.title).toBe('Team A')
    await expect(world.settled(world.client().joinById(Whiteboard, 'nowhere', { join }))).rejects.toMatchObject({
      code: 'room_not_found',
    })
  })

  it('refuse with a reason', async () => {
    await expect(open('Mallory')).rejects.toMatchObject({ code: 'room_failed' })
    for (const name of ['a', 'b', 'c', 'd']) await open(name, 'full')
    await expect(open('e', 'full')).rejects.toMatchObject({ code: 'room_full' })
    await expect(open('x'.repeat(41))).rejects.toMatchObject({ code: 'invalid' })
    const Unknown = defineRoom('unknown', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {} })
    await expect(world.settled(world.client().open(Unknown, { key: 'a' }))).rejects.toMatchObject({
      code: 'unknown_room',
    })
  })

  it('are opened by a program that holds the contract as a type only', async () => {
    const client = world.client()
    const openAs = (key: string) =>
      world.settled(client.open<typeof Whiteboard>('whiteboard', { version: 1, ...opening, key }))
    const board = await openAs('a')
    expect(await world.settled(board.call.addStroke(stroke))).toEqual({ id: 's1' })
    expect(board.state.strokes.get('s1')).toEqual(stroke)
    expect((await openAs('b')).state.title).toBe('Team A')
    await expect(
      world.settled(client.open<typeof Whiteboard>('whiteboard', { version: 2 as 1, ...opening })),
    ).rejects.toMatchObject({ code: 'incompatible' })
  })

  it('deliver to a listener what was sent while it joined', async () => {
    await open('Ada')
    const eve = await open('Eve')
    const heard: string[] = []
    eve.on('cleared', ({ by }) => heard.push(by))
    await world.clock.settle()
    expect(heard).toEqual(['the join of Eve'])
  })
})

describe('calls', () => {
  it('settle after their effects are visible, for the caller and in the order of the patches', async () => {
    const board = await open('Ada')
    const seen: string[] = []
    board.watch((state) => state.strokes, { added: (value, id) => seen.push(`${id} by ${value.by}`) })
    const result = board.call
      .addStroke(stroke)
      .then(({ id }) => seen.push(`settled ${id}, ${board.state.order.join()}`))
    await world.settled(result)
    expect(seen).toEqual(['s1 by ada', 'settled s1, s1'])
  })

  it('fail with declared errors, tried or thrown', async () => {
    const board = await open('Ada')
    for (let n = 0; n < limit; n++) await world.settled(board.call.addStroke(stroke))
    const outcome = await world.settled(board.call.addStroke.try(stroke))
    expect(outcome).toEqual({ ok: false, code: 'full', data: { limit }, message: 'addStroke failed: full' })
    const error: unknown = await world.settled(board.call.addStroke(stroke).catch((reason: unknown) => reason))
    expect(board.call.addStroke.failed(error, 'full') && error.data.limit).toBe(limit)
  })

  it('fail without telling the secrets of the server', async () => {
    const board = await open('Ada')
    const outcome = await world.settled(board.call.fail.try())
    expect(outcome).toMatchObject({ ok: false, code: 'internal' })
    expect(JSON.stringify(outcome)).not.toContain('secret')
  })

  it('are refused values that the contract does not allow', async () => {
    const board = await open('Ada')
    const wrong = { ...stroke, color: 256 }
    expect(await world.settled(board.call.addStroke.try(wrong))).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('color') as string,
    })
  })

  it('are cancelled on the server, by signal, deadline, and leaving', async () => {
    const board = await open('Ada')
    const stop = new AbortController()
    const cancelled = board.call.wait.try(undefined, { signal: stop.signal })
    await world.clock.settle()
    stop.abort()
    expect(await world.settled(cancelled)).toMatchObject({ code: 'cancelled' })
    expect(log.filter((line) => line === 'wait was aborted')).toHaveLength(1)

    const late = board.call.wait.try(undefined, { timeout: 500 })
    await world.clock.advance(500)
    expect(await late).toMatchObject({ code: 'timeout' })
    await world.clock.settle()
    expect(log.filter((line) => line === 'wait was aborted')).toHaveLength(2)

    const left = board.call.wait.try()
    await world.clock.settle()
    await world.settled(board.leave())
    expect(await left).toMatchObject({ code: 'cancelled' })
    expect(log.filter((line) => line === 'wait was aborted')).toHaveLength(3)
  })

  it('of the server are answered', async () => {
    const ada = await open('Ada')
    const bob = await open('Bob')
    await world.settled(ada.call.addStroke(stroke))
    const heard: string[] = []
    bob.on('cleared', ({ by }) => heard.push(`${by}, ${bob.state.strokes.size} left`))
    const end = bob.answer('confirmClear', async () => false)
    expect(await world.settled(ada.call.clear())).toBe(false)
    end()
    bob.answer('confirmClear', ({ by }) => by === 'Ada')
    expect(await world.settled(ada.call.clear())).toBe(true)
    expect(heard).toEqual(['Ada, 0 left'])
    expect(ada.state.order).toEqual([])
  })

  it("that the server's contract lacks are unsupported", async () => {
    const newer = defineRoom('whiteboard', {
      ...shape,
      clientToServer: { ...shape.clientToServer, undo: call({ result: t.Boolean() }) },
    })
    const { join, options } = opening
    const board = await world.settled(world.client().open(newer, { key: 'a', join, options }))
    expect(await world.settled(board.call.undo.try())).toMatchObject({ code: 'unsupported' })
  })
})

describe('events and state', () => {
  it('reach the others, and one message carries what one turn brings', async () => {
    const ada = await open('Ada')
    const bob = await open('Bob')
    const titles: string[] = []
    const title = select(bob, (state) => state.title)
    title.subscribe(() => titles.push(title.value))
    expect(ada.send.rename({ title: 'One' })).toBe('sent')
    expect(ada.send.rename({ title: 'Two' })).toBe('sent')
    expect(ada.send.point({ x: 1, y: 2 })).toBe('sent')
    await world.clock.settle()
    expect(titles).toEqual(['Two'])
    expect(log).toContain('point 1 2')
  })

  it('are watched and selected', async () => {
    const ada = await open('Ada')
    const bob = await open('Bob')
    const told: string[] = []
    const end = bob.watch((state) => state.strokes, {
      added: (_value, id) => told.push(`+${id}`),
      removed: (_value, id) => told.push(`-${id}`),
    })
    const order = select(bob, (state) => state.order)
    const before = order.value
    await world.settled(ada.call.addStroke(stroke))
    expect(order.value).toEqual(['s1'])
    expect(order.value).not.toBe(before)
    const after = order.value
    ada.send.rename({ title: 'B' })
    await world.clock.settle()
    expect(order.value).toBe(after)
    await world.settled(ada.leave())
    end()
    bob.answer('confirmClear', () => true)
    await world.settled(bob.call.clear())
    expect(told).toEqual(['+s1'])
  })
})

describe('streams', () => {
  it('come in order, and end where the server ends them', async () => {
    const board = await open('Ada')
    const items: string[] = []
    const reading = (async () => {
      for await (const { by } of board.stream.history({ since: 960 })) items.push(by)
    })()
    await world.settled(reading)
    expect(items).toHaveLength(40)
    expect(items.at(-1)).toBe('999')
    expect(log).toContain('history ended')
  })

  it('are cancelled on the server when the loop is left', async () => {
    const board = await open('Ada')
    const reading = (async () => {
      for await (const { by } of board.stream.history({ since: 0 })) if (by === '5') break
    })()
    await world.settled(reading)
    await world.clock.settle()
    expect(log).toContain('history ended')
  })

  it('wait for a slow reader', async () => {
    const board = await open('Ada')
    const stream = board.stream.history({ since: 0 })
    const first = await world.settled(stream.next())
    expect(first.value).toMatchObject({ by: '0' })
    await world.clock.advance('5s')
    expect(log).not.toContain('history ended')
    await world.settled(Promise.resolve(stream[Symbol.asyncDispose]()))
    await world.clock.settle()
    expect(log).toContain('history ended')
  })

  it('fail where the server fails, after what had come', async () => {
    const board = await open('Ada')
    const items: string[] = []
    const reading = (async () => {
      for await (const { by } of board.stream.history({ since: 1998 })) items.push(by)
    })()
    await expect(world.settled(reading)).rejects.toMatchObject({ code: 'internal' })
    expect(items).toEqual(['1998', '1999'])
  })

  it('go on over a lost connection, without a gap', async () => {
    const board = await open('Ada')
    const items: string[] = []
    const reading = (async () => {
      for await (const { by } of board.stream.history({ since: 0 })) items.push(by)
    })()
    for (let cuts = 0; cuts < 5; cuts++) {
      await world.clock.advance('1ms')
      world.network.links.at(-1)?.cut()
      await world.clock.advance('1s')
    }
    await world.settled(reading)
    expect(items).toEqual(Array.from({ length: 1000 }, (_, n) => String(n)))
  })

  it('fail when the session is lost', async () => {
    const board = await open('Ada')
    const stream = board.stream.history({ since: 0 })
    await world.settled(stream.next())
    world.network.links[0]?.cut()
    await awayForTooLong()
    await expect(drain(stream)).rejects.toMatchObject({ code: 'outcome_unknown' })
  })
})

/** Keeps clients from connecting until the server has forgotten them, and then lets them come back. */
async function awayForTooLong(): Promise<void> {
  world.network.reach = 'refused'
  await world.clock.advance('2m')
  world.network.reach = 'open'
  await world.clock.advance('30s')
}

describe('a lost connection', () => {
  it('is made again, and the room goes on as if nothing had happened', async () => {
    const board = await open('Ada')
    const bob = await open('Bob')
    await world.settled(board.call.addStroke(stroke))
    const { state, memberId } = board
    const recoveries: Recovery[] = []
    const heard: string[] = []
    board.onRecovery((recovery) => recoveries.push(recovery))
    board.on('cleared', ({ by }) => heard.push(by))
    board.answer('confirmClear', () => true)
    const stop = new AbortController()
    const waiting = board.call.wait.try(undefined, { signal: stop.signal })
    await world.clock.settle()
    world.network.links[0]?.cut()
    await world.clock.settle()
    expect(board.status.value.state).toBe('reconnecting')
    // From both sides, while nothing can travel.
    const added = board.call.addStroke(stroke)
    expect(board.send.rename({ title: 'By Ada' })).toBe('queued')
    const cleared = bob.call.clear()
    await world.clock.advance('1s')
    expect(board.status.value.state).toBe('joined')
    expect(await world.settled(cleared)).toBe(true)
    expect(await world.settled(added)).toEqual({ id: 's2' })
    expect(heard).toEqual(['Bob'])
    expect(recoveries).toMatchObject([{ outcome: 'resumed' }])
    expect(board.state).toBe(state)
    expect(board.memberId).toBe(memberId)
    expect(bob.state.title).toBe('By Ada')
    expect([...board.state.strokes.keys()]).toEqual([...bob.state.strokes.keys()])
    expect(log).toEqual(['join Ada', 'join Bob', 'drop Ada', 'resume Ada resumed'])
    stop.abort()
    expect(await world.settled(waiting)).toMatchObject({ code: 'cancelled' })
    await world.clock.settle()
    expect(log).toContain('wait was aborted')
  })

  it('over and over loses nothing and repeats nothing', async () => {
    const board = await open('Ada')
    const bob = await open('Bob')
    const titles: string[] = []
    select(bob, (s) => s.title).subscribe(() => titles.push(bob.state.title))
    const expected: string[] = []
    for (let n = 0; n < 40; n++) {
      const title = `title ${n}`
      expected.push(title)
      expect(board.send.rename({ title })).not.toBe('dropped')
      if (n % 3 === 0) await world.clock.advance('1ms')
      if (n % 2 === 0) world.network.links.at(-1)?.cut()
      await world.clock.advance(n % 5 === 0 ? '2s' : '40ms')
    }
    await world.clock.advance('20s')
    expect(board.status.value.state).toBe('joined')
    expect(bob.state.title).toBe('title 39')
    // Several may come in one patch; none comes twice, or after a later one.
    expect(
      titles.filter((title, index) => expected.indexOf(title) <= expected.indexOf(titles[index - 1] ?? '')),
    ).toEqual([])
    expect(log.filter((line) => line.startsWith('leave'))).toEqual([])
  })

  it('that nobody notices is noticed by the missing beats', async () => {
    const board = await open('Ada')
    await world.clock.advance('10s')
    const [link] = world.network.links
    link?.up.pause()
    link?.down.pause()
    await world.clock.advance('24s')
    expect(board.status.value.state).toBe('joined')
    await world.clock.advance('5s')
    expect(board.status.value.state).toBe('joined')
    expect(log).toEqual(['join Ada', 'drop Ada', 'resume Ada resumed'])
  })

  it('for too long costs the seat: the room is joined afresh, and what never left goes along', async () => {
    const board = await open('Ada')
    await open('Bob')
    const { memberId } = board
    const recoveries: Recovery[] = []
    board.onRecovery((recovery) => recoveries.push(recovery))
    const waiting = board.call.wait.try(undefined, { timeout: Infinity })
    await world.clock.settle()
    for (const link of world.network.links) link.cut()
    await world.clock.settle()
    board.send.rename({ title: 'late' })
    await awayForTooLong()
    expect(board.status.value.state).toBe('joined')
    expect(await waiting).toMatchObject({ code: 'outcome_unknown' })
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true, missed: undefined, unsent: 0 }])
    expect(board.memberId).not.toBe(memberId)
    expect(board.state.title).toBe('late')
    expect(log.filter((line) => line.includes('Ada'))).toEqual([
      'join Ada',
      'drop Ada',
      'leave Ada disconnected',
      'join Ada',
    ])
  })

  it('to a server that is restarted ends in the same board', async () => {
    const ada = await open('Ada')
    const bob = await open('Bob')
    await world.settled(ada.call.addStroke(stroke))
    const told: string[] = []
    bob.watch((state) => state.strokes, {
      added: (_value, id) => told.push(id),
      removed: (_value, id) => told.push(`-${id}`),
    })
    const closing = world.server.close()
    await world.clock.advance('3s')
    await closing
    expect(ada.status.value.state).toBe('reconnecting')
    expect(world.warnings).toEqual([])
    await world.clock.advance('1m')
    await world.serve()
    await world.clock.advance('30s')
    expect([ada.status.value.state, bob.status.value.state]).toEqual(['joined', 'joined'])
    expect(bob.state.order).toEqual(['s1'])
    expect(told).toEqual(['s1'])
    await world.settled(ada.call.addStroke(stroke))
    expect(bob.state.strokes.size).toBe(2)
  })
})

describe('a page', () => {
  /** The storage of a tab. */
  function storage(): SessionStore & { text: string | undefined } {
    return {
      text: undefined,
      take() {
        const { text } = this
        this.text = undefined
        return text
      },
      put(text) {
        this.text = text
      },
    }
  }

  it('that is reloaded has its seat again, and nobody has left', async () => {
    const keepSession = storage()
    const page = new ScriptedPage()
    const board = await open('Ada', 'team-a', world.client({ keepSession, page }))
    const { memberId } = board
    expect(board.kept).toBe(false)
    await world.settled(board.call.addStroke(stroke))
    page.tell('unloading')
    expect(keepSession.text).toMatch(/^[0-9a-f:]{65}$/)
    await world.clock.advance('2s')
    const again = await open('Ada', 'team-a', world.client({ keepSession }))
    expect(keepSession.text).toBeUndefined()
    expect(again.memberId).toBe(memberId)
    expect(again.kept).toBe(true)
    expect(again.state.strokes.size).toBe(1)
    expect(await world.settled(again.call.addStroke(stroke))).toEqual({ id: 's2' })
    expect(log).toEqual(['join Ada', 'drop Ada', 'resume Ada resynced'])
  })

  it('that is duplicated gets a session of its own: the storage is empty while a page has the session', async () => {
    const original = storage()
    const before = await open('Ada', 'team-a', world.client({ keepSession: original, page: new ScriptedPage() }))
    const copy = storage()
    copy.text = original.text
    const second = await open('Ada', 'team-a', world.client({ keepSession: copy }))
    expect(second.memberId).not.toBe(before.memberId)
    await world.clock.advance('1m')
    expect([before.status.value.state, second.status.value.state]).toEqual(['joined', 'joined'])
    expect(log).toEqual(['join Ada', 'join Ada'])
  })

  it('that comes back to find its session with another page begins one of its own', async () => {
    const keepSession = storage()
    const page = new ScriptedPage()
    const before = await open('Ada', 'team-a', world.client({ keepSession, page }))
    const { memberId } = before
    page.tell('suspended')
    const next = await open('Ada', 'team-a', world.client({ keepSession, page: new ScriptedPage() }))
    expect(next).toMatchObject({ memberId, kept: true })
    page.tell('resumed')
    await world.clock.advance('1m')
    expect([before.status.value.state, next.status.value.state]).toEqual(['joined', 'joined'])
    expect(before.memberId).not.toBe(memberId)
    expect(next.memberId).toBe(memberId)
  })

  it('that goes away says goodbye: its members leave at once', async () => {
    const page = new ScriptedPage()
    const board = await open('Ada', 'team-a', world.client({ page }))
    board.send.point({ x: 1, y: 2 })
    page.tell('unloading')
    await world.clock.settle()
    expect(log).toEqual(['join Ada', 'point 1 2', 'leave Ada left'])
  })

  it('that is put aside keeps its seat, and has it when it is shown again', async () => {
    const page = new ScriptedPage()
    const board = await open('Ada', 'team-a', world.client({ page }))
    page.tell('suspended')
    await world.clock.advance('20s')
    expect(log).toEqual(['join Ada', 'drop Ada'])
    page.tell('resumed')
    await world.clock.settle()
    expect(board.status.value.state).toBe('joined')
    expect(log).toEqual(['join Ada', 'drop Ada', 'resume Ada resumed'])
  })
})

describe('contracts that changed', () => {
  it('work together when the server has more, and are refused by field otherwise', async () => {
    const Point = t.Object({ x: t.Number(), y: t.Number() })
    const state = t.Object({
      title: t.String(),
      strokes: t.Map(t.Object({ points: t.Array(Point) })),
      order: t.Array(t.String()),
    })
    const { join, options } = opening
    const older = defineRoom('whiteboard', { ...shape, state, clientToServer: {} })
    const board = await world.settled(world.client().open(older, { key: 'a', join, options }))
    expect(board.state.title).toBe('Team A')

    const other = defineRoom('whiteboard', { ...shape, state: t.Object({ title: t.Boolean() }) })
    await expect(world.settled(world.client().open(other, { key: 'a', join, options }))).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining('state.title') as string,
    })
  })
})

describe('nobody there', () => {
  it('is said with the address', async () => {
    const client = world.client({ url: 'ws://nowhere.test' })
    await expect(open('Ada', 'a', client)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/could not connect to ws:\/\/nowhere\.test .*is the server running/) as string,
    })
  })
})

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) void item
}
