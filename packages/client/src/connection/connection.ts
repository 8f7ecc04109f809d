import {
  JuntoError,
  reconnectsAfter,
  type Clock,
  type CloseCode,
  type ClientLimits,
  type RandomSource,
} from '@junto/protocol'
import * as FrameType from '@junto/protocol/frame-type'
import {
  broken,
  causedBy,
  clientCloseCodes,
  describe,
  encodeHello,
  encodeProbe,
  type Frame,
  type HelloFrame,
  type WelcomeFrame,
} from '@junto/protocol/internal'
import { encodeNamed } from '@junto/schema/internal'
import { ObservableValue } from '../observable.ts'
import type { OpenSocket } from '../sockets/socket.ts'
import { ServerTime } from '../time/server-time.ts'
import type { Report } from '../warnings.ts'
import { backoff } from './backoff.ts'
import { closedError, unreachableError } from './connection-errors.ts'
import type { ConnectionState, ConnectionStatus } from './connection-state.ts'
import { Line } from './line.ts'
import type { PageEvent, PageEvents } from './page-events.ts'
import { Watchdog } from './watchdog.ts'

/** What a connection asks of its owner, and tells it. What it throws when it is told something ends the connection as a bad message. */
export interface ConnectionOwner {
  /** Whether there is anything to be connected for: a room that is joined, or wants to be. */
  wanted(): boolean
  /** An attempt begins: the page is awake, even if it was put aside. */
  trying(): void
  /** What the hello over a new line says of the session. */
  hello(): Pick<HelloFrame, 'session' | 'secret' | 'resume'>
  /** The hello was queued and leaves at once: whatever is sent now goes with it. */
  greeted(): void
  /** The server has answered the hello. */
  welcomed(welcome: WelcomeFrame): void
  /** A frame of the server, with the room it concerns (0: the session). */
  receive(room: number, frame: Frame): void
  /** A message of so many bytes was read. */
  heard(bytes: number): void
  /** Something is about to leave: what rides along is sent now. */
  leaving(): void
  /**
   * The page is put aside, or (when `forGood`) goes away. Returns whether the server shall keep the session: otherwise the
   * connection is closed for good, and the session with it.
   */
  parting(forGood: boolean): boolean
  /**
   * The connection, or the attempt to make one, has failed. When `final`, it does not come back by itself; otherwise it
   * does as long as it is {@link wanted} afterwards.
   */
  lost(error: JuntoError, final: boolean): void
  /** It stands still: no connection, and no attempt to make one until the next wish. */
  rested(): void
}

/** Parts and settings of a connection. */
export interface ConnectionOptions {
  readonly url: string
  /** Yields the credentials; asked before each attempt. */
  readonly auth?: (() => unknown) | undefined
  /** Name and version of the program, for the server's log. */
  readonly program?: string | undefined
  readonly openSocket: OpenSocket
  readonly clock: Clock
  readonly random: RandomSource
  readonly limits: ClientLimits
  readonly page: PageEvents
  readonly report: Report
}

/** `stop` ends the wait that a state is in. */
type State =
  /** Asking for credentials, then opening the socket. `line` is there from then on. */
  | {
      readonly at: 'connecting'
      readonly stop: () => void
      readonly attempt: number
      readonly since: number
      line: Line | undefined
    }
  /** The hello left, with it the joins. */
  | { readonly at: 'handshaking'; readonly stop: () => void; readonly attempt: number; readonly line: Line }
  | {
      readonly at: 'open'
      readonly stop: () => void
      readonly attempt: number
      readonly line: Line
      readonly watchdog: Watchdog
      readonly since: number
      /** The session was resumed or a room joined over it. */
      used: boolean
    }
  | { readonly at: 'waiting'; readonly stop: () => void; readonly attempt: number }
  /** Idle, or closed. `final`: by the program, so that no wish connects again. */
  | { readonly at: 'resting'; readonly stop: () => void; readonly final: boolean }

const stop = (): void => {}

const resting = { at: 'resting', stop, final: false } as const

type Close = Pick<CloseCode, 'code' | 'name'>

/** The session ends with the connection. */
const goodbye: Close = { code: 1000, name: '' }

/**
 * A connection that was open for so long counts as good: the next loss begins again with the shortest wait. So does one over which the
 * session was resumed or a room joined, unless the server throws us out at once.
 */
