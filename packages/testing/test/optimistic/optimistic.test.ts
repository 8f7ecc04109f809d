import { optimistic, type JoinedRoom } from '@junto/client'
import type { Mutators } from '@junto/schema'
import { describe, expect, it } from 'vitest'
import { Board, boardMutators, boardWorld, most, openBoard } from './board.fixture.ts'

/** The only shape. */
function only(board: JoinedRoom<typeof Board>) {
  const [entry] = board.state.shapes
  if (entry === undefined || board.state.shapes.size > 1) throw new Error('There is not one shape')
  return { id: entry[0], shape: entry[1] }
}

describe('a mutation', () => {
  it('shows before it returns, and is the same when the server confirms it: nobody is told again', async () => {
    const world = boardWorld()
    const { board, corrections, told } = await openBoard(world)
    const other = await openBoard(world)
    const added = board.mutate.add({ x: 7 })
    const { id, shape } = only(board)
    expect(shape).toEqual({ x: 7, by: board.memberId, tags: [] })
    expect(told()).toEqual([`added ${id} 7`])
    await world.advance('74ms')
    expect(other.board.state.shapes.size).toBe(0)
    expect(await world.until(added)).toEqual({ id })
    expect(only(board).shape).toBe(shape)
    expect(other.board.state.shapes.get(id)).toEqual(shape)
    expect(told()).toEqual([])
    expect(corrections).toEqual([])
    await world.end()
  })

  it('comes to the same by its context: who, when, and by chance', async () => {
    const world = boardWorld()
    const { board } = await openBoard(world)
    // The first answer tells the server's clock.
    board.time.now()
    await world.advance('2s')
    const issued = board.time.now()
    const noted = board.mutate.noted({ text: 'a' })
    const [shown] = board.state.log
    expect(shown).toMatch(/^a\d$/)
    // The server has the time at which it was issued, not that at which it came.
    expect(await world.until(noted)).toBeCloseTo(issued, 6)
    expect(board.state.log).toEqual([shown])
    await world.end()
  })

  it('is given what the server reads: numbers are rounded on the way, and what is not declared is left out', async () => {
    const world = boardWorld()
    const { board, corrections } = await openBoard(world)
    const params: unknown[] = []
    const mutators: Mutators<typeof Board> = {
      ...boardMutators,
      move: (state, given, context) => {
        params.push(given)
        boardMutators.move(state, given, context)
      },
    }
    const spied = await world.until(world.client().open(Board, { key: 'a', mutators: optimistic(mutators) }))
    const { id } = await world.until(board.mutate.add({ x: 1 }))
    const given = { id, x: 0.1, more: true }
    await world.until(spied.mutate.move(given))
    expect(params[0]).toEqual({ id, x: Math.fround(0.1) })
    expect(corrections).toEqual([])
    await world.end()
  })

  it('runs again on what others do meanwhile', async () => {
    const world = boardWorld()
    const { board, told } = await openBoard(world)
    const other = await openBoard(world)
    const { id } = await world.until(board.mutate.add({ x: 1 }))
    await world.advance('1s')
    told()
    const theirs = other.board.mutate.noted({ text: 'theirs' })
    await world.advance('50ms')
    const ours = board.mutate.noted({ text: 'ours' })
    board.mutate.move({ id, x: 3 }).catch(() => {})
    expect(board.state.log).toHaveLength(1)
    await world.until(theirs)
    // Theirs came first: ours, which is not confirmed, stands behind it.
    expect(board.state.log.map((text) => text.slice(0, 4))).toEqual(['thei', 'ours'])
    expect(board.state.shapes.get(id)?.x).toBe(3)
    await world.until(ours)
    expect(told()).toEqual([`changed ${id} 3`])
    await world.end()
  })

  it('that is refused is taken back before its call rejects, and told', async () => {
    const world = boardWorld()
    const { board, corrections, told } = await openBoard(world)
    const refused = board.mutate.lock()
    expect(board.state.locked).toBe(true)
    const seen = await world.until(refused.catch((error: unknown) => [board.state.locked, error]))
    expect(seen).toEqual([false, expect.objectContaining({ code: 'denied' })])
    const [, error] = seen ?? []
    expect(board.mutate.lock.failed(error, 'denied')).toBe(true)
    expect(corrections).toEqual([{ kind: 'rejected', mutation: 'lock', n: 1, error }])
    expect(told()).toEqual([])
    await world.end()
  })

  it('that the server made something else of is corrected, and told; that a number was rounded is not', async () => {
    const world = boardWorld()
    const { board, corrections, told } = await openBoard(world)
    const { id } = await world.until(board.mutate.add({ x: 1.2345 }))
    expect(told()).toEqual([`added ${id} 1.2345`, `changed ${id} 1.23`])
    const moved = board.mutate.move({ id, x: 70 })
    expect(board.state.shapes.get(id)?.x).toBe(70)
    await world.until(moved)
    expect(board.state.shapes.get(id)?.x).toBe(50)
    expect(told()).toEqual([`changed ${id} 70`, `changed ${id} 50`])
    expect(corrections).toEqual([{ kind: 'corrected', mutation: 'move', n: 2 }])
    await world.end()
  })

  it('that changed nothing on the server is taken back before its call resolves', async () => {
    const world = boardWorld()
    const { board, corrections } = await openBoard(world)
    const { id } = await world.until(board.mutate.add({ x: 1 }))
    const tagged = board.mutate.tag({ id, tag: 'ignored' })
    expect(board.state.shapes.get(id)?.tags).toEqual(['ignored'])
    await world.until(tagged)
    expect(board.state.shapes.get(id)?.tags).toEqual([])
    expect(corrections).toEqual([{ kind: 'corrected', mutation: 'tag', n: 2 }])
    await world.end()
  })

  it('that throws a declared error here shows nothing, and the server decides', async () => {
    const world = boardWorld()
    const { board, corrections } = await openBoard(world)
    const other = await openBoard(world)
    for (let n = 0; n < most; n++) await world.until(board.mutate.add({ x: n }))
    const [first] = board.state.shapes.keys()
    const removed = other.board.mutate.remove({ id: first ?? '' })
    await world.advance('74ms')
    const added = board.mutate.add({ x: 9 })
    expect(board.state.shapes.size).toBe(most)
    await world.until(removed)
    const { id } = await world.until(added)
    expect([...board.state.shapes.keys()].at(-1)).toBe(id)
    const refused = await world.until(board.mutate.add.try({ x: 9 }))
    expect(refused).toEqual({ ok: false, code: 'full', data: { limit: most }, message: expect.any(String) })
    // It has never shown: its caller knows.
    expect(corrections).toEqual([])
    expect(world.warnings).toEqual([])
    await world.end()
  })

  it('whose function fails here leaves no trace here, is reported once, and the server decides', async () => {
    const world = boardWorld()
    const { board, corrections } = await openBoard(world)
    const results = [board.mutate.flaky(), board.mutate.flaky()]
    expect(board.state.log).toEqual([])
    expect(await world.until(Promise.all(results))).toEqual(['done', 'done'])
    expect(board.state.log).toEqual(['whole', 'whole'])
    expect(corrections).toEqual([])
    expect(world.warnings).toEqual([
      {
        code: 'fault',
        message: "the mutator 'flaky' of room 'board' threw: not here",
        error: expect.objectContaining({ message: 'not here' }),
      },
    ])
    await world.end()
  })

  it('whose function returns a promise is named, and shows nothing', async () => {
    const world = boardWorld()
    const client = world.client()
    const mutators = optimistic({ ...boardMutators, noted: () => Promise.resolve(1) })
    // @ts-expect-error -- the function returns a promise
    const board = await world.until(client.open<typeof Board>('board', { version: 1, key: 'a', mutators }))
    await world.until(board.mutate.noted({ text: 'a' }))
    expect(world.warnings).toEqual([
      expect.objectContaining({
        message:
          "the mutator 'noted' of room 'board' threw: it returned a promise: a mutator does all it does before it returns",
      }),
    ])
    await world.end()
  })

  it('that a mutator sends is refused, and not sent', async () => {
    const world = boardWorld()
    const results: Promise<unknown>[] = []
    const mutators: Mutators<typeof Board> = {
      ...boardMutators,
      hurried: () => void results.push(board.mutate.noted({ text: 'nested' })),
    }
    const board = await world.until(world.client().open(Board, { key: 'a', mutators: optimistic(mutators) }))
    const hurried = board.mutate.hurried()
    await expect(results[0]).rejects.toMatchObject({
      code: 'misuse',
      message: 'a mutator sends no mutations: it calls the functions of others itself',
    })
    await world.until(hurried)
    expect(board.state.log).toEqual(['hurried'])
    await world.end()
  })

  it('with parameters that are not of their type is neither sent nor shown', async () => {
    const world = boardWorld()
    const { board, corrections, told } = await openBoard(world)
    const params: { readonly x: number } = JSON.parse('{ "x": "much" }')
    await expect(board.mutate.add(params)).rejects.toMatchObject({
      code: 'invalid',
      message: 'add.params.x: expected a finite number, got a string',
    })
    expect(told()).toEqual([])
    expect(corrections).toEqual([])
    await world.end()
  })

  it('whose time is over is shown no more, and one whose signal is aborted', async () => {
    const world = boardWorld()
    const { client, board, corrections } = await openBoard(world)
    const giveUp = new AbortController()
    world.offline(client)
    const hurried = board.mutate.hurried()
    const given = board.mutate.noted({ text: 'no' }, { signal: giveUp.signal })
    expect(board.state.log).toHaveLength(2)
    giveUp.abort()
    await expect(world.until(given)).rejects.toMatchObject({ code: 'cancelled' })
    expect(board.state.log).toEqual(['hurried'])
    await expect(world.until(hurried)).rejects.toMatchObject({ code: 'timeout' })
    expect(board.state.log).toEqual([])
    expect(corrections.map(({ kind, mutation }) => [kind, mutation])).toEqual([
      ['rejected', 'noted'],
      ['rejected', 'hurried'],
    ])
    await world.end()
  })

  it('in a listener of the state shows when all listeners have been told', async () => {
    const world = boardWorld()
    const { board, told } = await openBoard(world)
    const order: unknown[] = []
    board.watch((state) => state.shapes, {
      added: (_shape, id) => {
        board.mutate.tag({ id, tag: 'seen' }).catch(() => {})
        order.push(['first', [...(board.state.shapes.get(id)?.tags ?? [])]])
      },
      changed: ({ tags }) => order.push(['changed', [...tags]]),
    })
    board.watch((state) => state.shapes, { added: ({ tags }) => order.push(['second', [...tags]]) })
    const added = board.mutate.add({ x: 1 })
    // At once all the same: before the mutation returns in whose telling it was made.
    expect(order).toEqual([
      ['first', []],
      ['second', []],
      ['changed', ['seen']],
    ])
    const { id } = await world.until(added)
    await world.advance('1s')
    expect(board.state.shapes.get(id)?.tags).toEqual(['seen'])
    expect(told()).toEqual([`added ${id} 1`, `changed ${id} 1`])
    await world.end()
  })
})

