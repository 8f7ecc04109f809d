import type { Live, StateOf } from '@junto/schema'
import { Clock, RandomSource, Room, type FirstState, type Member, type ServerMutators } from '@junto/server'
import { Bot, type Seen } from './bots/bot.ts'
import { Arena } from './contract.ts'
import { distanceOf, entrances, meets, packPlaces, reach, type Point } from './field.ts'
import { arenaMutators } from './mutators.ts'
import { fewestFighters, field, goal, health, mostFighters, radius, rifle, times } from './rules.ts'
import { move, step } from './step.ts'

/** How an arena is run: a service, so that a test has one without bots. */
export class Company {
  /** So many fighters there are at least, if need be with bots. */
  readonly fewest: number

  constructor(fewest: number = fewestFighters) {
    this.fewest = fewest
  }
}

type State = Live<StateOf<typeof Arena>>
type Fighter = NonNullable<ReturnType<State['fighters']['get']>>
type Player = Member<typeof Arena>

const botNames = ['Ampere', 'Bohr', 'Curie', 'Dirac', 'Euler', 'Fermi', 'Gauss', 'Hertz']

/** One arena. */
export class ArenaRoom extends Room(Arena) {
  readonly clock = this.inject(Clock)
  readonly random = this.inject(RandomSource)
  readonly company = this.inject(Company)
  /** Where everybody was within the last half second. */
  readonly rewind = this.rewindable((state) => state.fighters, ['x', 'y'], { window: 500 })
  readonly #bots = new Map<string, Bot>()
  /** Members whose shots are judged by where others are now. */
  readonly #present = new Set<string>()
  /** When a pack lies there again, by key. */
  readonly #packsAt = new Map<string, number>()
  /** Counts for bots what the numbers of inputs count for players. */
  #ticks = 0
  #botsMade = 0

  /** What pages run ahead, and behind it what only the server decides: whom a shot hits. */
  readonly mutators: ServerMutators<typeof Arena> = {
    ...arenaMutators,
    input: (state, input, context) => {
      const fighter = state.fighters.get(context.by)
      if (fighter === undefined) return
      const { shots } = fighter
      arenaMutators.input(state, input, context)
      if (fighter.shots !== shots) this.#shoot(context.by, fighter, context.member)
    },
  }

  onCreate(): FirstState<typeof Arena> {
    const packs = Object.fromEntries(Object.entries(packPlaces).map(([key, at]) => [key, { ...at, there: true }]))
    return { fighters: {}, packs, winner: '', ends: this.clock.time() + times.round }
  }

  override onJoin(member: Player, { name }: Player['join']): void {
    this.#enter(member.id, name, false)
    this.#fillUp()
  }

  /** Who has lost the connection is off the field until it is back. */
  override onDrop(member: Player): void {
    const fighter = this.state.fighters.get(member.id)
    if (fighter !== undefined) fighter.hp = 0
  }

  override onLeave(member: Player): void {
    this.state.fighters.delete(member.id)
    this.#present.delete(member.id)
    this.#fillUp()
  }

  override onTick(dt: number): void {
    const now = this.clock.time()
    this.#ticks++
    if (now >= this.state.ends) this.#turnRound(now)
    for (const [id, bot] of this.#bots) this.#play(id, bot, dt)
    for (const [id, fighter] of this.state.fighters) {
      if (fighter.hp === 0 && now >= fighter.returns) this.#stand(id, fighter, now)
      // Who has come in and waits is safe no longer than that.
      else if (fighter.safe && now >= fighter.returns + times.safe) fighter.safe = false
    }
    this.#lookAfterPacks(now)
  }

  readonly handlers = this.handle({
    rewind: ({ on }, { member }) => {
      if (on) this.#present.delete(member.id)
      else this.#present.add(member.id)
    },
    ping: () => {},
  })

  /** As many bots as are lacking, and no more. */
  #fillUp(): void {
    const players = this.state.fighters.size - this.#bots.size
    const wanted = players === 0 ? 0 : Math.max(0, this.company.fewest - players)
    for (const id of [...this.#bots.keys()].slice(wanted)) {
      this.#bots.delete(id)
      this.state.fighters.delete(id)
    }
    while (this.#bots.size < wanted) {
      const id = `bot-${++this.#botsMade}`
      this.#bots.set(id, new Bot(() => this.random.number()))
      const taken = new Set([...this.state.fighters.values()].map(({ name }) => name))
      this.#enter(id, botNames.find((free) => !taken.has(free)) ?? 'Bot', true)
    }
  }

  #enter(id: string, name: string, bot: boolean): void {
    const { fighters } = this.state
    const taken = new Set([...fighters.values()].map(({ color }) => color))
    const colors = Array.from({ length: mostFighters }, (_, color) => color)
    const color = colors.find((free) => !taken.has(free)) ?? 0
    const fighter = fighters.set(id, {
      name,
      color,
      bot,
      x: 0,
      y: 0,
      aim: 0,
      hp: 0,
      safe: true,
      shots: 0,
      dashes: 0,
      reloaded: 0,
      dashEnds: 0,
      dashReady: 0,
      dashAim: 0,
      kills: 0,
      deaths: 0,
      returns: 0,
    })
    this.#stand(id, fighter, this.clock.time())
  }

