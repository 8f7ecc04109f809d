import { FrameType } from '@junto/protocol/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import type { JoinedRoom, Recovery } from '../index.ts'
import { Whiteboard } from '../whiteboard.fixture.ts'
import { opening, ScriptedServer } from './scripted-server.fixture.ts'

let server: ScriptedServer
let room: JoinedRoom<typeof Whiteboard>
let recoveries: Recovery[]

/** The joins that came over the present connection. */
const joins = () => server.received(FrameType.join)

beforeEach(async () => {
  server = new ScriptedServer()
  const opened = server.client.open(Whiteboard, opening)
  server.acceptAll()
  room = await opened
  recoveries = []
  room.onRecovery((recovery) => recoveries.push(recovery))
})

describe('a membership that the server ends', () => {
  it('is over once, also when its own end makes the program leave it', async () => {
    const states: string[] = []
    room.status.subscribe(() => states.push(room.status.value.state))
    room.answer('confirmClear', (_params, { signal }) => {
      signal.addEventListener('abort', () => void room.leave())
      return new Promise(() => {})
    })
    const id = server.layout.downByName.get('confirmClear')?.id ?? NaN
    server.socket.say([1, { type: FrameType.call, no: 1, id, params: ['eve'], timeout: 0, settle: 'visible' }])
    await server.clock.settle()
    server.socket.say(server.left(1, 'kicked'))
    expect(states).toEqual(['left'])
  })

  it.each(['kicked', 'closed', 'failed'])('is over: %s', async (reason) => {
    const pending = room.call.clear.try()
    await server.clock.settle()
    server.socket.say(server.left(1, reason, 'because'))
    expect(room.status.value).toMatchObject({ state: 'left', reason, message: 'because' })
    expect(await pending).toMatchObject({ code: 'outcome_unknown' })
    expect(recoveries).toEqual([])
    expect(server.received(FrameType.leave)).toEqual([])
    server.socket.end()
    expect(server.client.connection.state).toBe('idle')
  })

  it('comes back after a shutdown, when the connection does', async () => {
    server.socket.say(server.left(1, 'shutdown'))
    expect(room.status.value).toMatchObject({ state: 'reconnecting', error: { code: 'shutting_down' } })
    server.socket.end(4000, 'shutting_down')
    await server.clock.advance('1s')
    await server.acceptAnew()
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true }])
  })

  it('by a shutdown refuses a join that was not complete', async () => {
    const opened = server.client.open(Whiteboard, { ...opening, key: 'b' })
    const patient = server.client.open(Whiteboard, { ...opening, key: 'c', patience: Infinity })
    await server.clock.settle()
    const [, b, c] = joins()
    if (b === undefined || c === undefined) throw new Error('no joins')
    for (const join of [b, c]) {
      server.socket.say(server.joined(join), server.left(join.ref, 'shutdown'))
    }
    await expect(opened).rejects.toMatchObject({ code: 'shutting_down' })
    server.socket.end(4000)
    await server.clock.advance('1s')
    await server.acceptAnew()
    expect((await patient).key).toBe('c')
  })

  it('by a shutdown that is none is followed by another join, less and less often, as long as there is patience', async () => {
    const opened = server.client.open(Whiteboard, { ...opening, key: 'b', patience: Infinity })
    const patient = server.client.open(Whiteboard, { ...opening, key: 'c', patience: 30_000 })
    const outcome = expect(patient).rejects.toMatchObject({ code: 'shutting_down' })
    await server.clock.settle()
    let last = 1
    for (let round = 0; round < 60; round++) {
      for (const join of joins()) {
        if (join.ref > last) {
          server.socket.say(server.joined(join), server.left(join.ref, 'shutdown'))
        }
      }
      last = joins().at(-1)?.ref ?? 0
      await server.clock.advance('1s')
    }
    await outcome
    expect(joins().length).toBeGreaterThan(8)
    expect(joins().length).toBeLessThan(40)
    while (joins().at(-1)?.ref === last) await server.clock.advance('1s')
    server.admit(server.lastJoin)
    expect((await opened).key).toBe('b')
  })

  it('refuses a join that was not complete', async () => {
    const opened = server.client.open(Whiteboard, { ...opening, key: 'b' })
    await server.clock.settle()
    const join = server.lastJoin
    server.socket.say(server.joined(join), server.left(2, 'kicked', 'not you'))
    await expect(opened).rejects.toMatchObject({
      code: 'room_closed',
      message: expect.stringContaining('not you') as string,
    })
  })
})
