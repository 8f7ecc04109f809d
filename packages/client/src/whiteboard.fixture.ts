import { call, defineRoom, event, stream, t } from '@junto/schema'

const Point = t.Object({ x: t.Number(), y: t.Number() })
const Stroke = t.Object({ by: t.String(), color: t.Uint8(), points: t.Array(Point) })

/** A contract with one of everything, for tests. */
export const Whiteboard = defineRoom('whiteboard', {
  version: 1,
  options: t.Object({ title: t.String() }),
  join: t.Object({ name: t.String({ maxLength: 40 }) }),
  metadata: t.Object({ team: t.String() }),
  user: t.Object({ id: t.String() }),
  state: t.Object({ title: t.String(), strokes: t.Map(Stroke), order: t.Array(t.String()) }),
  clientToServer: {
    addStroke: call({
      params: Stroke,
      result: t.Object({ id: t.String() }),
      errors: { full: t.Object({ limit: t.Integer() }) },
    }),
    clear: call(),
    slow: call({ params: t.Object({ ms: t.Integer() }), timeout: 300 }),
    point: event(Point, { delivery: 'volatile' }),
    rename: event(t.Object({ title: t.String() })),
    ping: event(),
    history: stream({ params: t.Object({ since: t.Integer() }), item: Stroke }),
  },
  serverToClient: {
    cleared: event(t.Object({ by: t.String() })),
    poked: event(),
    confirmClear: call({
      params: t.Object({ by: t.String() }),
      result: t.Boolean(),
      errors: { busy: t.Object({ until: t.Integer() }) },
    }),
    wave: call(),
  },
})
