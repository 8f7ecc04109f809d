import { clientLimits } from '@junto/protocol'
import { type Live, type StateOf } from '@junto/schema'
import { FrameType, type SentFrame } from '@junto/protocol/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import type { JoinedRoom, Recovery } from '../index.ts'
import { Whiteboard } from '../whiteboard.fixture.ts'
import { emptyBoard, opening, ScriptedServer } from './scripted-server.fixture.ts'

type Board = Live<StateOf<typeof Whiteboard>>

let server: ScriptedServer
let room: JoinedRoom<typeof Whiteboard>
let recoveries: Recovery[]

beforeEach(async () => {
  await join()
})

async function join(options: ConstructorParameters<typeof ScriptedServer>[0] = {}): Promise<void> {
  server = new ScriptedServer(options, Whiteboard, { ...emptyBoard, strokes: { a: stroke('ada') } })
  const opened = server.client.open(Whiteboard, opening)
  server.acceptAll()
  room = await opened
  recoveries = []
  room.onRecovery((recovery) => recoveries.push(recovery))
}

const board = () => server.state as Board
const resyncs = () => server.received(FrameType.resync).length
const brokenPatch = (ref = 1): readonly [number, SentFrame] => [
  ref,
  { type: FrameType.patch, bytes: new Uint8Array([255, 255, 255]) },
]
const cleared = (by: string, ref = 1): readonly [number, SentFrame] => [
  ref,
  { type: FrameType.event, id: server.layout.downByName.get('cleared')?.id ?? NaN, payload: [by] },
]

/** A check of what the server has, or of what it would have to have. */
function check(changed: { version?: number; hash?: number } = {}): readonly [number, SentFrame] {
  const version = server.tree.version
  return [1, { type: FrameType.check, version, first: 0, count: 64, hash: server.hash(0, 64), ...changed }]
}

describe('a patch that the mirror refuses', () => {
  it('[M4] is repaired by a snapshot, without leaving the room, and told once', async () => {
    const told: string[] = []
    room.watch((state) => state.strokes, {
      added: (_value, key) => told.push(`+${key}`),
      changed: (_value, key) => told.push(`~${key}`),
      removed: (_value, key) => told.push(`-${key}`),
      after: () => told.push('after'),
    })
    told.length = 0
    const a = room.state.strokes.get('a')
    board().strokes.set('b', stroke('bob'))
    server.patch(1)
    server.socket.say(brokenPatch())
    board().title = 'B'
    // Under way when the server hears of it: for a version that this client does not have.
    server.socket.say(server.patch(1))
    await server.clock.settle()

    expect(resyncs()).toBe(1)
    expect(room.status.value.state).toBe('joined')
    expect(room.state.title).toBe('Team A')
    server.socket.say(server.snapshot(1))
    expect(room.state.title).toBe('B')
    expect(room.state.strokes.get('a')).toBe(a)
    expect(told).toEqual(['+b', 'after'])

    board().title = 'C'
    server.socket.say(server.patch(1))
    expect(room.state.title).toBe('C')
    expect(server.warnings).toMatchObject([{ code: 'protocol', message: expect.stringContaining('asked for anew') }])
    expect(server.received(FrameType.leave)).toEqual([])
    expect(recoveries).toEqual([])
  })

  it('[M4] [R13] keeps back what comes before the snapshot, and then delivers it in order, once', async () => {
    const happened: string[] = []
    room.on('cleared', ({ by }) => happened.push(`${by}: ${room.state.title}`))
    room.answer('confirmClear', ({ by }) => {
      happened.push(`asked by ${by}: ${room.state.title}`)
      return true
    })
    const called = room.call.clear().then(() => happened.push(`settled: ${room.state.title}`))
    await server.clock.settle()
    const [call] = server.received(FrameType.call)
    board().title = 'B'
    server.patch(1)
    const ask = server.layout.downByName.get('confirmClear')?.id ?? NaN
    server.socket.say(
      cleared('before'),
      brokenPatch(),
      cleared('eve'),
      [1, { type: FrameType.reply, no: call?.no ?? NaN, result: null }],
      [1, { type: FrameType.call, no: 1, id: ask, params: ['bob'], timeout: 0, settle: 'visible' }],
    )
    server.socket.say(cleared('ada'))
    await server.clock.settle()
    expect(happened).toEqual(['before: Team A'])
    server.socket.say(server.snapshot(1), cleared('zoe'))
    await called
    await server.clock.settle()
    expect(happened).toEqual(['before: Team A', 'eve: B', 'asked by bob: B', 'ada: B', 'zoe: B', 'settled: B'])
    expect(server.received(FrameType.reply)).toMatchObject([{ no: 1, result: true }])
  })

  it('lets the room talk meanwhile', async () => {
    server.socket.say(brokenPatch())
    expect(room.send.ping()).toBe('sent')
    const called = room.call.clear()
    await server.clock.settle()
    const [call] = server.received(FrameType.call)
    server.socket.say(server.snapshot(1), [1, { type: FrameType.reply, no: call?.no ?? NaN, result: null }])
    await called
  })

  it('and a membership that ends while what waited is delivered ends there', async () => {
    const heard: string[] = []
    room.on('cleared', ({ by }) => {
      heard.push(by)
      void room.leave()
    })
    await server.clock.settle()
    server.socket.say(brokenPatch(), cleared('eve'), cleared('ada'), server.snapshot(1))
    await server.clock.settle()
    expect(heard).toEqual(['eve'])
    expect(room.status.value.state).toBe('left')
  })

  it('that comes while nobody is connected any more costs nothing but the rejoin', async () => {
    server.socket.say(brokenPatch(), cleared('eve'))
    server.socket.end()
    await server.clock.advance('1s')
    await server.acceptAnew()
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true }])
    expect(room.state.title).toBe('Team A')
    await server.clock.advance('9s')
    expect(room.status.value.state).toBe('joined')
  })
})

