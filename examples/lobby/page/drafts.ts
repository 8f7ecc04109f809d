import { randomText } from '../../stage/page/names.ts'

/** Something that was said here and is not in the room yet. */
export interface Draft {
  /** Its id in the room, once it is there. */
  readonly id: string
  readonly text: string
  /** `waiting`: for its room. `under way`: the client sees to it. `refused`: it was not taken, for the reason in `why`. */
  readonly state: 'waiting' | 'under way' | 'refused'
  readonly why: string
}

/** What was said here and is not in the room yet, in the order in which it was said. */
export class Drafts {
  readonly #drafts = new Map<string, Draft>()

  /** All of them, those that were refused included. */
  get all(): Iterable<Draft> {
    return this.#drafts.values()
  }

  /** How many are not in the room, and may still come there by themselves. */
  get onTheirWay(): number {
    return [...this.#drafts.values()].filter(({ state }) => state !== 'refused').length
  }

  /** Takes a text. Returns the id by which the room will know it. */
  add(text: string): string {
    const id = randomText(16)
    this.#drafts.set(id, { id, text, state: 'waiting', why: '' })
    return id
  }

  /** Those that nobody sees to. */
  waiting(): Draft[] {
    return [...this.#drafts.values()].filter(({ state }) => state === 'waiting')
  }

  /** One is being sent: returns it, unless it is already, or gone. */
  begin(id: string): Draft | undefined {
    const draft = this.#drafts.get(id)
    if (draft?.state !== 'waiting') return undefined
    this.#drafts.set(id, { ...draft, state: 'under way' })
    return draft
  }

  /** It is in the room. */
  settle(id: string): void {
    this.#drafts.delete(id)
  }

  /** It has to be sent again when there is a room. */
  wait(id: string): void {
    this.#put(id, 'waiting', '')
  }

  /** It was not taken. */
  refuse(id: string, why: string): void {
    this.#put(id, 'refused', why)
  }

  /** Of what is not in the room, nothing comes there any more. */
  refuseAll(why: string): void {
    for (const id of this.#drafts.keys()) this.refuse(id, why)
  }

  /** What was refused shall be sent once more, as the newest. */
  renew(id: string): void {
    const draft = this.#drafts.get(id)
    if (draft?.state !== 'refused') return
    this.#drafts.delete(id)
    this.#drafts.set(id, { ...draft, state: 'waiting', why: '' })
  }

  #put(id: string, state: Draft['state'], why: string): void {
    const draft = this.#drafts.get(id)
    if (draft !== undefined) this.#drafts.set(id, { ...draft, state, why })
  }
}
