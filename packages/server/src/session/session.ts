import { closeCodes, JuntoError } from '@junto/protocol'
import type { CloseCode, ErrorCode } from '@junto/protocol'
import {
  encodeFrame,
  frameOverhead,
  errorToWire,
  FrameType,
  isNumbered,
  LatestSlots,
  ForfeitingLink,
  refuseTooLarge,
} from '@junto/protocol/internal'
import type {
  Frame,
  HelloFrame,
  JoinFrame,
  LinkFrame,
  ResumeRequest,
  Resumed,
  SentFrame,
} from '@junto/protocol/internal'
import { heldSize } from '../limits/held-size.ts'
import { Inflow } from '../limits/inflow.ts'
import type { InflowHost } from '../limits/inflow.ts'
import type { Allowance } from '../limits/message-limits.ts'
import { Strikes } from '../limits/strikes.ts'
import { TokenBucket } from '../limits/token-bucket.ts'
import type { LooseDelivery, LeaveReason, Rooms, Seat, SessionInfo, ConnectionInfo } from '../room/seat.ts'
import type { AckTimer } from './ack-timer.ts'
import { Acks } from './acks.ts'
import type { DueQueue } from './due-queue.ts'
import { EndedRefs } from './ended-refs.ts'
import { connectionInfo } from './line.ts'
import type { Line, LineEnd, LineEnvironment } from './line.ts'
import { Membership } from './membership.ts'
import type { MembershipHost, Readmission } from './membership.ts'
import type { OutboxSource } from './outbox.ts'
import type { ResumeMemory } from './resume-memory.ts'
import { SessionSecret } from './secret.ts'
import type { SecretVerdict } from './secret.ts'

/** Milliseconds after which a join may be asked for again that was one too many at once. */
const joinAgain = 1000

/** What all sessions of a server share. */
export interface SessionEnvironment extends LineEnvironment {
  readonly rooms: Rooms
  readonly acks: AckTimer
  readonly memory: ResumeMemory
  /** Memberships that clients have forgotten and may take again: at last they expire. */
  readonly unseated: DueQueue<Membership>
}

/** Whom a session tells about itself. */
export interface SessionHost {
  /** It has no line any more. To be ended when its time is over, see {@link Session.expire}. */
  away(session: Session): void
  /** It has a line again. */
  back(session: Session): void
  ended(session: Session): void
  /** A line is that of a session from now on. */
  known(line: Line): void
  /** Somebody came with a secret that is not that of the session. */
  refuse(line: Line, verdict: Exclude<SecretVerdict, 'valid'>): void
}

/**
 * - `attached`: it has a line, and everything flows.
 * - `away`: it has none. What is said to its client is kept. `overdue`: it has been away for longer than it may by now, and ends if nobody
 *   of those who are being judged gets in.
 * - `ended`: it is over.
 */
type State =
  | { readonly kind: 'attached'; readonly line: Line }
  | { readonly kind: 'away'; overdue: boolean }
  | { readonly kind: 'ended' }

/** A resume that says what it has received. */
type Resumption = ResumeRequest & { readonly received: number }

/**
 * Somebody who knows the secret and wants to go on with the session. While rooms are asked whether it may, nothing happens to the session,
 * nor to its line if it has one.
 */
interface Candidate {
  readonly line: Line
  readonly hello: HelloFrame
  readonly request: Resumption
  readonly connection: ConnectionInfo
  /** Aborted when nobody waits for what rooms say about it. */
  readonly stop: AbortController
  /** Its client has said goodbye meanwhile: if it may, it ends the session. */
  goodbye: boolean
}

/** What rooms said about a candidate. */
type Verdicts = ReadonlyMap<Membership, Readmission>

/**
 * One client and what it may do: join and leave rooms, and talk with those it has joined. Outlives its lines, when the client gave it a
 * secret by which to know it: what is said to the client meanwhile is kept by its link, and what the client said is taken once.
 */
