import { FrameType, type SentFrame, type StampFrame } from '@junto/protocol/internal'
import { defineRoom, mutation, t, type Live, type Mutators, type StateOf } from '@junto/schema'
import type { IssuedMutation } from '@junto/schema/internal'
import { beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { optimistic, undoing, type Correction, type JoinedRoom } from '../index.ts'
import { ScriptedServer } from '../session/scripted-server.fixture.ts'

const Tally = defineRoom('tally', {
  version: 1,
  state: t.Object({ counts: t.Map(t.Integer()), log: t.Array(t.String()) }),
  mutations: {
    count: mutation({ params: t.Object({ key: t.String() }) }),
    set: mutation({ params: t.Object({ key: t.String(), to: t.Integer() }), idempotent: true }),
    add: mutation({ params: t.Object({ key: t.String() }), idempotent: true, undoable: true }),
  },
  clientToServer: {},
  serverToClient: {},
})

const tallyMutators: Mutators<typeof Tally> = {
  count: ({ counts }, { key }) => void counts.set(key, (counts.get(key) ?? 0) + 1),
  set: ({ counts }, { key, to }) => void counts.set(key, to),
  add: ({ counts }, { key }) => void counts.set(key, (counts.get(key) ?? 0) + 1),
}

let server: ScriptedServer
let room: JoinedRoom<typeof Tally>
let corrections: Correction[]
/** What the watchers of the counts were told of. */
let told: unknown[]

beforeEach(async () => {
  server = new ScriptedServer({}, Tally, { counts: {}, log: [] })
  const opened = server.client.open(Tally, { key: 'a', mutators: optimistic(tallyMutators) })
  server.acceptAll()
  room = await opened
  corrections = []
  told = []
  room.onCorrection((correction) => void corrections.push(correction))
  room.watch((state) => state.counts, { after: (counts) => told.push(Object.fromEntries(counts)) })
})

/** The server's own state. */
function state(): Live<StateOf<typeof Tally>> {
  // The contract is Tally, but in one test.
  return server.state as Live<StateOf<typeof Tally>>
}

function stamp(of: Partial<StampFrame>): readonly [number, SentFrame] {
  return [1, { type: FrameType.stamp, tick: 0, time: 0, mutation: 0, input: 0, waiting: 0, ...of }]
}

/** The numbers of the mutations that came over the present connection. */
function numbers(): number[] {
  return server.received(FrameType.call).map(({ params }) => issued(params).n)
}

/** A mutation's parameters, as they travel. */
function issued(params: unknown): IssuedMutation {
  const [n, at, seed] = params as [number, number, number]
  return { n, at, seed }
}

const shown = (): unknown => Object.fromEntries(room.state.counts)

describe('what a stamp says of mutations', () => {
  it('[U6] counts with the patch behind it, however long that takes to come', async () => {
    void room.mutate.count({ key: 'a' })
    void room.mutate.count({ key: 'b' })
    state().counts.set('a', 1)
    server.socket.say(stamp({ mutation: 1 }))
    await server.clock.advance('1s')
    expect(shown()).toEqual({ a: 1, b: 1 })
    server.socket.say(server.patch(1))
    expect(shown()).toEqual({ a: 1, b: 1 })
    expect(told).toEqual([{ a: 1 }, { a: 1, b: 1 }])
    await server.clock.settle()
    expect(corrections).toEqual([])
  })

  it('[U6] counts at once where it is alone', async () => {
    const counted = room.mutate.count({ key: 'a' })
    server.socket.say(stamp({ mutation: 1, alone: true }))
    expect(shown()).toEqual({})
    await server.clock.settle()
    // What the call comes to is not known yet.
    expect(corrections).toEqual([])
    server.socket.say([1, { type: FrameType.reply, no: 1, result: null }])
    await counted
    await server.clock.settle()
    expect(corrections).toEqual([{ kind: 'corrected', mutation: 'count', n: 1 }])
  })

  it('is a rejection where the reply is an error, and told once', async () => {
    const counted = room.mutate.count({ key: 'a' })
    server.socket.say(stamp({ mutation: 1, alone: true }))
    const failed = { type: FrameType.failed, no: 1, code: 'forbidden', message: 'not you', data: null } as const
    server.socket.say([1, failed])
    await expect(counted).rejects.toMatchObject({ code: 'forbidden' })
    expect(corrections).toEqual([expect.objectContaining({ kind: 'rejected', n: 1 })])
  })

  it('[U8] has the numbers go on above those that the seat had', async () => {
    server.socket.say(stamp({ mutation: 41, alone: true }))
    void room.mutate.count({ key: 'a' })
    void room.mutate.count({ key: 'a' })
    await server.clock.settle()
    expect(numbers()).toEqual([42, 43])
  })

  it('[U8] before the first state says how many there were', async () => {
    const opened = server.client.open(Tally, { key: 'b', mutators: optimistic(tallyMutators) })
    await server.clock.settle()
    const join = server.lastJoin
    const [, stamped] = stamp({ mutation: 7 })
    server.socket.say(server.joined(join), [join.ref, stamped], server.snapshot(join.ref))
    const other = await opened
    void other.mutate.count({ key: 'a' })
    await server.clock.settle()
    expect(numbers()).toEqual([8])
  })
})

it("[U3] the first mutation has the server's time, as far as the stamp before the first state tells it, in whole milliseconds", async () => {
  const times: number[] = []
  const mutators = optimistic<Mutators<typeof Tally>>({
    ...tallyMutators,
    count: (_state, _params, { now }) => void times.push(now),
  })
  const opened = server.client.open(Tally, { key: 'b', mutators })
  await server.clock.settle()
  const join = server.lastJoin
  const [, stamped] = stamp({ time: 7_000.4 })
  server.socket.say(server.joined(join), [join.ref, stamped], server.snapshot(join.ref))
  const other = await opened
  await server.clock.advance(30)
  void other.mutate.count({ key: 'a' })
  await server.clock.settle()
  expect(times).toEqual([7_030])
  expect(server.received(FrameType.call).map(({ params }) => issued(params).at)).toEqual([7_030])
})

it('a mutation that is sent again has another number, and the same time and chance', async () => {
  const set = room.mutate.set({ key: 'a', to: 3 })
  await server.clock.settle()
  server.socket.say([1, { type: FrameType.failed, no: 1, code: 'outcome_unknown', message: 'gone', data: null }])
  await server.clock.settle()
  expect(shown()).toEqual({ a: 3 })
  const [first, second] = server.received(FrameType.call).map(({ params }) => issued(params))
  expect([first?.n, second?.n]).toEqual([1, 2])
  expect(second).toEqual({ ...first, n: 2 })
  state().counts.set('a', 3)
  server.socket.say(stamp({ mutation: 2 }), server.patch(1), [1, { type: FrameType.reply, no: 2, result: null }])
  await set
  expect(told).toEqual([{ a: 3 }])
  expect(corrections).toEqual([])
})

it.each(['before', 'while', 'after'])(
  'a mutation that was made %s there was undo, and is sent again, shows once',
  async (when) => {
    const first = when === 'before' ? undefined : undoing(room)
    const added = room.mutate.add({ key: 'a' })
    const steps = when === 'before' ? undoing(room) : undefined
    if (when === 'after') first?.close()
    await server.clock.settle()
    server.socket.say([1, { type: FrameType.failed, no: 1, code: 'outcome_unknown', message: 'gone', data: null }])
    await server.clock.settle()
    expect(numbers()).toEqual([1, 2])
    expect(shown()).toEqual({ a: 1 })
    // It was not made since.
    expect(steps?.canUndo.value).not.toBe(true)
    server.socket.say(stamp({ mutation: 2, alone: true }), [1, { type: FrameType.reply, no: 2, result: null }])
    await added
    expect(shown()).toEqual({})
  },
)

it('a mutation that the server that came back does not know is shown no more', async () => {
  server.socket.end()
  await server.clock.settle()
  const counted = room.mutate.count({ key: 'a' })
  const refused = expect(counted).rejects.toMatchObject({ code: 'unsupported' })
  expect(shown()).toEqual({ a: 1 })
  const { mutations: _, ...shape } = Tally.shape
  server.restart({ counts: {}, log: [] }, defineRoom('tally', { ...shape, version: 1 }))
  server.client.connection.retry()
  await server.clock.settle()
  await server.acceptAnew()
  await refused
  await server.clock.settle()
  expect(room.status.value.state).toBe('joined')
  expect(shown()).toEqual({})
  expect(corrections).toEqual([expect.objectContaining({ kind: 'rejected', mutation: 'count' })])
})

it('an async mutator is refused by its name', () => {
  for (const count of [async () => Promise.resolve(), async function* () {}]) {
    expect(() => optimistic({ ...tallyMutators, count })).toThrow(
      expect.objectContaining({
        code: 'misuse',
        message: expect.stringContaining("the mutator 'count' is async") as string,
      }),
    )
  }
})

it('nobody is told a second time of what a promise of a mutator rejects with', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const mutators: object = { ...tallyMutators, count: () => Promise.reject(new Error('later')) }
  // The compiler would not let it pass.
  const opened = server.client.open(Tally, { key: 'b', mutators: optimistic(mutators) as never })
  await server.clock.settle()
  server.admit(server.lastJoin)
  const other = (await opened) as JoinedRoom<typeof Tally>
  void other.mutate.count({ key: 'a' })
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
  expect(server.warnings).toEqual([expect.objectContaining({ code: 'fault' })])
})

