import { sheet, type Point } from '../board.ts'
import { arc, write } from './lettering.ts'

/** A stroke to be drawn: ink and width by their place in the toolbar, and the pen's way. */
export interface Gesture {
  readonly ink: number
  readonly width: number
  readonly way: readonly Point[]
}

const [ink, red, orange, yellow, green, blue, violet, pink] = [0, 1, 2, 3, 4, 5, 6, 7]
const [fine, medium, bold] = [0, 1, 2]

/** What the first visitor draws: a plan. */
export function plan(): Gesture[] {
  const gestures: Gesture[] = []
  const add = (color: number, width: number, ...lines: readonly (readonly Point[])[]): void => {
    for (const line of lines) gestures.push({ ink: color, width, way: byHand(line, gestures.length) })
  }
  add(ink, bold, ...write('Launch day', [130, 200], 52))
  add(blue, medium, wave([125, 258], 560, 9, 5))
  const steps = ['sketch', 'build', 'test', 'launch!']
  steps.forEach((step, row) => {
    const y = 400 + row * 118
    add(ink, medium, box([150, y - 52], 54, 54), ...write(step, [250, y], 34))
    if (row < 3)
      add(green, bold, [
        [158, y - 28],
        [176, y - 8],
        [222, y - 72],
      ])
  })
  add(red, medium, ellipse([366, 734], 150, 64, 200, 570))
  add(blue, medium, curve([520, 742], [700, 800], [862, 640]), [
    [822, 646],
    [864, 638],
    [866, 682],
  ])
  return gestures
}

/** What the second one draws: where it goes. */
export function sky(): Gesture[] {
  const gestures: Gesture[] = []
  const add = (color: number, width: number, ...lines: readonly (readonly Point[])[]): void => {
    for (const line of lines) gestures.push({ ink: color, width, way: byHand(line, gestures.length + 40) })
  }
  // A rocket that leans to the right, drawn upright around its middle.
  const lean = (points: readonly Point[]): Point[] => points.map(([x, y]) => turned([x, y], 24, [1050, 430]))
  add(
    ink,
    medium,
    lean(curve([-78, 130], [-118, -70], [0, -250])),
    lean(curve([0, -250], [118, -70], [78, 130])),
    lean([
      [-78, 130],
      [78, 130],
    ]),
  )
  add(red, medium, lean(curve([-62, -110], [0, -86], [62, -110])))
  add(red, medium, lean([...curve([-88, 40], [-170, 90], [-150, 190]), ...curve([-150, 190], [-120, 130], [-78, 130])]))
  add(red, medium, lean([...curve([88, 40], [170, 90], [150, 190]), ...curve([150, 190], [120, 130], [78, 130])]))
  add(blue, medium, lean(arc(0, -20, 40, 40, 0, 380)))
  add(blue, fine, lean(arc(0, -20, 24, 24, 200, 290)))
  add(orange, bold, lean([...curve([-48, 150], [-60, 230], [0, 300]), ...curve([0, 300], [60, 230], [48, 150])]))
  add(yellow, bold, lean(curve([0, 165], [-24, 205], [2, 236])))
  add(violet, bold, ellipse([1395, 190], 84, 80, -90, 280))
  add(orange, medium, tilted(ellipse([0, 0], 150, 34, -28, 208), -16, [1395, 190]))
  for (const [x, y, size] of [
    [850, 205, 22],
    [1210, 110, 16],
    [1490, 420, 20],
    [1300, 560, 14],
    [905, 330, 13],
    [1130, 800, 15],
  ] as const) {
    add(yellow, medium, star([x, y], size))
  }
  add(green, medium, wave([60, 905], 1480, 22, 3))
  for (const [x, y] of [
    [1290, 868],
    [1420, 880],
  ] as const) {
    for (let petal = 0; petal < 5; petal += 1) add(pink, fine, loop([x, y - 70], (petal * 72 * Math.PI) / 180, 30))
    add(yellow, medium, [
      [x, y - 70],
      [x + 1, y - 69],
    ])
    add(green, fine, curve([x, y - 38], [x + 8, y - 20], [x - 3, y + 20]))
  }
  return gestures
}

/** A slow wobble and evenly set points, as a hand makes them; the same each time. */
function byHand(line: readonly Point[], seed: number): Point[] {
  const points: Point[] = []
  let walked = 0
  line.forEach(([x, y], index) => {
    const [fromX, fromY] = line[index - 1] ?? [x, y]
    const length = Math.hypot(x - fromX, y - fromY)
    const steps = Math.max(1, Math.round(length / 7))
    for (let step = index === 0 ? steps : 1; step <= steps; step += 1) {
      walked += length / steps
      const by = Math.min(1.9, length / 20 + 0.7)
      const wobble = (phase: number): number =>
        by * Math.sin(walked / 43 + seed * 1.7 + phase) * Math.sin(walked / 29 + seed)
      points.push(
        inside(fromX + ((x - fromX) * step) / steps + wobble(0), fromY + ((y - fromY) * step) / steps + wobble(2)),
      )
    }
  })
  return points
}

function inside(x: number, y: number): Point {
  return [Math.min(sheet.width, Math.max(0, x)), Math.min(sheet.height, Math.max(0, y))]
}

function curve(from: Point, handle: Point, to: Point): Point[] {
  return Array.from({ length: 25 }, (_, step) => {
    const t = step / 24
    const along = (axis: 0 | 1): number => (1 - t) ** 2 * from[axis] + 2 * t * (1 - t) * handle[axis] + t * t * to[axis]
    return [along(0), along(1)]
  })
}

function wave([left, top]: Point, width: number, height: number, waves: number): Point[] {
  return Array.from({ length: 61 }, (_, step) => [
    left + (width * step) / 60,
    top - height * Math.sin((step / 60) * waves * 2 * Math.PI),
  ])
}

function box([x, y]: Point, width: number, height: number): Point[] {
  return [
    [x, y],
    [x + width, y + 2],
    [x + width - 1, y + height],
    [x + 1, y + height - 1],
    [x - 1, y - 3],
  ]
}

function ellipse([x, y]: Point, across: number, down: number, from: number, to: number): Point[] {
  return arc(x, y, across, down, from, to)
}

function star([x, y]: Point, size: number): Point[] {
  return Array.from({ length: 11 }, (_, corner) => {
    const angle = (corner * Math.PI) / 5 - Math.PI / 2
    const reach = corner % 2 === 0 ? size : size * 0.45
    return [x + reach * Math.cos(angle), y + reach * Math.sin(angle)]
  })
}

function loop([x, y]: Point, towards: number, size: number): Point[] {
  return Array.from({ length: 19 }, (_, step) => {
    const t = step / 18
    const angle = towards + (t - 0.5) * 1.2
    return [x + size * Math.sin(Math.PI * t) * Math.cos(angle), y + size * Math.sin(Math.PI * t) * Math.sin(angle)]
  })
}

function tilted(points: readonly Point[], degrees: number, middle: Point): Point[] {
  return points.map((point) => turned(point, degrees, middle))
}

function turned([x, y]: Point, degrees: number, [left, top]: Point): Point {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  return [left + x * cos - y * sin, top + x * sin + y * cos]
}
