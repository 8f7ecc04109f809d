import type { Live, PayloadOf, Down, StateOf } from '@junto/schema'
import { Clock, RandomSource, Room, type Creation, type FirstState, type Member } from '@junto/server'
import { Eights } from './contract.ts'
import { cards, deal, fits, goal, isWild, nextOf, players, pointsOf, shuffled, suitOf, type Card } from './rules.ts'

/** Shuffles: a service, so that a test can have the cards lie as it needs them. */
export class Dealer {
  /** @param random Numbers from 0 up to, and not including, 1. */
  shuffle(from: readonly Card[], random: () => number): Card[] {
    return shuffled(from, random)
  }
}

/** How long players may think: a service, so that whoever runs the server decides. */
export class Pace {
  /** Milliseconds of a turn. */
  readonly turn: number
  /** The same for somebody who is away: the others wait for them. */
  readonly away: number

  constructor(turn = 30_000, away = 10_000) {
    this.turn = turn
    this.away = away
  }
}

type Player = Member<typeof Eights>
type Seat = NonNullable<ReturnType<Live<StateOf<typeof Eights>>['seats']['get']>>
type Happening = PayloadOf<Down<typeof Eights>['happened']>

/** One table. */
export class EightsRoom extends Room(Eights) {
  readonly clock = this.inject(Clock)
  readonly random = this.inject(RandomSource)
  readonly dealer = this.inject(Dealer)
  readonly pace = this.inject(Pace)
  /** Face down; the last one is drawn first. It is no part of the state: nobody may see it, and a table is not saved. */
  #deck: Card[] = []
  /** Played, below the top. */
  #played: Card[] = []
  /** Turns in a row in which nothing was played, and there was nothing to draw. */
  #idle = 0
  #stopClock = (): void => {}

  onCreate({ options }: Creation<typeof Eights>): FirstState<typeof Eights> {
    if (options.private) this.visibility = 'private'
    this.metadata = { playing: false }
    return { code: this.code, phase: 'waiting', seats: {}, turn: '', drawn: false, deadline: 0, stock: 0 }
  }

  override onJoin(member: Player, { name }: Player['join']): void {
    const taken = new Set([...this.state.seats.values()].map(({ color }) => color))
    const color = [0, 1, 2, 3].find((free) => !taken.has(free)) ?? 0
    this.state.seats.set(member.id, {
      player: member.id,
      name,
      color,
      hand: [],
      held: 0,
      playing: false,
      here: true,
      again: false,
      points: 0,
    })
    this.#tell(member, { what: 'came', who: name })
  }

  override onDrop(member: Player): void {
    this.#appear(member, false)
  }

  override onResume(member: Player): void {
    this.#appear(member, true)
  }

