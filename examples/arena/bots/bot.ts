import { distanceOf, sees, type Point } from '../field.ts'
import { health, tickRate } from '../rules.ts'
import type { Input } from '../step.ts'
import { nextOnTheWay } from './paths.ts'

/** What a bot sees of somebody. */
export interface Seen extends Point {
  readonly hp: number
  readonly safe: boolean
}

/** What a bot goes by in one tick. */
export interface Situation {
  readonly self: Seen & { readonly aim: number }
  /** All others, by key. */
  readonly others: ReadonlyMap<string, Seen>
  /** Packs that can be had. */
  readonly packs: readonly Point[]
}

/** How good one is. */
export interface Skill {
  /** Ticks from seeing somebody to the first shot. */
  readonly reaction: number
  /** Radians that it turns in one tick. */
  readonly turn: number
  /** Radians by which it aims wrongly, at most. */
  readonly error: number
}

const middling: Skill = { reaction: 22, turn: 0.09, error: 0.24 }
const skills: readonly Skill[] = [
  { reaction: 30, turn: 0.07, error: 0.32 },
  middling,
  { reaction: 15, turn: 0.12, error: 0.17 },
]

/** Ticks from one thought to the next. */
const thinksEvery = tickRate / 4

/** How far from a foe it likes to be. */
const comfortable = 280
/** Somebody nearer than this is too near. */
const near = 150

/**
 * A player made of a few rules: it hunts the nearest, keeps a distance, aims with a hand that is neither quick nor steady, and looks for a pack
 * when it is hurt. It does nothing but give inputs, and knows nothing that a player does not see.
 */
export class Bot {
  readonly #random: () => number
  readonly #skill: Skill
  #tick = 0
  #target: string | undefined
  /** Ticks for which the target has been in sight. */
  #inSight = 0
  /** By how much it aims wrongly just now, and where that goes. */
  #error = 0
  #nextError = 0
  /** 1 or -1: round whom it fights this way or the other. */
  #side = 1
  #turnsAt = 0
  /** Where to go: to a pack, or to the target. */
  #goal: Point | undefined
  #seeksPack = false
  #lastHp: number = health.full

  /** @param random Numbers from 0 up to, and not including, 1. */
  constructor(random: () => number) {
    this.#random = random
    this.#skill = skills[Math.floor(random() * skills.length)] ?? middling
    // Not all bots think in the same tick.
    this.#tick = Math.floor(random() * thinksEvery)
  }

  /** What it does in this tick. */
  decide(situation: Situation): Input {
    const { self, others } = situation
    this.#tick++
    const hurt = self.hp < this.#lastHp
    this.#lastHp = self.hp
    // No more often than a person would think again.
    if (this.#goal === undefined || hurt || this.#tick % thinksEvery === 0) this.#think(situation)
    const foe = this.#target === undefined ? undefined : others.get(this.#target)
    const visible = foe !== undefined && foe.hp > 0 && sees(self, foe)
    this.#inSight = visible ? this.#inSight + 1 : 0
    this.#swayAim()

    const way = this.#way(self, visible ? foe : undefined)
    const ahead = Math.hypot(way.x, way.y)
    const wanted =
      visible && foe !== undefined
        ? Math.atan2(foe.y - self.y, foe.x - self.x) + this.#error
        : ahead > 0
          ? Math.atan2(way.y, way.x)
          : self.aim
    const aim = turned(self.aim, wanted, this.#skill.turn)
    const aims = visible && this.#inSight > this.#skill.reaction && Math.abs(angleBetween(aim, wanted)) < 0.12
    return {
      dx: ahead > 0 ? Math.round((way.x / ahead) * 100) : 0,
      dy: ahead > 0 ? Math.round((way.y / ahead) * 100) : 0,
      aim,
      // In bursts, as people do.
      fire: aims && foe !== undefined && !foe.safe && this.#tick % 70 < 48,
      dash: hurt && this.#random() < 0.5,
    }
  }

  /** Whom to hunt, and where to go. */
  #think({ self, others, packs }: Situation): void {
    const alive = [...others].filter(([, { hp }]) => hp > 0)
    const [nearest] = alive.sort(([, a], [, b]) => this.#attraction(self, a) - this.#attraction(self, b))
    if (nearest?.[0] !== this.#target) this.#inSight = 0
    this.#target = nearest?.[0]
    const pack = [...packs].sort((a, b) => distanceOf(self, a) - distanceOf(self, b))[0]
    this.#seeksPack = pack !== undefined && self.hp < 50 && distanceOf(self, pack) < 700
    this.#goal = (this.#seeksPack ? pack : nearest?.[1]) ?? self
    if (this.#tick >= this.#turnsAt) {
      this.#side = this.#random() < 0.5 ? 1 : -1
      this.#turnsAt = this.#tick + Math.round((0.5 + this.#random()) * tickRate)
    }
  }

  /** The nearest draws most, and who is in sight more than who has to be looked for. */
  #attraction(self: Point, other: Seen): number {
    return distanceOf(self, other) + (sees(self, other) ? 0 : 400) + other.hp
  }

  /** Which way to walk. */
  #way(self: Seen, foe: Seen | undefined): Point {
    const goal = this.#goal ?? self
    if (foe === undefined || this.#seeksPack) {
      const next = nextOnTheWay(self, goal)
      const distance = distanceOf(self, next)
      return distance < 6 ? { x: 0, y: 0 } : { x: next.x - self.x, y: next.y - self.y }
    }
    const distance = Math.max(1, distanceOf(self, foe))
    const toX = (foe.x - self.x) / distance
    const toY = (foe.y - self.y) / distance
    const closer = distance < near ? -1 : distance > comfortable ? 0.8 : 0
    return { x: toX * closer - toY * this.#side, y: toY * closer + toX * this.#side }
  }

  /** A hand that is never quite still. */
  #swayAim(): void {
    if (this.#tick % 20 === 0) this.#nextError = (this.#random() * 2 - 1) * this.#skill.error
    this.#error += (this.#nextError - this.#error) * 0.08
  }
}

/** From one angle to another by the shorter way, -π to π. */
function angleBetween(from: number, to: number): number {
  const turn = (to - from) % (2 * Math.PI)
  return turn > Math.PI ? turn - 2 * Math.PI : turn < -Math.PI ? turn + 2 * Math.PI : turn
}

function turned(from: number, to: number, most: number): number {
  return from + Math.min(most, Math.max(-most, angleBetween(from, to)))
}
