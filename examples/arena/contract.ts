import { call, defineRoom, event, t } from '@junto/schema'
import { field } from './rules.ts'

const Name = t.String({ minLength: 1, maxLength: 16 })
const X = t.Quantized({ min: 0, max: field.width, step: 0.1 })
const Y = t.Quantized({ min: 0, max: field.height, step: 0.1 })

/** Somebody on the field, by the id of the member; of a bot by a name of its own. */
const Fighter = t.Object({
  name: Name,
  /** One of the colours of fighters. */
  color: t.Uint8(),
  bot: t.Boolean(),
  x: X,
  y: Y,
  aim: t.Angle(),
  /** 0 for who is down. */
  hp: t.Uint8(),
  /** Nothing hurts: this one has just come in. */
  safe: t.Boolean(),
  /** So many shots, and dashes, so far: counts that begin anew after 255. That one is another says that there was one. */
  shots: t.Uint8(),
  dashes: t.Uint8(),
  // What is to be waited for, as the number of the input from which on it may be: such numbers change when something is done, and not with
  // each tick.
  reloaded: t.Uint32(),
  dashEnds: t.Uint32(),
  dashReady: t.Uint32(),
  /** Where the dash goes. */
  dashAim: t.Angle(),
  kills: t.Uint16(),
  deaths: t.Uint16(),
  /** When who is down stands again, unless the connection is lost; of who is not, when they came in. */
  returns: t.Timestamp(),
})

/** An arena: everything that its server and its pages say to each other. */
export const Arena = defineRoom('arena', {
  version: 1,
  join: t.Object({ name: Name }),
  state: t.Object({
    fighters: t.Map(Fighter),
    packs: t.Map(t.Object({ x: X, y: Y, there: t.Boolean() })),
    /** The key of who has won; empty while the round goes on. */
    winner: t.String(),
    /** When the round is over; when it is over, when the next one begins. */
    ends: t.Timestamp(),
  }),
  /** What a player does in one tick. */
  input: t.Object({
    /** Where to: hundredths of full speed. */
    dx: t.Int8(),
    dy: t.Int8(),
    aim: t.Angle(),
    fire: t.Boolean(),
    dash: t.Boolean(),
  }),
  clientToServer: {
    /** Whether this player's shots are judged by what the player saw. On until it is said otherwise; off shows what it is good for. */
    rewind: call({ params: t.Object({ on: t.Boolean() }) }),
    /** Does nothing: how long the answer takes is what its caller wants to know. */
    ping: call(),
  },
  serverToClient: {
    /** Somebody shoots. A picture of it, and no more: what it has done is in the state. */
    shot: event(
      t.Object({
        by: t.String(),
        /** When, by the server's clock: it is shown when others are shown as they were then. */
        at: t.Timestamp(),
        x: X,
        y: Y,
        toX: X,
        toY: Y,
        /** Whom it has hit; empty for none. */
        hit: t.String(),
      }),
      { delivery: 'volatile' },
    ),
    /** To who has shot: a shot of theirs has hit. */
    hit: event(
      t.Object({
        whom: t.String(),
        damage: t.Uint8(),
        /** Where the target was when it was judged, and where it really is: the same without rewind. */
        x: X,
        y: Y,
        nowX: X,
        nowY: Y,
        /** By how many milliseconds the field was turned back. */
        ago: t.Uint16(),
      }),
    ),
    fell: event(t.Object({ whom: t.String(), by: t.String() })),
  },
})
