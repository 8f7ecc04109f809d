import { reach, type Point } from '../../field.ts'
import { health, radius, rifle } from '../../rules.ts'
import type { ShownFighter } from '../link.ts'
import { colorOf, ground } from './palette.ts'

/** Somebody on the field. */
export function paintFighter(context: CanvasRenderingContext2D, fighter: ShownFighter, time: number): void {
  const { x, y, aim, hp, safe, own } = fighter
  if (hp === 0) return
  const color = colorOf(fighter.color)
  context.globalCompositeOperation = 'lighter'
  context.drawImage(glowOf(color), x - glow, y - glow, glow * 2, glow * 2)
  context.globalCompositeOperation = 'source-over'
  context.save()
  context.translate(x, y)
  context.fillStyle = 'rgb(0 0 0 / 34%)'
  disc(context, 5, 9, radius)

  context.rotate(aim)
  context.fillStyle = '#0d1420'
  context.beginPath()
  context.roundRect(6, -6, radius + 10, 12, 4)
  context.fill()
  context.fillStyle = color
  context.beginPath()
  context.roundRect(8, -4, radius + 6, 8, 3)
  context.fill()

  const body = context.createRadialGradient(-5, -6, 2, 0, 0, radius)
  body.addColorStop(0, mixed(color, '#ffffff', 0.22))
  body.addColorStop(1, mixed(color, '#0b1018', 0.42))
  context.fillStyle = body
  disc(context, 0, 0, radius)
  context.lineWidth = 2.5
  context.strokeStyle = own ? '#ffffff' : mixed(color, '#ffffff', 0.15)
  ring(context, radius - 1)
  context.fillStyle = 'rgb(6 10 16 / 78%)'
  context.beginPath()
  context.roundRect(2, -7, 9, 14, 4.5)
  context.fill()
  context.restore()

  if (safe) {
    context.lineWidth = 2
    context.strokeStyle = `rgb(255 255 255 / ${(45 + 30 * Math.sin(time / 110)).toFixed(0)}%)`
    context.setLineDash([6, 5])
    context.lineDashOffset = -time / 30
    context.beginPath()
    context.arc(x, y, radius + 8, 0, 2 * Math.PI)
    context.stroke()
    context.setLineDash([])
  }
  paintHealth(context, fighter)
}

function paintHealth(context: CanvasRenderingContext2D, { x, y, hp, name, own }: ShownFighter): void {
  const width = 40
  const part = hp / health.full
  context.fillStyle = 'rgb(6 10 16 / 70%)'
  context.beginPath()
  context.roundRect(x - width / 2 - 1.5, y - 36.5, width + 3, 7, 3.5)
  context.fill()
  context.fillStyle = part > 0.5 ? '#7ee081' : part > 0.25 ? '#ffd166' : '#ff6b5e'
  context.beginPath()
  context.roundRect(x - width / 2, y - 35, Math.max(4, width * part), 4, 2)
  context.fill()
  if (own) return
  context.font = '600 12px Inter, system-ui, sans-serif'
  context.textAlign = 'center'
  context.lineWidth = 3
  context.lineJoin = 'round'
  context.strokeStyle = 'rgb(8 12 18 / 75%)'
  context.fillStyle = '#dbe3f0'
  context.strokeText(name, x, y - 42)
  context.fillText(name, x, y - 42)
}

/** Where the own shot would go. */
export function paintSight(context: CanvasRenderingContext2D, { x, y, aim }: ShownFighter): void {
  const length = reach({ x, y }, aim, rifle.range)
  const from = radius + 22
  if (length <= from) return
  const [dx, dy] = [Math.cos(aim), Math.sin(aim)]
  const fading = context.createLinearGradient(x, y, x + dx * length, y + dy * length)
  fading.addColorStop(0, 'rgb(255 255 255 / 30%)')
  fading.addColorStop(1, 'rgb(255 255 255 / 5%)')
  context.strokeStyle = fading
  context.lineWidth = 1.5
  context.setLineDash([3, 9])
  context.beginPath()
  context.moveTo(x + dx * from, y + dy * from)
  context.lineTo(x + dx * length, y + dy * length)
  context.stroke()
  context.setLineDash([])
}

/** Where the server said last that somebody is. */
export function paintGhost(context: CanvasRenderingContext2D, { newest, color }: ShownFighter): void {
  context.lineWidth = 2
  context.globalAlpha = 0.75
  context.strokeStyle = colorOf(color)
  context.setLineDash([4, 4])
  context.beginPath()
  context.arc(newest.x, newest.y, radius, 0, 2 * Math.PI)
  context.stroke()
  context.setLineDash([])
  context.globalAlpha = 1
}

/** Something that gives back strength. */
export function paintPack(context: CanvasRenderingContext2D, { x, y }: Point, there: boolean, time: number): void {
  context.lineWidth = 2
  context.strokeStyle = there ? 'rgb(126 224 129 / 45%)' : 'rgb(255 255 255 / 10%)'
  context.beginPath()
  context.arc(x, y, 24 + (there ? Math.sin(time / 320) * 2 : 0), 0, 2 * Math.PI)
  context.stroke()
  if (!there) return
  context.fillStyle = 'rgb(126 224 129 / 16%)'
  disc(context, x, y, 22)
  context.fillStyle = ground.pack
  context.beginPath()
  context.roundRect(x - 11, y - 3.5, 22, 7, 2.5)
  context.roundRect(x - 3.5, y - 11, 7, 22, 2.5)
  context.fill()
}

function disc(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.beginPath()
  context.arc(x, y, size, 0, 2 * Math.PI)
  context.fill()
}

function ring(context: CanvasRenderingContext2D, size: number): void {
  context.beginPath()
  context.arc(0, 0, size, 0, 2 * Math.PI)
  context.stroke()
}

/** How far a fighter lights up the floor, in units. */
const glow = 120
const glows = new Map<string, HTMLCanvasElement>()

/** The light around a fighter of that colour: drawn once, since there are many frames. */
function glowOf(color: string): HTMLCanvasElement {
  let found = glows.get(color)
  if (found === undefined) {
    found = document.createElement('canvas')
    found.width = found.height = glow
    const context = found.getContext('2d')
    const light = context?.createRadialGradient(glow / 2, glow / 2, 0, glow / 2, glow / 2, glow / 2)
    if (context !== null && light !== undefined) {
      light.addColorStop(0, `${color}55`)
      light.addColorStop(0.45, `${color}1c`)
      light.addColorStop(1, `${color}00`)
      context.fillStyle = light
      context.fillRect(0, 0, glow, glow)
    }
    glows.set(color, found)
  }
  return found
}

const mixes = new Map<string, string>()

/** A colour with so much of another in it; both as `#rrggbb`. */
function mixed(color: string, other: string, part: number): string {
  const key = `${color}${other}${part}`
  let found = mixes.get(key)
  if (found === undefined) {
    const channel = (at: number): number => {
      const [own, added] = [color, other].map((each) => Number.parseInt(each.slice(at, at + 2), 16))
      return Math.round((own ?? 0) * (1 - part) + (added ?? 0) * part)
    }
    found = `rgb(${channel(1)} ${channel(3)} ${channel(5)})`
    mixes.set(key, found)
  }
  return found
}
