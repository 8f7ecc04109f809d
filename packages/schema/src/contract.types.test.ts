import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  call,
  defineRoom,
  event,
  stream,
  type Down,
  type EntitiesOf,
  type ModelOf,
  type Of,
  type StateOf,
  type TagsOf,
  type Up,
  type ValueOf,
} from './contract.ts'
import type { Calls, EventNames, FrameworkErrorCode, Outcome, PayloadOf, ResultOf, Sends, Streams } from './messages.ts'
import type {
  Adoptable,
  Id,
  JsonValue,
  Live,
  LocalModel,
  Mirror,
  Plain,
  StateList,
  StateMap,
  ViewedMap,
} from './model.ts'
import { live as asLive, toPlain } from './state/values/plain.ts'
import * as t from './types.ts'

const Point = t.Object({ x: t.Quantized({ min: 0, max: 1000, step: 0.1 }), y: t.Number() })
const Stroke = t.Object({
  by: t.String(),
  color: t.Uint8(),
  points: t.Array(Point),
  tool: t.Enum(['pen', 'eraser']),
  width: t.Optional(t.Float32()),
})
const Everything = t.Object({
  uint8: t.Uint8(),
  uint16: t.Uint16(),
  uint32: t.Uint32(),
  int8: t.Int8(),
  int16: t.Int16(),
  int32: t.Int32(),
  float32: t.Float32(),
  float64: t.Float64(),
  integer: t.Integer(),
  number: t.Number(),
  big: t.BigInt(),
  quantized: t.Quantized({ min: 0, max: 1, step: 0.1 }),
  angle: t.Angle(),
  at: t.Timestamp(),
  bytes: t.Bytes(),
  string: t.String(),
  boolean: t.Boolean(),
  nothing: t.Null(),
  literal: t.Literal('a'),
  role: t.Enum(['x', 'y']),
  nullable: t.Union([t.Object({ a: t.Uint8() }), t.Null()]),
  pair: t.Tuple([t.String(), t.Uint8()]),
  list: t.Array(t.Object({ a: t.String() })),
  grid: t.Array(t.Array(t.Uint8())),
  map: t.Map(t.Object({ a: t.Map(t.Uint8()) })),
  json: t.Json(),
  value: t.Value(t.Object({ a: t.Array(t.Uint8()), m: t.Map(t.Uint8()) })),
  maybe: t.Optional(t.Bytes()),
  maybeMap: t.Optional(t.Map(t.Uint8())),
  local: t.Local<Set<string>>(),
})
const Board = defineRoom('board', {
  version: 2,
  options: t.Object({ title: t.String() }),
  join: t.Object({ name: t.String({ maxLength: 40 }) }),
  user: t.Object({ id: t.String(), role: t.Enum(['editor', 'guest']) }),
  state: t.Object({ title: t.String(), strokes: t.Map(Stroke), all: Everything }),
  presence: t.Object({ cursor: t.Optional(Point) }),
  clientToServer: {
    addStroke: call({
      params: Stroke,
      result: t.Object({ id: t.String() }),
      errors: { full: t.Object({ limit: t.Integer() }), locked: t.Null() },
    }),
    clear: call(),
    point: event(Point, { delivery: 'volatile' }),
    ping: event(),
    history: stream({ params: t.Object({ since: t.Integer() }), item: Stroke }),
    ticks: stream({ item: t.Uint32() }),
  },
  serverToClient: {
    cleared: event(t.Object({ by: t.String() })),
    confirmClear: call({ params: t.Object({ by: t.String() }), result: t.Boolean() }),
  },
})

