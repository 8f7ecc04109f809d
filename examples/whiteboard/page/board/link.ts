import { JuntoClient, JuntoError, type JoinedRoom } from '@junto/client'
// The contract as a type only: its layout comes from the server, and the page holds no TypeBox.
import type { Whiteboard } from '../../contract.ts'
import { bounds, livePath, type Point } from '../../board.ts'
import { randomText } from '../../../stage/page/names.ts'
import { boardTitle } from '../names.ts'
import type { Person } from '../ui/people.ts'
import type { Standing } from '../ui/status.ts'
import type { Erasures } from './erasures.ts'
import type { OwnInk, Piece } from './own-ink.ts'
import type { SharedStrokes } from './scene.ts'

/** What the page is told by its link to the board. */
export interface LinkEvents {
  standing(standing: Standing): void
  /** The state as a whole is new: joined, or joined again. */
  renewed(): void
  /** A stroke of the state was added, changed or removed. */
  stroke(id: string): void
  people(): void
  /** Somebody points at a place, or at nothing any more. */
  pointed(member: string, at: Point | undefined): void
  cleared(by: string): void
  confirmClear(by: string, signal: AbortSignal): Promise<boolean>
  /** The server did not take a stroke. */
  refused(why: string): void
}

type BoardRoom = JoinedRoom<typeof Whiteboard>

// So many pieces are under way at most; on a slow line points gather meanwhile and leave in larger pieces.
const mostUnderWay = 24
// Somebody who has not moved for so long is probably not pointing at anything: ms.
const restsAfter = 20_000
const nothing: ReadonlyMap<string, never> = new Map<string, never>()

/** The board's room on the server: what this page sends to it and learns from it. */
export class BoardLink {
  readonly #key: string
  readonly #own: OwnInk
  readonly #erasures: Erasures
  readonly #events: LinkEvents
  readonly #client: JuntoClient
  #name: string
  #room: BoardRoom | undefined
  #refused: string | undefined
  #run: number | undefined
  #at: Point | undefined
  #lostAt = 0
  #returning = false
  #underWay = 0
  #answered = 0

