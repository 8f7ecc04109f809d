import type { Point } from '../../field.ts'
import { field } from '../../rules.ts'

/** How much of the field is to be seen at least, in units: so much that one sees who shoots. */
const sight = { across: 1240, up: 780 } as const
/** Smaller than this nobody would see who is who: on a phone one sees less of the field instead. */
const leastZoom = 0.62

/** What part of the field is shown, and how large. */
export class Camera {
  /** What is in the middle of the window. */
  x = field.width / 2
  y = field.height / 2
  /** Pixels of the page per unit. */
  zoom = 1
  #width = 1
  #height = 1
  /** Pixels on the right that something covers. */
  #covered = 0

  /**
   * The window has that size, in pixels of the page.
   *
   * @param covered So many of them, on the right, are covered by something.
   */
  resize(width: number, height: number, covered: number): void {
    this.#width = width
    this.#height = height
    this.#covered = covered
    this.zoom = Math.max(leastZoom, Math.min(width / sight.across, height / sight.up))
  }

  /** Moves towards what is to be in the middle. */
  follow(target: Point, ms: number): void {
    const part = 1 - 0.5 ** (ms / 90)
    this.x += (this.#bounded(target.x, this.#free, field.width) - this.x) * part
    this.y += (this.#bounded(target.y, this.#height, field.height) - this.y) * part
  }

  /** Where on the page a place of the field is. */
  toPage({ x, y }: Point): Point {
    return { x: (x - this.x) * this.zoom + this.#free / 2, y: (y - this.y) * this.zoom + this.#height / 2 }
  }

  /** Where the field's upper left corner is, in pixels of a canvas of which `scale` are one of the page. */
  corner(scale: number, shake: Point): Point {
    const zoom = this.zoom * scale
    return {
      x: Math.round((this.#free / 2) * scale - (this.x + shake.x) * zoom),
      y: Math.round((this.#height / 2) * scale - (this.y + shake.y) * zoom),
    }
  }

  /** Whether a place is in the window, or nearly. */
  shows({ x, y }: Point, margin: number): boolean {
    return (
      Math.abs(x - this.x) < (this.#width + this.#covered) / this.zoom / 2 + margin &&
      Math.abs(y - this.y) < this.#height / this.zoom / 2 + margin
    )
  }

  /** Pixels across that nothing covers. */
  get #free(): number {
    return this.#width - this.#covered
  }

  /** As near to `wanted` as shows nothing beside the field but a little of its edge. */
  #bounded(wanted: number, pixels: number, whole: number): number {
    const half = pixels / this.zoom / 2
    const border = 60
    return half * 2 >= whole + border * 2 ? whole / 2 : Math.min(whole + border - half, Math.max(half - border, wanted))
  }
}
