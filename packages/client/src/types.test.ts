import { defineRoom, t } from '@junto/schema'
import { describe, expectTypeOf, it } from 'vitest'
import { select, type JoinedRoom, type Observable, type SendOutcome, type Subscription } from './index.ts'
import type { JuntoClient } from './client.ts'
import { Whiteboard } from './whiteboard.fixture.ts'

// Only the compiler looks at these: what stands in a function is never called.
declare const client: JuntoClient
declare const room: JoinedRoom<typeof Whiteboard>
const stroke = { by: 'ada', color: 1, points: [{ x: 1, y: 2 }] }
const data = { join: { name: 'Ada' }, options: { title: 'Team A' } }

const Bare = defineRoom('bare', { version: 3, state: t.Object({}), clientToServer: {}, serverToClient: {} })

describe('opening', () => {
  it('infers the room from the contract', () => {
    void (() => {
      expectTypeOf(client.open(Whiteboard, { key: 'a', ...data })).resolves.toEqualTypeOf<
        JoinedRoom<typeof Whiteboard>
      >()
      expectTypeOf(client.joinOrCreate(Whiteboard, { where: { team: 'a' }, ...data })).resolves.toEqualTypeOf<
        JoinedRoom<typeof Whiteboard>
      >()
      void client.joinOrCreate(Whiteboard, data)
      void client.create(Whiteboard, { ...data, signal: AbortSignal.abort(), patience: Infinity })
      void client.joinById(Whiteboard, 'id', { join: { name: 'Ada' } })
      void client.open(Whiteboard, { key: 'a', ...data, join: () => ({ name: 'Ada' }) })
      void client.open(Bare, { key: 'a' })
    })
  })

  it('takes the contract as a type only, by name and version', () => {
    void (() => {
      expectTypeOf(
        client.open<typeof Whiteboard>('whiteboard', { version: 1, key: 'a', ...data }),
      ).resolves.toEqualTypeOf<JoinedRoom<typeof Whiteboard>>()
      void client.joinById<typeof Whiteboard>('whiteboard', 'id', { version: 1, join: { name: 'x' } })
      // @ts-expect-error another contract's name
      void client.open<typeof Whiteboard>('chess', { version: 1, key: 'a', ...data })
      // @ts-expect-error the version is required
      void client.open<typeof Whiteboard>('whiteboard', { key: 'a', ...data })
      // @ts-expect-error another version
      void client.open<typeof Whiteboard>('whiteboard', { version: 2, key: 'a', ...data })
    })
  })

  it('asks for what the contract asks for', () => {
    void (() => {
      // @ts-expect-error join data are required
      void client.open(Whiteboard, { key: 'a', options: { title: '' } })
      // @ts-expect-error options are required
      void client.open(Whiteboard, { key: 'a', join: { name: '' } })
      // @ts-expect-error wrong join data
      void client.open(Whiteboard, { key: 'a', join: { name: 1 }, options: { title: '' } })
      // @ts-expect-error wrong join data from the function
      void client.open(Whiteboard, { key: 'a', ...data, join: () => ({ nom: '' }) })
      // @ts-expect-error the key is required
      void client.open(Whiteboard, data)
      // @ts-expect-error no such metadata
      void client.joinOrCreate(Whiteboard, { where: { size: 1 }, ...data })
      // @ts-expect-error this contract asks for no join data
      void client.open(Bare, { key: 'a', join: { name: '' } })
    })
  })
})

describe('finding rooms', () => {
  it('asks for what metadata hold, in an order of their fields', () => {
    void (async () => {
      void client.joinOrCreate(Whiteboard, {
        where: { team: { in: ['a', 'b'] } },
        orderBy: { members: 'desc' },
        ...data,
      })
      void client.joinOrCreate<typeof Whiteboard>('whiteboard', { version: 1, orderBy: { team: 'asc' }, ...data })
      void client.joinByCode(Whiteboard, 'AB12CD', { join: { name: 'Ada' } })
      void client.joinByCode<typeof Whiteboard>('whiteboard', 'AB12CD', { version: 1, join: { name: 'Ada' } })
      // @ts-expect-error a range of texts
      void client.joinOrCreate(Whiteboard, { where: { team: { from: 'a' } }, ...data })
      // @ts-expect-error no such field
      void client.joinOrCreate(Whiteboard, { orderBy: { size: 'asc' }, ...data })
      // @ts-expect-error join data are required
      void client.joinByCode(Whiteboard, 'AB12CD', {})
    })
  })

  it('lists them, typed by their metadata', () => {
    void (async () => {
      const list = await client.list(Whiteboard, { where: { team: 'a' }, orderBy: { members: 'desc' }, limit: 10 })
      expectTypeOf(list.rooms.get('id')?.metadata?.team).toEqualTypeOf<string | undefined>()
      expectTypeOf(list.rooms.get('id')?.members).toEqualTypeOf<number | undefined>()
      list.watch({
        added: ({ locked, metadata }, id) => {
          expectTypeOf(id).toEqualTypeOf<string>()
          expectTypeOf(locked).toEqualTypeOf<boolean>()
          expectTypeOf(metadata?.team).toEqualTypeOf<string | undefined>()
        },
      })
      expectTypeOf(select(list, (rooms) => rooms.size)).toExtend<Observable<number>>()
      void client.list(Bare)
      void client.list<typeof Bare>('bare', { version: 3, orderBy: { members: 'asc' } })
      // @ts-expect-error the version is required
      void client.list<typeof Bare>('bare', {})
      // @ts-expect-error a list asks for no join data
      void client.list(Whiteboard, { join: { name: 'Ada' } })
      // @ts-expect-error a list is read-only
      list.rooms.set('id', list.rooms.get('id'))
    })
  })
})

