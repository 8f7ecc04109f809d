import { encodeFrame, FrameType, pack } from '@junto/protocol/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { Whiteboard } from '../whiteboard.fixture.ts'
import { watch } from './outcome.fixture.ts'
import { opening, ScriptedServer } from './scripted-server.fixture.ts'

// A server that lives and beats, and does not say the word that is waited for.

let server: ScriptedServer

beforeEach(() => {
  server = new ScriptedServer()
})

/** Lets time pass, with beats in it. */
async function pass(seconds: number): Promise<void> {
  for (let s = 0; s < seconds; s++) {
    await server.clock.advance('1s')
    server.socket.say([0, { type: FrameType.beat, time: s }])
  }
}

describe('a join that is not answered', () => {
  it('has a server that says nothing else asked whether it is there, and resumes by another line where it is not', async () => {
    const opened = watch(server.client.open(Whiteboard, { ...opening, patience: 60_000 }))
    server.accept()
    const join = server.lastJoin
    // A sign of life that was under way: nothing comes behind it.
    await pass(1)
    await server.clock.advance('7s')
    expect(server.received(FrameType.probe)).toHaveLength(1)
    await server.clock.advance('3500ms')
    expect(server.sockets.all).toHaveLength(2)
    server.resume({ replayed: [server.joined(join), server.snapshot(join.ref)] })
    await server.clock.settle()
    expect(opened.outcome).toMatchObject({ id: 'r1' })
  })

  it('is waited for as long as the server is there', async () => {
    const opened = watch(server.client.open(Whiteboard, opening))
    server.accept()
    await pass(22)
    expect(server.sockets.all).toHaveLength(1)
    server.admit(server.lastJoin)
    await server.clock.settle()
    expect(opened.outcome).toMatchObject({ id: 'r1' })
  })
})

describe('a snapshot that never comes', () => {
  it('ends the join after its deadline, and the room is left', async () => {
    const opened = watch(server.client.open(Whiteboard, opening))
    server.accept()
    server.socket.say(server.joined(server.lastJoin))
    await pass(14)
    expect(opened.outcome).toBe('pending')
    await pass(2)
    expect(opened.outcome).toMatchObject({
      code: 'timeout',
      message: "the state of room 'whiteboard' did not come within 15000 ms",
    })
    expect(server.received(FrameType.leave)).toMatchObject([{ ref: 1 }])
  })

  it('has the room of a rejoin asked for again', async () => {
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    const room = await opened
    server.socket.end()
    await server.clock.advance('1s')
    server.accept()
    await server.clock.settle()
    server.socket.say(server.joined(server.lastJoin))
    await pass(17)
    expect(room.status.value.state).toBe('reconnecting')
    expect(server.received(FrameType.join)).toHaveLength(2)
    server.admit(server.lastJoin)
    expect(room.status.value.state).toBe('joined')
  })

  it('is not one that takes long, as long as more of it comes', async () => {
    const opened = server.client.open(Whiteboard, opening)
    server.accept()
    const join = server.lastJoin
    server.socket.say(server.joined(join))
    const [ref, snapshot] = server.snapshot(join.ref)
    const bytes = [...pack(ref), ...encodeFrame(snapshot)]
    for (const [index, byte] of bytes.entries()) {
      await pass(10)
      const more = index < bytes.length - 1
      server.socket.say([0, { type: FrameType.part, more, bytes: Uint8Array.of(byte) }])
    }
    expect((await opened).state.title).toBe('Team A')
    expect(server.clock.pendingTimers).toBe(1)
  })
})

describe('a leave that is never answered', () => {
  it('counts as done after a while, and is reported', async () => {
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    const left = watch((await opened).leave())
    await pass(19)
    expect(left.outcome).toBe('pending')
    await pass(1)
    expect(left.outcome).toBeUndefined()
    expect(server.warnings).toMatchObject([
      { code: 'protocol', message: 'the server did not answer that a room was left' },
    ])
    expect(server.clock.pendingTimers).toBe(1)
  })

  it('leaves no timer behind when the client is closed', async () => {
    const opened = server.client.open(Whiteboard, opening)
    server.acceptAll()
    const left = watch((await opened).leave())
    await server.client.close()
    await server.clock.settle()
    expect(left.outcome).toBeUndefined()
    expect(server.clock.pendingTimers).toBe(0)
  })
})
