import { call, defineRoom, event, stream, t } from '@junto/schema'

const Point = t.Object({ x: t.Number(), y: t.Number() })
const Stroke = t.Object({ by: t.String(), color: t.Uint8(), points: t.Array(Point) })

/** The contract of the design's examples. */
export const Whiteboard = defineRoom('whiteboard', {
  version: 1,
  options: t.Object({ title: t.String() }),
  join: t.Object({ name: t.String({ maxLength: 40 }) }),
  metadata: t.Object({ team: t.String() }),
  user: t.Object({ id: t.String(), role: t.String() }),
  state: t.Object({ title: t.String(), strokes: t.Map(Stroke) }),
  clientToServer: {
    addStroke: call({
      params: Stroke,
      result: t.Object({ id: t.String() }),
      errors: { full: t.Object({ limit: t.Integer() }) },
    }),
    clear: call(),
    point: event(Point, { delivery: 'volatile' }),
    history: stream({ params: t.Object({ since: t.Integer() }), item: Stroke }),
  },
  serverToClient: {
    cleared: event(t.Object({ by: t.String() })),
    pointed: event(Point, { delivery: 'volatile' }),
    confirmClear: call({ params: t.Object({ by: t.String() }), result: t.Boolean() }),
  },
})
