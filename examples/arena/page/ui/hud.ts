import { byId, make, write } from '../../../stage/page/element.ts'
import { dash, goal, health, tickRate } from '../../rules.ts'
import { colorOf } from '../draw/palette.ts'
import type { ShownFighter } from '../link.ts'

/** What there is to say besides what is on the field. */
export interface Standing {
  readonly fighters: readonly ShownFighter[]
  readonly own: ShownFighter | undefined
  /** The server's time. */
  readonly now: number
  /** When the round, or the rest between two, is over. */
  readonly ends: number
  /** The round is over, and the next one has not begun. */
  readonly rests: boolean
  /** Who has won; undefined for who has left since. */
  readonly winner: ShownFighter | undefined
  /** Who has shot the own fighter last. */
  readonly shotBy: ShownFighter | undefined
  /** How much of the time between two dashes is over: 0 to 1. */
  readonly dash: number
}

/** How long a line of what has happened stays: ms. */
const stays = 4_500

/** Scores, clock, health and what has happened, above the field. */
export class Hud {
  readonly #scores = byId('scores', HTMLOListElement)
  readonly #rows = new Map<string, { row: HTMLLIElement; kills: HTMLElement }>()
  readonly #clock = byId('clock', HTMLElement)
  readonly #feed = byId('feed', HTMLOListElement)
  readonly #banner = byId('banner', HTMLElement)
  readonly #vitals = byId('vitals', HTMLElement)
  readonly #touchDash = byId('touch-dash', HTMLButtonElement)

  /** Shows how things stand. It touches nothing that is as it was: a page of 60 frames a second has no time for more. */
  show(standing: Standing): void {
    this.#showScores(standing.fighters)
    const { now, ends, rests } = standing
    const seconds = Math.max(0, Math.ceil((ends - now) / 1000))
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    write(part(this.#clock, 'b'), rests ? String(seconds) : clock)
    write(part(this.#clock, 'span'), rests ? 'next round' : `first to ${goal}`)
    this.#showBanner(standing)
    this.#showVitals(standing)
  }

  /** Says that somebody was shot. */
  tell(whom: ShownFighter, by: ShownFighter): void {
    const line = make('li', '', named(by), make('span', '', 'shot'), named(whom))
    this.#feed.prepend(line)
    while (this.#feed.children.length > 3) this.#feed.lastElementChild?.remove()
    setTimeout(() => line.remove(), stays)
  }

  #showScores(fighters: readonly ShownFighter[]): void {
    const sorted = [...fighters].sort((a, b) => b.kills - a.kills || a.name.localeCompare(b.name))
    const keys = new Set(sorted.map(({ id }) => id))
    for (const [id, { row }] of this.#rows) {
      if (keys.has(id)) continue
      row.remove()
      this.#rows.delete(id)
    }
    for (const [index, fighter] of sorted.entries()) {
      const { row, kills } = this.#rows.get(fighter.id) ?? this.#addRow(fighter)
      write(kills, String(fighter.kills))
      row.classList.toggle('down', fighter.hp === 0)
      if (this.#scores.children[index] !== row) this.#scores.insertBefore(row, this.#scores.children[index] ?? null)
    }
  }

  #addRow(fighter: ShownFighter): { row: HTMLLIElement; kills: HTMLElement } {
    const dot = make('i', '')
    dot.style.setProperty('--color', colorOf(fighter.color))
    const kills = make('b', '', '0')
    const name = make('span', '', fighter.name)
    if (fighter.bot) name.append(make('small', '', 'bot'))
    const row = make('li', fighter.own ? 'own' : '', dot, name, kills)
    row.dataset['id'] = fighter.id
    this.#scores.append(row)
    const made = { row, kills }
    this.#rows.set(fighter.id, made)
    return made
  }

  #showBanner({ own, now, rests, winner, shotBy }: Standing): void {
    const isDown = own?.hp === 0
    this.#banner.hidden = !rests && !isDown
    if (rests) {
      const who =
        winner === undefined ? 'The round is over' : `${winner.own ? 'You have' : `${winner.name} has`} won the round`
      write(part(this.#banner, 'b'), who)
      write(part(this.#banner, 'span'), winner === undefined ? '' : `${winner.kills} shot`)
    } else if (own !== undefined && isDown) {
      const seconds = Math.max(0, own.returns - now) / 1000
      write(part(this.#banner, 'b'), shotBy === undefined ? 'You are down' : `${shotBy.name} has shot you`)
      write(part(this.#banner, 'span'), `Back in ${seconds.toFixed(1)} s`)
    }
  }

  #showVitals({ own, dash: ready }: Standing): void {
    const hp = own?.hp ?? 0
    const bar = part(this.#vitals, '.health')
    bar.classList.toggle('low', hp <= 35)
    part(bar, 'i').style.transform = `scaleX(${hp / health.full})`
    write(part(bar, 'b'), String(hp))
    const dashing = part(this.#vitals, '.dash')
    for (const each of [dashing, this.#touchDash]) each.classList.toggle('ready', ready >= 1)
    part(dashing, 'i').style.transform = `scaleX(${Math.min(1, ready).toFixed(3)})`
  }
}

/** Milliseconds from one dash to the next. */
export const dashTime = (dash.every * 1000) / tickRate

function named({ name, color }: ShownFighter): HTMLElement {
  const element = make('b', '', name)
  element.style.setProperty('--color', colorOf(color))
  return element
}

function part(within: HTMLElement, selector: string): HTMLElement {
  const found = within.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`There is no ${selector} in #${within.id}.`)
  return found
}