const Card = t.Object({ face: t.Uint8(), marks: t.Visible('cheat', t.Map(t.Boolean())) })
const Player = t.Object({
  name: t.String(),
  by: t.Owner(),
  hp: t.Visible('owner', t.Uint8()),
  hand: t.Visible(['owner', 'referee'], t.Array(Card)),
  role: t.Visible('referee', t.Union([t.Object({ wolf: t.Boolean() }), t.Null()])),
  notes: t.Visible('owner', t.Optional(t.String())),
  boast: t.Optional(t.Visible('fan', t.Json())),
  target: t.Optional(t.Id('player')),
  card: t.Id(Card),
  log: t.Local<string[]>(),
})
const Table = defineRoom('table', {
  version: 1,
  state: t.Object({
    players: t.Map(Player, { view: true }),
    deck: t.Visible('dealer', t.Object({ top: Card })),
    grid: t.Array(t.Map(t.Union([Card, t.Object({ joker: t.Visible('dealer', t.String()) })]), { view: true })),
    open: t.Map(Card),
  }),
  clientToServer: { hit: call({ params: t.Object({ whom: t.Id(Player) }), result: t.Id('player') }) },
  serverToClient: {},
})

interface PointValue {
  x: number
  y: number
}
interface StrokeValue {
  by: string
  color: number
  points: PointValue[]
  tool: 'pen' | 'eraser'
  width?: number
}
interface EverythingValue {
  uint8: number
  uint16: number
  uint32: number
  int8: number
  int16: number
  int32: number
  float32: number
  float64: number
  integer: number
  number: number
  big: bigint
  quantized: number
  angle: number
  at: number
  bytes: Uint8Array
  string: string
  boolean: boolean
  nothing: null
  literal: 'a'
  role: 'x' | 'y'
  nullable: { a: number } | null
  pair: [string, number]
  list: { a: string }[]
  grid: number[][]
  map: { [key: string]: { a: { [key: string]: number } } }
  json: JsonValue
  value: { a: number[]; m: { [key: string]: number } }
  maybe?: Uint8Array
  maybeMap?: { [key: string]: number }
  local?: Set<string>
}

type IsAny<T> = 0 extends 1 & T ? true : false
type Atom = string | number | bigint | boolean | symbol | null | undefined | Uint8Array

/** What the walk does not enter: the declarations of these are not ours. */
type BuiltIn =
  | Atom
  | AbortSignal
  | Set<string>
  | ReadonlyMap<string, unknown>
  | Iterator<unknown, void, unknown>
  | AsyncIterator<unknown, void, unknown>

/** `true` when a type, or anything that can be reached from it within some steps, is `any`. */
type HasAny<T, Steps extends unknown[] = []> =
  IsAny<T> extends true
    ? true
    : Steps['length'] extends 6
      ? false
      : [T] extends [BuiltIn]
        ? false
        : T extends (...args: infer A) => infer R
          ? true extends HasAny<A[number], [...Steps, 0]> | HasAny<Awaited<R>, [...Steps, 0]>
            ? true
            : false
          : T extends readonly (infer I)[]
            ? HasAny<I, [...Steps, 0]>
            : T extends object
              ? true extends { [K in keyof T]-?: HasAny<T[K], [...Steps, 0]> }[keyof T]
                ? true
                : false
              : false

declare const calls: Calls<Up<typeof Board>>
declare const sends: Sends<Up<typeof Board>, 'sent' | 'queued' | 'dropped'>
declare const streams: Streams<Up<typeof Board>>
declare const live: Live<StateOf<typeof Board>>
declare const mirror: Mirror<StateOf<typeof Board>>

declare const table: Live<StateOf<typeof Table>>
declare const seen: Mirror<StateOf<typeof Table>>
declare const ada: Plain<StateOf<typeof Table>>['players'][string]

/** Types of code that is never run. */
function types(_check: () => unknown): void {}

