import { call, defineRoom, event, mutation, t } from '@junto/schema'
import { bounds, inks, sheet, strokeLimit } from './board.ts'

/** A place on the sheet. It travels in a few bytes, and arrives as exactly the number that was sent. */
const Point = t.Tuple([
  t.Quantized({ min: 0, max: sheet.width, step: sheet.step }),
  t.Quantized({ min: 0, max: sheet.height, step: sheet.step }),
])
const Name = t.String({ minLength: 1, maxLength: bounds.name })
const StrokeId = t.String({ minLength: 8, maxLength: 24 })

/** What the pen draws with: an index into the inks, and how wide. */
const color = t.Uint8({ maximum: inks.length - 1 })
const width = t.Uint8({ minimum: 1, maximum: 64 })

/** A finished line of the pen. */
const Stroke = t.Object({
  color,
  width,
  points: t.Array(Point),
  /** When it was drawn, in milliseconds since 1970: a later one covers an earlier one, also one that is put back. */
  at: t.Number(),
})

/** A line that is being drawn. */
const Pen = t.Object({
  /** The id that its stroke will have. */
  id: StrokeId,
  color,
  width,
  points: t.Array(Point),
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
    /** By id. */
    strokes: t.Map(Stroke),
    /** Of those who are drawing now, by member id: so that all see it grow. */
    pens: t.Map(Pen),
    /** By member id. */
    people: t.Map(Person),
  }),
  /** Where a member points, while it points at anything. */
  presence: t.Object({ at: Point }),
  // What people do to the board. Each shows in their own page at once, and can be undone.
  mutations: {
    /** Adds a stroke. One that is there already stays as it is. */
    add: mutation({
      params: t.Object({
        id: StrokeId,
        color,
        width,
        points: t.Array(Point, { minItems: 1, maxItems: strokeLimit }),
      }),
      errors: { full: t.Object({ limit: t.Uint32() }) },
      undoable: true,
      idempotent: true,
    }),
    /** Removes strokes, whoever drew them. Those that are gone already are ignored. */
    erase: mutation({
      params: t.Object({ ids: t.Array(StrokeId, { maxItems: bounds.strokesPerErase }) }),
      undoable: true,
      idempotent: true,
    }),
    /** Removes all strokes, after `askToClear`. */
    clear: mutation({ errors: { unasked: t.Object({}) }, undoable: true }),
  },
  clientToServer: {
    /**
     * A piece of the line that is being drawn: its points from index `from` on, and at 0 another line begins. Nothing depends on its arrival: the
     * stroke comes as a whole when the pen is taken up.
     */
    ink: event(
      t.Object({
        id: StrokeId,
        color,
        width,
        from: t.Uint16({ maximum: strokeLimit }),
        points: t.Array(Point, { maxItems: bounds.pointsPerPiece }),
      }),
    ),
    /** The pen was taken up. */
    lift: event(),
    /** Asks everybody who is there and awake whether the board may be cleared. Silence is consent. */
    askToClear: call({
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
