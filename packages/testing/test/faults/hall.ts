import type { JuntoClient, JoinedRoom, Recovery } from '@junto/client'
import { call, defineRoom, event, t } from '@junto/schema'
import { Room } from '@junto/server'
import type { Creation, DefineArguments, LeaveReason, Member } from '@junto/server'
import { expect } from 'vitest'
import { createWorld } from '../../src/index.ts'
import type { World, WorldClientOptions, WorldOptions } from '../../src/index.ts'
import type { Attack } from './rows.ts'

// Faults over time: whole servers and clients in a world of virtual time.

/** A room that ticks, and counts what it is told. */
export const Hall = defineRoom('hall', {
  version: 1,
  user: t.Object({ id: t.String() }),
  options: t.Object({ units: t.Optional(t.Uint16()) }),
  state: t.Object({
    /** How often each operation was applied. */
    applied: t.Map(t.Uint32()),
    pages: t.Array(t.String()),
    units: t.Map(t.Object({ x: t.Float64(), y: t.Float64() })),
  }),
  presence: t.Object({ n: t.Uint32() }),
  clientToServer: {
    /** An operation that must be applied once. */
    apply: call({ params: t.Object({ n: t.Uint32() }), result: t.Object({ total: t.Uint32() }) }),
    note: event(t.Object({ n: t.Uint32() })),
  },
  serverToClient: {
    ticked: event(t.Object({ n: t.Uint32() })),
    letter: event(t.Object({ n: t.Uint32(), text: t.String() })),
  },
})

export class HallRoom extends Room(Hall) {
  #ticks = 0
  /** Operations and notes, in the order in which they came. */
  readonly applied: number[] = []
  readonly noted: number[] = []
  /** What `onPresence` found, time after time. */
  readonly shown: (number | undefined)[] = []
  readonly left: LeaveReason[] = []
  /** Lines that went and came. */
  readonly drops: string[] = []
  /** Whether units move at each tick. */
  moving = false

  onCreate({ options }: Creation<typeof Hall>) {
    const units = Array.from({ length: options.units ?? 0 }, (_, index) => [`u${index}`, { x: index, y: 0 }] as const)
    return { applied: {}, pages: [], units: Object.fromEntries(units) }
  }

  override onTick() {
    this.broadcast.ticked({ n: this.#ticks++ })
    if (!this.moving) return
    for (const unit of this.state.units.values()) {
      unit.x += 0.37
      unit.y -= 0.11
    }
  }

  override onJoin(member: Member<typeof Hall>) {
    if (member.user.id === 'endless') return new Promise<void>(() => {})
    return undefined
  }

  override onLeave(_member: Member<typeof Hall>, reason: LeaveReason) {
    this.left.push(reason)
  }

  override onDrop({ user }: Member<typeof Hall>) {
    this.drops.push(`${user.id} away`)
  }

  override onResume({ user }: Member<typeof Hall>, { outcome }: { readonly outcome: string }) {
    this.drops.push(`${user.id} ${outcome}`)
  }

  override onPresence({ presence }: Member<typeof Hall>) {
    this.shown.push(presence?.n)
  }

  /** Broadcasts a letter of so many characters. */
  write(n: number, length: number) {
    this.broadcast.letter({ n, text: 'x'.repeat(length) })
  }

  /** Puts so many pages of so many characters into the state. */
  fill(pages: number, length: number) {
    for (let n = 0; n < pages; n++) this.state.pages.push(`${n} ${'x'.repeat(length)}`)
  }

  readonly handlers = this.handle({
    apply: ({ n }) => {
      this.applied.push(n)
      this.state.applied.set(String(n), (this.state.applied.get(String(n)) ?? 0) + 1)
      return { total: this.applied.length }
    },
    note: ({ n }) => {
      this.noted.push(n)
    },
  })
}

export type JoinedHall = JoinedRoom<typeof Hall>

/** How a world is set up. */
export interface Setup extends Pick<WorldOptions<readonly [typeof Hall]>, 'network' | 'server' | 'seed'> {
  /** The server dies meanwhile: nobody can fail to notice. Default: false. */
  readonly dies?: boolean
  readonly hall?: Partial<DefineArguments<typeof Hall>[0]>
}

/** A world with one hall for whoever is attacked, and another one in which nothing must be noticed. */
export class HallWorld {
  readonly world: World

  constructor({ network, server, seed = 1, hall }: Setup) {
    this.world = createWorld({
      seed,
      network: { latency: 20, ...network },
      ...(server && { server }),
      rooms: [[Hall, HallRoom, { tickRate: 20, authenticate: ({ auth }) => ({ id: String(auth) }), ...hall }]],
    })
  }

  /** The room as its class has it. */
  hall(key = 'hall'): HallRoom {
    // It was defined so.
    return this.world.room(Hall, key) as unknown as HallRoom
  }

  client(user: string, options: WorldClientOptions = {}): JuntoClient {
    return this.world.client({ auth: () => user, ...options })
  }

  /** Opens the hall, and lets the time pass that it takes. */
  enter(client: JuntoClient, key = 'hall', units = 0): Promise<JoinedHall> {
    return this.world.until(client.open(Hall, { key, options: { units } }))
  }

  /** Of all series of a name together. */
  total(name: string): number {
    return [...this.world.metrics.entries()].reduce(
      (sum, [key, value]) => (key.split('{')[0] === name ? sum + value : sum),
      0,
    )
  }

  count(name: string, labels?: Readonly<Record<string, string>>): number {
    return this.world.metrics.read(name, labels)
  }
}

/** What comes to a client of letters and recoveries. */
export class Mail {
  readonly letters: number[] = []
  readonly recoveries: Recovery[] = []

  constructor(room: JoinedHall) {
    room.on('letter', ({ n }) => this.letters.push(n))
    room.onRecovery((recovery) => this.recoveries.push(recovery))
  }
}

/** Done in a world of its own. What must be seen in each: the other hall goes on, mirrors are right, and nothing is left. */
export function inWorld(name: string, setup: Setup, run: (hall: HallWorld) => Promise<void>): Attack {
  return {
    name,
    counts: [],
    run: async () => {
      const own = new HallWorld(setup)
      const { world } = own
      const bystander = await own.enter(own.client('bystander', { remoteAddress: '198.51.100.9' }), 'elsewhere')
      const ticks: number[] = []
      bystander.on('ticked', ({ n }) => ticks.push(n))
      await world.advance('100ms')
      await run(own)
      const before = ticks.length
      await world.advance('1s')
      expect(ticks.length - before).toBeGreaterThanOrEqual((setup.hall?.tickRate ?? 20) - 1)
      if (setup.dies !== true) expect(ticks).toEqual(ticks.map((_, index) => (ticks[0] ?? 0) + index))
      await world.end()
    },
  }
}
