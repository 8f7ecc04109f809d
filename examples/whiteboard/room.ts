import { RandomSource, Room, type Creation, type Member, type ServerMutators } from '@junto/server'
import { peopleInks, strokeLimit } from './board.ts'
import { Whiteboard } from './contract.ts'
import { whiteboardMutators } from './mutators.ts'

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
  /** Whom the others let clear the board. */
  readonly #mayClear = new Set<string>()

  onCreate({ options }: Creation<typeof Whiteboard>) {
    return { title: options.title, run: this.#someRun(), strokes: {}, pens: {}, people: {} }
  }

  // Whoever was there when the server stopped is still a member, and may be back in a moment.
  override onRestore(): void {
    this.state.run = this.#someRun()
    this.state.pens.clear()
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
    // Its page goes on with it when it is back.
    this.state.pens.delete(member.id)
  }

  override onResume(member: Artist): void {
    this.#appear(member, true)
  }

  override onLeave(member: Artist): void {
    this.state.people.delete(member.id)
    this.state.pens.delete(member.id)
    this.#mayClear.delete(member.id)
  }

  /** What pages do at once, and what only the server knows of it: how much a board may hold, and what the others have agreed to. */
  readonly mutators: ServerMutators<typeof Whiteboard> = {
    ...whiteboardMutators,

    add: (state, stroke, context) => {
      const limit = this.limits.strokes
      if (state.strokes.size >= limit && !state.strokes.has(stroke.id)) throw context.error('full', { limit })
      whiteboardMutators.add(state, stroke, context)
    },

    clear: (state, params, context) => {
      const { by, member, error } = context
      if (!this.#mayClear.delete(by)) throw error('unasked', {}, 'The others have not been asked.')
      whiteboardMutators.clear(state, params, context)
      this.broadcast.cleared({ by: this.#nameOf(member) }, { except: member })
    },
  }

  readonly handlers = this.handle({
    ink: ({ id, points, from, ...line }, { member }) => {
      const { pens } = this.state
      if (from === 0) pens.set(member.id, { id, ...line, points })
      else {
        const pen = pens.get(member.id)
        // A gap cannot be filled from here: the rest comes with the stroke.
        if (pen?.id !== id || pen.points.length !== from || from + points.length > strokeLimit) return
        pen.points.push(...points)
      }
    },

    lift: (_nothing, { member }) => void this.state.pens.delete(member.id),

    askToClear: async (_params, { member, error, signal }) => {
      const by = this.#nameOf(member)
      if (this.#asking !== undefined) throw error('asked', { by: this.#asking.by })
      const declined = await this.#firstToDecline(member, by, signal)
      if (declined !== undefined) throw error('declined', { by: declined })
      signal.throwIfAborted()
      this.#mayClear.add(member.id)
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
