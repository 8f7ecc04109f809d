import { undoing, type JoinedRoom } from '@junto/client'
import { describe, expect, it } from 'vitest'
import { Board, boardWorld, openBoard } from './board.fixture.ts'

const xOf = (board: JoinedRoom<typeof Board>, id = 'a') => board.state.cards.get(id)?.x

describe('undo', () => {
  it('shows before it returns, and is the same when the server has done it; so is redo', async () => {
    const world = boardWorld()
    const { board, steps, corrections } = await openBoard(world)
    const other = await openBoard(world)
    await world.until(board.mutate.add({ id: 'a', x: 1.3 }))
    await world.advance('1s')
    await world.until(board.mutate.move({ id: 'a', x: 7 }))
    const undone = steps.undo()
    expect(xOf(board)).toBe(1.5)
    expect(xOf(other.board)).toBe(7)
    expect(await world.until(undone)).toEqual({ done: 1, skipped: 0, forgotten: 0, overwrite: undefined })
    expect([xOf(board), xOf(other.board)]).toEqual([1.5, 1.5])
    const redone = steps.redo()
    expect(xOf(board)).toBe(7)
    await world.until(redone)
    expect([xOf(board), xOf(other.board)]).toEqual([7, 7])
    // All the way back, and forth again.
    for (const step of [steps.undo(), steps.undo()]) await world.until(step)
    expect([board.state.cards.size, board.state.order.length, steps.canUndo.value]).toEqual([0, 0, false])
    for (const step of [steps.redo(), steps.redo()]) await world.until(step)
    expect([xOf(other.board), other.board.state.order]).toEqual([7, ['a']])
    expect(corrections).toEqual([])
    await world.end()
  })

  it('is of what this member did and may be undone, and of nothing else', async () => {
    const world = boardWorld()
    const { board, steps } = await openBoard(world)
    const other = await openBoard(world)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    await world.until(other.board.mutate.move({ id: 'a', x: 2 }))
    await world.until(board.mutate.name({ title: 'second' }))
    await world.advance('1s')
    // The other one has only moved.
    expect(await world.until(other.steps.undo())).toMatchObject({ done: 1, skipped: 0 })
    expect([xOf(board), board.state.title]).toEqual([1, 'second'])
    expect(await world.until(other.steps.undo())).toMatchObject({ done: 0, skipped: 0, forgotten: 0 })
    expect(await world.until(steps.undo())).toMatchObject({ done: 2, skipped: 0 })
    expect([board.state.cards.size, board.state.title]).toEqual([0, 'second'])
    await world.end()
  })

  it('leaves what somebody else has changed since, unless that is to be overwritten', async () => {
    const world = boardWorld()
    const { board, steps, corrections } = await openBoard(world)
    const other = await openBoard(world)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    await world.advance('1s')
    const moved = [board.mutate.move({ id: 'a', x: 2 }), board.mutate.write({ id: 'a', text: 'mine' })]
    await world.until(Promise.all(moved))
    await world.until(other.board.mutate.move({ id: 'a', x: 9 }))
    await world.advance('1s')
    const outcome = await world.until(steps.undo())
    expect(outcome).toMatchObject({ done: 1, skipped: 1, forgotten: 0 })
    expect([xOf(board), board.state.cards.get('a')?.text]).toEqual([9, ''])
    const over = outcome.overwrite?.() ?? Promise.reject(new Error('There is something to overwrite'))
    expect(await world.until(over)).toEqual({
      done: 1,
      skipped: 0,
      forgotten: 0,
      overwrite: undefined,
    })
    expect(xOf(other.board)).toBe(1)
    // Both are done again as one step: what was overwritten is as the other one had it.
    expect(await world.until(steps.redo())).toMatchObject({ done: 2, skipped: 0 })
    expect([xOf(other.board), other.board.state.cards.get('a')?.text]).toEqual([9, 'mine'])
    expect(corrections).toEqual([])
    await world.end()
  })

  it('overwrites at once where it is told to', async () => {
    const world = boardWorld()
    const { board, steps } = await openBoard(world)
    const other = await openBoard(world)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    await world.until(other.board.mutate.write({ id: 'a', text: 'theirs' }))
    await world.advance('1s')
    const undone = steps.undo({ force: true })
    expect(board.state.cards.size).toBe(0)
    expect(await world.until(undone)).toMatchObject({ done: 2, skipped: 0 })
    expect(other.board.state.cards.size).toBe(0)
    await world.end()
  })

  it('of what is still pending shows, and is done by the server in its turn', async () => {
    const world = boardWorld()
    const { board, steps, corrections } = await openBoard(world)
    const other = await openBoard(world)
    const added = board.mutate.add({ id: 'a', x: 1 })
    await world.advance('10ms')
    const undone = steps.undo()
    expect(board.state.cards.size).toBe(0)
    const redone = steps.redo()
    expect(xOf(board)).toBe(1)
    const [, back, forth] = await world.until(Promise.all([added, undone, redone]))
    expect([back, forth]).toMatchObject([
      { done: 2, skipped: 0 },
      { done: 2, skipped: 0 },
    ])
    expect([xOf(board), xOf(other.board)]).toEqual([1, 1])
    expect(corrections).toEqual([])
    await world.end()
  })

  it('works without a connection: it shows, and arrives when that is back', async () => {
    const world = boardWorld()
    const { client, board, steps, corrections } = await openBoard(world)
    const other = await openBoard(world)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    world.offline(client)
    await world.advance('2s')
    const moved = board.mutate.move({ id: 'a', x: 2 })
    await world.advance('2s')
    const noted = board.mutate.note({ id: 'a', text: 'note' })
    const undone = [steps.undo(), steps.undo()]
    expect([xOf(board), board.state.cards.get('a')?.notes.length]).toEqual([1, 0])
    const redone = steps.redo()
    expect([xOf(board), board.state.cards.get('a')?.notes.length]).toEqual([2, 0])
    // Somebody else goes on meanwhile.
    await world.until(other.board.mutate.write({ id: 'a', text: 'theirs' }))
    world.online(client)
    await world.until(Promise.all([moved, noted, ...undone, redone]))
    for (const each of [board, other.board]) {
      expect(each.state.cards.get('a')).toEqual({ x: 2, text: 'theirs', notes: [] })
    }
    expect(corrections).toEqual([])
    await world.end()
  })

  it('goes over to the next seat with what it takes back, where neither had left', async () => {
    const world = boardWorld({ server: { limits: { resumeWindow: 5_000 } } })
    const { client, board, steps, corrections } = await openBoard(world)
    const other = await openBoard(world)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    world.cut(client)
    world.offline(client)
    await world.advance('1s')
    const before = board.memberId
    const moved = [board.mutate.move({ id: 'a', x: 2 }), board.mutate.write({ id: 'a', text: 'kept' })]
    await world.advance('1s')
    const noted = board.mutate.note({ id: 'a', text: 'gone' })
    const undone = steps.undo()
    await world.advance('20s')
    expect(board.state.cards.get('a')).toEqual({ x: 2, text: 'kept', notes: [] })
    world.online(client)
    await world.until(Promise.all([...moved, noted]))
    expect(await world.until(undone)).toMatchObject({ done: 1, skipped: 0, forgotten: 0 })
    expect(board.memberId).not.toBe(before)
    expect(other.board.state.cards.get('a')).toEqual({ x: 2, text: 'kept', notes: [] })
    expect(await world.until(steps.undo())).toMatchObject({ done: 2, skipped: 0, forgotten: 0 })
    expect(other.board.state.cards.get('a')).toEqual({ x: 1, text: '', notes: [] })
    // What was done on the seat before is beyond reach.
    expect(steps.canUndo.value).toBe(false)
    expect(corrections).toEqual([])
    await world.end()
  })

  it('says of what the server has forgotten that it has', async () => {
    const world = boardWorld({ server: { limits: { undoSteps: 2 } } })
    const { board, steps } = await openBoard(world)
    for (const id of ['a', 'b', 'c', 'd']) {
      await world.until(board.mutate.add({ id, x: 1 }))
      await world.advance('1s')
    }
    // The server keeps two: the last that were made, and what took them back in their place.
    for (let count = 0; count < 2; count++) {
      expect(await world.until(steps.undo())).toMatchObject({ done: 2, forgotten: 0 })
      // With so low a limit, so little may be undone at a time.
      await world.advance('10s')
    }
    const undone = steps.undo()
    expect([...board.state.cards.keys()]).toEqual(['a'])
    expect(await world.until(undone)).toMatchObject({ done: 0, forgotten: 1 })
    expect([...board.state.cards.keys()]).toEqual(['a', 'b'])
    await world.end()
  })

  it('without mutators is done by the server, and shows then', async () => {
    const world = boardWorld()
    const { board, steps } = await openBoard(world, false)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    const undone = steps.undo()
    expect(board.state.cards.size).toBe(1)
    expect(await world.until(undone)).toMatchObject({ done: 2 })
    expect(board.state.cards.size).toBe(0)
    expect(await world.until(steps.redo())).toMatchObject({ done: 2 })
    expect(board.state.cards.size).toBe(1)
    await world.end()
  })
})

