import { defineRoom, t, type InputOf, type Mutators } from '@junto/schema'
import { Room, type Member, type ServerMutators } from '@junto/server'

/** How wide and how high the field is, so that nobody comes to a wall; and how fast runners are, in units a second. */
export const field = 20_000
export const speed = 317
/** What travels of a coordinate. */
export const quantum = 0.1

const Coordinate = t.Quantized({ min: 0, max: field, step: quantum })

/** A field on which members run. */
export const Field = defineRoom('field', {
  version: 1,
  state: t.Object({ runners: t.Map(t.Object({ x: Coordinate, y: Coordinate, aim: t.Angle() })) }),
  input: t.Object({ dx: t.Int8(), dy: t.Int8(), aim: t.Angle() }),
  clientToServer: {},
  serverToClient: {},
})

/** What a player holds down: the directions are -1, 0 or 1. */
export type Held = InputOf<typeof Field>

/** What a step does: it goes as far as the speed says, up to the walls. */
export const fieldMutators: Mutators<typeof Field> = {
  input({ runners }, { dx, dy, aim }, { by, dt }) {
    const runner = runners.get(by)
    if (runner === undefined) return
    const way = (speed * dt) / 1_000
    runner.x = Math.min(field, Math.max(0, runner.x + dx * way))
    runner.y = Math.min(field, Math.max(0, runner.y + dy * way))
    runner.aim = aim
  },
}

/** Where somebody is. */
export interface Place {
  readonly x: number
  readonly y: number
}

/** The field on its server, which notes where each input has brought its runner, as exactly as it counts. */
export class FieldRoom extends Room(Field) {
  /** By member and number of the input. */
  readonly places = new Map<string, Place[]>()
  readonly mutators: ServerMutators<typeof Field> = {
    input: (state, input, context) => {
      fieldMutators.input(state, input, context)
      const runner = state.runners.get(context.by)
      const places = this.places.get(context.by) ?? []
      this.places.set(context.by, places)
      if (runner !== undefined) places[context.seq] = { x: runner.x, y: runner.y }
    },
  }

  onCreate() {
    return { runners: {} }
  }

  override onJoin({ id }: Member<typeof Field>): void {
    this.state.runners.set(id, { x: field / 2, y: field / 2, aim: 0 })
  }

  override onLeave({ id }: Member<typeof Field>): void {
    this.state.runners.delete(id)
  }

  override onTick(): void {
    // Runners move by their inputs alone.
  }

  /** Pushes a runner so far towards the middle. Its client knows nothing of that. */
  push(id: string, by: number): void {
    const runner = this.state.runners.get(id)
    if (runner !== undefined) runner.x += runner.x > field / 2 ? -by : by
  }

  readonly handlers = this.handle({})
}