  /** Puts a fighter on its feet, near the entrance that is farthest from everybody else; but nobody whose connection is lost. */
  #stand(id: string, fighter: Fighter, now: number): void {
    if (this.members.get(id)?.connected === false) return
    const others = [...this.state.fighters.values()].filter((each) => each !== fighter && each.hp > 0)
    // Not always the same one, where several are as good.
    const clearance = (at: Point): number =>
      Math.min(...others.map((other) => distanceOf(at, other)), 10_000) + this.random.number() * 120
    const places = entrances.map((at) => ({ at, clearance: clearance(at) }))
    const { at } = places.reduce((best, each) => (each.clearance > best.clearance ? each : best))
    const aim = Math.atan2(field.height / 2 - at.y, field.width / 2 - at.x)
    Object.assign(fighter, { ...at, aim, hp: health.full, safe: true, returns: now })
  }

  #play(id: string, bot: Bot, dt: number): void {
    const { fighters, packs } = this.state
    const self = fighters.get(id)
    if (self === undefined || self.hp === 0) return
    const others = new Map<string, Seen>([...fighters].filter(([key]) => key !== id))
    const there = [...packs.values()].filter(({ there: lies }) => lies)
    const { shots } = self
    step(self, bot.decide({ self, others, packs: there }), dt, this.#ticks)
    if (self.shots !== shots) this.#shoot(id, self, undefined)
  }

  /** Follows a shot. A player's is judged by where others were when that player fired, as its page showed them. */
  #shoot(id: string, shooter: Fighter, member: Player | undefined): void {
    if (this.state.winner !== '') return
    const from: Point = { x: shooter.x, y: shooter.y }
    const past = member === undefined || this.#present.has(member.id) ? undefined : this.rewind(member)
    let length = reach(from, shooter.aim, rifle.range)
    let hit: { id: string; target: Fighter; seen: Point } | undefined
    for (const [key, target] of this.state.fighters) {
      if (key === id || target.hp === 0) continue
      const seen = past?.get(key) ?? target
      const distance = meets(from, shooter.aim, seen)
      if (distance === undefined || distance >= length) continue
      length = distance
      hit = { id: key, target, seen: { x: seen.x, y: seen.y } }
    }
    const now = this.clock.time()
    // A shot begins at the muzzle.
    const start = Math.min(radius, length)
    this.broadcast.shot({
      by: id,
      at: Math.round(now),
      x: along(from.x, Math.cos(shooter.aim) * start, field.width),
      y: along(from.y, Math.sin(shooter.aim) * start, field.height),
      toX: along(from.x, Math.cos(shooter.aim) * length, field.width),
      toY: along(from.y, Math.sin(shooter.aim) * length, field.height),
      hit: hit?.id ?? '',
    })
    if (hit === undefined) return
    const { target, seen } = hit
    if (member !== undefined) {
      member.send.hit({
        whom: hit.id,
        damage: target.safe ? 0 : rifle.damage,
        x: seen.x,
        y: seen.y,
        nowX: target.x,
        nowY: target.y,
        ago: past === undefined ? 0 : Math.round(Math.max(0, now - past.time)),
      })
    }
    if (target.safe) return
    target.hp = Math.max(0, target.hp - rifle.damage)
    move(target, Math.cos(shooter.aim) * rifle.push, Math.sin(shooter.aim) * rifle.push)
    if (target.hp === 0) this.#fell(hit.id, target, id, shooter, now)
  }

  #fell(id: string, fighter: Fighter, by: string, winner: Fighter, now: number): void {
    fighter.deaths++
    fighter.returns = now + times.respawn
    winner.kills++
    this.broadcast.fell({ whom: id, by })
    if (winner.kills >= goal) this.#end(now)
  }

  /** The round is over: for a while nobody can be shot. */
  #end(now: number): void {
    const [first] = [...this.state.fighters].sort(([, a], [, b]) => b.kills - a.kills || a.deaths - b.deaths)
    this.state.winner = first?.[0] ?? ''
    this.state.ends = now + times.rest
  }

  #turnRound(now: number): void {
    if (this.state.winner === '') {
      this.#end(now)
      return
    }
    this.state.winner = ''
    this.state.ends = now + times.round
    for (const fighter of this.state.fighters.values()) Object.assign(fighter, { kills: 0, deaths: 0, hp: 0 })
    for (const [id, fighter] of this.state.fighters) this.#stand(id, fighter, now)
  }

  #lookAfterPacks(now: number): void {
    for (const [key, pack] of this.state.packs) {
      if (!pack.there) {
        if (now >= (this.#packsAt.get(key) ?? 0)) pack.there = true
        continue
      }
      for (const fighter of this.state.fighters.values()) {
        if (fighter.hp === 0 || fighter.hp >= health.full || distanceOf(fighter, pack) > radius * 2) continue
        fighter.hp = Math.min(health.full, fighter.hp + health.pack)
        pack.there = false
        this.#packsAt.set(key, now + times.pack)
        break
      }
    }
  }
}

/** A coordinate so far from another; rounding may have put it past the edge. */
function along(from: number, way: number, edge: number): number {
  return Math.min(edge, Math.max(0, from + way))
}
