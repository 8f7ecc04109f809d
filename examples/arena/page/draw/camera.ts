import type { Point } from '../../field.ts'
import { field } from '../../rules.ts'

/** How much of the field is to be seen at least, in units: so much that one sees who shoots. */
const sight = { across: 1240, up: 760, least: 560 } as const

/** What part of the field is shown, and how large. */
export class Camera {
  /** What is in the middle of the window. */
  x = field.width / 2
  y = field.height / 2
  /** Pixels of the page per unit. */
  zoom = 1
  #width = 1
  #height = 1

  /** The window has that size, in pixels of the page. */
  resize(width: number, height: number): void {
    this.#width = width
    this.#height = height
    const whole = Math.min(width / sight.across, height / sight.up)
    // On a phone all of that would be too small to play: less of it, nearer.
    this.zoom = Math.max(whole, Math.min(width, height) / sight.least, 0.4)
  }

  /** Moves towards what is to be in the middle. */
  follow(target: Point, ms: number): void {
    const part = 1 - 0.5 ** (ms / 90)
    this.x += (this.#bounded(target.x, this.#width, field.width) - this.x) * part
    this.y += (this.#bounded(target.y, this.#height, field.height) - this.y) * part
  }

  /** Shows it at once. */
  jump(target: Point): void {
    this.x = this.#bounded(target.x, this.#width, field.width)
    this.y = this.#bounded(target.y, this.#height, field.height)
  }

  /** Where on the page a place of the field is. */
  toPage({ x, y }: Point): Point {
    return { x: (x - this.x) * this.zoom + this.#width / 2, y: (y - this.y) * this.zoom + this.#height / 2 }
  }

  /** The drawing that follows is in units of the field; `scale` are pixels of the canvas per pixel of the page. */
  apply(context: CanvasRenderingContext2D, scale: number, shake: Point): void {
    const zoom = this.zoom * scale
    context.setTransform(
      zoom,
      0,
      0,
      zoom,
      (this.#width / 2) * scale - (this.x + shake.x) * zoom,
      (this.#height / 2) * scale - (this.y + shake.y) * zoom,
    )
  }

  /** Whether a place is in the window, or nearly. */
  shows({ x, y }: Point, margin: number): boolean {
    return (
      Math.abs(x - this.x) < this.#width / this.zoom / 2 + margin &&
      Math.abs(y - this.y) < this.#height / this.zoom / 2 + margin
    )
  }

  /** As near to `wanted` as shows nothing beside the field but a little of its edge. */
  #bounded(wanted: number, pixels: number, whole: number): number {
    const half = pixels / this.zoom / 2
    const border = 60
    return half * 2 >= whole + border * 2 ? whole / 2 : Math.min(whole + border - half, Math.max(half - border, wanted))
  }
}
