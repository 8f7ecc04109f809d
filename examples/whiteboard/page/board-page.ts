import type { Point } from '../board.ts'
import { eraserReach, Hand } from './board/hand.ts'
import { KeyboardPen } from './board/keyboard-pen.ts'
import { BoardLink } from './board/link.ts'
import { PointerInput } from './board/pointer.ts'
import { Scene } from './board/scene.ts'
import type { Ink } from './drawing/ink.ts'
import { Painter } from './drawing/painter.ts'
import { fit, moved, onSheet, toSheet, type Area, type View } from './drawing/view.ts'
import { visited } from './memory.ts'
import { inkTones, keepAppearance } from './ui/appearance.ts'
import { Consent } from './ui/consent.ts'
import { Cursors } from './ui/cursors.ts'
import { askName, ownName, showRefusal } from './ui/dialogs.ts'
import { byId } from '../../stage/page/element.ts'
import { Notices } from './ui/notices.ts'
import { People } from './ui/people.ts'
import { offerLink } from './ui/share.ts'
import { Status, type Standing } from './ui/status.ts'
import { Toolbar } from './ui/toolbar.ts'

const settledAfter = 120

/** Shows the board of a key and joins it. */
export function openBoard(key: string): void {
  byId('board', HTMLElement).hidden = false
  visited(key)
  new BoardPage(key).begin()
}

