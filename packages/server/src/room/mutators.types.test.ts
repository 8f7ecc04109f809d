import { defineRoom, t, type Mutators } from '@junto/schema'
import { describe, expectTypeOf, test } from 'vitest'
import { RoomDefinition } from './definition.ts'
import type { DefineOptions } from './define-options.ts'
import { easelMutators, Easel } from './easel.fixture.ts'
import type { Member } from './member.ts'
import type { ServerMutators } from './mutators.ts'
import { Room, type RoomClass } from './room.ts'

const common = { version: 1, state: t.Object({ x: t.Number() }), clientToServer: {}, serverToClient: {} } as const
const Still = defineRoom('still', common)
const Steered = defineRoom('steered', { ...common, input: t.Object({ dx: t.Int8() }) })

// What `define` demands of a class, as JuntoServer declares it.
function define<T extends typeof Easel | typeof Still | typeof Steered>(
  contract: T,
  room: RoomClass<NoInfer<T>>,
): void {
  RoomDefinition.of(contract, room, { authenticate: () => undefined } as never)
}

const noStrokes = () => ({ strokes: {}, order: [], total: 0 })

describe('the mutators of a room class', () => {
  test('may be those that stand beside the contract', () => {
    class EaselRoom extends Room(Easel) {
      readonly handlers = this.handle({ look: () => 0 })
      readonly mutators = easelMutators
      onCreate = noStrokes
    }
    define(Easel, EaselRoom)
  })

  test('may have some of them within functions of the room, which know the member', () => {
    class EaselRoom extends Room(Easel) {
      readonly handlers = this.handle({ look: () => 0 })
      readonly mutators: ServerMutators<typeof Easel> = {
        ...easelMutators,
        draw: (state, params, context) => {
          expectTypeOf(context.member).toEqualTypeOf<Member<typeof Easel>>()
          expectTypeOf(context.user).toEqualTypeOf<{ id: string }>()
          expectTypeOf(params).toEqualTypeOf<{ x: number }>()
          if (state.strokes.size > 10) throw context.error('full', { most: 10 })
          // @ts-expect-error this error is not declared
          context.error('empty', {})
          return easelMutators.draw(state, params, context)
        },
      }
      onCreate = noStrokes
    }
    define(Easel, EaselRoom)
  })

  test('are required where the contract declares mutations, each of them', () => {
    class WithoutAny extends Room(Easel) {
      readonly handlers = this.handle({ look: () => 0 })
      onCreate = noStrokes
    }
    // @ts-expect-error mutators is missing
    expectTypeOf(define<typeof Easel>).toBeCallableWith(Easel, WithoutAny)
    const { draw: _, ...others } = easelMutators
    class WithoutOne extends Room(Easel) {
      readonly handlers = this.handle({ look: () => 0 })
      readonly mutators = others
      onCreate = noStrokes
    }
    // @ts-expect-error draw is missing
    expectTypeOf(define<typeof Easel>).toBeCallableWith(Easel, WithoutOne)
  })

  test('are required where it declares an input, and nowhere else', () => {
    class StillRoom extends Room(Still) {
      onCreate = () => ({ x: 0 })
    }
    define(Still, StillRoom)
    class Unsteered extends Room(Steered) {
      onCreate = () => ({ x: 0 })
    }
    // @ts-expect-error mutators is missing
    expectTypeOf(define<typeof Steered>).toBeCallableWith(Steered, Unsteered)
    const shared: Mutators<typeof Steered> = { input: (state, { dx }, { dt }) => void (state.x += dx * dt) }
    class SteeredRoom extends Room(Steered) {
      readonly mutators = shared
      onCreate = () => ({ x: 0 })
    }
    expectTypeOf(define<typeof Steered>).toBeCallableWith(Steered, SteeredRoom)
  })

  test('are synchronous', () => {
    const mutators: ServerMutators<typeof Easel> = {
      ...easelMutators,
      // @ts-expect-error a promise is no result
      count: async (state) => {
        state.total++
      },
    }
    expectTypeOf(mutators).not.toBeAny()
  })

  test('may be limited by their names, as `undo` may where there are any', () => {
    type Limits<T extends typeof Easel | typeof Still> = keyof NonNullable<DefineOptions<T>['messageLimits']>
    expectTypeOf<Limits<typeof Easel>>().toEqualTypeOf<'look' | 'draw' | 'move' | 'count' | 'act' | 'undo'>()
    expectTypeOf<Limits<typeof Still>>().toEqualTypeOf<never>()
  })
})