it('mutators that were not given to optimistic() are refused by what to do', async () => {
  // @ts-expect-error -- Property '~give optimistic(mutators)' is missing
  const opened = server.client.open<typeof Tally>('tally', { version: 1, key: 'b', mutators: tallyMutators })
  await expect(opened).rejects.toMatchObject({
    code: 'misuse',
    message: 'mutators must be optimistic(mutators), not object',
  })
  for (const mutators of [5, 'board', null, true]) {
    const wrong: object = { version: 1, key: 'b', mutators }
    await expect(server.client.open<typeof Tally>('tally', wrong as never)).rejects.toMatchObject({
      code: 'misuse',
      message: expect.stringMatching(/^mutators must be optimistic\(mutators\), not /) as string,
    })
  }
  expectTypeOf<'~give optimistic(mutators)'>().toExtend<keyof ReturnType<typeof optimistic>>()
})

it('options of undoing that there are not are refused by name', () => {
  expect(() => undoing(room, { paus: 5 } as object)).toThrow(
    expect.objectContaining({ code: 'misuse', message: "undoing has no option 'paus', only pause" }),
  )
})

it('of a group without an end, as many mutations are taken back as the server knows, and the others are forgotten', async () => {
  const steps = undoing(room)
  steps.group()
  for (let n = 1; n <= 1003; n++) room.mutate.add({ key: 'a' }).catch(() => {})
  server.socket.say(stamp({ mutation: 1003, alone: true }))
  await server.clock.settle()
  const undone = steps.undo()
  await server.clock.settle()
  const undo = server.received(FrameType.call).at(-1)
  expect(undo?.params).toMatchObject({ 0: 1004, 3: [Array.from({ length: 1000 }, (_, index) => 1003 - index), false] })
  server.socket.say(stamp({ mutation: 1004, alone: true }), [
    1,
    { type: FrameType.reply, no: undo?.no ?? 0, result: [1, 0, 0] },
  ])
  expect(await undone).toMatchObject({ done: 1, forgotten: 3 })
})