  override onLeave(member: Player): void {
    const { seats, turn } = this.state
    const seat = seats.get(member.id)
    if (seat === undefined) return
    const next = turn === member.id ? this.#after(member.id) : undefined
    // Under the others, so that nobody can tell what will be drawn.
    this.#deck.unshift(...this.dealer.shuffle([...seat.hand], () => this.random.number()))
    seats.delete(member.id)
    this.#tell(member, { what: 'left', who: seat.name })
    if (this.state.phase !== 'playing') return
    this.#count()
    if (this.#playing().length < players.fewest) this.#end({ how: 'left', points: 0, game: false })
    else if (next !== undefined) this.#begin(next)
    this.#restartIfAsked()
  }

  readonly handlers = this.handle({
    play: ({ card, suit }, { member, error }) => {
      const seat = this.#seatOnTurn(member)
      const { top } = this.state
      if (seat === undefined || top === undefined) throw error('not_your_turn', { whose: this.#whose() })
      const at = seat.hand.indexOf(card)
      if (at < 0) throw error('card_not_held', { card })
      const asked = this.state.suit ?? suitOf(top)
      if (!fits(card, { top, suit: asked })) throw error('card_not_playable', { card, top, suit: asked })
      if (isWild(card) && suit === undefined) throw error('suit_missing', { card })
      seat.hand.splice(at, 1)
      this.#played.push(top)
      this.state.top = card
      this.state.suit = isWild(card) && suit !== undefined ? suit : suitOf(card)
      this.#idle = 0
      this.#count()
      const named = isWild(card) ? { suit: this.state.suit } : {}
      this.#tell(undefined, { what: 'played', who: seat.name, card, ...named })
      if (seat.hand.length === 0) this.#win(seat)
      else this.#pass(member.id)
    },

    draw: (_params, { member, error }) => {
      const seat = this.#seatOnTurn(member)
      if (seat === undefined) throw error('not_your_turn', { whose: this.#whose() })
      if (this.state.drawn) throw error('already_drawn', {})
      return { drawn: this.#draw(seat) }
    },

    pass: (_params, { member, error }) => {
      const seat = this.#seatOnTurn(member)
      if (seat === undefined) throw error('not_your_turn', { whose: this.#whose() })
      if (!this.state.drawn) throw error('draw_first', {})
      this.#tell(undefined, { what: 'passed', who: seat.name })
      this.#pass(member.id)
    },

    deal: (_params, { member, error }) => {
      const { seats, phase } = this.state
      if (seats.size < players.fewest) throw error('too_few_players', { needed: players.fewest })
      const seat = seats.get(member.id)
      if (seat === undefined) return { dealt: false }
      if (phase !== 'playing') {
        this.#deal(seat)
        return { dealt: true }
      }
      if (!seat.again) this.#tell(undefined, { what: 'again', who: seat.name })
      seat.again = true
      return { dealt: this.#restartIfAsked() }
    },
  })

  /** A round begins; who deals plays last. */
  #deal(dealer: Seat): void {
    const { seats } = this.state
    const wasLast = this.state.result?.game === true
    const pack = this.dealer.shuffle(cards, () => this.random.number())
    const { hands, top, deck } = deal(pack, seats.size)
    for (const [index, seat] of [...seats.values()].entries()) {
      seat.hand.replace(hands[index] ?? [])
      seat.playing = true
      seat.again = false
      if (wasLast) seat.points = 0
    }
    this.#deck = deck
    this.#played = []
    this.#idle = 0
    this.state.phase = 'playing'
    this.state.top = top
    this.state.suit = suitOf(top)
    this.state.result = undefined
    this.metadata = { playing: true }
    this.#count()
    this.#tell(undefined, { what: 'dealt', who: dealer.name })
    this.#begin(this.#after(dealer.player) ?? dealer.player)
  }

  /** It is somebody's turn from now on. */
  #begin(id: string): void {
    const time = this.state.seats.get(id)?.here === false ? Math.min(this.pace.away, this.pace.turn) : this.pace.turn
    this.state.turn = id
    this.state.drawn = false
    this.state.deadline = Math.round(this.clock.time()) + time
    this.#stopClock()
    this.#stopClock = this.after(time, () => this.#late(id))
  }

  /** The time is over: a card is drawn, and the next one plays. */
  #late(id: string): void {
    const seat = this.state.seats.get(id)
    if (seat === undefined) return
    // Nobody is there whom it would keep waiting: it goes on with the first who is back.
    if (this.#isDeserted()) return
    this.#tell(undefined, { what: 'late', who: seat.name })
    if (!this.state.drawn) this.#draw(seat, 'silently')
    this.#pass(id)
  }

  #draw(seat: Seat, silently?: 'silently'): boolean {
    if (this.#deck.length === 0) {
      this.#deck = this.dealer.shuffle(this.#played, () => this.random.number())
      this.#played = []
    }
    const card = this.#deck.pop()
    this.state.drawn = true
    if (card === undefined) {
      this.#idle += 1
      return false
    }
    seat.hand.push(card)
    this.#idle = 0
    this.#count()
    if (silently === undefined) this.#tell(undefined, { what: 'drew', who: seat.name })
    return true
  }

  /** The turn is over. */
  #pass(id: string): void {
    if (this.#idle >= this.#playing().length) this.#end({ how: 'blocked', points: 0, game: false })
    else this.#begin(this.#after(id) ?? id)
  }

  #win(seat: Seat): void {
    const points = this.#playing().reduce((sum, { hand }) => sum + pointsOf([...hand]), 0)
    seat.points += points
    this.#end({ how: 'won', winner: seat.name, seat: seat.player, points, game: seat.points >= goal })
  }

  #end(result: NonNullable<FirstState<typeof Eights>['result']>): void {
    this.#stopClock()
    this.state.phase = 'over'
    this.state.turn = ''
    this.state.drawn = false
    this.state.result = result
    for (const seat of this.state.seats.values()) seat.playing = seat.again = false
    this.metadata = { playing: false }
  }

  /** Begins anew if all who play and are here have asked for that. */
  #restartIfAsked(): boolean {
    if (this.state.phase !== 'playing') return false
    const asked = this.#playing().filter(({ here }) => here)
    const [first] = asked
    if (first === undefined || !asked.every(({ again }) => again)) return false
    this.#deal(first)
    return true
  }

  #appear(member: Player, here: boolean): void {
    const seat = this.state.seats.get(member.id)
    if (seat === undefined) return
    const wasDeserted = this.#isDeserted()
    seat.here = here
    if (here && wasDeserted && this.state.phase === 'playing') this.#begin(this.state.turn)
    this.#tell(member, { what: here ? 'back' : 'away', who: seat.name })
    this.#restartIfAsked()
  }

  #isDeserted(): boolean {
    return [...this.state.seats.values()].every(({ here }) => !here)
  }

  #seatOnTurn(member: Player): Seat | undefined {
    return this.state.turn === member.id ? this.state.seats.get(member.id) : undefined
  }

  #whose(): string {
    return this.state.seats.get(this.state.turn)?.name ?? ''
  }

  #after(id: string): string | undefined {
    const { seats } = this.state
    return nextOf([...seats.keys()], id, (other) => seats.get(other)?.playing === true)
  }

  #playing(): Seat[] {
    return [...this.state.seats.values()].filter(({ playing }) => playing)
  }

  /** What all may know of cards that they do not see. */
  #count(): void {
    for (const seat of this.state.seats.values()) seat.held = seat.hand.length
    this.state.stock = this.#deck.length + this.#played.length
  }

  #tell(except: Player | undefined, happening: Happening): void {
    this.broadcast.happened(happening, except === undefined ? {} : { except })
  }
}
