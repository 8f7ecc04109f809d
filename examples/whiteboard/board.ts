// What server and page must agree on beside the contract. Imports nothing, so that the page holds no TypeBox.

/**
 * The sheet everybody draws on. It has the same size for all, whatever their windows are: a page fits it in. Coordinates
 * are multiples of `step`, a power of two, so that a point reads the same before and after its way over the wire.
 */
export const sheet = { width: 1600, height: 1000, step: 1 / 8 } as const

/** Where on the page's own host the server listens for WebSockets. */
export const livePath = '/live'

/** The inks, by the index a stroke holds. Each page paints them in the tones of its own appearance, dark or light. */
export const inks = ['Ink', 'Red', 'Orange', 'Yellow', 'Green', 'Blue', 'Violet', 'Pink'] as const

/** The inks that stand for people: neither ink nor yellow, on which white initials cannot be read. */
export const peopleInks = [5, 1, 4, 6, 2, 7] as const

/** The widths of the pen, in units of the sheet. */
export const widths = [
  { name: 'Fine', size: 3 },
  { name: 'Medium', size: 7 },
  { name: 'Bold', size: 16 },
] as const

/** Points in one stroke. A pen that goes on begins another stroke there, unnoticed. */
export const strokeLimit = 1000

/** What one message may hold; how many strokes a board may hold is up to the server. */
export const bounds = {
  /** Points in one `ink`: a frame of a fast pen has about ten, so this is what is sent after a while offline. */
  pointsPerPiece: 500,
  /** Strokes in one `erase`. */
  strokesPerErase: 500,
  name: 40,
  title: 60,
  /** Milliseconds that people have to say whether the board may be cleared. */
  consent: 15_000,
} as const

/** A place on the sheet: x, y. */
export type Point = readonly [x: number, y: number]
