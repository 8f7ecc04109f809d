import { closeCodes } from '@junto/protocol'
import type { CloseCode, JuntoError } from '@junto/protocol'
import type { HelloFrame, ResumeRequest } from '@junto/protocol/internal'
import type { ConnectionInfo, Rooms, SessionInfo } from '../room/seat.ts'
import { connectionInfo } from './line.ts'
import type { Line, LineEnd } from './line.ts'
import type { Membership } from './membership.ts'

/**
 * What a room says about somebody who wants to go on with a session that has a seat in it.
 *
 * - `admitted`: may have the seat. `takeEffect` is to be called once it has the session.
 * - `refused`: may not.
 * - `unclear`: that cannot be told now.
 */
export type Verdict =
  | { readonly kind: 'admitted'; readonly takeEffect: () => void }
  | { readonly kind: 'refused'; readonly error: JuntoError }
  | { readonly kind: 'unclear' }

/** What rooms said about a candidate, of each seat. */
export type Verdicts = ReadonlyMap<Membership, Verdict>

/** Somebody who knows the secret of a session and wants to go on with it. */
export interface Candidate {
  readonly line: Line
  readonly hello: HelloFrame
  readonly request: ResumeRequest
  readonly connection: ConnectionInfo
  /** Aborted when nobody waits for what rooms say about it. */
  readonly stop: AbortController
  /** Its client has said goodbye meanwhile: if it may, it ends the session. */
  goodbye: boolean
}

/** The session for which candidates come. */
export interface CandidatesHost {
  readonly info: SessionInfo
  /** Memberships with a seat: also those that the client has forgotten, and may take again. */
  seated(): readonly Membership[]
  /** Rooms have said what they think of a candidate: it gets the session now, or its line is over. */
  decide(candidate: Candidate, verdicts: Verdicts): void
  /** Nobody is judged any more. */
  undecided(): void
  /** Something failed that should not have. */
  report(error: unknown, where: string): void
}

/**
 * Those who want to go on with one session. While rooms are asked whether they may, nothing happens to the session, nor to the line that it
 * has. Whoever came last has it in the end.
 */
export class Candidates {
  readonly #rooms: Rooms
  readonly #host: CandidatesHost
  /** In the order in which they came. */
  readonly #judged = new Set<Candidate>()

  constructor(rooms: Rooms, host: CandidatesHost) {
    this.#rooms = rooms
    this.#host = host
  }

  /** Has rooms asked about one more. The session decides when they have answered. */
  add(line: Line, hello: HelloFrame, request: ResumeRequest): void {
    const connection = connectionInfo(line, hello)
    const candidate: Candidate = { line, hello, request, connection, stop: new AbortController(), goodbye: false }
    this.#judged.add(candidate)
    line.wait((end) => this.#gone(candidate, end))
    this.#judge(candidate).catch((error: unknown) => {
      this.#host.report(error, 'resume')
      line.close(closeCodes.internal, 'disconnected')
    })
  }

  /**
   * One of them has got the session. Those who came before are the same client's, and it has given them up; where it has begun anew, the
   * counts of the others mean nothing any more.
   */
  overtakenBy(winner: Candidate): void {
    const startsAnew = winner.request.received === undefined
    let isBefore = true
    for (const other of this.#judged) {
      if (other === winner) isBefore = false
      else if (isBefore || (startsAnew && other.request.received !== undefined)) other.line.close(closeCodes.replaced)
    }
  }

  /** None of them gets it. */
  turnAway(code: CloseCode): void {
    const all = [...this.#judged]
    this.#judged.clear()
    for (const { line, stop } of all) {
      stop.abort()
      line.close(code)
    }
  }

  async #judge(candidate: Candidate): Promise<void> {
    const { line, connection, stop } = candidate
    const verdicts = new Map<Membership, Verdict>()
    for (;;) {
      // Again where somebody has got a seat meanwhile.
      const unasked = this.#host.seated().filter((membership) => !verdicts.has(membership))
      const answers = unasked.map((one) => one.readmit(this.#rooms, this.#host.info, connection, stop.signal))
      for (const [index, verdict] of (await Promise.all(answers)).entries()) {
        const membership = unasked[index]
        if (membership) verdicts.set(membership, verdict)
      }
      if (!this.#judged.has(candidate)) return
      if (unasked.length === 0) break
    }
    line.run(() => {
      // Who this is cannot be told now: that says nothing about the credentials.
      if ([...verdicts.values()].some(({ kind }) => kind === 'unclear')) line.close(closeCodes.authTimeout)
      else this.#host.decide(candidate, verdicts)
    })
    this.#forget(candidate)
  }

  /** A line has gone before it was let in. */
  #gone(candidate: Candidate, end: LineEnd): void {
    if (end === 'left') candidate.goodbye = true
    else this.#forget(candidate)
  }

  #forget(candidate: Candidate): void {
    candidate.stop.abort()
    if (this.#judged.delete(candidate) && this.#judged.size === 0) this.#host.undecided()
  }
}