it('what was put back ahead of the server is put back anew when it is shown again', async () => {
  const Desk = defineRoom('desk', {
    version: 1,
    state: t.Object({ notes: t.Array(t.Object({ text: t.String() })), title: t.String() }),
    mutations: { note: mutation({ params: t.Object({ text: t.String() }), undoable: true }) },
    clientToServer: {},
    serverToClient: {},
  })
  const mutators: Mutators<typeof Desk> = { note: ({ notes }, { text }) => void notes.push({ text }) }
  const other = new ScriptedServer({}, Desk, { notes: [], title: '' })
  const opened = other.client.open(Desk, { key: 'a', mutators: optimistic(mutators) })
  other.acceptAll()
  const desk = await opened
  const steps = undoing(desk)
  const results = [desk.mutate.note({ text: 'milk' }), steps.undo(), steps.redo()]
  for (const result of results) result.catch(() => {})
  await other.clock.settle()
  expect(desk.state.notes).toEqual([{ text: 'milk' }])
  // Somebody else writes: all that is pending is shown anew.
  ;(other.state as Live<StateOf<typeof Desk>>).title = 'Shopping'
  other.socket.say(other.patch(1))
  expect(desk.state).toEqual({ notes: [{ text: 'milk' }], title: 'Shopping' })
  void steps.undo().catch(() => {})
  expect(desk.state.notes).toEqual([])
})
