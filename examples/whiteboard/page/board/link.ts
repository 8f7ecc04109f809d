import {
  JuntoClient,
  JuntoError,
  optimistic,
  undoing,
  type JoinedRoom,
  type Undoing,
  type UndoOutcome,
} from '@junto/client'
// The contract as a type only: its layout comes from the server, and the page holds no TypeBox.
import type { Whiteboard } from '../../contract.ts'
import { bounds, livePath, type Point } from '../../board.ts'
import { whiteboardMutators } from '../../mutators.ts'
import { randomText } from '../../../stage/page/names.ts'
import { boardTitle } from '../names.ts'
import type { Person } from '../ui/people.ts'
import type { Standing } from '../ui/status.ts'
import type { Line } from './line.ts'
import type { Board, SharedPen, SharedStroke } from './scene.ts'
import { Unsaved } from './unsaved.ts'

/** What the page is told by its link to the board. */
export interface LinkEvents {
  standing(standing: Standing): void
  /** The board is here, and whole. */
  opened(): void
  /** A stroke was added, changed, removed or confirmed. */
  stroke(id: string): void
  /** Somebody's line grows, or ends. */
  pens(): void
  people(): void
  /** Somebody points at a place, or at nothing any more. */
  pointed(member: string, at: Point | undefined): void
  cleared(by: string): void
  confirmClear(by: string, signal: AbortSignal): Promise<boolean>
  /** Something was not done, or was taken back again. */
  refused(why: string): void
  /** What there is to undo and to redo has changed. */
  steps(canUndo: boolean, canRedo: boolean): void
}

type BoardRoom = JoinedRoom<typeof Whiteboard>

// Somebody who has not moved for so long is probably not pointing at anything: ms.
const restsAfter = 20_000
const nothing: ReadonlyMap<string, never> = new Map<string, never>()

/** The board's room on the server: what this page sends to it and learns from it. */
export class BoardLink implements Board {
  readonly #key: string
  readonly #events: LinkEvents
  readonly #client: JuntoClient
  #name: string
  #room: BoardRoom | undefined
  #steps: Undoing | undefined
  readonly #unconfirmed = new Set<string>()
  readonly #unsaved = new Unsaved()
  /** The line that the others see growing, and how many of its points they were sent. */
  #line: Line | undefined
  #sent = 0
  #refused: string | undefined
  #run: number | undefined
  #at: Point | undefined
  #lostAt = 0
  #returning = false
  #underWay = 0
  #settledAt = 0