describe('a step', () => {
  it('is what follows upon each other without a pause, or is done in a group', async () => {
    const world = boardWorld()
    const { board, steps } = await openBoard(world)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    await world.advance('501ms')
    for (const x of [2, 3, 4]) {
      void board.mutate.move({ id: 'a', x })
      await world.advance('400ms')
    }
    await world.advance('101ms')
    const end = steps.group()
    const inner = steps.group()
    for (const x of [5, 6]) {
      void board.mutate.move({ id: 'a', x })
      await world.advance('2s')
      inner()
    }
    end()
    void board.mutate.move({ id: 'a', x: 7 })
    const seen: (number | undefined)[] = []
    while (steps.canUndo.value) {
      await world.until(steps.undo())
      seen.push(xOf(board))
    }
    expect(seen).toEqual([6, 4, 1, undefined])
    const forth: (number | undefined)[] = []
    while (steps.canRedo.value) {
      await world.until(steps.redo())
      forth.push(xOf(board))
    }
    expect(forth).toEqual([1, 4, 6, 7])
    await world.end()
  })

  it.each([true, false])(
    'that changed nothing is one all the same, and leaves nothing to do again, with mutators: %s',
    async (isOptimistic) => {
      const world = boardWorld()
      const { board, steps } = await openBoard(world, isOptimistic)
      await world.until(board.mutate.add({ id: 'a', x: 1 }))
      await world.advance('1s')
      await world.until(board.mutate.move({ id: 'gone', x: 3 }))
      await world.advance('1s')
      expect(await world.until(steps.undo())).toEqual({ done: 0, skipped: 0, forgotten: 0, overwrite: undefined })
      expect([xOf(board), steps.canUndo.value, steps.canRedo.value]).toEqual([1, true, false])
      expect(await world.until(steps.undo())).toMatchObject({ done: 2 })
      expect([board.state.cards.size, steps.canUndo.value, steps.canRedo.value]).toEqual([0, false, true])
      expect(await world.until(steps.undo())).toEqual({ done: 0, skipped: 0, forgotten: 0, overwrite: undefined })
      await world.end()
    },
  )

  it('of which everything was skipped leaves nothing to do again, unless it is overwritten', async () => {
    const world = boardWorld()
    const { board, steps } = await openBoard(world)
    const other = await openBoard(world)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    await world.advance('1s')
    await world.until(board.mutate.move({ id: 'a', x: 2 }))
    await world.until(other.board.mutate.move({ id: 'a', x: 9 }))
    await world.advance('1s')
    const { done, skipped, overwrite } = await world.until(steps.undo())
    expect([done, skipped, steps.canUndo.value, steps.canRedo.value]).toEqual([0, 1, true, false])
    expect(await world.until(overwrite?.() ?? Promise.reject(new Error('nothing to overwrite')))).toMatchObject({
      done: 1,
    })
    expect([xOf(board), steps.canRedo.value]).toEqual([1, true])
    await world.until(steps.redo())
    expect([xOf(other.board), steps.canRedo.value]).toEqual([9, false])
    await world.end()
  })

  it('is known to be beyond reach as soon as the room is joined as another member', async () => {
    const world = boardWorld({ server: { limits: { resumeWindow: 5_000 } } })
    const { client, board, steps } = await openBoard(world)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    world.offline(client)
    await world.advance('20s')
    expect(steps.canUndo.value).toBe(true)
    world.online(client)
    await world.advance('30s')
    expect([board.status.value.state, steps.canUndo.value]).toEqual(['joined', false])
    await world.end()
  })

  it('is not gone on with after an undo, and a new one leaves nothing to do again', async () => {
    const world = boardWorld()
    const { board, steps } = await openBoard(world)
    const told: boolean[][] = []
    for (const can of [steps.canUndo, steps.canRedo]) {
      can.subscribe(() => told.push([steps.canUndo.value, steps.canRedo.value]))
    }
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    await world.advance('1s')
    void board.mutate.move({ id: 'a', x: 2 })
    void steps.undo()
    void board.mutate.move({ id: 'a', x: 3 })
    expect(steps.canRedo.value).toBe(false)
    await world.until(steps.undo())
    expect(xOf(board)).toBe(1)
    steps.clear()
    expect([steps.canUndo.value, steps.canRedo.value]).toEqual([false, false])
    expect(told).toEqual([
      [true, false],
      [true, true],
      [true, false],
      [true, true],
      [false, true],
      [false, false],
    ])
    await world.end()
  })

  it('holds nothing that the server has refused; and comes back where its undo failed', async () => {
    const world = boardWorld()
    const { board, steps } = await openBoard(world)
    await expect(world.until(board.mutate.fail())).rejects.toMatchObject({ code: 'no' })
    expect(steps.canUndo.value).toBe(false)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    const undone = steps.undo()
    await world.until(Promise.all([undone.catch(() => {}), board.leave()]))
    await expect(undone).rejects.toMatchObject({ code: 'cancelled' })
    expect([steps.canUndo.value, steps.canRedo.value]).toEqual([true, false])
    await world.end()
  })
})

