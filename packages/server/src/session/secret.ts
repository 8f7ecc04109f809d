import { createHash, timingSafeEqual } from 'node:crypto'
import type { SessionProof } from '../room/seat.ts'

/** Used-up secrets that are remembered: who shows one has a copy of it. Older ones are refused like any wrong one. */
const mostRetired = 8

const none: readonly string[] = []

/** What a secret that somebody showed is worth. */
export type SecretVerdict = 'valid' | 'wrong_secret' | 'retired_secret'

/**
 * By what a session knows its client. Only hashes are kept, so that nothing in this process's memory lets anybody into a session. Each
 * resume brings the next secret; the present one retires when the client shows that it has heard of that.
 */
export class SessionSecret implements SessionProof {
  // SHA-256 as text, which takes a fraction of what a Buffer does.
  /** Of the secret that began the session. */
  readonly #first: string
  #current: string
  #next: string | undefined
  /** Those that were used up last, the newest first. */
  #retired: readonly string[] = none

  constructor(secret: string) {
    this.#first = this.#current = hashOf(secret)
  }

  get hashes(): readonly string[] {
    return this.#next === undefined ? [this.#current] : [this.#current, this.#next]
  }

  knows(hashes: readonly string[]): boolean {
    const own = [this.#first, ...this.hashes]
    return hashes.flatMap((hash) => own.map((known) => equal(hash, known))).includes(true)
  }

  /** Judges what a hello shows. Takes as long for any secret. */
  check(shown: string | undefined): SecretVerdict {
    const hash = hashOf(shown ?? '')
    const isCurrent = equal(this.#current, hash)
    const isNext = equal(this.#next, hash)
    const isRetired = this.#retired.map((retired) => equal(retired, hash)).includes(true)
    if (isCurrent || isNext) return 'valid'
    return isRetired ? 'retired_secret' : 'wrong_secret'
  }

  /** A resume was accepted: from now on the secret that it brought counts, too. */
  offer(next: string): void {
    this.#next = hashOf(next)
  }

  /** Whether this is the secret that the last resume brought: who shows it has heard of that resume. */
  isNext(shown: string | undefined): boolean {
    return equal(this.#next, hashOf(shown ?? ''))
  }

  /** The client has heard of the resume: what was the next secret is the only one. */
  confirm(): void {
    if (this.#next === undefined) return
    if (this.#next !== this.#current) this.#retired = [this.#current, ...this.#retired].slice(0, mostRetired)
    this.#current = this.#next
    this.#next = undefined
  }

  /** Whether there is something to {@link confirm}. */
  get isRotating(): boolean {
    return this.#next !== undefined
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64')
}

function equal(known: string | undefined, hash: string): boolean {
  // Compared with itself where there is nothing to compare it with.
  const bytes = Buffer.from(hash)
  const compared = Buffer.from(known ?? hash)
  // What was saved may be of any length.
  return compared.length === bytes.length && timingSafeEqual(compared, bytes) && known !== undefined
}
