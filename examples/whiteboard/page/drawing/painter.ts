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
  readonly #bench = new Layer(document.createElement('canvas'))
  readonly #strokes = new Map<string, DriedInk>()
  #top = -1
  #whole = true
  #regions: Box[] = []
  #colors: readonly string[] = []
  #hadWet = false

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
    this.#bench.resize(width, height, ratio)
    this.#whole = true
  }

  /** Where the sheet lies. A full board is only shifted and stretched at first: {@link settle} then makes it sharp. */
  look(view: View): void {
    this.#wet.view = view
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
    if (this.#hadWet) this.#wet.empty()
    let any = false
    this.#wet.paint((on) => {
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
    if (this.#whole) {
      this.#dried.empty()
      this.#dried.paint((on) => this.#strokesIn(undefined, on))
    } else {
      for (const region of this.#regions) {
        // Not painted in place and clipped to the region: where a stroke is clipped changes how its edges are blurred, and the
        // board would not be the same, pixel by pixel, as on a page that paints it at once.
        this.#bench.view = this.#dried.view
        this.#bench.empty()
        this.#bench.paint((on) => this.#strokesIn(region, on))
        this.#dried.copy(this.#bench, region)
      }
    }
    this.#whole = false
    this.#regions = []
  }

  #strokesIn(region: Box | undefined, on: CanvasRenderingContext2D): void {
    const strokes = [...this.#strokes.values()].filter(({ box }) => region === undefined || meet(box, region))
    for (const stroke of strokes.sort((a, b) => a.order - b.order)) this.#stroke(on, stroke)
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

  /** Runs `draw` in units of the sheet, clipped to it. */
  paint(draw: (on: CanvasRenderingContext2D) => void): void {
    const on = this.#context
    const scale = this.view.scale * this.#ratio
    on.save()
    on.beginPath()
    on.rect(...this.#pixels({ left: 0, top: 0, right: sheet.width, bottom: sheet.height }))
    on.clip()
    on.setTransform(scale, 0, 0, scale, this.view.left * this.#ratio, this.view.top * this.#ratio)
    draw(on)
    on.restore()
  }

  /** Takes over a region from another layer with the same view. */
  copy(from: Layer, region: Box): void {
    const [x, y, width, height] = this.#pixels(region)
    this.#context.clearRect(x, y, width, height)
    this.#context.drawImage(from.#canvas, x, y, width, height, x, y, width, height)
  }

  /** A region in whole device pixels, as far as it is on the canvas: left, top, width, height. */
  #pixels({ left, top, right, bottom }: Box): [number, number, number, number] {
    const scale = this.view.scale * this.#ratio
    const x = Math.max(0, Math.floor(this.view.left * this.#ratio + left * scale))
    const y = Math.max(0, Math.floor(this.view.top * this.#ratio + top * scale))
    const width = Math.min(this.#canvas.width, Math.ceil(this.view.left * this.#ratio + right * scale)) - x
    const height = Math.min(this.#canvas.height, Math.ceil(this.view.top * this.#ratio + bottom * scale)) - y
    return [x, y, Math.max(0, width), Math.max(0, height)]
  }
}
