import type { InputOf } from '@junto/schema'
import type { Member } from '../room/member.ts'
import type { ServerInputContext } from '../room/mutators.ts'

/** An input that a room applies by itself, with what the mutator of the input would be told. */
export interface DrainedInput<T> extends ServerInputContext<T> {
  readonly input: InputOf<T>
  /** Of when what the member was shown then is: milliseconds since 1970, by the server's clock; `undefined` when its client does not say. */
  readonly seen: number | undefined
}

/** The inputs of a room's members. */
export interface RoomInputs<T> {
  /**
   * Takes those of a member that are due in this tick, in order; none when it was called in this tick before. To be called in `onTick`, in a room that
   * is defined with `inputs: { apply: 'manual' }`.
   *
   * ```ts
   * import { defineRoom, t } from '@junto/schema'
   * import { Room } from '@junto/server'
   *
   * const Track = defineRoom('track', {
   *   version: 1,
   *   state: t.Object({ cars: t.Map(t.Object({ speed: t.Float32() })) }),
   *   input: t.Object({ pedal: t.Float32() }),
   *   clientToServer: {},
   *   serverToClient: {},
   * })
   *
   * class TrackRoom extends Room(Track) {
   *   onCreate() {
   *     return { cars: {} }
   *   }
   *
   *   override onTick(dt: number) {
   *     for (const member of this.members.values()) {
   *       const car = this.state.cars.get(member.id)
   *       for (const { input } of this.inputs.drain(member)) if (car) car.speed += input.pedal * dt
   *     }
   *   }
   * }
   * ```
   *
   * @throws JuntoError `misuse` where they are applied by `mutators.input`, and where the contract declares none.
   */
  drain(member: Member<T>): readonly DrainedInput<T>[]
}
