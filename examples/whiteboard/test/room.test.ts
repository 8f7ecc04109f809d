import { optimistic, undoing, type JoinedRoom, type JuntoClient, type Undoing } from '@junto/client'
import { provide } from '@junto/server'
import { createWorld, type World } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { Whiteboard } from '../contract.ts'
import { whiteboardMutators } from '../mutators.ts'
import { BoardLimits, WhiteboardRoom } from '../room.ts'

interface Visit {
  readonly client: JuntoClient
  readonly room: JoinedRoom<typeof Whiteboard>
  readonly steps: Undoing
  readonly told: string[]
}

/** A board 150 ms away, give or take 50. */
function board(seed = 1, strokes = 100): World {
  return createWorld({
    seed,
    rooms: [[Whiteboard, WhiteboardRoom, { authenticate: ({ token = '' }) => ({ id: token }) }]],
    network: { latency: 50, jitter: 50 },
    server: { services: [provide(BoardLimits, new BoardLimits(strokes))] },
  })
}

async function visit(world: World, name: string): Promise<Visit> {
  const client = world.client({ auth: () => name })
  const opening = client.open(Whiteboard, {
    key: 'b',
    join: { name, awake: true },
    options: { title: 'B' },
    mutators: optimistic(whiteboardMutators),
  })
  const room = await world.until(opening)
  const told: string[] = []
  room.on('cleared', ({ by }) => told.push(`cleared by ${by}`))
  room.answer('confirmClear', () => true)
  return { client, room, steps: undoing(room, { pause: 0 }), told }
}

const line = (id: string, y: number): Parameters<JoinedRoom<typeof Whiteboard>['mutate']['add']>[0] => ({
  id: `stroke-${id}`,
  color: 1,
  width: 7,
  points: [
    [100, y],
    [200, y],
  ],
})
const idsOf = ({ room }: Visit): string[] => [...room.state.strokes.keys()].toSorted()
const all = ({ room }: Visit): object => Object.fromEntries(room.state.strokes)

describe('a board 150 ms away', () => {
  it('shows at once what one draws and erases, and to all the same in the end', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const world = board(seed)
      const [ada, grace] = [await visit(world, 'Ada'), await visit(world, 'Grace')]
      const both = [ada.room.mutate.add(line('a', 100)), grace.room.mutate.add(line('b', 200))]
      expect(idsOf(ada)).toEqual(['stroke-a'])
      expect(idsOf(grace)).toEqual(['stroke-b'])
      await world.until(Promise.all(both))
      await world.advance('1s')
      const erased = ada.room.mutate.erase({ ids: ['stroke-b'] })
      expect(idsOf(ada)).toEqual(['stroke-a'])
      expect(idsOf(grace)).toEqual(['stroke-a', 'stroke-b'])
      await world.until(erased)
      await world.advance('1s')
      expect(idsOf(grace)).toEqual(['stroke-a'])
      expect(all(ada)).toEqual(all(grace))
      await world.close()
    }
  })

  it('does not flicker when what one drew is confirmed, while others draw', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const world = board(seed)
      const [ada, grace] = [await visit(world, 'Ada'), await visit(world, 'Grace')]
      const seen: string[] = []
      ada.room.watch((state) => state.strokes, {
        added: (_stroke, id) => seen.push(`+${id}`),
        removed: (_stroke, id) => seen.push(`-${id}`),
      })
      void ada.room.mutate.add(line('a', 100))
      void grace.room.mutate.add(line('b', 200))
      void ada.room.mutate.add(line('c', 300))
      const drawn = ada.room.state.strokes.get('stroke-a')
      await world.advance('1s')
      expect(seen.toSorted()).toEqual(['+stroke-a', '+stroke-b', '+stroke-c'])
      expect(ada.room.state.strokes.get('stroke-a')).toBe(drawn)
      expect(all(ada)).toEqual(all(grace))
      await world.close()
    }
  })

  it('takes a stroke back that finds no place, and says why', async () => {
    const world = board(1, 1)
    const [ada, grace] = [await visit(world, 'Ada'), await visit(world, 'Grace')]
    await world.until(grace.room.mutate.add(line('b', 200)))
    const corrections: string[] = []
    ada.room.onCorrection(({ kind, mutation }) => corrections.push(`${mutation} ${kind}`))
    await world.advance('1s')
    const outcome = ada.room.mutate.add.try(line('a', 100))
    expect(idsOf(ada)).toEqual(['stroke-a', 'stroke-b'])
    expect(await world.until(outcome)).toMatchObject({ ok: false, code: 'full', data: { limit: 1 } })
    expect(idsOf(ada)).toEqual(['stroke-b'])
    expect(corrections).toEqual(['add rejected'])
    expect(ada.steps.canUndo.value).toBe(false)
    await world.close()
  })

  it('adds a stroke once, though it is sent again', async () => {
    const world = board()
    const ada = await visit(world, 'Ada')
    await world.until(ada.room.mutate.add(line('a', 100)))
    const before = all(ada)
    await world.until(ada.room.mutate.add({ ...line('a', 300), color: 2 }))
    expect(all(ada)).toEqual(before)
    await world.close()
  })

  it('shows lines as they grow, and forgets those of who is gone', async () => {
    const world = board()
    const [ada, grace] = [await visit(world, 'Ada'), await visit(world, 'Grace')]
    const penOfAda = (): readonly (readonly [number, number])[] | undefined =>
      grace.room.state.pens.get(ada.room.memberId)?.points
    const piece = { id: 'stroke-a', color: 1, width: 7 }
    ada.room.send.ink({ ...piece, from: 0, points: [[1, 1]] })
    ada.room.send.ink({ ...piece, from: 1, points: [[2, 2]] })
    // Behind a gap, and of another line: it has not come whole, and waits for the stroke.
    ada.room.send.ink({ ...piece, from: 5, points: [[9, 9]] })
    ada.room.send.ink({ ...piece, id: 'stroke-b', from: 2, points: [[9, 9]] })
    await world.advance('1s')
    expect(penOfAda()).toEqual([
      [1, 1],
      [2, 2],
    ])
    ada.room.send.ink({ ...piece, from: 0, points: [[3, 3]] })
    await world.advance('1s')
    expect(penOfAda()).toEqual([[3, 3]])
    ada.room.send.lift()
    await world.advance('1s')
    expect(penOfAda()).toBeUndefined()
    ada.room.send.ink({ ...piece, from: 0, points: [[1, 1]] })
    await world.advance('1s')
    await world.until(ada.room.leave())
    await world.advance('1s')
    expect(penOfAda()).toBeUndefined()
    await world.close()
  })
})

