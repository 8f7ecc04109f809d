import { JuntoClient, optimistic, type OpenSocket, type Recovery } from '@junto/client'
import { clientLimits } from '@junto/protocol'
import { encodeFrame, FrameType, MessageReader, MessageWriter, parseServerFrame } from '@junto/protocol/internal'
import { describe, expect, it } from 'vitest'
import { createWorld, type World } from '../../src/index.ts'
import { Board, boardMutators, BoardRoom, boardWorld, openBoard } from './board.fixture.ts'

const edits = (log: readonly string[]): string => log.map((text) => text.slice(0, -1)).join(' ')

describe('mutations without a connection', () => {
  it('[U1] [U6] show, wait, and arrive once and in order when it is back, as the same objects', async () => {
    const world = boardWorld()
    const { client, board, corrections, told } = await openBoard(world)
    const other = await openBoard(world)
    world.offline(client)
    const results = ['a', 'b', 'c'].map((text) => board.mutate.noted({ text }))
    const added = board.mutate.add({ x: 5 })
    const [id = ''] = board.state.shapes.keys()
    const moved = board.mutate.move({ id, x: 6 })
    const shape = board.state.shapes.get(id)
    expect(edits(board.state.log)).toBe('a b c')
    expect(shape?.x).toBe(6)
    await world.advance('30s')
    expect(edits(board.state.log)).toBe('a b c')
    expect(other.board.state.log).toEqual([])
    told()
    world.online(client)
    await world.until(Promise.all([...results, added, moved]))
    expect(edits(other.board.state.log)).toBe('a b c')
    expect(board.state.shapes.get(id)).toBe(shape)
    expect(other.board.state.shapes.get(id)?.x).toBe(6)
    expect([corrections, told()]).toEqual([[], []])
    await world.end()
  })

  it('that arrived before it was lost are confirmed by what the resume brings', async () => {
    const world = boardWorld()
    const { client, board, corrections } = await openBoard(world)
    const noted = board.mutate.noted({ text: 'a' })
    // It is on its way; what comes of it never comes back on this line.
    await world.advance('80ms')
    world.cut(client)
    expect(edits(board.state.log)).toBe('a')
    await world.until(noted)
    expect(edits(board.state.log)).toBe('a')
    expect(corrections).toEqual([])
    await world.end()
  })

  it('[U8] go over to the next seat, with their ids, when the server has forgotten the session and they never left', async () => {
    const world = boardWorld({ server: { limits: { resumeWindow: 5_000 } } })
    const { client, board, corrections } = await openBoard(world)
    // Somebody keeps the room there.
    const other = await openBoard(world)
    const before = board.memberId
    const recoveries: Recovery[] = []
    board.onRecovery((recovery) => void recoveries.push(recovery))
    world.cut(client)
    world.offline(client)
    await world.advance('1s')
    const added = board.mutate.add({ x: 5 })
    const [id = ''] = board.state.shapes.keys()
    const moved = board.mutate.move({ id, x: 6 })
    const shape = board.state.shapes.get(id)
    await world.advance('20s')
    expect(board.state.shapes.get(id)?.x).toBe(6)
    world.online(client)
    expect(await world.until(added)).toEqual({ id })
    await world.until(moved)
    expect(recoveries).toEqual([expect.objectContaining({ outcome: 'resynced', rejoined: true })])
    expect(board.memberId).not.toBe(before)
    expect(board.state.shapes.get(id)).toBe(shape)
    expect(shape).toEqual({ x: 6, by: board.memberId, tags: [] })
    expect(other.board.state.shapes.get(id)?.x).toBe(6)
    // The first showed the id of the former member.
    expect(corrections).toEqual([])
    await world.end()
  })

  it('of which nobody knows whether they arrived are taken back; those that may run twice are sent again', async () => {
    const world = boardWorld({ server: { limits: { resumeWindow: 5_000 } } })
    const { client, board, corrections } = await openBoard(world)
    const other = await openBoard(world)
    const { id } = await world.until(board.mutate.add({ x: 1 }))
    world.stall(client)
    const noted = board.mutate.noted({ text: 'a' })
    const moved = board.mutate.move({ id, x: 7 })
    await world.advance('1s')
    world.cut(client)
    world.offline(client)
    await world.advance('20s')
    expect([edits(board.state.log), board.state.shapes.get(id)?.x]).toEqual(['a', 7])
    world.online(client)
    await expect(world.until(noted)).rejects.toMatchObject({ code: 'outcome_unknown' })
    expect(edits(board.state.log)).toBe('')
    await world.until(moved)
    expect(other.board.state.shapes.get(id)?.x).toBe(7)
    expect(board.state.moves).toBe(1)
    expect(corrections).toEqual([expect.objectContaining({ kind: 'rejected', mutation: 'noted' })])
    await world.end()
  })

  it('end with the room, and are no corrections then', async () => {
    const world = boardWorld()
    const { client, board, corrections } = await openBoard(world)
    world.offline(client)
    const noted = board.mutate.noted({ text: 'a' })
    const refused = expect(noted).rejects.toMatchObject({ code: 'cancelled' })
    await world.until(board.leave())
    await refused
    expect(board.state.log).toEqual([])
    expect(corrections).toEqual([])
    await world.end()
  })

  it('of which hundreds fail at once are taken back as one', async () => {
    const world = boardWorld({ server: { limits: { resumeWindow: 5_000 } } })
    const { client, board, corrections } = await openBoard(world)
    await openBoard(world)
    let runs = 0
    const counting = optimistic({
      ...boardMutators,
      noted: (...given: Parameters<typeof boardMutators.noted>) => {
        runs++
        return boardMutators.noted(...given)
      },
    })
    const busy = await world.until(client.open(Board, { key: 'b', mutators: counting }))
    const changes: number[] = []
    busy.watch((state) => state.log, { after: (log) => changes.push(log.length) })
    const keeper = await world.until(world.client().open(Board, { key: 'b' }))
    const results: Promise<unknown>[] = []
    world.stall(client)
    for (let n = 0; n < 300; n++) results.push(busy.mutate.noted({ text: `${n}` }))
    expect([runs, changes.at(-1)]).toEqual([300, 300])
    await world.advance('1s')
    world.cut(client)
    world.offline(client)
    await world.advance('20s')
    world.online(client)
    const outcomes = await world.until(Promise.allSettled(results))
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']))
    expect(changes.slice(300)).toEqual([0])
    expect(runs).toBe(300)
    expect([board.state.log, keeper.state.log, corrections]).toEqual([[], [], []])
    await world.end()
  })
})