describe('a contract infers', () => {
  it('its parts', () => {
    expect(Board.name).toBe('board')
    expectTypeOf(Board.name).toEqualTypeOf<'board'>()
    expectTypeOf(Board.version).toEqualTypeOf<2>()
    expectTypeOf<Of<typeof Board>['join']>().toEqualTypeOf<{ name: string }>()
    expectTypeOf<Of<typeof Board>['options']>().toEqualTypeOf<{ title: string }>()
    expectTypeOf<Of<typeof Board>['user']>().toEqualTypeOf<{ id: string; role: 'editor' | 'guest' }>()
    expectTypeOf<Of<typeof Board>['metadata']>().toEqualTypeOf<undefined>()
    expectTypeOf<Of<typeof Board>['input']>().toEqualTypeOf<undefined>()
  })

  it('plain values of every type', () => {
    expectTypeOf<ValueOf<typeof Everything>>().toEqualTypeOf<EverythingValue>()
    expectTypeOf<ValueOf<typeof Stroke>>().toEqualTypeOf<StrokeValue>()
  })

  it('the tracked state of every type', () => {
    type All = Live<StateOf<typeof Board>>['all']
    types(() => {
      const point = live.strokes.get('a')?.points.at(0)
      expectTypeOf(point).toEqualTypeOf<PointValue | undefined>()
      expectTypeOf(live.all.list.at(0)).toEqualTypeOf<{ a: string } | undefined>()
      expectTypeOf(live.all.grid.at(0)?.at(0)).toEqualTypeOf<number | undefined>()
      const json: JsonValue = live.all.json
      live.all.json = json
      live.all.json = { a: [1, null, { b: 'c' }] }
      expectTypeOf(live.all.map.get('x')?.a.get('y')).toEqualTypeOf<number | undefined>()
    })
    expectTypeOf<[All['uint8'], All['float32'], All['quantized'], All['at']]>().toEqualTypeOf<
      [number, number, number, number]
    >()
    expectTypeOf<[All['big'], All['bytes'], All['nothing'], All['role']]>().toEqualTypeOf<
      [bigint, Uint8Array, null, 'x' | 'y']
    >()
    expectTypeOf<All['nullable']>().toEqualTypeOf<{ a: number } | null>()
    expectTypeOf<All['pair']>().toEqualTypeOf<readonly [string, number]>()
    expectTypeOf<All['value']>().toEqualTypeOf<{
      readonly a: readonly number[]
      readonly m: { readonly [key: string]: number }
    }>()
    expectTypeOf<All['maybe']>().toEqualTypeOf<Uint8Array | undefined>()
    expectTypeOf<All['local']>().toEqualTypeOf<Set<string> | undefined>()
  })

  it('the mirror of every type, without what stays on the server', () => {
    type All = Mirror<StateOf<typeof Board>>['all']
    expectTypeOf<Exclude<keyof EverythingValue, keyof All>>().toEqualTypeOf<'local'>()
    expectTypeOf<All['nullable']>().toEqualTypeOf<{ readonly a: number } | null>()
    expectTypeOf<All['pair']>().toEqualTypeOf<readonly [string, number]>()
    expectTypeOf<All['list']>().toEqualTypeOf<readonly { readonly a: string }[]>()
    expectTypeOf<All['grid']>().toEqualTypeOf<readonly (readonly number[])[]>()
    expectTypeOf<All['map']>().toEqualTypeOf<ReadonlyMap<string, { readonly a: ReadonlyMap<string, number> }>>()
    expectTypeOf<All['value']>().toEqualTypeOf<{
      readonly a: readonly number[]
      readonly m: { readonly [key: string]: number }
    }>()
    expectTypeOf<All['maybe']>().toEqualTypeOf<Uint8Array | undefined>()
    expectTypeOf<All['big']>().toEqualTypeOf<bigint>()
  })

  it('fields that not everybody sees: always there on the server, perhaps not on a client', () => {
    type OnServer = NonNullable<ReturnType<Live<StateOf<typeof Table>>['players']['get']>>
    type OnClient = NonNullable<ReturnType<Mirror<StateOf<typeof Table>>['players']['get']>>
    type First = Plain<StateOf<typeof Table>>['players'][string]

    expectTypeOf<OnServer['hp']>().toEqualTypeOf<number>()
    expectTypeOf<OnServer['hand']>().toExtend<StateList<unknown>>()
    expectTypeOf<ReturnType<OnServer['hand']['at']>>().toEqualTypeOf<Live<ModelOf<typeof Card>> | undefined>()
    expectTypeOf<NonNullable<ReturnType<OnServer['hand']['at']>>['marks']>().toEqualTypeOf<StateMap<boolean>>()
    expectTypeOf<OnServer['role']>().toEqualTypeOf<{ wolf: boolean } | null>()
    expectTypeOf<Pick<OnServer, 'notes' | 'boast'>>().toEqualTypeOf<{
      notes?: string | undefined
      boast?: JsonValue | undefined
    }>()
    expectTypeOf<OnServer['by']>().toEqualTypeOf<string>()

    expectTypeOf<OnClient['by']>().toEqualTypeOf<string>()
    expectTypeOf<Pick<OnClient, 'hp'>>().toEqualTypeOf<{ readonly hp: number | undefined }>()
    expectTypeOf<OnClient['hand']>().toEqualTypeOf<
      readonly { readonly face: number; readonly marks: ReadonlyMap<string, boolean> | undefined }[] | undefined
    >()
    expectTypeOf<OnClient['role']>().toEqualTypeOf<{ readonly wolf: boolean } | null | undefined>()
    expectTypeOf<OnClient['notes']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<OnClient['boast']>().toEqualTypeOf<JsonValue | undefined>()
    expectTypeOf<Mirror<StateOf<typeof Table>>['deck']>().toEqualTypeOf<
      { readonly top: { readonly face: number; readonly marks: ReadonlyMap<string, boolean> | undefined } } | undefined
    >()

    expectTypeOf<Pick<First, 'hp' | 'notes' | 'boast'>>().toEqualTypeOf<{
      hp: number
      notes?: string
      boast?: JsonValue
    }>()
    expectTypeOf<First['hand']>().toEqualTypeOf<{ face: number; marks: { [key: string]: boolean } }[]>()
    types(() => {
      const player = table.players.set('a', ada)
      expectTypeOf(toPlain(player)).toExtend<Adoptable<ModelOf<typeof Player>>>()
      player.hp = 1
      player.notes = undefined
      table.deck = asLive({ top: { face: 1, marks: {} } })
    })
  })

  it('references as strings that say to what', () => {
    type OnClient = NonNullable<ReturnType<Mirror<StateOf<typeof Table>>['players']['get']>>
    expectTypeOf<Pick<OnClient, 'target'>>().toEqualTypeOf<{ readonly target?: Id<'player'> }>()
    expectTypeOf<OnClient['card']>().toEqualTypeOf<Id<{ face: number; marks: { [key: string]: boolean } }>>()
    expectTypeOf<Live<StateOf<typeof Table>>['open']>().toExtend<StateMap<unknown>>()
    type Hit = Up<typeof Table>['hit']['~caller']
    expectTypeOf<Awaited<ReturnType<Hit>>>().toEqualTypeOf<Id<'player'>>()
    expectTypeOf<Parameters<Hit>[0]['whom']>().toExtend<string>()
    types(() => {
      const key: string = ada.card
      ada.card = key
      void table.open.get(ada.card)
      // @ts-expect-error a number is no key
      ada.card = 1
    })
  })

  it('the tags and entities of a state', () => {
    expectTypeOf<TagsOf<typeof Table>>().toEqualTypeOf<'referee' | 'fan' | 'cheat' | 'dealer'>()
    expectTypeOf<TagsOf<typeof Board>>().toEqualTypeOf<never>()
    expectTypeOf<EntitiesOf<typeof Board>>().toEqualTypeOf<never>()
    type OnServer = Live<StateOf<typeof Table>>
    expectTypeOf<EntitiesOf<typeof Table>>().toEqualTypeOf<
      NonNullable<ReturnType<OnServer['players']['get']>> | Live<ModelOf<typeof Card>> | { joker: string }
    >()
    expectTypeOf<OnServer['players']>().toExtend<ViewedMap<ModelOf<typeof Player>>>()
    expectTypeOf<OnServer['open']>().not.toExtend<ViewedMap<ModelOf<typeof Card>>>()
  })

  it('calls, events and streams', () => {
    expectTypeOf<keyof Calls<Up<typeof Board>>>().toEqualTypeOf<'addStroke' | 'clear'>()
    expectTypeOf<keyof Sends<Up<typeof Board>, void>>().toEqualTypeOf<'point' | 'ping'>()
    expectTypeOf<keyof Streams<Up<typeof Board>>>().toEqualTypeOf<'history' | 'ticks'>()
    expectTypeOf<EventNames<Down<typeof Board>>>().toEqualTypeOf<'cleared'>()
    expectTypeOf<PayloadOf<Down<typeof Board>['cleared']>>().toEqualTypeOf<{ by: string }>()
    expectTypeOf<ResultOf<Down<typeof Board>['confirmClear']>>().toEqualTypeOf<boolean>()
    types(() => {
      expectTypeOf(calls.addStroke).parameter(0).toEqualTypeOf<StrokeValue>()
      expectTypeOf(calls.addStroke).returns.toEqualTypeOf<Promise<{ id: string }>>()
      expectTypeOf(calls.clear()).toEqualTypeOf<Promise<void>>()
      expectTypeOf(sends.ping()).toEqualTypeOf<'sent' | 'queued' | 'dropped'>()
      expectTypeOf(streams.history({ since: 1 })).toExtend<AsyncIterable<StrokeValue>>()
      expectTypeOf(streams.ticks()).toExtend<AsyncIterable<number>>()
    })
  })

  it('declared errors beside those of the framework', () => {
    types(async () => {
      const outcome = await calls.addStroke.try({ by: 'a', color: 1, points: [], tool: 'pen' })
      expectTypeOf(outcome).toEqualTypeOf<Outcome<{ id: string }, { full: { limit: number }; locked: null }>>()
      if (outcome.ok) expectTypeOf(outcome.value).toEqualTypeOf<{ id: string }>()
      else if (outcome.code === 'full') expectTypeOf(outcome.data).toEqualTypeOf<{ limit: number }>()
      else if (outcome.code === 'locked') expectTypeOf(outcome.data).toEqualTypeOf<null>()
      else expectTypeOf(outcome.code).toEqualTypeOf<FrameworkErrorCode>()
    })
  })

  it('no any, anywhere', () => {
    expectTypeOf<HasAny<{ a: { b: unknown[] } }>>().toEqualTypeOf<false>()
    // oxlint-disable-next-line typescript/no-explicit-any -- shows that the check finds one
    expectTypeOf<HasAny<{ a: { b: (x: any) => void } }>>().toEqualTypeOf<true>()
    expectTypeOf<HasAny<Of<typeof Board>>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<Plain<StateOf<typeof Board>>>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<typeof mirror>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<typeof live.all.list>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<ReturnType<typeof live.strokes.get>>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<Parameters<typeof live.strokes.set>[1]>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<typeof sends>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<Parameters<typeof calls.addStroke>>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<Awaited<ReturnType<typeof calls.addStroke.try>>>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<Parameters<typeof streams.history>>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<typeof ada>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<typeof seen>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<typeof table.deck>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<ReturnType<typeof table.players.get>>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<Parameters<typeof table.players.set>[1]>>().toEqualTypeOf<false>()
    expectTypeOf<HasAny<EntitiesOf<typeof Table>>>().toEqualTypeOf<false>()
    expectTypeOf<IsAny<TagsOf<typeof Table>>>().toEqualTypeOf<false>()
  })

  it('nothing from a name or a schema that is not there', () => {
    expectTypeOf<LocalModel<string>>().not.toBeAny()
    expectTypeOf(t.Local<string>()).not.toBeAny()
    expectTypeOf(t.Map(t.Json())).not.toBeAny()
    expectTypeOf(t.Map(t.Object({}), { view: true })).not.toBeAny()
    expectTypeOf(t.Visible('a', t.Json())).not.toBeAny()
    expectTypeOf(t.Id('a')).not.toBeAny()
  })
})

