import { copied } from '../../stage/page/clipboard.ts'
import { byId, make, write } from '../../stage/page/element.ts'
import { fits, suitOf, isWild, type Card, type Demand } from '../rules.ts'
import type { TableLink, TableState } from './link.ts'
import { askSuit, dropSuitQuestion, showGone } from './ui/dialogs.ts'
import { Hand } from './ui/hand.ts'
import { Middle } from './ui/middle.ts'
import { Notices } from './ui/notices.ts'
import { Players } from './ui/players.ts'
import { Status } from './ui/status.ts'
import { counted, spokenCode, suitName, tale, type Happening } from './words.ts'

/** So many lines of what has happened are kept in sight. */
const mostLines = 6
/** The last seconds of a turn, in which the clock looks urgent: ms. */
const urgent = 8_000

/** The page of a table at which one sits: brings together what is shown and the link to the server. */
export class TablePage {
  readonly #link: TableLink
  readonly #table = byId('table', HTMLElement)
  readonly #say = byId('say', HTMLParagraphElement)
  readonly #log = byId('log', HTMLOListElement)
  readonly #draw = byId('draw', HTMLButtonElement)
  readonly #pass = byId('pass', HTMLButtonElement)
  readonly #again = byId('again', HTMLButtonElement)
  readonly #players = new Players()
  readonly #notices = new Notices()
  readonly #hand = new Hand((card) => void this.#play(card))
  readonly #middle: Middle
  readonly #status: Status
  /** The longest that was left of this turn: what a full clock stands for. */
  #whole = { turn: '', deadline: 0, time: 1 }

  constructor(link: TableLink) {
    this.#link = link
    this.#status = new Status(() => link.retry())
    this.#middle = new Middle(
      () => void this.#ask(() => link.draw()),
      () => void this.#ask(() => link.deal()),
    )
  }

  begin(): void {
    this.#table.hidden = false
    this.#draw.addEventListener('click', () => void this.#ask(() => this.#link.draw()))
    this.#pass.addEventListener('click', () => void this.#ask(() => this.#link.pass()))
    this.#again.addEventListener('click', () => void this.#ask(() => this.#link.deal()))
    byId('share', HTMLButtonElement).addEventListener('click', () => void this.#share())
    byId('leave', HTMLButtonElement).addEventListener('click', () => void this.#leave())
    document.addEventListener('keydown', (event) => this.#keyDown(event))
    window.setInterval(() => this.#tick(), 200)
    this.#link.follow({
      changed: () => this.#show(),
      standing: (standing) => {
        this.#status.stand(standing)
        this.#table.dataset['standing'] = standing.state
        if (standing.state === 'gone') showGone(standing.message)
      },
      happened: (happening) => this.#happened(happening),
      refused: (why) => this.#notices.say(why),
      reseated: () => this.#notices.say('You were away for too long: you have a new seat, and play the next round.'),
    })
  }

  #show(): void {
    const { state, me } = this.#link
    if (state === undefined) return
    const mine = state.turn === me
    const own = state.seats.get(me)
    if (!mine) dropSuitQuestion()
    this.#players.show(state, me)
    this.#middle.show(state, me)
    const demand = mine ? demandOf(state) : undefined
    this.#hand.show(own?.hand ?? [], demand)
    this.#table.dataset['phase'] = state.phase
    this.#table.classList.toggle('my-turn', mine)
    this.#draw.hidden = this.#pass.hidden = !mine
    const stuck = demand !== undefined && own?.hand?.some((card) => fits(card, demand)) !== true
    for (const button of [this.#draw, this.#pass]) button.classList.toggle('next', stuck)
    this.#draw.disabled = state.drawn
    this.#pass.disabled = !state.drawn
    this.#again.hidden = state.phase !== 'playing' || own?.playing !== true
    this.#again.disabled = own?.again === true
    write(byId('code-shown', HTMLSpanElement), spokenCode(state.code))
    write(this.#say, sentence(state, me, own?.hand ?? []))
    document.title = mine ? 'Your turn · Wild Eights' : 'Wild Eights'
    this.#tick()
  }

  #tick(): void {
    const { state, timeLeft } = this.#link
    if (state === undefined) return
    const { turn, deadline } = state
    if (turn !== this.#whole.turn || deadline !== this.#whole.deadline) this.#whole = { turn, deadline, time: timeLeft }
    const left = this.#whole.time > 0 ? timeLeft / this.#whole.time : 0
    this.#table.style.setProperty('--left', String(Math.min(1, left)))
    this.#table.classList.toggle('urgent', turn !== '' && timeLeft < urgent)
  }

  #happened(happening: Happening): void {
    const line = make('li', '', tale(happening))
    this.#log.append(line)
    while (this.#log.children.length > mostLines) this.#log.firstElementChild?.remove()
  }

  async #play(card: Card): Promise<void> {
    const { state, me } = this.#link
    const demand = state === undefined ? undefined : demandOf(state)
    const asks = state?.turn === me && demand !== undefined && isWild(card)
    const suit = asks ? await askSuit() : undefined
    if (asks && suit === undefined) return
    await this.#ask(() => this.#link.play(card, suit))
  }

  /** What the server says no to, it says itself; only when it cannot be reached is it not asked. */
  async #ask(act: () => Promise<void>): Promise<void> {
    if (this.#link.online) await act()
    else this.#notices.say('You are not connected. Your cards wait for you.')
  }

  #keyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return
    const key = event.key.toLowerCase()
    if (key === 'd' && !this.#draw.hidden) this.#draw.click()
    else if (key === 'p' && !this.#pass.hidden) this.#pass.click()
    else if (key.startsWith('arrow') && document.activeElement === document.body) {
      document.querySelector<HTMLElement>('#hand [tabindex="0"]')?.focus()
    } else return
    event.preventDefault()
  }

  async #share(): Promise<void> {
    const isCopied = await copied(location.href)
    this.#notices.say(
      isCopied ? 'Link copied. Whoever opens it sits down here.' : `The link to this table: ${location.href}`,
    )
  }

  async #leave(): Promise<void> {
    await this.#link.leave()
    location.assign('/')
  }
}

function demandOf({ top, suit }: TableState): Demand | undefined {
  return top === undefined ? undefined : { top, suit: suit ?? suitOf(top) }
}

/** What there is to do now. */
function sentence(state: TableState, me: string, hand: readonly Card[]): string {
  if (state.phase !== 'playing') return ''
  const demand = demandOf(state)
  const who = state.seats.get(state.turn)
  if (state.turn !== me) return who === undefined ? '' : `${who.name} is thinking…`
  if (demand === undefined) return 'Your turn.'
  const playable = hand.filter((card) => fits(card, demand)).length
  const asked = isWild(demand.top)
    ? `${suitName(demand.suit)} are asked for`
    : `${counted(playable, 'card')} of yours fit`
  if (playable > 0) return `Your turn: ${asked}${playable === 1 && !isWild(demand.top) ? 's' : ''}.`
  return state.drawn ? 'Your turn: nothing fits. Pass.' : 'Your turn: nothing fits. Draw a card.'
}
