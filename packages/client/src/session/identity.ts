import { randomHex, type RandomSource } from '@junto/protocol'
import type { Report } from '../warnings.ts'
import type { SessionStore } from './session-store.ts'

/** Bytes of a session's id, and of its secret. */
const idBytes = 16

const stored = /^[0-9a-f]{32}:[0-9a-f]{32}$/

/** What the server knows a session by: an id, and the secret that only its client has. Both are chosen here. */
export class Identity {
  /** 32 hex signs. */
  session = ''
  /** 32 hex signs, of the session as it is. */
  secret = ''
  /** A hello may have arrived, and begun the session: from then on it is resumed. */
  begun = false
  /** It is an earlier page's: of what was sent and received in it nothing is known any more. */
  inherited = false
  readonly #random: RandomSource
  readonly #store: SessionStore | undefined
  readonly #report: Report
  #next = ''
  #put = ''

  /** @param store Where an earlier page may have left its session. */
  constructor(random: RandomSource, store: SessionStore | undefined, report: Report) {
    this.#random = random
    this.#store = store
    this.#report = report
    this.renew()
    const text = this.#attempt((place) => place.take())
    if (text === undefined || !stored.test(text)) return
    ;[this.session = '', this.secret = ''] = text.split(':')
    this.begun = this.inherited = true
  }

  /** The secret that takes over with the welcome to a hello that resumes. The same until then. */
  get next(): string {
    return (this.#next ||= randomHex(this.#random, idBytes))
  }

  /** A hello that resumes was welcomed. */
  advance(): void {
    this.secret = this.next
    this.#next = ''
    this.inherited = false
  }

  /** Another session, of which nobody knows yet. */
  renew(): void {
    // What was put is of no use any more.
    this.reclaim()
    this.session = randomHex(this.#random, idBytes)
    this.secret = randomHex(this.#random, idBytes)
    this.#next = ''
    this.begun = this.inherited = false
  }

  /** Leaves the session to the page that comes next. Returns whether there is a place for it. */
  put(): boolean {
    const text = `${this.session}:${this.secret}`
    const isPut = this.#attempt((place) => {
      place.put(text)
      return true
    })
    this.#put = isPut ? text : ''
    return isPut === true
  }

  /** This page goes on nevertheless. Returns false when another one took what was put: the session is no longer ours. */
  reclaim(): boolean {
    const put = this.#put
    this.#put = ''
    return put === '' || this.#attempt((place) => place.take()) === put
  }

  /** The client is at its end. */
  close(): void {
    this.#attempt((place) => place.close?.())
  }

  /** A page may be forbidden to store anything; then nothing is kept. */
  #attempt<T>(action: (store: SessionStore) => T): T | undefined {
    try {
      return this.#store && action(this.#store)
    } catch (error) {
      this.#report({ code: 'fault', message: 'the store of keepSession failed: a reloaded page begins anew', error })
      return undefined
    }
  }
}
