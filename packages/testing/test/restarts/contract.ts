import { call, defineRoom, event, t } from '@junto/schema'

/** Accounts of members, on which entries are made. */
export const Ledger = defineRoom('ledger', {
  version: 1,
  join: t.Object({ name: t.String() }),
  state: t.Object({
    joins: t.Integer(),
    leaves: t.Integer(),
    accounts: t.Map(
      t.Object({
        of: t.Owner(),
        entries: t.Integer(),
        sum: t.Integer(),
        noted: t.Integer(),
        secret: t.Visible('owner', t.Integer()),
      }),
    ),
  }),
  clientToServer: {
    add: call({ params: t.Object({ n: t.Integer() }), result: t.Integer() }),
    /** Adds after a while. */
    addLater: call({ params: t.Object({ n: t.Integer(), ms: t.Integer() }), result: t.Integer() }),
    /** Holds up the whole process when the room is disposed. */
    blockAtTheEnd: call({ params: t.Object({ ms: t.Integer() }) }),
    note: event(t.Object({ n: t.Integer() })),
    save: call(),
  },
  serverToClient: { waiting: event(t.Object({})) },
})

/** What only the owner of an account may see. */
export function secretOf(name: string): number {
  return name.length * 1000 + Number(name.replace(/\D/g, ''))
}
