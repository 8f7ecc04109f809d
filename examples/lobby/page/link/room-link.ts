import { JuntoError, type JoinedRoom } from '@junto/client'
import type { Chat } from '../../contract.ts'
import { typingFor, type Kind } from '../../chat.ts'
import { Drafts } from '../drafts.ts'
import type { Joined, ServerLink } from './server.ts'
import { soon, whyNot } from './words.ts'

/** What a new room shall be. */
export interface NewRoom {
  readonly topic: string
  readonly kind: Kind
  readonly seats: number
  readonly secret: boolean
  readonly mark: string
}

/** How to come into a room. */
export type Way =
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'code'; readonly code: string }
  | { readonly by: 'making'; readonly room: NewRoom }

/** What the page is told by its room. */
export interface RoomEvents {
  /** Something is different: messages, people, what they show. */
  changed(): void
  standing(): void
  /** It is the same conversation in another room: the server had forgotten the former one. */
  moved(): void
  /** It is over, and why. */
  over(why: string): void
}

type ChatState = JoinedRoom<typeof Chat>['state']
/** Somebody in the room. */
export type Person = ChatState['people'] extends ReadonlyMap<string, infer P> ? P : never
/** A line of the conversation. */
export type Message = ChatState['messages'] extends ReadonlyMap<string, infer M> ? M : never

/** The room that this page is in. */
export class RoomLink {
  /** What was said here and is not in the room yet. */
  readonly drafts = new Drafts()
  readonly #server: ServerLink
  readonly #name: () => string
  readonly #events: RoomEvents
  /** The members that this page has been in this conversation. */
  readonly #selves = new Set<string>()
  #room: JoinedRoom<typeof Chat>
  #earlier: (readonly [key: string, message: Message])[] = []
  #moving = false
  #over = false
  #left = false
  #stillTyping: number | undefined

  private constructor(server: ServerLink, room: JoinedRoom<typeof Chat>, name: () => string, events: RoomEvents) {
    this.#server = server
    this.#room = room
    this.#name = name
    this.#events = events
    this.#begin()
  }

  /**
   * Comes into a room.
   *
   * @throws JuntoError (the promise rejects) as the client's ways to join do.
   */
  static async enter(server: ServerLink, way: Way, name: () => string, events: RoomEvents): Promise<RoomLink> {
    return new RoomLink(server, await join(server, way, name), name, events)
  }

  get id(): string {
    return this.#room.id
  }

  get state(): ChatState {
    return this.#room.state
  }

  get joined(): Joined {
    return this.#room
  }

  /** Whether what is said now arrives at once. */
  get live(): boolean {
    return !this.#moving && this.#room.status.value.state === 'joined'
  }

  /** Whether nothing can be said here any more. */
  get over(): boolean {
    return this.#over
  }

  /** What was said before the server forgot the room, by keys as {@link keyOf} gives them: only this page still knows. */
  get earlier(): readonly (readonly [key: string, message: Message])[] {
    return this.#earlier
  }

  /** What tells a message from all others of this conversation: ids do so within one room. */
  keyOf(id: string): string {
    return `${this.#room.id} ${id}`
  }

  get isHost(): boolean {
    return this.state.host === this.#room.memberId
  }

  /** Whether this member is, or was, this page. */
  isSelf(member: string): boolean {
    return this.#selves.has(member)
  }

  /** What somebody shows: `undefined` for who looks elsewhere. */
  presenceOf(member: string): { readonly typing: boolean } | undefined {
    return member === this.#room.memberId ? this.#room.presence.own : this.#room.presence.others.get(member)
  }

  say(text: string): void {
    const id = this.drafts.add(text)
    this.typing(false)
    void this.#send(id)
    this.#events.changed()
  }

  /** Tries once more to say what was refused. */
  sayAgain(id: string): void {
    this.drafts.renew(id)
    void this.#send(id)
    this.#events.changed()
  }