const goodAfter = 5_000

/** From this code on up the server throws us out: for what it finds wrong with us, or with itself. */
const firstThrown = 4003

/** The state that a program is shown. */
class Status extends ObservableValue<ConnectionState> implements ConnectionStatus {
  readonly retry: () => void

  constructor(report: Report, retry: () => void) {
    super({ state: 'idle' }, report)
    this.retry = retry
  }

  get state(): ConnectionState['state'] {
    return this.value.state
  }
}

/**
 * The one connection of a client: made when it is wanted, kept alive, and made again after a loss, with backoff. It knows
 * frames and rooms' numbers, and nothing of what they mean.
 */
export class Connection {
  /** The server's clock. */
  readonly time: ServerTime
  readonly #options: ConnectionOptions
  readonly #owner: ConnectionOwner
  readonly #status: Status
  #state: State = resting
  #asked = 0
  #flushScheduled = false
  /** What leaves with this turn is to be acknowledged. */
  #expectsAck = false
  #stopPage: (() => void) | undefined

  constructor(options: ConnectionOptions, owner: ConnectionOwner) {
    this.#options = options
    this.#owner = owner
    this.time = new ServerTime(options.clock, () => this.probe())
    this.#status = new Status(options.report, () => this.#retry())
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  /** Where frames can be sent: from the hello on, before the server has answered it. */
  get line(): Line | undefined {
    const state = this.#state
    return state.at === 'open' || state.at === 'handshaking' ? state.line : undefined
  }

  /** Whether so much waits already that what may be dropped should be. */
  get congested(): boolean {
    return (this.line?.waiting ?? Infinity) > this.#options.limits.softOutbox
  }

  /** How often credentials were asked for. */
  get asked(): number {
    return this.#asked
  }

  /** The owner wants to be connected: begins when there is neither a connection nor an attempt. */
  want(): void {
    const state = this.#state
    if (state.at === 'resting' && !state.final) this.#connect(1)
  }

  /** The owner may no longer want it: an attempt that nobody waits for is given up. */
  reconsider(): void {
    const { at } = this.#state
    if ((at !== 'waiting' && at !== 'connecting') || this.#owner.wanted()) return
    this.#abandon()
    this.#rest({ state: 'idle' })
  }

  /**
   * Queues a frame for a room; it leaves with everything else of this turn, as one message. Without a line it goes nowhere.
   *
   * @param expectsAck Whether the server will acknowledge it.
   * @throws JuntoError `too_large` when the server would never accept it.
   */
  send(room: number, frame: Uint8Array, expectsAck = false): void {
    this.line?.writer.add(room, frame)
    this.#expectsAck ||= expectsAck
    this.flushLater()
  }

  /** Sends at once what waits for the end of the turn. */
  flush(): void {
    this.#owner.leaving()
    this.line?.flush()
    if (this.#expectsAck) this.#watchdog?.expectAck()
    this.#expectsAck = false
  }

  /** Asks the server for its time, and whether it is there, ahead of all that waits. Returns whether it can be asked. */
  probe(): boolean {
    const state = this.#state
    if (state.at !== 'open') return false
    state.line.writer.addUrgent(encodeProbe(this.#options.clock.now()))
    state.line.flush()
    return true
  }

  /** Gives this line up, to make another one at once. */
  renew(error: JuntoError): void {
    if (this.line !== undefined) this.#drop(error, true)
  }

  /**
   * Asks for credentials anew, over another line, which is made at once.
   *
   * @param asked How often they had been asked for when they were new enough.
   * @returns whether that is worth trying: there are credentials, and those of this line are older.
   */
  renewCredentials(asked: number): boolean {
    if (this.#options.auth === undefined || this.line === undefined || this.#asked > asked) return false
    this.renew(new JuntoError('disconnected', 'the credentials are asked for anew'))
    this.#retry()
    return true
  }

  /** Ends it for good. What waits for the end of the turn still leaves. */
  close(): void {
    if (this.#state.at === 'resting' && this.#state.final) return
    this.flush()
    this.#abandon(goodbye)
    this.#rest({ state: 'closed' })
  }

  get #watchdog(): Watchdog | undefined {
    return this.#state.at === 'open' ? this.#state.watchdog : undefined
  }

  #connect(attempt: number): void {
    const { url, auth, clock, limits } = this.#options
    this.#listenToPage(true)
    const expire = (): void => this.#drop(unreachableError(url, `no answer within ${limits.connectTimeout} ms`), true)
    const stopDeadline = clock.after(limits.connectTimeout, expire)
    const state: State = { at: 'connecting', stop: stopDeadline, attempt, since: clock.now(), line: undefined }
    this.#state = state
    this.#status.set({ state: 'connecting', attempt })
    this.#owner.trying()
    if (this.#state !== state) return
    if (auth === undefined) {
      this.#openSocket(state, undefined)
      return
    }
    this.#asked++
    // Asked first, and not while the socket opens: a slow answer must not run into the server's deadline for the hello.
    Promise.resolve()
      .then(auth)
      .then(
        (credentials) => this.#openSocket(state, credentials),
        (error: unknown) => {
          if (this.#state === state) this.#drop(causedBy(error, 'unauthorized', "the client's auth() failed"), true)
        },
      )
  }

  #openSocket(state: State & { at: 'connecting' }, credentials: unknown): void {
    // Closed, or timed out, while the credentials were asked for.
    if (this.#state !== state) return
    const { url, openSocket, limits } = this.#options
    try {
      const line: Line = new Line(url, openSocket, limits, {
        open: () => this.#greet(state.attempt, line, credentials),
        arrived: () => this.#watchdog?.heard(),
        frame: (room, frame) => this.#deliver(line, room, frame),
        read: (bytes) => {
          if (line.pending > 0) this.#watchdog?.flows()
          this.#owner.heard(bytes)
        },
        broken: (error) => this.#drop(error, false, clientCloseCodes.badMessage),
        closed: (code, reason) => this.#closed(code, reason),
      })
      state.line = line
    } catch (error) {
      // Such as a URL that is none: trying again would not help.
      this.#drop(unreachableError(url, describe(error), error), false)
    }
  }

  #greet(attempt: number, line: Line, credentials: unknown): void {
    const { limits, program } = this.#options
    if (this.#state.at !== 'connecting') return
    this.#state = { at: 'handshaking', stop: this.#state.stop, attempt, line }
    const { maxMessage, maxFrame } = limits
    try {
      const auth = encodeNamed(credentials, 'auth')
      line.writer.add(0, encodeHello({ ...this.#owner.hello(), auth, client: program, maxMessage, maxFrame }))
    } catch (error) {
      this.#drop(causedBy(error, 'misuse', 'the hello cannot be sent'), false)
      return
    }
    this.#owner.greeted()
    this.flush()
  }

  #deliver(line: Line, room: number, frame: Frame): void {
    switch (frame.type) {
      case FrameType.welcome:
        this.#welcome(line, frame)
        return
      case FrameType.beat:
        return
      case FrameType.echo:
        this.time.echoed(frame.time, frame.serverTime)
        return
      case FrameType.notice:
        this.#options.report({ code: 'protocol', message: `the server complains: ${frame.code}: ${frame.message}` })
        return
      default:
        if (this.#state.at === 'open') {
          if (room > 0) this.#state.watchdog.flows()
          if (frame.type === FrameType.joined) this.#state.used = true
        }
        this.#owner.receive(room, frame)
    }
  }

  #welcome(line: Line, welcome: WelcomeFrame): void {
    const state = this.#state
    if (state.at !== 'handshaking') throw broken('P2')
    state.stop()
    line.writer.setLimits(welcome)
    const { clock, limits, url } = this.#options
    const watchdog = new Watchdog({
      clock,
      limits,
      ...welcome,
      line,
      probe: () => this.probe(),
      dead: (silence) => {
        const message = `nothing came from ${url} for ${silence} ms: the connection is dead`
        this.#drop(new JuntoError('disconnected', message), true)
      },
    })
    const open: State = {
      at: 'open',
      stop: () => watchdog.stop(),
      attempt: state.attempt,
      line,
      watchdog,
      since: clock.now(),
      used: welcome.resumed !== undefined,
    }
    // Open already when the owner is told: what it sends then must leave. It may also have closed it again.
    this.#state = open
    this.#status.assign({ state: 'open' })
    this.#owner.welcomed(welcome)
    if (this.#state === open) this.#status.tell()
  }

  /** The socket is closed, by the server or by an accident. */
  #closed(code: number, reason: string): void {
    const { url } = this.#options
    if (this.#state.at === 'open' && code >= firstThrown) this.#state.used = false
    this.#drop(this.line ? closedError(url, code, reason) : unreachableError(url, reason), reconnectsAfter(code))
  }

  /** Gives up this connection or attempt, and plans the next one when there is to be one. */
  #drop(error: JuntoError, returns: boolean, close?: Close, asleep = false): void {
    const attempt = nextAttempt(this.#state, this.#options.clock.now())
    this.#abandon(close)
    if (returns) this.#wait(attempt, error, asleep)
    else this.#rest({ state: 'closed', error })
  }

  /** @param asleep Until the page is awake again: it has no timers meanwhile. */
  #wait(attempt: number, error: JuntoError, asleep: boolean): void {
    const { clock, page } = this.#options
    const { offline } = page
    const delay = asleep ? Infinity : backoff(this.#options, attempt)
    const retryAt = clock.time() + delay
    const state: State = { at: 'waiting', stop: asleep ? stop : clock.after(delay, () => this.#retry()), attempt }
    // Waiting already while the owner is told: a wish that it expresses meanwhile must not bypass the wait, and whoever looks
    // at the status then sees what is.
    this.#state = state
    this.#status.assign({ state: 'waiting', attempt, retryAt, error, offline })
    this.#owner.lost(error, false)
    if (this.#state !== state) return
    if (this.#owner.wanted()) this.#status.tell()
    else this.reconsider()
  }

  /** Stands still until the next wish. */
  #rest(shown: ConnectionState & { state: 'idle' | 'closed' }): void {
    const error = shown.state === 'closed' ? shown.error : undefined
    const state: State = { ...resting, final: shown.state === 'closed' && error === undefined }
    this.#state = state
    this.#listenToPage(false)
    this.#status.assign(shown)
    if (error !== undefined) this.#owner.lost(error, true)
    if (this.#state === state) this.#owner.rested()
    if (this.#state === state) this.#status.tell()
  }

  /** Tries at once, also where an attempt hangs, as it does in a network that is gone. */
  #retry(): void {
    const { clock, limits } = this.#options
    const state = this.#state
    const hangs =
      state.at === 'connecting' && state.line !== undefined && clock.now() - state.since >= limits.reconnectMin
    if (state.at !== 'waiting' && !hangs) return
    this.#abandon()
    this.#connect(state.attempt)
  }

  /** Stops everything of the present state and lets the socket go. */
  #abandon(close: Close = clientCloseCodes.silent): void {
    const state = this.#state
    this.#state = resting
    state.stop()
    if ('line' in state) state.line?.close(close)
  }

  /** Sends at the end of the turn what waits until then. */
  flushLater(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    this.#options.clock.atEndOfTurn(() => {
      this.#flushScheduled = false
      this.flush()
    })
  }

  #listenToPage(on: boolean): void {
    if (on === (this.#stopPage !== undefined)) return
    this.#stopPage?.()
    this.#stopPage = on ? this.#options.page.listen((event) => this.#onPage(event)) : undefined
  }

  /** There is reason to doubt that the server is still there: it is asked for a sign of life, where there is a connection. */
  doubt(): void {
    this.#watchdog?.doubt()
  }

  #onPage(event: PageEvent): void {
    switch (event) {
      case 'online':
      case 'visible':
      case 'resumed':
        this.#retry()
        this.doubt()
        return
      case 'offline': {
        this.doubt()
        const shown = this.#status.value
        if (shown.state === 'waiting') this.#status.set({ ...shown, offline: true })
        return
      }
      case 'hidden':
        return this.flush()
      case 'suspended':
      case 'unloading':
        return this.#part(event === 'unloading')
    }
  }

  /** The page is put aside, or goes away. Should it come back, so does the connection. */
  #part(forGood: boolean): void {
    this.flush()
    const close = this.#owner.parting(forGood) ? clientCloseCodes.suspended : goodbye
    this.#drop(new JuntoError('disconnected', 'the page was put aside'), true, close, true)
  }
}

/** The number of the next attempt after a loss. */
function nextAttempt(lost: State, now: number): number {
  if (!('attempt' in lost) || (lost.at === 'open' && (lost.used || now - lost.since >= goodAfter))) return 1
  return lost.at === 'waiting' ? lost.attempt : lost.attempt + 1
}
