import { defineRoom, mutation, t, type Mutators } from '@junto/schema'

/** Rooms that tick, and whose members drive by inputs. */
export const Race = defineRoom('race', {
  version: 1,
  join: t.Object({ who: t.String() }),
  user: t.Object({ id: t.String() }),
  state: t.Object({
    cars: t.Map(t.Object({ x: t.Quantized({ min: 0, max: 1000, step: 0.25 }), steps: t.Uint32() })),
    honks: t.Uint32(),
  }),
  /** `channel` and `n`: what the history knows it by. */
  input: t.Object({ channel: t.String(), n: t.Uint32(), dx: t.Float32() }),
  clientToServer: {},
  serverToClient: {},
  mutations: { honk: mutation({ params: t.Object({ channel: t.String(), n: t.Uint32() }), result: t.Uint32() }) },
})

export type Race = typeof Race

/** Ticks a second: few, as time is spent on each. */
export const raceTicks = 10

/** What inputs and mutations do, wherever they run. */
export const raceMutators: Mutators<Race> = {
  input({ cars }, { dx }, { by, random }) {
    const car = cars.get(by)
    if (car === undefined) return
    car.x = (car.x + dx + random()) % 1000
    car.steps++
  },
  honk(state, { n }) {
    state.honks++
    return n
  },
}
