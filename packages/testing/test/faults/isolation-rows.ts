import { FrameType } from '@junto/protocol/internal'
import type { JoinedFrame, LeftFrame, RefusedFrame } from '@junto/protocol/internal'
import { MemoryGauge, provide } from '@junto/server'
import { expect } from 'vitest'
import type { Attack, Count, Row } from './rows.ts'
import { joinAttacked, limits, seen } from './target.ts'
import type { Target } from './target.ts'
import { soon } from './soon.ts'

let keys = 0

/** What a caller hears: without what is nobody's business, and where it is to be found. */
const handlerFailed = "internal: call fail: the handler failed; the server's log says why"

/** A key of its own for each room; before the colon stands what goes wrong in it. */
function key(wrong: string): string {
  return `${wrong}:${++keys}`
}

function faults(by: number): Count {
  return { counter: 'room_faults', labels: { room: 'attacked' }, by }
}

function handler(how: string): Attack {
  return {
    name: how,
    counts: [faults(1)],
    run: async (target) => {
      const room = key('fine')
      const ada = await target.joined(room)
      const bo = await target.joined(room)
      expect(await ada.call('fail', { how })).toBe(handlerFailed)
      expect(seen.errors.filter((line) => line.startsWith(room))).toEqual([`${room} call fail`])
      // The room and both of its members go on.
      await Promise.all([ada.moreTicks(2), bo.moreTicks(2)])
      expect(await ada.call('echo', { n: 7 })).toEqual({ n: 7 })
      expect(await bo.call('echo', { n: 8 })).toEqual({ n: 8 })
      ada.peer.close()
      bo.peer.close()
    },
  }
}

/** Something that goes wrong again and again: the room is closed, and its members are told. */
function repeated(where: string): Attack {
  return {
    name: `${where}, repeated: that room closes`,
    counts: [faults(limits.roomFaults + 1)],
    run: async (target) => {
      const room = key(where)
      const member = await target.joined(room)
      const { reason } = await member.left()
      expect(reason).toBe('failed')
      expect(seen.errors.filter((line) => line.startsWith(room))).toHaveLength(limits.roomFaults + 1)
      await soon(() => expect(seen.disposed).toContain(room))
      // The connection is as good as before.
      member.peer.send(joinAttacked(2, key('fine')))
      await member.peer.frame<JoinedFrame>(FrameType.joined)
      member.peer.close()
    },
  }
}

/** The client asks for a room that cannot be made, or not be joined. */
async function joinFails(target: Target, room: string): Promise<RefusedFrame> {
  const peer = await target.greeted()
  peer.send(joinAttacked(1, room))
  const refused = await peer.frame<RefusedFrame>(FrameType.refused)
  expect(refused.message).not.toContain('wrong in')
  peer.close()
  return refused
}

/** How full the memory is, as the test has it. */
class TestGauge extends MemoryGauge {
  share = 0.5

  override used(): number {
    return this.share
  }
}

const gauge = new TestGauge()

