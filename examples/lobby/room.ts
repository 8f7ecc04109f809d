import { Clock, Room, type Creation, type Member } from '@junto/server'
import { bounds, personColors } from './chat.ts'
import { Chat } from './contract.ts'

type Guest = Member<typeof Chat>
type Note = 'opened' | 'joined' | 'left' | 'locked' | 'unlocked'

/** One chat room. */
export class ChatRoom extends Room(Chat) {
  readonly clock = this.inject(Clock)
  #notes = 0

  onCreate({ options }: Creation<typeof Chat>) {
    const { topic, kind, seats, secret, mark } = options
    this.maxMembers = seats
    this.metadata = { topic, kind, mark, opened: this.clock.time() }
    if (secret) this.visibility = 'private'
    const code = secret ? this.code : ''
    return { topic, kind, seats, mark, code, locked: false, host: '', people: {}, messages: {} }
  }

  override onJoin(member: Guest, { name }: Guest['join']): void {
    const { people, messages } = this.state
    people.set(member.id, { name, color: this.#freeColor(), here: true })
    if (people.size === 1) this.state.host = member.id
    this.#note(member, messages.size === 0 ? 'opened' : 'joined')
  }

  override onDrop(member: Guest): void {
    this.#appear(member, false)
  }

  override onResume(member: Guest): void {
    this.#appear(member, true)
  }

  override onLeave(member: Guest): void {
    const { people } = this.state
    this.#note(member, 'left')
    people.delete(member.id)
    if (this.state.host !== member.id) return
    // Of those who are connected, or else of all, whoever has been here longest.
    const heir = [...people].find(([, { here }]) => here) ?? [...people][0]
    this.state.host = heir?.[0] ?? ''
  }

  readonly handlers = this.handle({
    say: ({ id, text }, { member }) => {
      if (!this.state.messages.has(id)) this.#add(id, member, 'said', text)
    },

    lock: ({ locked }, { member, error }) => {
      const { host, people } = this.state
      if (member.id !== host) throw error('notHost', { host: people.get(host)?.name ?? 'somebody else' })
      if (locked === this.locked) return
      if (locked) this.lock()
      else this.unlock()
      this.state.locked = locked
      this.#note(member, locked ? 'locked' : 'unlocked')
    },

    rename: (name, { member }) => {
      const person = this.state.people.get(member.id)
      if (person !== undefined) person.name = name
    },
  })

  #note(member: Guest, what: Note): void {
    // Shorter than any id that a page may give.
    this.#add(`note ${(this.#notes += 1)}`, member, what, '')
  }

  #add(id: string, member: Guest, what: Note | 'said', text: string): void {
    const { people, messages } = this.state
    const { name, color } = people.get(member.id) ?? { name: member.join.name, color: 0 }
    messages.set(id, { by: member.id, name, color, what, text, at: this.clock.time() })
    for (const oldest of messages.keys()) {
      if (messages.size <= bounds.messages) break
      messages.delete(oldest)
    }
  }

  #appear(member: Guest, here: boolean): void {
    const person = this.state.people.get(member.id)
    if (person !== undefined) person.here = here
  }

  /** The colour that the fewest people here have. */
  #freeColor(): number {
    const uses = Array.from({ length: personColors }, () => 0)
    for (const { color } of this.state.people.values()) uses[color] = (uses[color] ?? 0) + 1
    return uses.indexOf(Math.min(...uses))
  }
}
