import type { Point } from '../../board.ts'
import type { Hand } from './hand.ts'

/** What pointers do to the rest of the page. */
export interface PointerSurface {
  /** The place on the sheet under a place in the window. */
  toSheet(x: number, y: number): Point
  /** Whether that place is on the sheet, not beside it. */
  onSheet(x: number, y: number): boolean
  /** The pointer is over the sheet at this place, or no longer over it. */
  hover(at: Point | undefined, device: string): void
  /** Two fingers, or the wheel, or the middle button, move the sheet. */
  move(from: Point, to: Point, factor: number): void
  /** Something was drawn: paint in this very frame. */
  draw(): void
}

// A second finger within so few points means that the first was no pen.
const notYetDrawing = 12
const eraserButton = 32

/** Mouse, touch and stylus. */
export class PointerInput {
  readonly #element: HTMLElement
  readonly #hand: Hand
  readonly #surface: PointerSurface
  readonly #fingers = new Map<number, Point>()
  #pen: number | undefined
  #moves = 0
  #gesture = false
  #panning: number | undefined

  constructor(element: HTMLElement, hand: Hand, surface: PointerSurface) {
    this.#element = element
    this.#hand = hand
    this.#surface = surface
    element.addEventListener('pointerdown', (event) => this.#down(event))
    element.addEventListener('pointermove', (event) => this.#move(event))
    element.addEventListener('pointerup', (event) => this.#up(event, false))
    element.addEventListener('pointercancel', (event) => this.#up(event, true))
    element.addEventListener('pointerleave', (event) => {
      if (this.#pen === undefined) surface.hover(undefined, event.pointerType)
    })
    element.addEventListener('wheel', (event) => this.#wheel(event), { passive: false })
    element.addEventListener('contextmenu', (event) => event.preventDefault())
  }

  #down(event: PointerEvent): void {
    const touch = event.pointerType === 'touch'
    if (touch) this.#fingers.set(event.pointerId, [event.clientX, event.clientY])
    if (event.button === 1) this.#panning = event.pointerId
    const draws = event.button === 0 || (event.pointerType === 'pen' && event.button === 5)
    if (!draws && event.button !== 1) return
    event.preventDefault()
    this.#element.focus({ preventScroll: true })
    capture(this.#element, event.pointerId)
    if (this.#fingers.size > 1) return this.#pinch()
    if (!draws || this.#pen !== undefined || this.#gesture) return
    this.#pen = event.pointerId
    this.#moves = 0
    this.#hand.press(this.#at(event), (event.buttons & eraserButton) !== 0 ? 'eraser' : this.#hand.tool)
    this.#surface.hover(this.#at(event), event.pointerType)
    this.#surface.draw()
  }

  #move(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId)
    if (before !== undefined) this.#fingers.set(event.pointerId, [event.clientX, event.clientY])
    if (this.#gesture && before !== undefined) return this.#pinched(event.pointerId, before)
    if (this.#panning === event.pointerId) {
      this.#surface.move(
        [event.clientX - event.movementX, event.clientY - event.movementY],
        [event.clientX, event.clientY],
        1,
      )
      return
    }
    if (this.#pen === event.pointerId) {
      // A frame gets one event; the places in between are inside it.
      const steps = event.getCoalescedEvents()
      for (const step of steps.length > 0 ? steps : [event]) {
        this.#hand.drag(this.#at(step))
        this.#moves += 1
      }
      this.#surface.draw()
    }
    if (this.#pen !== undefined && this.#pen !== event.pointerId) return
    const there = this.#pen !== undefined || this.#surface.onSheet(event.clientX, event.clientY)
    this.#surface.hover(there ? this.#at(event) : undefined, event.pointerType)
  }

  #up(event: PointerEvent, cancelled: boolean): void {
    this.#fingers.delete(event.pointerId)
    if (this.#fingers.size === 0) this.#gesture = false
    if (this.#panning === event.pointerId) this.#panning = undefined
    if (this.#pen !== event.pointerId) return
    this.#pen = undefined
    if (!cancelled) this.#hand.drag(this.#at(event))
    this.#hand.lift()
    if (event.pointerType !== 'mouse') this.#surface.hover(undefined, event.pointerType)
    this.#surface.draw()
  }

  #pinch(): void {
    if (this.#pen !== undefined && this.#moves > notYetDrawing) return
    if (this.#pen !== undefined) this.#hand.cancel()
    this.#pen = undefined
    this.#gesture = true
    this.#surface.hover(undefined, 'touch')
    this.#surface.draw()
  }

  #pinched(moved: number, before: Point): void {
    const now = this.#fingers.get(moved)
    const other = [...this.#fingers].find(([id]) => id !== moved)?.[1]
    if (now === undefined || other === undefined) return
    const factor = distance(now, other) / Math.max(1, distance(before, other))
    this.#surface.move(middle(before, other), middle(now, other), factor)
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault()
    const at: Point = [event.clientX, event.clientY]
    // Browsers report a pinch on a trackpad as the wheel with the control key.
    if (event.ctrlKey || event.metaKey) this.#surface.move(at, at, Math.exp(-event.deltaY / 200))
    else this.#surface.move(at, [at[0] - event.deltaX, at[1] - event.deltaY], 1)
  }

  #at(event: PointerEvent): Point {
    return this.#surface.toSheet(event.clientX, event.clientY)
  }
}

// Fails for pointers that a script made up, as tests do; then events simply come without being captured.
function capture(element: HTMLElement, pointer: number): void {
  try {
    element.setPointerCapture(pointer)
  } catch {
    return
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1])
}

function middle(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
}
