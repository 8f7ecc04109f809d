import { JuntoError } from '@junto/protocol'
import type { UndoResult } from '@junto/schema/internal'
import { checkObject, checkOptionNames, wrong } from '../arguments.ts'
import { ObservableValue, type Observable } from '../observable.ts'
import { Room } from '../room/room.ts'
import { subscription, type Subscription } from '../subscription.ts'
import { IssuedMutations, type Issued, type UndoableListener } from './issued-mutations.ts'

/** What {@link undoing} is made with. */
export interface UndoingOptions {
  /** Mutations that follow upon each other within so many milliseconds are one step. Default: 500. */
  readonly pause?: number
}

/** What came of taking a step back, or forth again. */
export interface UndoOutcome extends UndoResult {
  /**
   * Takes back also what was {@link UndoResult.skipped | skipped}, over what somebody else has made of it since. There is none where nothing
   * was.
   */
  readonly overwrite: (() => Promise<UndoOutcome>) | undefined
}

/** How {@link Undoing.undo} and {@link Undoing.redo} go about it. */
export interface UndoSettings {
  /** Also what somebody else has changed since is set back. Default: false. */
  readonly force?: boolean
}

/** Takes back what this member has done in a room, step by step: see {@link undoing}. */
export interface Undoing extends Disposable {
  /**
   * Takes the last step back. What somebody else has changed since stays, and counts as `skipped`; what the server has forgotten counts as
   * `forgotten`. Where there is no step, nothing happens.
   *
   * @returns What came of it, when the server has done it. It shows at once where the room was joined with `mutators`. When the promise
   * rejects, as a mutation's does, the step can be taken back again.
   */
  undo(settings?: UndoSettings): Promise<UndoOutcome>
  /** Does again what was taken back last. A new mutation leaves nothing to do again. */
  redo(settings?: UndoSettings): Promise<UndoOutcome>
  /** Whether there is a step to take back. */
  readonly canUndo: Observable<boolean>
  /** Whether there is a step to do again. */
  readonly canRedo: Observable<boolean>
  /**
   * All that is done until the end of it is one step, whatever pauses are in it: a gesture. Groups may be in each other. Of more than 1,000
   * mutations the first count as `forgotten`.
   */
  group(): Subscription
  /** Forgets all steps. */
  clear(): void
  /** Ends it: it forgets all steps, and knows of no new ones. The room can then be given another one. */
  close(): void
}

/** So many mutations are kept in steps: as many as the server knows of each member. */
const mostMutations = 1000

/** Which way: whose steps are taken. */
type Direction = 'undo' | 'redo'

/** Mutations that are taken back together, in the order in which they were made. */
interface Step {
  mutations: Issued[]
  /** How many were before them that the server does not know any more. */
  tooOld: number
  /** Later steps have higher ones. */
  readonly order: number
}

/**
 * Undo and redo of this member's own mutations, as far as the contract declares them `undoable`.
 *
 * ```ts
 * import { undoing, type JoinedRoom } from '@junto/client'
 * import type { Poll } from './contract.ts'
 *
 * export function listenToKeys(room: JoinedRoom<typeof Poll>): void {
 *   const steps = undoing(room)
 *   addEventListener('keydown', ({ key, ctrlKey, shiftKey }) => {
 *     if (ctrlKey && key.toLowerCase() === 'z') void (shiftKey ? steps.redo() : steps.undo())
 *   })
 * }
 * ```
 *
 * It knows what was done since it was made; a room has one at a time. A function, so that pages without undo do not load it.
 *
 * @throws JuntoError `misuse` for what is no room of this client, or one of which another has not been closed; and for a pause that is no number
 *   from 0 on.
 */
export function undoing(room: { readonly mutate: object }, options: UndoingOptions = {}): Undoing {
  if (!(room instanceof Room)) throw wrong('where something is undone', 'a room', room)
  checkObject(options, 'options')
  checkOptionNames(options, 'undoing', { pause: 1 })
  const { pause = 500 } = options
  if (typeof pause !== 'number' || !(pause >= 0)) throw wrong('pause', 'a number of milliseconds', pause)
  return new Steps(room, pause)
}

class Steps implements Undoing, UndoableListener {
  readonly canUndo: ObservableValue<boolean>
  readonly canRedo: ObservableValue<boolean>
  readonly #room: Room
  readonly #pause: number
  readonly #issued: IssuedMutations
  #done: Step[] = []
  #undone: Step[] = []
  /** How many groups have begun that have not ended. */
  #groups = 0
  /** The step that goes on. */
  #open: Step | undefined
  #last = Number.NEGATIVE_INFINITY
  #orders = 0
  /** Counts how often steps were forgotten that could be taken back, and such that could be done again. */
  readonly #forgotten = { undo: 0, redo: 0 }
  #member: string
  /** Ends that it hears of the room's status. */
  readonly #settle: () => void

  constructor(room: Room, pause: number) {
    const { report } = room.options
    this.canUndo = new ObservableValue(false, report)
    this.canRedo = new ObservableValue(false, report)
    this.#room = room
    this.#pause = pause
    this.#member = room.memberId
    this.#issued = IssuedMutations.of(room)
    if (this.#issued.listener !== undefined) {
      throw new JuntoError('misuse', `room '${room.name}' has an undoing already: close() it before`)
    }
    this.#issued.listener = this
    this.#settle = room.status.subscribe(() => this.#forgetLostSeat())
  }

  undo(settings: UndoSettings = {}): Promise<UndoOutcome> {
    return this.#take('undo', settings)
  }

