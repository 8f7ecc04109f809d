import { byId, make } from '../../../stage/page/element.ts'
import { initials } from '../../../stage/page/names.ts'
import type { Draft } from '../drafts.ts'
import type { Message, RoomLink } from '../link/room-link.ts'

/** A line as it is shown. `shown` is what it was made from: it is made anew when that differs. */
interface Line {
  readonly key: string
  readonly shown: string
  readonly make: () => HTMLLIElement
}

// Who says several things in a row is named once in this time: ms.
const together = 5 * 60_000
// So near to the end, the page follows what is new: pixels.
const nearEnd = 80

/** The conversation. It follows what is new, unless somebody reads further up. */
export class MessagesView {
  readonly #scroll = byId('scroll', HTMLDivElement)
  readonly #place = byId('messages', HTMLOListElement)
  readonly #newer = byId('newer', HTMLButtonElement)
  readonly #lines = new Map<string, { readonly shown: string; readonly element: HTMLLIElement }>()
  readonly #again: (id: string) => void
  #room: RoomLink | undefined

  /** @param again Called for a refused message that shall be sent once more. */
  constructor(again: (id: string) => void) {
    this.#again = again
    this.#newer.addEventListener('click', () => this.#toEnd())
    this.#scroll.addEventListener('scroll', () => {
      if (this.#atEnd()) this.#newer.hidden = true
    })
    // Less room, with a keyboard on the screen, is no reason to lose the end.
    new ResizeObserver(() => {
      if (this.#newer.hidden) this.#toEnd()
    }).observe(this.#scroll)
  }

  show(room: RoomLink): void {
    const fresh = room !== this.#room
    this.#room = room
    const follow = fresh || this.#atEnd()
    const lines = this.#linesOf(room)
    const keys = new Set(lines.map(({ key }) => key))
    for (const [key, { element }] of this.#lines) {
      if (keys.has(key)) continue
      element.remove()
      this.#lines.delete(key)
    }
    let added = false
    let next = this.#place.firstElementChild
    for (const { key, shown, make: made } of lines) {
      const before = this.#lines.get(key)
      let element = before?.element
      if (element === undefined || before?.shown !== shown) {
        added ||= before === undefined
        const renewed = made()
        if (element === undefined) this.#place.insertBefore(renewed, next)
        else {
          if (next === element) next = renewed
          element.replaceWith(renewed)
        }
        if (fresh || before !== undefined) renewed.classList.add('still')
        element = renewed
        this.#lines.set(key, { shown, element })
      }
      if (next === element) next = element.nextElementSibling
      else this.#place.insertBefore(element, next)
    }
    if (follow) this.#toEnd()
    else if (added) this.#newer.hidden = false
  }

  #linesOf(room: RoomLink): Line[] {
    const lines: Line[] = []
    let last: Message | undefined
    const take = (key: string, message: Message): void => {
      lines.push(lineOf(key, message, isFollowing(last, message), room.isSelf(message.by)))
      last = message
    }
    for (const [key, message] of room.earlier) take(key, message)
    if (room.earlier.length > 0) lines.push(divider)
    last = undefined
    const { messages } = room.state
    for (const [id, message] of messages) take(room.keyOf(id), message)
    for (const draft of room.drafts.all) if (!messages.has(draft.id)) lines.push(this.#draftLine(room, draft))
    return lines
  }

  #draftLine(room: RoomLink, { id, text, state, why }: Draft): Line {
    const { live, over } = room
    const refused = state === 'refused'
    const word = refused ? why : live ? 'Sending…' : 'Waits for the connection'
    return {
      key: room.keyOf(id),
      shown: `${word} ${String(over)}`,
      make: () => {
        const foot = make('p', 'foot', word)
        if (refused && !over) {
          const button = make('button', 'link', 'Send again')
          button.type = 'button'
          button.addEventListener('click', () => this.#again(id))
          foot.append(' ', button)
        }
        return make('li', refused ? 'message own draft refused' : 'message own draft', make('p', 'said', text), foot)
      },
    }
  }

  #atEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll
    return scrollHeight - scrollTop - clientHeight < nearEnd
  }

  #toEnd(): void {
    this.#scroll.scrollTop = this.#scroll.scrollHeight
    this.#newer.hidden = true
  }
}

const divider: Line = {
  key: 'divider',
  shown: '',
  make: () => make('li', 'divider', 'The server was restarted. What stands above is known to this page alone.'),
}

function isFollowing(last: Message | undefined, { by, what, at }: Message): boolean {
  return last?.what === 'said' && what === 'said' && last.by === by && at - last.at < together
}

function lineOf(key: string, message: Message, follows: boolean, own: boolean): Line {
  const { name, color, what, text, at } = message
  // What was said does not change; what stands before it does, when the oldest go.
  const shown = `${String(follows)} ${String(own)}`
  if (what !== 'said') {
    return {
      key,
      shown,
      make: () => make('li', 'note', `${own ? 'You' : name} ${noteWords(what, own)}`, ' ', clockTime(at)),
    }
  }
  return {
    key,
    shown,
    make: () => {
      const body = make('p', 'said', text)
      if (follows) return make('li', own ? 'message own follows' : 'message follows', body)
      const head = make('p', 'head', make('strong', '', own ? 'You' : name), ' ', clockTime(at))
      const face = make('span', 'avatar', initials(name))
      face.setAttribute('aria-hidden', 'true')
      face.style.setProperty('--person', `var(--person-${color})`)
      return make('li', own ? 'message own' : 'message', face, head, body)
    },
  }
}

function noteWords(what: Exclude<Message['what'], 'said'>, own: boolean): string {
  switch (what) {
    case 'opened':
      return 'opened the room'
    case 'joined':
      return 'came in'
    case 'left':
      return 'left'
    case 'locked':
      return `locked the room: nobody new comes in${own ? '' : ' now'}`
    case 'unlocked':
      return 'opened the room to all again'
  }
}

function clockTime(at: number): HTMLTimeElement {
  const time = make('time', '', new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }))
  time.dateTime = new Date(at).toISOString()
  return time
}
