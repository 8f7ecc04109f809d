import { sheet } from '../../board.ts'
import { meet, type Box } from './geometry.ts'
import { DriedInk, trace, type Ink } from './ink.ts'
import type { View } from './view.ts'

/** A stroke that still grows, or waits for its way to the server. */
export interface WetInk extends Ink {
  /** Not with the others yet: shown paler. */
  readonly pending: boolean
}

const pendingAlpha = 0.45
// So many strokes are painted anew within a frame, whatever the machine.
const paintedAtOnce = 200

/**
 * Paints the board on two canvases: finished strokes are painted once and stay, only the few that still grow are painted
 * again in each frame. So a frame costs what moves, not what is on the board.
 */
export class Painter {
  readonly #dried: Layer
  readonly #wet: Layer
  readonly #strokes = new Map<string, DriedInk>()
  #top = -1
  #whole = true
  #regions: Box[] = []
  #colors: readonly string[] = []
  #hadWet = false
  #moved = false

  constructor(dried: HTMLCanvasElement, wet: HTMLCanvasElement) {
    this.#dried = new Layer(dried)
    this.#wet = new Layer(wet)
  }

  /** The finished strokes, by id. */
  get strokes(): ReadonlyMap<string, DriedInk> {
    return this.#strokes
  }

  /** Takes on the window's size, in CSS pixels, at so many device pixels each. */
  resize(width: number, height: number, ratio: number): void {
    this.#dried.resize(width, height, ratio)
    this.#wet.resize(width, height, ratio)
    this.#whole = true
  }

  /** Where the sheet lies. A full board is only shifted and stretched at first: {@link settle} then makes it sharp. */
  look(view: View): void {
    this.#wet.view = view
    this.#moved = true
    if (this.#strokes.size > paintedAtOnce) this.#dried.stretch(view)
    else this.settle()
  }

  /** The sheet lies still. */
  settle(): void {
    if (this.#dried.view === this.#wet.view) return
    this.#dried.view = this.#wet.view
    this.#dried.stretch(this.#wet.view)
    this.#whole = true
  }

  /** The tones of the inks, by their index. */
  mix(colors: readonly string[]): void {
    this.#colors = colors
    this.#whole = true
  }

  /** Adds a finished stroke. */
  dry(id: string, ink: Ink, order: number): void {
    const stroke = new DriedInk(ink, order)
    const before = this.#strokes.get(id)
    if (before !== undefined) this.#regions.push(before.box)
    this.#strokes.set(id, stroke)
    if (order > this.#top && this.#regions.length === 0 && !this.#whole)
      this.#dried.paint((on) => this.#stroke(on, stroke))
    else this.#regions.push(stroke.box)
    this.#top = Math.max(this.#top, order)
  }

  /** Takes a finished stroke away. */
  wipe(id: string): void {
    const stroke = this.#strokes.get(id)
    if (stroke === undefined) return
    this.#strokes.delete(id)
    this.#regions.push(stroke.box)
  }

  /** Takes all finished strokes away. */
  wipeAll(): void {
    this.#strokes.clear()
    this.#top = -1
    this.#whole = true
  }

  /** Paints one frame: what changed among the finished strokes, and all the unfinished ones, in their order. */
  paint(wet: Iterable<WetInk>): void {
    this.#mend()
    // The sheet may have moved away from under what was painted.
    if (this.#moved) this.#wet.empty()
    this.#moved = false
    let any = false
    this.#wet.paint((on) => {
      if (this.#hadWet) clear(on)
      for (const ink of wet) {
        any = true
        on.globalAlpha = ink.pending ? pendingAlpha : 1
        this.#brush(on, ink)
        on.beginPath()
        trace(on, ink.points)
        on.stroke()
      }
      on.globalAlpha = 1
    })
    this.#hadWet = any
  }

  #mend(): void {
    // From some number on, painting many small regions costs more than painting everything once.
    if (this.#regions.length > 40) this.#whole = true
    const regions: (Box | undefined)[] = this.#whole ? [undefined] : this.#regions
    if (this.#whole) this.#dried.empty()
    if (regions.length > 0) {
      const strokes = [...this.#strokes.values()].sort((a, b) => a.order - b.order)
      for (const region of regions) this.#repaint(strokes, region)
    }
    this.#whole = false
    this.#regions = []
  }

  #repaint(strokes: readonly DriedInk[], region: Box | undefined): void {
    this.#dried.paint((on) => {
      clear(on)
      for (const stroke of strokes) if (region === undefined || meet(stroke.box, region)) this.#stroke(on, stroke)
    }, region)
  }

  #stroke(on: CanvasRenderingContext2D, stroke: DriedInk): void {
    this.#brush(on, stroke)
    on.stroke(stroke.path)
  }

  #brush(on: CanvasRenderingContext2D, ink: Ink): void {
    on.strokeStyle = this.#colors[ink.color] ?? this.#colors[0] ?? '#000'
    on.lineWidth = ink.width
    on.lineCap = 'round'
    on.lineJoin = 'round'
  }
}

// Beyond the sheet on every side: the clip is what ends it.
function clear(on: CanvasRenderingContext2D): void {
  on.clearRect(-sheet.width, -sheet.height, 3 * sheet.width, 3 * sheet.height)
}

/** One canvas, in units of the sheet. */
class Layer {
  view: View = { left: 0, top: 0, scale: 1 }
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  #ratio = 1

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d')
    if (context === null) throw new Error('This browser cannot draw: it has no 2d canvas.')
    this.#canvas = canvas
    this.#context = context
  }

  resize(width: number, height: number, ratio: number): void {
    this.#ratio = ratio
    this.#canvas.width = Math.max(1, Math.round(width * ratio))
    this.#canvas.height = Math.max(1, Math.round(height * ratio))
  }

  /** Shows what was painted where it would lie in another view. */
  stretch(view: View): void {
    const by = view.scale / this.view.scale
    const left = view.left - this.view.left * by
    const top = view.top - this.view.top * by
    const still = by === 1 && left === 0 && top === 0
    this.#canvas.style.transform = still ? '' : `translate(${left}px, ${top}px) scale(${by})`
  }

  empty(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height)
  }

  /** Runs `draw` clipped to the sheet, or to a region of it. */
  paint(
    draw: (on: CanvasRenderingContext2D) => void,
    region: Box = { left: 0, top: 0, right: sheet.width, bottom: sheet.height },
  ): void {
    const on = this.#context
    const scale = this.view.scale * this.#ratio
    const left = this.view.left * this.#ratio
    const top = this.view.top * this.#ratio
    on.save()
    // Clipped at whole device pixels: what is repainted in part looks like what was painted at once.
    const x = Math.floor(left + Math.max(0, region.left) * scale)
    const y = Math.floor(top + Math.max(0, region.top) * scale)
    on.beginPath()
    on.rect(
      x,
      y,
      Math.ceil(left + Math.min(sheet.width, region.right) * scale) - x,
      Math.ceil(top + Math.min(sheet.height, region.bottom) * scale) - y,
    )
    on.clip()
    on.setTransform(scale, 0, 0, scale, left, top)
    draw(on)
    on.restore()
  }
}
