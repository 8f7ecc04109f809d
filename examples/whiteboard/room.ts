import { RandomSource, Room, type Creation, type Member } from '@junto/server'
import { peopleInks, strokeLimit } from './board.ts'
import { Whiteboard } from './contract.ts'

/** How much one board may hold: a service, so that whoever runs the server decides. */
export class BoardLimits {
  readonly strokes: number

  constructor(strokes = 2_000) {
    this.strokes = strokes
  }
}

type Artist = Member<typeof Whiteboard>

/** One board. */
export class WhiteboardRoom extends Room(Whiteboard) {
  readonly limits = this.inject(BoardLimits)
  readonly random = this.inject(RandomSource)
  /** While somebody asks to clear: who, and what stops asking each of the others. */
  #asking: { by: string; asked: Map<string, AbortController> } | undefined

  onCreate({ options }: Creation<typeof Whiteboard>) {
    return { title: options.title, run: this.#someRun(), strokes: {}, people: {} }
  }

  // Whoever was there when the server stopped is still a member, and may be back in a moment.
  override onRestore(): void {
    this.state.run = this.#someRun()
    for (const stroke of this.state.strokes.values()) stroke.done = true
  }

  override onJoin(member: Artist, { name, awake }: Artist['join']): void {
    // A page whose session was lost may be back before its former seat is given up: one page, one seat.
    const before = [...this.members.values()].find(({ id, user }) => id !== member.id && user.id === member.user.id)
    const color = this.state.people.get(before?.id ?? '')?.color ?? this.#freeInk()
    before?.kick('This page has joined again.')
    this.state.people.set(member.id, { name, color, awake, here: true })
  }

  override onDrop(member: Artist): void {
    this.#appear(member, false)
  }

  override onResume(member: Artist): void {
    this.#appear(member, true)
  }

  override onLeave(member: Artist): void {
    this.state.people.delete(member.id)
    if ([...this.members.values()].some(({ user }) => user.id === member.user.id)) return
    for (const stroke of this.state.strokes.values()) {
      if (!stroke.done && stroke.by === member.user.id) stroke.done = true
    }
  }

  readonly handlers = this.handle({
    draw: ({ id, color, width, from, points, done }, { member, error }) => {
      const strokes = this.state.strokes
      if (from === 0 && !strokes.has(id)) {
        if (strokes.size >= this.limits.strokes) throw error('full', { limit: this.limits.strokes })
        strokes.set(id, { by: member.user.id, color, width, points: [], done: false })
      }
      const stroke = strokes.get(id)
      if (stroke === undefined) return
      if (stroke.by !== member.user.id) throw error('foreign', { id })
      const known = stroke.points.length
      // A gap cannot be filled from here. Its page sees in the state where to go on.
      if (from > known) return
      const fresh = points.slice(known - from)
      if (known + fresh.length > strokeLimit) throw error('long', { limit: strokeLimit })
      if (fresh.length > 0) stroke.points.push(...fresh)
      if (done) stroke.done = true
      // Finished when its page was lost, and now it goes on.
      else if (fresh.length > 0) stroke.done = false
    },

    erase: ({ ids }) => {
      for (const id of ids) this.state.strokes.delete(id)
    },

    clear: async (_params, { member, error, signal }) => {
      const by = this.#nameOf(member)
      if (this.#asking !== undefined) throw error('asked', { by: this.#asking.by })
      const declined = await this.#firstToDecline(member, by, signal)
      if (declined !== undefined) throw error('declined', { by: declined })
      signal.throwIfAborted()
      const strokes = this.state.strokes.size
      this.state.strokes.clear()
      this.broadcast.cleared({ by }, { except: member })
      return { strokes }
    },

    rename: (name, { member }) => {
      const person = this.state.people.get(member.id)
      if (person !== undefined) person.name = name
    },

    wake: (awake, { member }) => {
      const person = this.state.people.get(member.id)
      if (person !== undefined) person.awake = awake
      if (!awake) this.#asking?.asked.get(member.id)?.abort()
    },
  })

  /** Asks all others who are here and awake at the same time; the first "no" ends it. Silence, sleep and leaving are consent. */
  async #firstToDecline(member: Artist, by: string, signal: AbortSignal): Promise<string | undefined> {
    const asked = new Map<string, AbortController>()
    for (const [id, person] of this.state.people)
      if (id !== member.id && person.here && person.awake) asked.set(id, new AbortController())
    this.#asking = { by, asked }
    let declined: string | undefined
    try {
      await Promise.all(
        [...asked].map(async ([id, stop]) => {
          const answer = await this.members
            .get(id)
            ?.call.confirmClear.try({ by }, { signal: AbortSignal.any([signal, stop.signal]) })
          if (answer?.ok !== true || answer.value) return
          declined ??= this.state.people.get(id)?.name ?? 'Somebody'
          for (const other of asked.values()) other.abort()
        }),
      )
    } finally {
      this.#asking = undefined
    }
    return declined
  }

  #appear(member: Artist, here: boolean): void {
    const person = this.state.people.get(member.id)
    if (person !== undefined) person.here = here
    if (!here) this.#asking?.asked.get(member.id)?.abort()
  }

  #someRun(): number {
    return Math.floor(this.random.number() * 2 ** 32)
  }

  #nameOf(member: Artist): string {
    return this.state.people.get(member.id)?.name ?? member.join.name
  }

  /** The ink that the fewest people here stand for. */
  #freeInk(): number {
    const used = [...this.state.people.values()].map(({ color }) => color)
    const count = (ink: number): number => used.filter((other) => other === ink).length
    return peopleInks.reduce<number>((best, ink) => (count(ink) < count(best) ? ink : best), peopleInks[0])
  }
}
