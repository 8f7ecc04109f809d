import { call, defineRoom, t } from '@junto/schema'

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
