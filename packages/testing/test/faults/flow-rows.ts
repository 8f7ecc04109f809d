import { JuntoClient } from '@junto/client'
import { FrameType } from '@junto/protocol/internal'
import type {
  FailedFrame,
  JoinedFrame,
  JoinFrame,
  PresenceFrame,
  PresencesFrame,
  RefusedFrame,
} from '@junto/protocol/internal'
import { JuntoServer, MemoryStore, SilentLogger } from '@junto/server'
import { expect } from 'vitest'
import { MemoryNetwork, runs, SeededRandom, VirtualClock } from '../../src/index.ts'
import { Hall, HallRoom, HallWorld, inWorld, Mail } from './hall.ts'
import type { JoinedHall } from './hall.ts'
import { inUse } from './memory.ts'
import { closed } from './rows.ts'
import type { Row } from './rows.ts'
import { joinAttacked, seen } from './target.ts'

/** What frames over their rate are answered with, as the peer gets them. */
function isRateLimited({ code }: FailedFrame): boolean {
  return code === 'rate_limited'
}

/** The most bytes that waited for anybody, looked at every 50 ms of so many. */
async function mostWaiting(hall: HallWorld, duration: number): Promise<number> {
  let most = 0
  for (let ms = 0; ms < duration; ms += 50) {
    await hall.world.advance(50)
    most = Math.max(most, hall.count('outbox_bytes'))
  }
  return most
}

const unlimitedRooms = {
  createRatePerUser: 1e6,
  createBurstPerUser: 1e6,
  createRatePerAddress: 1e6,
  createBurstPerAddress: 1e6,
  joinRatePerUser: 1e6,
  joinBurstPerUser: 1e6,
  joinRatePerAddress: 1e6,
  joinBurstPerAddress: 1e6,
}

const hardOutbox = 1 << 20

/** Whether crowds are as large as the rows say, or a part of that which takes a second or two. */
const all = runs(1).numRuns >= 20
const share = all ? 1 : 1 / 20

