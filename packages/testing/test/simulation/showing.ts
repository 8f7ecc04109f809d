import type { JoinedRoom } from '@junto/client'
import type { Clock } from '@junto/protocol'
import type { Member } from '@junto/server'
import type { Duel } from './duel.ts'
import type { Sim } from './contract.ts'
import type { Ledger } from './ledger.ts'

/** What a member shows of itself in the rooms of the simulation. */
export interface Shown {
  readonly n: number
}

/** A loss of the connection that is shorter must not be noticed by others: two thirds of the grace. */
const short = 3300

/** After something that may make it vanish, a presence may do so for so long: until the server has noticed, and the grace is over. */
const aftermath = 45_000

/** From and until when something may vanish. */
type Span = readonly [from: number, until: number]

interface Vanishing {
  readonly viewer: Showing
  readonly member: string
  readonly at: number
}

/** What all that show something of themselves have in common. */
export class Stage {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly #all: Showing[] = []
  readonly #vanished: Vanishing[] = []
  /** Spans in which anything may vanish: the server was away. */
  readonly #upheavals: Span[] = []
  /** Counts up whenever a server ends or begins. */
  servers = 0

  constructor(ledger: Ledger, clock: Clock) {
    this.ledger = ledger
    this.clock = clock
  }

  add(showing: Showing): void {
    this.#all.push(showing)
  }

  vanished(viewer: Showing, member: string): void {
    this.#vanished.push({ viewer, member, at: this.clock.now() })
  }

  /** The server ends, and another one begins. */
  upheaval(): void {
    this.servers++
    this.#upheavals.push(spanFrom(this.clock))
  }

  /** At the end, when it is known what happened to whom: whoever vanished had a reason to, or the other one had. */
  judge(): void {
    for (const { viewer, member, at } of this.#vanished) {
      const gone = this.#all.find(({ ids }) => ids.has(member))
      const isExcused =
        gone === undefined || gone.isRough(at) || viewer.isRough(at) || this.#upheavals.some((span) => isIn(at, span))
      if (!isExcused) this.ledger.fault(`${member} vanished for ${viewer.name} at ${at} ms, and was there`)
      this.ledger.count(isExcused ? 'vanished' : 'flickered')
    }
  }
}

/** What a program shows of itself in a room, and sees of the others. */
export class Showing {
  readonly name: string
  /** As whom others have seen it. */
  readonly ids = new Set<string>()
  readonly #stage: Stage
  readonly #room: JoinedRoom<Sim> | JoinedRoom<Duel>
  readonly #rough: Span[] = []
  readonly #seen = new Map<string, Shown>()
  /** The program is gone with its page: nobody hears what it is told. */
  #ended = false
  #downSince: number | undefined
  #n = 0

  constructor(stage: Stage, name: string, room: JoinedRoom<Sim> | JoinedRoom<Duel>) {
    this.#stage = stage
    this.#room = room
    this.name = name
    this.ids.add(room.memberId)
    stage.add(this)
    room.status.subscribe(() => this.#changed())
    room.onRecovery((recovery) => {
      if (recovery.outcome !== 'resynced' || !recovery.rejoined) return
      this.ids.add(room.memberId)
      this.rough(aftermath)
    })
    room.presence.watch({
      added: (value, id) => this.#told(id, value, !this.#seen.has(id)),
      changed: (value, id, previous) => this.#told(id, value, this.#seen.get(id) === previous && value !== previous),
      removed: (value, id) => {
        if (this.#ended) return
        if (this.#seen.get(id) !== value) stage.ledger.fault(`${name} was told that another value of ${id} is gone`)
        this.#seen.delete(id)
        stage.vanished(this, id)
      },
    })
  }

  /** Whether it may vanish for others, or others for it. */
  isRough(at: number): boolean {
    return this.#rough.some((span) => isIn(at, span))
  }

  /** It may for so long after this, whatever it is, is over. */
  rough(ms = 0): void {
    this.#rough.push(spanFrom(this.#stage.clock, ms))
  }

  show(times: number): void {
    if (this.#ended) return
    for (; times > 0; times--) this.#room.presence.set({ n: ++this.#n })
    this.#stage.ledger.count('shown')
  }

  /** For a while only. */
  showFor(ms: number): void {
    if (this.#ended) return
    this.rough(ms)
    this.#room.presence.set({ n: ++this.#n }, { expires: ms })
    this.#stage.ledger.count('shown for a while')
  }

  clear(): void {
    if (this.#ended) return
    this.rough()
    this.#room.presence.clear()
    this.#stage.ledger.count('shown no more')
  }

  end(): void {
    this.#ended = true
    this.rough(Infinity)
  }

  #told(id: string, value: Shown, fits: boolean): void {
    if (this.#ended) return
    if (!fits) this.#stage.ledger.fault(`${this.name} was told of ${id} as if it had not heard of it, or had`)
    if (id === this.#room.memberId) this.#stage.ledger.fault(`${this.name} was told of itself`)
    this.#seen.set(id, value)
    this.#stage.ledger.count('presences seen')
  }

  #changed(): void {
    const { state } = this.#room.status.value
    const now = this.#stage.clock.now()
    if (state === 'left') return this.rough(Infinity)
    if (state === 'reconnecting') {
      this.#downSince ??= now
      return
    }
    if (this.#downSince !== undefined && now - this.#downSince > short) {
      this.#rough.push([this.#downSince, now + aftermath])
    }
    this.#downSince = undefined
  }

  /** When all is quiet: everybody sees what each shows. */
  prove(members: ReadonlyMap<string, Member<Sim> | Member<Duel>>): void {
    if (this.#ended || this.#room.status.value.state !== 'joined') return
    const { own, others } = this.#room.presence
    const { memberId } = this.#room
    const fault = (what: string): void => this.#stage.ledger.fault(`${this.name}: ${what}`)
    const expected = new Map<string, Shown>()
    for (const [id, { presence }] of members) if (id !== memberId && presence !== undefined) expected.set(id, presence)
    const text = (map: ReadonlyMap<string, Shown>): string => JSON.stringify([...map].toSorted(byId))
    const known = members.get(memberId)?.presence
    if (known?.n !== own?.n) fault(`shows ${JSON.stringify(own)}, and the server has ${JSON.stringify(known)}`)
    if (text(others) !== text(expected)) fault(`sees ${text(others)}, and what is shown is ${text(expected)}`)
    if (text(others) !== text(this.#seen)) fault(`sees ${text(others)}, and was told of ${text(this.#seen)}`)
    this.#stage.ledger.count('presences right', expected.size)
  }
}

function byId([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1
}

/** Also what happened shortly before: one side may hear of it earlier than the other. */
function spanFrom(clock: Clock, ms = 0): Span {
  const now = clock.now()
  return [now - 20_000, now + ms + aftermath]
}

function isIn(at: number, [from, until]: Span): boolean {
  return from <= at && at <= until
}
