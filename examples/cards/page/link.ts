import { JuntoClient, JuntoError, select, type JoinedRoom } from '@junto/client'
import type { Mirror, StateOf } from '@junto/schema'
// The contract as a type only: its layout comes from the server, and the page holds no TypeBox.
import type { Eights } from '../contract.ts'
import { livePath, type Card, type Suit } from '../rules.ts'
import { whyGone, whyNot, whyOver, type Happening, type Refusal } from './words.ts'

/** A way to a table. */
export type Way =
  { readonly by: 'anyone' } | { readonly by: 'friends' } | { readonly by: 'code'; readonly code: string }

/** How this page stands with the server. */
export type Standing =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected' }
  /** The connection is gone; `retryAt` is when the next attempt begins, unless one is under way. */
  | { readonly state: 'away'; readonly retryAt: number | undefined; readonly offline: boolean }
  /** This page is not at the table any more. */
  | { readonly state: 'gone'; readonly message: string }

/** What this page has of the table. Hands of others are not in it. */
export type TableState = Mirror<StateOf<typeof Eights>>

/** What the page is told by its link to the table. */
export interface LinkEvents {
  /** The state is another one. */
  changed(): void
  standing(standing: Standing): void
  happened(happening: Happening): void
  /** Something that was asked for was not done. */
  refused(why: string): void
  /** The server had given the seat up: this is another one, without cards. */
  reseated(): void
}

type Table = JoinedRoom<typeof Eights>

/** The table's room on the server. The only file that knows Junto. */
export class TableLink {
  readonly #client = new JuntoClient({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${livePath}`,
    // Who loads the page again in the middle of a round finds seat and cards as they were.
    keepSession: true,
  })
  #table: Table | undefined

  /** What this page has of the table, once it sits there. */
  get state(): TableState | undefined {
    return this.#table?.state
  }

  /** The key of this page's own seat. */
  get me(): string {
    return this.#table?.memberId ?? ''
  }

  /** Whether what is asked for now is done at once. */
  get online(): boolean {
    return this.#table?.status.value.state === 'joined'
  }

  /** Milliseconds that are left of the turn, by the server's clock. */
  get timeLeft(): number {
    const table = this.#table
    return table === undefined || table.state.turn === '' ? 0 : Math.max(0, table.state.deadline - table.time.now())
  }

  /**
   * Sits down at a table; tries for as long as the server cannot be reached.
   *
   * @throws Error with what to say to people.
   */
  async sit(way: Way, name: string): Promise<void> {
    const own = { version: 1, join: { name }, patience: Infinity } as const
    try {
      switch (way.by) {
        case 'code':
          this.#table = await this.#client.joinByCode<typeof Eights>('wild-eights', way.code, own)
          break
        case 'friends':
          this.#table = await this.#client.create<typeof Eights>('wild-eights', { ...own, options: { private: true } })
          break
        case 'anyone':
          this.#table = await this.#client.joinOrCreate<typeof Eights>('wild-eights', {
            ...own,
            options: { private: false },
            where: { playing: false },
            // Rather a third one at a table than two tables of two.
            orderBy: { members: 'desc' },
          })
      }
    } catch (error) {
      throw new Error(whyGone(error instanceof JuntoError ? error.code : ''), { cause: error })
    }
  }

  /** Tells of what happens at the table from now on, and how it stands. */
  follow(events: LinkEvents): void {
    const table = this.#table
    if (table === undefined) return
    const stand = (): void => events.standing(this.#standing(table))
    select(table, (state) => state).subscribe(() => events.changed())
    table.status.subscribe(stand)
    this.#client.connection.subscribe(stand)
    table.on('happened', (happening) => events.happened(happening))
    table.onRecovery((recovery) => {
      if (recovery.outcome === 'resynced' && recovery.rejoined) events.reseated()
      events.changed()
    })
    this.#refused = (why) => events.refused(why)
    events.changed()
    stand()
  }

  /** Does not wait for the next attempt's time. */
  retry(): void {
    this.#client.connection.retry()
  }

  async play(card: Card, suit: Suit | undefined): Promise<void> {
    this.#look(await this.#table?.call.play.try(suit === undefined ? { card } : { card, suit }))
  }

  async draw(): Promise<void> {
    const outcome = await this.#table?.call.draw.try()
    this.#look(outcome)
    if (outcome?.ok === true && !outcome.value.drawn) this.#refused('There is no card left to draw. You may pass.')
  }

  async pass(): Promise<void> {
    this.#look(await this.#table?.call.pass.try())
  }

  /** Begins a round, or asks the others for another one. */
  async deal(): Promise<void> {
    this.#look(await this.#table?.call.deal.try())
  }

  /** Gets up from the table. */
  async leave(): Promise<void> {
    await this.#table?.leave()
  }

  #refused = (_why: string): void => {}

  #look(outcome: { readonly ok: true } | Refusal | undefined): void {
    if (outcome?.ok === false) this.#refused(whyNot(outcome))
  }

  #standing(table: Table): Standing {
    const status = table.status.value
    if (status.state === 'joined') return { state: 'connected' }
    if (status.state === 'left') return { state: 'gone', message: whyOver(status.error?.code ?? status.reason) }
    const connection = this.#client.connection.value
    if (connection.state !== 'waiting') return { state: 'away', retryAt: undefined, offline: !navigator.onLine }
    const { retryAt, offline } = connection
    // No time is known while the page is put aside.
    return { state: 'away', retryAt: Number.isFinite(retryAt) ? retryAt : undefined, offline }
  }
}
