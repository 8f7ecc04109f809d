import { defineRoom, mutation, t, type Mutators } from '@junto/schema'

/** Things on the board. */
export const things = 100

const Thing = t.Object({ x: t.Float32(), y: t.Float32(), color: t.Uint8() })

/** A board on which things are moved. */
export const Board = defineRoom('board', {
  version: 1,
  state: t.Object({ things: t.Map(Thing), moves: t.Uint32() }),
  clientToServer: {},
  serverToClient: {},
  mutations: {
    move: mutation({ params: t.Object({ id: t.String(), x: t.Float32(), y: t.Float32() }), undoable: true }),
  },
})

export const boardMutators: Mutators<typeof Board> = {
  move(state, { id, x, y }) {
    const thing = state.things.get(id)
    if (thing === undefined) return
    thing.x = x
    thing.y = y
    state.moves++
  },
}

/** The key of the n-th thing. */
export const idOf = (n: number): string => `thing-${n % things}`
