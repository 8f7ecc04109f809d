import type { Point } from '../board.ts'
import { trace, type Ink } from './drawing/ink.ts'
import { inkTones } from './ui/appearance.ts'

const drawnIn = 1_400

/** What somebody might have drawn around the start page's card; in units of a 1600 × 1000 sheet. */
const doodles: readonly Ink[] = [
  curve(5, 7, 60, (t) => [90 + 300 * t, 250 + 70 * Math.sin(t * 11) * (1 - t / 2)]),
  curve(2, 12, 90, (t) => [255 + (20 + 95 * t) * Math.cos(t * 19), 760 + (20 + 95 * t) * Math.sin(t * 19)]),
  curve(4, 7, 50, (t) => [1240 + 270 * t, 180 + 60 * t * t - 40 * Math.abs(Math.sin(t * 15))]),
  ...[0, 1, 2, 3, 4].map((petal) =>
    curve(7, 7, 30, (t) => {
      const r = 92 * Math.sin(Math.PI * t)
      const a = (petal * 2 * Math.PI) / 5 + (t - 0.5) * 1.1 - Math.PI / 2
      return [1365 + r * Math.cos(a), 690 + r * Math.sin(a)]
    }),
  ),
  curve(3, 16, 12, (t) => [1365 + 9 * Math.cos(t * 6.3), 690 + 9 * Math.sin(t * 6.3)]),
  curve(4, 7, 20, (t) => [1368 + 16 * Math.sin(t * 3), 790 + 150 * t]),
  curve(6, 3, 70, (t) => [640 + 330 * t + 34 * Math.cos(t * 38), 915 + 34 * Math.sin(t * 38)]),
  curve(1, 3, 60, (t) => {
    const a = t * 2 * Math.PI - Math.PI / 2
    return [
      470 + 46 * Math.sin(a) ** 3,
      110 - 38 * (0.8 * Math.cos(a) - 0.35 * Math.cos(2 * a) - 0.15 * Math.cos(3 * a)),
    ]
  }),
]

/** Draws around the start page, as somebody would. */
export function doodle(canvas: HTMLCanvasElement): () => void {
  const began = performance.now()
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  const paint = (now: number): void => {
    const part = still ? 1 : Math.min(1, (now - began) / drawnIn)
    paintDoodles(canvas, 1 - (1 - part) ** 2)
    if (part < 1) requestAnimationFrame(paint)
  }
  const again = (): void => void requestAnimationFrame(paint)
  new ResizeObserver(again).observe(canvas)
  return again
}

function paintDoodles(canvas: HTMLCanvasElement, part: number): void {
  const { clientWidth: width, clientHeight: height } = canvas
  canvas.width = Math.round(width * devicePixelRatio)
  canvas.height = Math.round(height * devicePixelRatio)
  const on = canvas.getContext('2d')
  if (on === null) return
  const scale = Math.max(width / 1600, height / 1000) * devicePixelRatio
  on.setTransform(scale, 0, 0, scale, (canvas.width - 1600 * scale) / 2, (canvas.height - 1000 * scale) / 2)
  on.lineCap = on.lineJoin = 'round'
  on.globalAlpha = 0.9
  const tones = inkTones()
  for (const ink of doodles) {
    on.strokeStyle = tones[ink.color] ?? ''
    on.lineWidth = ink.width
    on.beginPath()
    trace(on, ink.points.slice(0, Math.ceil(ink.points.length * part)))
    on.stroke()
  }
}

function curve(color: number, width: number, steps: number, at: (t: number) => Point): Ink {
  return { color, width, points: Array.from({ length: steps + 1 }, (_, step) => at(step / steps)) }
}