  redo(settings: UndoSettings = {}): Promise<UndoOutcome> {
    return this.#take('redo', settings)
  }

  group(): Subscription {
    if (this.#groups === 0) this.#open = undefined
    this.#groups++
    return subscription(() => {
      this.#groups--
      if (this.#groups === 0) this.#open = undefined
    })
  }

  clear(): void {
    this.#done = []
    this.#undone = []
    this.#open = undefined
    this.#forgotten.undo++
    this.#forgotten.redo++
    this.#tell()
  }

  close(): void {
    if (this.#issued.listener !== this) return
    this.#issued.listener = undefined
    this.#settle()
    this.clear()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  issued(mutation: Issued): void {
    this.#forgetLostSeat()
    const now = this.#room.options.clock.now()
    const goesOn = this.#groups > 0 || now - this.#last <= this.#pause
    this.#last = now
    this.#undone = []
    this.#forgotten.redo++
    if (!goesOn || this.#open === undefined) {
      this.#open = this.#newStep()
      this.#done.push(this.#open)
    }
    add(this.#open, mutation)
    let count = 0
    for (const { mutations } of this.#done) count += mutations.length
    for (; count > mostMutations && this.#done.length > 1; count -= this.#done.shift()?.mutations.length ?? 0);
    this.#tell()
  }

  failed(mutation: Issued): void {
    this.#drop(mutation)
  }

  /** There is nothing to take back of it. */
  #drop(mutation: Issued): void {
    const without = (steps: readonly Step[]): Step[] =>
      steps.filter((step) => {
        step.mutations = step.mutations.filter((each) => each !== mutation)
        return step.mutations.length > 0
      })
    this.#done = without(this.#done)
    this.#undone = without(this.#undone)
    if (this.#open?.mutations.length === 0) this.#open = undefined
    this.#tell()
  }

  // Async: what is thrown comes as a rejection. It sends before its first `await`: in this very turn.
  async #take(which: Direction, { force = false }: UndoSettings): Promise<UndoOutcome> {
    this.#forgetLostSeat()
    this.#open = undefined
    const step = this.#stepsOf(which).pop()
    if (step === undefined) return { done: 0, skipped: 0, forgotten: 0, overwrite: undefined }
    const forgotten = this.#forgotten[which]
    try {
      return await this.#reverse(step, this.#newStep(), which, force)
    } catch (error) {
      // It was not done: the step is where it was, unless steps were forgotten meanwhile, or the server would refuse it again.
      const isRefused = error instanceof JuntoError && error.code === 'invalid'
      if (forgotten === this.#forgotten[which] && !isRefused) this.#putBack(step, which)
      this.#tell()
      throw error
    }
  }

  /** @param back Has what does it again. */
  async #reverse(step: Step, back: Step, which: Direction, force: boolean): Promise<UndoOutcome> {
    const other = which === 'undo' ? 'redo' : 'undo'
    const { mutations, tooOld } = step
    const { mutation, result } = this.#issued.undo(() => mutations.map(({ n }) => n).reverse(), force)
    if (mutation !== undefined) {
      add(back, mutation)
      if (!this.#stepsOf(other).includes(back)) this.#putBack(back, other)
    }
    this.#tell()
    try {
      const { done, skipped, forgotten: unknown } = await result
      if (mutation !== undefined && done === 0) this.#drop(mutation)
      const forgotten = unknown + tooOld
      const overwrite = skipped === 0 ? undefined : () => this.#overwrite(step, back, which)
      return { done, skipped, forgotten, overwrite }
    } catch (error) {
      if (mutation !== undefined) this.#drop(mutation)
      throw error
    }
  }

  async #overwrite(step: Step, back: Step, which: Direction): Promise<UndoOutcome> {
    // What does both again is one step, unless that is gone: it has done nothing, or was done again.
    const stands = this.#stepsOf(which === 'undo' ? 'redo' : 'undo').includes(back)
    const outcome = await this.#reverse(step, stands ? back : this.#newStep(), which, true)
    // What had been taken back whole is forgotten, as it should be.
    return { ...outcome, forgotten: 0 }
  }

  #newStep(): Step {
    return { mutations: [], tooOld: 0, order: this.#orders++ }
  }

  #stepsOf(which: Direction): Step[] {
    return which === 'undo' ? this.#done : this.#undone
  }

  #putBack(step: Step, which: Direction): void {
    const steps = this.#stepsOf(which)
    const later = steps.findIndex(({ order }) => order > step.order)
    steps.splice(later === -1 ? steps.length : later, 0, step)
  }

  /** The server knows nothing of what was done on another seat, unless it waits to be sent again. */
  #forgetLostSeat(): void {
    const { memberId } = this.#room
    if (memberId === this.#member) return
    this.#member = memberId
    for (const { mutations } of [...this.#done, ...this.#undone]) {
      for (const mutation of mutations) if (mutation.isOver && mutation.by !== memberId) this.#drop(mutation)
    }
  }

  #tell(): void {
    for (const [can, steps] of [
      [this.canUndo, this.#done],
      [this.canRedo, this.#undone],
    ] as const) {
      if (can.value !== steps.length > 0) can.set(steps.length > 0)
    }
  }
}

/** One more of a step. Of a group without an end, too, no more is kept than can be taken back. */
function add(step: Step, mutation: Issued): void {
  step.mutations.push(mutation)
  if (step.mutations.length <= mostMutations) return
  step.mutations.shift()
  step.tooOld++
}