describe('a contract refuses', () => {
  const stroke: StrokeValue = { by: 'a', color: 1, points: [], tool: 'pen' }

  it('a missing or wrong payload', () => {
    types(() => {
      // @ts-expect-error the parameters are missing
      void calls.addStroke()
      // @ts-expect-error a field is missing
      void calls.addStroke({ by: 'a', color: 1, points: [] })
      // @ts-expect-error a field is of another type
      void calls.addStroke({ ...stroke, color: 'red' })
      // @ts-expect-error the value is not in the enum
      void calls.addStroke({ ...stroke, tool: 'brush' })
      // @ts-expect-error absent is not undefined
      void calls.addStroke({ ...stroke, width: undefined })
      // @ts-expect-error the payload is missing
      sends.point()
      // @ts-expect-error a field of the payload is of another type
      sends.point({ x: 1, y: '2' })
      // @ts-expect-error there is no payload
      sends.ping({ x: 1 })
      // @ts-expect-error there are no parameters
      void calls.clear({ a: 1 })
      // @ts-expect-error the parameters are missing
      void streams.history()
    })
  })

  it('a wrong result', () => {
    types(async () => {
      // @ts-expect-error the result is another
      const id: number = await calls.addStroke(stroke)
      // @ts-expect-error the field is not in the result
      void (await calls.addStroke(stroke)).name
      return id
    })
    // @ts-expect-error the result is another
    expectTypeOf<{ id: number }>().toExtend<ResultOf<Up<typeof Board>['addStroke']>>()
  })

  it('an unknown call, event or stream', () => {
    types(() => {
      // @ts-expect-error there is no such call
      void calls.addSquare
      // @ts-expect-error an event is no call
      void calls.point
      // @ts-expect-error a call is no event
      void sends.addStroke
      // @ts-expect-error a call is no stream
      void streams.addStroke
    })
  })

  it('wrong error data', () => {
    types(async () => {
      const outcome = await calls.addStroke.try(stroke)
      // @ts-expect-error the data is of another type
      if (!outcome.ok && outcome.code === 'full') outcome.data.limit satisfies string
      // @ts-expect-error there is no such error
      if (!outcome.ok && outcome.code === 'fuII') return
      const error: unknown = new Error()
      if (calls.addStroke.failed(error, 'full')) expectTypeOf(error.data).toEqualTypeOf<{ limit: number }>()
      // @ts-expect-error there is no such error
      calls.addStroke.failed(error, 'empty')
    })
  })

  it('a wrong first state', () => {
    type First = Plain<StateOf<typeof Chat>>
    const Chat = defineRoom('chat', {
      version: 1,
      state: t.Object({ title: t.String(), lines: t.Array(t.String()), people: t.Map(t.Object({ name: t.String() })) }),
      clientToServer: {},
      serverToClient: {},
    })
    expect(Chat.name).toBe('chat')
    ;({ title: '', lines: [], people: { a: { name: 'Ada' } } }) satisfies First
    // @ts-expect-error a field is missing
    ;({ title: '', lines: [] }) satisfies First
    // @ts-expect-error a field is of another type
    ;({ title: 1, lines: [], people: {} }) satisfies First
    // @ts-expect-error a map is written as an object
    ;({ title: '', lines: [], people: new Map() }) satisfies First
    // @ts-expect-error an entry is of another type
    ;({ title: '', lines: [], people: { a: { name: 1 } } }) satisfies First
  })

  it('writing what cannot be written', () => {
    types(() => {
      live.title = 'x'
      live.all.big = 1n
      live.all.maybe = undefined
      live.all.local = new Set(['a'])
      live.all.local = undefined
      // @ts-expect-error it may be undefined: after a restore nobody has set it
      live.all.local.add('b')
      // @ts-expect-error a required field cannot be removed
      live.all.bytes = undefined
      live.strokes.set('a', { by: 'a', color: 1, points: [], tool: 'pen' })
      // @ts-expect-error the type is another
      live.title = 1
      // @ts-expect-error a stroke lacks fields
      live.strokes.set('a', { by: 'a' })
      // @ts-expect-error a value kept whole is replaced, not changed inside
      live.all.value.a.push(1)
      // @ts-expect-error the mirror is read-only
      mirror.title = 'x'
      // @ts-expect-error the mirror's maps are read-only
      mirror.strokes.set('a', stroke)
      // @ts-expect-error the mirror's lists are read-only
      mirror.all.list.push({ a: '' })
      // @ts-expect-error what stays on the server is not in the mirror
      void mirror.all.local
    })
  })

  it('trusting a client to see what not everybody sees', () => {
    types(() => {
      const player = seen.players.get('a')
      if (player === undefined) return
      // @ts-expect-error it may be hidden
      player.hp satisfies number
      // @ts-expect-error it may be hidden, with all in it
      void player.hand.length
      // @ts-expect-error what is in a hidden record is hidden
      void seen.deck.top
      // @ts-expect-error the part of what is seen may be hidden
      void seen.deck?.top.marks.size
      // @ts-expect-error the mirror is read-only
      player.hp = 1
      // @ts-expect-error an owner is a string
      player.by satisfies number
    })
  })

  it('leaving out on the server what some do not see', () => {
    types(() => {
      const player = table.players.get('a')
      if (player === undefined) return
      player.hp satisfies number
      void player.hand.length
      // @ts-expect-error on the server it is always there
      player.hp = undefined
      // @ts-expect-error the type is another
      player.hp = '1'
      // @ts-expect-error on the server it is always there
      player.role = undefined
      // @ts-expect-error a field that not everybody sees is missing
      table.players.set('a', { name: '', by: '', hand: [], role: null, card: '' })
      // @ts-expect-error it cannot be absent
      table.players.set('a', { ...ada, hp: undefined })
    })
  })

  it('marks that say nothing', () => {
    types(() => {
      // @ts-expect-error nobody would see it
      t.Visible([], t.String())
      // @ts-expect-error who sees it?
      t.Visible(t.String())
      // @ts-expect-error a type is missing
      t.Visible('a')
      // @ts-expect-error tags are words
      t.Visible(1, t.String())
      // @ts-expect-error an owner is a string, whose length is not limited here
      t.Owner({ maxLength: 3 })
      // @ts-expect-error a view is there or not
      t.Map(t.Object({}), { view: 'owner' })
      // @ts-expect-error of what?
      t.Id()
    })
  })

  it('what is no schema', () => {
    types(() => {
      // @ts-expect-error a value is no schema
      event({ x: 1 })
      // @ts-expect-error a room has a state
      defineRoom('room', { version: 1, clientToServer: {}, serverToClient: {} })
      // @ts-expect-error a schema is no message
      defineRoom('room', { version: 1, state: t.Object({}), clientToServer: { a: t.String() }, serverToClient: {} })
      const streams = { a: stream({ item: t.String() }) }
      defineRoom('room', { version: 1, state: t.Object({}), clientToServer: streams, serverToClient: {} })
      // @ts-expect-error only clients open streams
      defineRoom('room', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: streams })
      // @ts-expect-error no such delivery
      event(t.String(), { delivery: 'maybe' })
      // @ts-expect-error a step is needed
      t.Quantized({ min: 0, max: 1 })
    })
  })
})