  constructor(key: string, name: string, events: LinkEvents) {
    this.#key = key
    this.#name = name
    this.#events = events
    // Made anew for each page: that is what the server recognises the page's own strokes by when it comes back.
    const token = randomText(24)
    const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${livePath}`
    this.#client = new JuntoClient({ url, auth: () => token })
    this.#client.connection.subscribe(() => this.#stand())
    void this.join()
  }

  /** Whether what is sent now arrives. */
  get online(): boolean {
    return this.#room?.status.value.state === 'joined'
  }

  /** Since when the server owes an answer, by `performance.now()`; undefined when it owes none. */
  get unansweredSince(): number | undefined {
    return this.#underWay > 0 ? this.#settledAt : undefined
  }

  /** This page's member id. */
  get me(): string | undefined {
    return this.#room?.memberId
  }

  get title(): string {
    return this.#room?.state.title ?? boardTitle(this.#key)
  }

  /** Whether there is a board to draw on. */
  get open(): boolean {
    return this.#room !== undefined
  }

  get strokes(): ReadonlyMap<string, SharedStroke> {
    return this.#room?.state.strokes ?? nothing
  }

  get pens(): ReadonlyMap<string, SharedPen> {
    return this.#room?.state.pens ?? nothing
  }

  get unconfirmed(): ReadonlySet<string> {
    return this.#unconfirmed
  }

  get people(): ReadonlyMap<string, Person> {
    return this.#room?.state.people ?? nothing
  }

  /** Where the others point, by member id. */
  get pointers(): ReadonlyMap<string, { readonly at: Point }> {
    return this.#room?.presence.others ?? nothing
  }

  /** Joins the board; tries for as long as it takes, unless the server refuses. */
  async join(): Promise<void> {
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
        // What is done here shows at once, and what the server makes of it when that is known.
        mutators: optimistic(whiteboardMutators),
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

  /** Shows the others how a line grows, as often as one likes. They get the stroke itself from `add`. */
  grow(line: Line): void {
    const room = this.#room
    if (room === undefined || !this.online) return
    if (line !== this.#line) this.#sent = 0
    this.#line = line
    const { id, color, width } = line
    while (this.#sent < line.points.length) {
      const points = line.points.slice(this.#sent, this.#sent + bounds.pointsPerPiece)
      room.send.ink({ id, color, width, from: this.#sent, points })
      this.#sent += points.length
    }
  }

  /** The line has ended. */
  lift(): void {
    if (this.#line !== undefined && this.online) this.#room?.send.lift()
    this.#line = undefined
  }

  /** All that is added and erased until the returned function is called is one step of undo. */
  gesture(): () => void {
    return this.#steps?.group() ?? (() => {})
  }

  add(line: Line): void {
    if (this.#room !== undefined) void this.#add(this.#room, line)
  }

  erase(ids: string[]): void {
    for (let from = 0; from < ids.length; from += bounds.strokesPerErase) {
      void this.#erase(ids.slice(from, from + bounds.strokesPerErase))
    }
  }

  undo(): void {
    void this.#take(this.#steps?.undo())
  }

  redo(): void {
    void this.#take(this.#steps?.redo())
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
    const agreed = await this.#room.call.askToClear.try(undefined, { signal })
    const outcome = agreed.ok ? await this.#answered(this.#room.mutate.clear.try()) : agreed
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
    // A gesture is a step, however fast one follows upon another.
    const steps = (this.#steps = undoing(room, { pause: 0 }))
    const tell = (): void => this.#events.steps(steps.canUndo.value, steps.canRedo.value)
    steps.canUndo.subscribe(tell)
    steps.canRedo.subscribe(tell)
    room.status.subscribe(() => {
      if (room.status.value.state === 'reconnecting') this.#lostAt = performance.now()
      this.#stand()
    })
    room.onRecovery(({ outcome }) => {
      if (outcome === 'resynced') this.#recover(room)
      if (outcome === 'resynced' || outcome === 'resumed') this.#introduce(room)
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
      removed: (_stroke, id) => {
        // Of a board that was taken from the store, it may never have been saved.
        if (room.state.run === this.#run) this.#unsaved.forget(id)
        this.#events.stroke(id)
      },
    })
    const pens = (): void => this.#events.pens()
    room.watch((state) => state.pens, { added: pens, changed: pens, removed: pens })
    this.#run = room.state.run
    this.#events.opened()
    this.#events.people()
    tell()
    this.#introduce(room)
    this.#stand()
  }

  /** The server may have died before it had saved what it confirmed. */
  #recover(room: BoardRoom): void {
    const { run, strokes } = room.state
    if (run !== this.#run) for (const line of this.#unsaved.missing(strokes, this.#lostAt)) this.add(line)
    this.#run = run
  }

  /** Tells what has changed while there was nobody to be told. */
  #introduce(room: BoardRoom): void {
    // The server has put the pens of those away who were gone.
    this.#line = undefined
    this.#settledAt = performance.now()
    const me = room.state.people.get(room.memberId)
    if (me === undefined) return
    if (me.name !== this.#name) room.send.rename(this.#name)
    if (me.awake === document.hidden) room.send.wake(!document.hidden)
  }

  async #add(room: BoardRoom, line: Line): Promise<void> {
    this.#unconfirmed.add(line.id)
    // It shows from here on.
    const outcome = await this.#answered(room.mutate.add.try(line))
    this.#unconfirmed.delete(line.id)
    this.#events.stroke(line.id)
    if (outcome.ok) this.#unsaved.keep(line, performance.now())
    else if (outcome.code === 'full') {
      const { limit } = outcome.data
      this.#events.refused(`This board is full: it holds ${limit} strokes. Erase some, or begin a new board.`)
    } else this.#events.refused(`The server did not take this stroke: ${outcome.message}`)
  }

  async #erase(ids: string[]): Promise<void> {
    if (this.#room === undefined) return
    const outcome = await this.#answered(this.#room.mutate.erase.try({ ids }))
    if (!outcome.ok) this.#events.refused(`The server did not erase that: ${outcome.message}`)
  }

  async #take(outcome: Promise<UndoOutcome> | undefined): Promise<void> {
    if (outcome === undefined) return
    try {
      const { done, skipped, forgotten } = await this.#answered(outcome)
      if (done > 0) return
      if (skipped > 0) this.#events.refused('Somebody has changed that since.')
      else if (forgotten > 0) this.#events.refused('The server does not remember that any more.')
    } catch (error) {
      this.#events.refused(`That was not taken back: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** Counts what the server owes an answer for. */
  async #answered<T>(answer: Promise<T>): Promise<T> {
    if (this.#underWay === 0) this.#settledAt = performance.now()
    this.#underWay += 1
    try {
      return await answer
    } finally {
      this.#underWay -= 1
      this.#settledAt = performance.now()
    }
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
  const code = error instanceof JuntoError ? error.code : ''
  return reasons[code] ?? (error instanceof Error ? error.message : String(error))
}

const reasons: Readonly<Record<string, string>> = {
  room_full: 'There are too many people at it at the moment.',
  incompatible: 'The whiteboard has become a newer one since this page was opened: please reload the page.',
  store_failed:
    'It cannot be read: another version of the whiteboard has saved it, or its file is damaged. The file stays as it is, and the log of the server says more.',
}