export class Session implements MembershipHost, OutboxSource, InflowHost {
  readonly info: SessionInfo
  readonly #environment: SessionEnvironment
  readonly #host: SessionHost
  readonly #secret: SessionSecret | undefined
  /** Without a secret nobody can come back, so nothing is numbered and kept. */
  readonly #link: ForfeitingLink | undefined
  readonly #acks: Acks | undefined
  readonly #inflow: Inflow
  readonly #ended: EndedRefs
  readonly #memberships = new Map<number, Membership>()
  #state: State = { kind: 'away', overdue: false }
  #wasSeated = false
  /** What the client accepts. */
  #peer = { maxFrame: 0 }
  // What few sessions need is made on first use.
  #strikes: Strikes | undefined
  #latest: LatestSlots | undefined
  #unseated: Set<Membership> | undefined
  /** Those who are being judged, in the order in which they came. */
  #candidates: Set<Candidate> | undefined
  #resumes: TokenBucket | undefined
  /** What the joins under way hold of what their clients sent. */
  #joining = 0
  /** Joins that are being given up. */
  #abandoned: Promise<unknown> | undefined

  constructor(environment: SessionEnvironment, host: SessionHost, line: Line, hello: HelloFrame) {
    const { limits, clock, metrics, quotas } = environment
    this.#environment = environment
    this.#host = host
    const connection = connectionInfo(line, hello)
    this.info = { session: hello.session, connection, abandoned: { count: 0 } }
    this.#ended = new EndedRefs(limits.maxRoomsPerConnection)
    this.#inflow = new Inflow(this, { clock, limits, metrics, party: quotas.of(this.info) })
    const secret = hello.secret ?? hello.resume?.next
    if (secret === undefined) return
    this.#secret = new SessionSecret(secret)
    this.#link = new ForfeitingLink({
      maxBytes: limits.resumeBuffer,
      maxFrames: limits.resumeFrames,
      forfeited: (room, frames) => this.#memberships.get(room)?.forfeited(frames),
      taken: (frame) => this.#announcedBy(frame)?.heard(),
      transmit: (room, frame) => {
        if (this.#state.kind === 'attached') this.#state.line.outbox.add(room, frame)
      },
    })
    this.#acks = new Acks(environment, this.#link, () => this.#waitingLatest)
  }

  /** Its id, chosen by the client. */
  get id(): string {
    return this.info.session
  }

  /** Whether it may be resumed. */
  get isResumable(): boolean {
    return this.#secret !== undefined
  }

  /** Bytes kept for the client. */
  get kept(): number {
    return this.#link === undefined ? 0 : this.#link.kept + this.#waitingLatest
  }

  get #waitingLatest(): number {
    return this.#latest === undefined ? 0 : this.#latest.bytes + this.#latest.size * frameOverhead
  }

  /**
   * Whether there is something to come back for. Else who comes back begins anew: this may be the session that was made when it came back
   * to one that is lost, and if the welcome was lost, too, what it says is about that one.
   */
  get isWorthKeeping(): boolean {
    if (this.#memberships.size > 0 || this.#unseated !== undefined) return true
    // Of one that never got into a room there is nothing to tell that a new one would not be told as well.
    return this.#wasSeated && this.kept > 0
  }

  /** Judges a secret that somebody shows. */
  check(secret: string | undefined): SecretVerdict {
    return this.#secret?.check(secret) ?? 'wrong_secret'
  }

  // ---- Lines that come.

  /** Its first line. */
  begin(line: Line, hello: HelloFrame): void {
    if (hello.resume) this.#secret?.offer(hello.resume.next)
    this.#serve(line, hello)
    // What waited at a client whose session is lost comes just the same, once it has joined again.
    this.#attach(line, hello.resume?.received !== undefined)
    this.#link?.begin()
    this.#welcome(line)
  }

  /** Somebody knows the secret, and would go on where the session was: takes over once that is found to be so. */
  resume(line: Line, hello: HelloFrame, request: Resumption): void {
    if (!this.#mayResume(line) || !this.#isPossible(line, hello, request)) return
    const connection = connectionInfo(line, hello)
    const candidate: Candidate = { line, hello, request, connection, stop: new AbortController(), goodbye: false }
    this.#candidates ??= new Set()
    this.#candidates.add(candidate)
    line.wait((end) => this.#gone(candidate, end))
    this.#judge(candidate).catch((error: unknown) => {
      this.report(error, 'resume')
      line.close(closeCodes.internal, 'disconnected')
    })
  }

  /** Each resume brings states and asks rooms, so there is an end to how often one may. */
  #mayResume(line: Line): boolean {
    const { clock, limits } = this.#environment
    this.#resumes ??= new TokenBucket({ rate: limits.resumesPerMinute / 60, burst: limits.resumeBurst })
    if (this.#resumes.tryTake(clock.now())) return true
    const message = 'this session was resumed too often within a short time (limit resumesPerMinute)'
    line.refuse(closeCodes.flooding, 'rate_limited', message)
    return false
  }

  /** Whether the session can go on as the hello says. Else the line is over. */
  #isPossible(line: Line, hello: HelloFrame, { received, from = 1 }: Resumption): boolean {
    const link = this.#link
    if (!link) return false
    if (received > link.sent || received < link.oldest - 1) {
      const possible = `${link.oldest - 1} to ${link.sent} are possible`
      line.badMessage(`[K5] a resume says that ${received} frames were taken, where ${possible}`)
      return false
    }
    if (from > link.received + 1) {
      this.#environment.metrics.count('resumes_refused', { reason: 'gap' })
      const message = `the client can send its frames from number ${from} on, where number ${link.received + 1} is expected`
      line.refuse(closeCodes.sessionLost, 'invalid', message)
      return false
    }
    const { maxFrame = this.maxFrame } = hello
    if (maxFrame < this.maxFrame && link.keepsLarger(maxFrame)) {
      line.badMessage(
        `[K8] a resume accepts frames of ${maxFrame} bytes, where larger ones wait that were accepted before`,
      )
      return false
    }
    return true
  }

  /** The client is back, knowing the secret and nothing else: a page that was reloaded. Both directions begin anew. */
  restart(line: Line, hello: HelloFrame): void {
    const link = this.#link
    if (!link) return
    if (!this.#mayResume(line)) return
    this.#hear(hello)
    this.#takeOver()
    this.#turnAway(closeCodes.replaced)
    const joins: Promise<unknown>[] = []
    const unseated = new Map<number, Membership>()
    for (const membership of this.#memberships.values()) {
      if (membership.joining) joins.push(membership.joining)
      if (!membership.unseat()) continue
      unseated.set(membership.ref, membership)
      this.#unseated ??= new Set()
      this.#unseated.add(membership)
      this.#environment.unseated.add(membership)
    }
    this.#memberships.clear()
    this.#ended.clear()
    this.#latest?.clear()
    this.#abandoned = joins.length > 0 ? Promise.all(joins) : undefined
    for (const { room, frame } of link.reset()) unseated.get(room)?.forfeited([frame])
    // A page that is loaded again and again takes new refs each time: what it took first it will not come back for.
    for (const membership of this.#unseated ?? []) {
      if ((this.#unseated?.size ?? 0) <= this.#environment.limits.maxRoomsPerConnection) break
      membership.expire()
    }
    this.#acks?.count()
    if (hello.resume) this.#secret?.offer(hello.resume.next)
    this.info.connection = connectionInfo(line, hello)
    this.#serve(line, hello)
    this.#attach(line, false)
    link.begin()
    this.#environment.metrics.count('resumes', { outcome: 'reloaded' })
    this.#welcome(line, { received: 0 })
  }

  /** Who shows the secret that the last resume brought has got the answer to that. */
  #hear({ secret }: HelloFrame): void {
    if (!this.#secret?.isNext(secret)) return
    this.#secret.confirm()
    this.#link?.heard()
  }

  #serve(line: Line, hello: HelloFrame): void {
    line.serve(this, hello)
    this.#host.known(line)
    this.#peer = { maxFrame: line.outbox.maxFrame }
  }

  #attach(line: Line, replaying: boolean): void {
    this.#state = { kind: 'attached', line }
    line.outbox.source = this
    this.#inflow.attach(line.intake, replaying)
    this.#acks?.attach(line.outbox)
    this.#host.back(this)
  }

  #welcome(line: Line, resumed?: Resumed): void {
    const { maxMessage, maxFrame, heartbeat, activeHeartbeat, resumeWindow, messageRate } = this.#environment.limits
    line.send({
      type: FrameType.welcome,
      session: this.id,
      maxMessage,
      maxFrame,
      heartbeat,
      activeHeartbeat,
      resumeWindow: this.#link ? resumeWindow : 0,
      messageRate,
      resumed,
    })
  }

  /** Asks the rooms whether a candidate may sit there, then lets it in. */
  async #judge(candidate: Candidate): Promise<void> {
    const { rooms } = this.#environment
    const verdicts = new Map<Membership, Readmission>()
    for (;;) {
      // Again where somebody has got a seat meanwhile.
      const unasked = [...this.#memberships.values()].filter((one) => one.seat !== undefined && !verdicts.has(one))
      const answers = unasked.map((one) => one.readmit(rooms, this.info, candidate.connection, candidate.stop.signal))
      for (const [index, verdict] of (await Promise.all(answers)).entries()) {
        const membership = unasked[index]
        if (membership) verdicts.set(membership, verdict)
      }
      if (!this.#candidates?.has(candidate)) return
      if (unasked.length === 0) break
    }
    candidate.line.run(() => this.#decide(candidate, verdicts))
    this.#forgetCandidate(candidate)
  }

  /** All that there is to ask has been answered. */
  #decide(candidate: Candidate, verdicts: Verdicts): void {
    const { line, hello, request } = candidate
    const answers = [...verdicts.values()]
    // Who this is cannot be told now: that says nothing about the credentials.
    if (answers.includes('unclear')) return line.close(closeCodes.authTimeout)
    // Somebody else may have got in meanwhile.
    const verdict = this.check(hello.secret)
    if (verdict !== 'valid') return this.#host.refuse(line, verdict)
    if (!this.#isPossible(line, hello, request)) return
    const isRefused = answers.some((answer) => answer instanceof JuntoError)
    if (isRefused && this.#state.kind === 'attached') {
      // Who is there has shown better credentials. If that line is dead, the session goes in its time.
      this.#environment.metrics.count('resumes_refused', { reason: 'credentials' })
      const message =
        'these credentials do not let you into a room of this session, which is in use by another connection'
      return line.refuse(closeCodes.sessionLost, 'unauthorized', message)
    }
    this.#hear(hello)
    this.#takeOver()
    // Those who came before are the same client's, and it has given them up.
    for (const other of this.#candidates ?? []) {
      if (other === candidate) break
      other.line.close(closeCodes.replaced)
    }
    this.#goOn(candidate, verdicts)
  }

  /** A candidate's line has gone before it was let in. */
  #gone(candidate: Candidate, end: LineEnd): void {
    if (end === 'left') candidate.goodbye = true
    else this.#forgetCandidate(candidate)
  }

  #forgetCandidate(candidate: Candidate): void {
    candidate.stop.abort()
    if (!this.#candidates?.delete(candidate) || this.#candidates.size > 0) return
    this.#candidates = undefined
    if (this.#state.kind === 'away' && this.#state.overdue) this.end('disconnected')
  }

  #goOn({ line, hello, request, connection, goodbye }: Candidate, verdicts: Verdicts): void {
    const link = this.#link
    if (!link || this.#state.kind !== 'away') return
    this.info.connection = connection
    this.#putOut(link, request.received, verdicts)
    if (goodbye) return this.end('left')
    const missed = new Map(link.attach(request.received))
    this.#secret?.offer(request.next)
    this.#serve(line, hello)
    this.#attach(line, true)
    const outcome = missed.size > 0 ? 'resynced' : 'resumed'
    this.#environment.metrics.count('resumes', { outcome })
    this.#welcome(line, { received: link.received, resynced: missed.size > 0 ? [...missed] : undefined })
    // The states first, each from the version that the client has; then what was said meanwhile, and that this was all.
    const held = new Map(request.rooms?.map(([ref, epoch, version]) => [ref, { epoch, version }]))
    for (const membership of this.#memberships.values()) {
      if (membership.announced === undefined) membership.resume(held.get(membership.ref))
    }
    link.replay((room, frame) => {
      if (room === 0) this.#announcedBy(frame)?.resume(undefined)
    })
    line.send({ type: FrameType.ack, received: link.received, complete: true })
    this.#acks?.count()
    for (const membership of this.#memberships.values()) membership.resumed(missed.get(membership.ref) ?? 0)
    if (this.#latest !== undefined) line.outbox.wake()
  }

  #announcedBy(frame: Uint8Array): Membership | undefined {
    for (const membership of this.#memberships.values()) if (membership.announced === frame) return membership
    return undefined
  }

  /** Ends the memberships that the credentials are not good for. What waited for them is not for whoever comes now. */
  #putOut(link: ForfeitingLink, received: number, verdicts: Verdicts): void {
    for (const [membership, verdict] of verdicts) {
      if (!(verdict instanceof JuntoError)) continue
      const { ref, announced } = membership
      const dropped = link.discard(received, (room, frame) => room === ref || frame === announced)
      // A client that does not know of its seat yet waits for the answer to its join.
      if (announced !== undefined && dropped.includes(announced)) membership.refuse(verdict)
      else membership.end('refused', verdict.message)
    }
  }

  // ---- Lines that go.

  /** A line is over. */
  lineEnded(line: Line, end: LineEnd): void {
    const state = this.#state
    if (state.kind !== 'attached' || state.line !== line) return
    if (end !== 'dropped') return this.end(end)
    if (!this.#link || !this.isWorthKeeping) return this.end('disconnected')
    this.#goAway()
    if (this.#is('away')) this.#host.away(this)
  }

  /** Another line takes the place of the present one, if there is one. */
  #takeOver(): void {
    const state = this.#state
    if (state.kind === 'attached') this.#goAway(() => state.line.close(closeCodes.replaced))
  }

  /** @param close What ends the line, when it has not ended yet. */
  #goAway(close?: () => void): void {
    this.#state = { kind: 'away', overdue: false }
    this.#inflow.detach()
    this.#acks?.detach()
    this.#link?.detach()
    close?.()
    for (const membership of this.#memberships.values()) membership.drop()
    this.#acks?.count()
  }

  /** It has been away for as long as it may. */
  expire(): void {
    if (this.#state.kind === 'away' && this.#candidates !== undefined) this.#state.overdue = true
    else this.end('disconnected')
  }

  /** Gives up what is kept for its client, which is away: others need the memory. */
  forfeit(): void {
    if (this.#state.kind !== 'attached' && this.#link !== undefined) {
      this.#link.forfeit()
      for (let gone = this.#latest?.take(); gone !== undefined; gone = this.#latest?.take()) this.#link.miss(gone.room)
    }
    this.#acks?.count()
  }

  /** Its client does not acknowledge, and others need the memory. */
  dropLine(): void {
    if (this.#state.kind === 'attached') this.#state.line.terminate(closeCodes.tooSlow)
  }

  /** Its client has begun anew on another line. */
  replace(): void {
    if (this.#state.kind === 'attached') this.#state.line.close(closeCodes.replaced)
    this.#turnAway(closeCodes.replaced)
    this.end('disconnected')
  }

  /** The server stops: the peer is told to come back later. Rooms have said goodbye before. */
  shutDown(): void {
    this.#turnAway(closeCodes.shuttingDown)
    if (this.#state.kind === 'attached') this.#state.line.close(closeCodes.shuttingDown, 'shutdown')
    else this.end('shutdown')
  }

  #turnAway(code: CloseCode): void {
    const candidates = this.#candidates
    this.#candidates = undefined
    for (const { line, stop } of candidates ?? []) {
      stop.abort()
      line.close(code)
    }
  }

  /** Ends it for good. Its line, if there is one, has ended. */
  end(reason: LeaveReason): void {
    if (this.#state.kind === 'ended') return
    this.#state = { kind: 'ended' }
    // Whoever comes back to it now comes to nothing, and is told so by the next hello.
    this.#turnAway(closeCodes.sessionLost)
    this.#inflow.detach()
    this.#acks?.detach()
    for (const membership of this.#memberships.values()) membership.release(reason)
    for (const membership of this.#unseated ?? []) {
      this.#environment.unseated.delete(membership)
      membership.release(reason)
    }
    this.#memberships.clear()
    this.#unseated = undefined
    this.#ended.clear()
    this.#latest = undefined
    this.#link?.reset()
    this.#acks?.count()
    this.#environment.quotas.close(this.info)
    this.#host.ended(this)
  }

  // ---- What comes in.

  /** A message of its line has come, of so many bytes. Its frames follow. */
  arrived(bytes: number): void {
    this.#inflow.message(bytes)
    this.#link?.arrived(bytes)
  }

  /** A frame of a line. */
  frame(line: Line, ref: number, frame: Frame): void {
    const state = this.#state
    if (state.kind === 'attached' && state.line === line) {
      if (this.#secret?.isRotating) this.#secret.confirm()
      this.#inflow.frame(ref, frame)
    }
    // Else: the rest of a message whose beginning ended its line.
  }

  /** What a message brought has been done. */
  settle(): void {
    this.#acks?.settle()
  }

  deliver(ref: number, frame: Frame): void {
    if (this.#state.kind !== 'attached') return
    if (ref === 0) this.#sessionFrame(frame, this.#state.line)
    else this.#roomFrame(ref, frame)
    // Only now: what is acknowledged has been done.
    if (this.#link && isNumbered(frame)) this.#link.take()
  }

  allowance(ref: number, frame: Frame): Allowance | undefined {
    return this.#memberships.get(ref)?.allowance(frame)
  }

  refused(ref: number, frame: Frame, answer: SentFrame | undefined): void {
    if (frame.type === FrameType.join || frame.type === FrameType.unfitJoin) {
      this.#claim(frame.ref)
      this.#ended.remember(frame.ref, 'refused')
    }
    if (answer?.type === FrameType.notice) this.notice('rate_limited', answer.message)
    else if (answer !== undefined) this.send(answer.type === FrameType.refused ? 0 : ref, encodeFrame(answer))
    if (this.#link && isNumbered(frame)) this.#link.take()
  }

  flooding(): void {
    if (this.#state.kind !== 'attached') return
    this.#environment.logger.info('Closed a connection that sent faster than allowed', this.#fields())
    this.#state.line.close(closeCodes.flooding)
  }

  run(work: () => void): void {
    if (this.#state.kind === 'attached') this.#state.line.run(work)
  }

  #sessionFrame(frame: Frame, line: Line): void {
    switch (frame.type) {
      case FrameType.join:
        return this.#join(frame, line)
      case FrameType.unfitJoin:
        this.#claim(frame.ref)
        return this.#refuse(frame.ref, undefined, new JuntoError('invalid', frame.fault))
      case FrameType.leave:
        return this.#leave(frame.ref)
      case FrameType.ack:
        return this.#acknowledged(frame.received)
      case FrameType.probe:
        return line.outbox.urgent(
          encodeFrame({ type: FrameType.echo, time: frame.time, serverTime: this.#environment.clock.time() }),
        )
      case FrameType.hello:
        throw new JuntoError('bad_message', '[P1] a second hello')
      case FrameType.unknown:
        return this.strike('unknown_frame', `frames of type ${frame.wireType} are not known here`)
      default:
        return this.strike('unknown_frame', `frames of type ${frame.type} are not for a session of the server`)
    }
  }

  #roomFrame(ref: number, frame: Frame): void {
    if (frame.type === FrameType.unknown) {
      return this.strike('unknown_frame', `frames of type ${frame.wireType} are not known here`)
    }
    const membership = this.#memberships.get(ref)
    if (membership) membership.receive(frame)
    else if (this.#ended.get(ref) !== 'left') this.strike('not_joined', `room ${ref} is not joined`)
  }

  #join(frame: JoinFrame, line: Line): void {
    const { rooms } = this.#environment
    const { ref } = frame
    this.#claim(ref)
    const size = heldSize([frame.where, frame.join, frame.options])
    const refusal = this.#refusalOf(frame, line) ?? this.#refusalBySize(size)
    if (refusal) return this.#refuse(ref, frame.room, refusal)
    const membership = new Membership(ref, this)
    this.#memberships.set(ref, membership)
    this.#joining += size
    void membership.join(rooms, frame, this.info, this.#abandoned).then(() => (this.#joining -= size))
  }

  /** A join says which ref it takes. */
  #claim(ref: number): void {
    if (this.#memberships.has(ref)) {
      throw new JuntoError('bad_message', `[P4] a join as room ${ref}, which is in use in this session`)
    }
    this.#ended.forget(ref)
  }

  /** Answers a join for which no room has to be asked. */
  #refuse(ref: number, room: string | undefined, error: JuntoError): void {
    this.joinRefused(room, error)
    this.#ended.remember(ref, 'refused')
    this.send(0, encodeFrame({ type: FrameType.refused, ref, ...errorToWire(error), code: error.code }))
  }

  /** What speaks against a join before any room is asked. */
  #refusalOf(frame: JoinFrame, line: Line): JuntoError | undefined {
    const { rooms, limits } = this.#environment
    if (this.#memberships.size >= limits.maxRoomsPerConnection) {
      return new JuntoError(
        'too_many_rooms',
        `this session has ${this.#memberships.size} rooms, which is all it may have (limit maxRoomsPerConnection)`,
      )
    }
    // A browser's page was judged by its origin. Another program has shown nothing yet.
    if (line.connection.origin === undefined && this.info.connection.auth == null && rooms.authenticates(frame.room)) {
      return new JuntoError(
        'unauthorized',
        `the room '${frame.room}' asks programs that are no browser page for credentials, and the hello had none: ` +
          'give the client an auth (a page is told by its Origin, and may come without)',
      )
    }
    return undefined
  }

  /** A room may take long to come about: what a stranger sent for it waits in memory. */
  #refusalBySize(size: number): JuntoError | undefined {
    const { maxJoining } = this.#environment.limits
    if (this.#joining + size <= maxJoining) return undefined
    const what = `where, join and options of this join take ${size} bytes`
    const limit = `limit maxJoining: ${maxJoining}, 64 for each value besides its content`
    if (size > maxJoining)
      return new JuntoError('too_large', `${what}, which is more than a session may have (${limit})`)
    const message = `${what}, those of other joins that wait ${this.#joining} (${limit})`
    return new JuntoError('rate_limited', message, { retryAfter: joinAgain })
  }

  #leave(ref: number): void {
    const membership = this.#memberships.get(ref)
    if (membership) return membership.leave()
    // Ended by the server while the leave was under way: the client was told.
    if (this.#ended.get(ref) === undefined) this.strike('not_joined', `room ${ref} is not joined`)
  }

  // ---- Acks.

  #acknowledged(received: number): void {
    if (!this.#link) return
    this.#acks?.acknowledged(received)
  }

  ride(): Uint8Array | undefined {
    return this.#acks?.ride()
  }

  /** Called by the line now and then. */
  look(): void {
    if (this.#acks?.areOverdue()) this.dropLine()
  }

  /** Whether its client is there, and has long acknowledged nothing of what it was sent. */
  get isSilent(): boolean {
    return this.#acks?.isSilent ?? false
  }

  // ---- What memberships send.

  get isAttached(): boolean {
    return this.#state.kind === 'attached'
  }

  get congested(): boolean {
    return this.#state.kind !== 'attached' || this.#state.line.outbox.congested
  }

  get maxFrame(): number {
    return this.#peer.maxFrame
  }

  send(room: number, frame: Uint8Array): void {
    // Before it is numbered: a frame that has a number must arrive.
    refuseTooLarge(frame, this.#peer)
    const state = this.#state
    if (state.kind === 'ended') return
    if (this.#link === undefined) {
      if (state.kind === 'attached') state.line.outbox.add(room, frame)
      return
    }
    this.#link.send(room, frame)
    if (state.kind !== 'attached') this.#acks?.count()
  }

  sendState(room: number, frame: Uint8Array): void {
    if (this.#state.kind === 'attached') this.#state.line.outbox.add(room, frame)
  }

  sendLoose(room: number, frame: Uint8Array, { key, priority }: LooseDelivery): void {
    const state = this.#state
    if (state.kind === 'ended' || !this.#accepts(frame)) return
    const outbox = state.kind === 'attached' ? state.line.outbox : undefined
    if (key === undefined) return outbox?.addVolatile(room, frame, priority)
    // What waits already under the same key is older, and must not come later.
    if ((this.#latest === undefined || this.#latest.size === 0) && outbox?.offer(room, frame)) return
    const { limits } = this.#environment
    this.#latest ??= new LatestSlots(limits.maxLatest, limits.softOutbox)
    this.#latest.set(room, key, frame, priority)
    if (outbox === undefined) this.#acks?.count()
    else outbox.wake()
  }

  takeLatest(): LinkFrame | undefined {
    let next = this.#latest?.take()
    // What waited for a client that accepted more than it does since it has come back.
    while (next !== undefined && !this.#accepts(next.frame)) next = this.#latest?.take()
    return next
  }

  #accepts(frame: Uint8Array): boolean {
    try {
      refuseTooLarge(frame, this.#peer)
      return true
    } catch {
      return false
    }
  }

  /** What waited for the client has left. */
  drained(): void {
    for (const membership of this.#memberships.values()) {
      if (this.congested) return
      membership.drained()
    }
  }

  // ---- What memberships tell.

  strike(code: ErrorCode, message: string): void {
    if (this.#state.kind !== 'attached') return
    const { line } = this.#state
    if (code === 'bad_message') return line.badMessage(message)
    this.notice(code, message)
    const { clock, limits, logger } = this.#environment
    this.#strikes ??= new Strikes(limits)
    if (!this.#strikes.add(clock.now())) return
    logger.info('Closed a connection that went on after many errors', this.#fields({ last: message }))
    line.close(closeCodes.abuse)
  }

  /** Tells the client of an error that belongs to no call. */
  notice(code: ErrorCode, message: string): void {
    if (this.#state.kind !== 'attached') return
    this.#environment.metrics.count('frames_refused', { reason: code })
    this.#state.line.notice(code, message)
  }

  seated(membership: Membership, seat: Seat): void {
    this.#wasSeated = true
    for (const other of this.#unseated ?? []) {
      if (other.seat !== seat || other === membership) continue
      other.handOver()
      this.#forgetUnseated(other)
    }
  }

  ended(membership: Membership, told: 'left' | 'refused' | undefined): void {
    const { ref } = membership
    if (this.#memberships.get(ref) === membership) this.#memberships.delete(ref)
    this.#forgetUnseated(membership)
    this.#latest?.dropRoom(ref)
    this.#inflow.forget(ref)
    if (told !== undefined) this.#ended.remember(ref, told)
    if (this.#is('away') && this.#candidates === undefined && !this.isWorthKeeping) this.end('disconnected')
  }

  #forgetUnseated(membership: Membership): void {
    if (!this.#unseated?.delete(membership)) return
    this.#environment.unseated.delete(membership)
    if (this.#unseated.size === 0) this.#unseated = undefined
  }

  joinRefused(room: string | undefined, { code, message }: JuntoError): void {
    this.#environment.metrics.count('joins_refused', { code })
    this.#environment.logger.debug(`Refused a join: ${message}`, this.#fields({ room, code }))
  }

  report(error: unknown, where: string): void {
    this.#environment.logger.error(`A session failed (${where})`, this.#fields({ error }))
  }

  // ---- Inside.

  /** The state, asked after something that may have changed it. */
  #is(kind: State['kind']): boolean {
    return this.#state.kind === kind
  }

  #fields(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
    return { address: this.info.connection.remoteAddress, ...fields }
  }
}
