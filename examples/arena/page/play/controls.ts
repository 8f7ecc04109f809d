import type { Point } from '../../field.ts'
import type { Input } from '../../step.ts'
import { KeyboardAndMouse } from './keyboard.ts'
import { TouchSticks } from './touch.ts'

/** What there is to aim by. */
export interface Aiming {
  /** The own fighter, on the page. */
  readonly self: Point
  /** Where the nearest foe in sight is, seen from there: for who plays by keys alone. */
  readonly nearest: number | undefined
}

/** Whatever somebody plays with. */
export class Controls {
  readonly #keyboard: KeyboardAndMouse
  readonly #touch: TouchSticks
  #aim = 0
  #input: Input = { dx: 0, dy: 0, aim: 0, fire: false, dash: false }

  /** @param field What takes mouse and fingers. */
  constructor(field: HTMLElement) {
    this.#keyboard = new KeyboardAndMouse(field)
    this.#touch = new TouchSticks(field)
  }

  /** What the player does now. */
  get input(): Input {
    return this.#input
  }

  /** Looks at keys, mouse and fingers: once a frame. */
  look({ self, nearest }: Aiming): void {
    const keys = this.#keyboard
    const touch = this.#touch
    const way = touch.way.x !== 0 || touch.way.y !== 0 ? touch.way : keys.way
    if (touch.used) this.#aim = touch.aim ?? (Math.hypot(way.x, way.y) > 0.2 ? Math.atan2(way.y, way.x) : this.#aim)
    else if (keys.firesAtNearest && nearest !== undefined) this.#aim = nearest
    else if (keys.mouse !== undefined) this.#aim = Math.atan2(keys.mouse.y - self.y, keys.mouse.x - self.x)
    else if (nearest !== undefined) this.#aim = nearest
    else if (way.x !== 0 || way.y !== 0) this.#aim = Math.atan2(way.y, way.x)
    this.#input = {
      dx: Math.round(way.x * 100),
      dy: Math.round(way.y * 100),
      aim: this.#aim,
      fire: touch.fires || keys.fires,
      dash: touch.dashes || keys.dashes,
    }
  }
}
