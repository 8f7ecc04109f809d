import { closeCodes, JuntoError } from '@junto/protocol'
import type { CloseCode, ErrorCode } from '@junto/protocol'
import { encodeFrame, FrameType, isNumbered } from '@junto/protocol/internal'
import type { ForfeitingLink, Frame, HelloFrame, Resumed, ResumeRequest, SentFrame } from '@junto/protocol/internal'
import { Inflow } from '../limits/inflow.ts'
import type { InflowHost } from '../limits/inflow.ts'
import type { Allowance } from '../limits/message-limits.ts'
import { Strikes } from '../limits/strikes.ts'
import { TokenBucket } from '../limits/token-bucket.ts'
import { sessionTag } from '../observe/session-tag.ts'
import type { LeaveReason, SessionInfo } from '../room/seat.ts'
import type { AckTimer } from './ack-timer.ts'
import { Candidates } from './candidates.ts'
import type { Candidate, CandidatesHost, Verdicts } from './candidates.ts'
import { connectionInfo } from './line.ts'
import type { Line, LineEnd, LineEnvironment } from './line.ts'
import type { Membership } from './membership.ts'
import { Memberships } from './memberships.ts'
import type { MembershipsEnvironment, MembershipsHost } from './memberships.ts'
import { Outgoing } from './outgoing.ts'
import type { OutgoingHost } from './outgoing.ts'
import type { ResumeMemory } from './resume-memory.ts'
import { SessionSecret } from './secret.ts'
import type { SecretVerdict } from './secret.ts'

/** What all sessions of a server share. */
export interface SessionEnvironment extends LineEnvironment, MembershipsEnvironment {
  readonly limits: LineEnvironment['limits']
  /** Whether the server is about to stop. */
  readonly isStopping: () => boolean
  readonly acks: AckTimer
  readonly memory: ResumeMemory
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

/**
 * One client and what it may do: join and leave rooms, and talk with those it has joined. Outlives its lines, when the client gave it a
 * secret by which to know it: what is said to the client meanwhile is kept by its link, and what the client said is taken once.
 */
export class Session implements MembershipsHost, CandidatesHost, OutgoingHost, InflowHost {
  readonly info: SessionInfo
  readonly outgoing: Outgoing
  readonly #environment: SessionEnvironment
  readonly #host: SessionHost
  readonly #secret: SessionSecret | undefined
  /** Without a secret nobody can come back, so nothing is numbered and kept. */
  readonly #link: ForfeitingLink | undefined
  readonly #inflow: Inflow
  readonly #memberships: Memberships
  #state: State = { kind: 'away', overdue: false }
  // What few sessions need is made on first use.
  #candidates: Candidates | undefined
  #resumes: TokenBucket | undefined
  #strikes: Strikes | undefined
  /** Something came while the server stops: neither that nor anything behind it is acknowledged, so that the client knows it as not done. */
  #deaf = false