/** What floods, hoards and does not read: section C. */
export const flowRows: readonly Row[] = [
  {
    fault:
      "a client that does not read, at 60 patches a second → marked behind, caught up or terminated in a stated time; bytes held ≤ the cap; the others' p99 unchanged; after reading again its mirror equals the server's state",
    attacks: [
      inWorld('reading again after four seconds', { hall: { tickRate: 60, patchRate: 60 } }, async (hall) => {
        const { world } = hall
        const [slow, swift] = [hall.client('slow'), hall.client('swift')]
        const room = await hall.enter(slow, 'hall', 500)
        const other = await hall.enter(swift)
        const arrivals: number[] = []
        other.on('ticked', () => arrivals.push(world.clock.now()))
        hall.hall().moving = true
        world.stall(slow)
        expect(await mostWaiting(hall, 4000)).toBeLessThanOrEqual(hardOutbox)
        expect(hall.count('members_behind', { room: 'hall' })).toBe(1)
        // Nobody else waits a tick longer.
        expect(Math.max(...arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? 0)))).toBeLessThan(35)
        world.flow(slow)
        await world.advance('2s')
        expect(hall.count('members_behind', { room: 'hall' })).toBe(0)
        expect(hall.count('catch_ups', { room: 'hall' })).toBe(1)
        expect(room.status.value.state).toBe('joined')
        hall.hall().moving = false
        await world.advance('1s')
        world.check()
      }),
      inWorld(
        'never reading again: its connection ends within ten seconds',
        { hall: { tickRate: 60, patchRate: 60 } },
        async (hall) => {
          const { world } = hall
          const slow = hall.client('slow')
          await hall.enter(slow, 'hall', 500)
          hall.hall().moving = true
          world.offline(slow)
          world.stall(slow)
          expect(await mostWaiting(hall, 10_100)).toBeLessThanOrEqual(hardOutbox)
          expect(hall.hall().drops).toEqual(['slow away'])
          expect(hall.count('outbox_bytes')).toBe(0)
          // And its seat when nobody came back for it.
          const room = hall.hall()
          await world.advance('61s')
          expect(room.left).toEqual(['disconnected'])
        },
      ),
    ],
  },
  {
    fault:
      'ten times the allowed message rate → errors with retryAfter, then closed; the handler ran no more often than allowed',
    attacks: [
      {
        name: 'calls, all at once',
        server: { limits: { messageRate: 50, messageBurst: 50 } },
        counts: [closed('flooding')],
        run: async (target) => {
          const [flood, witness] = [await target.joined('flood'), await target.joined('flood')]
          const begun = performance.now()
          for (let n = 0; n < 500; n++) void flood.call('measure', { count: 1, ratio: 1, at: 1, whole: 1 })
          expect(await flood.peer.closed()).toBe(4008)
          const { n } = (await witness.call('calls')) as { n: number }
          const seconds = (performance.now() - begun) / 1000
          expect(n).toBeGreaterThanOrEqual(40)
          expect(n).toBeLessThanOrEqual(50 + Math.ceil(50 * seconds))
          const refused = flood.failures.filter(isRateLimited)
          expect(refused.length).toBeGreaterThanOrEqual(50)
          for (const { data } of refused) expect(data).toEqual({ retryAfter: expect.any(Number) })
          witness.peer.close()
        },
      },
    ],
  },
  {
    fault: 'a limit on one expensive call → cheap ones unaffected',
    attacks: [
      {
        name: 'twice at once, then once a second',
        counts: [{ counter: 'messages_refused', labels: { limit: 'message' }, by: 4 }],
        run: async (target) => {
          const member = await target.joined('dear')
          const dear = await Promise.all(Array.from({ length: 6 }, () => member.call('dear')))
          expect(dear.filter((answer) => typeof answer === 'object')).toEqual([{ n: 1 }, { n: 2 }])
          expect(dear.filter((answer) => typeof answer === 'string')).toEqual(
            Array<unknown>(4).fill(
              expect.stringMatching(/^rate_limited: call dear may be sent 1 times a second: try again in \d+ ms$/),
            ),
          )
          const cheap = await Promise.all(Array.from({ length: 100 }, (_, n) => member.call('echo', { n })))
          expect(cheap).toEqual(Array.from({ length: 100 }, (_, n) => ({ n })))
          member.peer.close()
        },
      },
    ],
  },
  {
    fault:
      'creating rooms as fast as possible, one user or a hundred addresses → caps hold, reservations expire, counts exact afterwards',
    attacks: [
      {
        name: 'one user: as many as exist at a time',
        server: { limits: { maxRoomsPerUser: 5 } },
        counts: [{ counter: 'joins_refused', labels: { code: 'too_many_rooms' }, by: 30 }],
        run: async (target) => {
          for (const round of ['first', 'second']) {
            const peer = await target.greeted('ada')
            for (let ref = 1; ref <= 20; ref++) {
              peer.send({ type: FrameType.join, ref, by: 'open', room: 'visited', key: `${round} ${ref}` })
            }
            const answers = await peer.all<JoinedFrame | RefusedFrame>(20, [FrameType.joined, FrameType.refused])
            expect(answers.filter(({ type }) => type === FrameType.joined)).toHaveLength(5)
            peer.close()
            await peer.closed()
          }
        },
      },
      {
        name: 'one user: as often as it may',
        server: { limits: { createBurstPerUser: 4, createRatePerUser: 1 } },
        counts: [{ counter: 'joins_refused', labels: { code: 'rate_limited' }, by: 6 }],
        run: async (target) => {
          const peer = await target.greeted('ada')
          for (let ref = 1; ref <= 10; ref++) {
            peer.send({ type: FrameType.join, ref, by: 'open', room: 'visited', key: `rate ${ref}` })
          }
          const answers = await peer.all<JoinedFrame | RefusedFrame>(10, [FrameType.joined, FrameType.refused])
          for (const answer of answers) {
            if (answer.type === FrameType.refused) expect(answer.data).toEqual({ retryAfter: expect.any(Number) })
          }
          peer.close()
        },
      },
      inWorld('a hundred addresses', { server: { limits: { maxRooms: 51 } } }, async (hall) => {
        // One is elsewhere already.
        for (const round of ['first', 'second']) {
          const clients = Array.from({ length: 100 }, (_, n) => hall.client(`user ${n}`, { remoteAddress: address(n) }))
          const opened = await Promise.all(
            clients.map((client, n) => {
              const opening = client.open(Hall, { key: `${round} ${n}`, options: {} })
              return hall.world.until(
                opening.then(
                  () => 'joined',
                  ({ code }: { code: string }) => code,
                ),
              )
            }),
          )
          expect(opened.filter((outcome) => outcome === 'joined')).toHaveLength(50)
          expect(opened.filter((outcome) => outcome === 'too_many_rooms')).toHaveLength(50)
          expect(hall.count('joins_refused', { code: 'too_many_rooms' })).toBe(round === 'first' ? 50 : 100)
          expect(hall.count('rooms', { room: 'hall' })).toBe(51)
          for (const client of clients) await client.close()
          // Until the rooms have been disposed of.
          await hall.world.advance('10s')
          expect(hall.count('rooms', { room: 'hall' })).toBe(1)
        }
      }),
    ],
  },
  {
    fault: 'joins that are never completed → seats come back',
    attacks: [
      inWorld('the room never admits anybody', { hall: { maxMembers: 1 } }, async (hall) => {
        const refused = hall.enter(hall.client('endless'))
        await expect(refused).rejects.toMatchObject({ code: 'timeout' })
        expect(hall.count('joins_refused', { code: 'timeout' })).toBe(1)
        await hall.enter(hall.client('ada'))
      }),
      inWorld('the client is gone before', { hall: { maxMembers: 1 } }, async (hall) => {
        const client = hall.client('endless')
        const opening = client.open(Hall, { key: 'hall', options: {} })
        opening.catch(() => {})
        await hall.world.advance('100ms')
        await client.close()
        await hall.enter(hall.client('ada'))
      }),
    ],
  },
  {
    fault: 'a client that joins 10,000 rooms → refused with a reason',
    attacks: [
      {
        name: 'all at once',
        server: { limits: { messageRate: 100_000, messageBurst: 100_000, joinBurstPerAddress: 20_000 } },
        counts: [{ counter: 'joins_refused', labels: { code: 'too_many_rooms' }, by: 10_000 - 64 }],
        run: async (target) => {
          const peer = await target.greeted()
          const created = seen.created.length
          for (let ref = 1; ref <= 10_000; ref += 50) {
            peer.send(...Array.from({ length: 50 }, (_, n): JoinFrame => joinAttacked(ref + n, `room ${ref + n}`)))
          }
          const [refused] = await peer.all<RefusedFrame>(10_000 - 64, [FrameType.refused])
          expect(refused?.message).toContain('limit maxRoomsPerConnection')
          expect(seen.created.length - created).toBe(64)
          peer.close()
        },
      },
    ],
  },
  {
    fault: 'a presence storm → throttled, last value wins',
    attacks: [
      {
        name: 'of frames, by a peer that knows no measure',
        counts: [],
        run: async (target) => {
          const [storm, watching] = [await target.joined('storm'), await target.joined('storm')]
          const before = target.count('presences_replaced', { room: 'attacked' })
          const began = performance.now()
          for (let n = 1; n <= 10_000; n += 500) {
            const frames = Array.from({ length: 500 }, (_, i): PresenceFrame => ({
              type: FrameType.presence,
              value: [n + i],
            }))
            storm.peer.send(1, ...frames)
          }
          const isLast = ({ entries }: PresencesFrame) =>
            entries.some(([, value]) => Array.isArray(value) && value[0] === 10_000)
          await watching.peer.frame<PresencesFrame>(FrameType.presences, isLast)
          const told = watching.peer.frames.filter(({ frame }) => frame.type === FrameType.presences).length
          // One when it joined, one at once, then twenty a second.
          expect(told).toBeLessThanOrEqual(2 + (performance.now() - began) / 50)
          expect(target.count('presences_replaced', { room: 'attacked' }) - before).toBeGreaterThan(9_000)
          expect(await storm.call('echo', { n: 3 })).toEqual({ n: 3 })
          storm.peer.close()
          watching.peer.close()
        },
      },
      inWorld('by programs that show everything they come upon', {}, async (hall) => {
        const { world } = hall
        const rooms = await Promise.all(['ada', 'bob', 'cyd'].map((user) => hall.enter(hall.client(user))))
        const [ada, bob] = rooms
        const changes: number[] = []
        bob?.presence.watch({
          added: ({ n }, id) => id === ada?.memberId && changes.push(n),
          changed: ({ n }, id) => id === ada?.memberId && changes.push(n),
        })
        let n = 0
        for (let ms = 0; ms < 2000; ms++) {
          for (let i = 0; i < 10; i++) {
            n++
            for (const room of rooms) room.presence.set({ n })
          }
          await world.advance(1)
        }
        await world.advance('1s')
        expect(changes.at(-1)).toBe(20_000)
        expect(changes.length).toBeLessThanOrEqual(42)
        const { shown } = hall.hall()
        expect(shown.slice(-3)).toEqual([20_000, 20_000, 20_000])
        expect(shown.length).toBeLessThanOrEqual(3 * 42)
      }),
      inWorld('to a client that does not read', {}, async (hall) => {
        const { world } = hall
        const slow = hall.client('slow')
        const room = await hall.enter(slow)
        const others = await Promise.all(Array.from({ length: 50 }, (_, index) => hall.enter(hall.client(`p${index}`))))
        let changes = 0
        room.presence.watch({ changed: () => changes++ })
        await world.advance('1s')
        world.stall(slow)
        let most = 0
        for (let n = 1; n <= 400; n++) {
          for (const other of others) other.presence.set({ n })
          await world.advance(20)
          most = Math.max(most, hall.count('outbox_bytes'))
        }
        expect(most).toBeLessThanOrEqual(hardOutbox)
        world.flow(slow)
        await world.advance('2s')
        expect([...room.presence.others.values()].map(({ n }) => n)).toEqual(others.map(() => 400))
        expect(changes).toBeLessThan(50 * 400)
      }),
    ],
  },
  {
    fault: 'resume buffers × many absent clients → a global cap, the oldest become resynced or lost',
    attacks: [
      inWorld('bytes', { server: { limits: { maxResumeTotal: 128 * 1024 } } }, async (hall) => {
        const { world } = hall
        const guests = await absent(hall, 10)
        let most = 0
        for (let n = 1; n <= 40; n++) {
          hall.hall().write(n, 1000)
          await world.advance(50)
          most = Math.max(most, hall.count('resume_bytes'))
        }
        expect(hall.count('resume_buffers_dropped')).toBeGreaterThan(0)
        // Counted in steps of 16 KiB, and the room's ticks are kept as well.
        expect(most).toBeLessThanOrEqual((128 + 32) * 1024)
        const outcomes = await comeBack(hall, guests)
        expect(outcomes[0]).toBe('resynced')
        expect(outcomes.at(-1)).toBe('resumed')
        for (const { mail } of guests) {
          // Each letter came, once and in order, or is said to be missing.
          const [recovery] = mail.recoveries
          const missed = recovery?.outcome === 'resynced' ? (recovery.missed ?? Infinity) : 0
          expect(mail.letters.length + missed).toBeGreaterThanOrEqual(40)
          expect(mail.letters).toEqual([...new Set(mail.letters)].toSorted((a, b) => a - b))
        }
      }),
      inWorld('sessions', { server: { limits: { maxAwaySessions: 4 } } }, async (hall) => {
        const guests = await absent(hall, 6)
        expect(hall.count('sessions_away')).toBe(4)
        expect(hall.count('sessions_expired', { reason: 'max_away' })).toBe(2)
        const outcomes = await comeBack(hall, guests)
        // Those that went first have lost their seats, and have others.
        expect(outcomes).toEqual(['rejoined', 'rejoined', 'resumed', 'resumed', 'resumed', 'resumed'])
      }),
    ],
  },
  {
    fault: '5,000 reconnects in two seconds → jittered backoff in the client, paced acceptance, nobody times out',
    attacks: [
      inWorld(
        all ? 'as many as that' : 'a twentieth of both the clients and what is accepted',
        {
          server: { limits: { acceptRate: 1000 * share, acceptBurst: 2000 * share } },
          hall: { tickRate: 2, maxMembers: 500 },
        },
        async (hall) => {
          const { world } = hall
          const count = 5000 * share
          const clients = Array.from({ length: count }, (_, n) =>
            hall.client(`user ${n}`, { remoteAddress: address(n) }),
          )
          const rooms: JoinedHall[] = []
          for (let n = 0; n < count; n += 50) {
            const some = clients.slice(n, n + 50)
            const opened = some.map((client, i) => client.open(Hall, { key: `hall ${(n + i) % 10}`, options: {} }))
            rooms.push(...(await world.until(Promise.all(opened))))
            await world.advance(50 / share)
          }
          await world.advance('10s')
          const [began, accepted]: [number, number[]] = [world.clock.now(), []]
          world.network.onConnection(() => accepted.push(world.clock.now()))
          for (const client of clients) world.cut(client)
          await world.advance('30s')
          expect(rooms.filter(({ status }) => status.value.state !== 'joined')).toEqual([])
          expect(hall.count('resumes', { outcome: 'resumed' })).toBe(count)
          // Not all at once: as many as are taken at once, and then as many a second as the rate says.
          expect(accepted.filter((at) => at < began + 50).length).toBeLessThan(count * 0.3)
          for (let first = 0, last = 0; last < accepted.length; last++) {
            while ((accepted[last] ?? 0) - (accepted[first] ?? 0) >= 1000) first++
            expect(last - first + 1).toBeLessThanOrEqual(3000 * share)
          }
          for (const reason of ['hello_timeout', 'silent']) expect(hall.count('connections_closed', { reason })).toBe(0)
          expect(hall.count('sessions_expired', { reason: 'window' })).toBe(0)
        },
      ),
    ],
  },
  {
    fault: 'a million short-lived rooms or timers → heap slope zero',
    attacks: [
      {
        name: all ? 'rooms, 300,000 of them' : 'rooms, 3,000 of them',
        counts: [],
        run: async () => {
          const { clock, client, close } = await plainHall()
          const atOnce = 50
          const live = async (count: number) => {
            for (let n = 0; n < count; n += atOnce) {
              const opening = Array.from({ length: atOnce }, () => client.create(Hall, { options: { units: 2 } }))
              await clock.settle()
              const leaving = (await Promise.all(opening)).map((room) => room.leave())
              await clock.settle()
              await Promise.all(leaving)
              // As long as it takes until a client may send as much again.
              await clock.advance(250)
            }
            await clock.advance('2m')
          }
          // The least that could be left of a room is an entry under its id. Of a few, what was compiled meanwhile is more.
          expect(await slope(live, all ? 300_000 : 3000)).toBeLessThan(all ? 10 : 1500)
          await close()
        },
      },
      inWorld(all ? 'timers, more than a million' : 'timers, 30,000 of them', {}, async (hall) => {
        await hall.enter(hall.client('ada'))
        const room = hall.hall()
        let ran = 0
        const live = async (count: number) => {
          const atOnce = 10_000
          for (let n = 0; n < count; n++) {
            room.after(1, () => void ran++)
            room.after(5, () => void ran++)()
            if ((n + 1) % atOnce === 0) await hall.world.advance(10)
          }
        }
        const count = all ? 1_200_000 : 30_000
        // A timer that is not let go of holds at least its function.
        expect(await slope(live, count)).toBeLessThan(all ? 5 : 30)
        expect(ran).toBeGreaterThanOrEqual(count)
      }),
    ],
  },
]