/** The page of one board: brings together what is drawn, what is shown, and the link to the server. */
class BoardPage {
  readonly #surface = byId('wet', HTMLCanvasElement)
  readonly #sheet = byId('sheet', HTMLDivElement)
  readonly #crosshair = byId('crosshair', HTMLDivElement)
  readonly #ring = byId('eraser-ring', HTMLDivElement)
  readonly #painter = new Painter(byId('dried', HTMLCanvasElement), this.#surface)
  readonly #scene = new Scene(this.#painter)
  readonly #hand = new Hand(this.#painter, {
    ready: () => this.#link.open,
    gesture: () => this.#link.gesture(),
    add: (line) => this.#link.add(line),
    lift: () => this.#link.lift(),
    erase: (ids) => this.#link.erase(ids),
    unconfirmed: () => this.#unconfirmed(),
  })
  readonly #keyboard = new KeyboardPen(this.#hand, (at) => this.#pointed(at, 'keyboard'))
  readonly #cursors = new Cursors()
  readonly #notices = new Notices()
  readonly #consent = new Consent()
  readonly #status = new Status(() => this.#link.retry())
  readonly #people = new People(() => askName(this.#name, (name) => this.#rename(name)))
  readonly #toolbar: Toolbar
  readonly #link: BoardLink
  #name: string
  #area: Area = { left: 0, top: 0, width: 1, height: 1 }
  #view: View = { left: 0, top: 0, scale: 1 }
  #framed = false
  #settling = 0
  #at: Point | undefined
  #fine = false

  constructor(key: string) {
    this.#name = ownName().name
    this.#toolbar = new Toolbar(this.#hand, {
      changed: () => this.#toolChanged(),
      undo: () => this.#undo(),
      redo: () => this.#link.redo(),
      clear: () => void this.#clear(),
    })
    this.#link = new BoardLink(key, this.#name, {
      standing: (standing) => this.#stand(standing),
      opened: () => this.#opened(),
      stroke: (id) => {
        this.#scene.touch(id)
        this.#soon()
      },
      pens: () => this.#soon(),
      people: () => this.#showPeople(),
      pointed: (member, at) => this.#otherPointed(member, at),
      cleared: (by) => this.#notices.say(`${by} has cleared the board.`),
      confirmClear: (by, signal) => this.#consent.ask(by, signal),
      refused: (why) => this.#notices.say(why, 'bad'),
      steps: (canUndo, canRedo) => this.#toolbar.enable(canUndo, canRedo),
    })
  }

  begin(): void {
    keepAppearance(() => {
      this.#painter.mix(inkTones())
      this.#soon()
    })
    this.#status.watch(() => {
      const since = this.#link.unansweredSince
      // What is unanswered for long looks different.
      if (since !== undefined) this.#soon()
      return {
        strokes: this.#link.unconfirmed.size + (this.#hand.line === undefined ? 0 : 1),
        since,
        open: this.#link.open,
      }
    })
    offerLink(this.#notices)
    new PointerInput(this.#surface, this.#hand, {
      toSheet: (x, y) => toSheet(this.#view, x, y),
      onSheet: (x, y) => onSheet(this.#view, x, y),
      hover: (at, device) => {
        this.#keyboard.leave()
        this.#pointed(at, device)
      },
      move: (from, to, factor) => this.#look(moved(this.#view, this.#area, from, to, factor)),
      draw: () => this.#soon(),
    })
    new ResizeObserver(() => this.#fit()).observe(this.#surface)
    this.#fit()
    this.#listen()
    this.#title()
    if (!ownName().told) askName(this.#name, (name) => this.#rename(name))
  }

  #listen(): void {
    // The board shows that it has the focus to those who move it by keys, and spares the others.
    document.addEventListener('keydown', () => this.#mark('input', 'keys'), true)
    document.addEventListener('pointerdown', () => this.#mark('input', 'pointer'), true)
    document.addEventListener('keydown', (event) => this.#keyDown(event))
    document.addEventListener('keyup', (event) => {
      this.#fine = event.shiftKey
      this.#keyboard.keyUp(event)
      this.#soon()
    })
    this.#surface.addEventListener('blur', () => {
      this.#keyboard.leave()
      this.#soon()
    })
    document.addEventListener('visibilitychange', () => {
      this.#link.wake(!document.hidden)
    })
  }

  #keyDown(event: KeyboardEvent): void {
    const target = event.target
    if (target instanceof HTMLInputElement || document.querySelector('dialog[open]') !== null) return
    this.#fine = event.shiftKey
    const onBoard = target === this.#surface || (target === document.body && event.key.startsWith('Arrow'))
    if (onBoard && this.#keyboard.keyDown(event)) this.#surface.focus({ preventScroll: true })
    else if (!this.#toolbar.keyDown(event)) return
    event.preventDefault()
    this.#soon()
  }

  // What happens between two frames is shown by the next one.
  #soon(): void {
    if (this.#framed) return
    this.#framed = true
    requestAnimationFrame((now) => this.#paint(now))
  }

  #paint(now: number): void {
    this.#framed = false
    const gliding = this.#keyboard.glide(now, this.#fine)
    const { line } = this.#hand
    this.#scene.paint(this.#link, line, !this.#link.online || this.#status.slow)
    if (line !== undefined) this.#link.grow(line)
    const moving = this.#cursors.glide(this.#view, now)
    if (gliding || moving) this.#soon()
  }

  #pointed(at: Point | undefined, device: string): void {
    if (at !== undefined || this.#at !== undefined) this.#link.point(at)
    this.#at = at
    this.#crosshair.hidden = at === undefined || device !== 'keyboard'
    this.#crosshair.classList.toggle('down', this.#hand.down)
    this.#place()
    this.#soon()
  }

  #otherPointed(member: string, at: Point | undefined): void {
    const person = this.#link.people.get(member)
    if (person === undefined) return
    this.#cursors.move(member, person, at)
    this.#soon()
  }

  #place(): void {
    this.#ring.hidden = this.#at === undefined || this.#hand.tool !== 'eraser'
    if (this.#at === undefined) return
    const x = this.#view.left + this.#at[0] * this.#view.scale
    const y = this.#view.top + this.#at[1] * this.#view.scale
    const reach = eraserReach * this.#view.scale
    this.#crosshair.style.transform = `translate(${x}px, ${y}px)`
    this.#ring.style.transform = `translate(${x - reach}px, ${y - reach}px)`
    this.#ring.style.width = this.#ring.style.height = `${2 * reach}px`
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#surface
    const narrow = width <= 720
    const side = narrow ? 8 : 20
    const above = 72
    const below = narrow ? 124 : 84
    this.#area = { left: side, top: above, width: width - 2 * side, height: Math.max(1, height - above - below) }
    this.#painter.resize(width, height, devicePixelRatio)
    this.#look(fit(this.#area))
    this.#painter.settle()
  }

  #look(view: View): void {
    // At whole device pixels: the same board in windows of the same size is the same picture.
    const align = (value: number): number => Math.round(value * devicePixelRatio) / devicePixelRatio
    this.#view = { left: align(view.left), top: align(view.top), scale: view.scale }
    this.#sheet.style.transform = `translate(${this.#view.left}px, ${this.#view.top}px) scale(${view.scale})`
    this.#painter.look(this.#view)
    clearTimeout(this.#settling)
    this.#settling = window.setTimeout(() => {
      this.#painter.settle()
      this.#soon()
    }, settledAfter)
    this.#place()
    this.#soon()
  }

  #toolChanged(): void {
    this.#mark('tool', this.#hand.tool)
    this.#place()
  }

  // For the style sheet.
  #mark(what: 'input' | 'tool' | 'standing', value: string): void {
    byId('board', HTMLElement).dataset[what] = value
  }

  #undo(): void {
    if (this.#hand.down) this.#hand.cancel()
    else this.#link.undo()
    this.#soon()
  }

  async #clear(): Promise<void> {
    if (this.#link.strokes.size === 0) return this.#notices.say('The board is clear already.')
    const me = this.#link.me
    const others = [...this.#link.people]
      .filter(([id, { awake, here }]) => id !== me && awake && here)
      .map(([, { name }]) => name)
    const told = await this.#consent.wait(this.#link.online ? others : [], (signal) => this.#link.clear(signal))
    if (told !== undefined) this.#notices.say(told.text, told.good ? 'good' : 'bad')
  }

  #stand(standing: Standing): void {
    this.#status.stand(standing)
    this.#mark('standing', standing.state)
    if (standing.state === 'refused')
      showRefusal('This board cannot be opened.', standing.message, () => void this.#link.join())
    this.#soon()
  }

  /** What the eraser meets beside what is painted for good. */
  *#unconfirmed(): Generator<readonly [string, Ink]> {
    const { unconfirmed, strokes } = this.#link
    for (const id of unconfirmed) {
      const stroke = strokes.get(id)
      if (stroke !== undefined) yield [id, stroke]
    }
  }

  #opened(): void {
    this.#scene.renew(this.#link)
    this.#title()
    this.#soon()
  }

  #title(): void {
    byId('title', HTMLHeadingElement).textContent = this.#link.title
    document.title = `${this.#link.title} · Junto`
  }

  #rename(name: string): void {
    this.#name = name
    this.#link.rename(name)
  }

  #showPeople(): void {
    this.#people.show(this.#link.people, this.#link.me)
    this.#cursors.show(this.#link.people)
    for (const [member, { at }] of this.#link.pointers) if (!this.#cursors.has(member)) this.#otherPointed(member, at)
  }
}
