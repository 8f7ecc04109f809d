import { describe, expectTypeOf, it } from 'vitest'
import { defineRoom, type InputOf, type MutationsOf, type Of } from './contract.ts'
import type { Mutates, Outcome } from './messages.ts'
import { mutation } from './mutation.ts'
import type { InputContext, MutationContext, Mutators } from './mutators.ts'
import * as t from './types.ts'

const Point = t.Object({ x: t.Quantized({ min: 0, max: 1000, step: 0.1 }), y: t.Number() })
const Board = defineRoom('board', {
  version: 1,
  user: t.Object({ role: t.Enum(['editor', 'guest']) }),
  state: t.Object({ points: t.Map(Point), trail: t.Array(Point), log: t.Local<string[]>() }),
  clientToServer: {},
  serverToClient: {},
  mutations: {
    add: mutation({
      params: Point,
      result: t.String(),
      errors: { full: t.Object({ limit: t.Integer() }), shut: t.Null() },
    }),
    clear: mutation({ undoable: true }),
    find: mutation({ params: t.Object({ id: t.Optional(t.String()) }), result: t.Union([t.Number(), t.Null()]) }),
  },
  input: t.Object({ dx: t.Int8(), fire: t.Optional(t.Boolean()) }),
})
type Board = typeof Board

// What is in it is not run: the types are looked at.
function types(_check: () => unknown): void {}

const Plain = defineRoom('plain', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {} })
const Game = defineRoom('game', {
  version: 1,
  state: t.Object({ x: t.Number() }),
  clientToServer: {},
  serverToClient: {},
  input: t.Object({ dx: t.Int8() }),
})

describe('a contract with mutations', () => {
  it('knows them and its input', () => {
    expectTypeOf<keyof MutationsOf<Board>>().toEqualTypeOf<'add' | 'clear' | 'find'>()
    expectTypeOf<InputOf<Board>>().toEqualTypeOf<{ dx: number; fire?: boolean }>()
  })

  it('and one without has none', () => {
    expectTypeOf<keyof MutationsOf<typeof Plain>>().toEqualTypeOf<never>()
    expectTypeOf<InputOf<typeof Plain>>().toEqualTypeOf<undefined>()
    expectTypeOf<Mutates<MutationsOf<typeof Plain>>>().toEqualTypeOf<{}>()
  })
})

describe('callers of mutations', () => {
  const mutate = {} as Mutates<MutationsOf<Board>>

  it('take the parameters and yield the result', () => {
    expectTypeOf(mutate.add).parameter(0).toEqualTypeOf<{ x: number; y: number }>()
    expectTypeOf(mutate.add).returns.resolves.toEqualTypeOf<string>()
    types(() => {
      expectTypeOf(mutate.clear()).toEqualTypeOf<Promise<void>>()
    })
  })

  it('know the declared errors', () => {
    type Errors = { readonly full: { limit: number }; readonly shut: null }
    const error: unknown = undefined
    types(() => {
      expectTypeOf(mutate.add.try({ x: 1, y: 1 })).resolves.toEqualTypeOf<Outcome<string, Errors>>()
      if (mutate.add.failed(error, 'full')) expectTypeOf(error.data.limit).toEqualTypeOf<number>()
    })
  })

  it('refuse what the contract does not declare', () => {
    types(() => {
      // @ts-expect-error There is no such mutation.
      mutate.remove()
      // @ts-expect-error A parameter is missing.
      void mutate.add({ x: 1 })
      // @ts-expect-error It takes none.
      void mutate.clear({ x: 1 })
      // @ts-expect-error The input is no mutation.
      void mutate.input({ dx: 1 })
      // @ts-expect-error There is no such error.
      mutate.add.failed(undefined, 'empty')
    })
  })
})

describe('mutators', () => {
  it('get the state, the parameters and a context', () => {
    const mutators: Mutators<Board> = {
      add(state, point, context) {
        expectTypeOf(point).toEqualTypeOf<{ x: number; y: number }>()
        expectTypeOf(context).toEqualTypeOf<
          MutationContext<Board, { readonly full: { limit: number }; readonly shut: null }>
        >()
        expectTypeOf(context.user).toEqualTypeOf<{ role: 'editor' | 'guest' } | undefined>()
        expectTypeOf(context.by).toEqualTypeOf<string>()
        expectTypeOf(context.now).toEqualTypeOf<number>()
        expectTypeOf(context.random()).toEqualTypeOf<number>()
        expectTypeOf(state.points.get('a')?.x).toEqualTypeOf<number | undefined>()
        if (state.points.size > 9) throw context.error('full', { limit: 9 })
        if (state.points.size > 8) throw context.error('shut', null, 'come back later')
        // @ts-expect-error There is no such error.
        context.error('empty', null)
        // @ts-expect-error Its data are others.
        context.error('full', {})
        const id = context.newId()
        state.points.set(id, point)
        state.trail.push(point)
        return id
      },
      clear(state, params, context) {
        expectTypeOf(params).toEqualTypeOf<void>()
        // @ts-expect-error It declares no errors.
        context.error('full', { limit: 9 })
        state.points.clear()
      },
      find: (_, { id }) => id?.length ?? null,
      input(state, input, context) {
        expectTypeOf(input).toEqualTypeOf<{ dx: number; fire?: boolean }>()
        expectTypeOf(context).toEqualTypeOf<InputContext<Board>>()
        // @ts-expect-error What a player does each tick is not refused.
        context.error('full', { limit: 9 })
        const point = state.points.get(context.by)
        if (point !== undefined) point.x += input.dx * context.dt * context.seq
      },
    }
    expectTypeOf(mutators).toExtend<Mutators<Board>>()
  })

  it('are all there, and no others', () => {
    const some = { add: () => '', clear: () => undefined, find: () => 1 }
    // @ts-expect-error The input lacks its mutator.
    const withoutInput: Mutators<Board> = some
    // @ts-expect-error So does a mutation.
    const withoutClear: Mutators<Board> = { add: () => '', find: () => 1, input: () => undefined }
    // @ts-expect-error There is no such mutation.
    const withMore: Mutators<typeof Game> = { input: () => undefined, remove: () => undefined }
    const none: Mutators<typeof Plain> = {}
    const game: Mutators<typeof Game> = { input: (state, { dx }) => void (state.x += dx) }
    expectTypeOf([withoutInput, withoutClear, withMore, none, game]).not.toBeAny()
  })

  it('are synchronous, and return what the contract says', () => {
    // @ts-expect-error A promise is no result.
    const asynchronous: Mutators<Board>['add'] = async () => 'a'
    // @ts-expect-error Nor is it nothing.
    const slow: Mutators<Board>['clear'] = async () => undefined
    // @ts-expect-error Nor for an input.
    const later: Mutators<Board>['input'] = async () => undefined
    // @ts-expect-error The result is a text.
    const wrong: Mutators<Board>['add'] = () => 1
    // @ts-expect-error The result is missing.
    const missing: Mutators<Board>['add'] = () => undefined
    expectTypeOf([asynchronous, slow, later, wrong, missing]).not.toBeAny()
  })

  it('of any contract can be put together with others', () => {
    expectTypeOf<Of<Board>['mutations']>().toEqualTypeOf<MutationsOf<Board>>()
    const shared: Mutators<Board> = {} as Mutators<Board>
    const wrapped: Mutators<Board> = {
      ...shared,
      add: (state, point, context) => shared.add(state, point, context).toUpperCase(),
    }
    expectTypeOf(wrapped).not.toBeAny()
  })
})
