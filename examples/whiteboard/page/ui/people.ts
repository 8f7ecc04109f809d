import { initials } from '../../../stage/page/names.ts'
import { byId, make } from '../../../stage/page/element.ts'

/** Somebody at the board. */
export interface Person {
  readonly name: string
  readonly color: number
  /** Whether their page is in front of them. */
  readonly awake: boolean
  /** Whether their page is connected at the moment. */
  readonly here: boolean
}

const mostAvatars = 4

/** The people at the board: avatars, their number, and the list behind them. */
export class People {
  readonly #button = byId('people', HTMLButtonElement)
  readonly #list = byId('people-list', HTMLDivElement)

  constructor(rename: () => void) {
    byId('rename', HTMLButtonElement).addEventListener('click', () => {
      this.#list.hidePopover()
      rename()
    })
  }

  /** Shows them, oneself first. */
  show(people: ReadonlyMap<string, Person>, me: string | undefined): void {
    const all = [...people].sort(([a], [b]) => Number(b === me) - Number(a === me))
    const number = all.length === 1 ? 'Only you' : `${all.length} people`
    this.#button.setAttribute('aria-label', `${number} at this board`)
    this.#button.title = all.map(([, { name }]) => name).join(', ')
    const avatars = make('span', 'avatars', ...all.slice(0, mostAvatars).map(([, person]) => avatar(person)))
    if (all.length > mostAvatars) avatars.append(make('span', 'avatar more', `+${all.length - mostAvatars}`))
    this.#button.replaceChildren(avatars, make('span', 'count', String(all.length)))
    this.#list.querySelector('h2')?.replaceChildren(`${number} at this board`)
    this.#list.querySelector('ul')?.replaceChildren(...all.map(([id, person]) => row(person, id === me)))
  }
}

function avatar(person: Person): HTMLElement {
  const how = !person.here ? 'avatar away' : person.awake ? 'avatar' : 'avatar asleep'
  const element = make('span', how, initials(person.name))
  element.style.setProperty('--person', `var(--ink-${person.color})`)
  return element
}

function row(person: Person, me: boolean): HTMLElement {
  const note = me ? 'you' : !person.here ? 'connection lost' : person.awake ? '' : 'elsewhere'
  return make('li', '', avatar(person), make('span', '', person.name), make('small', '', note))
}
