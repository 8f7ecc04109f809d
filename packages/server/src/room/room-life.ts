import type { LeaveReason } from './seat.ts'

/** Why a room ends, and what its members are told. */
export interface Ending {
  readonly reason: LeaveReason
  readonly message: string | undefined
  /** Milliseconds for handlers that run: what they do and answer still counts. Default: none, they are cut short. */
  readonly patience?: number | undefined
}

/**
 * Where a room stands in its life.
 *
 * - `creating`: it is constructed, and what was saved is loaded or `onCreate` runs. There is no state yet.
 * - `restoring`: there is one, and `onRestore` may look at it.
 * - `open`: members come and go.
 * - `draining`: nobody comes in any more. All have left; their `onLeave`, the last saves and `onDispose` run.
 * - `disposed`: it is no more, or never came about.
 */
export type RoomPhase = 'creating' | 'restoring' | 'open' | 'draining' | 'disposed'

/** What may follow upon what. */
const followers: { readonly [P in RoomPhase]: readonly RoomPhase[] } = {
  creating: ['restoring', 'disposed'],
  restoring: ['open', 'disposed'],
  open: ['draining'],
  draining: ['disposed'],
  disposed: [],
}

/** What a room has in each phase. `W`: what it works with once its first state stands. */
type State<W> =
  | { readonly phase: 'creating' }
  | { readonly phase: 'restoring' | 'open' | 'draining'; readonly works: W }
  | { readonly phase: 'disposed'; readonly works: W | undefined }

/** The life of one room: a state machine. It only knows what may follow upon what; whoever runs the room does what belongs to it. */
export class RoomLife<W> {
  readonly #onChange: () => void
  #state: State<W> = { phase: 'creating' }
  #ending: Ending | undefined

  /** @param onChange Told of each change of the phase, when it has happened. */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  get phase(): RoomPhase {
    return this.#state.phase
  }

  /** Whether it stands there. A method: the compiler believes that a field is as it was looked at last. */
  is(phase: RoomPhase): boolean {
    return this.#state.phase === phase
  }

  /** Whether it is on its way out, or gone. */
  get isEnding(): boolean {
    return this.#state.phase === 'draining' || this.#state.phase === 'disposed'
  }

  /** What it works with; `undefined` as long as there is no state. */
  get works(): W | undefined {
    return this.#state.phase === 'creating' ? undefined : this.#state.works
  }

  /** Why it ends, or is to end as soon as it is open. The first reason stays. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  /** Its first state stands. */
  equip(works: W): void {
    this.#become({ phase: 'restoring', works })
  }

  /** It has come about. */
  open(): void {
    this.#become({ phase: 'open', works: this.#equipped() })
  }

  /**
   * It is to end. Before it is open, that is noted: see {@link ending}.
   *
   * @returns whether it drains from now on; false when it cannot yet, or did so before.
   */
  close(ending: Ending): boolean {
    if (!this.isEnding) this.#ending ??= ending
    if (this.#state.phase !== 'open') return false
    this.#become({ phase: 'draining', works: this.#state.works })
    return true
  }

  /** It has drained, or came to nothing. */
  dispose(): void {
    this.#become({ phase: 'disposed', works: this.works })
  }

  #equipped(): W {
    if (this.#state.phase === 'restoring') return this.#state.works
    throw impossible(this.#state.phase, 'open')
  }

  #become(state: State<W>): void {
    const { phase } = this.#state
    if (!followers[phase].includes(state.phase)) throw impossible(phase, state.phase)
    this.#state = state
    this.#onChange()
  }
}

/** A fault of whoever runs the room. */
function impossible(from: RoomPhase, to: RoomPhase): Error {
  return new Error(`A room that is ${from} cannot become ${to}.`)
}
