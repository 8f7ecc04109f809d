import { FrameType } from '@junto/protocol/internal'
import type {
  HelloFrame,
  JoinedFrame,
  LeftFrame,
  NoticeFrame,
  RefusedFrame,
  ReplyFrame,
  WelcomeFrame,
} from '@junto/protocol/internal'
import { call, defineRoom, t } from '@junto/schema'
import { Room } from '@junto/server'
import { expect } from 'vitest'
import { createWorld } from '../../src/index.ts'
import { inWorld, Mail } from './hall.ts'
import { RawPeer } from './raw-peer.ts'
import type { Row } from './rows.ts'
import { joinAttacked, RoomPeer, seen, sessionId } from './target.ts'
import type { Target } from './target.ts'
import { soon } from './soon.ts'

/** A client that can come back, frame by frame. */
class Comer {
  readonly session = sessionId()
  readonly #target: Target
  /** The secrets that it has used, the present one last. */
  readonly secrets: string[] = [sessionId()]
  peer!: RoomPeer

  constructor(target: Target) {
    this.#target = target
  }

  get secret(): string {
    return this.secrets.at(-1) ?? ''
  }

  /** A connection that begins with this hello. */
  async hello(hello: Partial<HelloFrame>): Promise<RoomPeer> {
    const peer = await RawPeer.open(this.#target.port)
    peer.send({ type: FrameType.hello, session: this.session, ...hello })
    return new RoomPeer(peer)
  }

  /** Joins an attacked room, on its first connection. */
  async join(key: string): Promise<JoinedFrame> {
    this.peer = await this.hello({ secret: this.secret })
    this.peer.peer.send(joinAttacked(1, key))
    return this.peer.peer.frame<JoinedFrame>(FrameType.joined)
  }

  /**
   * Comes back, with what it says that it has.
   *
   * @returns what it is welcomed with.
   */
  async resume(
    resume: { readonly received?: number; readonly from?: number },
    secret = this.secret,
  ): Promise<WelcomeFrame> {
    const next = sessionId()
    this.peer = await this.hello({ secret, resume: { next, rooms: [], ...resume } })
    const welcome = await this.peer.peer.frame<WelcomeFrame>(FrameType.welcome)
    this.secrets.push(next)
    return welcome
  }

  /** Shows that it has the welcome: the new secret is the only one from now on. */
  prove(received: number): void {
    this.peer.peer.send({ type: FrameType.ack, received })
  }

  /** Somebody who knows the session's id tries to come back. What they are closed with. */
  async forged(secret: string | undefined): Promise<number> {
    const resume = { next: sessionId(), received: 0, from: 1, rooms: [] }
    const { peer } = await this.hello(secret === undefined ? {} : { secret, resume })
    const code = await peer.closed()
    expect(peer.frames.map(({ frame }) => frame.type)).toEqual([FrameType.notice])
    return code
  }
}

const wrong = (reason: string, by = 1) => ({ counter: 'resumes_refused', labels: { reason }, by })
const resumes = (outcome: string, by = 1) => ({ counter: 'resumes', labels: { outcome }, by })

const banned = new Set<unknown>()

/** Lets everybody in who is not banned: whoever it is stands before a comma. */
function admitted({ auth }: { readonly auth: unknown }) {
  return banned.has(auth) ? undefined : { id: String(auth).split(',')[0] ?? '' }
}

const FogUnit = t.Object({ hp: t.Uint8() })
const Fog = defineRoom('fog', {
  version: 1,
  state: t.Object({ note: t.String(), units: t.Map(FogUnit, { view: true }) }),
  clientToServer: {},
  serverToClient: {},
})

class FogRoom extends Room(Fog) {
  readonly handlers = this.handle({})

  onCreate() {
    return { note: '', units: { a: { hp: 1 } } }
  }

  override onJoin() {
    this.show('a')
  }

