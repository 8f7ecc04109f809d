import { initials } from '../../../stage/page/names.ts'
import { byId, make, write } from '../../../stage/page/element.ts'
import type { TableState } from '../link.ts'
import { counted } from '../words.ts'
import { arrange } from './element.ts'

type Seat = TableState['seats'] extends ReadonlyMap<string, infer S> ? S : never

/** So many backs are drawn at most. */
const mostBacks = 9

/** Who else sits at the table: in the order in which they play, beginning behind this player. */
export class Players {
  readonly #list = byId('others', HTMLUListElement)
  readonly #me = byId('me', HTMLDivElement)
  readonly #shown = new Map<string, HTMLLIElement>()
  readonly #own = tag()

  constructor() {
    this.#me.append(this.#own)
  }

  show({ seats, turn, phase }: TableState, me: string): void {
    const ids = [...seats.keys()]
    const at = ids.indexOf(me)
    const others = [...ids.slice(at + 1), ...ids.slice(0, Math.max(at, 0))]
    for (const id of this.#shown.keys()) if (!others.includes(id)) this.#shown.delete(id)
    arrange(
      this.#list,
      others.map((id) => {
        const item = this.#shown.get(id) ?? make('li', 'player', tag(), make('div', 'fan'))
        this.#shown.set(id, item)
        const seat = seats.get(id)
        if (seat !== undefined) this.#paint(item, seat, turn === id, phase)
        return item
      }),
    )
    const own = seats.get(me)
    if (own !== undefined) paintTag(this.#own, own, turn === me, phase, true)
  }

  #paint(item: HTMLLIElement, seat: Seat, onTurn: boolean, phase: TableState['phase']): void {
    const name = item.querySelector<HTMLElement>('.tag')
    const fan = item.querySelector<HTMLElement>('.fan')
    if (name === null || fan === null) return
    paintTag(name, seat, onTurn, phase, false)
    item.dataset['name'] = seat.name
    item.dataset['held'] = String(seat.held)
    item.classList.toggle('turn', onTurn)
    item.classList.toggle('away', !seat.here)
    const backs = Math.min(seat.held, mostBacks)
    while (fan.children.length > backs) fan.lastElementChild?.remove()
    while (fan.children.length < backs) fan.append(make('span', 'back small'))
    for (const [index, back] of [...fan.children].entries())
      if (back instanceof HTMLElement) back.style.setProperty('--lean', String(index - (backs - 1) / 2))
    fan.setAttribute('role', 'img')
    fan.setAttribute('aria-label', counted(seat.held, 'card'))
    fan.dataset['held'] = seat.held > 0 ? String(seat.held) : ''
  }
}

function tag(): HTMLDivElement {
  const words = make('div', 'words', make('strong', ''), make('small', ''))
  return make('div', 'tag', make('span', 'avatar', make('b', '')), words)
}

function paintTag(element: HTMLElement, seat: Seat, onTurn: boolean, phase: TableState['phase'], own: boolean): void {
  element.classList.toggle('turn', onTurn)
  element.classList.toggle('away', !seat.here)
  element.dataset['color'] = String(seat.color)
  const [initial, name, about] = [...element.querySelectorAll('b, strong, small')]
  if (initial === undefined || name === undefined || about === undefined) return
  write(initial, initials(seat.name))
  write(name, own ? 'You' : seat.name)
  const points = counted(seat.points, 'point')
  if (!seat.here) write(about, 'away, back in a moment?')
  else if (phase === 'playing' && !seat.playing) write(about, 'plays the next round')
  else if (seat.again) write(about, 'asks for a restart')
  else if (own || phase !== 'playing') write(about, points)
  else write(about, `${counted(seat.held, 'card')}, ${points}`)
}
