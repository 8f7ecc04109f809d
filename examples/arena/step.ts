import { outsideOfWalls } from './field.ts'
import { dash, rifle, speed } from './rules.ts'

/** What a player does in one tick. */
export interface Input {
  /** Where to: hundredths of full speed. */
  readonly dx: number
  readonly dy: number
  readonly aim: number
  readonly fire: boolean
  readonly dash: boolean
}

/** What one step reads and writes of a fighter. */
export interface Stepped {
  x: number
  y: number
  aim: number
  hp: number
  safe: boolean
  shots: number
  dashes: number
  reloaded: number
  dashEnds: number
  dashReady: number
  dashAim: number
}

/**
 * One tick of one fighter: turns, dashes, walks, shoots. The server runs it as the truth, and each page for its own fighter ahead of that.
 * Whom a shot hits is not decided here: only the server knows where others were.
 *
 * @param dt Milliseconds of a tick.
 * @param seq Number of the input.
 */
export function step(fighter: Stepped, input: Input, dt: number, seq: number): void {
  if (fighter.hp === 0) return
  fighter.aim = input.aim
  const wanted = Math.hypot(input.dx, input.dy)
  if (input.dash && seq >= fighter.dashReady) {
    fighter.dashAim = wanted > 10 ? Math.atan2(input.dy, input.dx) : input.aim
    fighter.dashEnds = seq + dash.lasts
    fighter.dashReady = seq + dash.every
    fighter.dashes = (fighter.dashes + 1) % 256
  }
  const seconds = dt / 1000
  if (seq < fighter.dashEnds) {
    move(fighter, Math.cos(fighter.dashAim) * dash.speed * seconds, Math.sin(fighter.dashAim) * dash.speed * seconds)
  } else if (wanted > 0) {
    // Nobody is faster askew, or by sending more than there is.
    const pace = (speed * seconds) / Math.max(100, wanted)
    move(fighter, input.dx * pace, input.dy * pace)
  }
  if (input.fire && seq >= fighter.reloaded) {
    fighter.reloaded = seq + rifle.every
    fighter.shots = (fighter.shots + 1) % 256
    fighter.safe = false
  }
}

/** Moves a fighter as far as walls let it. */
export function move(fighter: { x: number; y: number }, dx: number, dy: number): void {
  const { x, y } = outsideOfWalls({ x: fighter.x + dx, y: fighter.y + dy })
  fighter.x = x
  fighter.y = y
}
