import type { Mutators } from '@junto/schema'
// As a type only: the page imports this, and holds no TypeBox.
import type { Whiteboard } from './contract.ts'

/** What people do to the board. The server runs these, and each page at once, ahead of it. */
export const whiteboardMutators: Mutators<typeof Whiteboard> = {
  add(state, { id, ...stroke }, { now }) {
    // Sent twice, because nobody knew whether the first one had arrived.
    if (state.strokes.has(id)) return
    state.strokes.set(id, { ...stroke, at: now })
  },

  erase(state, { ids }) {
    for (const id of ids) state.strokes.delete(id)
  },

  clear(state) {
    state.strokes.clear()
  },
}
