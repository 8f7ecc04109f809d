import { sheet, type Point } from '../../board.ts'
import { snap } from '../drawing/geometry.ts'
import type { Hand } from './hand.ts'

const directions: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}
// A press moves by a step; held down, the crosshair glides after a moment.
const step = { coarse: 10, fine: 2 }
const speed = { coarse: 420, fine: 90 }
const glideAfter = 220
const longestFrame = 50

/**
 * Drawing without a pointer: the arrow keys move a crosshair, the space bar draws for as long as it is held, and Enter puts
 * the pen down or takes it up for those who cannot hold two keys.
 */
export class KeyboardPen {
  readonly #hand: Hand
  readonly #held = new Map<string, number>()
  readonly #moved: (at: Point | undefined) => void
  #at: Point | undefined
  #frame = 0
  #drawing = false

  /** `moved` is told where the crosshair is, and that it is gone. */
  constructor(hand: Hand, moved: (at: Point | undefined) => void) {
    this.#hand = hand
    this.#moved = moved
  }

  /** Where the crosshair is, while the keyboard is used. */
  get at(): Point | undefined {
    return this.#at
  }

  /** A key went down on the board. True when it was for the pen. */
  keyDown(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false
    const direction = directions[event.key]
    if (direction !== undefined) {
      if (!event.repeat) {
        this.#held.set(event.key, event.timeStamp)
        const by = event.shiftKey ? step.fine : step.coarse
        this.#go(direction[0] * by, direction[1] * by)
      }
      return true
    }
    if (event.key === ' ' || event.key === 'Enter') {
      if (event.repeat) return true
      if (this.#drawing) this.#lift()
      else this.#press()
      return true
    }
    if (event.key !== 'Escape' || this.#at === undefined) return false
    this.leave()
    return true
  }

  keyUp(event: KeyboardEvent): void {
    this.#held.delete(event.key)
    if (event.key === ' ' && this.#drawing) this.#lift()
  }

  /** To be called in each frame; true while keys are held, so that frames are needed. */
  glide(now: number, fine: boolean): boolean {
    const passed = Math.min(longestFrame, now - this.#frame)
    this.#frame = now
    let x = 0
    let y = 0
    for (const [key, since] of this.#held) {
      const direction = directions[key]
      if (direction === undefined || now - since < glideAfter) continue
      x += direction[0]
      y += direction[1]
    }
    const by = ((fine ? speed.fine : speed.coarse) * passed) / 1000 / Math.max(1, Math.hypot(x, y))
    if (x !== 0 || y !== 0) this.#go(x * by, y * by)
    return this.#held.size > 0
  }

  /** A pointer took over, or the board lost the focus. */
  leave(): void {
    this.#held.clear()
    if (this.#drawing) this.#lift()
    if (this.#at === undefined) return
    this.#at = undefined
    this.#moved(undefined)
  }

  #go(x: number, y: number): void {
    const [left, top] = this.#at ?? [sheet.width / 2, sheet.height / 2]
    this.#at = this.#at === undefined ? snap(left, top) : snap(left + x, top + y)
    if (this.#drawing) this.#hand.drag(this.#at)
    this.#moved(this.#at)
  }

  #press(): void {
    if (this.#at === undefined) this.#go(0, 0)
    if (this.#at === undefined) return
    this.#drawing = true
    this.#hand.press(this.#at)
    this.#moved(this.#at)
  }

  #lift(): void {
    this.#drawing = false
    this.#hand.lift()
    this.#moved(this.#at)
  }
}
