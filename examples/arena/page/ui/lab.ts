import { byId, make } from '../../../stage/page/element.ts'
import type { Conditions } from '../lag/delay-line.ts'
import type { Traffic } from '../lag/lagging-socket.ts'
import { snap, type Hit, type LineFigures } from '../link.ts'

/** What the lab changes. */
export interface LabEvents {
  predicts(on: boolean): void
  interpolates(on: boolean): void
  rewinds(on: boolean): void
  ghosts(on: boolean): void
  /** The panel was opened or closed. */
  shown(): void
  /** Whoever has used it plays on. */
  left(): void
}

/** A window below this is a phone's, where it comes from below. */
const narrow = 900

/** Milliseconds between two readings. */
const each = 500

/** The panel by which one makes the network worse, turns off what hides that, and reads what happens. */
export class Lab {
  readonly #panel = byId('lab', HTMLElement)
  readonly #figures = new Map<string, HTMLElement>()
  readonly #traffic: Traffic
  #last = { at: 0, up: 0, down: 0, received: 0, frames: 0 }
  #frames = 0
  #hit: Hit | undefined

  constructor(conditions: Conditions, traffic: Traffic, events: LabEvents) {
    this.#traffic = traffic
    slider('latency', (value) => `${(conditions.latency = value)} ms`)
    slider('jitter', (value) => `${(conditions.jitter = value)} ms`)
    slider('loss', (value) => `${(conditions.loss = value)} %`)
    for (const name of ['predicts', 'interpolates', 'rewinds', 'ghosts'] as const) {
      const box = byId(boxes[name], HTMLInputElement)
      const take = (): void => events[name](box.checked)
      box.addEventListener('change', take)
      // A browser may keep what was ticked when the page is loaded again.
      take()
    }
    const open = byId('lab-open', HTMLButtonElement)
    const close = byId('lab-close', HTMLButtonElement)
    let byKeys = false
    const show = (visible: boolean): void => {
      this.#panel.hidden = !visible
      open.hidden = visible
      events.shown()
      if (byKeys) (visible ? close : open).focus()
      else events.left()
    }
    addEventListener('pointerdown', () => (byKeys = false), true)
    addEventListener('keydown', () => (byKeys = true), true)
    this.#panel.addEventListener('change', () => {
      if (!byKeys) events.left()
    })
    open.addEventListener('click', () => show(true))
    close.addEventListener('click', () => show(false))
    addEventListener('keydown', ({ code, target }) => {
      const types = target instanceof HTMLInputElement && target.type === 'text'
      if (code !== 'KeyN' || types || !document.body.classList.contains('playing')) return
      show(!this.#isOpen)
      events.left()
    })
    // On a phone it would hide the field.
    this.#panel.hidden = innerWidth < narrow
    open.hidden = !this.#panel.hidden
  }

  get #isOpen(): boolean {
    return !this.#panel.hidden
  }

  /** Pixels on the right of the window that it covers. */
  get covers(): number {
    return innerWidth < narrow ? 0 : this.#panel.getBoundingClientRect().width
  }

  /** A shot of one's own has hit. */
  judged(hit: Hit): void {
    this.#hit = hit
  }

  /** One more frame was drawn. */
  frame(now: number, line: LineFigures): void {
    this.#frames++
    const ms = now - this.#last.at
    if (ms < each) return
    const { up, down, received } = this.#traffic
    const last = this.#last
    this.#last = { at: now, up, down, received, frames: this.#frames }
    if (this.#panel.hidden || last.at === 0) return
    const rate = (count: number): number => (count * 1000) / ms
    this.#read('Round trip', line.roundTrip === undefined ? '–' : `${line.roundTrip.toFixed(0)} ms`)
    this.#read('Jitter', line.jitter === undefined ? '–' : `${line.jitter.toFixed(0)} ms`)
    this.#read('Down', kilobytes(rate(down - last.down)))
    this.#read('Up', kilobytes(rate(up - last.up)))
    this.#read('Messages', `${rate(received - last.received).toFixed(0)}/s`)
    this.#read('Frames', `${rate(this.#frames - last.frames).toFixed(0)}/s`)
    this.#read('Unconfirmed', `${line.unconfirmed} inputs`)
    this.#read('Others drawn', `${Math.max(0, line.behind).toFixed(0)} ms ago`)
    this.#read('Corrections', String(line.corrections))
    // Who stands again at another end of the field was not predicted wrongly.
    const correction = line.lastCorrection > snap ? 'put elsewhere' : `${line.lastCorrection.toFixed(1)} units`
    this.#read('Last one', line.corrections === 0 ? '–' : correction)
    const hit = this.#hit
    this.#read('Rewound', hit === undefined ? '–' : hit.ago === 0 ? 'off' : `${hit.ago} ms`)
    this.#read(
      'Moved since',
      hit === undefined ? '–' : `${Math.hypot(hit.nowX - hit.x, hit.nowY - hit.y).toFixed(0)} units`,
    )
  }

  #read(name: string, value: string): void {
    let shown = this.#figures.get(name)
    if (shown === undefined) {
      shown = make('dd', '')
      shown.dataset['figure'] = name
      byId('figures', HTMLElement).append(make('div', '', make('dt', '', name), shown))
      this.#figures.set(name, shown)
    }
    if (shown.textContent !== value) shown.textContent = value
  }
}

const boxes = { predicts: 'prediction', interpolates: 'interpolation', rewinds: 'rewind', ghosts: 'ghosts' } as const

/** @param set Takes the value, and says it for people. */
function slider(id: string, set: (value: number) => string): void {
  const input = byId(id, HTMLInputElement)
  const output = input.parentElement?.querySelector('output')
  const take = (): void => {
    const said = set(input.valueAsNumber)
    if (output !== null && output !== undefined) output.value = said
  }
  input.addEventListener('input', take)
  take()
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB/s`
}