// Where the error stands is what these pin: at the option that is wrong, and not at the contract or the whole call.
describe('the error for a wrong option', () => {
  const name = ''
  const options = { title: '' }
  const join = { name }

  it('stands at that option when a contract is given', () => {
    void (() => {
      void client.open(Whiteboard, {
        key: 'a',
        options,
        // @ts-expect-error misspelled
        join: { nik: '' },
      })
      void client.joinOrCreate(Whiteboard, {
        options,
        // @ts-expect-error misspelled
        join: { nik: '' },
      })
      void client.create(Whiteboard, {
        join,
        // @ts-expect-error misspelled
        options: { titel: '' },
      })
      void client.joinById(Whiteboard, 'id', {
        // @ts-expect-error misspelled
        join: { nik: '' },
      })
      void client.open(
        Whiteboard,
        // @ts-expect-error the options are missing
        { key: 'a', join },
      )
    })
  })

  it('stands there when the contract is given as a type only, too', () => {
    void (() => {
      void client.open<typeof Whiteboard>('whiteboard', {
        version: 1,
        key: 'a',
        options,
        // @ts-expect-error misspelled
        join: { nik: '' },
      })
      void client.joinOrCreate<typeof Whiteboard>('whiteboard', {
        join,
        options,
        // @ts-expect-error another version
        version: 2,
      })
      void client.create<typeof Whiteboard>(
        // @ts-expect-error another contract's name
        'chess',
        { version: 1, join, options },
      )
      void client.joinById<typeof Whiteboard>(
        'whiteboard',
        'id',
        // @ts-expect-error the version is missing
        { join },
      )
    })
  })
})

describe('calls', () => {
  it('are typed by the contract', () => {
    void (async () => {
      expectTypeOf(room.call.addStroke(stroke, { timeout: 50 })).resolves.toEqualTypeOf<{ id: string }>()
      expectTypeOf(room.call.clear()).resolves.toEqualTypeOf<void>()
      const outcome = await room.call.addStroke.try(stroke)
      if (outcome.ok) expectTypeOf(outcome.value).toEqualTypeOf<{ id: string }>()
      else if (outcome.code === 'full') expectTypeOf(outcome.data).toEqualTypeOf<{ limit: number }>()
      else expectTypeOf(outcome.data).toEqualTypeOf<undefined>()
      const error: unknown = undefined
      if (room.call.addStroke.failed(error, 'full')) expectTypeOf(error.data.limit).toEqualTypeOf<number>()
    })
  })

  it('refuse what the contract does not have', () => {
    void (() => {
      // @ts-expect-error parameters are required
      void room.call.addStroke()
      // @ts-expect-error wrong parameters
      void room.call.addStroke({ by: 'ada' })
      // @ts-expect-error no such call
      void room.call.nope()
      // @ts-expect-error an event is no call
      void room.call.point
      // @ts-expect-error an undeclared error
      void room.call.addStroke.failed(null, 'nope')
    })
  })
})

describe('events, streams and answers', () => {
  it('are typed by the contract', () => {
    void (async () => {
      expectTypeOf(room.send.point({ x: 1, y: 2 })).toEqualTypeOf<SendOutcome>()
      expectTypeOf(room.send.ping()).toEqualTypeOf<SendOutcome>()
      for await (const item of room.stream.history({ since: 0 })) expectTypeOf(item.color).toEqualTypeOf<number>()
      expectTypeOf(room.on('cleared', ({ by }) => void by.length)).toEqualTypeOf<Subscription>()
      room.on('poked', () => {})
      room.answer('confirmClear', async ({ by }) => by !== '')
      room.answer('confirmClear', (_params, { signal, error }) => {
        if (signal.aborted) throw error('busy', { until: 5 })
        return true
      })
    })
  })

  it('refuse what the contract does not have', () => {
    void (() => {
      // @ts-expect-error wrong payload
      room.send.point({ x: '1', y: 2 })
      // @ts-expect-error payload required
      room.send.point()
      // @ts-expect-error a call is no event
      room.on('confirmClear', () => {})
      // @ts-expect-error no such event
      room.on('nope', () => {})
      // @ts-expect-error wrong result
      room.answer('confirmClear', () => 'yes')
      room.answer('confirmClear', (_params, { error }) => {
        // @ts-expect-error wrong error data
        throw error('busy', { until: 'x' })
      })
      // @ts-expect-error wrong parameters
      void room.stream.history({ since: 'x' })
    })
  })
})

describe('the mirror', () => {
  it('is read-only, all the way down', () => {
    void (() => {
      expectTypeOf(room.state.title).toEqualTypeOf<string>()
      expectTypeOf(room.state.strokes.get('a')?.points[0]?.x).toEqualTypeOf<number | undefined>()
      // @ts-expect-error read-only
      room.state.title = 'x'
      // @ts-expect-error read-only
      room.state.order.push('x')
      // @ts-expect-error read-only
      room.state.strokes.set('a', stroke)
    })
  })

  it('is watched and selected by part', () => {
    void (() => {
      room.watch((state) => state.strokes, {
        added: (value, key) => {
          expectTypeOf(value.color).toEqualTypeOf<number>()
          expectTypeOf(key).toEqualTypeOf<string>()
        },
      })
      room.watch((state) => state.order, { removed: (value) => expectTypeOf(value).toEqualTypeOf<string>() })
      room.watch((state) => state, { changed: (state) => expectTypeOf(state.title).toEqualTypeOf<string>() })
      expectTypeOf(select(room, (state) => state.title)).toExtend<Observable<string>>()
      // @ts-expect-error no such part
      select(room, (state) => state.nope)
    })
  })
})