  /** To be called at each key, and with false when there is nothing left to be said. */
  typing(typing: boolean): void {
    clearTimeout(this.#stillTyping)
    if (!typing) return this.#show(false)
    // Ends on its own at the server, too: this page may be frozen in the middle of a word.
    this.#room.presence.set({ typing: true }, { expires: typingFor })
    this.#stillTyping = window.setTimeout(() => this.#show(false), typingFor - 500)
  }

  /** Says whether the page is in front of somebody. */
  look(): void {
    clearTimeout(this.#stillTyping)
    this.#show(false)
  }

  rename(name: string): void {
    this.#room.send.rename(name)
  }

  /** Locks or unlocks the room. Resolves with what went wrong, if anything. */
  async lock(locked: boolean): Promise<string | undefined> {
    const outcome = await this.#room.call.lock.try({ locked }, { timeout: 5_000 })
    if (outcome.ok) return undefined
    if (outcome.code === 'notHost') return `Only ${outcome.data.host} can do that: they look after this room.`
    return `The room was not ${locked ? 'locked' : 'unlocked'}: ${outcome.message}`
  }

  leave(): void {
    this.#left = true
    clearTimeout(this.#stillTyping)
    void this.#room.leave()
  }

  #show(typing: boolean): void {
    if (document.hidden) this.#room.presence.clear()
    else this.#room.presence.set({ typing })
  }

  #begin(): void {
    const room = this.#room
    this.#selves.add(room.memberId)
    const changed = (): void => this.#events.changed()
    room.status.subscribe(() => this.#stand(room))
    room.onRecovery((recovery) => {
      if (recovery.outcome === 'lost') return void this.#lost(recovery.error)
      this.#selves.add(room.memberId)
      // A page that has just been joined again under its old name may have another one by now.
      if (recovery.outcome === 'resynced') this.#sendDrafts()
      changed()
    })
    room.watch((state) => state, { after: changed })
    room.presence.watch({ added: changed, changed, removed: changed })
    this.#show(false)
    this.#sendDrafts()
  }

  #stand(room: JoinedRoom<typeof Chat>): void {
    this.#events.standing()
    const status = room.status.value
    if (room !== this.#room || status.state !== 'left' || this.#left) return
    // What is lost may be found again: that is told by the recovery.
    if (status.reason !== 'lost') this.#end(endings[status.reason] ?? status.message)
  }

  /** The server does not know the room any more: those who are still here meet in a new one, unless they need a code for that. */
  async #lost(error: JuntoError): Promise<void> {
    if (this.#left) return
    const { topic, kind, seats, mark, code } = this.state
    if (error.code !== 'room_not_found') return this.#end(whyNot(error, `“${topic}”`))
    if (code !== '') return this.#end('The server was restarted, and this room is gone with its code.')
    this.#moving = true
    try {
      // A hundred pages may do so at once: the first makes the room, the others wait for it.
      const room = await this.#server.client.joinOrCreate<typeof Chat>('chat', {
        version: 1,
        where: { mark },
        options: { topic, kind, seats, mark, secret: false },
        join: () => ({ name: this.#name() }),
        patience: Infinity,
      })
      if (this.#left) return void room.leave()
      this.#earlier.push(...[...this.state.messages].map(([id, message]) => [this.keyOf(id), message] as const))
      this.#room = room
      this.#moving = false
      this.#begin()
      this.#events.moved()
    } catch (again) {
      this.#end(whyNot(again, `“${topic}”`))
    }
  }

  #end(why: string): void {
    if (this.#over || this.#left) return
    this.#over = true
    this.drafts.refuseAll('Not sent: the room was over.')
    this.#events.over(why)
  }

  #sendDrafts(): void {
    for (const { id } of this.drafts.waiting()) void this.#send(id)
  }

  async #send(id: string): Promise<void> {
    const draft = this.#over ? undefined : this.drafts.begin(id)
    if (draft === undefined) return
    const { text } = draft
    // However long the connection is gone: it waits in its order, arrives once, and is repeated where nobody knows whether it has.
    const outcome = await this.#room.call.say.try({ id, text }, { timeout: Infinity })
    if (outcome.ok || this.state.messages.has(id)) this.drafts.settle(id)
    else if (outcome.code === 'rate_limited')
      this.drafts.refuse(id, `Too fast. Please try again ${soon(outcome.retryAfter)}.`)
    else if (outcome.code === 'disconnected' || outcome.code === 'outcome_unknown') this.drafts.wait(id)
    else this.drafts.refuse(id, `Not sent: ${outcome.message}`)
    this.#events.changed()
  }
}

const endings: Readonly<Record<string, string>> = {
  idle: 'Nobody had said anything for an hour, and so the room was closed.',
  failed: 'Something went wrong in this room, and the server has closed it.',
  closed: 'The room was closed.',
}

function join(server: ServerLink, way: Way, name: () => string): Promise<JoinedRoom<typeof Chat>> {
  const { client } = server
  // Asked again at each join: it may be another one by then.
  const settings = { version: 1, join: () => ({ name: name() }) } as const
  switch (way.by) {
    case 'id':
      return client.joinById<typeof Chat>('chat', way.id, settings)
    case 'code':
      return client.joinByCode<typeof Chat>('chat', way.code, settings)
    case 'making':
      return client.create<typeof Chat>('chat', { ...settings, options: way.room })
  }
}
