import { describe, expect, it } from 'vitest'
import { differences } from './compatibility.ts'
import { call, defineRoom, event, stream, type RoomShape, type Schema } from './contract.ts'
import { layoutOf } from './contract-layout.ts'
import type { Layout } from './layout.ts'
import { mutation } from './mutation.ts'
import * as t from './types.ts'

function layout(shape: Partial<RoomShape>): Layout {
  return layoutOf(
    defineRoom('room', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {}, ...shape }),
  )
}

/** What stands between a client with the one shape and a server with the other. */
function between(own: Partial<RoomShape>, server: Partial<RoomShape>): readonly string[] {
  return differences(layout(own), layout(server))
}

const state = (schema: Schema): Partial<RoomShape> => ({ state: t.Object({ it: schema }) })
const up = (params?: Schema, result?: Schema): Partial<RoomShape> => ({
  clientToServer: { it: call({ ...(params && { params }), ...(result && { result }) }) },
})
const down = (params?: Schema, result?: Schema): Partial<RoomShape> => ({
  serverToClient: { it: call({ ...(params && { params }), ...(result && { result }) }) },
})

const edit = (params?: Schema, result?: Schema): Partial<RoomShape> => ({
  mutations: { it: mutation({ ...(params && { params }), ...(result && { result }) }) },
})

const A = t.Object({ a: t.String() })
const AB = t.Object({ a: t.String(), b: t.Number() })
const AOptionalB = t.Object({ a: t.String(), b: t.Optional(t.Number()) })
const Hidden = (to: string) => t.Visible(to, t.String())
const SomeB = t.Visible('x', t.Number())
const Reversed = t.Object({ b: t.Number(), a: t.String() })

describe('contracts work together', () => {
  it.each<[string, Partial<RoomShape>, Partial<RoomShape>]>([
    ['that are equal', up(AB, AB), up(AB, AB)],
    ['in another order', up(AB, AB), up(Reversed, Reversed)],
    ['when the server has a field of the state more', state(A), state(AB)],
    ['when the client has an optional field of the state more', state(AOptionalB), state(A)],
    ['when the server takes an optional parameter more', up(A), up(AOptionalB)],
    ['when the client has an optional parameter more', up(AOptionalB), up(A)],
    ['when a parameter became optional on the server', up(AB), up(AOptionalB)],
    ['when the server returns a field more', up(A, A), up(A, AB)],
    ['when the server returns something', up(A), up(A, A)],
    ['when the server sends parameters more', down(A), down(AB)],
    ['when the server no longer needs a result', down(A, AB), down(A, AOptionalB)],
    ['when only the server has a call', {}, up(A, A)],
    ['when only the client has a call', up(A, A), {}],
    ['when only the server has an event', {}, { serverToClient: { it: event(A) } }],
    ['when only the client has an event', { serverToClient: { it: event(A) } }, {}],
    [
      'when the server declares another error',
      up(A),
      { clientToServer: { it: call({ params: A, errors: { full: A } }) } },
    ],
    ['when only the server has presence', {}, { presence: A }],
    ['when only the server has an input', {}, { input: A }],
    ['when the server takes more input', { input: A }, { input: AOptionalB }],
    ['when only the server has a mutation', {}, edit(A, A)],
    ['when only the client has a mutation', edit(A, A), {}],
    ['when mutations are equal', edit(AB, AB), edit(Reversed, Reversed)],
    ['when a mutation takes an optional parameter more', edit(A), edit(AOptionalB)],
    ['when a mutation returns a field more', edit(A, A), edit(A, AB)],
    ['when a mutation can be taken back', edit(A), { mutations: { it: mutation({ params: A, undoable: true }) } }],
    [
      'when the server has mutations before and behind those of the client',
      { clientToServer: { c: call({ params: A }) }, mutations: { b: mutation({ params: A }) } },
      {
        clientToServer: { a: call(), c: call({ params: A }), d: event(A) },
        mutations: { a2: mutation(), b: mutation({ params: A, undoable: true }), c2: mutation({ params: AB }) },
      },
    ],
    [
      'when an event travels otherwise',
      { clientToServer: { it: event(A) } },
      { clientToServer: { it: event(A, { delivery: 'latest' }) } },
    ],
    ['with other kinds of numbers', state(t.Number()), state(t.Quantized({ min: 0, max: 1, step: 0.1 }))],
    ['with other numbers in parameters', up(t.Uint8()), up(t.Float32())],
    ['when the server has fewer values', state(t.Enum(['a', 'b'])), state(t.Literal('a'))],
    ['when the server takes more values', up(t.Enum(['a'])), up(t.Union([t.Literal('a'), t.Literal('b')]))],
    ['when the server has constants for a string', state(t.String()), state(t.Enum(['a', 'b']))],
    ['when the server has constants for a number', state(t.Number()), state(t.Literal(1))],
    ['when the server takes more variants', up(t.String()), up(t.Union([t.Null(), t.String()]))],
    ['when the server has fewer variants', state(t.Union([t.Null(), t.String()])), state(t.String())],
    ['when booleans are spelled out', state(t.Boolean()), state(t.Union([t.Literal(true), t.Literal(false)]))],
    ['and back', state(t.Union([t.Literal(true), t.Literal(false)])), state(t.Boolean())],
    ['when a parameter is kept whole', up(t.Value(A)), up(A)],
    [
      'when the server shows a field to others',
      state(t.Object({ a: Hidden('x') })),
      state(t.Object({ a: Hidden('y') })),
    ],
    ['when the server shows a field to all', state(t.Object({ a: Hidden('x') })), state(A)],
    [
      'when the server shows to some what was optional',
      state(AOptionalB),
      state(t.Object({ a: t.String(), b: SomeB })),
    ],
    ['when the server has a field more that some see', state(A), state(t.Object({ a: t.String(), b: SomeB }))],
    ['when the server views a map', state(t.Map(A)), state(t.Map(AB, { view: true }))],
    ['when the server views a map no longer', state(t.Map(A, { view: true })), state(t.Map(A))],
    ['when the server says whose an object is', state(A), state(t.Object({ a: t.Owner() }))],
    ['when the server refers to something', state(A), state(t.Object({ a: t.Id('unit') }))],
    ['nested', state(t.Map(t.Array(t.Tuple([A])))), state(t.Map(t.Array(t.Tuple([AB]))))],
  ])('%s', (_, own, server) => {
    expect(between(own, server)).toEqual([])
  })
})

