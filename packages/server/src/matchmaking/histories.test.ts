import { defineRoom, t } from '@junto/schema'
import { listingOf } from '@junto/schema/internal'
import { runs, SeededRandom } from '@junto/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Room, type Creation, type RoomBase } from '../room/room.ts'
import { World, type TestClient } from '../room/rooms.fixture.ts'

// Joins, leaves, drops, reloads, faults and changes of rooms in any order, against what must hold whatever happens.

const Duel = defineRoom('duel', {
  version: 1,
  options: t.Object({ level: t.Uint8() }),
  metadata: t.Object({ level: t.Uint8() }),
  state: t.Object({}),
  clientToServer: {},
  serverToClient: {},
})
type AnyDuel = RoomBase<typeof Duel>

const usualSize = 3
const level = fc.nat(3)
const which = fc.nat(1_000)

type Step =
  | { readonly do: 'join'; readonly level: number; readonly count: number }
  | { readonly do: 'leave' | 'drop' | 'resume' | 'reload'; readonly which: number }
  | { readonly do: 'lock' | 'unlock' | 'close' | 'hide' | 'show'; readonly which: number }
  | { readonly do: 'change'; readonly which: number; readonly level: number }
  | { readonly do: 'resize'; readonly which: number; readonly size: number }
  | { readonly do: 'wait'; readonly ms: number }

const stepOf: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('join' as const), level, count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('leave', 'drop', 'resume', 'reload'), which }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('lock', 'unlock', 'close', 'hide', 'show'), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('change' as const), which, level }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('resize' as const), which, size: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 300, 6_000) }) },
)

/** One of those that look for a room. */
interface Player {
  readonly client: TestClient
  readonly level: number
  state: 'here' | 'away' | 'gone'
}

class History {
  readonly world = new World({ limits: { roomFaults: 1_000 } })
  readonly rooms: AnyDuel[] = []
  /** Things that must not be. */
  readonly faults: string[] = []
  readonly players: Player[] = []
  /** Rooms that were closed while they came about: each costs whoever caused it the join. */
  stillborn = 0
  readonly #random: SeededRandom
  /** The most members that a room could ever have. */
  readonly #most = new Map<AnyDuel, number>()

  constructor(seed: number, faulty: boolean) {
    this.#random = new SeededRandom(seed)
    const chance = (share: number): boolean => faulty && this.#random.number() < share
    const { rooms, faults, world } = this
    const random = this.#random
    const findable = (): Set<number | undefined> => this.#findable()
    const gone = (room: AnyDuel): void => void this.closed.add(room)
    class DuelRoom extends Room(Duel) {
      /** What somebody could have found when this one was made. */
      readonly before = findable()

      async onCreate({ options }: Creation<typeof Duel>) {
        if (this.before.has(options.level)) faults.push(`a needless room of level ${options.level}`)
        rooms.push(this)
        if (random.number() < 0.5) await new Promise<void>((resolve) => void world.clock.after(1, resolve))
        if (chance(0.1)) throw new Error('no disk')
        this.metadata = options
        return {}
      }
      override onJoin() {
        if (chance(0.1)) throw new Error('no mood')
      }
      override onDispose() {
        gone(this)
      }
      readonly handlers = this.handle({})
    }
    world.registry.define(Duel, DuelRoom, { maxMembers: usualSize })
  }

