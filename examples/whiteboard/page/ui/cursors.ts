import type { Point } from '../../board.ts'
import type { View } from '../drawing/view.ts'
import { byId, icon, make } from '../../../stage/page/element.ts'
import type { Person } from './people.ts'

interface Cursor {
  readonly element: HTMLElement
  target: Point
  x: number
  y: number
  shown: boolean
}

// Reports come every 50 ms or so: the cursor covers most of the way to the last one in the time until the next.
const settling = 55

/** The cursors of the others, gliding between the places they report. */
export class Cursors {
  readonly #place = byId('cursors', HTMLDivElement)
  readonly #cursors = new Map<string, Cursor>()
  #frame = 0

  has(id: string): boolean {
    return this.#cursors.has(id)
  }

  /** Somebody's cursor is at a place, or has left the sheet. */
  move(id: string, person: Person, to: Point | undefined): void {
    let cursor = this.#cursors.get(id)
    if (to === undefined) {
      if (cursor !== undefined) hide(cursor)
      return
    }
    if (cursor === undefined) {
      const element = make('div', 'cursor gone', icon('arrow'), make('span', '', person.name))
      this.#place.append(element)
      cursor = { element, target: to, x: to[0], y: to[1], shown: false }
      this.#cursors.set(id, cursor)
      dress(cursor, person)
    }
    if (!cursor.shown) {
      // It appears where it is: gliding there would tell a way that nobody went.
      cursor.x = to[0]
      cursor.y = to[1]
    }
    cursor.target = to
    cursor.shown = true
    cursor.element.classList.remove('gone')
  }

  /** Names and colours may have changed, people may have left. */
  show(people: ReadonlyMap<string, Person>): void {
    for (const [id, cursor] of this.#cursors) {
      const person = people.get(id)
      if (person === undefined) {
        cursor.element.remove()
        this.#cursors.delete(id)
      } else dress(cursor, person)
    }
  }

  /** Moves them for one frame. True while one is still on its way. */
  glide(view: View, now: number): boolean {
    const part = 1 - Math.exp(-Math.min(100, now - this.#frame) / settling)
    this.#frame = now
    let moving = false
    for (const cursor of this.#cursors.values()) {
      if (!cursor.shown) continue
      const dx = cursor.target[0] - cursor.x
      const dy = cursor.target[1] - cursor.y
      const near = Math.abs(dx) + Math.abs(dy) < 0.2
      cursor.x = near ? cursor.target[0] : cursor.x + dx * part
      cursor.y = near ? cursor.target[1] : cursor.y + dy * part
      moving ||= !near
      const x = view.left + cursor.x * view.scale
      const y = view.top + cursor.y * view.scale
      cursor.element.style.transform = `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px)`
    }
    return moving
  }
}

function hide(cursor: Cursor): void {
  cursor.shown = false
  cursor.element.classList.add('gone')
}

function dress(cursor: Cursor, person: Person): void {
  cursor.element.style.setProperty('--person', `var(--ink-${person.color})`)
  cursor.element.dataset['name'] = person.name
  // It may be back in a moment: until its presence ends, its cursor waits where it was.
  cursor.element.classList.toggle('away', !person.here)
  const tag = cursor.element.querySelector('span')
  if (tag !== null && tag.textContent !== person.name) tag.textContent = person.name
}
