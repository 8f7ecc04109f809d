import { provide } from '@junto/server'
import { createWorld } from '@junto/testing'
import { expect, it } from 'vitest'
import { Arena } from '../contract.ts'
import { ArenaRoom, Company } from '../room.ts'
import { health, mostFighters, patchRate, tickRate, times } from '../rules.ts'

function arena(fewest: number) {
  return createWorld({
    seed: 1,
    rooms: [[Arena, ArenaRoom, { maxMembers: mostFighters, tickRate, patchRate }]],
    server: { services: [provide(Company, new Company(fewest))] },
  })
}

it('nobody whose connection is lost stands on the field, also when a round begins; back, they stand again', async () => {
  const world = arena(0)
  const [ada, bo] = [world.client(), world.client()]
  await world.until(ada.open(Arena, { key: 'a', join: { name: 'Ada' } }))
  const { memberId } = await world.until(bo.open(Arena, { key: 'a', join: { name: 'Bo' } }))
  const { state } = world.room(ArenaRoom, 'a')
  const fighter = state.fighters.get(memberId)
  world.offline(bo)
  await world.advance('30s')
  expect(fighter?.hp).toBe(0)
  state.ends = world.clock.time()
  await world.advance(times.rest + 1_000)
  expect(state.winner).toBe('')
  expect(fighter?.hp).toBe(0)
  world.online(bo)
  await world.advance('10s')
  expect(fighter).toMatchObject({ hp: health.full, deaths: 0 })
  await world.end()
})

it('no two bots have one name, however often players come and go', async () => {
  const world = arena(mostFighters)
  const ada = world.client()
  await world.until(ada.open(Arena, { key: 'a', join: { name: 'Ada' } }))
  const { state } = world.room(ArenaRoom, 'a')
  for (let visit = 0; visit < 5; visit++) {
    const bo = await world.until(world.client().open(Arena, { key: 'a', join: { name: 'Bo' } }))
    await world.until(bo.leave())
    expect(new Set([...state.fighters.values()].map(({ name }) => name)).size).toBe(mostFighters)
  }
  await world.end()
})