/** A server that logs nothing, and a client that nobody watches: what they keep, they keep themselves. */
async function plainHall() {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const server = new JuntoServer({
    transports: [network.transport()],
    clock,
    random: new SeededRandom(1),
    store: new MemoryStore(),
    logger: new SilentLogger(),
    limits: unlimitedRooms,
  })
  server.define(Hall, HallRoom, { tickRate: 20, disposeAfter: 0, authenticate: () => ({ id: 'ada' }) })
  await server.listen()
  const { url, socket } = network
  const client = new JuntoClient({ url, socket, clock, random: new SeededRandom(2), auth: () => 'ada' })
  const close = async () => {
    await client.close()
    const closing = server.close()
    await clock.advance('20s')
    await closing
  }
  return { clock, client, close }
}

/** The n-th address of some network. */
const address = (n: number): string => `198.18.${n >> 8}.${n & 255}`

/** Bytes that are left of each of so many things; from when a third of them has lived, and most code is compiled. */
async function slope(live: (count: number) => Promise<void>, count: number): Promise<number> {
  const first = count / 3
  await live(first)
  const before = inUse()
  await live(count - first)
  return (inUse() - before) / (count - first)
}

interface Guest {
  readonly client: JuntoClient
  readonly room: JoinedHall
  readonly mail: Mail
}

/** Clients that have joined the hall, and lost their network one after the other. One more stays. */
async function absent(hall: HallWorld, count: number): Promise<Guest[]> {
  await hall.enter(hall.client('host'))
  const guests: Guest[] = []
  for (let n = 0; n < count; n++) {
    const client = hall.client(`guest ${n}`)
    const room = await hall.enter(client)
    guests.push({ client, room, mail: new Mail(room) })
  }
  for (const { client } of guests) {
    hall.world.offline(client)
    hall.world.cut(client)
    await hall.world.advance(100)
  }
  // Until the server has noticed the last of them.
  await hall.world.advance('11s')
  return guests
}

/** They all come back: what became of each. */
async function comeBack({ world }: HallWorld, guests: readonly Guest[]): Promise<string[]> {
  for (const { client } of guests) world.online(client)
  await world.advance('25s')
  return guests.map(({ mail, room }) => {
    expect(room.status.value.state).toBe('joined')
    expect(mail.recoveries).toHaveLength(1)
    const [recovery] = mail.recoveries
    return recovery?.outcome === 'resynced' && recovery.rejoined ? 'rejoined' : (recovery?.outcome ?? 'nothing')
  })
}
