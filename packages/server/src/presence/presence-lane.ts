import { JuntoError, type Clock } from '@junto/protocol'
import { pack, encodePresenceEntry, encodePresences, type PresenceFrame } from '@junto/protocol/internal'
import type { Codec } from '@junto/schema/internal'
import type { Validate } from '@junto/schema/validate'
import type { Counter } from '../observe/metrics.ts'
import type { Feed } from '../sync/feed.ts'
import type { TurnEnd } from '../sync/turn-end.ts'
import { thrownAs } from '../thrown.ts'
import { Alarm } from './alarm.ts'
import { Attendee, PresenceView, type Present } from './attendee.ts'

/** Where members may show for ever what they showed, this long is waited for those who were there before a restart: milliseconds. */
const longestReturn = 30_000

/** How a room type's presence is run; made from its contract and its definition. */
export interface PresenceSettings {
  readonly codec: Codec
  readonly check: Validate | undefined
  /** Milliseconds between what is told of changes, at least. */
  readonly interval: number
  /** Milliseconds for which a member that has lost its connection goes on to show what it showed. */
  readonly grace: number
  /** Whether members see only those that were put in their view. */
  readonly views: boolean
}

/** Parts of {@link PresenceLane}. */
export interface PresenceLaneOptions extends PresenceSettings {
  readonly clock: Clock
  readonly turnEnd: TurnEnd
  /** Bytes that one member may show, its id included. */
  readonly most: number
  /** Counts what was replaced by something newer before anybody looked at it. */
  readonly replaced: Counter
  /** What a member shows is different now. Must not throw. */
  readonly onChange: (seat: Present) => void
}

/**
 * What the members of a room show of themselves while they are there. A lane of its own: it is never saved, in no patch, and of what one
 * member shows only the newest counts.
 *
 * What comes is kept as it is, one for each member, until the next time that there is something to tell: however much comes, each member costs one
 * decoding and one encoding then. Who has lost the connection goes on to show what it showed, for a grace. Who cannot take something now is
 * told nothing until it can, and then everything.
 */
export class PresenceLane {
  readonly #options: PresenceLaneOptions
  readonly #alarm: Alarm
  /** By what users see of them. */
  readonly #attendees = new Map<object, Attendee>()
  /** Those with a connection. */
  readonly #viewers = new Set<Attendee>()
  /** Of these, those who are to be told everything. */
  readonly #fresh = new Set<Attendee>()
  /** Those who were not told yet that what they have from before a restart may be gone. */
  readonly #unsure = new Set<Attendee>()
  /** Until then those may come back who were there before a restart. */
  #returnsUntil = -Infinity
  /** Those of whom something came that was not looked at. */
  readonly #unread = new Set<Attendee>()
  /** Those whose presence changed since that was told. Some may be gone. */
  #changed = new Set<Attendee>()
  /** Something has entered or left a view since changes were told. */
  #moved = false
  /** Everything, for all who see everybody. */
  #all: Uint8Array | undefined
  /** When the next changes may be told. */
  #due = -Infinity
  /** Nobody's presence ends before. */
  #ends = Infinity

  constructor(options: PresenceLaneOptions) {
    this.#options = options
    this.#alarm = new Alarm(options.clock, options.turnEnd, () => this.#tell())
  }

  // ---- Members.

