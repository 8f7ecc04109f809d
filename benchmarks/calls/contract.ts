import { call, defineRoom, event, t } from '@junto/schema'

/** What every peer does, in Junto's words: some parameters of different types in, a small result out. */
export const Board = defineRoom('board', {
  version: 1,
  state: t.Object({ title: t.String() }),
  clientToServer: {
    place: call({
      params: t.Object({
        name: t.String({ maxLength: 40 }),
        x: t.Number(),
        y: t.Number(),
        color: t.Integer({ minimum: 0, maximum: 255 }),
        locked: t.Boolean(),
      }),
      result: t.Object({ id: t.String(), distance: t.Number() }),
    }),
  },
  serverToClient: {},
})

/** A room that ticks: what happens in it is told 20 times a second. */
export const Arena = defineRoom('arena', {
  version: 1,
  state: t.Object({ x: t.Number() }),
  clientToServer: {
    /** Writes to the state. */
    move: call({ params: t.Object({ x: t.Number() }), result: t.Number() }),
    /** The same, after so many events to the caller. */
    crowd: call({ params: t.Object({ events: t.Uint8() }), result: t.Number() }),
  },
  serverToClient: { moved: event(t.Object({ n: t.Uint32(), x: t.Number(), y: t.Number() })) },
})