  constructor(environment: SessionEnvironment, host: SessionHost, line: Line, hello: HelloFrame) {
    const { limits, clock, metrics, quotas } = environment
    this.#environment = environment
    this.#host = host
    const connection = connectionInfo(line, hello)
    const secret = hello.secret ?? hello.resume?.next
    if (secret !== undefined) this.#secret = new SessionSecret(secret)
    this.info = { session: hello.session, connection, abandoned: { count: 0 }, proof: this.#secret }
    this.outgoing = new Outgoing(environment, this, secret !== undefined)
    this.#link = this.outgoing.link
    this.#inflow = new Inflow(this, { clock, limits, metrics, party: quotas.of(this.info) })
    this.#memberships = new Memberships(environment, this)
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
    return this.outgoing.kept
  }

  /**
   * Whether there is something to come back for. Else who comes back begins anew: this may be the session that was made when it came back
   * to one that is lost, and if the welcome was lost, too, what it says is about that one.
   */
  get isWorthKeeping(): boolean {
    if (!this.#memberships.isEmpty) return true
    // Of one that never got into a room there is nothing to tell that a new one would not be told as well.
    return this.#memberships.wereSeated && this.kept > 0
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

  /** Somebody knows the secret, and would go on with the session: gets it once rooms have said that this may be. */
  resume(line: Line, hello: HelloFrame, request: ResumeRequest): void {
    if (!this.#mayResume(line) || !this.#isPossible(line, hello, request)) return
    this.#candidates ??= new Candidates(this.#environment.rooms, this)
    this.#candidates.add(line, hello, request)
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
  #isPossible(line: Line, hello: HelloFrame, { received, from = 1 }: ResumeRequest): boolean {
    const link = this.#link
    if (!link) return false
    // It has forgotten everything, so nothing that it says can be wrong.
    if (received === undefined) return true
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
    const { maxFrame = this.outgoing.maxFrame } = hello
    if (maxFrame < this.outgoing.maxFrame && link.keepsLarger(maxFrame)) {
      line.badMessage(
        `[K8] a resume accepts frames of ${maxFrame} bytes, where larger ones wait that were accepted before`,
      )
      return false
    }
    return true
  }

  // ---- Who comes back, and is judged.

  seated(): readonly Membership[] {
    return this.#memberships.seated()
  }

  decide(candidate: Candidate, verdicts: Verdicts): void {
    const { line, hello, request } = candidate
    // Somebody else may have got in meanwhile.
    const secret = this.check(hello.secret)
    if (secret !== 'valid') return this.#host.refuse(line, secret)
    if (!this.#isPossible(line, hello, request)) return
    if (this.#state.kind === 'attached' && [...verdicts.values()].some(({ kind }) => kind === 'refused')) {
      // Who is there has shown better credentials. If that line is dead, the session goes in its time.
      this.#environment.metrics.count('resumes_refused', { reason: 'credentials' })
      const message =
        'these credentials do not let you into a room of this session, which is in use by another connection'
      return line.refuse(closeCodes.sessionLost, 'unauthorized', message)
    }
    this.#hear(hello)
    this.#takeOver()
    this.#candidates?.overtakenBy(candidate)
    this.#letIn(candidate, verdicts)
  }

  undecided(): void {
    this.#candidates = undefined
    if (this.#state.kind === 'away' && (this.#state.overdue || !this.isWorthKeeping)) this.end('disconnected')
  }

  #letIn(candidate: Candidate, verdicts: Verdicts): void {
    const { request, connection, goodbye } = candidate
    this.info.connection = connection
    this.#apply(verdicts, request.received)
    if (goodbye) return this.end('left')
    this.#secret?.offer(request.next)
    if (request.received === undefined) this.#beginAnew(candidate)
    else this.#goOn(candidate, request.received)
  }

  /** Credentials count from now on. What they are not good for ends. */
  #apply(verdicts: Verdicts, received: number | undefined): void {
    for (const [membership, verdict] of verdicts) {
      if (verdict.kind === 'admitted') verdict.takeEffect()
      else if (verdict.kind === 'refused') this.#memberships.putOut(membership, verdict.error, received)
    }
  }

  /** The client knows the secret and nothing else: a page that was reloaded. Both directions begin anew. */
  #beginAnew({ line, hello }: Candidate): void {
    this.#memberships.forget()
    this.#serve(line, hello)
    this.#attach(line, false)
    this.#link?.begin()
    this.#environment.metrics.count('resumes', { outcome: 'reloaded' })
    this.#welcome(line, { received: 0 })
  }

  /** The client goes on where it was. */
  #goOn({ line, hello, request }: Candidate, received: number): void {
    const link = this.#link
    if (!link) return
    const missed = new Map(link.attach(received))
    this.#serve(line, hello)
    this.#attach(line, true)
    const outcome = missed.size > 0 ? 'resynced' : 'resumed'
    this.#environment.metrics.count('resumes', { outcome })
    this.#welcome(line, { received: link.received, resynced: missed.size > 0 ? [...missed] : undefined })
    // The states first, each from the version that the client has; then what was said meanwhile, and that this was all.
    this.#memberships.bringStates(request.rooms)
    link.replay((room, frame) => {
      if (room === 0) this.#memberships.sentAgain(frame)
    })
    line.send({ type: FrameType.ack, received: link.received, complete: true })
    this.outgoing.count()
    this.#memberships.resumed(missed)
    this.outgoing.replayed()
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
  }

  #attach(line: Line, replaying: boolean): void {
    this.#state = { kind: 'attached', line }
    this.#inflow.attach(line.intake, replaying)
    this.outgoing.attach(line.outbox)
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
    this.outgoing.detach()
    close?.()
    this.#memberships.drop()
    this.outgoing.count()
  }

  /** It has been away for as long as it may. */
  expire(): void {
    if (this.#state.kind === 'away' && this.#candidates !== undefined) this.#state.overdue = true
    else this.end('disconnected')
  }

  /** Gives up what is kept for its client, which is away: others need the memory. */
  forfeit(): void {
    this.outgoing.forfeit()
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

  /** The server stops. Where nobody is there, nobody has to be told. */
  endAway(): void {
    this.#turnAway(closeCodes.shuttingDown)
    if (this.#state.kind === 'away') this.end('shutdown')
  }

  makeWay(): void {
    if (this.#state.kind === 'attached') this.#state.line.close(closeCodes.overloaded, 'disconnected')
    else this.end('disconnected')
  }

  #turnAway(code: CloseCode): void {
    const candidates = this.#candidates
    this.#candidates = undefined
    candidates?.turnAway(code)
  }

  /** Ends it for good. Its line, if there is one, has ended. */
  end(reason: LeaveReason): void {
    if (this.#state.kind === 'ended') return
    this.#state = { kind: 'ended' }
    // Whoever comes back to it now comes to nothing, and is told so by the next hello.
    this.#turnAway(closeCodes.sessionLost)
    this.#inflow.detach()
    this.outgoing.end()
    this.#memberships.release(reason)
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
    this.outgoing.acks?.settle()
  }

  deliver(ref: number, frame: Frame): void {
    if (this.#state.kind !== 'attached') return
    if (this.#environment.isStopping() && this.#comesTooLate(ref, frame)) return
    if (ref === 0) this.#sessionFrame(frame, this.#state.line)
    else if (frame.type === FrameType.unknown) this.#unknown(frame.wireType)
    else this.#memberships.receive(ref, frame)
    // Only now: what is acknowledged has been done.
    if (this.#link && isNumbered(frame)) this.#link.take()
  }

  allowance(ref: number, frame: Frame): Allowance | undefined {
    return this.#memberships.allowance(ref, frame)
  }

  /** The server stops: what was begun is finished, and what would begin now is for the next one. */
  #comesTooLate(ref: number, frame: Frame): boolean {
    const begins = ref > 0 && beginsSomething(frame)
    if (begins && isNumbered(frame)) this.#deaf = true
    return begins || (this.#deaf && isNumbered(frame))
  }

  refused(ref: number, frame: Frame, answer: SentFrame | undefined): void {
    if (this.#deaf) return
    if (frame.type === FrameType.join || frame.type === FrameType.unfitJoin) this.#memberships.hastyJoin(frame.ref)
    if (answer?.type === FrameType.notice) this.notice('rate_limited', answer.message)
    else if (answer !== undefined) this.outgoing.send(answer.type === FrameType.refused ? 0 : ref, encodeFrame(answer))
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
        return this.#memberships.join(frame, line.connection.origin)
      case FrameType.unfitJoin:
        return this.#memberships.unfitJoin(frame.ref, frame.fault)
      case FrameType.leave:
        return this.#memberships.leave(frame.ref)
      case FrameType.ack:
        return this.outgoing.acks?.acknowledged(frame.received)
      case FrameType.probe:
        return line.outbox.urgent(
          encodeFrame({ type: FrameType.echo, time: frame.time, serverTime: this.#environment.clock.time() }),
        )
      case FrameType.hello:
        throw new JuntoError('bad_message', '[P1] a second hello')
      case FrameType.unknown:
        return this.#unknown(frame.wireType)
      default:
        return this.strike('unknown_frame', `frames of type ${frame.type} are not for a session of the server`)
    }
  }

  #unknown(wireType: number): void {
    this.strike('unknown_frame', `frames of type ${wireType} are not known here`)
  }

  // ---- What goes out.

  forfeited(room: number, frames: readonly Uint8Array[]): void {
    this.#memberships.forfeited(room, frames)
  }

  taken(frame: Uint8Array): void {
    this.#memberships.taken(frame)
  }

  /** Called by the line now and then. @returns whether its client has to acknowledge something. */
  look(): boolean {
    const { acks, link } = this.outgoing
    if (acks?.areOverdue()) this.dropLine()
    return link !== undefined && link.kept > 0
  }

  /** Whether its client is there, and has long acknowledged nothing of what it was sent. */
  get isSilent(): boolean {
    return this.outgoing.acks?.isSilent ?? false
  }

  /** What waited for the client has left. */
  drained(): void {
    this.#memberships.drained()
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

  left(ref: number): void {
    this.#inflow.forget(ref)
  }

  lessened(): void {
    if (this.#is('away') && this.#candidates === undefined && !this.isWorthKeeping) this.end('disconnected')
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
    return { address: this.info.connection.remoteAddress, session: sessionTag(this.id), ...fields }
  }
}

/** Whether a frame of a client asks for something, other than to go on with what was asked for. */
function beginsSomething({ type }: Frame): boolean {
  switch (type) {
    case FrameType.reply:
    case FrameType.failed:
    case FrameType.cancel:
    case FrameType.item:
    case FrameType.end:
    case FrameType.credit:
      return false
    default:
      return true
  }
}
