import { call, defineRoom, event, t } from '@junto/schema'
import { bounds, inks, sheet, strokeLimit } from './board.ts'

/** A place on the sheet. It travels in a few bytes, and arrives as exactly the number that was sent. */
const Point = t.Tuple([
  t.Quantized({ min: 0, max: sheet.width, step: sheet.step }),
  t.Quantized({ min: 0, max: sheet.height, step: sheet.step }),
])
const Name = t.String({ minLength: 1, maxLength: bounds.name })
const StrokeId = t.String({ minLength: 8, maxLength: 24 })

/** A line of the pen. It stands in the state from its first point on, so that all see it grow. */
const Stroke = t.Object({
  /** The user who draws it. */
  by: t.String(),
  /** An index into the inks. */
  color: t.Uint8(),
  width: t.Uint8(),
  points: t.Array(Point),
  /** The pen was taken up. */
  done: t.Boolean(),
})

/** Somebody at the board. */
const Person = t.Object({
  name: Name,
  /** An index into the inks. */
  color: t.Uint8(),
  /** Whether their page is in front of them: who looks elsewhere is not asked. */
  awake: t.Boolean(),
  /** Whether their page is connected: who is not may be back in a moment. */
  here: t.Boolean(),
})

/** A whiteboard: everything that its server and its pages say to each other. */
export const Whiteboard = defineRoom('whiteboard', {
  version: 1,
  options: t.Object({ title: t.String({ maxLength: bounds.title }) }),
  join: t.Object({ name: Name, awake: t.Boolean() }),
  user: t.Object({ id: t.String() }),
  state: t.Object({
    title: t.String(),
    /** Another one each time the server takes the board out: what was drawn just before that may not have been saved. */
    run: t.Uint32(),
    /** By id, in the order in which they were begun: a later one covers an earlier one. */
    strokes: t.Map(Stroke),
    /** By member id. */
    people: t.Map(Person),
  }),
  /** Where a member points, while it points at anything. */
  presence: t.Object({ at: Point }),
  clientToServer: {
    /**
     * A piece of a stroke: its points from index `from` on. Sending a piece twice is the same as sending it once, and the
     * later pieces of a stroke that was erased meanwhile are ignored.
     */
    draw: call({
      params: t.Object({
        id: StrokeId,
        color: t.Uint8({ maximum: inks.length - 1 }),
        width: t.Uint8({ minimum: 1, maximum: 64 }),
        from: t.Uint16({ maximum: strokeLimit }),
        points: t.Array(Point, { maxItems: bounds.pointsPerDraw }),
        done: t.Boolean(),
      }),
      errors: {
        full: t.Object({ limit: t.Uint32() }),
        long: t.Object({ limit: t.Uint32() }),
        foreign: t.Object({ id: t.String() }),
      },
      idempotent: true,
    }),
    /** Removes strokes, whoever drew them. Those that are gone already are ignored. */
    erase: call({
      params: t.Object({ ids: t.Array(StrokeId, { maxItems: bounds.strokesPerErase }) }),
      idempotent: true,
    }),
    /** Removes all strokes, once everybody who is there and awake agrees, or has said nothing in time. */
    clear: call({
      result: t.Object({ strokes: t.Uint32() }),
      errors: { declined: t.Object({ by: t.String() }), asked: t.Object({ by: t.String() }) },
      timeout: bounds.consent + 5_000,
    }),
    rename: event(Name),
    wake: event(t.Boolean()),
  },
  serverToClient: {
    cleared: event(t.Object({ by: t.String() })),
    confirmClear: call({ params: t.Object({ by: t.String() }), result: t.Boolean(), timeout: bounds.consent }),
  },
})
