import type { Point } from '../../field.ts'

const ways: Readonly<Record<string, readonly [x: number, y: number]>> = {
  KeyW: [0, -1],
  KeyA: [-1, 0],
  KeyS: [0, 1],
  KeyD: [1, 0],
  ArrowUp: [0, -1],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowRight: [1, 0],
}

/** Keys that do something else than walk. */
const others: ReadonlySet<string> = new Set(['Space', 'ShiftLeft', 'ShiftRight', 'KeyF'])

/** Keys and mouse. Keys are known by their place on the keyboard, whatever is written on them. */
export class KeyboardAndMouse {
  readonly #held = new Set<string>()
  #fires = false
  /** Where the mouse is on the page; undefined until it moves. */
  mouse: Point | undefined

  /** @param field Takes the mouse. */
  constructor(field: HTMLElement) {
    addEventListener('keydown', (event) => {
      const { code, target } = event
      if (!document.body.classList.contains('playing') || event.ctrlKey || event.metaKey || event.altKey) return
      if (code === 'Escape') field.focus({ preventScroll: true })
      // Sliders, switches and buttons have the keys for themselves while they have the focus.
      if (target instanceof Element && target.closest('input, button') !== null) return
      if (code in ways || others.has(code)) this.#held.add(code)
      // These would scroll the page.
      if (code in ways || code === 'Space') event.preventDefault()
    })
    addEventListener('keyup', ({ code }) => this.#held.delete(code))
    addEventListener('blur', () => this.#letGo())
    document.addEventListener('visibilitychange', () => this.#letGo())
    addEventListener('pointermove', ({ pointerType, clientX: x, clientY: y }) => {
      if (pointerType === 'mouse') this.mouse = { x, y }
    })
    field.addEventListener('pointerdown', (event) => {
      if (event.pointerType !== 'mouse' || event.button !== 0) return
      this.mouse = { x: event.clientX, y: event.clientY }
      this.#fires = true
      field.focus({ preventScroll: true })
      event.preventDefault()
    })
    addEventListener('pointerup', ({ pointerType }) => {
      if (pointerType === 'mouse') this.#fires = false
    })
  }

  /** Where to, each coordinate from -1 to 1. */
  get way(): Point {
    let [x, y] = [0, 0]
    for (const code of this.#held) {
      const [dx, dy] = ways[code] ?? [0, 0]
      x += dx
      y += dy
    }
    const length = Math.hypot(Math.sign(x), Math.sign(y))
    return length === 0 ? { x: 0, y: 0 } : { x: Math.sign(x) / length, y: Math.sign(y) / length }
  }

  get fires(): boolean {
    return this.#fires || this.firesAtNearest
  }

  /** Shoots without aiming: by keys alone. */
  get firesAtNearest(): boolean {
    return this.#held.has('KeyF')
  }

  get dashes(): boolean {
    return this.#held.has('Space') || this.#held.has('ShiftLeft') || this.#held.has('ShiftRight')
  }

  /** Keys whose release nobody would tell of. */
  #letGo(): void {
    this.#held.clear()
    this.#fires = false
  }
}
