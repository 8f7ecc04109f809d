import { optimistic, type Correction, type JoinedRoom, type JuntoClient } from '@junto/client'
import { call, defineRoom, event, mutation, t, type Mutators } from '@junto/schema'
import { Room, type ServerMutators } from '@junto/server'
import { createWorld, type World, type WorldOptions } from '../../src/index.ts'

const Shape = t.Object({
  x: t.Quantized({ min: 0, max: 100, step: 0.01 }),
  by: t.String(),
  tags: t.Array(t.String()),
})

/** A board of shapes. */
export const Board = defineRoom('board', {
  version: 1,
  state: t.Object({ shapes: t.Map(Shape), log: t.Array(t.String()), moves: t.Uint32(), locked: t.Boolean() }),
  mutations: {
    add: mutation({
      params: t.Object({ x: t.Number() }),
      result: t.Object({ id: t.String() }),
      errors: { full: t.Object({ limit: t.Integer() }) },
    }),
    move: mutation({ params: t.Object({ id: t.String(), x: t.Float32() }), idempotent: true }),
    tag: mutation({ params: t.Object({ id: t.String(), tag: t.String() }) }),
    remove: mutation({ params: t.Object({ id: t.String() }), result: t.Boolean() }),
    lock: mutation({ errors: { denied: t.Object({}) } }),
    noted: mutation({ params: t.Object({ text: t.String({ maxLength: 20 }) }), result: t.Number() }),
    flaky: mutation({ result: t.String() }),
    hurried: mutation({ timeout: 1_000 }),
  },
  clientToServer: { count: call({ result: t.Integer() }) },
  serverToClient: { happened: event(t.String()) },
})

/** At most so many shapes. */
export const most = 5

/** The functions of its mutations. */
export const boardMutators: Mutators<typeof Board> = {
  add(state, { x }, { by, newId, error }) {
    if (state.shapes.size >= most) throw error('full', { limit: most })
    const id = newId()
    state.shapes.set(id, { x, by, tags: [] })
    return { id }
  },
  move(state, { id, x }) {
    const shape = state.shapes.get(id)
    if (shape === undefined) return
    shape.x = Math.min(100, Math.max(0, x))
    state.moves++
  },
  tag(state, { id, tag }) {
    state.shapes.get(id)?.tags.push(tag)
  },
  remove: (state, { id }) => state.shapes.delete(id),
  lock(state) {
    state.locked = true
  },
  noted(state, { text }, { now, random }) {
    state.log.push(`${text}${Math.floor(random() * 10)}`)
    return now
  },
  flaky(state) {
    state.log.push('half')
    throw new Error('not here')
  },
  hurried(state) {
    state.log.push('hurried')
  },
}

/** The room: it has its own mind about some of them. */
export class BoardRoom extends Room(Board) {
  readonly handlers = this.handle({ count: () => this.state.shapes.size })
  readonly mutators: ServerMutators<typeof Board> = {
    ...boardMutators,
    add: (state, params, context) => {
      const added = boardMutators.add(state, params, context)
      this.broadcast.happened(`added ${added.id}`)
      return added
    },
    move: (state, params, context) => boardMutators.move(state, { ...params, x: Math.min(params.x, 50) }, context),
    tag: (state, params, context) => {
      if (params.tag !== 'ignored') boardMutators.tag(state, params, context)
    },
    lock: (_state, _params, { error }) => {
      throw error('denied', {})
    },
    flaky: (state) => {
      state.log.push('whole')
      return 'done'
    },
  }

  onCreate() {
    return { shapes: {}, log: [], moves: 0, locked: false }
  }
}

/** A world with boards; one way takes 75 ms. */
export function boardWorld(options: Partial<WorldOptions<[typeof Board]>> = {}): World {
  return createWorld({ rooms: [[Board, BoardRoom]], network: { latency: 75 }, ...options })
}

/** A board that shows at once what is done to it, and what it says. */
export interface Opened {
  readonly client: JuntoClient
  readonly board: JoinedRoom<typeof Board>
  readonly corrections: Correction[]
  /** What watchers of the shapes were told, since this was asked last. */
  readonly told: () => string[]
}

export async function openBoard(world: World, isOptimistic = true): Promise<Opened> {
  const client = world.client()
  const options = { key: 'a', ...(isOptimistic && { mutators: optimistic(boardMutators) }) }
  const board = await world.until(client.open(Board, options))
  const corrections: Correction[] = []
  board.onCorrection((correction) => void corrections.push(correction))
  const said: string[] = []
  board.watch((state) => state.shapes, {
    added: ({ x }, id) => void said.push(`added ${id} ${x}`),
    changed: ({ x }, id) => void said.push(`changed ${id} ${x}`),
    removed: (_shape, id) => void said.push(`removed ${id}`),
  })
  return { client, board, corrections, told: () => said.splice(0) }
}
