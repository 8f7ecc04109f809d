import type { Point } from '../../field.ts'

/** Something small that flies and fades. */
interface Spark {
  x: number
  y: number
  dx: number
  dy: number
  /** Milliseconds that are left, and that there were. */
  left: number
  lasts: number
  size: number
  color: string
}

/** Something that is drawn for a while; `past` is how much of that is over, 0 to 1. */
interface Passing {
  left: number
  readonly lasts: number
  readonly paint: (context: CanvasRenderingContext2D, past: number) => void
}

const mostSparks = 400
const calm = matchMedia('(prefers-reduced-motion: reduce)')

/** What is seen of what happens: tracers, sparks, rings, numbers. Nothing depends on it. */
export class Effects {
  readonly #sparks: Spark[] = []
  #passing: Passing[] = []
  #shaking = 0
  /** By how much the picture is off its place. */
  readonly shake = { x: 0, y: 0 }

  /** So much time has passed, in milliseconds. */
  pass(ms: number): void {
    const seconds = ms / 1000
    for (let at = this.#sparks.length - 1; at >= 0; at--) {
      const spark = this.#sparks[at]
      if (spark === undefined) continue
      spark.left -= ms
      spark.x += spark.dx * seconds
      spark.y += spark.dy * seconds
      spark.dx *= 1 - 4 * seconds
      spark.dy *= 1 - 4 * seconds
      if (spark.left <= 0) this.#sparks.splice(at, 1)
    }
    for (const each of this.#passing) each.left -= ms
    this.#passing = this.#passing.filter(({ left }) => left > 0)
    this.#shaking = Math.max(0, this.#shaking - ms * 0.045)
    const angle = performance.now() / 23
    this.shake.x = Math.cos(angle * 1.7) * this.#shaking
    this.shake.y = Math.sin(angle * 2.3) * this.#shaking
  }

  paint(context: CanvasRenderingContext2D): void {
    for (const each of this.#passing) each.paint(context, 1 - each.left / each.lasts)
    context.globalCompositeOperation = 'lighter'
    for (const { x, y, left, lasts, size, color } of this.#sparks) {
      context.globalAlpha = left / lasts
      context.fillStyle = color
      context.fillRect(x - size / 2, y - size / 2, size, size)
    }
    context.globalAlpha = 1
    context.globalCompositeOperation = 'source-over'
  }

  /** The line of a shot, and where it ends. */
  shot(from: Point, to: Point, color: string, hit: boolean): void {
    this.#show(110, (context, past) => {
      context.globalCompositeOperation = 'lighter'
      context.lineCap = 'round'
      // It runs out behind itself.
      const x = from.x + (to.x - from.x) * past * 0.6
      const y = from.y + (to.y - from.y) * past * 0.6
      for (const [width, alpha] of [
        [9, 0.16],
        [4, 0.4],
        [1.6, 1],
      ] as const) {
        context.globalAlpha = alpha * (1 - past)
        context.lineWidth = width
        context.strokeStyle = width < 2 ? '#ffffff' : color
        context.beginPath()
        context.moveTo(x, y)
        context.lineTo(to.x, to.y)
        context.stroke()
      }
      context.globalAlpha = 1
      context.globalCompositeOperation = 'source-over'
    })
    this.#show(70, (context, past) => {
      context.globalCompositeOperation = 'lighter'
      context.globalAlpha = 0.85 * (1 - past)
      context.fillStyle = color
      disc(context, from, 9 + past * 5)
      context.fillStyle = '#ffffff'
      disc(context, from, 4)
      context.globalAlpha = 1
      context.globalCompositeOperation = 'source-over'
    })
    const back = Math.atan2(from.y - to.y, from.x - to.x)
    this.#spray(to, hit ? 10 : 6, { angle: back, spread: hit ? 1.5 : 0.9, speed: hit ? 330 : 260, color })
  }

  /** Somebody has been hit, as the server says. */
  damage(at: Point, amount: number): void {
    if (amount === 0) return
    const drift = (Math.random() - 0.5) * 26
    this.#show(720, (context, past) => {
      context.globalAlpha = past < 0.6 ? 1 : (1 - past) / 0.4
      context.font = '700 16px Inter, system-ui, sans-serif'
      context.textAlign = 'center'
      context.lineWidth = 4
      context.lineJoin = 'round'
      context.strokeStyle = 'rgb(8 12 18 / 80%)'
      context.fillStyle = '#ffe9a8'
      const y = at.y - 30 - 26 * (1 - (1 - past) ** 3)
      context.strokeText(String(amount), at.x + drift * past, y)
      context.fillText(String(amount), at.x + drift * past, y)
      context.globalAlpha = 1
    })
  }

  /** Where the server judged a hit, and where whom it hit really was. */
  judged(then: Point, now: Point, radius: number): void {
    this.#show(900, (context, past) => {
      context.globalAlpha = 1 - past
      context.lineWidth = 2
      context.setLineDash([5, 5])
      context.strokeStyle = '#ffd166'
      ring(context, then, radius)
      context.strokeStyle = '#ffffff'
      ring(context, now, radius)
      context.beginPath()
      context.moveTo(then.x, then.y)
      context.lineTo(now.x, now.y)
      context.stroke()
      context.setLineDash([])
      context.globalAlpha = 1
    })
  }

  /** Somebody is down. */
  burst(at: Point, color: string): void {
    this.#spray(at, 46, { angle: 0, spread: Math.PI, speed: 460, color })
    this.#spray(at, 14, { angle: 0, spread: Math.PI, speed: 240, color: '#ffffff' })
    this.#widen(at, color, 90, 420)
  }

  /** Somebody comes in, or is given back strength. */
  arrival(at: Point, color: string): void {
    this.#widen(at, color, 54, 480)
    this.#spray(at, 14, { angle: 0, spread: Math.PI, speed: 170, color })
  }

  /** One picture of somebody who dashes. */
  trail(at: Point, color: string, radius: number): void {
    this.#show(260, (context, past) => {
      context.globalAlpha = 0.34 * (1 - past)
      context.fillStyle = color
      disc(context, at, radius * (1 - past * 0.45))
      context.globalAlpha = 1
    })
  }

  /** Shakes the picture, by so many units; for who wants little motion, not at all. */
  jolt(amount: number): void {
    if (calm.matches) return
    this.#shaking = Math.min(9, this.#shaking + amount)
  }

  #widen(at: Point, color: string, radius: number, lasts: number): void {
    this.#show(lasts, (context, past) => {
      context.globalAlpha = (1 - past) * 0.9
      context.lineWidth = 5 * (1 - past) + 0.5
      context.strokeStyle = color
      ring(context, at, 14 + (radius - 14) * (1 - (1 - past) ** 3))
      context.globalAlpha = 1
    })
  }

  #show(lasts: number, paint: Passing['paint']): void {
    this.#passing.push({ left: lasts, lasts, paint })
  }

  #spray(at: Point, count: number, how: { angle: number; spread: number; speed: number; color: string }): void {
    for (let n = 0; n < count && this.#sparks.length < mostSparks; n++) {
      const angle = how.angle + (Math.random() * 2 - 1) * how.spread
      const speed = how.speed * (0.25 + Math.random() * 0.75)
      const lasts = 160 + Math.random() * 380
      this.#sparks.push({
        x: at.x,
        y: at.y,
        dx: Math.cos(angle) * speed,
        dy: Math.sin(angle) * speed,
        left: lasts,
        lasts,
        size: 1.5 + Math.random() * 2.8,
        color: how.color,
      })
    }
  }
}

function disc(context: CanvasRenderingContext2D, { x, y }: Point, radius: number): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}

function ring(context: CanvasRenderingContext2D, { x, y }: Point, radius: number): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.stroke()
}
