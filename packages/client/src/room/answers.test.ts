import { FrameType } from '@junto/protocol/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import type { JoinedRoom } from '../index.ts'
import { opening, ScriptedServer } from '../session/scripted-server.fixture.ts'
import { Whiteboard } from '../whiteboard.fixture.ts'

let server: ScriptedServer
let room: JoinedRoom<typeof Whiteboard>
let lastNo = 0

/** The server asks for the consent of this client. */
function ask(timeout = 0, params: unknown = ['eve'], name = 'confirmClear'): number {
  const id = server.layout.downByName.get(name)?.id ?? NaN
  server.socket.say([1, { type: FrameType.call, no: ++lastNo, id, params, timeout, settle: 'visible' }])
  return lastNo
}

beforeEach(async () => {
  lastNo = 0
  server = new ScriptedServer()
  const opened = server.client.open(Whiteboard, opening)
  server.acceptAll()
  room = await opened
})

describe('an answer', () => {
  it('gets the decoded parameters; its result goes back, at once or later', async () => {
    const asked: unknown[] = []
    const end = room.answer('confirmClear', (params) => {
      asked.push(params)
      return true
    })
    ask()
    end()
    room.answer('confirmClear', async () => false)
    ask()
    await server.clock.settle()
    expect(asked).toEqual([{ by: 'eve' }])
    expect(server.received(FrameType.reply)).toMatchObject([
      { no: 1, result: true },
      { no: 2, result: false },
    ])
  })

  it('is asked for also where the call has no result', async () => {
    const answers = [Promise.resolve(), Promise.reject(new Error('no hand free'))]
    room.answer('wave', () => answers.shift())
    ask(0, null, 'wave')
    ask(0, null, 'wave')
    await server.clock.settle()
    expect(answers).toEqual([])
    expect(server.received(FrameType.reply)).toMatchObject([{ no: 1, result: null }])
    expect(server.received(FrameType.failed)).toMatchObject([{ no: 2, code: 'internal' }])
  })

  it('raises declared errors with their data', async () => {
    room.answer('confirmClear', (_params, { error }) => {
      throw error('busy', { until: 9 })
    })
    ask()
    await server.clock.settle()
    expect(server.received(FrameType.failed)).toMatchObject([
      { no: 1, code: 0, message: 'confirmClear failed: busy', data: [9] },
    ])
    expect(server.warnings).toEqual([])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret')
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['returns something else', () => 'yes' as unknown as boolean],
  ])('that %s is internal for the server, and reported here', async (_name, answer) => {
    room.answer('confirmClear', answer)
    ask()
    await server.clock.settle()
    expect(server.received(FrameType.failed)).toMatchObject([
      { code: 'internal', message: "the answer to 'confirmClear' failed" },
    ])
    expect(server.warnings).toMatchObject([{ code: 'fault' }])
  })

  it('that raises what its call does not declare has failed', async () => {
    room.answer('confirmClear', (_params, { error }) => {
      throw (error as (code: string, data: unknown) => Error)('asleep', null)
    })
    ask()
    await server.clock.settle()
    expect(server.received(FrameType.failed)).toMatchObject([{ code: 'internal' }])
    expect(server.warnings).toMatchObject([
      { code: 'fault', message: expect.stringContaining('confirmClear failed: asleep') as string },
    ])
  })

  it('hears by its signal that nobody waits any more, and is not reported for that', async () => {
    const reasons: unknown[] = []
    room.answer(
      'confirmClear',
      (_params, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason)
            reject(new Error('stopped'))
          })
        }),
    )
    ask(100)
    const no = ask()
    await server.clock.advance(100)
    server.socket.say([1, { type: FrameType.cancel, no }])
    await server.clock.settle()
    expect(reasons).toMatchObject([{ code: 'timeout' }, { code: 'cancelled' }])
    expect(server.warnings).toEqual([])
  })

  it('is refused wrong parameters', async () => {
    room.answer('confirmClear', () => true)
    ask(0, [7])
    await server.clock.settle()
    expect(server.received(FrameType.failed)).toMatchObject([{ code: 'invalid' }])
  })

  it('is the only one of its call', () => {
    const end = room.answer('confirmClear', () => true)
    expect(() => room.answer('confirmClear', () => true)).toThrow(expect.objectContaining({ code: 'misuse' }))
    end()
    room.answer('confirmClear', () => true)
  })
})

describe('a call that nothing answers', () => {
  it('waits for the first answer while the program starts', async () => {
    ask()
    ask()
    await server.clock.advance('2s')
    room.answer('confirmClear', () => true)
    await server.clock.settle()
    expect(server.received(FrameType.reply)).toHaveLength(2)
    expect(server.warnings).toEqual([])
  })

  it('is unsupported after a while, and reported by name', async () => {
    ask()
    await server.clock.advance('5s')
    expect(server.received(FrameType.failed)).toMatchObject([{ code: 'unsupported' }])
    expect(server.warnings).toMatchObject([
      { code: 'unheard', message: expect.stringContaining("room.answer('confirmClear'") as string },
    ])
  })

  it.each(['timed out', 'cancelled'])('is reported by name, too, when it was %s before that', async (how) => {
    const no = ask(how === 'timed out' ? 1_000 : 0)
    if (how === 'cancelled') server.socket.say([1, { type: FrameType.cancel, no }])
    await server.clock.advance('1s')
    expect(server.warnings).toMatchObject([
      { code: 'unheard', message: expect.stringContaining("room.answer('confirmClear'") as string },
    ])
    await server.clock.advance('5s')
    expect(server.warnings).toHaveLength(1)
  })

  it('is not reported when the session was lost', async () => {
    ask()
    server.socket.end()
    await server.clock.advance('1s')
    server.accept()
    await server.clock.advance('10s')
    expect(server.warnings).toEqual([])
  })

  it('is unsupported at once when there had been an answer', async () => {
    room.answer('confirmClear', () => true)()
    ask()
    await server.clock.settle()
    expect(server.received(FrameType.failed)).toMatchObject([{ code: 'unsupported' }])
  })

  it('leaves nothing behind when the server gives up, or the room ends', async () => {
    const no = ask()
    server.socket.say([1, { type: FrameType.cancel, no }])
    ask()
    void room.leave()
    server.socket.end()
    await server.clock.advance('10s')
    expect(server.client.connection.state).toBe('idle')
    expect(server.clock.pendingTimers).toBe(0)
  })
})