describe('a room without mutators', () => {
  it('mutates by the server alone, with the same results and errors, also by its name', async () => {
    const world = boardWorld()
    const { board, corrections } = await openBoard(world, false)
    const added = board.mutate.add({ x: 1 })
    expect(board.state.shapes.size).toBe(0)
    const { id } = await world.until(added)
    expect(board.state.shapes.get(id)?.x).toBe(1)
    await expect(world.until(board.mutate.lock())).rejects.toMatchObject({ code: 'denied' })
    expect(corrections).toEqual([])
    const named = await world.until(world.client().open<typeof Board>('board', { version: 1, key: 'a' }))
    expect(await world.until(named.mutate.remove({ id }))).toBe(true)
    expect(named.state.shapes.size).toBe(0)
    await world.end()
  })

  it('takes the mutators beside a contract that is a type only', async () => {
    const world = boardWorld()
    const mutators = optimistic(boardMutators)
    const board = await world.until(world.client().open<typeof Board>('board', { version: 1, key: 'a', mutators }))
    const added = board.mutate.add({ x: 1 })
    expect(board.state.shapes.size).toBe(1)
    expect([...board.state.shapes.keys()]).toEqual([(await world.until(added)).id])
    await world.end()
  })

  it('refuses mutators that are none, and names calls that are mutations', async () => {
    const world = boardWorld()
    const client = world.client()
    // @ts-expect-error -- they have to be optimistic(mutators)
    await expect(client.open(Board, { key: 'a', mutators: boardMutators })).rejects.toMatchObject({
      code: 'misuse',
      message: 'mutators must be optimistic(mutators), not object',
    })
    // @ts-expect-error -- no function
    expect(() => optimistic({ add: 1 }).add).toThrow("the mutator 'add' must be a function, not 1")
    const { board } = await openBoard(world)
    // @ts-expect-error -- a mutation
    await expect(board.call.add({ x: 1 })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining("has no call 'add'"),
    })
    // @ts-expect-error -- a call
    await expect(board.mutate.count()).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining("has no mutation 'count'"),
    })
    expect(await world.until(board.call.count())).toBe(0)
    await world.end()
  })
})