describe('contracts are refused, naming the path', () => {
  it.each<[string, Partial<RoomShape>, Partial<RoomShape>, string]>([
    [
      'an input that the server does not take',
      { input: A },
      {},
      'input: this client sends it, the server takes none any more',
    ],
    [
      'an input that lacks something',
      { input: A },
      { input: AB },
      'input.b: the server needs this field, this client does not send it',
    ],
    [
      'a mutation that lacks a parameter',
      edit(A),
      edit(AB),
      'mutations.it.params.b: the server needs this field, this client does not send it',
    ],
    [
      'a mutation without parameters',
      edit(),
      edit(A),
      'mutations.it.params: the server needs it, this client has none',
    ],
    [
      'a mutation with parameters that the server does not take',
      edit(A),
      edit(),
      'mutations.it.params: this client sends it, the server takes none any more',
    ],
    [
      'a mutation that returns something else',
      edit(A, t.String()),
      edit(A, t.Number()),
      "mutations.it.result: the server has a number, this client's contract says a string",
    ],
    [
      'a mutation whose error says something else',
      { mutations: { it: mutation({ errors: { full: A } }) } },
      { mutations: { it: mutation({ errors: { full: t.Null() } }) } },
      "mutations.it.errors.full: the server has null, this client's contract says an object",
    ],
    [
      'a call that is a mutation there',
      up(A),
      edit(A),
      "clientToServer.it: this client's contract has a call, the server has a mutation",
    ],
    [
      'a mutation that is a call there',
      edit(A),
      up(A),
      "mutations.it: this client's contract has a mutation, the server has a call",
    ],
    [
      'another type in the state',
      state(t.String()),
      state(t.Number()),
      "state.it: the server has a number, this client's contract says a string",
    ],
    [
      'another type deep inside',
      state(t.Map(t.Array(A))),
      state(t.Map(t.Array(t.Object({ a: t.Boolean() })))),
      "state.it.*[].a: the server has a boolean, this client's contract says a string",
    ],
    [
      'a field that the server lacks',
      state(AB),
      state(A),
      "state.it.b: the server does not have this field, which this client's contract needs",
    ],
    [
      'a field that the server may leave out',
      state(AB),
      state(AOptionalB),
      "state.it.b: the server may leave out this field, which this client's contract needs",
    ],
    [
      'a field that the server came to hide from some',
      state(A),
      state(t.Object({ a: Hidden('x') })),
      "state.it.a: the server may leave out this field, which this client's contract needs",
    ],
    [
      'a parameter that the server needs',
      up(A),
      up(AB),
      'clientToServer.it.params.b: the server needs this field, this client does not send it',
    ],
    [
      'a parameter that the server came to need',
      up(AOptionalB),
      up(AB),
      'clientToServer.it.params.b: the server needs this field, this client may leave it out',
    ],
    [
      'a parameter that the server dropped',
      up(AB),
      up(A),
      'clientToServer.it.params.b: this client sends this field, the server does not know it',
    ],
    [
      'another type of a parameter',
      up(t.String()),
      up(t.Bytes()),
      'clientToServer.it.params: this client sends a string, the server takes bytes',
    ],
    [
      'fewer values',
      up(t.Enum(['a', 'b'])),
      up(t.Enum(['a'])),
      'clientToServer.it.params: this client sends one of "a", "b", the server takes one of "a"',
    ],
    [
      'more values',
      state(t.Enum(['a'])),
      state(t.Enum(['a', 'b'])),
      'state.it: the server has one of "a", "b", this client\'s contract says one of "a"',
    ],
    [
      'null where there was none',
      state(t.String()),
      state(t.Union([t.String(), t.Null()])),
      "state.it: the server has a string or null, this client's contract says a string",
    ],
    ['parameters that are new', up(), up(A), 'clientToServer.it.params: the server needs it, this client has none'],
    [
      'parameters that are gone',
      up(A),
      up(),
      'clientToServer.it.params: this client sends it, the server takes none any more',
    ],
    ['a result that is gone', up(A, A), up(A), 'clientToServer.it.result: the server sends none any more'],
    [
      'a result field that is gone',
      up(A, AB),
      up(A, A),
      "clientToServer.it.result.b: the server does not have this field, which this client's contract needs",
    ],
    [
      'parameters of a call to the client',
      down(AB),
      down(A),
      "serverToClient.it.params.b: the server does not have this field, which this client's contract needs",
    ],
    [
      'a result of the client',
      down(A, A),
      down(A, AB),
      'serverToClient.it.result.b: the server needs this field, this client does not send it',
    ],
    [
      'an event that became a call',
      { clientToServer: { it: event(A) } },
      up(A),
      "clientToServer.it: this client's contract has an event, the server has a call",
    ],
    [
      'an event with another payload',
      { serverToClient: { it: event(t.String()) } },
      { serverToClient: { it: event(t.Null()) } },
      "serverToClient.it.payload: the server has null, this client's contract says a string",
    ],
    [
      'a stream with other items',
      { clientToServer: { it: stream({ item: A }) } },
      { clientToServer: { it: stream({ item: t.Json() }) } },
      "clientToServer.it.item: the server has free-form JSON, this client's contract says an object",
    ],
    [
      'an error with other data',
      { clientToServer: { it: call({ errors: { full: A } }) } },
      { clientToServer: { it: call({ errors: { full: t.Null() } }) } },
      "clientToServer.it.errors.full: the server has null, this client's contract says an object",
    ],
    [
      'a map for a list',
      state(t.Array(A)),
      state(t.Map(A)),
      "state.it: the server has a map, this client's contract says a list",
    ],
    [
      'a longer tuple',
      state(t.Tuple([A])),
      state(t.Tuple([A, A])),
      "state.it: the server has a tuple of 2, this client's contract says a tuple of 1",
    ],
    [
      'a state field kept whole',
      state(A),
      state(t.Value(A)),
      "state.it: the server has a value kept whole (an object), this client's contract says an object",
    ],
    [
      'a bigint for a number',
      state(t.Number()),
      state(t.BigInt()),
      "state.it: the server has a bigint, this client's contract says a number",
    ],
    ['presence that is gone', { presence: A }, {}, 'presence: this client sends it, the server takes none any more'],
    [
      'presence that differs',
      { presence: A },
      { presence: AB },
      'presence.b: the server needs this field, this client does not send it',
    ],
  ])('%s', (_, own, server, sentence) => {
    expect(between(own, server)).toEqual([sentence])
  })

  it('with a list that ends', () => {
    const many = (schema: Schema): Partial<RoomShape> => ({
      state: t.Object(
        Object.fromEntries(
          Array.from({ length: 50 }, (_, index) => [`f${index}`, t.Array(t.Tuple([schema, t.Literal(index)]))]),
        ),
      ),
    })
    const found = between(many(t.String()), many(t.Boolean()))
    expect(found.length).toBeLessThanOrEqual(21)
    expect(found[0]).toBe("state.f0[][0]: the server has a boolean, this client's contract says a string")
  })

  it('in short time, however the types fan out', () => {
    const fan = (leaf: Schema): Schema => {
      let schema = leaf
      for (let level = 0; level < 25; level++) schema = t.Object({ a: schema, b: schema })
      return schema
    }
    const found = between(state(fan(t.String())), state(fan(t.Boolean())))
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/^state\.it(\.a){25}: the server has a boolean/)
  })
})