describe('a check', () => {
  it('[M3] that fits says nothing', async () => {
    board().strokes.set('b', stroke('bob'))
    server.socket.say(server.patch(1), check())
    await server.clock.settle()
    expect(resyncs()).toBe(0)
    expect(server.warnings).toEqual([])
  })

  it('[M3] [M4] finds a mirror that was changed by hand, which a snapshot repairs', async () => {
    const changes: string[] = []
    room.watch((state) => state.strokes, {
      changed: (value, key) => changes.push(`${key} ${value.by}`),
      after: () => changes.push('after'),
    })
    const a: { by: string } | undefined = room.state.strokes.get('a')
    if (a === undefined) throw new Error('no stroke')
    a.by = 'mallory'
    changes.length = 0
    server.socket.say(check())
    await server.clock.settle()
    expect(resyncs()).toBe(1)
    server.socket.say(server.snapshot(1), check())
    await server.clock.settle()
    expect(room.state.strokes.get('a')?.by).toBe('ada')
    expect(changes).toEqual(['a ada', 'after'])
    expect(resyncs()).toBe(1)
    expect(server.warnings).toHaveLength(1)
  })

  it.each<[string, object]>([
    ['another hash', { hash: 1 }],
    ['another version', { version: 7 }],
  ])('[M4] with %s than the mirror is no match', async (_name, changed) => {
    server.socket.say(check(changed), check(changed))
    await server.clock.settle()
    expect(resyncs()).toBe(1)
  })
})

describe('a repair that does not come about', () => {
  /** Answers the join that followed the damage. */
  async function rejoined(): Promise<void> {
    await server.clock.advance('1s')
    expect(server.received(FrameType.leave)).toHaveLength(1)
    expect(room.status.value.state).toBe('reconnecting')
    server.admit(server.lastJoin)
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true }])
    expect(server.sockets.all).toHaveLength(1)
  }

  it('because no snapshot comes: the room is joined afresh', async () => {
    const pending = room.call.clear.try(undefined, { timeout: 60_000 })
    server.socket.say(brokenPatch())
    for (let n = 0; n < 3; n++) {
      await server.clock.advance('5s')
      server.socket.say([0, { type: FrameType.beat, time: 0 }])
    }
    await rejoined()
    expect(await pending).toMatchObject({ code: 'outcome_unknown' })
  })

  it('because its snapshot is damaged: the room is joined afresh', async () => {
    server.socket.say(brokenPatch(), [1, { type: FrameType.snapshot, bytes: new Uint8Array([1, 2, 3]) }])
    await rejoined()
  })

  it('because too much comes before it: the room is joined afresh', async () => {
    await join({ limits: clientLimits({ maxHeld: 5000 }) })
    const heard: string[] = []
    room.on('cleared', ({ by }) => heard.push(by))
    server.socket.say(brokenPatch())
    // Patches are not kept, and do not count.
    for (let n = 0; n < 10; n++) server.socket.say([1, { type: FrameType.patch, bytes: new Uint8Array(5000) }])
    for (let n = 0; n < 4; n++) server.socket.say(cleared('x'.repeat(1000)))
    await server.clock.settle()
    expect(server.received(FrameType.leave)).toEqual([])
    server.socket.say(cleared('x'.repeat(1000)))
    await rejoined()
    expect(heard).toEqual([])
  })

  it('because it did not help: the room is joined afresh, and lost when that does not help either', async () => {
    let ref = 1
    for (let n = 1; room.status.value.state !== 'left'; n++) {
      expect(n).toBeLessThan(15)
      server.socket.say(brokenPatch(ref))
      await server.clock.advance('1s')
      const again = server.received(FrameType.join).at(-1)
      if (again !== undefined && again.ref !== ref) {
        ref = again.ref
        server.admit(again)
      } else if (room.status.value.state === 'joined') {
        server.socket.say(server.snapshot(ref))
      }
    }
    expect(resyncs()).toBe(3)
    expect(recoveries.filter(({ outcome }) => outcome === 'resynced')).toHaveLength(5)
    expect(room.status.value).toMatchObject({ state: 'left', reason: 'lost', error: { code: 'bad_message' } })
  })

  it('counts anew after a time of health', async () => {
    for (let n = 1; n <= 6; n++) {
      server.socket.say(brokenPatch(), server.snapshot(1))
      await server.clock.settle()
      expect(resyncs()).toBe(n)
      // The watchdog wants to hear something.
      for (let beat = 0; beat < 7; beat++) {
        server.socket.say([0, { type: FrameType.beat, time: 0 }])
        await server.clock.advance('10s')
      }
    }
    expect(recoveries).toEqual([])
  })
})

describe('a room whose state does not fit', () => {
  it('is not joined at all when its snapshot is damaged', async () => {
    const opened = server.client.open(Whiteboard, { ...opening, key: 'b' })
    await server.clock.settle()
    server.socket.say(server.joined(server.lastJoin), [
      2,
      { type: FrameType.snapshot, bytes: new Uint8Array([1, 2, 3]) },
    ])
    await expect(opened).rejects.toMatchObject({ code: 'bad_message' })
    await server.clock.settle()
    expect(server.received(FrameType.leave)).toMatchObject([{ ref: 2 }])
  })
})

function stroke(by: string) {
  return { by, color: 1, points: [] }
}
