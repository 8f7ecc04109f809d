import { JuntoError } from '@junto/protocol'
import type { Clock, Limits } from '@junto/protocol'
import { addressKey } from '../limits/address.ts'
import { TokenBucket } from '../limits/token-bucket.ts'
import type { Logger } from '../observe/log.ts'
import type { Arrival, Refusal } from './transport.ts'

/** What admission decides by. */
export interface AdmissionOptions {
  /**
   * Pages that may connect, beside those that this server's own host served: `https://game.example`, or
   * `https://*.game.example` for all hosts below one, or `*` for all pages there are.
   */
  readonly origins: readonly string[]
  /** Whether pages of this machine (`http://localhost:5173`) may connect: so that development needs no settings. */
  readonly allowLocal: boolean
  readonly limits: Pick<
    Limits,
    | 'maxConnections'
    | 'maxConnectionsPerAddress'
    | 'maxPendingConnections'
    | 'acceptRate'
    | 'acceptBurst'
    | 'acceptRatePerAddress'
    | 'acceptBurstPerAddress'
  >
  readonly logger: Logger
  readonly clock: Clock
}

/** Those who come from one address. */
interface Source {
  open: number
  /** What ends those of them that are strangers still, the first to come at the front. */
  readonly strangers: Set<() => void>
  readonly accepts: TokenBucket
}

/**
 * Decides who may connect, before anything is built for them. Browsers let any page connect to any server, with the
 * user's cookies and from within the user's network, and only tell which page it is: so that is checked. Other programs
 * can claim any origin; they are let in here and must show credentials where a room asks for some.
 */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #allowed: readonly ((origin: string) => boolean)[]
  readonly #sources = new Map<string, Source>()
  /** Those who have strangers. */
  readonly #strange = new Set<Source>()
  readonly #accepts: TokenBucket
  /** Origins that were refused and logged: a page that tries again every second must not fill the log. */
  readonly #logged = new Set<string>()
  #connections = 0
  #pending = 0
  #closed = false
  #sweepAt = leastSwept

  /** @throws JuntoError `misuse` for an origin that is none. */
  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#allowed = options.origins.map(originPattern)
    const { acceptRate, acceptBurst } = options.limits
    this.#accepts = new TokenBucket({ rate: acceptRate, burst: acceptBurst })
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections
  }

  /** Nobody is let in any more. */
  close(): void {
    this.#closed = true
  }

  /** Why somebody may not come in, if so. Nothing is reserved: who comes in is counted by {@link entered}. */
  judge(arrival: Arrival): Refusal | undefined {
    return this.#judgeOrigin(arrival) ?? this.#judgeCapacity(arrival)
  }

  /**
   * Counts a connection.
   *
   * @param evict Ends it, should it still be a stranger when too many are: those go first whose address has most of them.
   * @returns what to call when it is no longer a stranger, and at its end.
   */
  entered(remoteAddress: string, evict: () => void): { readonly known: () => void; readonly gone: () => void } {
    const now = this.#options.clock.now()
    const source = this.#source(remoteAddress, now)
    this.#connections++
    source.open++
    this.#accepts.take(now)
    source.accepts.take(now)
    const known = this.#pend(source, evict)
    const gone = () => {
      known()
      this.#connections--
      source.open--
    }
    return { known, gone }
  }

  /**
   * A session joins for the first time, and who it is is about to be asked: until that is told, it takes a place among the strangers.
   *
   * @param evict Ends it, as for {@link entered}.
   * @returns what to call when it is over, however it ended; undefined where there is no place.
   */
  asking(remoteAddress: string, evict: () => void): (() => void) | undefined {
    const source = this.#source(remoteAddress, this.#options.clock.now())
    return this.#hasPlace(source) ? this.#pend(source, evict) : undefined
  }

  /** Takes a place among the strangers. Where there are too many, one of the address with most of them makes way. */
  #pend(source: Source, evict: () => void): () => void {
    const over = () => {
      if (!source.strangers.delete(giveWay)) return
      this.#pending--
      if (source.strangers.size === 0) this.#strange.delete(source)
    }
    // Counted no more at once: its peer may take its time over closing.
    const giveWay = () => {
      over()
      evict()
    }
    this.#pending++
    source.strangers.add(giveWay)
    this.#strange.add(source)
    if (this.#pending > this.#options.limits.maxPendingConnections) {
      const [first] = this.#strangest().strangers
      first?.()
    }
    return over
  }

  /** Whether there is a place for one more stranger, or somebody of an address with more of them makes way: see {@link #pend}. */
  #hasPlace({ strangers }: Source): boolean {
    if (this.#pending < this.#options.limits.maxPendingConnections) return true
    return strangers.size + 1 < this.#strangest().strangers.size
  }

  /** The address that has most strangers. */
  #strangest(): Pick<Source, 'strangers'> {
    let strangest: Pick<Source, 'strangers'> = { strangers: new Set() }
    for (const source of this.#strange) if (source.strangers.size > strangest.strangers.size) strangest = source
    return strangest
  }

  #judgeOrigin({ origin, host }: Arrival): Refusal | undefined {
    if (origin === undefined || isSameOrigin(origin, host)) return undefined
    if (this.#options.allowLocal && isLocal(origin)) return undefined
    if (this.#allowed.some((matches) => matches(origin))) return undefined
    this.#logRefused(origin)
    return { status: 403, reason: 'origin', message: 'This server does not let pages of this origin connect.' }
  }

  #judgeCapacity({ remoteAddress }: Arrival): Refusal | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#options.limits
    if (this.#closed) return busy('shutting_down', 'This server is stopping.')
    if (this.#connections >= maxConnections) {
      return busy('max_connections', 'This server has as many connections as it takes (limit maxConnections).')
    }
    const now = this.#options.clock.now()
    const source = this.#source(remoteAddress, now)
    const { open, accepts } = source
    if (open >= maxConnectionsPerAddress) {
      const message = 'This address has as many connections as one may have (limit maxConnectionsPerAddress).'
      return { status: 429, reason: 'max_connections_per_address', message, retryAfter: retrySeconds }
    }
    // What an address may have comes before what all may: one must not use that up for everybody else.
    if (accepts.wait(now) > 0) {
      const message = 'Connections from this address come too fast (limit acceptRatePerAddress).'
      return { status: 429, reason: 'accept_rate_per_address', message, retryAfter: 1 }
    }
    if (!this.#hasPlace(source)) {
      return busy('max_pending', 'Too many connections wait to be known (limit maxPendingConnections).')
    }
    if (this.#accepts.wait(now) > 0) {
      return busy('accept_rate', 'Connections come faster than this server takes them (limit acceptRate).', 1)
    }
    return undefined
  }

  #source(remoteAddress: string, now: number): Source {
    const key = addressKey(remoteAddress)
    let source = this.#sources.get(key)
    if (source === undefined) {
      if (this.#sources.size >= this.#sweepAt) this.#sweep(now)
      const { acceptRatePerAddress: rate, acceptBurstPerAddress: burst } = this.#options.limits
      this.#sources.set(key, (source = { open: 0, strangers: new Set(), accepts: new TokenBucket({ rate, burst }) }))
    }
    return source
  }

  /** Forgets those of whom nothing is left, once the number of addresses has doubled since the last time. */
  #sweep(now: number): void {
    for (const [key, { open, strangers, accepts }] of this.#sources) {
      if (open === 0 && strangers.size === 0 && accepts.isFull(now)) this.#sources.delete(key)
    }
    this.#sweepAt = Math.max(leastSwept, 2 * this.#sources.size)
  }

  #logRefused(origin: string): void {
    if (this.#logged.has(origin) || this.#logged.size >= maxLogged) return
    this.#logged.add(origin)
    const advice =
      origin === 'null'
        ? 'Such pages come from files and sandboxed frames; serve the page over http.'
        : `If it is yours: new JuntoServer({ origins: ['${origin.slice(0, 200)}'] })`
    this.#options.logger.warn(`Refused a connection from a page of another origin. ${advice}`, {
      origin: origin.slice(0, 200),
    })
  }
}

