import { byId, icon, make } from '../../../stage/page/element.ts'
import { kindWords } from '../kinds.ts'
import type { OpenRooms, Order } from '../link/lobby-link.ts'

type Listed = OpenRooms extends ReadonlyMap<string, infer L> ? L : never

/** How the lobby is shown at the moment. */
export interface Showing {
  readonly order: Order
  /** Only rooms that let somebody in. */
  readonly free: boolean
  /** The room that this page is in. */
  readonly own: string | undefined
  /** The room that it is about to come into. */
  readonly entering: string | undefined
}

interface Row {
  readonly element: HTMLLIElement
  readonly link: HTMLAnchorElement
  readonly topic: HTMLElement
  readonly about: HTMLElement
  readonly seats: HTMLElement
  readonly marks: HTMLElement
  shown: string
  members: number
}

const calm = matchMedia('(prefers-reduced-motion: reduce)')
const motion = { duration: 320, easing: 'cubic-bezier(0.2, 0.8, 0.2, 1)' } as const

/** The rooms of the lobby. What changes moves: rooms open up, close, change places, and their seats fill. */
export class RoomsView {
  readonly #place = byId('rooms', HTMLUListElement)
  readonly #empty = byId('no-rooms', HTMLDivElement)
  readonly #rows = new Map<string, Row>()
  #begun = false

  /** @param enter Called for a room that was chosen. */
  constructor(enter: (id: string, topic: string) => void) {
    this.#place.addEventListener('click', (event) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null
      const id = link?.dataset['id']
      // With a key held down, the browser opens the room's address elsewhere.
      if (id === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return
      event.preventDefault()
      enter(id, this.#rows.get(id)?.topic.textContent ?? '')
    })
    this.#place.addEventListener('keydown', (event) => this.#keyDown(event))
  }

  show(rooms: OpenRooms, ready: boolean, showing: Showing): void {
    const shown = [...rooms.values()]
      .filter((room) => !showing.free || room.id === showing.own || (!room.locked && room.members < room.maxMembers))
      .sort(comparisons[showing.order])
    const before = this.#tops()
    const stay = new Set(shown.map(({ id }) => id))
    for (const [id, row] of this.#rows) if (!stay.has(id)) this.#close(id, row)
    let previous: HTMLLIElement | undefined
    for (const room of shown) {
      const known = this.#rows.get(room.id)
      const row = known ?? this.#open(room.id)
      dress(row, room, showing)
      // Moving one that is in its place already would take the focus from it.
      const next: Element | null = previous === undefined ? this.#firstRow() : nextRow(previous)
      if (next !== row.element) this.#place.insertBefore(row.element, next)
      if (known === undefined && this.#begun) unfold(row.element)
      previous = row.element
    }
    this.#glide(before)
    this.#begun ||= ready
    byId('count', HTMLSpanElement).textContent = ready ? String(shown.length) : ''
    this.#empty.hidden = !ready || shown.length > 0
    const what = rooms.size > 0 ? 'No room like that has a free seat.' : 'No room is open here. Make the first one!'
    this.#empty.querySelector('p')?.replaceChildren(what)
  }

  /** Puts the focus on a room, or on the first one. */
  focus(id: string | undefined): void {
    const row = this.#rows.get(id ?? '') ?? [...this.#rows.values()][0]
    row?.link.focus()
  }

  #open(id: string): Row {
    const [topic, about, seats, marks] = [
      make('strong', ''),
      make('small', ''),
      make('span', 'seats', make('i', '')),
      make('span', 'marks'),
    ]
    const link = make('a', 'room-link', make('span', 'badge'), make('span', 'room-text', topic, about), marks, seats)
    link.href = `/r/${id}`
    link.dataset['id'] = id
    const row = { element: make('li', '', link), link, topic, about, seats, marks, shown: '', members: 0 }
    this.#rows.set(id, row)
    return row
  }

  #close(id: string, { element, link }: Row): void {
    this.#rows.delete(id)
    element.classList.add('gone')
    link.removeAttribute('href')
    const end = (): void => element.remove()
    if (calm.matches) return end()
    const fold = [
      { height: `${element.offsetHeight}px`, opacity: 1 },
      { height: '0px', opacity: 0 },
    ]
    element.animate(fold, motion).onfinish = end
  }

  #tops(): ReadonlyMap<Row, number> {
    return new Map([...this.#rows.values()].map((row) => [row, row.element.getBoundingClientRect().top]))
  }

  /** Rooms that were somewhere else a moment ago come from there. */
  #glide(before: ReadonlyMap<Row, number>): void {
    if (calm.matches) return
    for (const [{ element }, top] of before) {
      const moved = top - element.getBoundingClientRect().top
      if (element.isConnected && Math.abs(moved) > 1)
        element.animate([{ transform: `translateY(${moved}px)` }, { transform: 'none' }], motion)
    }
  }

  #firstRow(): Element | null {
    return this.#place.querySelector(':scope > li:not(.gone)')
  }

  #keyDown(event: KeyboardEvent): void {
    const links = [...this.#place.querySelectorAll<HTMLAnchorElement>('li:not(.gone) a')]
    const at = links.findIndex((link) => link === document.activeElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key]
    if (to === undefined || at < 0) return
    event.preventDefault()
    links[to]?.focus()
  }
}

const comparisons: Readonly<Record<Order, (a: Listed, b: Listed) => number>> = {
  newest: (a, b) => (b.metadata?.opened ?? 0) - (a.metadata?.opened ?? 0),
  fullest: (a, b) => b.members - a.members || (b.metadata?.opened ?? 0) - (a.metadata?.opened ?? 0),
  topic: (a, b) => (a.metadata?.topic ?? '').localeCompare(b.metadata?.topic ?? ''),
}

function nextRow(element: Element): Element | null {
  let next = element.nextElementSibling
  while (next?.classList.contains('gone') === true) next = next.nextElementSibling
  return next
}

function dress(row: Row, { id, members, maxMembers, locked, metadata }: Listed, { own, entering }: Showing): void {
  if (metadata === undefined) return
  const { topic, kind } = metadata
  const [full, here, busy] = [members >= maxMembers, id === own, id === entering]
  const shown = JSON.stringify([topic, kind, members, maxMembers, locked, here, busy])
  if (row.shown === shown) return
  row.shown = shown
  row.topic.textContent = topic
  row.about.textContent = `${kindWords[kind]} · ${members} of ${maxMembers} seats taken`
  row.link.querySelector('.badge')?.replaceChildren(icon(kind))
  row.element.dataset['kind'] = kind
  row.element.classList.toggle('shut', (full || locked) && !here)
  row.element.classList.toggle('busy', busy)
  if (here) row.link.setAttribute('aria-current', 'page')
  else row.link.removeAttribute('aria-current')
  const marks = [...(here ? ['You are here'] : []), ...(locked ? ['Locked'] : []), ...(full ? ['Full'] : [])]
  row.marks.replaceChildren(...marks.map((mark) => make('span', 'mark-word', mark)))
  row.seats.style.setProperty('--seats', String(maxMembers))
  row.seats.style.setProperty('--taken', String(members))
  row.seats.classList.toggle('full', full)
  if (row.members !== 0 && row.members !== members && !calm.matches)
    row.seats.animate([{ transform: 'scale(1.12)' }, { transform: 'none' }], motion)
  row.members = members
}

function unfold(element: HTMLLIElement): void {
  if (calm.matches) return
  element.animate(
    [
      { height: '0px', opacity: 0 },
      { height: `${element.offsetHeight}px`, opacity: 1 },
    ],
    motion,
  )
}
