import { byId } from '../../../stage/page/element.ts'
import type { Point } from '../../field.ts'

/** From the middle of a stick to its edge, in pixels. */
const size = 54
/** So far the right stick has to be pushed before it shoots. */
const firing = 0.35

interface Stick {
  readonly element: HTMLElement
  readonly knob: HTMLElement
  pointer: number | undefined
  middle: Point
  /** How far it is pushed: at most 1 long. */
  push: Point
}

/** Two sticks that appear where fingers come down: walking on the left half, aiming and shooting on the right one. */
export class TouchSticks {
  readonly #field = byId('touch', HTMLElement)
  readonly #left = stick(this.#field, '.left')
  readonly #right = stick(this.#field, '.right')
  readonly #dash = byId('touch-dash', HTMLButtonElement)
  #dashes = false
  /** Whether a finger has been seen at all. */
  used = false

  /** @param field Takes the fingers. */
  constructor(field: HTMLElement) {
    field.addEventListener('pointerdown', (event) => {
      if (event.pointerType === 'mouse') return
      this.used = true
      this.#field.hidden = false
      document.body.classList.add('touching')
      const half = event.clientX < innerWidth / 2 ? this.#left : this.#right
      if (half.pointer !== undefined) return
      half.pointer = event.pointerId
      half.middle = { x: event.clientX, y: event.clientY }
      half.element.style.left = `${event.clientX}px`
      half.element.style.top = `${event.clientY}px`
      half.element.hidden = false
      this.#move(half, event)
      event.preventDefault()
    })
    addEventListener('pointermove', (event) => {
      for (const each of [this.#left, this.#right]) if (each.pointer === event.pointerId) this.#move(each, event)
    })
    for (const end of ['pointerup', 'pointercancel'] as const) {
      addEventListener(end, ({ pointerId }) => {
        for (const each of [this.#left, this.#right]) if (each.pointer === pointerId) release(each)
      })
    }
    this.#dash.addEventListener('pointerdown', (event) => {
      this.#dashes = true
      event.preventDefault()
    })
    for (const end of ['pointerup', 'pointercancel', 'pointerleave'] as const)
      this.#dash.addEventListener(end, () => (this.#dashes = false))
  }

  get way(): Point {
    return this.#left.push
  }

  /** Where to aim; undefined while nobody aims. */
  get aim(): number | undefined {
    const { x, y } = this.#right.push
    return Math.hypot(x, y) < 0.12 ? undefined : Math.atan2(y, x)
  }

  get fires(): boolean {
    return Math.hypot(this.#right.push.x, this.#right.push.y) > firing
  }

  get dashes(): boolean {
    return this.#dashes
  }

  #move(stick: Stick, { clientX, clientY }: PointerEvent): void {
    const x = (clientX - stick.middle.x) / size
    const y = (clientY - stick.middle.y) / size
    const length = Math.max(1, Math.hypot(x, y))
    stick.push = { x: x / length, y: y / length }
    stick.knob.style.transform = `translate(${stick.push.x * size}px, ${stick.push.y * size}px)`
  }
}

function stick(field: HTMLElement, name: string): Stick {
  const element = field.querySelector<HTMLElement>(name)
  const knob = element?.querySelector('i')
  if (element === null || knob === null || knob === undefined) throw new Error(`The page has no stick ${name}.`)
  return { element, knob, pointer: undefined, middle: { x: 0, y: 0 }, push: { x: 0, y: 0 } }
}

function release(stick: Stick): void {
  stick.pointer = undefined
  stick.push = { x: 0, y: 0 }
  stick.knob.style.transform = ''
  stick.element.hidden = true
}
