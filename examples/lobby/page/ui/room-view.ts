import { byId, make } from '../../../stage/page/element.ts'
import { initials } from '../../../stage/page/names.ts'
import { kindWords } from '../kinds.ts'
import type { Person, RoomLink } from '../link/room-link.ts'
import { MessagesView } from './messages-view.ts'

/** What somebody does in the room's view. */
export interface RoomActions {
  leave(): void
  /** Makes a room like the one that is over. */
  again(): void
  say(text: string): void
  sayAgain(id: string): void
  typing(typing: boolean): void
  lock(locked: boolean): void
  invite(): void
}

/** The room that this page is in: its head, its people, the conversation, and the field for the next message. */
export class RoomView {
  readonly #nowhere = byId('nowhere', HTMLDivElement)
  readonly #room = byId('room', HTMLElement)
  readonly #lock = byId('lock', HTMLButtonElement)
  readonly #people = byId('people', HTMLUListElement)
  readonly #typing = byId('typing', HTMLParagraphElement)
  readonly #over = byId('over', HTMLDivElement)
  readonly #composer = byId('composer', HTMLFormElement)
  readonly #text = byId('text', HTMLTextAreaElement)
  readonly #messages: MessagesView
  readonly #actions: RoomActions
  #shown = ''

  constructor(actions: RoomActions) {
    this.#actions = actions
    this.#messages = new MessagesView((id) => actions.sayAgain(id))
    byId('back', HTMLAnchorElement).addEventListener('click', (event) => {
      event.preventDefault()
      document.body.dataset['view'] = 'lobby'
    })
    for (const id of ['leave', 'to-lobby']) byId(id, HTMLButtonElement).addEventListener('click', () => actions.leave())
    byId('again', HTMLButtonElement).addEventListener('click', () => actions.again())
    byId('invite', HTMLButtonElement).addEventListener('click', () => actions.invite())
    this.#lock.addEventListener('click', () => actions.lock(this.#lock.getAttribute('aria-pressed') !== 'true'))
    this.#composer.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#say()
    })
    this.#text.addEventListener('keydown', (event) => {
      // While a word is put together from several keys, Enter ends that.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      this.#say()
    })
    this.#text.addEventListener('input', () => {
      this.#grow()
      actions.typing(this.#text.value.trim() !== '')
    })
  }

  /** Another room, or none. */
  open(room: RoomLink | undefined): void {
    this.#nowhere.hidden = room !== undefined
    this.#room.hidden = room === undefined
    this.#over.hidden = true
    this.#composer.hidden = false
    this.#shown = ''
    if (room === undefined) return
    this.show(room)
    this.#text.value = ''
    this.#grow()
    this.#text.focus({ preventScroll: true })
  }

  /** Shows the room as it is now. */
  show(room: RoomLink): void {
    const { topic, kind, seats, people, locked, code } = room.state
    const about = `${kindWords[kind]} · ${people.size} of ${seats} seats taken${locked ? ' · locked' : ''}`
    byId('topic', HTMLHeadingElement).textContent = topic
    byId('about', HTMLParagraphElement).textContent = about
    const invite = byId('invite', HTMLButtonElement)
    invite.classList.toggle('code', code !== '')
    invite.title = code === '' ? 'Copy the link to this room' : 'Copy the link to this private room'
    invite.querySelector('span')?.replaceChildren(code === '' ? 'Copy link' : code)
    invite.setAttribute('aria-label', code === '' ? 'Copy link' : `Join code ${code}: copy the link to this room`)
    invite.hidden = room.over
    this.#lock.hidden = !room.isHost || room.over
    this.#room.classList.toggle('ended', room.over)
    this.#lock.setAttribute('aria-pressed', String(locked))
    this.#lock.querySelector('span')?.replaceChildren(locked ? 'Unlock' : 'Lock')
    this.#lock.querySelector('use')?.setAttribute('href', locked ? '#icon-lock' : '#icon-unlock')
    this.#lock.title = locked ? 'Let others in again' : 'Let nobody new in'
    this.#showPeople(room)
    this.#messages.show(room)
  }

  /** It has ended, for this reason. */
  end(why: string): void {
    this.#over.querySelector('p')?.replaceChildren(why)
    this.#over.hidden = false
    this.#composer.hidden = true
    this.#typing.replaceChildren()
    byId('again', HTMLButtonElement).focus()
  }

  #showPeople(room: RoomLink): void {
    const { people, host } = room.state
    const all = [...people].map(([id, person]): Shown => {
      return { person, self: room.isSelf(id), how: howIs(person, room.presenceOf(id)), host: id === host }
    })
    const shown = JSON.stringify(all)
    if (shown === this.#shown) return
    this.#shown = shown
    this.#people.replaceChildren(...all.map((each) => personChip(each)))
    const typing = all.filter(({ self, how }) => !self && how === 'typing').map(({ person }) => person.name)
    const before = this.#typing.textContent ?? ''
    const now = typingWords(typing)
    if (before !== now) this.#typing.replaceChildren(...(now === '' ? [] : [dots(), now]))
  }

  #say(): void {
    const text = this.#text.value.trim()
    if (text === '') return
    this.#text.value = ''
    this.#grow()
    this.#actions.say(text)
  }

  #grow(): void {
    this.#text.style.height = 'auto'
    this.#text.style.height = `${Math.min(160, this.#text.scrollHeight)}px`
  }
}

interface Shown {
  readonly person: Person
  readonly self: boolean
  readonly how: 'here' | 'elsewhere' | 'typing' | 'away'
  readonly host: boolean
}

function howIs({ here }: Person, presence: { readonly typing: boolean } | undefined): Shown['how'] {
  if (!here) return 'away'
  if (presence === undefined) return 'elsewhere'
  return presence.typing ? 'typing' : 'here'
}

const howWords = { here: '', typing: 'typing', elsewhere: 'looks elsewhere', away: 'connection lost' } as const

function personChip({ person: { name, color }, self, how, host }: Shown): HTMLLIElement {
  const avatar = make('span', 'avatar', initials(name))
  avatar.setAttribute('aria-hidden', 'true')
  const notes = [...(self ? ['you'] : []), ...(host ? ['host'] : []), ...(self ? [] : [howWords[how]])]
  const words = notes.filter((note) => note !== '').join(', ')
  const chip = make('li', 'person', avatar, make('span', 'person-name', name), make('small', '', words))
  chip.style.setProperty('--person', `var(--person-${color})`)
  chip.dataset['how'] = how
  return chip
}

function typingWords(names: readonly string[]): string {
  const [first, second] = names
  if (first === undefined) return ''
  if (second === undefined) return `${first} is typing`
  return names.length === 2 ? `${first} and ${second} are typing` : 'Several people are typing'
}

function dots(): HTMLElement {
  const place = make('span', 'dots', make('i', ''), make('i', ''), make('i', ''))
  place.setAttribute('aria-hidden', 'true')
  return place
}