describe('undo', () => {
  it('takes back what one has done oneself, in the same moment, while others draw', async () => {
    const world = board()
    const [ada, grace] = [await visit(world, 'Ada'), await visit(world, 'Grace')]
    await world.until(ada.room.mutate.add(line('a', 100)))
    void grace.room.mutate.add(line('b', 200))
    await world.advance('1s')
    void grace.room.mutate.add(line('c', 300))
    const undone = ada.steps.undo()
    expect(idsOf(ada)).toEqual(['stroke-b'])
    expect(await world.until(undone)).toMatchObject({ done: 1, skipped: 0 })
    await world.advance('1s')
    expect([idsOf(ada), idsOf(grace)]).toEqual([
      ['stroke-b', 'stroke-c'],
      ['stroke-b', 'stroke-c'],
    ])
    await world.until(ada.steps.redo())
    await world.advance('1s')
    expect(idsOf(grace)).toEqual(['stroke-a', 'stroke-b', 'stroke-c'])
    expect(all(ada)).toEqual(all(grace))
    await world.close()
  })

  it('of a drag of the eraser puts all back where it was, but what somebody else has erased stays gone', async () => {
    const world = board()
    const [ada, grace] = [await visit(world, 'Ada'), await visit(world, 'Grace')]
    for (const [index, id] of ['a', 'b', 'c'].entries()) void grace.room.mutate.add(line(id, index))
    await world.advance('1s')
    const before = all(ada)
    const end = ada.steps.group()
    void ada.room.mutate.erase({ ids: ['stroke-a'] })
    await world.advance('200ms')
    void ada.room.mutate.erase({ ids: ['stroke-c', 'stroke-b'] })
    end()
    await world.advance('1s')
    expect(idsOf(grace)).toEqual([])
    await world.until(ada.steps.undo())
    await world.advance('1s')
    // As they were, with the times that say which one lies above which.
    expect([all(ada), all(grace)]).toEqual([before, before])
    await world.until(grace.room.mutate.erase({ ids: ['stroke-b'] }))
    await world.advance('1s')
    await world.until(ada.steps.redo())
    await world.until(ada.steps.undo())
    await world.advance('1s')
    expect([idsOf(ada), idsOf(grace)]).toEqual([
      ['stroke-a', 'stroke-c'],
      ['stroke-a', 'stroke-c'],
    ])
    await world.close()
  })

  it('made offline, of what was made offline, arrives with it', async () => {
    const world = board()
    const [ada, grace] = [await visit(world, 'Ada'), await visit(world, 'Grace')]
    await world.until(ada.room.mutate.add(line('a', 100)))
    world.offline(ada.client)
    void ada.room.mutate.add(line('b', 200))
    await world.advance('1s')
    void ada.room.mutate.add(line('c', 300))
    void ada.steps.undo()
    void grace.room.mutate.add(line('d', 400))
    await world.advance('5s')
    expect([idsOf(ada), idsOf(grace)]).toEqual([
      ['stroke-a', 'stroke-b'],
      ['stroke-a', 'stroke-d'],
    ])
    world.online(ada.client)
    await world.advance('5s')
    expect(idsOf(grace)).toEqual(['stroke-a', 'stroke-b', 'stroke-d'])
    expect(all(ada)).toEqual(all(grace))
    await world.close()
  })
})

describe('clearing', () => {
  it('is refused to who has not asked, and shown no more', async () => {
    const world = board()
    const ada = await visit(world, 'Ada')
    await world.until(ada.room.mutate.add(line('a', 100)))
    const outcome = ada.room.mutate.clear.try()
    expect(idsOf(ada)).toEqual([])
    expect(await world.until(outcome)).toMatchObject({ ok: false, code: 'unasked' })
    expect(idsOf(ada)).toEqual(['stroke-a'])
    await world.close()
  })

  it('is one step of undo, once the others have agreed', async () => {
    const world = board()
    const [ada, grace] = [await visit(world, 'Ada'), await visit(world, 'Grace')]
    for (let i = 0; i < 20; i += 1)
      void (i % 2 === 0 ? ada : grace).room.mutate.add(line(String(i).padStart(2, '0'), i))
    await world.advance('1s')
    const before = all(grace)
    await world.until(ada.room.call.askToClear())
    await world.until(ada.room.mutate.clear())
    await world.advance('1s')
    expect(idsOf(grace)).toEqual([])
    expect(grace.told).toEqual(['cleared by Ada'])
    expect(await world.until(ada.steps.undo())).toMatchObject({ skipped: 0 })
    await world.advance('1s')
    expect([all(ada), all(grace)]).toEqual([before, before])
    // Asked once, cleared once.
    expect(await world.until(ada.room.mutate.clear.try())).toMatchObject({ ok: false, code: 'unasked' })
    await world.close()
  })
})
