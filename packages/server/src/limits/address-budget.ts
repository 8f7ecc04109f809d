import type { Clock, Limits } from '@junto/protocol'
import type { Metrics } from '../observe/metrics.ts'
import type { Connection } from '../transport/transport.ts'
import { TokenBucket } from './token-bucket.ts'

/**
 * What is counted for each message besides its bytes: the system call that reads it, and its way to whoever handles it, cost as much as to
 * decode so many bytes that are made to be dear.
 */
const perMessage = 32

/** Parts of an {@link AddressBudget}. */
export interface AddressBudgetOptions {
  readonly clock: Clock
  readonly limits: Pick<Limits, 'byteRatePerAddress' | 'byteBurstPerAddress' | 'maxMessage'>
  readonly metrics: Metrics
}

/**
 * How many bytes all connections of one address may send. Each session begins with a burst of its own, so that whoever opens many of them
 * would have many: all together have this. Beyond it, whoever sends is read later: one connection after the other, as tokens come, so
 * that none of them is forgotten and not all of them speak at once.
 */
export class AddressBudget {
  readonly #options: AddressBudgetOptions
  readonly #bytes: TokenBucket
  /** Those that stand still, who came first at the front. */
  readonly #waiting = new Set<Intake>()
  #open = 0
  #cancel: (() => void) | undefined

  constructor(options: AddressBudgetOptions) {
    const { byteRatePerAddress: rate, byteBurstPerAddress: burst } = options.limits
    this.#options = options
    this.#bytes = new TokenBucket({ rate, burst })
  }

  /** Whether it is like a new one: nobody is there, and nothing is spent. */
  isIdle(now: number): boolean {
    return this.#open === 0 && this.#bytes.isFull(now)
  }

  /** A connection is made. It is not read while there is nothing left for it. */
  open(connection: Pick<Connection, 'pause' | 'resume'>): Intake {
    this.#open++
    const intake = new Intake(this, connection)
    const wait = this.#bytes.wait(this.#options.clock.now(), 0)
    if (wait > 0) this.#hold(intake, wait)
    return intake
  }

  /** A connection is gone. */
  close(intake: Intake): void {
    this.#open--
    this.#waiting.delete(intake)
    if (this.#waiting.size === 0) this.#stop()
  }

  /** A message has come. */
  took(intake: Intake, now: number, bytes: number): void {
    const wait = this.#bytes.spend(now, bytes + perMessage)
    if (wait > 0) this.#hold(intake, wait)
  }

  #hold(intake: Intake, wait: number): void {
    if (this.#waiting.has(intake)) return
    this.#waiting.add(intake)
    intake.hold()
    this.#options.metrics.count('reading_paused', { limit: 'address' })
    this.#schedule(wait)
  }

  #schedule(wait: number): void {
    this.#cancel ??= this.#options.clock.after(wait, () => {
      this.#cancel = undefined
      this.#release()
    })
  }

  /** Reads on from so many as there are tokens for, should each of them send all that it may at once. */
  #release(): void {
    const { clock, limits } = this.#options
    const now = clock.now()
    const wait = this.#bytes.wait(now, 0)
    if (wait > 0) return this.#schedule(wait)
    let shares = 1 + Math.floor(this.#bytes.tokens(now) / limits.maxMessage)
    for (const intake of this.#waiting) {
      if (shares-- === 0) break
      this.#waiting.delete(intake)
      intake.release()
    }
    if (this.#waiting.size > 0) this.#schedule((1000 * limits.maxMessage) / limits.byteRatePerAddress)
  }

  #stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}

/** What comes in from one connection: it is read while neither its session nor its address has a reason against it. */
export class Intake {
  readonly #budget: AddressBudget
  readonly #connection: Pick<Connection, 'pause' | 'resume'>
  #bySession = false
  #byAddress = false

  /** Made by {@link AddressBudget.open}. */
  constructor(budget: AddressBudget, connection: Pick<Connection, 'pause' | 'resume'>) {
    this.#budget = budget
    this.#connection = connection
  }

  /** Whether it is not read now: what its peer has sent, signs of life included, lies unread. */
  get paused(): boolean {
    return this.#bySession || this.#byAddress
  }

  /** A message of so many bytes has come. */
  took(now: number, bytes: number): void {
    this.#budget.took(this, now, bytes)
  }

  /** The connection is gone. To be called once. */
  close(): void {
    this.#budget.close(this)
  }

  /** Its session wants no more for now. */
  pause(): void {
    if (!this.paused) this.#connection.pause()
    this.#bySession = true
  }

  /** Its session wants more. */
  resume(): void {
    this.#bySession = false
    if (!this.paused) this.#connection.resume()
  }

  /** Its address may send no more for now. For {@link AddressBudget}. */
  hold(): void {
    if (!this.paused) this.#connection.pause()
    this.#byAddress = true
  }

  /** It is its turn again. For {@link AddressBudget}. */
  release(): void {
    this.#byAddress = false
    if (!this.paused) this.#connection.resume()
  }
}
