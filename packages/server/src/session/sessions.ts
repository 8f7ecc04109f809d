import { closeCodes, JuntoError } from '@junto/protocol'
import type { RandomSource } from '@junto/protocol'
import type { HelloFrame } from '@junto/protocol/internal'
import type { Counter, Gauge } from '../observe/metrics.ts'
import { Traffic } from '../observe/traffic.ts'
import type { Admission } from '../transport/admission.ts'
import type { Acceptor, Arrival, Connection, Refusal } from '../transport/transport.ts'
import { AckTimer } from './ack-timer.ts'
import { AwaySessions } from './away-sessions.ts'
import { DueQueue } from './due-queue.ts'
import { Line } from './line.ts'
import type { LineHost } from './line.ts'
import type { Membership } from './membership.ts'
import { OutboxTotal } from './outbox-total.ts'
import { ResumeMemory } from './resume-memory.ts'
import { Session } from './session.ts'
import type { SessionEnvironment, SessionHost } from './session.ts'

/** What sessions need of their server. */
export interface SessionsEnvironment extends Omit<
  SessionEnvironment,
  'acks' | 'memory' | 'unseated' | 'outboxes' | 'admission' | 'traffic' | 'isStopping'
> {
  readonly random: RandomSource
}

/**
 * The sessions of a server, and the lines on which they come: takes whom admission lets in, from whichever transport, and finds the
 * session of who comes back.
 */
