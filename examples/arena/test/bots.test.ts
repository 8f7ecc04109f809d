import { SeededRandom } from '@junto/testing'
import { expect, it } from 'vitest'
import { Bot, type Seen } from '../bots/bot.ts'
import { isFree, meets, reach, sees } from '../field.ts'
import { dash, rifle, tickRate } from '../rules.ts'
import { step, type Stepped } from '../step.ts'

const dt = 1000 / tickRate

function fighter(x: number, y: number): Stepped {
  const nothing = { shots: 0, dashes: 0, reloaded: 0, dashEnds: 0, dashReady: 0, dashAim: 0 }
  return { x, y, aim: 0, hp: 100, safe: false, ...nothing }
}

/** Two bots from one corner to the other until one is down; the shots and hits of who is not. */
function duel(seed: number): { shots: number; hits: number } {
  const random = new SeededRandom(seed)
  const ada = { self: fighter(90, 90), bot: new Bot(() => random.number()), shots: 0, hits: 0 }
  const bo = { self: fighter(1510, 910), bot: new Bot(() => random.number()), shots: 0, hits: 0 }
  let ticks = 0
  while (ada.self.hp > 0 && bo.self.hp > 0) {
    expect(++ticks).toBeLessThan(60 * tickRate)
    for (const [one, other] of [
      [ada, bo],
      [bo, ada],
    ] as const) {
      const { self } = one
      const before = { x: self.x, y: self.y, shots: self.shots, saw: sees(self, other.self) }
      const others = new Map<string, Seen>([['other', other.self]])
      step(self, one.bot.decide({ self, others, packs: [] }), dt, ticks)
      expect(isFree(self)).toBe(true)
      expect(Math.hypot(self.x - before.x, self.y - before.y)).toBeLessThan((dash.speed * 1.5) / tickRate)
      if (self.shots === before.shots) continue
      one.shots++
      // It shoots at what it sees, and not at everything.
      expect(before.saw).toBe(true)
      const distance = meets(self, self.aim, other.self)
      if (distance === undefined || distance > reach(self, self.aim, rifle.range)) continue
      one.hits++
      other.self.hp = Math.max(0, other.self.hp - rifle.damage)
    }
  }
  return ada.self.hp > 0 ? ada : bo
}

it('bots find each other and fight it out, and are neither blind nor machines', () => {
  const duels = Array.from({ length: 6 }, (_, seed) => duel(seed))
  const sum = (of: 'shots' | 'hits'): number => duels.reduce((total, each) => total + each[of], 0)
  expect(sum('hits') / sum('shots')).toBeGreaterThan(0.25)
  expect(sum('hits') / sum('shots')).toBeLessThan(0.75)
})