  /** The levels of rooms that are open to anybody, in which there is a seat. */
  #findable(): Set<number | undefined> {
    const free = this.rooms.filter(
      (room) =>
        room.metadata !== undefined &&
        !this.closed.has(room) &&
        room.visibility === 'public' &&
        !room.locked &&
        this.#seats(room) < room.maxMembers,
    )
    return new Set(free.map(({ metadata }) => metadata?.level))
  }

  /** Rooms that are no more: closed, or left by everybody for some seconds. */
  readonly closed = new Set<AnyDuel>()

  /** At least so many are taken: those who are on their way may have one each. */
  #seats(room: AnyDuel): number {
    const waiting = this.players.filter(({ client, state }) => state !== 'gone' && !client.isJoined && !client.refused)
    return room.members.size + waiting.length
  }

  /** Plays a step: at once, but for those that let time pass. */
  play(step: Step): Promise<void> | undefined {
    const player = 'which' in step ? this.players[step.which % Math.max(1, this.players.length)] : undefined
    const room = 'which' in step ? this.rooms[step.which % Math.max(1, this.rooms.length)] : undefined
    switch (step.do) {
      case 'join':
        for (let n = 0; n < step.count; n++) this.#join(this.world.client(Duel), step.level)
        break
      case 'leave':
        if (player !== undefined) this.#leave(player)
        break
      case 'drop':
        if (player?.state === 'here' && player.client.isJoined) {
          player.state = 'away'
          player.client.drop()
        }
        break
      case 'resume':
        if (player?.state === 'away') {
          player.state = 'here'
          player.client.resume()
        }
        break
      case 'reload':
        if (player?.client.isJoined && player.state !== 'gone' && player.client.endings.length === 0) {
          player.state = 'gone'
          player.client.seat.unseat()
          this.#join(this.world.client(Duel, player.client.session), player.level)
        }
        break
      case 'lock':
      case 'unlock':
        room?.[step.do]()
        break
      case 'close':
        if (room === undefined) break
        if (room.metadata === undefined && !this.closed.has(room)) this.stillborn++
        this.closed.add(room)
        room.close()
        break
      case 'hide':
        if (room !== undefined) room.visibility = 'private'
        break
      case 'show':
        if (room !== undefined) room.visibility = 'public'
        break
      case 'change':
        if (room?.metadata !== undefined) room.metadata = { level: step.level }
        break
      case 'resize':
        if (room !== undefined) room.maxMembers = step.size
        break
      case 'wait':
        return this.world.clock.advance(step.ms)
    }
    this.look()
    return undefined
  }

  #join(client: TestClient, level: number): void {
    const player: Player = { client, level, state: 'here' }
    this.players.push(player)
    client.onSeat = (seat) => {
      const room = this.rooms.find(({ id }) => id === seat.joined.id)
      // As it is in the very turn in which the seat is had. A seat that was kept is had whatever has become of the room.
      const right = seat.joined.kept === true || room?.metadata?.level === level
      if (!right) this.faults.push(`wanted ${level}, got ${room?.metadata?.level}`)
      seat.start()
    }
    const where = { level: { from: level, to: level } }
    client.join({ by: 'joinOrCreate', where, options: { level } })
  }

  #leave(player: Player): void {
    player.state = 'gone'
    player.client.leave('left')
  }

  look(): void {
    for (const room of this.rooms) {
      const most = Math.max(this.#most.get(room) ?? usualSize, room.maxMembers)
      this.#most.set(room, most)
      if (room.members.size > most) this.faults.push(`${room.members.size} members, at most ${most}`)
    }
  }

  /** What a list of all rooms must show now. */
  listed(): Record<string, unknown> {
    const shown = this.rooms.filter(
      (room) => room.visibility === 'public' && room.metadata !== undefined && !this.closed.has(room),
    )
    return Object.fromEntries(
      shown.map((room) => [
        room.id,
        {
          id: room.id,
          members: room.members.size,
          maxMembers: room.maxMembers,
          locked: room.locked,
          metadata: room.metadata,
        },
      ]),
    )
  }

  async end(): Promise<void> {
    for (const player of this.players) this.#leave(player)
    await this.world.clock.advance('20s')
  }
}

it.each([
  ['', false],
  [', and rooms that fail to come about or to admit somebody', true],
])(
  'nobody sits where there is no seat or where they did not want to be, no room is needless, lists are right%s',
  async (_, faulty) => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepOf, { maxLength: 50 }), fc.nat(), async (steps, seed) => {
        const history = new History(seed, faulty)
        const { world, players } = history
        const watcher = await world.join(listingOf(Duel), { by: 'list', limit: 1_000 })
        for (const step of steps) {
          // Not behind each: what happens in one turn happens before any of it has an effect.
          const waiting = history.play(step)
          if (waiting !== undefined) await waiting
        }
        await world.clock.advance('2s')
        history.look()
        expect(history.faults).toEqual([])
        for (const { client, state } of players)
          expect(client.isJoined || client.refused !== undefined || state === 'gone').toBe(true)
        const refused = players
          .filter(({ state }) => state !== 'gone')
          .flatMap(({ client }) => client.refused?.code ?? [])
        const closed = refused.filter((code) => code === 'room_closed')
        expect(closed.length).toBeLessThanOrEqual(history.stillborn)
        if (!faulty) expect(refused).toEqual(closed)
        const { rooms } = watcher.mirror.state as { readonly rooms: ReadonlyMap<string, object> }
        expect(Object.fromEntries(rooms)).toEqual(history.listed())
        await history.end()
        watcher.leave('left')
        await world.clock.advance('20s')
        expect(world.registry.size).toBe(0)
        expect(world.clock.pendingTimers).toBe(0)
      }),
      runs(60),
    )
  },
)