export class Sessions implements Acceptor, LineHost, SessionHost {
  readonly #environment: SessionEnvironment
  readonly #random: RandomSource
  readonly #admission: Admission
  /** Each with what to tell admission. */
  readonly #lines = new Map<Line, ReturnType<Admission['entered']>>()
  /** Those that may be resumed, by id. */
  readonly #resumable = new Map<string, Session>()
  /** Those without a line. */
  readonly #away: AwaySessions<Session>
  readonly #counts: {
    readonly opened: Counter
    readonly connections: Gauge
    readonly away: Gauge
  }
  #stopping = false

  constructor(environment: SessionsEnvironment, admission: Admission) {
    const { clock, limits, metrics, random } = environment
    this.#admission = admission
    this.#random = random
    this.#away = new AwaySessions(clock, limits.resumeWindow, (session) => {
      this.#expire(session, 'window')
      this.#counts.away.set(this.#away.size)
    })
    this.#counts = {
      opened: metrics.counter('connections_opened'),
      connections: metrics.gauge('connections'),
      away: metrics.gauge('sessions_away'),
    }
    const traffic = new Traffic(metrics)
    // Holds on to no session: what is counted belongs to the metrics.
    metrics.beforeReading(() => traffic.report())
    this.#environment = {
      ...environment,
      traffic,
      acks: new AckTimer(clock, limits.ackDelay),
      outboxes: new OutboxTotal(limits.maxOutboxTotal, metrics.gauge('outbox_bytes')),
      memory: new ResumeMemory(clock, limits.maxResumeTotal, metrics.gauge('resume_bytes'), (bytes) =>
        this.#relieve(bytes),
      ),
      unseated: new DueQueue<Membership>(clock, limits.resumeWindow, (membership) => membership.giveUp('disconnected')),
      admission,
      isStopping: () => this.#stopping,
    }
  }

  /** Connections that are open. */
  get size(): number {
    return this.#lines.size
  }

  /** Sessions that could be resumed: those with a connection, and those that are away. */
  get resumable(): number {
    return this.#resumable.size
  }

  // ---- What transports tell.

  admit(arrival: Arrival): Refusal | undefined {
    const refusal = this.#admission.judge(arrival)
    if (refusal) this.turnedAway(refusal.reason)
    return refusal
  }

  accept(connection: Connection): Line {
    const line = new Line(this.#environment, connection, this)
    this.#lines.set(
      line,
      this.#admission.entered(connection.remoteAddress, () => line.close(closeCodes.overloaded)),
    )
    this.#counts.opened.add()
    this.#counts.connections.add(1)
    return line
  }

  turnedAway(reason: string): void {
    this.#environment.metrics.count('connections_refused', { reason })
  }

  // ---- What lines tell.

  hello(line: Line, hello: HelloFrame): void {
    if (this.#stopping) return line.close(closeCodes.shuttingDown, 'shutdown')
    const session = this.#resumable.get(hello.session)
    if (session === undefined) return this.#begin(line, hello)
    const verdict = session.check(hello.secret)
    if (verdict !== 'valid') return this.refuse(line, verdict)
    if (!session.isWorthKeeping) {
      session.replace()
      return this.#begin(line, hello)
    }
    if (hello.resume !== undefined) return session.resume(line, hello, hello.resume)
    this.#environment.metrics.count('resumes_refused', { reason: 'no_resume' })
    const message = '[K4] a session of this id goes on here: a hello that is to come back to it says so by resume'
    line.refuse(closeCodes.sessionLost, 'invalid', message)
  }

  gone(line: Line): void {
    this.#lines.get(line)?.gone()
    this.#lines.delete(line)
    this.#counts.connections.add(-1)
  }

  #begin(line: Line, hello: HelloFrame): void {
    try {
      this.#environment.quotas.beginning(line.connection.remoteAddress)
    } catch (error) {
      if (!(error instanceof JuntoError)) throw error
      return line.refuse(closeCodes.flooding, error.code, error.message)
    }
    if (hello.resume) this.#environment.metrics.count('resumes', { outcome: 'lost' })
    const session = new Session(this.#environment, this, line, hello)
    if (session.isResumable) this.#resumable.set(session.id, session)
    session.begin(line, hello)
  }

  // ---- What sessions tell.

  away(session: Session): void {
    this.#away.add(session, session.info.connection.remoteAddress)
    const { maxAwaySessions } = this.#environment.limits
    while (this.#away.size > maxAwaySessions) {
      const { surplus } = this.#away
      if (surplus === undefined) break
      this.#away.delete(surplus)
      this.#expire(surplus, 'max_away')
    }
    this.#counts.away.set(this.#away.size)
  }

  back(session: Session): void {
    if (this.#away.delete(session)) this.#counts.away.set(this.#away.size)
  }

  ended(session: Session): void {
    this.back(session)
    if (this.#resumable.get(session.id) === session) this.#resumable.delete(session.id)
  }

  /** Before anything is done to the session: whoever does not know its secret changes nothing about it. */
  refuse(line: Line, reason: 'wrong_secret' | 'retired_secret'): void {
    const { logger, metrics } = this.#environment
    metrics.count('resumes_refused', { reason })
    if (reason === 'retired_secret') {
      logger.warn(
        'Security: a secret of a session was shown that has been replaced. A copy of it is in other hands, or a client resumed twice.',
        line.fields(),
      )
    }
    line.refuse(closeCodes.sessionLost, 'unauthorized', 'this session is not known by this secret: begin another')
  }

  known(line: Line): void {
    this.#lines.get(line)?.known()
  }

  #expire(session: Session, reason: 'window' | 'max_away'): void {
    this.#environment.metrics.count('sessions_expired', { reason })
    session.expire()
  }

  /**
   * Too much is kept for clients: for those who are away, from the address with most first; then for those who are there and do not
   * acknowledge in time what they get. What is kept for the others is on its way.
   */
  #relieve(bytes: number): void {
    const { memory, metrics } = this.#environment
    const enough = memory.bytes - bytes
    for (const session of this.#away.byKept()) {
      if (memory.bytes <= enough) return
      metrics.count('resume_buffers_dropped')
      session.forfeit()
    }
    const silent = [...this.#resumable.values()].filter((session) => session.isSilent)
    for (const session of silent.toSorted((a, b) => b.kept - a.kept)) {
      if (memory.bytes <= enough) return
      session.dropLine()
      session.forfeit()
    }
  }

  // ---- The end.

  /** The server stops: clients are heard out, and nothing new is done for them. */
  takeNoMore(): void {
    this.#stopping = true
  }

  /**
   * Tells all clients to come back later: a batch at a time, so that the next server is not asked by all of them at once. Rooms have said
   * goodbye before.
   *
   * @param within Milliseconds for all of them.
   */
  async sendAway(within: number): Promise<void> {
    const { clock, limits } = this.#environment
    this.#stopping = true
    for (const session of this.#resumable.values()) session.endAway()
    const lines = [...this.#lines.keys()]
    const batches = Math.ceil(lines.length / limits.drainBatch)
    const pause = Math.min(limits.drainPause, within / batches)
    for (let first = 0; first < lines.length; first += limits.drainBatch) {
      // Of any length between half and one and a half: those of several servers do not keep step.
      if (first > 0) await new Promise<void>((resolve) => clock.after(pause * (0.5 + this.#random.number()), resolve))
      for (const line of lines.slice(first, first + limits.drainBatch)) line.close(closeCodes.shuttingDown, 'shutdown')
    }
    // Those who came back meanwhile to what they had.
    for (const line of this.#lines.keys()) line.close(closeCodes.shuttingDown, 'shutdown')
  }

  /** Ends all connections at once, also of peers who do not answer that they have been told. */
  cutOff(): void {
    for (const line of this.#lines.keys()) line.cutOff()
  }
}
