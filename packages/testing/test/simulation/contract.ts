import { call, defineRoom, event, mutation, stream, t, type Mutators } from '@junto/schema'

/** What a message is known by: its channel in the history, and its number there. */
const Mark = { channel: t.String(), n: t.Uint32() }

/** Bytes that fill buffers. */
const padding = t.Bytes()

/** What a unit of the state is. */
const Unit = t.Object({
  by: t.Owner(),
  x: t.Quantized({ min: 0, max: 1000, step: 0.25 }),
  hits: t.Uint32(),
  plan: t.Visible('owner', t.String()),
})

/** What is on the board. */
const Thing = t.Object({ x: t.Quantized({ min: 0, max: 1000, step: 0.25 }), by: t.String(), pins: t.Array(t.String()) })

/** What a mutation does to the board. */
export const strokes = ['move', 'put', 'take', 'pin', 'unpin'] as const

/** A contract with everything that a link carries. */
export const Sim = defineRoom('sim', {
  version: 1,
  join: t.Object({ who: t.String() }),
  user: t.Object({ id: t.String() }),
  state: t.Object({
    beat: t.Uint32(),
    /** The last call of each program that was applied. */
    applied: t.Map(t.Uint32()),
    log: t.Array(t.String()),
    units: t.Map(Unit),
    far: t.Map(Unit, { view: true }),
    orders: t.Visible('captain', t.String()),
    /** How many mutations were run, and the last one of each program. */
    notes: t.Uint32(),
    noted: t.Map(t.Uint32()),
    board: t.Map(Thing),
  }),
  presence: t.Object({ n: t.Uint32() }),
  clientToServer: {
    /** Must be applied once. */
    apply: call({
      params: t.Object({ ...Mark, padding }),
      result: t.Uint32(),
      errors: { odd: t.Object({ n: t.Uint32() }) },
    }),
    /** May be applied again. */
    read: call({ params: t.Object(Mark), result: t.Uint32(), idempotent: true }),
    /** Is answered after some time, or never. */
    wait: call({
      params: t.Object({ ...Mark, ms: t.Uint32(), never: t.Boolean() }),
      result: t.Uint32(),
      timeout: 20_000,
    }),
    say: event(t.Object({ ...Mark, padding })),
    aim: event(t.Object({ ...Mark, key: t.String() }), { delivery: 'latest', key: 'key', priority: 1 }),
    wave: event(t.Object(Mark), { delivery: 'volatile' }),
    count: stream({ params: t.Object({ to: t.Uint32(), ms: t.Uint32() }), item: t.Uint32() }),
  },
  serverToClient: {
    told: event(t.Object({ ...Mark, padding })),
    spot: event(t.Object({ ...Mark, key: t.String() }), { delivery: 'latest', key: 'key', priority: 1 }),
    flash: event(t.Object(Mark), { delivery: 'volatile' }),
    ask: call({ params: t.Object(Mark), result: t.Uint32() }),
  },
  mutations: {
    note: mutation({
      params: t.Object(Mark),
      result: t.Uint32(),
      errors: { odd: t.Object({ n: t.Uint32() }) },
    }),
    draw: mutation({
      params: t.Object({ ...Mark, stroke: t.Enum(strokes), key: t.String(), x: t.Number() }),
      result: t.Uint32(),
      errors: { odd: t.Object({ n: t.Uint32() }) },
      undoable: true,
    }),
  },
})

export type Sim = typeof Sim

/** What mutations do, wherever they run. */
export const simMutators: Mutators<Sim> = {
  note(state, { channel, n }) {
    state.notes++
    state.noted.set(channel, n)
    return n
  },
  draw({ board }, { n, stroke, key, x }, { by, random, newId }) {
    const thing = board.get(key)
    if (stroke === 'put' || thing === undefined) board.set(key, { x, by, pins: [newId()] })
    else if (stroke === 'move') thing.x = x + random()
    else if (stroke === 'take') board.delete(key)
    else if (stroke === 'pin') thing.pins.push(newId())
    else thing.pins.shift()
    return n
  },
}