/** What went wrong in a room's code: section E. */
export const isolationRows: readonly Row[] = [
  {
    fault: "a handler throws, rejects or emits error → an error reply; that room's onError; others keep ticking",
    attacks: ['throw', 'throw nothing', 'reject', 'emit error', 'getter', 'no number'].map(handler),
  },
  {
    fault: 'a throw in tick, timer, onJoin, onLeave, onDispose or a getter → the same; repeated: that room closes',
    attacks: [
      repeated('tick'),
      repeated('timer'),
      {
        name: 'onJoin: the join is refused, the room lives',
        counts: [faults(1), { counter: 'joins_refused', labels: { code: 'room_failed' } }],
        run: async (target) => {
          const room = key('onJoin')
          expect((await joinFails(target, room)).code).toBe('room_failed')
          expect(seen.errors).toContain(`${room} onJoin`)
        },
      },
      {
        name: 'onLeave: the others stay',
        counts: [faults(2)],
        run: async (target) => {
          const room = key('onLeave')
          const [ada, bo] = [await target.joined(room), await target.joined(room)]
          ada.peer.send({ type: FrameType.leave, ref: 1 })
          const { reason } = await ada.peer.frame<LeftFrame>(FrameType.left)
          expect(reason).toBe('left')
          await soon(() => expect(seen.errors).toContain(`${room} onLeave`))
          await bo.moreTicks(2)
          expect(await bo.call('echo', { n: 1 })).toEqual({ n: 1 })
          ada.peer.close()
          // Its own leaving fails as well.
          bo.peer.close()
        },
      },
      {
        name: 'onDispose: the room is gone, and can be opened again',
        counts: [faults(2)],
        run: async (target) => {
          const room = key('onDispose')
          const first = await target.joined(room)
          first.peer.close()
          await soon(() => expect(seen.errors).toContain(`${room} onDispose`))
          const created = seen.created.length
          const second = await target.joined(room)
          expect(seen.created).toHaveLength(created + 1)
          expect(await second.call('echo', { n: 2 })).toEqual({ n: 2 })
          second.peer.close()
        },
      },
      {
        name: 'onCreate: the join is refused, and tried anew by the next',
        counts: [faults(2), { counter: 'joins_refused', labels: { code: 'room_failed' }, by: 2 }],
        run: async (target) => {
          const room = key('onCreate')
          expect((await joinFails(target, room)).code).toBe('room_failed')
          expect((await joinFails(target, room)).code).toBe('room_failed')
          expect(seen.created.filter((each) => each === room)).toHaveLength(2)
        },
      },
      {
        name: 'a getter (handlers): the join is refused',
        counts: [faults(1), { counter: 'joins_refused', labels: { code: 'room_failed' } }],
        run: async (target) => {
          expect((await joinFails(target, key('handlers'))).code).toBe('room_failed')
        },
      },
      {
        name: 'onError itself',
        counts: [faults(1)],
        run: async (target) => {
          const member = await target.joined(key('onError'))
          expect(await member.call('fail', { how: 'throw' })).toBe(handlerFailed)
          expect(await member.call('echo', { n: 3 })).toEqual({ n: 3 })
          member.peer.close()
        },
      },
    ],
  },
  {
    fault:
      'two seconds of synchronous work in one room → a watchdog names the room; no client is dropped for pongs the server itself delayed',
    attacks: [
      {
        name: 'a handler that computes',
        counts: [
          { counter: 'rooms_blocked', labels: { room: 'attacked' } },
          { counter: 'connections_closed', labels: { reason: 'silent' }, by: 0 },
        ],
        run: async (target) => {
          const room = key('fine')
          const member = await target.joined(room)
          const others = await Promise.all(Array.from({ length: 20 }, () => target.greeted()))
          await member.call('block', { ms: 2000 })
          const named = target.log.filter((line) => line.includes(`The room attacked/${room} held up the event loop`))
          expect(named).toHaveLength(1)
          // Longer than a beat and the wait for its answer.
          await member.moreTicks(Math.ceil((limits.heartbeat + limits.pongTimeout) / 10))
          for (const { gone, closeCode } of [member.peer, ...others])
            expect({ gone, closeCode }).toEqual({ gone: false })
          for (const peer of [member.peer, ...others]) peer.close()
        },
      },
    ],
  },
  {
    fault: 'heap at 85 % → new rooms and joins refused, existing ones live; readiness false',
    attacks: [
      {
        name: 'and taken again when there is memory',
        server: { services: [provide(MemoryGauge, gauge)] },
        counts: [{ counter: 'joins_refused', labels: { code: 'overloaded' }, by: 2 }],
        run: async (target) => {
          const room = key('fine')
          const member = await target.joined(room)
          expect(target.server.ready).toBe(true)
          gauge.share = 0.85
          // It is looked at once a second.
          await soon(() => expect(target.server.ready).toBe(false))
          for (const wanted of [key('fine'), room]) {
            const { code, message, data } = await joinFails(target, wanted)
            expect([code, message]).toEqual(['overloaded', expect.stringContaining('limit heapMark: 85 %')])
            expect(data).toEqual({ retryAfter: 5000 })
          }
          expect(await member.call('echo', { n: 9 })).toEqual({ n: 9 })
          await member.moreTicks(2)
          gauge.share = 0.5
          await soon(() => expect(target.server.ready).toBe(true))
          const again = await target.joined(key('fine'))
          again.peer.close()
          member.peer.close()
        },
      },
    ],
  },
]
