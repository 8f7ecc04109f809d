import { optimistic, undoing, type Correction, type JoinedRoom, type JuntoClient, type Undoing } from '@junto/client'
import { defineRoom, mutation, t, type Mutators } from '@junto/schema'
import { Room } from '@junto/server'
import { createWorld, type World, type WorldOptions } from '../../src/index.ts'

const Card = t.Object({
  x: t.Quantized({ min: 0, max: 1000, step: 0.5 }),
  text: t.String(),
  notes: t.Array(t.Object({ text: t.String() })),
})

/** A board of cards on which all can be undone but what is done to its title. */
export const Board = defineRoom('board', {
  version: 1,
  state: t.Object({ title: t.String(), cards: t.Map(Card), order: t.Array(t.String()) }),
  mutations: {
    add: mutation({ params: t.Object({ id: t.String(), x: t.Number() }), undoable: true }),
    move: mutation({ params: t.Object({ id: t.String(), x: t.Number() }), undoable: true }),
    write: mutation({ params: t.Object({ id: t.String(), text: t.String() }), undoable: true }),
    note: mutation({ params: t.Object({ id: t.String(), text: t.String() }), undoable: true }),
    insert: mutation({ params: t.Object({ id: t.String(), at: t.Integer(), text: t.String() }), undoable: true }),
    drop: mutation({ params: t.Object({ id: t.String(), at: t.Integer() }), undoable: true }),
    shift: mutation({
      params: t.Object({ id: t.String(), from: t.Integer(), to: t.Integer() }),
      undoable: true,
    }),
    annotate: mutation({ params: t.Object({ id: t.String(), at: t.Integer(), text: t.String() }), undoable: true }),
    remove: mutation({ params: t.Object({ id: t.String() }), undoable: true }),
    swap: mutation({ params: t.Object({ from: t.Integer(), to: t.Integer() }), undoable: true }),
    name: mutation({ params: t.Object({ title: t.String() }) }),
    fail: mutation({ errors: { no: t.Object({}) }, undoable: true }),
  },
  clientToServer: {},
  serverToClient: {},
})

/** The functions of its mutations. */
export const boardMutators: Mutators<typeof Board> = {
  add(state, { id, x }) {
    if (state.cards.has(id)) return
    state.cards.set(id, { x, text: '', notes: [] })
    state.order.push(id)
  },
  move(state, { id, x }) {
    const card = state.cards.get(id)
    if (card !== undefined) card.x = x
  },
  write(state, { id, text }) {
    const card = state.cards.get(id)
    if (card !== undefined) card.text = text
  },
  note(state, { id, text }) {
    state.cards.get(id)?.notes.push({ text })
  },
  insert(state, { id, at, text }) {
    const notes = state.cards.get(id)?.notes
    notes?.insert(Math.min(at, notes.length), { text })
  },
  drop(state, { id, at }) {
    const notes = state.cards.get(id)?.notes
    if (notes !== undefined && at < notes.length) notes.splice(at, 1)
  },
  shift(state, { id, from, to }) {
    const notes = state.cards.get(id)?.notes
    if (notes !== undefined && from < notes.length && to < notes.length) notes.move(from, to)
  },
  annotate(state, { id, at, text }) {
    const note = state.cards.get(id)?.notes.at(at)
    if (note !== undefined) note.text = text
  },
  remove(state, { id }) {
    const at = state.order.indexOf(id)
    if (at !== -1) state.order.splice(at, 1)
    state.cards.delete(id)
  },
  swap(state, { from, to }) {
    const { length } = state.order
    if (from < length && to < length && from >= 0 && to >= 0) state.order.move(from, to)
  },
  name(state, { title }) {
    state.title = title
  },
  fail(_state, _params, { error }) {
    throw error('no', {})
  },
}

export class BoardRoom extends Room(Board) {
  readonly mutators = boardMutators

  onCreate() {
    return { title: 'first', cards: {}, order: [] }
  }
}

/** A world with boards; one way takes 75 ms. */
export function boardWorld(options: Partial<WorldOptions<[typeof Board]>> = {}): World {
  return createWorld({ rooms: [[Board, BoardRoom]], network: { latency: 75 }, ...options })
}

/** A member who can undo. */
export interface Editor {
  readonly client: JuntoClient
  readonly board: JoinedRoom<typeof Board>
  readonly steps: Undoing
  readonly corrections: Correction[]
}

export async function openBoard(world: World, isOptimistic = true): Promise<Editor> {
  const client = world.client()
  const board = await world.until(
    client.open(Board, { key: 'a', ...(isOptimistic && { mutators: optimistic(boardMutators) }) }),
  )
  const corrections: Correction[] = []
  board.onCorrection((correction) => void corrections.push(correction))
  return { client, board, steps: undoing(board), corrections }
}
