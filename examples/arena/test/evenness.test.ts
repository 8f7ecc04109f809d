import { optimistic, sampleInputs, viewOf } from '@junto/client'
import { provide } from '@junto/server'
import { createWorld, type World } from '@junto/testing'
import { expect, it } from 'vitest'
import { Arena } from '../contract.ts'
import { arenaMutators } from '../mutators.ts'
import { ArenaRoom, Company } from '../room.ts'
import { mostFighters, patchRate, speed, tickRate } from '../rules.ts'
import type { Input } from '../step.ts'

/** Milliseconds from frame to frame. */
const frame = 1000 / 60

/** A page of somebody, as the real one draws. */
async function page(world: World, name: string) {
  const opening = world.client().open(Arena, { key: 'a', join: { name }, mutators: optimistic(arenaMutators) })
  const room = await world.until(opening)
  let held: Input = { dx: 0, dy: 0, aim: 0, fire: false, dash: false }
  const inputs = sampleInputs(room, () => held, { peek: true })
  const view = viewOf(room, (state) => state.fighters, {
    fields: ['x', 'y'],
    angles: ['aim'],
    own: (_fighter, key) => key === room.memberId,
  })
  return {
    id: room.memberId,
    walk: (dx: number) => (held = { ...held, dx }),
    draw: () => {
      inputs.frame()
      view.frame()
    },
    /** Where a fighter is drawn. */
    x: (id: string) => view.get(id)?.x ?? NaN,
  }
}

it('at 100 ms with jitter, who walks is drawn walking evenly: by their own page, and by others', async () => {
  const world = createWorld({
    seed: 3,
    network: { latency: 50, jitter: 30 },
    rooms: [[Arena, ArenaRoom, { maxMembers: mostFighters, tickRate, patchRate }]],
    server: { services: [provide(Company, new Company(0))] },
  })
  const [ada, bo] = [await page(world, 'Ada'), await page(world, 'Bo')]
  const play = async (frames: number, each = (): void => {}): Promise<void> => {
    for (let count = 0; count < frames; count++) {
      for (const { draw } of [ada, bo]) draw()
      each()
      await world.advance(frame)
    }
  }
  await play(120)
  // Along the lower edge nothing is in the way.
  Object.assign(world.room(ArenaRoom, 'a').state.fighters.get(bo.id) ?? {}, { x: 100, y: 960 })
  await play(60)
  bo.walk(100)
  await play(40)
  let before = [bo.x(bo.id), ada.x(bo.id)]
  const steps: number[] = []
  await play(200, () => {
    const now = [bo.x(bo.id), ada.x(bo.id)]
    steps.push(...now.map((x, page) => x - (before[page] ?? NaN)))
    before = now
  })
  const even = (speed * frame) / 1000
  // A frame is off by three pixels at most, and seldom by one.
  const off = steps.map((step) => Math.abs(step - even))
  expect(Math.max(...off)).toBeLessThan(3)
  expect(off.filter((each) => !(each < 1)).length).toBeLessThan(steps.length / 50)
  await world.end()
})
