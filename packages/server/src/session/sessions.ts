import type { Gauge } from '../observe/metrics.ts'
import type { Admission } from '../transport/admission.ts'
import type { Acceptor, Arrival, Connection, Refusal } from '../transport/transport.ts'
import { Session } from './session.ts'
import type { SessionEnvironment } from './session.ts'

/** The sessions of a server: takes whom admission lets in, from whichever transport. */
export class Sessions implements Acceptor {
  readonly #environment: SessionEnvironment
  readonly #admission: Admission
  readonly #sessions = new Set<Session>()
  readonly #gauge: Gauge

  constructor(environment: SessionEnvironment, admission: Admission) {
    this.#environment = environment
    this.#admission = admission
    this.#gauge = environment.metrics.gauge('connections')
  }

  /** Connections that are open. */
  get size(): number {
    return this.#sessions.size
  }

  admit(arrival: Arrival): Refusal | undefined {
    const refusal = this.#admission.judge(arrival)
    if (refusal) this.turnedAway(refusal.reason)
    return refusal
  }

  accept(connection: Connection): Session {
    const { metrics } = this.#environment
    const entry = this.#admission.entered(connection.remoteAddress)
    const session: Session = new Session(this.#environment, connection, {
      known: entry.known,
      gone: () => {
        entry.gone()
        this.#sessions.delete(session)
        this.#gauge.add(-1)
      },
    })
    this.#sessions.add(session)
    metrics.count('connections_opened')
    this.#gauge.add(1)
    return session
  }

  turnedAway(reason: string): void {
    this.#environment.metrics.count('connections_refused', { reason })
  }

  /** Tells all peers to come back later. Rooms have said goodbye before. */
  shutDown(): void {
    for (const session of this.#sessions) session.shutDown()
  }
}
