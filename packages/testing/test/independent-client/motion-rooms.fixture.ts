import { defineRoom, mutation, t, type Live, type Mutators, type StateOf } from '@junto/schema'
import { Room, type JuntoServer, type Member } from '@junto/server'

// Rooms whose members change the state by mutations, and by inputs.

const Mark = t.Object({ by: t.String(), x: t.Number(), at: t.Number(), chance: t.Number() })

export const Sketch = defineRoom('sketch', {
  version: 1,
  state: t.Object({ marks: t.Map(Mark) }),
  clientToServer: {},
  serverToClient: {},
  mutations: {
    add: mutation({
      params: t.Object({ x: t.Number({ maximum: 100 }) }),
      result: t.String(),
      errors: { full: t.Object({ limit: t.Uint8() }) },
      undoable: true,
    }),
    move: mutation({ params: t.Object({ id: t.String(), x: t.Number() }), undoable: true }),
    rest: mutation(),
  },
})

const mostMarks = 3

const sketchMutators: Mutators<typeof Sketch> = {
  add(state, { x }, { by, now, random, newId, error }) {
    const id = newId()
    state.marks.set(id, { by, x, at: now, chance: random() })
    if (state.marks.size > mostMarks) throw error('full', { limit: mostMarks })
    return id
  },
  move(state, { id, x }) {
    const mark = state.marks.get(id)
    if (mark !== undefined) mark.x = x
  },
  rest() {},
}

class SketchRoom extends Room(Sketch) {
  readonly mutators = sketchMutators
  readonly handlers = this.handle({})
  onCreate() {
    return { marks: {} }
  }
}

const Car = t.Object({ x: t.Int32(), honks: t.Uint16(), chance: t.Number(), at: t.Number(), seq: t.Uint32() })

const cars = {
  version: 1,
  state: t.Object({ cars: t.Map(Car) }),
  clientToServer: {},
  serverToClient: {},
  mutations: { park: mutation() },
  input: t.Object({ dx: t.Int8({ minimum: -10, maximum: 10 }), honk: t.Optional(t.Boolean()) }),
}

export const Road = defineRoom('road', cars)
/** A road on which cars go on as they went. */
export const Rail = defineRoom('rail', cars)

type Cars = Live<StateOf<typeof Road>>

const roadMutators: Mutators<typeof Road> = {
  park(state: Cars, _, { by }) {
    const car = state.cars.get(by)
    if (car !== undefined) car.x = 0
  },
  input(state: Cars, { dx, honk }, { by, now, seq, random }) {
    const car = state.cars.get(by)
    if (car === undefined) return
    car.x += dx
    car.chance = random()
    car.at = now
    car.seq = seq
    if (honk === true) car.honks++
  },
}

const newCar = { x: 0, honks: 0, chance: 0, at: 0, seq: 0 }

class RoadRoom extends Room(Road) {
  readonly mutators = roadMutators
  readonly handlers = this.handle({})
  onCreate() {
    return { cars: {} }
  }
  override onJoin(member: Member<typeof Road>) {
    this.state.cars.set(member.id, newCar)
  }
}

class RailRoom extends Room(Rail) {
  readonly mutators = roadMutators
  readonly handlers = this.handle({})
  onCreate() {
    return { cars: {} }
  }
  override onJoin(member: Member<typeof Rail>) {
    this.state.cars.set(member.id, newCar)
  }
}

/** Milliseconds of a tick of a road. */
export const tick = 10

export function defineMotion(server: JuntoServer): void {
  server.define(Sketch, SketchRoom)
  server.define(Road, RoadRoom, { tickRate: 1000 / tick, patchRate: 1000 / tick })
  server.define(Rail, RailRoom, { tickRate: 1000 / tick, inputs: { missing: 'repeat' } })
}