  /** Somebody is about to join. */
  admit(seat: Present, feed: Feed): Attendee {
    const attendee = new Attendee(seat, feed, this.#options.views ? new PresenceView() : undefined)
    this.#attendees.set(seat.member, attendee)
    return attendee
  }

  /** Its client has joined, or joined again having forgotten everything: what it showed before ends, unless it shows something again. */
  begin(attendee: Attendee): void {
    this.#limit(attendee, this.#options.grace)
    this.#follow(attendee)
  }

  /**
   * It was there before the server was restarted, and may be back in a moment to show again what it showed then. Until that has passed, those who
   * are back already keep what they have of it.
   */
  expectBack(): void {
    this.#returnsUntil = this.#options.clock.now() + Math.min(this.#options.grace, longestReturn)
  }

  /** Its client is back. */
  resume(attendee: Attendee): void {
    attendee.keptUntil = Infinity
    this.#follow(attendee)
  }

  /** Its connection is gone. */
  drop(attendee: Attendee): void {
    this.#read(attendee)
    this.#unfollow(attendee)
    this.#limit(attendee, this.#options.grace)
  }

  /** It has left the room. */
  remove(attendee: Attendee): void {
    if (!this.#attendees.delete(attendee.seat.member)) return
    this.#unfollow(attendee)
    this.#unread.delete(attendee)
    attendee.unread = undefined
    if (attendee.entry !== undefined) this.#set(attendee, attendee.value, undefined)
    for (const seen of attendee.view?.members ?? []) seen.view?.onlookers.delete(attendee)
    for (const seen of attendee.view?.told ?? []) seen.view?.onlookers.delete(attendee)
    for (const onlooker of attendee.view?.onlookers ?? []) onlooker.view?.members.delete(attendee)
  }

  /** What waited for its client has left. */
  drained(attendee: Attendee): void {
    if (this.#fresh.has(attendee)) this.#alarm.set(thisTurn)
  }

  // ---- What they show.

  /** A member shows something. */
  receive(attendee: Attendee, frame: PresenceFrame): void {
    if (attendee.unread !== undefined) this.#options.replaced.add()
    attendee.unread = { frame, at: this.#options.clock.now() }
    this.#unread.add(attendee)
    this.#alarm.set(this.#due)
  }

  /** What a member shows. Undefined: nothing. */
  shownBy(attendee: Attendee): unknown {
    this.#read(attendee)
    return attendee.value
  }

  // ---- Whom they see.

  /** Takes a member into view. @returns whether it was not before. @throws JuntoError `misuse` for what cannot be. */
  see(viewer: Attendee, member: object): boolean {
    const { seen, view, onlookers } = this.#sight(viewer, member, 'add')
    // Whoever has left is told of no more.
    if (view.members.has(seen) || !this.#attendees.has(viewer.seat.member)) return false
    view.members.add(seen)
    onlookers.add(viewer)
    this.#hasNews(viewer, view, seen)
    return true
  }

  /** Takes a member out of view. @returns whether it was in view before. @throws JuntoError `misuse` for what cannot be. */
  unsee(viewer: Attendee, member: object): boolean {
    if (this.#options.views && !this.#attendees.has(member)) return false
    const { seen, view } = this.#sight(viewer, member, 'remove')
    if (!view.members.delete(seen)) return false
    this.#hasNews(viewer, view, seen)
    return true
  }

  /** Whether a member is in view. */
  sees(viewer: Attendee, member: object): boolean {
    const seen = this.#attendees.get(member)
    return seen !== undefined && (viewer.view === undefined || viewer.view.members.has(seen))
  }

  #sight(viewer: Attendee, member: object, what: string) {
    const seen = this.#attendees.get(member)
    if (viewer.view === undefined) {
      throw new JuntoError(
        'misuse',
        `view.${what}(member): all members of this room see what each other shows; for views give define the option presenceViews: true`,
      )
    }
    if (seen?.view === undefined) {
      throw new JuntoError('misuse', `view.${what}(member): that is no member of this room, or has left it`)
    }
    return { seen, view: viewer.view, onlookers: seen.view.onlookers }
  }

  #hasNews(viewer: Attendee, view: PresenceView, seen: Attendee): void {
    view.news.add(seen)
    if (!this.#viewers.has(viewer)) return
    this.#moved = true
    this.#alarm.set(this.#due)
  }

  // ---- The end of a turn.

  /** Tells what there is to tell, to those who can take it. Never throws. @returns when there may be more to tell. */
  #tell(): number {
    const { clock, interval } = this.#options
    const now = clock.now()
    if (now >= this.#due) {
      for (const attendee of this.#unread) this.#read(attendee)
      if (now >= this.#ends) this.#end(now)
      if (this.#hasChanges) {
        this.#due = now + interval
        this.#tellChanges()
      }
    }
    this.#tellFresh(now >= this.#returnsUntil)
    return Math.min(
      this.#unread.size > 0 || this.#hasChanges ? this.#due : Infinity,
      this.#nextEnd,
      this.#unsure.size > 0 ? this.#returnsUntil : Infinity,
      // What is congested says when it no longer is.
      [...this.#fresh].some(({ feed }) => !feed.link.congested) ? now + interval : Infinity,
    )
  }

  get #hasChanges(): boolean {
    return this.#changed.size > 0 || this.#moved
  }

  /** When somebody's presence may end, and that may be told. */
  get #nextEnd(): number {
    return Math.max(this.#ends, this.#due)
  }

  /** Nothing is told any more. */
  close(): void {
    this.#alarm.close()
  }

  #tellChanges(): void {
    const changed = [...this.#changed]
    this.#changed = new Set()
    this.#moved = false
    for (const { seat } of changed) if (this.#attendees.has(seat.member)) this.#options.onChange(seat)
    const shared = this.#options.views ? undefined : encodePresences(changed.map(entryOf), false)
    if (shared === undefined) this.#spread(changed)
    let last: News | undefined
    for (const viewer of this.#viewers) {
      if (this.#fresh.has(viewer)) continue
      if (!canTake(viewer)) this.#fresh.add(viewer)
      else if (shared !== undefined) viewer.feed.link.sendState(shared)
      else if (viewer.view !== undefined) last = this.#tellNews(viewer, viewer.view, last)
    }
  }

  /** @param isAll Nobody else is expected to show again what was shown before a restart. */
  #tellFresh(isAll: boolean): void {
    if (isAll) {
      for (const viewer of this.#unsure) this.#fresh.add(viewer)
      this.#unsure.clear()
    }
    for (const viewer of this.#fresh) {
      if (!canTake(viewer)) continue
      this.#fresh.delete(viewer)
      if (!isAll) this.#unsure.add(viewer)
      const everything = viewer.view === undefined ? this.#everything(isAll) : everythingIn(viewer, viewer.view, isAll)
      viewer.feed.link.sendState(everything)
    }
  }

  #everything(isAll: boolean): Uint8Array {
    if (!isAll) return encodePresences(entriesOf(this.#attendees.values()), false)
    return (this.#all ??= encodePresences(entriesOf(this.#attendees.values()), true))
  }

  /** Whoever has it in view has news of it. */
  #spread(changed: readonly Attendee[]): void {
    for (const attendee of changed) {
      for (const onlooker of attendee.view?.onlookers ?? []) onlooker.view?.news.add(attendee)
    }
  }

  /** @param last What the viewer before was told: the same bytes serve those who see the same. @returns what this one was. */
  #tellNews(viewer: Attendee, view: PresenceView, last: News | undefined): News | undefined {
    const entries: Uint8Array[] = []
    for (const seen of view.news) {
      const isSeen = view.members.has(seen)
      if (isSeen && seen.entry !== undefined) {
        view.told.add(seen)
        entries.push(seen.entry)
      } else if (view.told.delete(seen)) {
        entries.push(goneOf(seen))
      }
      if (!isSeen) seen.view?.onlookers.delete(viewer)
    }
    view.news.clear()
    if (entries.length === 0) return last
    const isTheSame = last !== undefined && isSame(last.entries, entries)
    const news = isTheSame ? last : { entries, frame: encodePresences(entries, false) }
    viewer.feed.link.sendState(news.frame)
    return news
  }

  // ---- What each shows.

  #follow(attendee: Attendee): void {
    this.#viewers.add(attendee)
    this.#fresh.add(attendee)
    this.#alarm.set(thisTurn)
  }

  #unfollow(attendee: Attendee): void {
    this.#viewers.delete(attendee)
    this.#fresh.delete(attendee)
    this.#unsure.delete(attendee)
  }

  /** What it shows now is shown no longer than so many milliseconds. */
  #limit(attendee: Attendee, ms: number): void {
    attendee.keptUntil = this.#options.clock.now() + ms
    if (attendee.entry === undefined) return
    this.#ends = Math.min(this.#ends, attendee.keptUntil)
    this.#alarm.set(this.#nextEnd)
  }

  #read(attendee: Attendee): void {
    const { unread } = attendee
    if (unread === undefined) return
    attendee.unread = undefined
    this.#unread.delete(attendee)
    const { value: wire, expires } = unread.frame
    const { codec, check, most } = this.#options
    const { id } = attendee.seat
    let value: unknown
    let entry: Uint8Array | undefined
    let size = 0
    if (wire !== null) {
      try {
        value = codec.decode(wire, 'presence')
        check?.(value, 'presence')
        const own = codec.encode(value, 'presence')
        size = pack(own).length
        entry = encodePresenceEntry(id, own)
      } catch (error) {
        const why = thrownAs(error, Error)?.message ?? 'it is not what the contract says'
        attendee.seat.notice('invalid', `[N3] ${why}`)
        return
      }
      if (size > most) {
        attendee.seat.notice('too_large', `[N3] a presence of ${size} bytes, where ${most} are shown (maxPresence)`)
        return
      }
    }
    attendee.expiresAt = expires === undefined ? Infinity : unread.at + expires
    attendee.keptUntil = Infinity
    if (entry !== undefined) this.#ends = Math.min(this.#ends, attendee.expiresAt)
    if (!isEqual(attendee.entry, entry)) this.#set(attendee, value, entry)
    else this.#alarm.set(this.#nextEnd)
  }

  /** Ends what nobody has renewed in time. Looks at all of them, which is no more than telling all viewers of one end, and as often at most. */
  #end(now: number): void {
    this.#ends = Infinity
    for (const attendee of this.#attendees.values()) {
      if (attendee.entry === undefined) continue
      const end = Math.min(attendee.expiresAt, attendee.keptUntil)
      if (end <= now) this.#set(attendee, undefined, undefined)
      else this.#ends = Math.min(this.#ends, end)
    }
  }

  #set(attendee: Attendee, value: unknown, entry: Uint8Array | undefined): void {
    attendee.value = value
    attendee.entry = entry
    this.#all = undefined
    this.#changed.add(attendee)
    this.#alarm.set(this.#due)
  }
}

/** The end of this turn. */
const thisTurn = -Infinity

/** What a viewer is told, and in which bytes. */
interface News {
  readonly entries: readonly Uint8Array[]
  readonly frame: Uint8Array
}

/** All that is in its view; from here on its client has that and, if it is all, nothing else. */
function everythingIn(viewer: Attendee, view: PresenceView, isAll: boolean): Uint8Array {
  for (const seen of [...view.told, ...view.news]) if (!view.members.has(seen)) seen.view?.onlookers.delete(viewer)
  view.news.clear()
  view.told.clear()
  for (const seen of view.members) if (seen.entry !== undefined) view.told.add(seen)
  return encodePresences(entriesOf(view.members), isAll)
}

/** Whether its client has the newest state, and takes more. */
function canTake({ feed }: Attendee): boolean {
  return !feed.behind && !feed.link.congested
}

function entryOf(attendee: Attendee): Uint8Array {
  return attendee.entry ?? goneOf(attendee)
}

function entriesOf(attendees: Iterable<Attendee>): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (const { entry } of attendees) if (entry !== undefined) entries.push(entry)
  return entries
}

const gone = new WeakMap<Attendee, Uint8Array>()

/** The bytes that say that it shows nothing any more; the same each time, so that frames can be shared. */
function goneOf(attendee: Attendee): Uint8Array {
  let entry = gone.get(attendee)
  if (entry === undefined) gone.set(attendee, (entry = encodePresenceEntry(attendee.seat.id, null)))
  return entry
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index])
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