describe('mutations while the state is repaired', () => {
  it('show again with the snapshot, those that were made meanwhile too', async () => {
    const world = boardWorld()
    let isLosing = false
    const { clock, network } = world
    const client = new JuntoClient({
      url: network.url,
      clock,
      onWarning: (warning) => world.warnings.push(warning),
      socket: losingPatches(world, () => isLosing),
    })
    const board = await world.until(client.open(Board, { key: 'a', mutators: optimistic(boardMutators) }))
    const other = await openBoard(world)
    const shown: string[] = []
    board.watch((state) => state.log, { after: (log) => shown.push(edits(log)) })
    isLosing = true
    await world.until(other.board.mutate.noted({ text: 'lost' }))
    isLosing = false
    const theirs = other.board.mutate.noted({ text: 'theirs' })
    await world.advance('60ms')
    const ours = board.mutate.noted({ text: 'ours' })
    // The patch comes for another version than this one: what is shown stays until it is repaired.
    await world.advance('100ms')
    expect(world.warnings.map(({ code }) => code)).toEqual(['protocol'])
    const later = board.mutate.noted({ text: 'later' })
    expect(edits(board.state.log)).toBe('ours later')
    await world.until(Promise.all([theirs, ours, later]))
    expect(edits(board.state.log)).toBe('lost theirs ours later')
    expect(shown).toEqual(['ours', 'ours later', 'lost theirs ours later'])
    await client.close()
    await world.end()
  })
})

describe('mutations in a room that ticks', () => {
  it('show at once, are confirmed by the stamp of a tick, and may be answered before', async () => {
    const world = createWorld({
      rooms: [[Board, BoardRoom, { tickRate: 20, patchRate: 2 }]],
      network: { latency: 75 },
    })
    const { board, corrections, told } = await openBoard(world)
    const quick = board.mutate.add({ x: 1 }, { settle: 'reply' })
    const [id = ''] = board.state.shapes.keys()
    await world.until(quick)
    const moved = board.mutate.move({ id, x: 70 })
    expect(board.state.shapes.get(id)?.x).toBe(70)
    expect(corrections).toEqual([])
    await world.until(moved)
    expect(board.state.shapes.get(id)?.x).toBe(50)
    expect(told()).toEqual([`added ${id} 1`, `changed ${id} 70`, `changed ${id} 50`])
    expect(corrections).toEqual([{ kind: 'corrected', mutation: 'move', n: 2 }])
    await world.end()
  })
})

/** Sockets on which patches get lost while that is wanted. */
function losingPatches(world: World, isLosing: () => boolean): OpenSocket {
  const reader = new MessageReader(clientLimits(), parseServerFrame)
  return (url, _subprotocol, events) =>
    world.network.connect(url, {
      open: () => events.open(),
      close: (code, reason) => events.close(code, reason),
      message: (data) => {
        if (typeof data === 'string') throw new Error('text came')
        const writer = new MessageWriter({ maxMessage: 1 << 24, maxFrame: 1 << 24 })
        reader.read(data, (room, frame) => {
          if (frame.type === FrameType.unknown || frame.type === FrameType.unfitJoin) throw new Error('unknown')
          if (frame.type !== FrameType.patch || !isLosing()) writer.add(room, encodeFrame(frame))
        })
        for (let message = writer.take(); message !== undefined; message = writer.take()) events.message(message)
      },
    })
}
