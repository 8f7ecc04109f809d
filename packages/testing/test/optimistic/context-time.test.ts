import { optimistic, sampleInputs, type Correction } from '@junto/client'
import { defineRoom, mutation, t, type Mutators } from '@junto/schema'
import { Room } from '@junto/server'
import { describe, expect, it } from 'vitest'
import { createWorld } from '../../src/index.ts'

const Item = t.Object({ text: t.String(), at: t.Timestamp() })
const parts = {
  version: 1,
  state: t.Object({ items: t.Map(Item), pressed: t.Optional(t.Timestamp()) }),
  mutations: { add: mutation({ params: t.Object({ text: t.String() }) }) },
  clientToServer: {},
  serverToClient: {},
} as const

/** A list whose items say when they were added, and one of which a game's inputs say so. */
const List = defineRoom('list', parts)
const Game = defineRoom('game', { ...parts, input: t.Object({ press: t.Boolean() }) })

const add: Mutators<typeof List>['add'] = (state, { text }, { now, newId }) =>
  void state.items.set(newId(), { text, at: now })
const input: Mutators<typeof Game>['input'] = (state, { press }, { now }) => {
  if (press) state.pressed = now
}

class ListRoom extends Room(List) {
  readonly mutators = { add }
  onCreate() {
    return { items: {} }
  }
}

class GameRoom extends Room(Game) {
  readonly mutators = { add, input }
  onCreate() {
    return { items: {} }
  }
}

/** One way takes no whole number of milliseconds, and no tick does. */
const world = () =>
  createWorld({
    rooms: [
      [List, ListRoom],
      [Game, GameRoom, { tickRate: 60 }],
    ],
    network: { latency: 37.3, jitter: 9.7 },
  })

describe('the time that a mutator is told', () => {
  it('is one that the state takes, the same here and on the server', async () => {
    const over = world()
    const room = await over.until(over.client().open(List, { key: 'a', mutators: optimistic({ add }) }))
    const corrections: Correction[] = []
    room.onCorrection((correction) => void corrections.push(correction))
    for (let n = 0; n < 20; n++) {
      const added = room.mutate.add({ text: String(n) })
      const shown = [...room.state.items.values()].at(-1)?.at
      expect(shown).toBe(Math.round(shown ?? NaN))
      await over.until(added)
      expect([...room.state.items.values()].at(-1)?.at).toBe(shown)
      await over.advance(`${n * 31}ms`)
    }
    expect(room.state.items.size).toBe(20)
    expect(corrections).toEqual([])
    expect(over.warnings).toEqual([])
    await over.end()
  })

  it('is one that the state takes in inputs, too', async () => {
    const over = world()
    const room = await over.until(over.client().open(Game, { key: 'a', mutators: optimistic({ add, input }) }))
    const inputs = sampleInputs(room, () => ({ press: true }))
    for (let n = 0; n < 60; n++) {
      inputs.frame()
      await over.advance('17ms')
    }
    const shown = room.state.pressed
    expect(over.clock.time() - (shown ?? 0)).toBeLessThan(100)
    await over.advance('1s')
    // The server has come to the same.
    expect(inputs.pending).toBe(0)
    expect(room.state.pressed).toBe(shown)
    expect(over.warnings).toEqual([])
    await over.end()
  })
})
