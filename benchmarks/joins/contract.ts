import { defineRoom, t } from '@junto/schema'

/** What every peer does, in Junto's words: who comes says who they are, and gets the positions of twenty others. */
export const Lobby = defineRoom('lobby', {
  version: 1,
  user: t.Object({ id: t.String() }),
  join: t.Object({ name: t.String({ maxLength: 40 }) }),
  state: t.Object({ players: t.Map(t.Object({ name: t.String(), x: t.Number(), y: t.Number() })) }),
  clientToServer: {},
  serverToClient: {},
})
