import type { Point } from '../board.ts'

// A hand that writes: letters of single lines, one unit high without their stems, the base line at zero, y upwards.

type Line = Point[]

interface Letter {
  readonly width: number
  readonly lines: readonly Line[]
}

const bowl = arc(0.45, 0.5, 0.45, 0.5, 30, 390)
const stem: Line = [
  [0, 2],
  [0, 0],
]
const bow: Line = [[0, 0], [0, 0.6], ...arc(0.4, 0.6, 0.4, 0.4, 180, 0), [0.8, 0]]

const letters: Readonly<Record<string, Letter>> = {
  L: {
    width: 1,
    lines: [
      [
        [0, 2],
        [0, 0.02],
        [0, 0],
        [0.02, 0],
        [0.95, 0],
      ],
    ],
  },
  a: {
    width: 0.95,
    lines: [
      bowl,
      [
        [0.9, 1],
        [0.9, 0.15],
        [1, 0],
      ],
    ],
  },
  b: { width: 0.9, lines: [stem, arc(0.45, 0.5, 0.45, 0.5, 180, -180)] },
  c: { width: 0.75, lines: [arc(0.45, 0.5, 0.45, 0.5, 50, 310)] },
  d: {
    width: 0.95,
    lines: [
      bowl,
      [
        [0.9, 2],
        [0.9, 0.15],
        [1, 0],
      ],
    ],
  },
  e: { width: 0.85, lines: [[[0.05, 0.52], [0.6, 0.52], ...arc(0.45, 0.5, 0.42, 0.5, 5, 310)]] },
  h: { width: 0.8, lines: [stem, bow] },
  i: {
    width: 0.05,
    lines: [
      [
        [0, 1],
        [0, 0],
      ],
      [
        [0, 1.45],
        [0.02, 1.47],
      ],
    ],
  },
  k: {
    width: 0.75,
    lines: [
      stem,
      [
        [0.7, 1],
        [0.05, 0.42],
      ],
      [
        [0.25, 0.6],
        [0.78, 0],
      ],
    ],
  },
  l: { width: 0.05, lines: [stem] },
  n: {
    width: 0.8,
    lines: [
      [
        [0, 1],
        [0, 0],
      ],
      bow,
    ],
  },
  s: { width: 0.75, lines: [[...arc(0.4, 0.74, 0.34, 0.26, 35, 270), ...arc(0.4, 0.24, 0.38, 0.25, 85, -150)]] },
  t: {
    width: 0.65,
    lines: [
      [[0.35, 1.65], [0.35, 0.25], ...arc(0.55, 0.2, 0.2, 0.2, 190, 300)],
      [
        [0, 1.05],
        [0.68, 1.05],
      ],
    ],
  },
  u: {
    width: 0.8,
    lines: [
      [[0, 1], ...arc(0.4, 0.4, 0.4, 0.4, 180, 360), [0.8, 1]],
      [
        [0.8, 1],
        [0.8, 0],
      ],
    ],
  },
  y: {
    width: 0.8,
    lines: [
      [
        [0, 1],
        [0.42, 0.02],
      ],
      [
        [0.84, 1],
        [0.2, -0.75],
      ],
    ],
  },
  '!': {
    width: 0.1,
    lines: [
      [
        [0, 2],
        [0, 0.65],
      ],
      [
        [0, 0.02],
        [0.02, 0],
      ],
    ],
  },
  ' ': { width: 0.5, lines: [] },
}

/** The lines of a text that starts at a place of the sheet, its letters so many units high. */
export function write(text: string, [left, base]: Point, size: number): Line[] {
  const lines: Line[] = []
  let at = left
  for (const sign of text) {
    const letter = letters[sign]
    if (letter === undefined) throw new Error(`The hand that writes does not know the letter ${sign}.`)
    for (const line of letter.lines) lines.push(line.map(([x, y]) => [at + (x + y * 0.08) * size, base - y * size]))
    at += (letter.width + 0.42) * size
  }
  return lines
}

/** Part of an ellipse, by degrees, y upwards. */
export function arc(x: number, y: number, across: number, up: number, from: number, to: number): Line {
  const steps = Math.max(6, Math.round(Math.abs(to - from) / 15))
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = ((from + ((to - from) * step) / steps) * Math.PI) / 180
    return [x + across * Math.cos(angle), y + up * Math.sin(angle)]
  })
}