describe('undoing', () => {
  it('refuses what is no room, no pause, and a second one beside the first', async () => {
    const world = boardWorld()
    const { board } = await openBoard(world)
    const misuse = expect.objectContaining({ code: 'misuse' })
    expect(() => undoing({ mutate: {} })).toThrow(misuse)
    expect(() => undoing(board)).toThrow("room 'board' has an undoing already: close() it before")
    const another = await world.until(world.client().open(Board, { key: 'b' }))
    expect(() => undoing(another, { pause: -1 })).toThrow(misuse)
    await world.end()
  })

  it('can be ended and begun again, with what is under way', async () => {
    const world = boardWorld()
    const { board, steps, corrections } = await openBoard(world)
    await world.until(board.mutate.add({ id: 'a', x: 1 }))
    await world.advance('1s')
    const moved = board.mutate.move({ id: 'a', x: 2 })
    const undone = steps.undo()
    expect([xOf(board), steps.canUndo.value, steps.canRedo.value]).toEqual([1, true, true])
    steps.close()
    expect([xOf(board), steps.canUndo.value, steps.canRedo.value]).toEqual([1, false, false])
    using again = undoing(board)
    // A second time it does nothing to those that came after.
    steps.close()
    const written = board.mutate.write({ id: 'a', text: 'again' })
    expect([steps.canUndo.value, again.canUndo.value]).toEqual([false, true])
    expect(await world.until(steps.undo())).toMatchObject({ done: 0 })
    await world.until(Promise.all([moved, written]))
    expect(await world.until(undone)).toMatchObject({ done: 1 })
    expect(await world.until(again.undo())).toMatchObject({ done: 1, skipped: 0, forgotten: 0 })
    expect(board.state.cards.get('a')).toMatchObject({ x: 1, text: '' })
    // It knows what was done since it was made.
    expect([again.canUndo.value, steps.canRedo.value]).toEqual([false, false])
    expect(corrections).toEqual([])
    await world.end()
  })
})