  constructor(key: string, name: string, own: OwnInk, erasures: Erasures, events: LinkEvents) {
    this.#key = key
    this.#name = name
    this.#own = own
    this.#erasures = erasures
    this.#events = events
    // Made anew for each page: that is what the server recognises the page's own strokes by when it comes back.
    const token = randomText(24)
    const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${livePath}`
    this.#client = new JuntoClient({ url, auth: () => token })
    this.#client.connection.subscribe(() => this.#stand())
    void this.open()
  }

  /** Whether what is sent now arrives. */
  get online(): boolean {
    return this.#room?.status.value.state === 'joined'
  }

  /** Since when the server owes an answer, by `performance.now()`; undefined when it owes none. */
  get unansweredSince(): number | undefined {
    return this.#underWay > 0 ? this.#answered : undefined
  }

  /** This page's member id. */
  get me(): string | undefined {
    return this.#room?.memberId
  }

  get title(): string {
    return this.#room?.state.title ?? boardTitle(this.#key)
  }

  get strokes(): SharedStrokes {
    return this.#room?.state.strokes ?? nothing
  }

  get people(): ReadonlyMap<string, Person> {
    return this.#room?.state.people ?? nothing
  }

  /** Where the others point, by member id. */
  get pointers(): ReadonlyMap<string, { readonly at: Point }> {
    return this.#room?.presence.others ?? nothing
  }

  /** Joins the board; tries for as long as it takes, unless the server refuses. */
  async open(): Promise<void> {
    this.#refused = undefined
    this.#room = undefined
    this.#stand()
    try {
      const room = await this.#client.open<typeof Whiteboard>('whiteboard', {
        version: 1,
        key: this.#key,
        // Asked again at each rejoin: both may have changed by then.
        join: () => ({ name: this.#name, awake: !document.hidden }),
        options: { title: boardTitle(this.#key) },
        patience: Infinity,
      })
      this.#joined(room)
    } catch (error) {
      this.#refused = whyNot(error)
      this.#stand()
    }
  }

  /** Does not wait for the next attempt's time. */
  retry(): void {
    this.#client.connection.retry()
  }

  /** Sends what was drawn and erased since; to be called in each frame. */
  send(): void {
    const room = this.#room
    if (room === undefined || !this.online) return
    for (const piece of this.#own.take(mostUnderWay - this.#underWay)) void this.#draw(room, piece)
    const ids = this.#erasures.take(bounds.strokesPerErase)
    if (ids.length > 0) void this.#erase(room, ids)
  }

  /** Shows the others where this page's pointer is, or that it left the sheet. As often as one likes: the newest of it is sent. */
  point(at: Point | undefined): void {
    this.#at = at
    if (at === undefined) this.#room?.presence.clear()
    else this.#room?.presence.set({ at: [at[0], at[1]] }, { expires: restsAfter })
  }

  rename(name: string): void {
    this.#name = name
    this.#room?.send.rename(name)
  }

  /** Whether this page is in front of somebody. */
  wake(awake: boolean): void {
    this.#room?.send.wake(awake)
  }

  /** Clears the board, once the others agree. Resolves with what to tell. */
  async clear(signal: AbortSignal): Promise<{ good: boolean; text: string } | undefined> {
    if (this.#room === undefined) return { good: false, text: 'The board can be cleared when the server is back.' }
    const outcome = await this.#room.call.clear.try(undefined, { signal })
    if (outcome.ok) return { good: true, text: 'The board is clear.' }
    if (outcome.code === 'declined')
      return { good: true, text: `${outcome.data.by} would like to keep the board as it is.` }
    if (outcome.code === 'asked') return { good: true, text: `${outcome.data.by} is asking already.` }
    if (outcome.code === 'cancelled') return undefined
    if (outcome.code === 'disconnected' || outcome.code === 'outcome_unknown') {
      return { good: false, text: 'The connection was lost while asking.' }
    }
    return { good: false, text: `The board was not cleared: ${outcome.message}` }
  }

  #joined(room: BoardRoom): void {
    this.#room = room
    room.status.subscribe(() => {
      if (room.status.value.state === 'reconnecting') this.#lostAt = performance.now()
      this.#stand()
    })
    room.onRecovery(({ outcome }) => {
      if (outcome === 'resynced') this.#renew(room)
      // Nothing was lost: what was under way has arrived, or does so now.
      if (outcome === 'resumed') this.#resume(room)
    })
    room.on('cleared', ({ by }) => this.#events.cleared(by))
    const pointed = ({ at }: { readonly at: Point }, member: string): void => this.#events.pointed(member, at)
    room.presence.watch({
      added: pointed,
      changed: pointed,
      removed: (_presence, member) => this.#events.pointed(member, undefined),
    })
    this.point(this.#at)
    room.answer('confirmClear', ({ by }, { signal }) => this.#events.confirmClear(by, signal))
    const people = (): void => this.#events.people()
    room.watch((state) => state.people, { added: people, changed: people, removed: people })
    room.watch((state) => state.strokes, {
      added: (_stroke, id) => this.#events.stroke(id),
      changed: (_stroke, id) => this.#events.stroke(id),
      removed: (_stroke, id) => this.#events.stroke(id),
    })
    this.#renew(room)
    this.#stand()
  }

  #renew(room: BoardRoom): void {
    const { run, strokes } = room.state
    this.#own.rejoined(strokes, run === this.#run ? undefined : this.#lostAt)
    this.#erasures.rejoined(strokes)
    this.#run = run
    this.#events.renewed()
    this.#events.people()
    this.#resume(room)
  }

  #resume(room: BoardRoom): void {
    this.#introduce(room)
    // Not in the next frame: a page in the background has none.
    this.send()
  }

  /** Tells what has changed since the join left: until it was answered, there was nobody to be told. */
  #introduce(room: BoardRoom): void {
    const me = room.state.people.get(room.memberId)
    if (me === undefined) return
    if (me.name !== this.#name) room.send.rename(this.#name)
    if (me.awake === document.hidden) room.send.wake(!document.hidden)
  }

  async #draw(room: BoardRoom, piece: Piece): Promise<void> {
    this.#begin()
    const outcome = await room.call.draw.try(piece)
    this.#settle()
    if (!outcome.ok) {
      switch (outcome.code) {
        case 'disconnected':
        case 'outcome_unknown':
          // Sending goes on after the reconnect, from wherever the state then is.
          return
        case 'timeout':
        case 'rate_limited':
          this.#own.resend(piece.id, room.state.strokes.get(piece.id))
          break
        case 'full':
          this.#refuse(
            piece,
            `This board is full: it holds ${outcome.data.limit} strokes. Erase some, or begin a new board.`,
          )
          break
        default:
          this.#refuse(piece, `The server did not take this stroke: ${outcome.message}`)
      }
    }
    this.send()
  }

  #begin(): void {
    if (this.#underWay === 0) this.#answered = performance.now()
    this.#underWay += 1
  }

  #settle(): void {
    this.#underWay -= 1
    this.#answered = performance.now()
  }

  #refuse(piece: Piece, why: string): void {
    this.#own.drop(piece.id)
    this.#events.refused(why)
  }

  async #erase(room: BoardRoom, ids: string[]): Promise<void> {
    this.#begin()
    const outcome = await room.call.erase.try({ ids })
    this.#settle()
    if (outcome.ok || outcome.code === 'disconnected' || outcome.code === 'outcome_unknown') return
    for (const id of ids) {
      this.#erasures.settle(id)
      this.#events.stroke(id)
    }
    this.#events.refused(`The server did not erase that: ${outcome.message}`)
  }

  #stand(): void {
    // A server that stops puts everybody out before it closes the connection: that is not yet a return.
    if (this.#room?.status.value.state !== 'reconnecting') this.#returning = false
    else if (this.#client.connection.state !== 'open') this.#returning = true
    this.#events.standing(this.#standing())
  }

  #standing(): Standing {
    const connection = this.#client.connection.value
    const status = this.#room?.status.value
    if (this.#refused !== undefined) return { state: 'refused', message: this.#refused }
    if (status?.state === 'joined') return { state: 'connected' }
    if (status?.state === 'left')
      return { state: 'refused', message: status.error === undefined ? status.message : whyNot(status.error) }
    if (connection.state === 'waiting') {
      const { retryAt, offline } = connection
      // No time is known while the page is put aside.
      return { state: 'away', retryAt: Number.isFinite(retryAt) ? retryAt : undefined, offline }
    }
    if (this.#returning && connection.state === 'open') return { state: 'catching-up' }
    const first = status === undefined && (connection.state !== 'connecting' || connection.attempt === 1)
    return first ? { state: 'connecting' } : { state: 'away', retryAt: undefined, offline: !navigator.onLine }
  }
}

/** Why a board cannot be opened, for people. */
function whyNot(error: unknown): string {
  if (error instanceof JuntoError && error.code === 'room_full') return 'There are too many people at it at the moment.'
  if (error instanceof JuntoError && error.code === 'incompatible') {
    return 'The whiteboard has become a newer one since this page was opened: please reload the page.'
  }
  return error instanceof Error ? error.message : String(error)
}