  show(key: string) {
    const unit = this.state.units.get(key)
    if (unit) for (const { view } of this.members.values()) view.add(unit)
  }

  /** Takes a unit out of everybody's view and of the state, and puts another one in its place. */
  replace(key: string, hp: number) {
    const unit = this.state.units.get(key)
    if (unit) for (const { view } of this.members.values()) view.remove(unit)
    this.state.units.delete(key)
    this.state.units.set(key, { hp })
    this.show(key)
  }
}

const write = call({ params: t.Object({ text: t.String() }), result: t.Integer() })
const OldDesk = defineRoom('desk', {
  version: 1,
  state: t.Object({ paper: t.String() }),
  clientToServer: { write },
  serverToClient: {},
})
const NewDesk = defineRoom('desk', {
  version: 1,
  state: t.Object({ ink: t.Optional(t.String()), paper: t.String() }),
  clientToServer: { erase: call(), write },
  serverToClient: {},
})
const OtherDesk = defineRoom('desk', {
  version: 1,
  state: t.Object({ paper: t.Uint8() }),
  clientToServer: { write },
  serverToClient: {},
})

class NewDeskRoom extends Room(NewDesk) {
  onCreate() {
    return { ink: 'blue', paper: 'blank' }
  }

  readonly handlers = this.handle({
    erase: () => void (this.state.paper = ''),
    write: ({ text }) => (this.state.paper = text).length,
  })
}

/** What happens to sessions whose connections are lost, copied and forged: section D. */
export const sessionRows: readonly Row[] = [
  {
    fault:
      'the connection cut at every byte boundary of a 1,000-operation run → each acknowledged operation applied once, in order; each mirror equals the state',
    attacks: (['up', 'down'] as const).map((direction) =>
      inWorld(
        `${direction}, after one byte to a few hundred, again and again`,
        { hall: { tickRate: 5 } },
        async (hall) => {
          const { world } = hall
          const client = hall.client('ada')
          const room = await hall.enter(client)
          let cuts = 0
          world.network.onConnection((link) => {
            if (cuts++ < 300) link.cutAfter(direction, { bytes: cuts % 4 === 0 ? cuts : world.random.integer(1, 900) })
          })
          world.cut(client)
          const acknowledged: number[] = []
          const answers: Promise<void>[] = []
          for (let n = 1; n <= 1000; n++) {
            answers.push(room.call.apply({ n }, { timeout: Infinity }).then(() => void acknowledged.push(n)))
            if (n % 10 === 0) await world.advance('200ms')
            client.connection.retry()
          }
          for (let tries = 0; acknowledged.length < 1000 && tries < 2000; tries++) {
            client.connection.retry()
            await world.advance('250ms')
          }
          await Promise.all(answers)
          const all = Array.from({ length: 1000 }, (_, index) => index + 1)
          expect(acknowledged).toEqual(all)
          expect(hall.hall().applied).toEqual(all)
          expect(cuts).toBeGreaterThan(100)
          await world.advance('1s')
          world.check()
        },
      ),
    ),
  },
  {
    fault: 'the same client operation again after a resume because its ack was lost → applied once, the same reply',
    attacks: [
      {
        name: 'the reply was under way',
        counts: [resumes('resumed')],
        run: async (target) => {
          const [witness, comer] = [await target.joined('again'), new Comer(target)]
          await comer.join('again')
          const lost = comer.peer.call('measure', { count: 1, ratio: 1, at: 1, whole: 1 })
          await expect.poll(() => witness.call('calls')).toEqual({ n: 1 })
          comer.peer.peer.reset()
          await lost
          const { resumed } = await comer.resume({ received: 1, from: 1 })
          // The join and the call: neither is to be sent again.
          expect(resumed).toEqual({ received: 2 })
          const reply = await comer.peer.peer.frame<ReplyFrame>(FrameType.reply)
          expect(reply).toMatchObject({ no: 1, result: [1] })
          expect(await witness.call('calls')).toEqual({ n: 1 })
          comer.peer.peer.close()
          witness.peer.close()
        },
      },
      {
        name: 'it had taken the reply, and its ack was lost: nothing comes twice',
        counts: [resumes('resumed')],
        run: async (target) => {
          const comer = new Comer(target)
          await comer.join('taken')
          expect(await comer.peer.call('echo', { n: 4 })).toEqual({ n: 4 })
          comer.peer.peer.reset()
          const events = comer.peer.ticks.length
          const { resumed } = await comer.resume({ received: 2 + events, from: 1 })
          expect(resumed).toEqual({ received: 2 })
          await comer.peer.moreTicks(3)
          expect(comer.peer.peer.frames.filter(({ frame }) => frame.type === FrameType.reply)).toEqual([])
          comer.peer.peer.close()
        },
      },
    ],
  },
  {
    fault:
      'a wrong or missing token with a valid session id, once and a thousand times → refused before any side effect; the grace timer still fires, the room is still disposed, the owner can still resume',
    attacks: [
      {
        name: 'once, while the owner is there',
        counts: [wrong('wrong_secret', 2)],
        run: async (target) => {
          const comer = new Comer(target)
          await comer.join('held')
          expect(await comer.forged(sessionId())).toBe(4007)
          expect(await comer.forged(undefined)).toBe(4007)
          expect(await comer.peer.call('echo', { n: 1 })).toEqual({ n: 1 })
          comer.peer.peer.close()
        },
      },
      {
        name: 'a thousand times, while the owner is away',
        server: { limits: { acceptBurstPerAddress: 5000 } },
        counts: [wrong('wrong_secret', 1000), resumes('resumed')],
        run: async (target) => {
          const comer = new Comer(target)
          const { member } = await comer.join('tried')
          comer.peer.peer.reset()
          await soon(() => expect(target.count('sessions_away')).toBe(1))
          for (let n = 0; n < 1000; n += 50) {
            const codes = await Promise.all(
              Array.from({ length: 50 }, (_, i) => comer.forged(i % 2 === 0 ? sessionId() : undefined)),
            )
            expect(new Set(codes)).toEqual(new Set([4007]))
          }
          // The room has not noticed, and the owner has the seat.
          expect(seen.left.filter((line) => line.startsWith('tried'))).toEqual([])
          const { resumed } = await comer.resume({ received: 0, from: 2 })
          expect(resumed).toEqual({ received: 1 })
          const joined = await comer.peer.peer.frame<JoinedFrame>(FrameType.joined)
          expect(joined.member).toBe(member)
          expect(await comer.peer.call('echo', { n: 2 })).toEqual({ n: 2 })
          comer.peer.peer.close()
        },
      },
      {
        name: 'until the owner has been away for too long',
        server: { limits: { resumeWindow: 600 } },
        counts: [{ counter: 'sessions_expired', labels: { reason: 'window' } }],
        run: async (target) => {
          const comer = new Comer(target)
          await comer.join('window')
          comer.peer.peer.reset()
          await soon(() => expect(target.count('sessions_away')).toBe(1))
          while (target.count('sessions_away') > 0) {
            const { peer } = await comer.hello({ secret: sessionId() })
            // Refused; welcomed as somebody else once the session is no more.
            await peer.until(() => peer.frames.length > 0 || peer.gone)
            peer.close()
          }
          await soon(() => expect(seen.disposed).toContain('window'))
          expect(seen.left.filter((line) => line.startsWith('window'))).toEqual(['window disconnected'])
        },
      },
    ],
  },
  {
    fault:
      'a token used a second time, or after leave or kick → refused; the holder unaffected; a security event logged',
    attacks: [
      {
        name: 'a second time',
        counts: [wrong('retired_secret'), resumes('resumed')],
        run: async (target) => {
          const comer = new Comer(target)
          await comer.join('twice')
          comer.peer.peer.reset()
          await comer.resume({ received: 0, from: 2 })
          const holder = comer.peer
          comer.prove(1)
          // What was sent before it was answered is no forgery: so wait until the new secret is the only one.
          expect(await holder.call('echo', { n: 1 })).toEqual({ n: 1 })
          const [first = ''] = comer.secrets
          const logged = target.log.length
          expect(await comer.forged(first)).toBe(4007)
          expect(await holder.call('echo', { n: 2 })).toEqual({ n: 2 })
          const lines = target.log.slice(logged)
          expect(lines.filter((line) => line.includes('Security:'))).toHaveLength(1)
          for (const secret of [...comer.secrets, comer.session]) expect(lines.join('\n')).not.toContain(secret)
          holder.peer.close()
        },
      },
      {
        name: 'after the client has left for good',
        counts: [resumes('lost')],
        run: async (target) => {
          const comer = new Comer(target)
          await comer.join('left')
          comer.peer.peer.close()
          await soon(() => expect(seen.left).toContain('left left'))
          const { resumed } = await comer.resume({ received: 1, from: 2 })
          // Another session under the same name: it has nothing of the former.
          expect(resumed).toBeUndefined()
          void comer.peer.call('echo', { n: 1 })
          const { code } = await comer.peer.peer.frame<NoticeFrame>(FrameType.notice)
          expect(code).toBe('not_joined')
          comer.peer.peer.close()
        },
      },
      {
        name: 'after a kick',
        counts: [],
        run: async (target) => {
          const comer = new Comer(target)
          await comer.join('kicked')
          void comer.peer.call('fail', { how: 'kick' })
          expect((await comer.peer.left()).reason).toBe('kicked')
          comer.peer.peer.reset()
          await comer.peer.peer.closed()
          const { resumed } = await comer.resume({ received: 1, from: 3 })
          // What was kept says once more that it has left, and that is all.
          if (resumed)
            expect(await comer.peer.peer.frame<LeftFrame>(FrameType.left)).toMatchObject({ reason: 'kicked' })
          expect(seen.left.filter((line) => line.startsWith('kicked'))).toEqual(['kicked kicked'])
          comer.peer.peer.close()
        },
      },
    ],
  },
  {
    fault:
      'the reply to a hello, join or resume is lost → repeating it finds the same session and seat; no ghost holds the last seat',
    attacks: [
      {
        name: 'to a hello and its join',
        counts: [resumes('resumed')],
        run: async (target) => {
          const comer = new Comer(target)
          const first = await comer.hello({ secret: comer.secret })
          first.peer.send({ ...joinAttacked(1, 'only'), room: 'single' })
          await soon(() => expect(seen.singles).toEqual(['only joined']))
          first.peer.reset()
          const { resumed } = await comer.resume({ received: 0, from: 1 })
          expect(resumed).toEqual({ received: 1 })
          await comer.peer.peer.frame<JoinedFrame>(FrameType.joined)
          expect(seen.singles.splice(0)).toEqual(['only joined'])
          comer.peer.peer.close()
        },
      },
      {
        name: 'to a resume, twice',
        counts: [resumes('resumed', 3)],
        run: async (target) => {
          const comer = new Comer(target)
          const { member } = await comer.join('resumed')
          comer.peer.peer.reset()
          // Two resumes whose welcomes nobody reads.
          for (let n = 0; n < 2; n++) {
            const before = target.count('resumes', { outcome: 'resumed' })
            const { peer } = await comer.hello({
              secret: comer.secret,
              resume: { next: sessionId(), received: 0, from: 2, rooms: [] },
            })
            await soon(() => expect(target.count('resumes', { outcome: 'resumed' })).toBe(before + 1))
            peer.reset()
          }
          const { resumed } = await comer.resume({ received: 0, from: 2 })
          expect(resumed).toEqual({ received: 1 })
          expect((await comer.peer.peer.frame<JoinedFrame>(FrameType.joined)).member).toBe(member)
          expect(seen.left.filter((line) => line.startsWith('resumed'))).toEqual([])
          comer.peer.peer.close()
        },
      },
      {
        name: 'to anything, by a page that was reloaded and knows nothing but its secret',
        counts: [resumes('reloaded')],
        run: async (target) => {
          const comer = new Comer(target)
          const first = await comer.hello({ secret: comer.secret })
          const join = { ...joinAttacked(1, 'reloaded'), room: 'single' }
          first.peer.send(join)
          const { member } = await first.peer.frame<JoinedFrame>(FrameType.joined)
          await comer.resume({})
          // Of the former connection nobody reads any more; that it was replaced is all it hears.
          expect(await first.peer.closed()).toBe(4503)
          comer.peer.peer.send(join)
          const joined = await comer.peer.peer.frame<JoinedFrame>(FrameType.joined)
          expect(joined).toMatchObject({ member, kept: true })
          expect(seen.singles.splice(0)).toEqual(['reloaded joined'])
          comer.peer.peer.close()
        },
      },
    ],
  },
  {
    fault:
      'a room is restored from a save older than what a client holds, and grows to the same number → the client gets a snapshot, never a patch',
    attacks: [
      inWorld('the server dies between two saves', { hall: { persist: true }, dies: true }, async (hall) => {
        const { world } = hall
        const client = hall.client('ada')
        const room = await hall.enter(client, 'doc')
        const mail = new Mail(room)
        await world.until(room.call.apply({ n: 1 }))
        await world.advance('6s')
        // Not saved any more.
        for (const n of [2, 3]) await world.until(room.call.apply({ n }))
        world.kill()
        world.serve()
        const other = await hall.enter(hall.client('bo'), 'doc')
        expect([...other.state.applied.keys()]).toEqual(['1'])
        for (const n of [12, 13]) await world.until(other.call.apply({ n }))
        await world.advance('20s')
        expect(mail.recoveries).toMatchObject([{ outcome: 'resynced', rejoined: false }])
        expect([...room.state.applied.keys()].toSorted()).toEqual(['1', '12', '13'])
        world.check()
      }),
    ],
  },
  {
    fault:
      "an entity leaves a client's view, and its id is reused, while that client is behind → its mirror is right, the new object is a new object",
    attacks: [
      {
        name: 'removed and put there anew under its key',
        counts: [],
        run: async () => {
          const world = createWorld({ rooms: [[Fog, FogRoom]], network: { latency: 20 } })
          const client = world.client()
          const room = await world.until(client.open(Fog, { key: 'fog' }))
          const before = room.state.units.get('a')
          expect(before).toMatchObject({ hp: 1 })
          world.stall(client)
          // It was defined so.
          const fog = world.room(Fog, 'fog') as unknown as FogRoom
          for (let n = 0; n < 40; n++) {
            // So much that the client falls behind.
            fog.state.note = `${n} ${'x'.repeat(20_000)}`
            await world.advance(10)
          }
          fog.replace('a', 2)
          await world.advance(10)
          fog.replace('a', 3)
          await world.advance(10)
          expect(world.metrics.read('members_behind', { room: 'fog' })).toBe(1)
          const removed: unknown[] = []
          const added: unknown[] = []
          room.watch(({ units }) => units, {
            added: ({ hp }) => added.push(hp),
            removed: ({ hp }) => removed.push(hp),
          })
          added.length = 0
          world.flow(client)
          await world.advance('2s')
          const after = room.state.units.get('a')
          expect(after).toMatchObject({ hp: 3 })
          expect(after).not.toBe(before)
          expect([removed, added]).toEqual([[1], [3]])
          await world.end()
        },
      },
    ],
  },
  {
    fault:
      "a replay larger than the peer's message limit, a snapshot of 5 MB over a slow line → arrives in parts, liveness holds, no loop",
    attacks: [
      inWorld('a replay of letters, each larger than a message', {}, async (hall) => {
        const { world } = hall
        const client = hall.client('ada', { limits: { maxMessage: 4096 } })
        const room = await hall.enter(client)
        const mail = new Mail(room)
        world.offline(client)
        world.cut(client)
        for (let n = 0; n < 10; n++) hall.hall().write(n, 20_000)
        await world.advance('5s')
        world.online(client)
        await world.advance('25s')
        expect(mail.letters).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        expect(mail.recoveries).toMatchObject([{ outcome: 'resumed' }])
      }),
      inWorld('a snapshot', {}, async (hall) => {
        const { world } = hall
        const client = hall.client('ada')
        // A connection that is slow already when the room is opened.
        await hall.enter(client, 'other')
        world.slow(client, 600_000)
        const host = await hall.enter(hall.client('host'), 'hall', 1)
        hall.hall().fill(50, 100_000)
        await world.advance('3s')
        const began = world.clock.now()
        const room = await hall.enter(client)
        expect(room.state.pages).toHaveLength(50)
        expect(world.clock.now() - began).toBeGreaterThan(8_000)
        expect(world.clock.now() - began).toBeLessThan(12_000)
        expect(hall.count('connections_closed', { reason: 'silent' })).toBe(0)
        expect(hall.count('connections')).toBe(3)
        expect(host.status.value.state).toBe('joined')
      }),
    ],
  },
  {
    fault: 'thirty seconds of offline sends replayed at once → accepted, paced, not punished as a flood',
    attacks: [
      inWorld('sixty a second', { server: { limits: { messageRate: 200, messageBurst: 400 } } }, async (hall) => {
        const { world } = hall
        const client = hall.client('ada')
        const room = await hall.enter(client)
        const mail = new Mail(room)
        world.offline(client)
        world.cut(client)
        await world.advance(1)
        const outcomes = new Set<string>()
        let n = 0
        for (let ms = 0; ms < 30_000; ms += 100) {
          for (let i = 0; i < 6; i++) outcomes.add(room.send.note({ n: ++n }))
          await world.advance(100)
        }
        expect([...outcomes]).toEqual(['queued'])
        world.online(client)
        const noted: number[] = []
        for (let second = 0; second < 40; second++) {
          await world.advance('1s')
          noted.push(hall.hall().noted.length)
        }
        expect(hall.hall().noted).toEqual(Array.from({ length: 1800 }, (_, index) => index + 1))
        const most = Math.max(...noted.map((count, second) => count - (noted[second - 1] ?? 0)))
        expect(most).toBeLessThanOrEqual(400 + 200)
        for (const counter of ['messages_refused', 'floods']) expect(hall.total(counter)).toBe(0)
        expect(mail.recoveries).toMatchObject([{ outcome: 'resumed' }])
        expect(hall.hall().drops).toEqual(['ada away', 'ada resumed'])
      }),
    ],
  },
  {
    fault: 'a user banned or expired while away → resume authenticates again and refuses',
    attacks: [
      inWorld('banned', { hall: { authenticate: admitted } }, async (hall) => {
        const { world } = hall
        const client = hall.client('ada')
        const room = await hall.enter(client)
        const host = await hall.enter(hall.client('host'))
        world.cut(client)
        banned.add('ada')
        await world.advance('10s')
        banned.clear()
        expect(room.status.value).toMatchObject({ state: 'left', reason: 'refused' })
        expect(hall.hall().left).toEqual(['refused'])
        expect(hall.hall().drops).toEqual(['ada away'])
        expect(host.status.value.state).toBe('joined')
      }),
      inWorld('expired, and with another token let in', { hall: { authenticate: admitted } }, async (hall) => {
        const { world } = hall
        let token = 'ada'
        const client = world.client({ auth: () => token })
        const room = await hall.enter(client)
        banned.add('ada')
        token = 'ada, renewed'
        world.cut(client)
        await world.advance('10s')
        banned.clear()
        expect(room.status.value.state).toBe('joined')
        expect(hall.hall().drops).toEqual(['ada away', 'ada resumed'])
      }),
    ],
  },
  {
    fault: "a gap in the client's sequence → an error that names the expected number",
    attacks: [
      {
        name: 'the client can send from a later one on',
        counts: [wrong('gap'), resumes('resumed')],
        run: async (target) => {
          const comer = new Comer(target)
          await comer.join('gap')
          comer.peer.peer.reset()
          const { peer } = await comer.hello({
            secret: comer.secret,
            resume: { next: sessionId(), received: 0, from: 7, rooms: [] },
          })
          const { message } = await peer.frame<NoticeFrame>(FrameType.notice)
          expect(message).toBe('the client can send its frames from number 7 on, where number 2 is expected')
          expect(await peer.closed()).toBe(4007)
          // Who says what is true comes back all the same.
          const { resumed } = await comer.resume({ received: 0, from: 2 })
          expect(resumed).toEqual({ received: 1 })
          comer.peer.peer.close()
        },
      },
    ],
  },
  {
    fault: '100 joins at once for the last seat → exactly the maximum, the others room_full',
    attacks: [
      {
        name: 'over as many connections',
        counts: [{ counter: 'joins_refused', labels: { code: 'room_full' }, by: 99 }],
        run: async (target) => {
          const peers = await Promise.all(Array.from({ length: 100 }, () => target.greeted()))
          for (const peer of peers) peer.send({ ...joinAttacked(1, 'crowded'), room: 'single' })
          const answers = await Promise.all(
            peers.map((peer) => peer.all<JoinedFrame | RefusedFrame>(1, [FrameType.joined, FrameType.refused])),
          )
          const codes = answers.flat().map((answer) => (answer.type === FrameType.joined ? 'joined' : answer.code))
          expect(codes.filter((code) => code === 'joined')).toHaveLength(1)
          expect(codes.filter((code) => code === 'room_full')).toHaveLength(99)
          for (const peer of peers) peer.close()
          seen.singles.splice(0)
        },
      },
    ],
  },
  {
    fault: 'an old client against a new contract → works when additive, otherwise refused by field name; never misread',
    attacks: [
      {
        name: 'a field and a call more',
        counts: [],
        run: async () => {
          const world = createWorld({ rooms: [[NewDesk, NewDeskRoom]] })
          const room = await world.until(world.client().open(OldDesk, { key: 'desk' }))
          expect(room.state.paper).toBe('blank')
          expect(await world.until(room.call.write({ text: 'hello' }))).toBe(5)
          await world.settle()
          expect(room.state.paper).toBe('hello')
          await world.client().close()
          await world.close()
        },
      },
      {
        name: 'a field of another type',
        counts: [],
        run: async () => {
          const world = createWorld({ rooms: [[NewDesk, NewDeskRoom]] })
          const opening = world.until(world.client().open(OtherDesk, { key: 'desk' }))
          await expect(opening).rejects.toMatchObject({
            code: 'incompatible',
            message: expect.stringContaining('paper'),
          })
          await world.close()
        },
      },
    ],
  },
  {
    fault: 'a patch applied to the wrong base → noticed, repaired from a snapshot, counted',
    attacks: [
      inWorld('a program that writes to its mirror', {}, async (hall) => {
        const { world } = hall
        const room = await hall.enter(hall.client('ada'), 'hall', 3)
        // The types forbid it; programs find ways.
        Object.assign(room.state.units.get('u1') ?? {}, { y: 1_000_000 })
        // Checks go behind patches.
        for (let n = 0; n < 12; n++) {
          await world.until(room.call.apply({ n }))
          await world.advance('1s')
        }
        expect(hall.count('desyncs', { room: 'hall' })).toBe(1)
        world.check()
      }),
    ],
  },
]
