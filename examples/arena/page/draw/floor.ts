import { entrances, walls, type Point, type Wall } from '../../field.ts'
import { field } from '../../rules.ts'
import { ground } from './palette.ts'

/** How far a wall rises, in units. */
const height = 10
const border = 80

/** The field without anybody on it. It is drawn once for each size, and then copied. */
export class Floor {
  #drawn: HTMLCanvasElement | undefined
  #scale = 0

  /**
   * Draws it.
   *
   * @param corner Where the field's upper left corner is, in pixels of the canvas.
   * @param scale Pixels of the canvas for each unit.
   */
  paint(context: CanvasRenderingContext2D, corner: Point, scale: number): void {
    if (this.#drawn === undefined || this.#scale !== scale) {
      this.#drawn = draw(scale)
      this.#scale = scale
    }
    // Pixel by pixel, as it was drawn: anything else costs several times as much.
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.drawImage(this.#drawn, Math.round(corner.x - border * scale), Math.round(corner.y - border * scale))
  }
}

function draw(scale: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil((field.width + border * 2) * scale)
  canvas.height = Math.ceil((field.height + border * 2) * scale)
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('This browser draws nothing: it has no canvas.')
  context.setTransform(scale, 0, 0, scale, border * scale, border * scale)
  context.fillStyle = ground.outside
  context.fillRect(-border, -border, field.width + border * 2, field.height + border * 2)
  drawFloor(context)
  context.fillStyle = 'rgb(0 0 0 / 32%)'
  for (const wall of walls) outline(context, { ...wall, x: wall.x + 9, y: wall.y + height + 8 }, 9).fill()
  for (const wall of walls) drawWall(context, wall)
  return canvas
}

function drawFloor(context: CanvasRenderingContext2D): void {
  outline(context, { x: 0, y: 0, ...field }, 22)
  const light = context.createRadialGradient(800, 500, 60, 800, 500, 980)
  light.addColorStop(0, '#24344d')
  light.addColorStop(0.55, '#1a2638')
  light.addColorStop(1, ground.floor)
  context.fillStyle = light
  context.fill()
  context.save()
  context.clip()
  context.strokeStyle = ground.line
  context.lineWidth = 1.5
  context.beginPath()
  for (let x = 80; x < field.width; x += 80) {
    context.moveTo(x, 0)
    context.lineTo(x, field.height)
  }
  for (let y = 100; y < field.height; y += 80) {
    context.moveTo(0, y)
    context.lineTo(field.width, y)
  }
  context.stroke()
  context.restore()
  context.lineWidth = 3
  for (const [radius, color] of [
    [74, 'rgb(126 224 129 / 22%)'],
    [330, 'rgb(76 195 255 / 16%)'],
  ] as const) {
    context.strokeStyle = color
    context.beginPath()
    context.arc(800, 500, radius, 0, 2 * Math.PI)
    context.stroke()
  }
  context.fillStyle = 'rgb(76 195 255 / 6%)'
  context.strokeStyle = 'rgb(76 195 255 / 14%)'
  context.lineWidth = 2
  for (const { x, y } of entrances) {
    context.beginPath()
    context.arc(x, y, 34, 0, 2 * Math.PI)
    context.fill()
    context.stroke()
  }
  context.lineWidth = 12
  context.strokeStyle = 'rgb(76 195 255 / 7%)'
  outline(context, { x: 0, y: 0, ...field }, 22).stroke()
  context.lineWidth = 4
  context.strokeStyle = ground.edge
  outline(context, { x: 0, y: 0, ...field }, 22).stroke()
}

function drawWall(context: CanvasRenderingContext2D, wall: Wall): void {
  context.fillStyle = ground.wallSide
  outline(context, wall, 9).fill()
  const top = { ...wall, height: wall.height - height }
  const light = context.createLinearGradient(0, top.y, 0, top.y + top.height)
  light.addColorStop(0, ground.wallTop)
  light.addColorStop(1, '#33445f')
  context.fillStyle = light
  outline(context, top, 9).fill()
  context.lineWidth = 1.5
  context.strokeStyle = ground.wallLight
  outline(context, { x: top.x + 0.75, y: top.y + 0.75, width: top.width - 1.5, height: top.height - 1.5 }, 8).stroke()
}

function outline(context: CanvasRenderingContext2D, wall: Wall, radius: number): CanvasRenderingContext2D {
  context.beginPath()
  context.roundRect(wall.x, wall.y, wall.width, wall.height, radius)
  return context
}