const maxLogged = 100
const retrySeconds = 5
/** Below so many addresses it is not worth looking for idle ones. */
const leastSwept = 1000

function busy(reason: string, message: string, retryAfter = retrySeconds): Refusal {
  return { status: 503, reason, message, retryAfter }
}

/** The page was served by the host it connects to; by which port's scheme, a proxy may have hidden. */
function isSameOrigin(origin: string, host: string | undefined): boolean {
  const url = parse(origin)
  return url !== undefined && host !== undefined && url.host === host.toLowerCase()
}

function isLocal(origin: string): boolean {
  const name = parse(origin)?.hostname ?? ''
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(\.\d+){3}$/.test(name)
}

function originPattern(pattern: string): (origin: string) => boolean {
  // 'null' stands for pages that have no origin of their own: whoever wants any page at all says so.
  if (pattern === '*') return (origin) => origin !== 'null'
  const any = /^([a-z][a-z0-9+.-]*:\/\/)\*\.(.+)$/.exec(pattern)
  const url = parse(any ? `${any[1]}${any[2]}` : pattern)
  // Schemes such as `capacitor:` have the origin 'null' in a URL's eyes: compare what browsers send, scheme and host.
  if (!url || url.host === '' || (url.pathname !== '/' && url.pathname !== '') || url.search || url.hash) {
    throw new JuntoError(
      'misuse',
      `'${pattern}' in the server's origins is no origin. Give scheme, host and perhaps port, without a path: ` +
        "'https://game.example', 'https://*.game.example', 'http://localhost:5173', or '*' for all pages",
    )
  }
  if (!any) return (origin) => sameSchemeAndHost(parse(origin), url)
  return (origin) => {
    const page = parse(origin)
    return page !== undefined && page.protocol === url.protocol && page.host.endsWith(`.${url.host}`)
  }
}

function sameSchemeAndHost(a: URL | undefined, b: URL): boolean {
  return a !== undefined && a.protocol === b.protocol && a.host === b.host
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
